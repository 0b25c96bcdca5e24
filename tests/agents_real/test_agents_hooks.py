"""What agents do with their hook's answers, without a supervisor: Claude Code has its own file."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.agents_real.api import Json
from tests.agents_real.bench import Bench
from tests.agents_real.kit import Kit
from tests.agents_real.kits import HOOKED
from tests.agents_real.scenario import Act, Turn, act, play
from tests.agents_real.stand_in import allow, deny
from tests.agents_real.supervised import private_folder

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900), pytest.mark.parametrize("kit", HOOKED)]

TOUCH = play(act("shell", command="touch ran"))


@pytest.fixture
def bench(kit: Kit) -> Iterator[Bench]:
    with private_folder() as folder:
        yield Bench(kit, folder)


def test_it_arms_first_and_asks_exactly(bench: Bench) -> None:
    played = bench.play(TOUCH, allow, *bench.kit.free)
    assert bench.made()
    assert len(played.arms) == 1
    (event,) = played.socket.events
    assert event["tool_input"]["command"] == "touch ran"
    assert event["cwd"] == str(bench.work)


def test_what_is_denied_does_not_run_and_the_model_hears_why(bench: Bench) -> None:
    write = act("write", path=f"{bench.work}/new.txt", content="x\n")
    played = bench.play(play(*TOUCH.scripts["GO"], write), deny, *bench.kit.free)
    assert len(played.socket.events) == 2
    assert list(bench.work.iterdir()) == []
    assert len(played.model.result_texts()) == 2
    assert all("NOT-TODAY" in text for text in played.model.result_texts())


def test_several_calls_of_one_turn_are_each_asked(bench: Bench) -> None:
    calls = tuple(Act("shell", {"command": f"touch ran{number}"}) for number in range(3))

    def second(event: Json, pid: int) -> Json:
        return deny(event, pid) if "ran1" in event["tool_input"]["command"] else allow(event, pid)

    bench.play(play(Turn(calls=calls)), second, *bench.kit.free)
    assert [bench.made(f"ran{number}") for number in range(3)] == [True, False, True]


def test_a_slow_answer_holds_the_tool_until_it_comes(bench: Bench) -> None:
    seen: list[bool] = []

    def slow(event: Json, pid: int) -> Json:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            seen.append(bench.made())
            time.sleep(0.1)
        return allow(event, pid)

    bench.play(TOUCH, slow, *bench.kit.free)
    assert not any(seen)
    assert bench.made()


OFF: dict[str, dict[str, str]] = {
    "codex": {
        "work/.codex/config.toml": "[features]\nhooks = false\n",
        "home/.codex/hooks.json": '{"hooks": {}}',
    },
    "gemini": {
        "work/.gemini/settings.json": '{"hooksConfig": {"enabled": false}}',
        "work/.env": "GEMINI_CLI_SYSTEM_SETTINGS_PATH=/nonexistent\nGEMINI_SANDBOX=docker\n",
    },
    "qwen": {
        "work/.qwen/settings.json": '{"disableAllHooks": true}',
        "work/.env": "QWEN_CODE_SYSTEM_SETTINGS_PATH=/nonexistent\nQWEN_CODE_SIMPLE=1\n",
    },
}
"""What a project's and a user's files may say, by agent."""


def switch_off(bench: Bench) -> None:
    for name, text in OFF[bench.kit.name].items():
        path = bench.home.parent / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def test_files_cannot_switch_it_off_at_the_start(bench: Bench) -> None:
    switch_off(bench)
    played = bench.play(TOUCH, deny, *bench.kit.free)
    assert len(played.socket.events) == 1
    assert not bench.made()


def test_files_written_in_mid_session_cannot_switch_it_off(bench: Bench) -> None:
    def first_writes(event: Json, pid: int) -> Json:
        if "touch" in event["tool_input"]["command"]:
            return deny(event, pid)
        switch_off(bench)
        return allow(event, pid)

    wait = act("shell", command="for i in 1 2; do sleep 1; done")  # for it to see the files
    played = bench.play(play(wait, *TOUCH.scripts["GO"]), first_writes, *bench.kit.free)
    assert len(played.socket.events) == 2
    assert not bench.made()
