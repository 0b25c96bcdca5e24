"""The hook client lets a tool run only after one complete answer that says so."""

from __future__ import annotations

import ast
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from agentwatch import wire
from agentwatch.channels.hooks import client

Json = dict[str, Any]
Answer = Callable[[Json], bytes]

EVENT: Json = {
    "hook_event_name": "PreToolUse",
    "tool_name": "Bash",
    "tool_input": {"command": "touch x", "description": "dé"},
    "cwd": "/",
}
PYTHON = [sys.executable, "-I", "-S", "-E"]


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def valid(asked: Json, **changed: Any) -> Json:
    answer = {"v": 1, "re": asked["ref"], "ok": True, "verdict": "allow", "by": "person:test"}
    return {**answer, "why": "seen", **changed}


def allowing(asked: Json) -> bytes:
    return line(**valid(asked))


class Bench:
    """The client as an agent starts it, and a supervisor that answers once."""

    def __init__(self, folder: Path) -> None:
        self.address = folder / "s"
        self.asked: list[Json] = []
        self.waiting = threading.Event()
        self.env = {"AGENTWATCH_SOCKET": str(self.address), "AGENTWATCH_TOKEN": "t"}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.address))
        self.listener.listen()

    def command(self, *arguments: str) -> list[str]:
        return [*PYTHON, client.__file__, *arguments]

    def answering(self, answer: Answer | None) -> threading.Thread:
        """Answer one question with these bytes and hang up; None never answers."""

        def serve() -> None:
            with suppress(OSError):
                peer, _ = self.listener.accept()
                with peer, peer.makefile("rb") as lines:
                    self.asked.append(json.loads(lines.readline()))
                    self.waiting.set()
                    if answer is None:
                        peer.recv(1)  # until the client goes
                    else:
                        peer.sendall(answer(self.asked[-1]))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        return thread

    def ask(
        self,
        answer: Answer = allowing,
        *arguments: str,
        stdin: bytes | None = None,
        event: Json = EVENT,
    ) -> subprocess.CompletedProcess[bytes]:
        self.answering(answer)
        return subprocess.run(
            self.command(*(arguments or ("claude",))),
            input=json.dumps(event).encode() if stdin is None else stdin,
            env=self.env,
            capture_output=True,
            timeout=30,
            check=False,
        )

    def start(self, answer: Answer | None, **streams: Any) -> subprocess.Popen[bytes]:
        """Start it, and return once it waits for its answer."""
        self.answering(answer)
        given = self.address.with_name("event.json")
        given.write_text(json.dumps(EVENT))
        with given.open("rb") as stdin:
            process = subprocess.Popen(self.command("claude"), stdin=stdin, env=self.env, **streams)
        assert self.waiting.wait(20)
        return process


@pytest.fixture
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="aw") as folder:
        made = Bench(Path(folder))
        yield made
        made.listener.close()


def blocked(done: subprocess.CompletedProcess[bytes], reason: str) -> None:
    """It blocked the tool and said why; nothing it printed could be taken for an allow."""
    assert done.returncode == 2, done
    assert b"allow" not in done.stdout
    assert reason in done.stderr.decode()
    assert done.stderr.startswith(b"agentwatch: denied")


def test_an_allow_is_passed_on_with_the_input_that_was_judged(bench: Bench) -> None:
    done = bench.ask()
    assert done.returncode == 0
    assert json.loads(done.stdout)["hookSpecificOutput"] == {
        "hookEventName": "PreToolUse",
        "permissionDecision": "allow",
        "permissionDecisionReason": "allowed by person:test: seen",
        "updatedInput": EVENT["tool_input"],
    }
    (asked,) = bench.asked
    assert asked.pop("ref")
    assert asked == {"v": 1, "op": "hook", "token": "t", "agent": "claude", "event": EVENT}


def test_a_denial_is_passed_on_with_its_reason(bench: Bench) -> None:
    done = bench.ask(lambda asked: line(**valid(asked, verdict="deny", why="not on Fridays")))
    assert done.returncode == 0
    said = json.loads(done.stdout)["hookSpecificOutput"]
    assert said["permissionDecision"] == "deny"
    assert "not on Fridays" in said["permissionDecisionReason"]
    assert "updatedInput" not in said


def test_a_session_start_arms_and_says_nothing_to_the_agent(bench: Bench) -> None:
    done = bench.ask(
        lambda asked: line(v=1, re=asked["ref"], ok=True),
        event={"hook_event_name": "SessionStart", "source": "startup"},
    )
    assert (done.returncode, done.stdout) == (0, b"")
    assert bench.asked[0]["op"] == "armed"
    assert bench.asked[0]["detail"] == "startup"


def test_the_address_on_the_command_line_beats_the_environment(bench: Bench) -> None:
    bench.env["AGENTWATCH_SOCKET"] = "/nonexistent"
    assert bench.ask(allowing, "claude", str(bench.address)).returncode == 0


def test_only_the_process_that_is_expected_is_believed(bench: Bench) -> None:
    """A fake hook answer: somebody else who listens where the supervisor did."""
    assert bench.ask(allowing, "claude", f"{bench.address}#{os.getpid()}").returncode == 0
    done = subprocess.run(
        bench.command("claude", f"{bench.address}#{os.getpid() + 1}"),
        input=json.dumps(EVENT).encode(),
        env=bench.env,
        capture_output=True,
        timeout=30,
        check=False,
    )
    blocked(done, "somebody else answers")


def test_it_waits_for_an_answer_that_takes_its_time(bench: Bench) -> None:
    release = threading.Event()

    def late(asked: Json) -> bytes:
        release.wait(20)
        return allowing(asked)

    process = bench.start(late, stdout=subprocess.PIPE)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(1)
    release.set()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert b'"allow"' in out


ANSWERS: dict[str, tuple[Answer, str]] = {
    "none": (lambda _: b"", "hung up without an answer"),
    "half": (lambda asked: allowing(asked)[:-20], "hung up without an answer"),
    "unfinished line": (lambda asked: allowing(asked)[:-1], "hung up without an answer"),
    "garbage": (lambda _: b"yes, do it\n", "JSONDecodeError"),
    "not UTF-8": (lambda _: b"\xff\xfe\xfd\n", "Error"),
    "not an object": (lambda _: b'["allow"]\n', "not an object"),
    "deep": (lambda _: b"[" * 200_000 + b"\n", "RecursionError"),
    "another version": (lambda asked: line(**valid(asked, v=2)), "version 2"),
    "a version that is true": (lambda asked: line(**valid(asked, v=True)), "version True"),
    "no version": (lambda asked: line(**valid(asked, v=None)), "version None"),
    "not ok": (lambda asked: line(**valid(asked, ok=False)), "refused"),
    "ok only by truth": (lambda asked: line(**valid(asked, ok=1)), "refused"),
    "an error": (lambda asked: line(**valid(asked, ok=False, error={"what": "shut"})), "shut"),
    "another question": (lambda asked: line(**valid(asked, re="x")), "another question"),
    "no verdict": (lambda asked: line(**valid(asked, verdict=None)), "verdict None"),
    "a loud verdict": (lambda asked: line(**valid(asked, verdict="ALLOW")), "'ALLOW'"),
    "a true verdict": (lambda asked: line(**valid(asked, verdict=True)), "verdict True"),
    "a list verdict": (lambda asked: line(**valid(asked, verdict=["allow"])), "['allow']"),
    "two answers": (lambda asked: allowing(asked) * 2, "more than one answer"),
    "too long": (lambda _: b"x" * (wire.MAX_MESSAGE + 1), "too long"),
}


@pytest.mark.parametrize("way", ANSWERS)
def test_any_answer_but_one_clear_allow_blocks(bench: Bench, way: str) -> None:
    answer, reason = ANSWERS[way]
    blocked(bench.ask(answer), reason)


EVENTS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "JSONDecodeError"),
    "not JSON": (b"hello", "JSONDecodeError"),
    "cut": (json.dumps(EVENT).encode()[:-3], "JSONDecodeError"),
    "not UTF-8": (b'{"a":"\xff"}', "UnicodeDecodeError"),
    "not an object": (b"[]", "not an object"),
    "deep": (b"[" * 200_000, "RecursionError"),
    "no event": (b"{}", "event None"),
    "another event": (b'{"hook_event_name":"PostToolUse"}', "'PostToolUse'"),
    "no tool": (b'{"hook_event_name":"PreToolUse","tool_input":{}}', "names no tool"),
    "no input": (b'{"hook_event_name":"PreToolUse","tool_name":"Bash"}', "names no tool"),
    "over the wire's limit": (
        json.dumps({**EVENT, "tool_input": {"content": "x" * wire.MAX_MESSAGE}}).encode(),
        "more than a person can be shown",
    ),
    "endless": (b"x" * (5 * wire.MAX_MESSAGE), "longer than a person can be shown"),
}


@pytest.mark.parametrize("way", EVENTS)
def test_an_event_that_cannot_be_asked_about_blocks(bench: Bench, way: str) -> None:
    stdin, reason = EVENTS[way]
    blocked(bench.ask(stdin=stdin), reason)
    assert bench.asked == []


@pytest.mark.parametrize("missing", ["AGENTWATCH_SOCKET", "AGENTWATCH_TOKEN"])
def test_outside_a_session_it_blocks(bench: Bench, missing: str) -> None:
    del bench.env[missing]
    blocked(bench.ask(), "not run inside an agentwatch session")


def test_a_socket_that_is_gone_blocks(bench: Bench) -> None:
    bench.address.unlink()
    blocked(bench.ask(), "FileNotFoundError")


def test_a_socket_nobody_listens_on_blocks(bench: Bench) -> None:
    bench.listener.close()
    blocked(bench.ask(), "ConnectionRefusedError")


def test_a_refused_arming_blocks(bench: Bench) -> None:
    done = bench.ask(
        lambda asked: line(v=1, re=asked["ref"], ok=False, error={"what": "wrong token"}),
        event={"hook_event_name": "SessionStart"},
    )
    blocked(done, "wrong token")


@pytest.mark.parametrize("arguments", [("another",), ("",)])
def test_an_agent_it_does_not_know_blocks(bench: Bench, arguments: tuple[str, ...]) -> None:
    blocked(bench.ask(allowing, *arguments), "does not know")


def test_no_agent_named_blocks(bench: Bench) -> None:
    done = subprocess.run(
        bench.command(), input=b"{}", env=bench.env, capture_output=True, timeout=30, check=False
    )
    blocked(done, "does not know")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_it_waits_blocks(bench: Bench, number: signal.Signals) -> None:
    process = bench.start(None, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == b""
    assert number.name.encode() in err


def test_killed_it_has_said_nothing_and_does_not_end_with_0(bench: Bench) -> None:
    process = bench.start(None, stdout=subprocess.PIPE)
    process.kill()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert out == b""


def test_an_allow_that_cannot_be_written_blocks(bench: Bench) -> None:
    with Path("/dev/full").open("wb") as full:
        process = bench.start(allowing, stdout=full, stderr=subprocess.PIPE)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"OSError" in err


def test_an_allow_nobody_reads_blocks(bench: Bench) -> None:
    """The parent leaves SIGPIPE at its default, which would end a C program without a word."""
    reader, writer = os.pipe()
    os.close(reader)
    process = bench.start(allowing, stdout=writer, stderr=subprocess.PIPE, restore_signals=True)
    os.close(writer)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"BrokenPipeError" in err


def test_without_standard_error_it_still_blocks(bench: Bench) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *bench.command("claude")],
        input=b"not json",
        env=bench.env,
        stdout=subprocess.PIPE,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")


def test_without_standard_input_it_blocks(bench: Bench) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *bench.command("claude")],
        env=bench.env,
        capture_output=True,
        timeout=30,
        check=False,
    )
    blocked(done, "OSError")


@pytest.mark.parametrize("module", ["json", "os", "signal", "socket"])
def test_a_broken_installation_blocks(bench: Bench, module: str) -> None:
    """Python's own status for a failed import is 1, which agents take as no objection."""
    code = (
        f"import sys; sys.modules['{module}'] = None; sys.argv = ['client', 'claude'];"
        f"exec({Path(client.__file__).read_text()!r}, {{'__name__': '__main__'}})"
    )
    done = subprocess.run(
        [*PYTHON, "-c", code],
        input=json.dumps(EVENT).encode(),
        env=bench.env,
        capture_output=True,
        timeout=30,
        check=False,
    )
    blocked(done, "cannot start")


def test_it_stands_alone_and_light() -> None:
    """A wider import would cost every tool call, and would need an installation to be intact."""
    tree = ast.parse(Path(client.__file__).read_text())
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"sys", "json", "os", "signal", "socket"}
    assert froms == {"__future__", "typing"}


def test_it_speaks_the_wire_s_version_within_its_limit() -> None:
    assert (client.VERSION, client.MAX_MESSAGE) == (wire.VERSION, wire.MAX_MESSAGE)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("allow"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@given(field=st.sampled_from(["v", "re", "ok", "verdict"]), value=JSON)
def test_no_other_value_in_a_field_that_counts_yields_an_allow(field: str, value: Any) -> None:
    good: Json = valid({"ref": "r"})
    if value == good[field] and type(value) is type(good[field]):
        return
    answer = {**good, field: value}
    try:
        said = client._decision(client._answer(line(**answer), "r"), {}, client._pre_tool_use)
    except client.Denied:
        return
    assert json.loads(said)["hookSpecificOutput"]["permissionDecision"] == "deny"


CHANGED = {"command": "touch y"}
SAID = {
    "claude": ("hookSpecificOutput", "updatedInput"),
    "codex": ("hookSpecificOutput", "updatedInput"),
    "qwen": ("hookSpecificOutput", "updatedInput"),
    "copilot": ("modifiedArgs",),
    "gemini": ("hookSpecificOutput", "tool_input"),
    "vibe": ("hook_specific_output", "tool_input"),
}


@pytest.mark.parametrize("agent", client.DIALECTS)
def test_what_a_person_made_of_the_input_is_handed_back(agent: str) -> None:
    says = client.DIALECTS[agent][2]
    answer = valid({"ref": "r"}, input=CHANGED)
    said = json.loads(client._decision(answer, EVENT["tool_input"], says))
    for name in SAID[agent]:
        said = said[name]
    assert said == CHANGED
    denied = {**answer, "verdict": "deny"}
    assert b"touch y" not in client._decision(denied, EVENT["tool_input"], says)


@pytest.mark.parametrize("given", [None, "touch y", ["touch y"], 1])
def test_an_input_that_is_no_object_is_a_denial(given: object) -> None:
    answer = valid({"ref": "r"}, input=given)
    with pytest.raises(client.Denied, match="not an object"):
        client._decision(answer, EVENT["tool_input"], client._pre_tool_use)
