"""What an action changed is put back exactly, or it is said what was not."""

from __future__ import annotations

import errno
import os
import random
import socket
import sys
from pathlib import Path

import pytest

from agentwatch.errors import AgentwatchError
from agentwatch.keeping import Limits, Settling, Unkept, Who, copying, groups, read
from agentwatch.keeping.values import MIB
from tests.keeping.workspace import Act, Workspace, picture


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    """A workspace with something of every sort in it."""
    made = Workspace(tmp_path)
    for folder in ("src/deep", "empty"):
        made.path(folder).mkdir(parents=True)
    for name in ("one", "src/two", "src/deep/three", "run.sh"):
        made.path(name).write_text(f"this is {name}\n" * 3)
    made.path("run.sh").chmod(0o755)
    made.path("secret").write_text("s")
    made.path("secret").chmod(0o400)
    made.path("link").symlink_to("src/two")
    made.path("nowhere").symlink_to("/nonexistent/x")
    made.path("folder-link").symlink_to("src")
    made.path("twin-a").write_text("twins")
    made.path("twin-b").hardlink_to(made.path("twin-a"))
    made.path("empty").chmod(0o750)
    os.mkfifo(made.path("pipe"), 0o640)
    return made


ACTS: dict[str, Act] = {
    "a file is written over": lambda w: w.write("one", "new"),
    "a file is written over twice": lambda w: (w.write("one", "new"), w.write("one", "newer")),
    "a file is made": lambda w: w.write("fresh", "new"),
    "a file is deleted": lambda w: w.remove("one"),
    "a file is deleted and made anew": lambda w: (w.remove("one"), w.write("one", "new")),
    "a file nobody may write is deleted": lambda w: w.remove("secret"),
    "a link is deleted": lambda w: w.remove("link"),
    "a link that leads nowhere is deleted": lambda w: w.remove("nowhere"),
    "a fifo is deleted": lambda w: w.remove("pipe"),
    "a link takes a file's place": lambda w: (w.remove("one"), w.link("one", "run.sh")),
    "a folder takes a file's place": lambda w: (
        w.remove("one"),
        w.folder("one"),
        w.write("one/x", "x"),
    ),
    "a link takes a folder's place": lambda w: (w.remove_tree("src"), w.link("src", "/etc")),
    "a file takes a folder's place": lambda w: (w.remove("empty"), w.write("empty", "x")),
    "an empty folder is deleted": lambda w: w.remove("empty"),
    "a tree is deleted": lambda w: w.remove_tree("src"),
    "a tree is made": lambda w: (w.folder("n"), w.folder("n/m"), w.write("n/m/x", "x")),
    "a file is renamed": lambda w: w.rename("one", "uno"),
    "a file is renamed over another": lambda w: w.rename("one", "run.sh"),
    "a folder is renamed": lambda w: w.rename("src", "source"),
    "a folder is renamed and worked in": lambda w: (
        w.rename("src", "source"),
        w.write("source/two", "new"),
        w.write("source/new", "new"),
        w.remove("source/deep/three"),
    ),
    "a folder is made, filled and renamed": lambda w: (
        w.folder("n"),
        w.write("n/x", "x"),
        w.rename("n", "m"),
        w.write("m/x", "y"),
    ),
    "an editor saves": lambda w: (w.write("one.tmp", "new"), w.rename("one.tmp", "one")),
    "a mode is changed": lambda w: w.mode("run.sh", 0o600),
    "a mode is changed, then the content": lambda w: (
        w.mode("secret", 0o644),
        w.write("secret", "told"),
    ),
    "a folder is closed": lambda w: (w.write("src/n", "x"), w.mode("src", 0o500)),
    "one of two names is written": lambda w: w.write("twin-a", "changed"),
    "both names are written": lambda w: (w.write("twin-a", "x"), w.write("twin-b", "y")),
    "one of two names is deleted": lambda w: w.remove("twin-b"),
    "both names are deleted": lambda w: (w.remove("twin-a"), w.remove("twin-b")),
    "a second name is made and written": lambda w: (w.hard("one", "uno"), w.write("uno", "x")),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_it_is_put_back_exactly(work: Workspace, act: Act) -> None:
    before = picture(work.root)
    act(work)
    assert picture(work.root) != before
    assert work.undo().left == ()
    assert picture(work.root) == before
    with pytest.raises(AgentwatchError, match="undone already"):
        work.plan()


def test_whatever_is_done_in_whatever_order_is_put_back(work: Workspace) -> None:
    """Many small things by three actions, undone from the last to the first."""
    chance = random.Random(4)
    pictures = []
    for group in "abc":
        pictures.append(picture(work.root))
        for step in range(30):
            files = [p for p in work.root.rglob("*") if p.is_file() and not p.is_symlink()]
            name = str(chance.choice(files).relative_to(work.root))
            what = chance.randrange(5)
            if what == 0:
                work.write(name, f"{group}{step}", group)
            elif what == 1 and len(files) > 4:
                work.remove(name, group)
            elif what == 2:
                work.write(f"src/{group}{step}", "new", group)
            elif what == 3:
                work.rename(name, f"{name}.moved", group)
            else:
                work.mode(name, chance.choice([0o600, 0o644, 0o755]), group)
    for group in "cba":
        assert work.undo(group).left == ()
        assert picture(work.root) == pictures.pop()


def test_holes_stay_holes_and_attributes_come_back(work: Workspace) -> None:
    path = work.path("sparse")
    with path.open("wb") as file:
        file.truncate(512 * MIB)
        file.seek(300 * MIB)
        file.write(b"island")
    try:
        os.setxattr(path, "user.note", b"mine")
    except OSError as error:
        assert error.errno == errno.ENOTSUP  # noqa: PT017 - a file system without
    before = path.stat()
    attributes = os.listxattr(path)
    work.remove("sparse")
    work.undo()
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert after.st_blocks < 2048
    assert os.listxattr(path) == attributes
    with path.open("rb") as file:
        file.seek(300 * MIB)
        assert file.read(6) == b"island"


def test_what_somebody_else_changed_since_is_said(work: Workspace) -> None:
    work.write("one", "agent")
    work.settling.look(all_of_it=True)
    work.path("one").write_text("person")
    assert work.plan().conflicts() == [f"{work.path('one')}: it was changed since"]
    work.plan().carry_out()
    assert work.path("one").read_text().startswith("this is one")


def test_a_later_action_is_undone_first(work: Workspace) -> None:
    work.write("one", "a", "a")
    work.write("one", "b", "b")
    assert work.plan("a").conflicts() == [f"{work.path('one')}: b changed it since"]
    work.undo("b")
    assert work.path("one").read_text() == "a"
    work.undo("a")
    assert work.path("one").read_text().startswith("this is one")


def test_a_folder_that_holds_a_strangers_file_stays(work: Workspace) -> None:
    work.folder("n")
    work.write("n/x", "x")
    work.settling.look(all_of_it=True)
    work.path("n/mine").write_text("person")
    assert work.plan().conflicts() == [
        f"{work.path('n')}: it holds mine, which the action did not make"
    ]
    done = work.plan().carry_out()
    assert done.left == (f"{work.path('n')}: it holds what the action did not make",)
    assert work.path("n/mine").read_text() == "person"
    assert not work.path("n/x").exists()


def test_no_link_is_followed_out_of_the_workspace(work: Workspace, tmp_path: Path) -> None:
    """A folder on the way is a link now: nothing is written where it leads."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "two").write_text("not yours")
    work.write("src/two", "agent")
    work.settling.look(all_of_it=True)
    work.path("src").rename(work.path("aside"))
    work.path("src").symlink_to(outside)
    (said,) = work.plan().conflicts()
    assert said.endswith("src is no folder any more")
    (left,) = work.plan().carry_out().left
    assert left.endswith("src is no folder")
    assert (outside / "two").read_text() == "not yours"


def test_what_nobody_saw_at_rest_is_not_put_back_unasked(work: Workspace) -> None:
    """The process that wrote it still has it open."""
    work.write("one", "x")
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    with work.path("one").open("a") as file:
        work.settling.look(all_of_it=True)
        work.settling.touched("a", [str(work.path("one"))], Who(os.getpid(), int(fields[19])))
        file.write("more")
        file.flush()
        assert len(work.plan().conflicts()) == 1
    assert work.plan().conflicts() == []


def test_what_is_too_large_is_not_kept(tmp_path: Path) -> None:
    work = Workspace(tmp_path, Limits(session=40_000, file=10_000))
    work.path("large").write_bytes(b"x" * 10_001)
    with pytest.raises(Unkept, match=r"more than the 0\.0 MiB"):
        work.remove("large")
    for number in range(3):
        work.path(f"{number}").write_bytes(b"x" * 9_900)
        work.remove(f"{number}", f"g{number}")
    work.path("last").write_bytes(b"x" * 9_900)
    with pytest.raises(Unkept, match="may still be kept"):
        work.remove("last", "g4")
    assert {group.id for group in groups(read(work.store))} == {"g0", "g1", "g2"}
    assert len(list(work.store.glob("0*"))) == 3


def test_so_many_paths_are_kept_and_no_more(
    work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentwatch.keeping.store.MOST", 2)
    work.write("one", "x")
    work.write("link", "x")
    with pytest.raises(Unkept, match="used up"):
        work.write("run.sh", "x")


def test_a_folder_that_moves_is_kept_whole_or_not_at_all(
    work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agentwatch.keeping.store.MOST_NAMES", 2)
    with pytest.raises(Unkept, match="more than 2 files"):
        work.rename("src", "source")
    assert read(work.store).entries == []


def test_what_is_no_file_is_not_kept(work: Workspace) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(work.path("s")))
        with pytest.raises(Unkept, match="a socket or a device"):
            work.remove("s")


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_a_full_disk_is_a_reason_and_leaves_nothing(
    work: Workspace, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def full(*_: object) -> int:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(copying, "copy", full)
    with pytest.raises(Unkept, match=os.strerror(error)):
        work.remove("one")
    assert list(work.store.glob("0*")) == []
    monkeypatch.undo()
    work.remove("one")
    assert work.undo().left == ()


def test_a_copy_is_the_same_without_shared_blocks(
    work: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_FICLONE", 0)
    monkeypatch.delattr(os, "SEEK_DATA", raising=False)
    work.path("one").write_bytes(os.urandom(3 * MIB + 5))
    before = picture(work.root)
    work.remove("one")
    work.undo()
    assert picture(work.root) == before


def test_a_torn_line_of_the_index_undoes_nothing(work: Workspace) -> None:
    work.remove("one")
    index = work.store / "index.jsonl"
    index.write_text(index.read_text()[:-20])
    with pytest.raises(AgentwatchError, match="nothing is kept"):
        work.plan()
    Settling(work.store, str(work.root)).look()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's own")
def test_the_store_is_the_users_alone(work: Workspace) -> None:
    work.remove("one")
    assert work.store.stat().st_mode & 0o77 == 0
    assert all(item.stat().st_mode & 0o77 == 0 for item in work.store.iterdir())
