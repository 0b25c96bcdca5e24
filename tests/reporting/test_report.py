"""A report says what the record says, and nothing that stands in the record acts on its reader."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from markdown_it import MarkdownIt

from agentwatch.journal import Journal
from agentwatch.model import Json
from agentwatch.paths import Places
from agentwatch.reporting import Page, Theirs, gather, page, to_json
from agentwatch.reporting.markdown import code, markdown
from agentwatch.reporting.parts import Ends, Item, Section
from agentwatch.reporting.webpage import webpage

HOSTILE = (
    "![x](http://evil.example/a.png)",
    "[click](javascript:alert(1))",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "# heading",
    "`` ` ``` `` `",
    "```\n# out of the fence\n```",
    "a\n\n# heading\n- item\n> quote",
    "\r\n<b>bold</b>\x1b]52;c;aGk=\x07",
    "\u202egnp.exe \u200b\u2066",
    "https://evil.example <http://evil.example> a@b.example",
    "| a | b |\n|---|---|",
    "&lt;b&gt; &#60; &amp;",
    "*x* _y_ ~~z~~ \\",
    "--> <!-- ]]> <![CDATA[",
    "[ref]: http://evil.example",
    " ",
    "",
    "\\`",
)


def places(folder: Path) -> Places:
    folder.mkdir(parents=True, exist_ok=True)
    return Places("tidy-3f2a91", folder / "run", folder)


def action(number: int, **changes: Any) -> Json:
    said: Json = {
        "id": f"3f2a91-{number}",
        "kind": "exec",
        "summary": f"run thing {number}",
        "reversibility": "irreversible",
        "state": "pending",
        "decision": None,
        "evidence": "declared",
        "covered_by": None,
    }
    return {**said, **changes}


def decided(number: int, verdict: str = "allow", by: str = "person:tui", **changes: Any) -> Json:
    made = {"verdict": verdict, "by": by, "why": "because", "rule": changes.pop("rule", None)}
    state = {"allow": "allowed", "deny": "denied"}[verdict]
    return action(number, state=state, decision=made, **changes)


RECEIPT: Json = {
    "session": "tidy-3f2a91",
    "trigger": "key",
    "by": "guard",
    "containment": "pidns",
    "before": 17,
    "left": [],
    "ms": {"empty": 4.2},
    "denied_pending": 1,
}

STORY: tuple[tuple[str, Json], ...] = (
    ("session", {"argv": ["tidy", "my mail"], "workspace": "/w", "mode": "ask", "notes": ["N1"]}),
    ("floor", {"notes": ["a daemon outside is out of reach"]}),
    ("started", {"grade": "A", "means": "pidns", "cookie": "s3cret"}),
    ("coverage", {"exec": "kernel gate", "network": "no", "agentwatch": "9.9"}),
    ("decided", decided(1, by="policy", reversibility="read-only", summary="only looking")),
    ("proposed", action(2)),
    ("decided", decided(2)),
    ("proposed", action(3, kind="delete", evidence="not declared")),
    ("decided", decided(3, "deny", kind="delete", evidence="not declared")),
    ("decided", decided(4, by="policy", rule="grant:g1")),
    ("granted", {"id": "g1", "covers": "git add", "by": "person:tui", "used": 0, "made_at": 1.5}),
    ("alarm", {"text": "the floor was touched"}),
    ("proposed", action(5)),
    ("kill", RECEIPT),
    ("ended", {"state": "killed", "exit": 137}),
)


def written(folder: Path, *entries: tuple[str, Json]) -> Places:
    where = places(folder)
    with Journal.open(where.journal, where.id) as journal:
        for kind, data in entries:
            journal.append(kind, data)
    return where


def test_where_connections_were_held_a_start_alone_has_sent_nothing_away(tmp_path: Path) -> None:
    held = ("coverage", {"exec": "kernel gate", "network": "kernel gate"})
    story = [held if kind == "coverage" else (kind, data) for kind, data in STORY]
    none = markdown(page(gather(written(tmp_path / "s", *story))))
    assert "None: connections were held, and there was none." in none
    sent = ("decided", decided(9, kind="network", summary="connect to mail.example:25"))
    some = markdown(page(gather(written(tmp_path / "t", *story, sent))))
    left = some.partition("## May have left the machine")[2].partition("##")[0]
    assert "connect to mail.example:25" in left
    assert "run thing" not in left


def test_a_page_says_what_a_review_asks(tmp_path: Path) -> None:
    found = gather(written(tmp_path / "s", *STORY))
    text = markdown(page(found))
    for said in (
        "command: `tidy 'my mail'`",
        "grade `A`, by `pidns`",
        "network gated by: `no`",
        "`a daemon outside is out of reach`",
        "`KILLED 17 → 0 in 4 ms`",
        "No answer is recorded",
        "`the floor was touched`",
        "1 time rule `grant:g1`",
        "agrees: 15 records",
        found.head,
    ):
        assert said in text, said
    assert re.search(r"`3f2a91-2` asked: `run thing 2`\. ALLOWED by `person:tui`, after \d", text)
    left = text.partition("## May have left the machine")[2].partition("##")[0]
    assert re.findall(r"run thing \d", left) == ["run thing 2", "run thing 4"]
    assert "only looking" not in text
    assert "s3cret" not in text
    told = json.loads(json.dumps(to_json(found)))
    assert (told["sound"], told["questions"]["count"], told["undeclared"]["count"]) == (True, 3, 1)
    assert "s3cret" not in json.dumps(told)


def test_a_record_that_was_changed_is_said_to_be(tmp_path: Path) -> None:
    where = written(tmp_path / "s", *STORY)
    lines = where.journal.read_bytes().splitlines(keepends=True)
    lines[6] = lines[6].replace(b"run thing 2", b"run thing X")
    lines[8] = b"[not a record\n"
    where.journal.write_bytes(b"".join(lines))
    found = gather(where)
    assert "IT WAS CHANGED" in markdown(page(found))
    assert not to_json(found)["sound"]


def test_records_that_make_no_sense_hide_no_other_section(tmp_path: Path) -> None:
    entries: list[tuple[str, Json]] = [
        ("session", {"argv": 7, "notes": 3}),
        ("decided", {"decision": "x"}),
        ("kill", {"left": 1}),
        ("passed", {"from": "a"}),
        ("recording", {"parts": [{"file": "../../../etc/passwd", "sha256": "x"}, 4]}),
        ("alarm", {"text": "still here"}),
    ]
    text = markdown(page(gather(written(tmp_path / "s", *entries))))
    assert "still here" in text
    assert "make no sense" in text
    assert "cannot be read" in text


def test_long_sessions_keep_both_ends(tmp_path: Path) -> None:
    ends: Ends[int] = Ends(3, 4)
    for number in range(1000):
        ends.add(number)
    assert list(ends) == [0, 1, 2, None, 996, 997, 998, 999]
    assert (ends.count, ends.left_out) == (1000, 993)
    few: Ends[int] = Ends(3, 4)
    for number in range(5):
        few.add(number)
    assert list(few) == [0, 1, 2, 3, 4]


def of(text: str) -> Page:
    items = (Item(("said: ", Theirs(text))), Item((Theirs(text), " then ", Theirs(text))))
    return Page("agentwatch report: x", (Section("Timeline", items),))


def tokens(text: str, **options: Any) -> Iterator[Any]:
    for token in MarkdownIt("commonmark", options).enable("table").parse(text):
        yield token
        yield from token.children or ()


ALLOWED = {
    "heading_open", "heading_close", "bullet_list_open", "bullet_list_close", "list_item_open",
    "list_item_close", "paragraph_open", "paragraph_close", "inline", "text", "code_inline",
}  # fmt: skip


def is_harmless_markdown(text: str) -> None:
    parsed = list(tokens(markdown(of(text)), html=True))
    assert {token.type for token in parsed} <= ALLOWED
    headings = [t.content for t in parsed if t.type == "inline" and t.level == 1 and t.map]
    assert [h for h in headings if h] == ["agentwatch report: x", "Timeline"]
    assert len([token for token in parsed if token.type == "list_item_open"]) == 2


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_markdown(text: str) -> None:
    is_harmless_markdown(text)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="`[]()!<>#-*_&\\|~ \n\r\tax:/@.\u202e\x1b", max_size=40))
def test_whatever_text_stays_text_in_markdown(text: str) -> None:
    is_harmless_markdown(text)


def test_a_code_span_shows_exactly_what_it_was_given() -> None:
    for text in ("a`b", "``", "`", " a ", "rm -rf ~/Mail", "x" * 50):
        (span,) = [t for t in tokens(f"- said: {code(text)}") if t.type == "code_inline"]
        assert span.content == text


class Seen(HTMLParser):
    """Every tag and attribute of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_in_html(text: str) -> None:
    seen = Seen()
    made = webpage(of(text))
    seen.feed(made)
    assert seen.tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "ul", "li",
                         "span", "code", "p"}  # fmt: skip
    assert seen.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class"}
    assert not set("\x1b\x07\r\u202e\u2066\u200b") & set(made)
    policy = html.unescape(re.findall(r'content="(default-src[^"]*)"', made)[0])
    style = made.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")


def test_what_passed_is_compared_stretch_by_stretch(tmp_path: Path) -> None:
    event = {"kind": "connect", "family": "inet", "address": "192.0.2.7", "port": 443}
    line = json.dumps([1, 2, "", "", {**event, "names": ["evil.example"]}]).encode() + b"\n"
    said = {"passed": 1, "kinds": {"connect": 1}, "file": "passed.jsonl", "from": 0}
    said |= {"to": len(line), "sha256": hashlib.sha256(line).hexdigest()}
    second = {**said, "from": len(line), "to": 2 * len(line)}
    gone = {**said, "file": "passed.jsonl.2"}
    entries = [("passed", said), ("passed", second), ("passed", gone)]
    where = written(tmp_path / "s", *entries, ("dropped", {"file": "passed.jsonl.2"}))
    where.passed.write_bytes(line + line)
    found = gather(where)
    assert (found.passed.agree, found.passed.differs) == (2, 0)
    assert "reached below, 2 times: `evil.example (192.0.2.7:443)`" in markdown(page(found))
    where.passed.write_bytes(line + line.replace(b"evil", b"good"))
    assert gather(where).passed.differs == 1
    assert gather(written(tmp_path / "t", *entries)).passed.differs == 3
