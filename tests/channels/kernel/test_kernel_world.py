"""Programs that people's agents run go on working under the gate."""

# ruff: noqa: E501, ISC004, Q003  # the agents' programs read best as they run

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import OPEN

WORLD = {
    "git": ("git init -q g && cd g && echo a>a && git add a && git -c user.email=a@b -c user.name=n "
            "commit -qm m && git status --short && git log --format=%s", "m"),
    "gcc": ("echo 'int main(){return 0;}' > m.c && gcc m.c && ./a.out && echo ran", "ran"),
    "make": ("printf 'all: a b\\na:\\n\\ttouch a\\nb: a\\n\\tcp a b\\n' > Makefile && make -s -j4 && ls b", "b"),
    "npm": ("npm --version >v && test -s v && echo has", "has"),
    "node": ("node -e 'const f=require(\"fs\");f.writeFileSync(\"x\",\"y\");f.renameSync(\"x\",\"z\");"
             "console.log(require(\"child_process\").execSync(\"cat z\")+\"\")'", "y"),
    "go": ("printf 'package main\\nimport (\"fmt\";\"os\")\\nfunc main(){os.WriteFile(\"o\",nil,0644);fmt.Println(\"go\")}'"
           " > m.go && HOME=$PWD go run m.go", "go"),
    "gdb": ("gdb -nx -batch -ex run --args /bin/true 2>&1 | grep -c 'exited normally'", "1"),
    "strace": ("strace -f -o log sh -c 'echo x > y' && grep -c execve log && cat y", "x"),
    "bwrap": ("bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-pid sh -c "
              "'echo in > /tmp/f && cat /tmp/f'", "in"),
    "bwrap of a user": ("bwrap --unshare-user --unshare-pid --ro-bind / / --dev /dev --proc /proc "
                        "--tmpfs /tmp sh -c 'echo in > /tmp/f && cat /tmp/f'", "in"),
    "unshare": ("unshare -Urpf --mount-proc sh -c 'echo in > f && cat f && cat /proc/self/uid_map | wc -l'", "in"),
    "script": ("script -qc 'tty >/dev/null && echo typed >/dev/tty' /dev/null", "typed"),
    "tar": ("mkdir d && echo t > d/f && tar cf t.tar d && rm -r d && tar xf t.tar && cat d/f", "t"),
    "sqlite3": ("sqlite3 db 'create table t(a); insert into t values (7); select * from t'", "7"),
    "python3": ("python3 -c 'import tempfile,subprocess,multiprocessing,sqlite3;"
                "c=sqlite3.connect(\"q\");c.execute(\"create table t(a)\");c.commit();"
                "print(subprocess.run([\"echo\",\"py\"],capture_output=True,text=True).stdout)'", "py"),
    "ssh-keygen": ("ssh-keygen -q -N '' -f k && ls k.pub", "k.pub"),
    "tmux": ("tmux -S ./s -f /dev/null new -d 'echo in > t; sleep 1' && while ! test -s t; do sleep 0.05; done; cat t", "in"),
}  # fmt: skip


@pytest.mark.parametrize("name", WORLD)
def test_program(gated: Gated, tmp_path: Path, name: str) -> None:
    if shutil.which(name.split(maxsplit=1)[0]) is None:
        pytest.skip(f"{name} is not here")
    line, last = WORLD[name]
    rig = gated(lambda event: True, OPEN)
    rig.start("bash", "-c", line, env={"TERM": "xterm"})
    code = rig.wait()
    assert last in rig.out.decode(errors="replace").split(), rig.out
    assert code == 0, rig.out
    assert rig.betrayed == []
