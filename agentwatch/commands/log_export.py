"""The record in the words of other tools: OpenTelemetry logs, ArcSight CEF, CSV, JSON lines.

Owns the formats and their escaping.  One entry is one line in each, whatever an agent wrote: no
text of its own ends a line, opens a field, runs in a spreadsheet or turns the reading direction.

What does not work: CSV has no types, and a cell that a spreadsheet would take for a formula gets an
apostrophe in front; who needs the exact bytes takes `json`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from agentwatch.commands.output import visible
from agentwatch.journal import Entry
from agentwatch.model import Json
from agentwatch.reporting import Theirs, told

Spell = Callable[[Entry], str]

_CEF_LONGEST = 1023
"""Characters that CEF's dictionary gives most of its fields."""
_FORMULA = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""Beginnings that spreadsheets take for a formula, the wide ones as well."""
_SEVERITIES = {"alarm": 8, "voided": 8, "kill": 9, "refused": 6, "frozen": 6, "undeclared": 7}
_OTEL = {0: (9, "INFO"), 5: (13, "WARN"), 8: (17, "ERROR")}


def words(entry: Entry) -> str:
    """What happened, as it stands there: an agent's text is in it."""
    parts = (str(part.text) if isinstance(part, Theirs) else part for part in told(entry))
    return "".join(parts)


def otel(entry: Entry) -> str:
    """One line of OTLP/JSON (`LogsData`), with the GenAI conventions' names where they have one."""
    severity = max(level for level in _OTEL if level <= _severity(entry))
    number, name = _OTEL[severity]
    at = str(entry.t * 1_000_000)
    log = {
        "timeUnixNano": at,
        "observedTimeUnixNano": at,
        "severityNumber": number,
        "severityText": name,
        "eventName": f"agentwatch.{entry.type}",
        "body": _any_value(words(entry)),
        "attributes": [_attribute(key, value) for key, value in _attributes(entry).items()],
    }
    resource = {"service.name": "agentwatch", "service.version": _version()}
    logs = {
        "resource": {"attributes": [_attribute(*item) for item in resource.items()]},
        "scopeLogs": [
            {"scope": {"name": "agentwatch", "version": _version()}, "logRecords": [log]}
        ],
    }
    return json.dumps({"resourceLogs": [logs]})


def cef(entry: Entry) -> str:
    """One line of ArcSight's Common Event Format, version 0."""
    head = ("CEF:0", "agentwatch", "agentwatch", _version(), entry.type, _name(entry))
    fields = (f"{key}={_cef_value(value)}" for key, value in _cef(entry).items() if value)
    severity = str(_severity(entry))
    return "|".join([head[0], *map(_cef_head, head[1:]), severity, " ".join(fields)])


CSV_HEADS = (
    *("time", "seq", "type", "session", "action", "kind", "state", "origin", "reversibility"),
    *("summary", "verdict", "by", "how", "rule", "why", "digest", "text", "hash"),
)


def csv_row(entry: Entry) -> str:
    """One line of CSV, every cell quoted."""
    data, made = entry.data, _decision(entry)
    about = [data.get(key) for key in ("kind", "state", "origin", "reversibility", "summary")]
    how = [made.get(key) for key in ("verdict", "by", "how", "rule", "why")]
    cells = [_time(entry), entry.seq, entry.type, entry.session, _action(entry), *about, *how]
    return _row([*cells, data.get("digest"), words(entry), entry.hash])


def json_line(entry: Entry) -> str:
    """The record itself, on one line."""
    return json.dumps(entry.to_json())


FORMATS: dict[str, tuple[str, Spell]] = {
    "otel": ("", otel),
    "cef": ("", cef),
    "csv": (",".join(f'"{head}"' for head in CSV_HEADS), csv_row),
    "json": ("", json_line),
}
"""A first line, where there is one, and how each entry is spelled."""


def _attributes(entry: Entry) -> Json:
    data, made = entry.data, _decision(entry)
    tool = data.get("tool")
    found: Json = {
        "gen_ai.conversation.id": entry.session,
        "gen_ai.operation.name": "execute_tool" if tool else None,
        "gen_ai.tool.name": tool,
        "gen_ai.tool.call.arguments": _compact(data.get("params")) if tool else None,
        "gen_ai.agent.name": data.get("proposer"),
        "process.command_args": data.get("argv"),
        "process.command_line": data.get("command"),
        "process.working_directory": data.get("cwd"),
        "process.pid": data.get("pid"),
        "file.path": data.get("path"),
        "url.full": data.get("url"),
        "server.address": data.get("host"),
        "agentwatch.seq": entry.seq,
        "agentwatch.hash": entry.hash,
        "agentwatch.action.id": _action(entry),
    }
    for key in ("kind", "state", "origin", "evidence", "reversibility", "digest", "channel"):
        found[f"agentwatch.action.{key}"] = data.get(key)
    for key in ("verdict", "by", "how", "rule", "why"):
        found[f"agentwatch.decision.{key}"] = made.get(key)
    return {key: value for key, value in found.items() if value not in (None, "", [], {})}


def _attribute(key: str, value: object) -> Json:
    return {"key": key, "value": _any_value(value)}


def _any_value(value: object) -> Json:
    """As OTLP writes a value: whole numbers are texts in its JSON."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_any_value(item) for item in value]}}
    text = value if isinstance(value, str) else _compact(value)
    return {"stringValue": text.encode("utf-8", "replace").decode()}


def _cef(entry: Entry) -> Json:
    data, made = entry.data, _decision(entry)
    labelled = {
        "action": _action(entry),
        "origin": data.get("origin"),
        "reversibility": data.get("reversibility"),
        "rule": made.get("rule"),
        "digest": data.get("digest"),
        "hash": entry.hash,
    }
    found: Json = {
        "rt": entry.t,
        "externalId": entry.seq,
        "deviceExternalId": entry.session,
        "cat": data.get("kind"),
        "act": made.get("verdict"),
        "outcome": data.get("state"),
        "duser": made.get("by"),
        "reason": made.get("why"),
        "spid": data.get("pid"),
        "filePath": data.get("path"),
        "request": data.get("url"),
        "dhost": data.get("host"),
        "msg": words(entry),
    }
    for number, (label, value) in enumerate(labelled.items(), 1):
        if value:
            found |= {f"cs{number}": value, f"cs{number}Label": label}
    return found


def _cef_head(text: str) -> str:
    return visible(text).replace("\\", "\\\\").replace("|", "\\|")[:512]


def _cef_value(value: object) -> str:
    """Line breaks have their own escapes; what else cannot be seen is spelled out."""
    text = value if isinstance(value, str) else _compact(value)
    return "".join(map(_cef_character, text[:_CEF_LONGEST]))


def _cef_character(char: str) -> str:
    if char in "\n\r":
        return "\\n" if char == "\n" else "\\r"
    return visible(char).replace("\\", "\\\\").replace("=", "\\=")


def _row(cells: list[object]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow(map(_cell, cells))
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    shown = visible(value if isinstance(value, str) else _compact(value))
    return f"'{shown}" if shown.lstrip()[:1] in _FORMULA else shown


def _name(entry: Entry) -> str:
    summary = entry.data.get("summary")
    return summary if isinstance(summary, str) and summary else entry.type


def _severity(entry: Entry) -> int:
    """From 0 to 10: what should be looked at first."""
    data = entry.data
    if entry.type in _SEVERITIES:
        return _SEVERITIES[entry.type]
    if data.get("evidence") == "not declared":
        return _SEVERITIES["undeclared"]
    if data.get("state") == "denied" or data.get("reversibility") == "irreversible":
        return 5
    return 3 if entry.type == "decided" else 1


def _decision(entry: Entry) -> Json:
    made = entry.data.get("decision")
    return made if isinstance(made, dict) else {}


def _action(entry: Entry) -> object:
    about = "id" if entry.type in ("proposed", "decided") else "action"
    return entry.data.get(about)


def _time(entry: Entry) -> str:
    try:
        moment = datetime.fromtimestamp(entry.t / 1000, UTC)
    except (ValueError, OverflowError, OSError):  # somebody else wrote it
        return str(entry.t)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _version() -> str:
    try:
        return version("agentwatch-supervisor")
    except PackageNotFoundError:
        return "0"
