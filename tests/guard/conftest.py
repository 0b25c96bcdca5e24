"""What the guard's tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.guard.person import Person


@pytest.fixture
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """A terminal of 30 rows and 100 columns, nothing started on it yet."""
    somebody = Person(tmp_path_factory.mktemp("p"))
    yield somebody
    somebody.close()
