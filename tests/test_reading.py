"""What may pass without a question: every yes is run for real, every trick is a no."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from agentwatch.reading import argv_reads_only, reads_only
from agentwatch.reading.options import Unclear
from agentwatch.reading.programs import BARE, INERT, VERSIONED
from agentwatch.reading.shell import commands

YES = r"""
ls
ls -la
ls -la src /tmp
ls;
ls ; pwd
ls *.txt
cat a.txt b.txt
cat "a file.txt" 'b file.txt'
cat -- -delete
cat src/*.py | head -20
cat < a.txt
cat a.txt 2>/dev/null
cat a.txt 2> /dev/null || echo none
cat a.txt 2>&1 | tail -n 5
cat a.txt >/dev/null 2>&1 && echo yes
/bin/ls /usr/bin
/usr/bin/head -1 a.txt
head -c 100 a.txt
tail -5 a.txt
pwd
wc -l a.txt
wc -l < a.txt
grep -rn "def main" src
grep -rn 'a$b `c` (d) {e} !f # g' src
grep "foo\|bar" a.txt
grep -E '^(a|b)+$' *.txt
egrep -i x a.txt
rg main
rg -n --hidden -g '!*.lock' "def \w+" src
rg --files src
rg -A 3 -B3 -e main src
find .
find . -name '*.py' -type f -not -path './.git/*'
find . -maxdepth 2 -name "*.txt" -o -name \*.py
find src \( -name a -o -name b \) -print
find . -mtime -7 -size +0 -ls
find . -newermt 2020-01-01 -printf '%p %s\n'
stat a.txt
file a.txt
file -b --mime-type a.txt
du -sh .
df -h
date
date -u +%Y-%m-%d
date +"%H:%M"
date -d 2020-01-01 +%s
date --iso-8601
whoami
id -u
uname -a
hostname
echo hello world
echo 'a; rm -rf b'
printf '%s\n' a b
printf 'plain\n'
which python3 sh
type ls
command -v git
tr a-z A-Z < a.txt
cut -d: -f1 a.txt
sort a.txt
sort -t, -k2,2n -u a.txt b.txt
sort -rn a.txt | uniq -c | sort -rn | head
uniq a.txt
uniq -c < a.txt
diff a.txt b.txt
diff -ru src src
cmp a.txt b.txt
basename /a/b.txt .txt
dirname /a/b.txt
realpath .
readlink -f a.txt
tree -L 2 -a
jq '.a | keys' a.json
jq -r .a a.json
sed -n 1p a.txt
sed -n '1,20p' a.txt
sed -n '/foo/p' a.txt
sed -n '$p;1p' a.txt
sed 5q a.txt
sed 's/foo/bar/' a.txt
sed 's|a/b|c|g' a.txt
sed -E 's/\s+$//' a.txt
sed -e 's/a/b/' -e 's/c/d/g' a.txt
awk '{print $1}' a.txt
awk -F: '{print $1, $NF}' a.txt
awk '/foo/ {print $2 "-" $3}' a.txt
awk 'NR==2' a.txt
awk '{s += $1} END {print s, NR}' a.txt
awk -F: '$3 > 5 && $1 !~ /x/ {print $1}' a.txt
awk '{n[$1]++} END {for (k in n) print k, n[k]}' a.txt
awk '!seen[$0]++' a.txt
awk '{if (length($0) > 80) printf "%d %s\n", NR, substr($0, 1, 5)}' a.txt
[ -f a.txt ] && cat a.txt
[[ -d src ]] || echo none
base64 a.txt
hexdump -C a.txt
xxd -l 16 a.txt
expr 1 + 2
ulimit -n
grep -n "foo$" a.txt
grep -E "^(a|b) $|c" a.txt
file src/*
sort a*
find . -name '*.txt' ! -name 'b*'
git symbolic-ref HEAD
env
printenv PATH
ps aux
ps -ef | grep python
test -f a.txt && cat a.txt
cd src && ls
cd src; cat m.py
sleep 0
true
seq 1 3
md5sum a.txt
od -c a.txt
nl a.txt
paste a.txt b.txt
comm a.txt b.txt
python3 --version
python3 -V
node --version
node -v && npm -v
git --version
gcc --version | head -1
getconf PAGE_SIZE
lsb_release -a
git status
git status --short --branch
git status --porcelain=v1 -uno
git --no-pager log --oneline -10
git log --oneline --graph --all -n 5
git log -p -1 -- a.txt
git log --since=2020-01-01 --format='%h %s' HEAD~0
git log --grep='fix!' --author=x
git diff
git diff --stat HEAD
git diff --cached -U1 -- a.txt
git diff HEAD^ HEAD
git show HEAD
git show --stat HEAD
git show HEAD:a.txt
git rev-parse HEAD
git rev-parse --show-toplevel
git rev-parse --abbrev-ref HEAD
git branch
git branch -a
git branch -vv
git branch --list 'feature*'
git branch --show-current
git branch --merged main
git branch --contains HEAD
git remote
git remote -v
git remote get-url origin
git config --get user.name
git config user.name
git status --short --ignore-submodules=dirty
git config --list --show-origin
git config --global --get-regexp 'user.*'
git ls-files
git ls-files -m -o --exclude-standard
git ls-tree -r HEAD --name-only
git blame -L 1,2 a.txt
git describe --tags --always
git rev-list --count HEAD
git for-each-ref --format='%(refname)' refs/heads
git cat-file -p HEAD
git cat-file -t HEAD
git merge-base HEAD HEAD
git shortlog -sn HEAD
git grep -n main
git tag
git tag -l 'v*'
git stash list
git worktree list
git worktree list --porcelain -z
git reflog
git reflog show -n 5
git show-ref
git check-ignore a.txt
tar tf a.tar
tar -tzf a.tgz
tar tvfz a.tgz
tar --list --file=a.tar
gzip -dc < a.gz
gzip -l a.gz
zcat a.gz
unzip -l a.zip
pip show pytest
pip freeze --all
pip --version
""".strip().splitlines()

NO = r"""
rm -rf x
mv a b
cp a b
touch a
mkdir x
tee x
ln -s a b
chmod +x a
dd if=a of=b
truncate -s 0 a
xargs rm
sudo ls
sh -c ls
bash -c 'ls'
eval ls
exec ls
source x
. x
time ls
nohup ls
env rm x
env -i ls
env A=b ls
command rm x
command -p rm x
command -v x --y
builtin ls
busybox ls
./ls
bin/ls
/tmp/ls
/usr/local/bin/ls
~/bin/ls
"ls"
g'i't push
git' 'push
l\s
\ls
find . -delete
find . -name x -delete
find . -exec rm {} \;
find . -exec rm {} +
find . -execdir ls \;
find . -ok rm {} \;
find . -okdir rm {} \;
find . -fprint x
find . -fprint0 x
find . -fprintf x %p
find . -fls x
find -- . -delete
find . "-delete"
find . '-del'ete
find . \-delete
find * -name x
find . -name *.py
sort -o x a
sort a -o x
sort -ox a
sort -no x a
sort a --output=x
sort --outp=x a
sort --output x a
sort --compress-program=sh a
sort -T /x a
sort -k -o a
sort -- -o x
sort *
uniq a b
uniq -c a b
uniq -- a b
uniq -f 1 a b
uniq a*
uniq +1 a
sed -i s/a/b/ x
sed -n -i 1p x
sed -n 1p x -i
sed -n 1p x --in-place
sed -ni 1p x
sed -i.bak s/a/b/ x
sed --in-place=.b s/a/b/ x
sed 's/a/b/w x' a
sed 's/a/b/e' a
sed 's/a/b/ge' a
sed '1e rm x' a
sed 'w x' a
sed -n '1w x' a
sed '1r x' a
sed -f x a
sed -n '$!N;w x' a
sed 's/a/b/;w x' a
sed -n '/[/p;/]w x/p' a
sed -s 1p a
sed -e
sed
awk '{system("rm x")}' a
awk '{print > "x"}' a
awk '{print $1 > "x"}' a
awk '{print | "sh"}' a
awk '{"date" | getline x}' a
awk 'BEGIN {system("rm x")}'
awk -f x a
awk -i inplace '{print}' a
awk -v x=1 '{print}' a
awk '/[/{print "]/{system($0)}#"}' a
awk '{print $1}' /inet/tcp/0/localhost/80
gawk '{print $1}' a
rg --pre cat x
rg --pre=cat x
rg x --pre ./y
rg -e -- --pre=x
rg -z x
rg --search-zip x
rg --hostname-bin=x y
rg *
date -s 2020-01-01
date --set=2020-01-01
date --set 2020-01-01
date 010100002030
date -us 2020-01-01
hostname evil
hostname -F x
arch rm x
printf -v x y
printf '%d' 'a[$(id)]'
printf '%n' x
printf -- x
test -v 'a[$(id)]'
test a -nt b
[ -f x
[ -f * ]
[ -v 'a[$(id)]' ]
[ 1 -eq 'a[$(id)]' ]
[[ 1 -eq x ]]
[[ -v x ]]
"[" -f x ]
[ a = b ]
test *
cd a*
awk 1 a*
awk '{print $1 > 5}' a
awk '{print ($1 > 5)}' a
awk '{n = 2 / x; system("id") / 1}' a
awk '{print /x/ > "y"}' a
awk '{x = (1) / 2; system("id"); y = 1 / 2}' a
awk '{x++ / 2; system("id") / 2}' a
awk 'function f() {system("id")} {f()}' a
awk '{f(1)}' a
awk '@load "x"; 1' a
awk '{print |& "sh"}' a
awk '{ARGV[1] = "x"}' a
awk 'BEGIN {print "a" "b" >> "c"}'
awk '{while ((getline l < "x") > 0) print l}' a
awk '{close("x")}' a
awk '{print # x
awk -v f=x '{print}' a
awk --file=x a
awk
base64 -o x a
xxd a b
xxd -r a b
hexdump -Z a
ulimit -n 5
git symbolic-ref HEAD refs/heads/x
git symbolic-ref -d HEAD
git diff-tree --output=x HEAD
file -C*
sort -*
xxd a*
git config a.*
git symbolic-ref H*
git diff a*
printf a*
pyenv exec xxd a*
base64 a*
date a*
sort =*
grep x "a$(id)"
grep x "$$"
grep x "$|$x"
find . !
! ls
tree -o x
tree -R -H . -L 1
tree --output=x
file -C -m x
file -p a
file -z a
file -f a
cd
cd -
cd -P x
cd a b
cd sub && git status
cd /tmp/x; git log
git
git push
git pull
git fetch
git ls-remote
git commit -m x
git add .
git checkout x
git switch x
git restore x
git reset --hard
git clean -fd
git stash
git stash pop
git stash drop
git branch new
git branch -D x
git branch -d x
git branch -m a b
git branch -v new
git branch -a new
git branch --show-current new
git branch --edit-description
git branch --set-upstream-to=x
git branch --unset-upstream
git branch -l new
git tag v1
git tag -d v1
git tag -a v1 -m x
git tag -n v1
git remote add a b
git remote remove a
git remote set-url a b
git remote show origin
git remote update
git remote -v update
git remote prune origin
git config user.name x
git config edit
git config user.name --unset
git config --unset a.b
git config --add a.b c
git config --edit
git config -e
git config --get a.b --unset
git config --replace-all a.b c
git -c core.pager=x log
git -c core.fsmonitor=x status
git -ccore.pager=x log
git -C /tmp/x status
git --git-dir=/tmp/x log
git --git-dir /tmp/x log
git --work-tree=x status
git --exec-path=x log
git --config-env=a=b log
git -p log
git --paginate log
git diff --output=x
git diff --output x
git diff --outp=x
git diff -- --output=x
git log --output=x
git show --output=x
git blame --output=x a
git shortlog --output=x
git rev-list --output=x HEAD
git reflog show --output=x
git stash list --output=x
git diff --ext-diff
git log -p --ext-diff
git log -p --textconv
git log --show-signature
git log --format=%GK
git log --pretty='%G?'
git for-each-ref --format='%(signature)'
git diff -O x
git diff *
git grep -O x
git grep -Oless x
git grep --open-files-in-pager=x y
git grep --open x
git grep --textconv x
git cat-file --textconv HEAD:a
git cat-file --batch
git cat-file -p -x
git reflog expire --all
git reflog delete x
git worktree add x
git worktree list --x
git bisect start
git submodule update
git gc
git hash-object -w a
git update-index --refresh
git help log
git alias
git difftool
git mergetool
git bundle create x HEAD
git archive -o x HEAD
git format-patch HEAD
git daemon
curl http://x
wget x
ssh x
nc x 1
python3 -c 'x'
python3 x.py
python3 --version x
python3 -v
python3
node -e 1
node --version -e 1
npm install
npm run x
make
make -n
make --version x
pip --version install
pip list
pip freeze --path x
pip freeze --log x
pip --log x freeze
pip freeze --python ./evil
pip install x
pip download x
pip config set a b
pip cache purge
python -m pip freeze
pyenv exec rm x
pyenv exec
pyenv install 3.12
pyenv-exec rm x
tar xf a.tar
tar tf host:a.tar
tar -tf user@host:/a.tar
tar --list --file=host:a
tar -tf a.tar --to-command=sh
tar tf a.tar -I sh
tar tf a.tar -F sh
tar -tf a.tar --checkpoint=1 --checkpoint-action=exec=sh
tar -tfhost:a
tar -tff a --rsh-command=sh
tar -tcf a b
tar tf *
gzip a
gzip -d a.gz
gzip -S x a
xz -k a
zstd -c a -o b
zstdcat a -o b
unzip a.zip
unzip a.zip -l
unzip -o -l a.zip
zipinfo -d x a.zip
cargo --version
cargo build
go version
go build
yarn --version
less a
more a
man ls
vi a
top
kill 1
crontab -l
docker ps
systemctl status
xxd a b
split a
strings -T x a
getconf -v x y
getconf *
umask 0
ulimit -c 0
mount a b
history -c
set -e
alias ls=rm
export A=b
unset x
A=b
A=b ls
PATH=/tmp ls
PATH=/tmp:x ls; ls
=ls
ls =ls
ls > x
ls >x
ls >> x
ls 1> x
ls 2> x
ls >| x
ls &> x
ls &>/dev/null
ls >& x
ls >&2x
ls > /dev/nullx
ls > /dev/null/../x
ls > /dev/tty
ls > '/dev/null'x
ls 3>/dev/null
ls 2>&1x
ls 2>&-
ls <> x
ls <<x
ls <<<x
cat <(rm x)
cat >(rm x)
cat <&3
cat < /dev/tcp/localhost/80
cat < "/dev/tcp/localhost/80"
cat < *
cat <
cat < ;
ls &
ls & rm x
ls |& sh
ls | sh
ls | tee x
ls | xargs rm
ls; rm x
ls && rm x
ls || rm x
ls;rm x
ls&&rm x
ls|sh
ls ;; ls
ls &&
ls ||
ls |
&& ls
| ls
; ls
;
> x
{ls,-l}
while true; do ls; done
f() { ls; }
function f
case x in x) ls;; esac
! ls
coproc ls
ls $HOME
ls ${HOME}
cat $(rm x)
cat `rm x`
cat "$(rm x)"
cat "`rm x`"
cat "$HOME"
cat "a$b"
cat $'a\x20b'
cat $"x"
echo $((1+1))
echo $[1+1]
echo {a,b}
echo {1..3}
echo !!
echo "a!b"
echo "a\$b"
echo "a\`b"
echo "a\\"
echo "a\"b"
echo a\
echo a\nb
echo a\;rm
echo a\$b
ls ~
ls ~root
ls ~/x
ls ~+
ls a=~
ls a:~
ls # x
ls #x
echo a #b
echo "unended
echo 'unended
*
l?
/bin/l*
""".strip().splitlines()

HIDDEN = [
    "",
    " ",
    "\t",
    "ls\nrm x",
    "ls\n",
    "\nls",
    "ls\rrm x",
    "ls\x00rm x",
    "ls\x0brm x",
    "ls\x0crm x",
    "ls\x1b[A",
    "ls\x85rm x",
    "ls\u2028rm x",
    "ls\u00a0-l",
    "ls\u3000-l",
    "ls \u202ex",
    "ls \u200b",
    "ls \ufeff",
    "ls é",
    "\uff4c\uff53",
    "cat 'a\nb'",
    'cat "a\nb"',
    "cat 'a\x00b'",
    "cat a\\\nb",
    "cat '\ud800'",
    "ls " + "a" * 20_000,
]


@pytest.mark.parametrize("command", YES)
def test_reading_passes(command: str) -> None:
    answer = reads_only(command)
    assert answer.yes, answer.why
    assert answer.why.startswith("only reads: ")
    assert answer.programs


@pytest.mark.parametrize("command", NO)
def test_what_is_not_proven_to_only_read_is_asked(command: str) -> None:
    answer = reads_only(command)
    assert not answer.yes
    assert answer.why
    assert not answer.programs


@pytest.mark.parametrize("command", HIDDEN, ids=lambda text: repr(text)[:20])
def test_hidden_characters_are_asked(command: str) -> None:
    assert not reads_only(command).yes


@pytest.mark.parametrize("around", ["ls; {}", "ls && {}", "cat a | {}", "{}; ls", "ls 2>&1 || {}"])
def test_one_command_of_a_line_is_enough_to_ask(around: str) -> None:
    for command in NO:
        assert not reads_only(around.format(command)).yes, around.format(command)


@pytest.mark.parametrize("command", [">/dev/null", "2>/dev/null", ">/dev/null 2>&1", "ls; | ls"])
def test_a_line_without_a_command_in_some_place_is_asked(command: str) -> None:
    assert not reads_only(command).yes


# -- the words a shell would see -------------------------------------------------------------

SHELLS = [found for name in ("sh", "bash", "zsh") if (found := shutil.which(name))]
LETTERS = "ax-/.=:~^@%+, \t'\"\\"


def shell_words(shell: str, line: str, folder: str) -> list[str]:
    """What a real shell makes of the words of a line."""
    done = subprocess.run(
        [shell, "-c", f"printf '%s\\0' {line}"],
        cwd=folder,
        env={"HOME": "/home/of/somebody", "PATH": "/nowhere"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("shell", SHELLS)
@given(line=st.text(LETTERS, min_size=1, max_size=14))
@example(line="a'b'\"c\"")
@example(line=r"\(a\) 'b' \ ")
@example(line="a=~")
@example(line='"a$" "b$ c" "$|" "^(a|b) $"')
@example(line="! a ! b !\t c")
@example(line="''~")
@example(line="'' \"\"")
@example(line=r'"a\b"')
@settings(max_examples=150, deadline=None)
def test_every_shell_sees_the_words_that_we_see(shell: str, line: str) -> None:
    try:
        parsed = commands(line)
    except Unclear:
        assume(False)
    (words,) = parsed
    ours = [word.text for word in words]
    assert shlex.split(line) == ours
    with tempfile.TemporaryDirectory() as folder:
        assert shell_words(shell, line, folder) == ours
        assert not list(Path(folder).iterdir())


# -- no metacharacter gets through -----------------------------------------------------------


@given(
    st.sampled_from([command for command in YES if not set("'\"\\") & set(command)]),
    st.integers(0, 200),
    st.sampled_from(
        [*"$`(){}#\n\r\0\x7f", "!x", ">x", "&x", "<(", "\u2028", "; rm x", "|sh", "\\\n"]
    ),
)
@settings(max_examples=400, deadline=None)
def test_a_metacharacter_anywhere_makes_it_a_question(command: str, place: int, meta: str) -> None:
    """Put into any place of any command that reads, and outside quotes, it is refused."""
    place = min(place, len(command))
    assert not reads_only(command[:place] + meta + " " + command[place:]).yes


@given(st.text() | st.lists(st.sampled_from([*YES, *NO, *HIDDEN, *"'\"\\|&;<> "])).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_raises(command: str) -> None:
    answer = reads_only(command)
    assert answer.why
    shlex.quote(command)


ACTING = [
    *[("find", option) for option in ("-delete", "-exec", "-okdir", "-fprint", "-fls")],
    *[("sort", option) for option in ("-o", "-ox", "-no", "--output=x", "--outp", "-T", "-Tx")],
    *[("sed", option) for option in ("-i", "-i.b", "-ni", "--in-place", "-f", "-s", "--expr=w x")],
    *[("rg", option) for option in ("--pre=x", "--pre", "-z", "-nz", "--hostname-bin=x")],
    *[("tree", option) for option in ("-o", "-ox", "-ao", "-R", "--output=x")],
    *[("date", option) for option in ("-s", "-us", "--set=x", "--se", "-f")],
    *[("file", option) for option in ("-C", "-bC", "--compile", "-p", "-z", "-f")],
    *[("uniq", option) for option in ("-o", "--output=x")],
]


@given(
    st.sampled_from(ACTING),
    st.lists(st.sampled_from([".", "--", "-n", "-e", "-k", "-g", "-d", "1p", "a"]), max_size=4),
    st.lists(st.sampled_from([".", "--", "a"]), max_size=2),
)
@settings(max_examples=400, deadline=None)
def test_no_position_hides_an_option_that_acts(
    acting: tuple[str, str], before: list[str], after: list[str]
) -> None:
    """Not behind `--`, not as the value of another option, not after the operands."""
    program, option = acting
    assert not argv_reads_only([program, *before, option, *after]).yes


# -- arguments without a shell ---------------------------------------------------------------


@pytest.mark.parametrize(
    "argv",
    [
        ["ls", "*"],
        ["cat", "$(rm x)"],
        ["grep", "-n", "a\nb", "x"],
        ["/bin/sh", "-c", "git status | head"],
        ["bash", "-lc", "ls"],
        ["git", "log", "-1"],
    ],
)
def test_arguments_without_a_shell_are_taken_as_they_are(argv: list[str]) -> None:
    assert argv_reads_only(argv).yes


@pytest.mark.parametrize(
    "argv",
    [
        [],
        [""],
        ["rm", "x"],
        ["sh", "-c", "rm x"],
        ["sh", "-c", "ls", "x"],
        ["sh", "-ic", "ls"],
        ["zsh", "-c", "ls"],
        ["./sh", "-c", "ls"],
        ["sh", "x"],
        ["find", ".", "-delete"],
        ["cat", "a\0b"],
        ["env", "ls"],
    ],
)
def test_arguments_that_are_not_proven_are_asked(argv: list[str]) -> None:
    answer = argv_reads_only(argv)
    assert not answer.yes
    assert answer.why


# -- run for real ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small repository with files of every kind that the commands name."""
    folder = tmp_path_factory.mktemp("playground")
    work = folder / "work"
    (work / "src").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "a file.txt", "b file.txt", "-delete", "src/m.py"):
        (work / name).write_text(f"foo:bar {name}\nsecond line\n")
    (work / "a.json").write_text('{"a": {"b": 1}}\n')
    (folder / "home").mkdir()
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        run([*git, *words], folder)
    (work / "a.txt").write_text("foo changed\n")
    run([*git, "commit", "-qam", "two"], folder)
    run(["git", "remote", "add", "origin", "/nowhere"], folder)
    for path in sorted(work.rglob("*")):
        if ".git" not in path.parts:
            os.utime(path, (1_000_000_000, 1_000_000_000))
    # With old times in its index, git has no reason to refresh it while it is looked at.
    run(["git", "status"], folder)
    return folder


def run(argv: list[str], folder: Path) -> None:
    env = {"HOME": str(folder / "home"), "PATH": os.environ["PATH"], "TMPDIR": str(folder)}
    subprocess.run(
        argv,
        cwd=folder / "work",
        env=env | {"GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=argv[0] == "git",
    )


def snapshot(folder: Path) -> dict[str, object]:
    """Every name, what it is, what it holds and when that was last changed."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        held = path.read_bytes() if path.is_file() else b""
        # git makes and removes a lock in its folder while it looks.
        changed = 0 if path.name == ".git" else info.st_mtime_ns
        found[str(path)] = (info.st_mode, changed, info.st_ino, held)
    return found


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("shell", SHELLS)
def test_whatever_passes_changes_nothing_when_it_is_run(playground: Path, shell: str) -> None:
    before = snapshot(playground)
    assert len(before) > 20
    for command in [*YES, *(f"{name} --version" for name in sorted(VERSIONED))]:
        assert reads_only(command).yes
        run([shell, "-c", command], playground)
        after = snapshot(playground)
        assert after == before, command


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_programs_that_take_anything_change_nothing(playground: Path) -> None:
    before = snapshot(playground)
    for name in sorted(INERT):
        for args in ("", "a.txt", "*", "-o b.txt a.txt", "-i b.txt", "-w b.txt", "a.txt b.txt"):
            command = f"{name} {args}"
            assert reads_only(command).yes
            run(["sh", "-c", command], playground)
            assert snapshot(playground) == before, command
    for name in BARE:
        assert not reads_only(f"{name} a.txt").yes


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_playground_shows_what_a_command_changes(playground: Path, tmp_path: Path) -> None:
    """The check above can fail: the same look finds what these do."""
    copy = tmp_path / "copy"
    shutil.copytree(playground, copy)
    for command in ("sort -ro a.txt b.txt", "git branch new", "find . -name b.txt -delete"):
        before = snapshot(copy)
        run(["sh", "-c", command], copy)
        assert snapshot(copy) != before, command
