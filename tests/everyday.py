"""Commands that agents run all day to look at something, as they write them.

Owns the table: what a person would be annoyed to be asked about.  `PROVEN` passes by its text
alone; `HELD` passes only where all system calls are held as well, because the text does not prove
it: a variable, a configuration, or a program with a mind of its own is in it.
"""

from __future__ import annotations

PROVEN = r"""
ls
ls -la
ls -lah src
ls -1 src | head -20
ls -la && cat README.md
ls -R src | grep ':$' | head
ls -lt | head -5
ls src/ tests/ docs/
ls -d */
ls *.py
ls -la .git
ls -la /etc/hosts 2>/dev/null
ls nowhere 2>&1 || echo missing
pwd
pwd && ls -la
pwd; whoami; date
cat README.md
cat src/main.py | head -50
cat package.json | jq .scripts
cat pyproject.toml | grep -A 5 dependencies
cat -n src/main.py | sed -n '10,40p'
cat -A Makefile | head -3
cat a.txt b.txt | sort | uniq -c | sort -rn | head -10
cat /proc/cpuinfo | grep processor | wc -l
cat /etc/os-release
head -n 100 src/main.py
head -c 200 a.bin | od -c | head
tail -n 50 app.log
tail -50 app.log | grep ERROR
git stash show -p
git cherry -v main
git diff-index --quiet HEAD
git diff-files --name-only
git show-branch --all
git reflog -5
git log --no-walk HEAD
git notes list
git apply --check --stat fix.patch
git cat-file blob HEAD:README.md
rg --passthru foo src
rg --no-ignore-parent --max-filesize 1M foo
sort --parallel=2 a.txt
php -v
sed -n '1,50p' src/main.py
sed -n 1,50p src/main.py
sed -n '100,200p' src/main.py | cat -n
sed -n '/def main/,/return/p' src/main.py
sed -n '$p' a.txt
sed '1,5d' a.txt
sed -n '/^## /p' README.md
sed 's/  */ /g' a.txt
sed -e 's/^ *//' -e 's/ *$//' a.txt
sed '/^$/d' a.txt
sed '/^#/d' a.cfg | head
sed -n '5p;10p' a.txt
sed -n '10,$p' a.txt
wc -l src/*.py
wc -l *.py | tail -1
wc -c a.txt
grep -rn "foo" src
grep -rn foo src | head
grep -rn "TODO\|FIXME" --include="*.py" .
grep -rnE "class \w+\(" src --include=*.py
grep -rl "import os" src
grep -rlZ foo src | wc -c
grep -n "def " src/main.py
grep -c "" a.txt
grep -v "^#" a.cfg
grep -i error app.log | tail -5
grep -A 3 -B 2 "pattern" src/main.py
grep -oP '"version": "\K[^"]+' package.json
grep -q foo a.txt && echo yes || echo no
grep -w main src/main.py
grep -rn "foo" . --exclude-dir=node_modules --exclude-dir=.git
grep -E '^(a|b)+$' a.txt
grep -n "a$" a.txt
grep -rn 'self\.x' src | grep -v test | wc -l
egrep "foo|bar" a.txt
fgrep -n "a.b" a.txt
rg foo
rg -n "foo" src
rg -l foo
rg --files
rg --files | head -50
rg --files -g '*.py' | wc -l
rg -i "foo bar" --type py
rg -t py "def main" -A 5
rg "foo" -g '!tests' -n
rg -c foo src
rg -uu foo
rg -nU 'a\nb' src
rg --no-heading --line-number foo src | head -20
rg -F 'a.b(' src
rg "fn \w+" --type rust -o
find . -name '*.py'
find . -name "*.py" -not -path "./venv/*"
find . -name '*.py' -not -path './x/*'
find . -type f -name "*.md" | head -20
find . -maxdepth 2 -type d
find src -type f | wc -l
find . -iname "*test*" -type f
find . -path ./node_modules -prune -o -name '*.js' -print
find . -type f -size +1M
find . -mtime -1 -type f
find . -type f \( -name '*.c' -o -name '*.h' \) | sort
find . -name '*.py' -type f -printf '%s %p\n' | sort -rn | head
find . -empty -type d
find / -name foo -maxdepth 3 2>/dev/null
find . -type f -name '*.py' ! -name 'test_*'
tree
tree -L 2
tree -L 3 -I 'node_modules|.git'
tree -a -L 1 --dirsfirst
tree -d src
du -sh .
du -sh * | sort -h
du -h --max-depth=1 . | sort -rh | head
df -h
df -h . | tail -1
stat a.txt
stat -c '%s %n' a.txt
stat -c %y src/main.py
file a.bin
file src/*
file --mime-type a.txt
readlink -f a.txt
realpath .
realpath --relative-to=. src/main.py
basename src/main.py .py
dirname src/main.py
which python3
which python3 node npm
which -a python
type python3
type -a ls
command -v git
command -v git >/dev/null && echo yes
whereis gcc
uname -a
uname -s
hostname
whoami
id
id -u
groups
date
date +%Y-%m-%d
date -u +%FT%TZ
date '+%s'
uptime
env | sort
env | grep -i proxy
printenv
printenv PATH
printenv HOME | wc -c
echo hello
echo "hello world"
echo done; ls
echo "--- files ---" && ls
printf 'a\nb\n' | sort
ps aux
ps aux | grep node
ps -ef | grep -v grep | grep python | head
ps -p 1 -o pid,comm
pgrep -f node
pgrep -la python
free -h
free -m | head -2
nproc
lscpu | head
uptime && free -h && df -h
jq . package.json
jq -r '.dependencies | keys[]' package.json
jq '.scripts' package.json
jq -r .version package.json
jq length a.json
jq -c '.[] | {a, b}' a.json
sort a.txt
sort -u a.txt | wc -l
sort -k2 -n a.txt
sort -t: -k3 -n /etc/passwd | head
uniq -c a.txt
cut -d, -f1,2 a.csv | head
cut -d: -f1 /etc/passwd
tr -d '\r' < a.txt | head
tr ',' '\n' < a.csv
awk '{print $1}' a.txt
awk -F, '{print $2}' a.csv | sort | uniq -c
awk 'NR>=10 && NR<=20' a.txt
awk 'NR==5' a.txt
awk '{s+=$1} END {print s}' a.txt
awk '/foo/' a.txt
awk 'length > 100' a.txt
awk -F: '$3 >= 1000 {print $1}' /etc/passwd
awk '{print NR": "$0}' a.txt
awk '/start/,/end/' a.txt
awk 'END {print NR}' a.txt
awk '!seen[$0]++' a.txt
diff a.txt b.txt
diff -u a.txt b.txt | head -40
diff -rq src tests
diff -r a b --brief
cmp a.bin b.bin
comm -12 a.txt b.txt
md5sum a.txt
sha256sum a.txt b.txt
sha256sum a.txt | cut -d' ' -f1
base64 a.txt | head -1
base64 -d a.b64
od -c a.bin | head
od -A x -t x1z a.bin | head -5
hexdump -C a.bin | head
xxd a.bin | head
strings a.bin | head
nl -ba src/main.py | sed -n '10,20p'
column -t a.txt
fold -w 80 a.txt | head
rev a.txt
tac a.txt | head -3
paste a.txt b.txt
join a.txt b.txt
seq 1 5
expr 1 + 2
test -f a.txt && echo exists
test -d src || echo no
[ -f a.txt ] && echo exists
[ -d src ] || echo none
[ -n foo ] && ls
[[ -f a.txt ]] && echo exists
[[ -d src && -f a.txt ]] && ls
test -e a.txt; echo $?
true
sleep 1
sleep 0.5 && ls
cd src && ls
cd src && grep -rn foo . | head
cd src; cat main.py
(cd src && ls)
for f in a.txt b.txt; do echo "== $f"; head -3 "$f"; done
for f in src/*.py; do wc -l "$f"; done
for d in src tests; do ls "$d" | wc -l; done
if [ -f a.txt ]; then cat a.txt; else echo none; fi
if test -d src; then ls src; fi
ls && pwd && git status
git status
git status -s
git status --short
git status --porcelain
git status -sb
git log
git log --oneline
git log --oneline -5
git log --oneline -n 20
git log -1 --stat
git log -3 --format='%h %an %s'
git log --oneline main..HEAD
git log --graph --oneline --all | head -20
git log -p -1 -- src/main.py
git log --follow --oneline -- src/main.py
git log --since="2 weeks ago" --oneline
git log -S foo --oneline
git log --pretty=format:'%h - %s (%cr)' -10
git log --author=alice --oneline | wc -l
git log -n 5 --name-only
git --no-pager log -5
git --no-pager diff
git diff
git diff HEAD
git diff --stat
git diff --staged
git diff --cached --stat
git diff HEAD~1
git diff main...HEAD --name-only
git diff --name-only HEAD~3 | grep py
git diff -- src/main.py
git diff -w
git diff --numstat HEAD~1
git diff a.txt b.txt
git show
git show HEAD
git show --stat
git show HEAD:src/main.py
git show HEAD:src/main.py | head -20
git show --name-only HEAD
git show -s --format=%B HEAD
git branch
git branch -a
git branch -vv
git branch --show-current
git branch -r | head
git tag
git tag -l
git tag --sort=-creatordate | head -5
git remote -v
git remote
git rev-parse HEAD
git rev-parse --short HEAD
git rev-parse --abbrev-ref HEAD
git rev-parse --show-toplevel
git rev-list --count HEAD
git ls-files
git ls-files | wc -l
git ls-files '*.py' | head
git ls-files --others --exclude-standard
git ls-tree -r HEAD --name-only
git blame -L 10,20 src/main.py
git blame src/main.py | head
git stash list
git reflog | head -5
git config --list
git config user.name
git config --get remote.origin.url
git describe --tags
git shortlog -sn HEAD
git merge-base main HEAD
git cat-file -t HEAD
git grep -n foo
git grep -l foo -- '*.py'
git check-ignore -v a.txt
git worktree list
git submodule status
git symbolic-ref HEAD
git diff-tree --no-commit-id --name-only -r HEAD
git count-objects -v
git version
git --version
git status && git diff
git status; git log --oneline -3; git diff --stat
git log --oneline | head -5 && git status
python --version
python3 --version
python3 -V
python -V 2>&1
node --version
node -v
npm --version
npm -v
npx --version
java -version
gcc --version
gcc --version | head -1
make --version
cmake --version
ruby --version
php --version
perl --version
pip --version
pip3 --version
pip show requests
pip freeze
pip freeze | grep -i django
tar tf a.tar
tar -tzf a.tar.gz | head
unzip -l a.zip
zcat a.gz | head
gzip -dc a.gz | head -3
getconf _NPROCESSORS_ONLN
lsb_release -a
ulimit -n
ulimit -a
locale
tty
nl a.txt | head
curl --version
wget --version
docker --version
ssh -V
bash --version
tmux -V
sqlite3 --version
""".strip().splitlines()

HELD = r"""
grep -rn "foo" $(git ls-files)
cat $(find . -name config.py)
echo $PATH
echo "$HOME"
echo "HEAD is $(git rev-parse HEAD)"
ls $HOME
ls ~
ls -la ~/.config
cat ~/.gitconfig
wc -l $(git ls-files '*.py') | tail -1
find . -name '*.py' | xargs wc -l
find . -name '*.py' -print0 | xargs -0 grep -n foo
find . -name '*.py' -exec grep -l foo {} \;
find . -name '*.py' -exec wc -l {} +
git ls-files | xargs wc -l | sort -n | tail
for f in $(git ls-files | head -3); do echo "$f"; done
for i in {1..3}; do echo $i; done
for f in *; do echo "$f: $(wc -l < "$f")"; done
while read -r line; do echo "$line"; done < a.txt
cat a.txt | while read l; do echo "$l"; done
ls | while read f; do file "$f"; done
if [ "$(git rev-parse --abbrev-ref HEAD)" = main ]; then echo main; fi
x=1; echo $x
n=$(wc -l < a.txt); echo "$n lines"
v=$(cat VERSION) && echo "version $v"
diff <(sort a.txt) <(sort b.txt)
git -C /srv/other log --oneline -3
git -C .. status
cd .. && git status
cd /srv/other && git log -1
git -c color.ui=never diff
GIT_PAGER=cat git log -3
PAGER=cat git diff
TZ=UTC date
LC_ALL=C sort a.txt
NO_COLOR=1 rg foo
git log --oneline "$(git describe --tags --abbrev=0)"..HEAD
timeout 10 grep -rn foo .
time find . -name x
nice grep foo a.txt
env LC_ALL=C ls
command ls
\ls
"ls" -la
awk '{ if ($3 > 5) print $1 }' a.txt
awk 'BEGIN {FS=","} {n[$1]++} END {for (k in n) print k, n[k]}' a.csv
awk '{printf "%s %d\n", $1, $2}' a.txt
awk -v n=3 'NR <= n' a.txt
sed -nE 's/^version = "(.*)"/\1/p' pyproject.toml
sed -n "1,$(wc -l < a.txt)p" a.txt
sed = a.txt | head
less README.md
man ls | head -20
python3 -m pip list
python -m pip show x
pip list
pip list --outdated
pip list | grep -i flask
npm ls
npm ls --depth=0
npm list -g --depth=0
npm root
npm why react
yarn list
pnpm ls
cargo --version
cargo tree
cargo metadata --no-deps
rustc --version
go version
go env GOPATH
go list ./...
docker ps
docker ps -a
docker images
docker logs x
docker inspect x
kubectl get pods
kubectl logs x
systemctl status x
gh --version
dpkg -l | grep python
apt list --installed
dpkg -s bash
lsof -i :3000
ss -tlnp
netstat -tlnp
getent hosts example.com
nslookup example.com
ldd /bin/ls
objdump -d a.o | head
readelf -h /bin/ls
nm a.o | head
lsblk
top -bn1 | head
stat $(which python3)
file $(which python3)
ls -la $(dirname $(which python3))
[[ "$OSTYPE" == linux* ]] && uname -r
test -z "$FOO" && echo unset
printf '%s\n' "$PATH" | tr : '\n'
printf '%d\n' 5
echo $((1 + 2))
set -o pipefail; cat a.txt | grep foo
export LC_ALL=C; sort a.txt
ls > /tmp/listing && wc -l /tmp/listing
grep foo a.txt | tee /dev/null
ls &
ls # all of it
case $(uname) in Linux) echo linux;; *) echo other;; esac
! grep -q foo a.txt
mapfile -t lines < a.txt; echo ${#lines[@]}
bash -c 'ls | head'
sh -c "cat a.txt"
bash -lc 'git status --short'
xargs -n1 basename < a.txt
fd -e py | head
fd -t f main src
fdfind --hidden foo
zgrep error app.log.gz | tail
python3 -m json.tool package.json
npm config get registry
npm run
kubectl config current-context
uv pip list
make -n test
hostname -I
ip addr show
ip a
journalctl -u app --no-pager -n 20
dmesg -T | tail
crontab -l
stty size
tsc --version
pytest --version
shellcheck run.sh
pdftotext report.pdf - | head
git log --format=%H | xargs -n1 git show --stat
""".strip().splitlines()
