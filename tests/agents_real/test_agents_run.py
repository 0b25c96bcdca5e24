"""The agents of the core under `agentwatch run`, the same proofs for all of them."""

from __future__ import annotations

import pytest

from tests.agents_real import proofs
from tests.agents_real.kit import Kit
from tests.agents_real.kits import ALL
from tests.agents_real.supervised import KERNEL, UNHOOKED

pytestmark = [pytest.mark.agents, pytest.mark.timeout(900), pytest.mark.parametrize("kit", ALL)]
"""The time includes that of an installation, where there is none yet."""


def test_three_actions_are_three_questions_by_the_hook_alone(kit: Kit) -> None:
    proofs.three_questions(kit, channels={"hooks"})


def test_three_actions_are_three_questions_with_the_kernel_gate_too(kit: Kit) -> None:
    proofs.three_questions(kit, *KERNEL, channels={"hooks"})


def test_three_actions_are_three_questions_by_the_kernel_gate_alone(kit: Kit) -> None:
    proofs.three_questions(kit, *UNHOOKED, channels={"kernel"})


def test_what_is_denied_does_not_happen_and_the_model_hears_why(kit: Kit) -> None:
    proofs.nothing_denied_runs(kit)


def test_what_the_kernel_gate_alone_denies_does_not_happen(kit: Kit) -> None:
    proofs.nothing_denied_runs(kit, *UNHOOKED, told=False)


def test_the_kill_reaches_what_it_started_and_let_go(kit: Kit) -> None:
    proofs.all_die(kit)
