"""What `judge` measures with: rules, grants and actions by the thousand, and a long journal."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from agentwatch.gate import Answer, Gate
from agentwatch.grants import Grants, Lasting, scopes
from agentwatch.journal.record import Head, encode, head_path
from agentwatch.model import Action, Decision, Json, Kind, Mode, Proposal, Reversibility, Verdict
from agentwatch.policy import Judgement, judge
from agentwatch.policy.ruled import Surroundings
from agentwatch.rules import Rulebook, read

WORK = "/home/user/work"
AROUND = Surroundings(WORK, "/home/user", "claude", could_declare=True)
SESSION = "bench-3f2a91"

RULE = """
[[rule]]
id = "rule-{n}"
decide = "{decide}"
{about}
"""
ABOUT = (
    'argv = ["program-{n}", "task"]',
    'argv = [["make-{n}", "just-{n}"], ["test", "lint"]]\nflags_only = ["-q"]',
    'argv = ["git", "sub-{n}"]',
    'kind = ["write"]\npaths = ["part-{n}/**"]',
    'kind = ["delete"]\npaths = ["~/keep-{n}/**", "*.part-{n}"]',
    'kind = ["network"]\nhosts = ["host-{n}.example.com:443"]',
    'tool = "mail-{n}.*"',
    'tool = "server-{n}.send"\nparams = {{ to = "*@example-{n}.org" }}',
)
"""The shapes of rules that people write, in equal parts."""
DECIDES = ("allow", "ask", "deny")


def rulebook(count: int) -> Rulebook:
    """So many rules of every shape; none decides what the actions below do."""
    said = (
        RULE.format(n=n, decide=DECIDES[n % 3], about=ABOUT[n % len(ABOUT)].format(n=n))
        for n in range(count)
    )
    return Rulebook(read("".join(said), "rules"))


def proposals() -> list[Proposal]:
    """Actions as agents propose them; each is asked about."""
    return [
        Proposal(Kind.EXEC, "run", "hooks", command="git push origin main", cwd=WORK),
        Proposal(
            Kind.EXEC, "run", "hooks", command="cd src && npm run build && rm -rf dist", cwd=WORK
        ),
        Proposal(Kind.WRITE, "write", "hooks", paths=(f"{WORK}/src/app.py",), diff="+x = 1\n"),
        Proposal(Kind.DELETE, "delete", "propose", paths=(f"{WORK}/old.log",)),
        Proposal(Kind.TOOL, "use", "mcp", tool="mail.send", params={"to": "a@example.org", "n": 3}),
        Proposal(Kind.NETWORK, "fetch", "hooks", url="https://example.com/x", host="example.com"),
    ]


def granted(count: int) -> Grants:
    """So many grants of every shape, none for the actions above."""
    book = Grants(SESSION)
    for n in range(count):
        said = (
            Proposal(Kind.EXEC, "run", "hooks", command=f"program-{n} task x", cwd=WORK),
            Proposal(Kind.WRITE, "write", "hooks", paths=(f"{WORK}/part-{n}/x",)),
            Proposal(Kind.NETWORK, "fetch", "hooks", host=f"host-{n}.example.com:443"),
            Proposal(Kind.TOOL, "use", "mcp", tool=f"server-{n}.send"),
        )[n % 4]
        found = scopes(action(n, said), workspace=WORK, home="/home/user")
        grant = book.make(found[-1], Lasting(3600, None), action="x-1", by="person:tui", wall=0)
        book.add(grant, said.origin, now=0)
    return book


def action(number: int, said: Proposal) -> Action:
    """A numbered action that waits."""
    return Action(
        id=f"3f2a91-{number}",
        session=SESSION,
        seq=number,
        proposal=said,
        reversibility=Reversibility.IRREVERSIBLE,
        reasons=("cannot be taken back",),
        outside=(),
        seen_at=1.7e9 + number,
        deadline=None,
    )


def judging(book: Rulebook, grants: Grants) -> Callable[[Proposal], Judgement]:
    """The way of one action through rules, policy and grants, as a session goes it."""

    def one(said: Proposal) -> Judgement:
        found = judge(
            said,
            workspace=WORK,
            mode=Mode.ASK,
            resolve=os.path.realpath,
            rules=lambda given, undo: AROUND.ruling(book, given, undo),
        )
        setting = AROUND.setting(said, found.reversibility)
        assert found.verdict is None
        assert grants.on(said, AROUND.cut(said), setting, now=1.0, wall=1.0) is None
        return found

    return one


def decided(number: int) -> Json:
    """What the record of one decision holds."""
    said = action(number, proposals()[number % 6])
    made = Decision(Verdict.ALLOW, "person:tui", "approved", None, 1.7e9)
    return said.decided(made).to_json()


def gate(record: Callable[[str, Json], object]) -> Callable[[Proposal], Answer]:
    """A gate that lets everything pass and records it first."""
    passes = Judgement(Verdict.ALLOW, Reversibility.REVERSIBLE, ("recorded only",), None, ())
    made = Gate(SESSION, judge=lambda _: passes, record=record, closed=lambda: False)

    def one(said: Proposal) -> Answer:
        answer = made.propose(said, None, now=0.0, wall=1.7e9)[0]
        assert isinstance(answer, Answer)
        return answer

    return one


def long_journal(path: Path, count: int) -> None:
    """A journal of so many decisions as the writer makes it, written without its patience."""
    last = Head()
    datas = [decided(number) for number in range(60)]
    with path.open("wb") as file:
        for number in range(count):
            t = 1_700_000_000_000 + number
            line, entry = encode(last, t, SESSION, "decided", datas[number % 60])
            last = Head(entry.seq, entry.hash)
            file.write(line)
    head_path(path).write_bytes(last.encode())
