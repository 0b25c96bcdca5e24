"""What may be drafted: work whose every effect can be taken back, because it is kept aside first.

Owns what flows in the mode `draft` and what waits there for a person all the same.  Does no I/O.

A program may start where its system calls are held: what it then does is judged by itself, and
what it changes in the workspace is kept first.  One that is made to reach somebody, or to have
somebody else act, is asked about before it starts: the person sees the whole command then, not
an address.
"""

from __future__ import annotations

from agentwatch.model import Kind, Proposal
from agentwatch.policy.places import Places
from agentwatch.reading import git_command
from agentwatch.shell import Parsed, Simple, parse, parse_argv

DRAFT = "draft"
"""The rule by which it flows."""
FLOWS = "draft mode: what it does is held, and what it changes in the workspace is kept aside"
WRITES = "draft mode: what it changes in the workspace is kept aside first"
REACHES = "it is made to leave this machine, or to have others act"
SETS = "it writes what git runs by itself: asked about once, for all of it"

_REACHES = frozenset(
    (
        *("curl", "wget", "ssh", "scp", "sftp", "rsync", "nc", "ncat", "socat", "telnet", "ftp"),
        *("gh", "glab", "twine", "mail", "sendmail", "msmtp", "mutt", "aws", "gcloud", "az"),
        *("at", "batch", "crontab", "systemctl", "systemd-run", "launchctl", "docker", "podman"),
        *("kubectl", "helm", "terraform", "tmux", "screen", "sudo", "su", "doas", "pkexec"),
    )
)
_VERBS = frozenset(
    ("push", "fetch", "pull", "clone", "publish", "upload", "install", "add-remote", "deploy")
)
_SETS = frozenset(("init", "config", "remote", "submodule"))
"""Git's own commands that write its settings and hooks; those of them that read pass before."""
_FIRST = 2
"""Words after a program's name among which such a verb is looked for."""


def _waits(parsed: Parsed) -> str:
    """Why a line does not flow, empty where it does.

    A line that could not be read has none, and is for a person.
    """
    if not parsed.commands or any(_reaches(one) for one in parsed.commands):
        return REACHES
    return SETS if any(_sets(one) for one in parsed.commands) else ""


def _reaches(command: Simple) -> bool:
    words = [word for word in command.argv[1:] if not word.startswith("-")][:_FIRST]
    through = {*command.through, command.name}
    return not _REACHES.isdisjoint(through) or not _VERBS.isdisjoint(words)


def _sets(command: Simple) -> bool:
    return command.name == "git" and not _SETS.isdisjoint(git_command(command.argv[1:])[:1])


def waits(argv: tuple[str, ...]) -> str:
    """Why a program start that is held does not flow; empty where it does."""
    return _waits(parse_argv(argv))


def flows(proposal: Proposal, places: Places, *, held: bool) -> str:
    """Why what an agent declared may flow; empty where it may not."""
    if places.outside or places.steering or proposal.url is not None or proposal.host is not None:
        return ""
    runs = proposal.command is not None or bool(proposal.argv)
    if proposal.kind in (Kind.WRITE, Kind.RENAME, Kind.DELETE) and not runs:
        return WRITES if proposal.paths else ""
    if proposal.kind is not Kind.EXEC or not held or not runs:
        return ""
    lines = [parse(proposal.command)] if proposal.command is not None else []
    lines += [parse_argv(proposal.argv)] if proposal.argv else []
    return "" if any(_waits(line) for line in lines) else FLOWS
