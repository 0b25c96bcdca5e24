"""What the gate does with files: held, judged by the object, done for the caller."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import OPEN, kinds, python


def yes(_: Observed) -> bool:
    return True


def no(_: Observed) -> bool:
    return False


def only_files(event: Observed) -> bool:
    return event.kind is Deed.EXEC


SAY = "import os,sys\ndef t(f,*a,**k):\n try: print(f(*a,**k))\n except OSError as e: print(e.errno)\n"


@pytest.mark.parametrize("means", ["pidns", "subreaper"])
def test_reading_is_never_held(gated: Gated, means: str, tmp_path: Path) -> None:
    rig = gated(no, means=means)
    (tmp_path / "f").write_text("text")
    rig.start(
        *python("import os; print(open('f').read(), os.listdir('.')[:0], os.stat('f').st_size)")
    )
    assert rig.wait() == 0
    assert rig.out == b"text [] 4\n"
    assert rig.events == []


@pytest.mark.parametrize("means", ["pidns", "subreaper"])
def test_a_write_waits_for_its_verdict(gated: Gated, means: str, tmp_path: Path) -> None:
    rig = gated(lambda event: event.path.endswith("/yes"), means=means)
    code = SAY + "t(open,'no','w'); t(os.write,os.open('yes',os.O_WRONLY|os.O_CREAT,0o640),b'abc')"
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out == b"1\n3\n"
    assert not (tmp_path / "no").exists()
    assert (tmp_path / "yes").read_text() == "abc"
    assert stat.S_IMODE((tmp_path / "yes").stat().st_mode) == 0o640
    assert [event.path for event in rig.events] == [str(tmp_path / "no"), str(tmp_path / "yes")]
    assert Flag.CREATE in rig.events[0].flags


def marked(path: Path) -> None:
    """Give a file an extended attribute; skips where its file system has none."""
    try:
        os.setxattr(path, b"user.h", b"before")
    except OSError as error:
        pytest.skip(f"no extended attributes in {path.parent}: {error.strerror}")


DENIED = [
    ("os.unlink('f')", Deed.DELETE),
    ("os.rmdir('d')", Deed.DELETE),
    ("os.rename('f','g')", Deed.RENAME),
    ("os.replace('f','h')", Deed.RENAME),
    ("os.link('f','g')", Deed.LINK),
    ("os.symlink('f','g')", Deed.LINK),
    ("os.chmod('f',0o777)", Deed.MODE),
    ("os.chown('f',os.getuid(),os.getgid())", Deed.MODE),
    ("os.fchmod(os.open('f',os.O_RDONLY),0o777)", Deed.MODE),
    ("os.truncate('f',1)", Deed.TRUNCATE),
    ("open('f','a')", Deed.WRITE),
    ("os.open('f',os.O_RDONLY|os.O_TRUNC)", Deed.WRITE),
    ("os.open('.',os.O_TMPFILE|os.O_RDWR)", Deed.WRITE),
    ("os.mkdir('n')", Deed.WRITE),
    ("os.mkfifo('n')", Deed.WRITE),
    ("os.mknod('n',0o100600)", Deed.WRITE),
    ("os.setxattr('f',b'user.a',b'v')", Deed.MODE),
    ("os.setxattr(os.open('f',os.O_RDONLY),b'user.a',b'v')", Deed.MODE),
    ("os.removexattr('h',b'user.h')", Deed.MODE),
]


@pytest.mark.parametrize(("code", "kind"), DENIED, ids=[code for code, _ in DENIED])
def test_denied_leaves_everything_as_it_was(
    gated: Gated, tmp_path: Path, code: str, kind: Deed
) -> None:
    for name in ("f", "h"):
        (tmp_path / name).write_text(name * 5)
        (tmp_path / name).chmod(0o644)
    (tmp_path / "d").mkdir()
    marked(tmp_path / "h")
    rig = gated(no)
    rig.start(*python(f"import os\ntry: {code}\nexcept PermissionError as e: print(e.errno)"))
    assert rig.wait() == 0
    assert rig.out == b"1\n"
    assert kinds(rig.events) == [kind]
    left = {p.name: p for p in tmp_path.iterdir() if p.name not in ("run", "state")}
    assert set(left) == {"f", "h", "d"}
    assert left["f"].read_text() == "fffff"
    assert left["h"].read_text() == "hhhhh"
    assert stat.S_IMODE(left["f"].stat().st_mode) == 0o644
    assert os.listxattr(left["f"]) == []
    assert os.getxattr(left["h"], b"user.h") == b"before"


@pytest.mark.parametrize(("code", "kind"), DENIED, ids=[code for code, _ in DENIED])
def test_allowed_is_done(gated: Gated, tmp_path: Path, code: str, kind: Deed) -> None:
    for name in ("f", "h"):
        (tmp_path / name).write_text(name * 5)
    (tmp_path / "d").mkdir()
    marked(tmp_path / "h")
    rig = gated(yes)
    rig.start(*python(f"import os\n{code}\nprint('done')"))
    assert rig.wait() == 0, rig.out
    assert rig.out == b"done\n"
    done: dict[str, Callable[[], bool]] = {
        "os.unlink('f')": lambda: not (tmp_path / "f").exists(),
        "os.rmdir('d')": lambda: not (tmp_path / "d").exists(),
        "os.rename('f','g')": lambda: (tmp_path / "g").read_text() == "fffff",
        "os.replace('f','h')": lambda: (tmp_path / "h").read_text() == "fffff",
        "os.link('f','g')": lambda: (tmp_path / "g").samefile(tmp_path / "f"),
        "os.symlink('f','g')": lambda: str((tmp_path / "g").readlink()) == "f",
        "os.chmod('f',0o777)": lambda: stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o777,
        "os.truncate('f',1)": lambda: (tmp_path / "f").read_text() == "f",
        "os.open('f',os.O_RDONLY|os.O_TRUNC)": lambda: (tmp_path / "f").read_text() == "",
        "os.mkdir('n')": (tmp_path / "n").is_dir,
        "os.mkfifo('n')": (tmp_path / "n").is_fifo,
        "os.mknod('n',0o100600)": lambda: stat.S_IMODE((tmp_path / "n").stat().st_mode) == 0o600,
        "os.setxattr('f',b'user.a',b'v')": lambda: os.getxattr(tmp_path / "f", "user.a") == b"v",
        "os.setxattr(os.open('f',os.O_RDONLY),b'user.a',b'v')": lambda: (
            os.getxattr(tmp_path / "f", "user.a") == b"v"
        ),
        "os.removexattr('h',b'user.h')": lambda: os.listxattr(tmp_path / "h") == [],
    }
    assert done.get(code, lambda: True)()


def test_errors_are_the_kernels_own_and_nobody_is_asked(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    (tmp_path / "d").mkdir()
    rig = gated(no)
    code = SAY + (
        "t(os.unlink,'none');t(os.rename,'none','x');t(os.open,'none',os.O_WRONLY);"
        "t(os.open,'f',os.O_WRONLY|os.O_CREAT|os.O_EXCL);t(os.open,'none/x',os.O_WRONLY|os.O_CREAT);"
        "t(os.open,'f/x',os.O_WRONLY|os.O_CREAT);t(os.link,'f','d');t(os.truncate,'',0);"
        "t(os.open,'x'*300,os.O_WRONLY|os.O_CREAT)"
    )
    rig.start(*python(code))
    assert rig.wait() == 0
    assert [*map(int, rig.out.split())] == [2, 2, 2, 17, 2, 20, 17, 2, 36][: len(rig.out.split())]
    asked = [event.path for event in rig.events]
    assert asked in ([], [str(tmp_path / ("x" * 300))])


def test_paths_are_named_by_where_they_lead(gated: Gated, tmp_path: Path) -> None:
    """cwd, descriptors, `..`, symlinks (dangling ones too) and procfs all lead to the object."""
    real = tmp_path / "real"
    real.mkdir()
    (real / "f").write_text("")
    (tmp_path / "link").symlink_to(real)
    (tmp_path / "far").symlink_to(real / "new")
    (tmp_path / "file").symlink_to(str(real / "f"))
    ways = [
        "os.open('link/f',1)",
        "os.open('file',1)",
        "os.open('link/../real/f',1)",
        "os.open('f',1,dir_fd=os.open('link',0))",
        "os.open('/proc/self/cwd/real/f',1)",
        "os.open('/proc/self/fd/%d'%os.open('file',0),1)",
        "os.open('/dev/fd/%d'%os.open('file',0),1)",
        "os.open('/proc/thread-self/root'+os.getcwd()+'/file',1)",
        "(os.chdir('link'),os.open('f',1))",
        "os.open('../'*60+os.getcwd()+'/f',1)",
        "os.open('../far',65)",
    ]
    rig = gated(no)
    tries = "\n".join(f"try: {way}\nexcept PermissionError: pass" for way in ways)
    rig.start(*python("import os\n" + tries))
    assert rig.wait() == 0, rig.out
    paths = [event.path for event in rig.events]
    assert paths == [str(real / "f")] * (len(ways) - 1) + [str(real / "new")]
    assert not (real / "new").exists()


def test_own_streams_and_pipes_pass(gated: Gated) -> None:
    rig = gated(only_files)
    rig.start("sh", "-c", "echo out >/dev/stdout; echo err >/dev/stderr; echo p | cat >/dev/fd/1")
    assert rig.wait() == 0
    assert rig.out == b"out\nerr\np\n"


def test_a_fifo_waits_for_its_reader_and_holds_nobody_up(gated: Gated) -> None:
    rig = gated(yes)
    rig.start("sh", "-c", "mkfifo p; (echo late > p)& : > x; echo quick; cat p; wait")
    assert rig.wait() == 0
    assert rig.out == b"quick\nlate\n"


def test_the_callers_mask_and_close_on_exec_count(gated: Gated, tmp_path: Path) -> None:
    code = (
        "import os,fcntl\nos.umask(0o027)\nh=os.open('f',os.O_CREAT|os.O_WRONLY,0o777)\n"
        "print(fcntl.fcntl(h,fcntl.F_GETFD), fcntl.fcntl(h,fcntl.F_GETFL)&3, os.fstat(h).st_uid==os.getuid())"
    )
    rig = gated(yes)
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out == b"1 1 True\n"
    assert stat.S_IMODE((tmp_path / "f").stat().st_mode) == 0o750


def test_remembered_passes_from_then_on(gated: Gated) -> None:
    rig = gated(yes, OPEN | {"default": "ask"})
    take = rig.house.answer
    remembering = functools.partial(take, remember=True)
    rig.house.answer = remembering  # type: ignore[method-assign]
    rig.start(*python("for _ in range(50): open('f','a').close()"))
    assert rig.wait() == 0
    assert len(rig.events) == 2  # made, then appended to


def test_many_threads_write_at_once(gated: Gated, tmp_path: Path) -> None:
    code = (
        "import threading\ndef w(n):\n for i in range(50): open(f'f{n}-{i}','w').write('x')\n"
        "ts=[threading.Thread(target=w,args=(n,)) for n in range(8)]\n"
        "[t.start() for t in ts];[t.join() for t in ts]"
    )
    rig = gated(yes)
    rig.start(*python(code))
    assert rig.wait() == 0
    assert len(list(tmp_path.glob("f*-*"))) == 400
