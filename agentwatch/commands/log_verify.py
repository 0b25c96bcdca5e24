"""`agentwatch log --verify`: does the record agree, is there a finding, can it not be verified.

Owns the words and the exit status: 0, 1, 2.  Never repairs anything.
"""

from __future__ import annotations

from pathlib import Path

from agentwatch import journal
from agentwatch.commands.output import document, say, visible
from agentwatch.errors import AgentwatchError, ExitCode
from agentwatch.journal import Result, Verification, anchors
from agentwatch.paths import Places, signing_base
from agentwatch.signing import PublicKey, own_key, read_public

SHOWN = 20
"""Findings that are printed; --json has them all."""


def run(
    places: Places, keys: tuple[str, ...], kept: tuple[str, ...], *, named: bool, as_json: bool
) -> int:
    """Check one record and say what was found; `named`: by its session, not by its file."""
    heads = [head for where in kept for head in anchors.found(places.id, where)]
    outcome = journal.verify(
        places.journal,
        keys=keys_of(keys),
        heads=heads,
        session=places.id if named else None,
    )
    if as_json:
        document(outcome.to_json())
    else:
        _tell(places.id, outcome)
    if outcome.result is Result.CANNOT_VERIFY:
        say(f"the record cannot be verified: {visible(outcome.why)}")
        return int(ExitCode.USAGE)
    return int(ExitCode.OK if outcome.result is Result.AGREE else ExitCode.NO)


def keys_of(files: tuple[str, ...]) -> tuple[PublicKey, ...]:
    """The keys that were named, or the user's own; none where there is none."""
    if files:
        return tuple(key for file in files for key in read_public(Path(file)))
    try:
        return (own_key(signing_base(), make=False).public,)
    except AgentwatchError as error:
        say(error.what)
        return ()


def _tell(session: str, outcome: Verification) -> None:
    result = outcome.result.value.replace("_", " ")
    print(f"{session}: {result}, {outcome.records} records, {outcome.signed} signatures")
    for finding in outcome.findings[:SHOWN]:
        print(f"  record {finding.seq}: {visible(finding.what)}")
    if len(outcome.findings) > SHOWN:
        print(f"  and {len(outcome.findings) - SHOWN} more findings")
    if outcome.torn:
        print(f"  torn tail: {outcome.torn} bytes of a record that nobody was told of")
    unsealed = outcome.records - outcome.sealed
    if outcome.signed and unsealed > 1:
        print(
            f"  the last {unsealed} records are held by the chain, not by a signature of its head"
        )
    if outcome.anchored:
        print(f"  compared with {outcome.anchored} heads that were kept elsewhere")
