"""What was judged is what happens: threads that change the call after it was read gain nothing."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed, Flag, Observed
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import EASY, compiled

OPENER = r"""
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static volatile char path[256]; static size_t at; static volatile int over;
static void *flip(void *x) { while (!over) { path[at] = 'b'; for (volatile int i = 0; i < 200; i++);
  path[at] = 'g'; for (volatile int i = 0; i < 200; i++); } return 0; }
int main(int c, char **v) {
  snprintf((char *)path, sizeof path, "%s/g/f", v[1]); at = strlen(v[1]) + 1;
  char bad[256]; snprintf(bad, sizeof bad, "%s/b/f", v[1]);
  struct stat b, s; if (stat(bad, &b)) return 2;
  pthread_t t; pthread_create(&t, 0, flip, 0);
  int got = 0, reached = 0;
  for (int i = 0; i < atoi(v[2]); i++) { int f = open((char *)path, O_WRONLY | O_APPEND);
    if (f < 0) continue; got++; fstat(f, &s);
    reached += s.st_ino == b.st_ino; close(f); }
  over = 1; printf("%d %d\n", got, reached); return 0; }
"""

STARTER = r"""
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile char path[256]; static size_t at; static volatile int over;
static void *flip(void *x) { while (!over) { path[at] = 'b'; for (volatile int i = 0; i < 3000; i++);
  path[at] = 'g'; for (volatile int i = 0; i < 3000; i++); } return 0; }
int main(int c, char **v) {
  snprintf((char *)path, sizeof path, "%s/g/f", v[1]); at = strlen(v[1]) + 1;
  pthread_t t; pthread_create(&t, 0, flip, 0);
  int good = 0, killed = 0, refused = 0;
  for (int i = 0; i < atoi(v[2]); i++) { char *a[] = {"same", 0}; int s;
    pid_t p = vfork(); if (!p) { execv((char *)path, a); _exit(9); }
    waitpid(p, &s, 0);
    if (WIFSIGNALED(s)) killed++; else if (WEXITSTATUS(s) == 9) refused++; else good++; }
  over = 1; printf("%d %d %d\n", good, killed, refused); return 0; }
"""


def pair(folder: Path) -> tuple[Path, Path]:
    """A folder that is allowed and one that is not."""
    good, bad = folder / "g", folder / "b"
    good.mkdir()
    bad.mkdir()
    return good, bad


def allowing(kind: Deed, *prefixes: Path) -> dict[str, object]:
    allow = {**EASY["allow"], kind.value: [str(item) for item in prefixes]}
    return {"allow": allow, "default": "deny"}


def test_a_flipped_path_opens_no_forbidden_file(gated: Gated, tmp_path: Path) -> None:
    good, bad = pair(tmp_path)
    (good / "f").write_text("")
    (bad / "f").write_text("")
    opener = compiled(tmp_path, "opener", OPENER)
    rig = gated(lambda event: False, allowing(Deed.WRITE, good))
    rig.start(str(opener), str(tmp_path), "10000")
    assert rig.wait() == 0, rig.out
    got, reached = map(int, rig.out.split())
    assert reached == 0
    assert 0 < got < 10_000, "the racer did not race"


def test_a_flipped_program_never_reaches_its_main(gated: Gated, tmp_path: Path) -> None:
    good, bad = pair(tmp_path)
    told = tmp_path / "told"
    told.write_text("")
    main = "int main(void) { return 0; }"
    evil = '#include <unistd.h>\nint main(void) { write(1, "REACHED\\n", 8); return 0; }'
    compiled(tmp_path, "made-g", main).rename(good / "f")
    compiled(tmp_path, "made-b", evil).rename(bad / "f")
    starter = compiled(tmp_path, "starter", STARTER)
    rig = gated(lambda event: False, allowing(Deed.EXEC, good), spare_tree=True)
    rig.start(str(starter), str(tmp_path), "1000")
    assert rig.wait() == 0, rig.out
    assert b"REACHED" not in rig.out
    started, killed, refused = map(int, rig.out.split())
    assert min(started, killed, refused) > 0, "the racer did not race"
    assert killed == len(rig.betrayed)


def test_arguments_changed_meanwhile_are_seen(gated: Gated, tmp_path: Path) -> None:
    source = r"""
    #include <pthread.h>
    #include <unistd.h>
    #include <sys/wait.h>
    static volatile char word[8] = "good"; static volatile int over;
    static void *flip(void *x) { while (!over) { word[0] = 'b'; word[0] = 'g'; } return 0; }
    int main(void) { pthread_t t; pthread_create(&t, 0, flip, 0);
      for (int i = 0; i < 300; i++) { char *a[] = {"echo", (char *)word, 0}; int s;
        pid_t p = vfork(); if (!p) { execv("/bin/echo", a); _exit(9); } waitpid(p, &s, 0); }
      over = 1; return 0; }
    """
    program = compiled(tmp_path, "words", source)
    rig = gated(lambda event: event.argv[-1] == "good", spare_tree=True)
    rig.start(str(program))
    assert rig.wait() == 0
    assert b"bood" not in rig.out
    assert b"good" in rig.out
    assert rig.betrayed, "the racer did not race"


def test_a_flipped_symlink_gains_nothing(gated: Gated, tmp_path: Path) -> None:
    source = r"""
    #include <fcntl.h>
    #include <stdio.h>
    #include <sys/stat.h>
    #include <sys/wait.h>
    #include <signal.h>
    #include <unistd.h>
    #include <sys/syscall.h>
    int main(int c, char **v) { chdir(v[1]); struct stat b, s; stat("b/f", &b);
      pid_t p = fork();
      if (!p) for (;;) syscall(SYS_renameat2, AT_FDCWD, "l", AT_FDCWD, "m", 2);
      int got = 0, reached = 0;
      for (int i = 0; i < 2000; i++) { int f = open("l/f", O_WRONLY | O_APPEND);
        if (f < 0) continue; got++; fstat(f, &s); reached += s.st_ino == b.st_ino; close(f); }
      kill(p, SIGKILL); waitpid(p, 0, 0); printf("%d %d\n", got, reached); return 0; }
    """
    good, bad = pair(tmp_path)
    (good / "f").write_text("")
    (bad / "f").write_text("")
    (tmp_path / "l").symlink_to("g")
    (tmp_path / "m").symlink_to("b")
    rules = allowing(Deed.WRITE, good)
    allow = rules["allow"]
    assert isinstance(allow, dict)
    allow["rename"] = [str(tmp_path / "l"), str(tmp_path / "m")]
    program = compiled(tmp_path, "links", source)
    rig = gated(lambda event: False, rules)
    rig.start(str(program), str(tmp_path))
    assert rig.wait() == 0, rig.out
    got, reached = map(int, rig.out.split())
    assert reached == 0
    assert 0 < got < 2000, "the racer did not race"


def test_an_own_mount_over_an_allowed_folder_gains_nothing(gated: Gated, tmp_path: Path) -> None:
    good, bad = pair(tmp_path)
    (bad / "old").write_text("old")

    def judge(event: Observed) -> bool:
        return event.kind is Deed.EXEC or Flag.PROC in event.flags

    rig = gated(judge, {**allowing(Deed.WRITE, good), "default": "ask"})
    inside = (
        f"mount --bind {bad} {good} && echo mounted; echo x > {good}/f; echo x > {good}/old;"
        f"umount {good}; echo free > {good}/f"
    )
    rig.start("unshare", "-Urm", "sh", "-c", inside)
    assert rig.wait() == 0, rig.out
    if b"mounted" not in rig.out:
        pytest.skip("no mount namespace of one's own here")
    assert not (bad / "f").exists()
    assert (bad / "old").read_text() == "old"
    assert (good / "f").read_text() == "free\n"
    asked = [event for event in rig.events if Flag.PROC not in event.flags]
    asked = [event for event in asked if event.kind is Deed.WRITE]
    assert [event.path for event in asked] == [str(bad / "f"), str(bad / "old")]
    assert [event.inside_path for event in asked] == [str(good / "f"), str(good / "old")]
