"""The record in other tools' words: whatever an agent wrote, it stays one field of one line."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from agentwatch.commands.log_export import CSV_HEADS, FORMATS
from agentwatch.journal import Entry

HOSTILE = [
    "two\nlines\r\nand\rmore",
    "a|b|c",
    "k=v act=allow",
    "back\\slash\\",
    '"quotes", and; more',
    "esc \x1b[2J bell \x07 nul \x00",
    "bidi \u202egnp.exe\u202c \u2066x\u2069 zero\u200bwidth",
    "line\u2028and\u2029paragraph \x85 next",
    "lone \ud800 surrogate",
    "=HYPERLINK(1)",
    " +1",
    "\t-1",
    "@SUM(A1)",
    "\uff1dcmd",
    "\xa0=1",
]


def entry(text: str) -> Entry:
    """A decided action in which an agent wrote this wherever it can."""
    decision = {"verdict": "deny", "by": "person:tui", "why": text, "rule": None, "how": "x(1)"}
    data: dict[str, Any] = {
        "id": "a-1",
        "kind": "tool",
        "state": "denied",
        "origin": "declared",
        "summary": text,
        "tool": text,
        "argv": [text, "x"],
        "params": {text: text},
        "path": text,
        "url": text,
        "host": text,
        "pid": 7,
        "reversibility": "irreversible",
        "digest": "d" * 64,
        "decision": decision,
    }
    return Entry(5, 1_700_000_000_123, "s-1", "decided", data, "0" * 64, "f" * 64)


def spelled(form: str, text: str) -> str:
    """One line of a format, in which nothing acts on a terminal or ends the line."""
    line = FORMATS[form][1](entry(text))
    hidden = [char for char in line if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert not hidden
    assert len(line.splitlines()) == 1
    return line


def cef_fields(line: str) -> dict[str, str]:
    """As a reader of the format takes a line apart."""
    head = re.match(r"(?:(?:[^|\\]|\\.)*\|){7}", line)
    assert head
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", head[0])) == 7
    pairs = re.findall(r"(\w+)=((?:[^=\\]|\\.)*)(?= \w+=|$)", line[head.end() :])
    return dict(pairs)


@pytest.mark.parametrize("text", HOSTILE)
def test_cef_keeps_what_an_agent_wrote_in_its_field(text: str) -> None:
    fields = cef_fields(spelled("cef", text))
    wanted = "rt externalId deviceExternalId cat act outcome duser reason spid filePath request"
    assert set(fields) == {
        *wanted.split(),
        *("dhost", "msg", "cs1", "cs1Label", "cs2", "cs2Label", "cs3", "cs3Label"),
        *("cs5", "cs5Label", "cs6", "cs6Label"),
    }
    assert (fields["act"], fields["cat"], fields["cs1"]) == ("deny", "tool", "a-1")
    assert spelled("cef", text).startswith("CEF:0|agentwatch|agentwatch|")


def test_cef_escapes_as_its_standard_says() -> None:
    fields = cef_fields(spelled("cef", "a=b\\c|d\ne\rf\x1b"))
    assert fields["reason"] == "a\\=b\\\\c|d\\ne\\rf\\\\x1b"
    name = re.split(r"(?<!\\)\|", spelled("cef", "a|b\\c\nd"))[5]
    assert name == "a\\|b\\\\c\\\\nd"


@pytest.mark.parametrize("text", HOSTILE)
def test_csv_keeps_what_an_agent_wrote_in_its_cell(text: str) -> None:
    (row,) = csv.reader(io.StringIO(spelled("csv", text)))
    cells = dict(zip(CSV_HEADS, row, strict=True))
    assert (cells["action"], cells["verdict"], cells["hash"]) == ("a-1", "deny", "f" * 64)
    assert cells["time"] == "2023-11-14T22:13:20.123Z"
    for cell in row:
        assert cell.lstrip()[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20"), "a formula"


def test_csv_has_a_first_line_with_the_names() -> None:
    (heads,) = csv.reader(io.StringIO(FORMATS["csv"][0]))
    assert tuple(heads) == CSV_HEADS


@pytest.mark.parametrize("text", HOSTILE)
def test_otel_is_a_line_of_otlp_json(text: str) -> None:
    (logs,) = json.loads(spelled("otel", text))["resourceLogs"]
    ((log,),) = [scope["logRecords"] for scope in logs["scopeLogs"]]
    found = {item["key"]: item["value"] for item in log["attributes"]}
    assert log["timeUnixNano"] == "1700000000123000000"
    assert (log["severityNumber"], log["severityText"]) == (13, "WARN")
    assert found["gen_ai.operation.name"] == {"stringValue": "execute_tool"}
    sound = text.encode("utf-8", "replace").decode()
    assert found["gen_ai.tool.name"] == {"stringValue": sound}
    assert found["process.pid"] == {"intValue": "7"}
    first, _ = found["process.command_args"]["arrayValue"]["values"]
    assert first == {"stringValue": sound}
    assert "agentwatch.decision.rule" not in found


@pytest.mark.parametrize("text", HOSTILE)
def test_json_lines_hold_the_record_exactly(text: str) -> None:
    assert json.loads(spelled("json", text)) == entry(text).to_json()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["decided", "session", "kill", "started", "ended", "made up"])
def test_an_entry_that_somebody_else_wrote_breaks_nothing(form: str, kind: str) -> None:
    for data in ({}, {"decision": 3, "argv": 4}, {"decision": {"by": None}, "id": ["x"]}):
        forged = Entry(1, 10**18, "s-1", kind, data, "0" * 64, "f" * 64)
        assert len(FORMATS[form][1](forged).splitlines()) == 1


@pytest.mark.parametrize("form", FORMATS)
@given(text=st.text(st.characters(exclude_categories=())))
@settings(max_examples=40, deadline=None)
def test_any_text_stays_one_line(form: str, text: str) -> None:
    spelled(form, text)
