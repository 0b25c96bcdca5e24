"""`agentwatch rules`: what is decided beforehand, tried and explained."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from agentwatch.commands import rules_add
from agentwatch.commands.output import document, json_option, say, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.model import Json, Kind, Mode, Proposal
from agentwatch.policy import Judgement, judge
from agentwatch.policy.ruled import Surroundings
from agentwatch.rules import PROJECT, Rule, Shelf, read, trust, user_file
from agentwatch.rules.examples import faults
from agentwatch.rules.foreign import FORMATS, convert, found, toml


@click.group(
    epilog="\b\nExample:\n  agentwatch rules check rules.toml\n"
    "  agentwatch rules explain -- git push"
)
def command() -> None:
    """Check, list, explain and write rules."""


@command.command("check", epilog="\b\nExample:\n  agentwatch rules check .agentwatch.toml")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def check(file: Path, as_json: bool) -> int:
    """Say whether a file of rules is right, and try its examples."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise AgentwatchError(f"{file} cannot be read: {error}", code=ExitCode.USAGE) from error
    rules: Sequence[Rule] = ()
    try:
        rules = read(text, str(file))
        wrong = [fault.words for fault in faults(rules)]
    except AgentwatchError as error:
        wrong = [error.what]
    tried = sum(len(rule.match) + len(rule.not_match) for rule in rules)
    if as_json:
        document({"file": str(file), "rules": len(rules), "examples": tried, "faults": wrong})
    else:
        for fault in wrong:
            print(visible(fault))
        print(f"{file}: {len(rules)} rules read, {tried} examples, {len(wrong)} wrong")
    return int(ExitCode.NO if wrong else ExitCode.OK)


@command.command("list", epilog="\b\nExample:\n  agentwatch rules list")
@json_option
def list_(as_json: bool) -> None:
    """List the rules that hold in this folder."""
    rules = Shelf(Path.cwd()).book.rules
    if as_json:
        document([_told(rule) for rule in rules])
        return
    say(f"your own rules belong in {user_file()}; a project's in {PROJECT}")
    for rule in rules:
        print(visible(f"{rule.decide:<5}  {rule.id:<24}  {rule.place}  {rule.why}".rstrip()))


@command.command("explain", epilog="\b\nExample:\n  agentwatch rules explain -- rm -rf build")
@click.option("--mode", type=click.Choice([m.value for m in Mode]), default="ask")
@click.option("--agent", default="", help="The agent's name, where rules ask for it.")
@click.option("--rules", "files", type=click.Path(path_type=Path), multiple=True)
@click.argument("argv", nargs=-1, required=True, metavar="-- CMD [ARG]...")
@json_option
def explain(
    mode: str, agent: str, files: tuple[Path, ...], argv: tuple[str, ...], as_json: bool
) -> None:
    """Say what would happen to a command here, and which rule says so.

    One argument is read as a shell line, more are read as a program and its arguments.
    """
    line = argv[0] if len(argv) == 1 else None
    cwd = os.path.realpath(Path.cwd())
    proposal = Proposal(
        Kind.EXEC, "", "rules", argv=() if line is not None else argv, command=line, cwd=cwd
    )
    book = Shelf(Path(cwd), files).book
    around = Surroundings(cwd, os.path.realpath(Path.home()), agent)
    judgement = judge(
        proposal,
        workspace=cwd,
        mode=Mode(mode),
        resolve=os.path.realpath,
        rules=lambda said, reversibility: around.ruling(book, said, reversibility),
    )
    if as_json:
        document(_judged(judgement))
        return
    verdict = judgement.verdict.value if judgement.verdict else "ask"
    print(f"{verdict}: {visible(judgement.rule or 'no rule names it')}")
    for reason in judgement.reasons:
        print(f"  {visible(reason)}")
    print(f"  undo: {judgement.reversibility}")


@command.command("trust", epilog="\b\nExample:\n  agentwatch rules trust .agentwatch.toml")
@click.argument("file", type=click.Path(path_type=Path), default=PROJECT)
@json_option
def trust_(file: Path, as_json: bool) -> None:
    """Let a project's file of rules allow things, as long as it stays exactly as it is now."""
    try:
        rules = read(file.read_text(), str(file))
        digest = trust(file)
    except (OSError, UnicodeDecodeError) as error:
        raise AgentwatchError(f"{file} cannot be trusted: {error}") from error
    if as_json:
        document({"file": str(file), "digest": digest, "rules": len(rules)})
    else:
        print(f"trusted {file} as it is now: {len(rules)} rules, sha256 {digest}")


@command.command("import", epilog="\b\nExample:\n  agentwatch rules import claude > rules.toml")
@click.argument("program", type=click.Choice(list(FORMATS)))
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--trust", "trusted", is_flag=True, help="Allow what it allowed; else that is asked.")
@json_option
def import_(program: str, file: Path | None, trusted: bool, as_json: bool) -> None:
    """Print another program's rules as rules for agentwatch, and say what was dropped."""
    path = file or found(program)
    if path is None:
        raise AgentwatchError(
            f"no rules of {program} where they usually lie", "name the file", ExitCode.NOT_FOUND
        )
    try:
        written = path.read_text()
        taken = convert(program, written, trust=trusted)
    except (OSError, UnicodeDecodeError) as error:
        raise AgentwatchError(f"{path} cannot be read: {error}") from error
    text = toml(program, taken.drafts)
    read(text, f"the rules made from {path}")
    if as_json:
        document({"toml": text, "dropped": list(taken.dropped)})
        return
    sys.stdout.write(text)
    whole = convert(program, written, trust=True).drafts
    if asked := 0 if trusted else sum(one.fields["decide"] == "allow" for one in whole):
        say(f"asked about here, though {program} allowed it: {asked}; --trust allows it here, too")
    for dropped in taken.dropped:
        say(visible(f"dropped: {dropped}"))


command.add_command(rules_add.command)


def _told(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "decide": rule.decide.value,
        "why": rule.why,
        "file": rule.source,
        "line": rule.line,
    }


def _judged(judgement: Judgement) -> Json:
    return {
        "verdict": judgement.verdict.value if judgement.verdict else "ask",
        "rule": judgement.rule,
        "reasons": list(judgement.reasons),
        "reversibility": judgement.reversibility.value,
        "outside": list(judgement.outside),
    }
