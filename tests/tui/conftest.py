"""Goldens without a plugin: a screen is an SVG, its text is the test, its bytes the picture."""

from __future__ import annotations

import asyncio
import html
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import textual

SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
PINNED = "8.2.8"
"""The toolkit whose SVGs are compared byte for byte; elsewhere only their text is."""

ROW = re.compile(
    r'<text [^>]*? x="([\d.]+)" y="([\d.]+)"[^>]*? clip-path="[^"]*-line-\d+\)">(.*?)</text>',
    re.DOTALL,
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-screens", action="store_true", help="rewrite screenshots/*.svg")


def text_of(svg: str) -> str:
    """The screen's characters, recovered from its picture."""
    rows: dict[float, str] = {}
    for x, y, inner in ROW.findall(svg):
        column = round(float(x) / 12.2)
        rows[float(y)] = rows.get(float(y), "").ljust(column) + html.unescape(inner)
    return "\n".join(rows[y].replace("\xa0", " ").rstrip() for y in sorted(rows))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine as a test, in a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a screen with screenshots/<scene>.svg: text everywhere, bytes where pinned."""

    def compare(scene: str, svg: str) -> None:
        path = SCREENSHOTS / f"{scene}.svg"
        if request.config.getoption("--update-screens", default=False):
            path.write_text(svg, encoding="utf-8")
            return
        wanted = path.read_text(encoding="utf-8")
        assert text_of(svg) == text_of(wanted), f"{scene}: the text of the screen has changed"
        if textual.__version__ == PINNED:
            assert svg == wanted, f"{scene}: the look has changed; --update-screens accepts it"

    return compare


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colour settings of the machine."""
    monkeypatch.delenv("NO_COLOR", raising=False)
