"""Our hands write what was approved, where it was approved, or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agentwatch.channels.acp import files
from agentwatch.errors import AgentwatchError


def test_what_is_written_is_there_with_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "run.sh"
    file.write_text("old")
    file.chmod(0o750)
    files.write(files.target(str(file)), "new")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o750)
    assert os.listdir(tmp_path) == ["run.sh"]  # noqa: PTH208 - nothing is left lying about


def test_a_new_file_gets_its_folders(tmp_path: Path) -> None:
    files.write(files.target(str(tmp_path / "a/b/c")), "new")
    assert (tmp_path / "a/b/c").read_text() == "new"


def test_a_file_that_changed_since_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("old")
    judged = files.target(str(file))
    file.write_text("other")
    with pytest.raises(AgentwatchError, match="not what was approved"):
        files.write(judged, "new")
    assert file.read_text() == "other"


def test_a_folder_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    judged = files.target(str(tmp_path / "in/a"))
    (tmp_path / "in").rmdir()
    (tmp_path / "in").symlink_to(tmp_path / "out")
    with pytest.raises(AgentwatchError):
        files.write(judged, "new")
    assert not (tmp_path / "out/a").exists()


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in (str(tmp_path / "pipe"), "/dev/zero", str(tmp_path)):
        with pytest.raises(AgentwatchError):
            files.text(name, None, None)
        with pytest.raises(AgentwatchError):
            files.target(name)


def test_lines_are_counted_from_one(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1\n2\n3\n")
    assert files.text(str(file), 2, 1) == "2\n"
    assert files.text(str(file), 3, None) == "3\n"
    assert files.text(str(file), None, None) == "1\n2\n3\n"
    with pytest.raises(AgentwatchError, match="no such file"):
        files.text(str(tmp_path / "none"), None, None)


def test_a_file_that_is_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_READ", 3)
    (tmp_path / "a").write_text("1234")
    with pytest.raises(AgentwatchError, match="too long"):
        files.text(str(tmp_path / "a"), None, None)
