"""Whatever breaks, nothing passes."""

# ruff: noqa: E501  # the agents' programs read best as they run

from __future__ import annotations

import errno
import os
import signal
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agentwatch.channels.kernel import abi, channel, loop
from agentwatch.channels.kernel.acts import Deed, Observed
from agentwatch.channels.kernel.caller import Caller
from agentwatch.channels.kernel.files import Held
from agentwatch.channels.kernel.listener import Answer, Call, Listener
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import python
from tests.waiting import wait_for

TRY = "import os,sys\ndef t():\n try: os.unlink('f'); print('done')\n except OSError as e: print(e.errno)\n"
TWICE = TRY + "print('up',flush=True); sys.stdin=open('go'); sys.stdin.read(); t()"


def test_without_the_gate_process_held_calls_fail(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    os.mkfifo(tmp_path / "go")
    rig = gated(lambda event: True)
    rig.start(*python(TWICE))
    with (tmp_path / "go").open("w"):
        rig.house.process.kill()
        rig.house.process.wait()
    assert rig.wait() == 0, rig.out
    assert rig.out.split() == [b"up", str(errno.ENOSYS).encode()]
    assert (tmp_path / "f").exists()


def test_a_call_that_is_held_when_the_gate_process_dies_fails(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    rig = gated(lambda event: None)
    rig.start(*python(TRY + "t()"))
    wait_for(lambda: rig.asked, "the question")
    rig.house.process.kill()
    assert rig.wait() == 0
    assert rig.out.split() == [str(errno.ENOSYS).encode()]
    assert (tmp_path / "f").exists()


def test_without_a_supervisor_everything_is_refused(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    rig = gated(lambda event: None)
    rig.start(*python(TRY + "t(); t()"))
    wait_for(lambda: rig.asked, "the question")
    rig.house._line.shutdown(socket.SHUT_RDWR)
    assert rig.wait() == 0
    assert rig.out.split() == [b"1", b"1"]
    assert (tmp_path / "f").exists()


def test_a_waiter_that_is_killed_leaves_nothing_behind(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    code = (
        "import os,signal,time\n"
        "p=os.fork()\nif p==0: os.unlink('f')\n"
        "open('ready','w'); os.kill(p,9); os.waitpid(p,0); print('reaped',flush=True); time.sleep(60)"
    )
    rig = gated(lambda event: None)
    rig.start(*python(code))
    wait_for(lambda: len(rig.asked) == 2, "both questions")
    by_kind = {event.kind: number for number, event in rig.asked}
    rig.house.answer(by_kind[Deed.WRITE], allow=True)
    os.set_blocking(rig._reader, True)
    assert os.read(rig._reader, 100) == b"reaped\n"
    rig.house.answer(by_kind[Deed.DELETE], allow=True)  # too late: its caller is dead
    rig.judge = lambda event: True
    assert rig.running is not None
    rig.running.close()
    assert (tmp_path / "f").exists()


def test_a_thousand_wait_and_are_answered_out_of_order(gated: Gated, tmp_path: Path) -> None:
    code = (
        "import os\nfor n in range(1000):\n"
        " if os.fork()==0:\n  try: os.mkdir('d') if 0 else os.symlink('x',f'l{n}')\n"
        "  except OSError as e: os.write(1,b'-')\n  else: os.write(1,b'+')\n  os._exit(0)\n"
        "for n in range(1000): os.wait()"
    )
    rig = gated(lambda event: None)
    rig.start(*python(code))
    wait_for(lambda: len(rig.asked) == 1000, "a thousand questions")
    for number, _ in reversed(rig.asked):
        rig.house.answer(number, allow=number % 2 == 0)
    assert rig.wait() == 0
    assert (rig.out.count(b"+"), rig.out.count(b"-")) == (500, 500)
    assert len(list(tmp_path.glob("l*"))) == 500


def test_a_signal_at_a_held_call_is_no_way_round(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    code = (
        "import os,signal\nsignal.signal(signal.SIGALRM,lambda *a: None)\n"
        "signal.setitimer(signal.ITIMER_REAL,0.05,0.05)\n"
        "try: os.unlink('f')\nexcept OSError as e: print(e.errno)\n"
        "signal.setitimer(signal.ITIMER_REAL,0)"  # at its end nobody handles it any more
    )
    rig = gated(lambda event: None)
    rig.start(*python(code))
    wait_for(lambda: rig.asked, "the question")
    rig.house.answer(rig.asked[0][0], allow=False)
    rig.judge = lambda event: False  # where the kernel starts the call anew
    assert rig.wait() == 0
    assert rig.out == b"1\n"
    assert (tmp_path / "f").exists()


def test_a_held_tree_is_killed_at_once(gated: Gated, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    rig = gated(lambda event: None)
    rig.start("sh", "-c", "rm f")
    wait_for(lambda: rig.asked, "the question")
    assert rig.running is not None
    assert rig.running.record.root is not None
    os.kill(rig.running.record.root.pid, signal.SIGKILL)
    assert rig.wait(60) == 137
    assert (tmp_path / "f").exists()


class Kernel(Listener):
    """A listener that only notes what it is told."""

    def __init__(self) -> None:
        super().__init__(-1)
        self.answers: list[Answer] = []
        self.there = True

    def valid(self, call: int) -> bool:
        return self.there

    def answer(self, call: int, answer: Answer) -> bool:
        self.answers.append(answer)
        return self.there


class Wired(loop.Loop):
    """A loop whose calls are all one deletion that counts how often it is done."""

    def __init__(self) -> None:
        self.ours, theirs = socket.socketpair()
        self.kernel = Kernel()
        super().__init__(self.kernel, channel.Channel(theirs), os.getpid(), os.getpid())
        self.done = 0
        self.broken: Exception | None = None

    def _find(self, name: str, call: Call) -> Held | Answer:
        if self.broken:
            raise self.broken
        caller = Caller(os.getpid())
        event = Observed(Deed.DELETE, caller.pid, caller.tid, path="/x")
        return Held(caller, event, self._count)

    def _count(self) -> Answer:
        self.done += 1
        return Answer()


@pytest.fixture
def wired() -> Any:
    one = Wired()
    yield one
    one.ours.close()
    one.channel.line.close()


CALL = Call(7, 1, abi.machine()[1]["unlinkat"], (0,) * 6)


def test_a_start_whose_caller_is_gone_is_not_expected_to_come(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else whoever gets its number would be taken for one that betrays it."""
    forgotten: list[int] = []
    monkeypatch.setattr(wired._starts, "forget", forgotten.append)
    caller = Caller(os.getpid())
    held = Held(caller, Observed(Deed.EXEC, caller.pid, caller.tid), Answer)
    for there in (True, False):
        wired.kernel.there = there
        wired._carry_out(CALL, held, 0)
    assert forgotten == [caller.pid]


def test_a_fault_while_judging_is_a_refusal(wired: Wired, monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(*_: object) -> str:
        raise RuntimeError("broken")

    monkeypatch.setattr(wired.rules, "judge", judge)
    wired.take(CALL, 0)
    assert [answer.error for answer in wired.kernel.answers] == [errno.EPERM]
    assert wired.done == 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (RuntimeError("x"), errno.EPERM),
        (OSError(errno.EMFILE, "x"), errno.EMFILE),
        (OSError("x"), 1),
    ],
)
def test_a_fault_while_reading_is_an_error(wired: Wired, fault: Exception, code: int) -> None:
    wired.broken = fault
    wired.take(CALL, 0)
    assert [answer.error for answer in wired.kernel.answers] == [code]


def test_a_fault_after_the_answer_is_told_and_ends_nothing(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settle() -> None:
        raise RuntimeError("broken")

    wired.rules.load({"allow": {"delete": ["/x"]}})
    monkeypatch.setattr(wired, "local", SimpleNamespace(settle=settle))
    monkeypatch.setattr(wired.kernel, "receive", lambda: CALL)
    wired._receive()
    assert wired.done == len(wired.kernel.answers) == 1
    wired.channel.flush()
    assert b"broken" in wired.ours.recv(1000)


def test_a_call_nobody_knows_is_refused(wired: Wired) -> None:
    wired.take(Call(7, 1, 99999, (0,) * 6), 0)
    assert [answer.error for answer in wired.kernel.answers] == [errno.EPERM]


def test_a_caller_that_died_is_not_acted_for(wired: Wired) -> None:
    wired.rules.load({"allow": {"delete": ["/x"]}})
    wired.kernel.there = False
    wired.take(CALL, 0)
    assert (wired.done, wired.kernel.answers) == (0, [])


@pytest.mark.parametrize("said", [{}, {"verdict": "deny"}, {"verdict": "ALLOW"}, {"verdict": True}])
def test_anything_but_allow_is_a_refusal(wired: Wired, said: dict[str, Any]) -> None:
    wired.take(CALL, 0)
    wired._obey({"event": 1, **said})
    assert wired.done == 0
    assert [answer.error for answer in wired.kernel.answers] == [errno.EPERM]


def test_allow_counts_once(wired: Wired) -> None:
    wired.take(CALL, 0)
    for _ in range(2):
        wired._obey({"event": 1, "verdict": "allow"})
    assert wired.done == 1


@pytest.mark.parametrize(
    "said", [b"not json\n", b"[1]\n", b'{"event": "x"}\n', b'{"rules": {"allow": {"x": []}}}\n']
)
def test_what_cannot_be_understood_lets_nothing_pass(wired: Wired, said: bytes) -> None:
    import select

    poll = select.poll()
    poll.register(wired.channel.line, select.POLLIN)
    wired.take(CALL, 0)
    wired.ours.send(said)
    wired._hear(poll)
    assert wired.done == 0
    wired.take(CALL, 0)
    assert wired.done == 0


def test_alone_refuses_even_what_a_rule_allows(wired: Wired) -> None:
    wired.rules.load({"allow": {"delete": ["/x"]}})
    wired.alone = True
    wired.take(CALL, 0)
    assert wired.done == 0
    assert [answer.error for answer in wired.kernel.answers] == [errno.EPERM]
