"""What only Codex has: typing into running programs, models that write code, sub-agents, trust."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.agents_real.bench import Bench
from tests.agents_real.kit_codex import CODEX, MODEL_IN_CODE
from tests.agents_real.scenario import Call, Turn, act, call, play
from tests.agents_real.stand_in import allow, deny
from tests.agents_real.supervised import private_folder

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900)]

(FREE,) = CODEX.free
TOUCH = play(act("shell", command="touch ran"))


@pytest.fixture
def bench() -> Iterator[Bench]:
    with private_folder() as folder:
        yield Bench(CODEX, folder)


def test_nothing_can_be_typed_into_a_program_that_was_approved(bench: Bench) -> None:
    """No hook is asked about `write_stdin`."""
    shell = call("exec_command", cmd="bash -i", tty=True, yield_time_ms=500)
    typed = [call("write_stdin", session_id=number, chars="touch ran\n") for number in (0, 1, 1000)]
    played = bench.play(play(shell, *typed), allow, FREE)
    assert len(played.model.result_texts()) == 4
    assert not bench.made()


def test_calls_inside_the_code_of_a_model_are_each_asked(bench: Bench) -> None:
    code = 'await tools.exec_command({cmd: "touch ran"}); await tools.exec_command({cmd: "ls"});'
    scenario = play(Turn(calls=(Call("exec", {"input": code}),)))
    played = bench.play(scenario, deny, FREE, "-m", MODEL_IN_CODE)
    commands = [event["tool_input"]["command"] for event in played.socket.events]
    assert commands[:1] == ["touch ran"]
    assert not bench.made()


def test_a_hook_of_another_hash_is_skipped_silently_and_does_not_arm(bench: Bench) -> None:
    """Only the missing handshake tells."""

    def distrusted(argv: list[str]) -> list[str]:
        return [word.replace("sha256:", "sha256:0") for word in argv]

    played = bench.play(TOUCH, deny, FREE, change=distrusted)
    assert played.arms == []
    assert played.socket.events == []
    assert bench.made()


def test_the_folder_that_a_command_runs_in_is_told(bench: Bench) -> None:
    (bench.work / "sub").mkdir()
    where = str(bench.work / "sub")
    played = bench.play(play(call("exec_command", cmd="touch ran", workdir=where)), allow, FREE)
    assert [event["cwd"] for event in played.socket.events] == [where]
