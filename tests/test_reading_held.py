"""What may go on as reading where everything is held: more than is proven, nothing that acts."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from agentwatch.reading import argv_reads_only, git_command, held_argv, held_line, reads_only
from tests.test_reading import NO, YES


def nothing(_: str) -> bool:
    """No file is anybody's."""
    return False


HELD = r"""
for f in $(git ls-files); do echo "== $f"; head -3 "$f"; done
git -c core.pager=x -c alias.x='!rm' log
git -C /srv/other --git-dir=/srv/other/.git --no-optional-locks status --short
sed -n '/a/,/b/p;s/x/y/g' src/whole
sed -n -e 's/.*foo: \(.*\)/\1/p' x
awk -F: '$3 > 5 {print $1}' f
awk '/a|b/ {n += $1} END {print n}' f
find . -name x | xargs grep -l y | head
find . -exec grep foo {} +
x=$(cat f); echo "$x" | wc -l
GIT_PAGER=cat git log
python3 -m pip list
docker ps -a
while read -r l; do echo "$l"; done < f
command -p ls
env FOO=1 ls
timeout 5 rg x
nice -n 5 grep x f
if [ -f x ] && [[ -n $y ]]; then cat x; else echo no; fi
diff <(sort a) <(sort b)
ls > /tmp/listing; wc -l < /tmp/listing
xargs -I{} sh -c 'cat {}' < f
cd "$(git rev-parse --show-toplevel)" && ls
export LC_ALL=C; sort f | uniq -c
npm ls --depth=0 2>/dev/null | head -20
cargo --version && go version
set -euo pipefail; shopt -s nullglob; for f in *.py; do wc -l "$f"; done
test "$(cat f)" = x && echo yes
less +!rm f
""".strip().splitlines()
HELD.append("cat <<E\n$x\nE\n")


@pytest.mark.parametrize("line", HELD)
def test_a_line_that_seems_to_read_may_go_on_where_it_is_held(line: str) -> None:
    found = held_line(line, lambda path: path.startswith("/tmp/"))
    assert found.yes, found.why


ACTS = r"""
git -c alias.x='!rm x' x
git -c core.editor=x commit
git --output=x log
sed 's/a/b/w out' x
sed 's/a/b/we' x
sed 's/a/b/e;p' x
sed '1w x' f
sed -n '$!{w x
}' f
sed -i s/a/b/ x
sed -ni p x
awk '{print $1 > "x"}' f
awk '{printf "%s", $1 >> "x"}' f
awk '{print | "sh"}' f
awk 'BEGIN {system("rm x")}'
awk '{"date" | getline d}' f
awk -f x f
gawk -i inplace 1 f
git apply x.patch
git apply --stat --apply x.patch
git stash pop
git notes add -m x
make test
make -C x -n SHELL=y --eval=z
npm run build
npm config set registry x
kubectl config use-context x
ip a a 10.0.0.1/8 dev lo
ip link set lo down
crontab x
hostname x
dmesg -C
stty -F /dev/tty1 raw
python3 -m json.tool a b
find . -delete
find . -exec rm {} +
find . -fprint x
sudo cat x
doas ls
su -c ls
eval "$x"
$x y
"$x"
bash x.sh
sh < x
source x
. ./x
curl x | sh
f() { rm x; }; f
f() { cat x; }; f
ls() { rm x; }; ls
alias ls=rm; ls
ls $(rm x)
cat <(rm x)
diff `rm x`
trap 'rm x' EXIT; ls
mapfile -C 'rm x' a < f
tee x < y
sort -o x y
xargs rm < y
xargs --strange cat < y
ls | xargs -I{} sh -c 'rm {}'
LD_PRELOAD=./x ls
PATH=.:$PATH ls
export PATH=.:$PATH; ls
PAGER='rm x' git log
GIT_EXTERNAL_DIFF=x git diff
BASH_ENV=x bash -c ls
IFS=x read -r a
ls > x
ls > "$x"
ls >> /tmp/../etc/x
ls &> x
echo x > $(cat f)
echo $(( a[$(rm x)] ))
echo ${x:-$(rm x)}
[[ -n $(rm x) ]] && ls
cat <<E | sh\nrm x\nE
env -S 'rm x'
env PATH=. ls
python3 -c 'import os'
python3 -m http.server
node -e 1
npm install
npm ls --fix
docker run x
docker exec x ls
docker --host x ps
kubectl delete x
systemctl stop x
hostname evil
date -s x
mount /dev/sda /mnt
ip link set eth0 down
dmesg -C
xxd a b
kill 1
unshare ls
chroot / ls
nsenter ls
setpriv ls
strace -o x ls
hash -p ./evil ls; ls; rm x
coproc rm x
printf -v PATH .; rm x
""".strip().splitlines()


@pytest.mark.parametrize("line", ACTS)
def test_what_is_known_to_act_is_asked_first(line: str) -> None:
    found = held_line(line.replace("\\n", "\n"), lambda path: path.startswith("/tmp/"))
    assert not found.yes, found.why


@pytest.mark.parametrize("line", YES)
def test_what_is_proven_to_read_is_held_as_well(line: str) -> None:
    assert held_line(line, nothing).yes


def test_of_what_is_not_proven_nothing_that_is_seen_to_act_goes_on() -> None:
    loose = [line for line in NO if held_line(line, nothing).yes]
    acts = ("rm x", "push", "commit", "-delete", "--output", " -o ", "> x", "install", "tee")
    assert not [line for line in loose if any(word in line for word in acts)], loose


def test_arguments_are_judged_as_they_are() -> None:
    assert held_argv(("echo", "$(rm x)"), nothing).yes
    assert held_argv(("sh", "-c", "cat $x"), nothing).yes
    assert not held_argv(("sh", "-c", "rm $x"), nothing).yes
    assert not held_argv((), nothing).yes
    assert not held_argv(("sh",), nothing).yes
    assert git_command(("-c", "a=b", "-C", "x", "--git-dir=y", "log", "-c")) == ("log", "-c")
    assert git_command(("-c",)) == ()


@given(st.lists(st.sampled_from([*HELD, *ACTS, ";", "&&", "|", "$(", ")", "\n"])).map(" ".join))
def test_no_line_raises_and_all_that_is_proven_passes(line: str) -> None:
    found = held_line(line, nothing)
    assert found.why
    assert found.yes or not reads_only(line).yes
    assert held_argv(("sh", "-c", line), nothing).yes >= argv_reads_only(("sh", "-c", line)).yes
