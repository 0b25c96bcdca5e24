"""The file that an editor's copy stands for, by its name."""

from __future__ import annotations

import pytest

from agentwatch.covers.beside import becomes


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/w/notes.md.cafcc53c99d4.tmp", "/w/notes.md"),
        ("/w/p.json.d7be9003-3bd2-4c6b-ad62-3f47b396cb0d.tmp", "/w/p.json"),
        ("/w/notes.md.tmp", "/w/notes.md"),
        ("/w/notes.md.tmp.12.76bef4200765", "/w/notes.md"),
        ("/w/.notes.md.Ab3dE9.tmp", "/w/notes.md"),
        ("/w/notes.md", ""),
        ("/w/cafcc53c99d4.tmp", "/w/cafcc53c99d4"),
    ],
)
def test_an_editor_s_copy_names_the_file_it_will_replace(path: str, target: str) -> None:
    assert becomes(path) == target
