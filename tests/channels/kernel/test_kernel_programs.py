"""Program starts: held, judged whole, and seen through."""

from __future__ import annotations

from pathlib import Path

from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import OPEN, compiled, python


def test_a_start_waits_for_its_verdict(gated: Gated) -> None:
    rig = gated(lambda event: event.argv[1:] == ("yes",))
    rig.start("sh", "-c", "env echo no; /bin/echo no; /bin/echo yes")
    assert rig.wait() == 0
    said = [line for line in rig.out.split(b"\n") if not line.startswith(b"sh:")]
    assert said == [b"yes", b""]
    assert [event.argv for event in rig.events] == [
        ("env", "echo", "no"),
        ("/bin/echo", "no"),
        ("/bin/echo", "yes"),
    ]
    assert rig.events[0].exe == "/usr/bin/env"
    assert rig.events[0].cwd == str(rig.folder)


def test_a_script_is_judged_with_its_interpreter(gated: Gated, tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text('#!/bin/sh -e\necho inner "$@"\n')
    outer.write_text(f"#! {inner}  \n")
    for script in (inner, outer):
        script.chmod(0o755)
    rig = gated(lambda event: True)
    rig.start("sh", "-c", "./inner a b; ./outer c; true")
    assert rig.wait() == 0
    assert rig.out == b"inner a b\ninner ./outer c\n"
    assert rig.betrayed == []
    first = rig.events[0]
    assert (first.path, first.argv) == (str(inner), ("./inner", "a", "b"))
    assert Flag.SCRIPT in first.flags
    assert first.exe.endswith("sh")


def test_starts_by_descriptor(gated: Gated, tmp_path: Path) -> None:
    source = """
    #define _GNU_SOURCE
    #include <fcntl.h>
    #include <unistd.h>
    #include <stdio.h>
    extern char **environ;
    int main(int c, char **v) { char *a[] = {"echo", "here", 0};
      int f = open(v[1], O_RDONLY); fexecve(f, a, environ); perror("x"); return 3; }
    """
    program = compiled(tmp_path, "byfd", source)
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\necho script $1\n")
    script.chmod(0o755)
    rig = gated(lambda event: True)
    rig.start("sh", "-c", f"{program} /bin/echo; {program} {script}")
    assert rig.wait() == 0, rig.out
    assert rig.out == b"here\nscript here\n"
    assert rig.betrayed == []


def test_the_kernels_own_refusals_come_unasked(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("text")
    (tmp_path / "noexec").write_text("#!/bin/sh\n")
    (tmp_path / "plain").chmod(0o755)
    rig = gated(lambda event: False, OPEN | {"default": "ask"})
    code = (
        "import os\nfor p in ('none','noexec','plain'):\n"
        " try: os.execv(p,[p])\n except OSError as e: print(e.errno)"
    )
    rig.start(*python(code))
    assert rig.wait() == 0
    assert rig.out == b"2\n13\n8\n"
    assert rig.events == []


def test_long_arguments_are_read_whole(gated: Gated) -> None:
    seen: list[Observed] = []

    def judge(event: Observed) -> bool:
        seen.append(event)
        return True

    rig = gated(judge)
    rig.start("sh", "-c", "/bin/echo $(seq 1 20000) $(printf %070000d 7) | wc -c")
    assert rig.wait() == 0
    echo = next(event for event in seen if event.argv[0] == "/bin/echo")
    assert len(echo.argv) == 20002
    assert len(echo.argv[-1]) == 70000
    assert rig.betrayed == []


def test_the_agent_itself_is_not_asked_for_but_its_next_start_is(gated: Gated) -> None:
    rig = gated(lambda event: False)
    rig.start("sh", "-c", "exec /bin/echo never")
    assert rig.wait() != 0
    assert b"never\n" not in rig.out.replace(b"exec", b"")
    assert [event.kind for event in rig.events] == [Deed.EXEC]
