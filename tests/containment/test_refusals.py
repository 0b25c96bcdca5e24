"""The exact remedy where a setting refuses namespaces, and none where no setting does."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentwatch import containment
from agentwatch.containment import pidns, refusals
from agentwatch.containment.base import Unavailable

COMMANDS = [
    ("user.max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=15000", True),
    ("user.max_pid_namespaces", "0", "sudo sysctl -w user.max_pid_namespaces=15000", True),
    ("user.max_mnt_namespaces", "0", "sudo sysctl -w user.max_mnt_namespaces=15000", True),
    (
        "kernel.unprivileged_userns_clone",
        "0",
        "sudo sysctl -w kernel.unprivileged_userns_clone=1",
        False,
    ),
    (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
        False,
    ),
]
ALLOWING = {
    "user.max_user_namespaces": "96365",
    "user.max_pid_namespaces": "96365",
    "user.max_mnt_namespaces": "96365",
    "kernel.unprivileged_userns_clone": "1",
    "kernel.apparmor_restrict_unprivileged_userns": "0",
}


def kernel(folder: Path, settings: dict[str, str]) -> Path:
    """A /proc/sys with these settings."""
    for name, value in settings.items():
        path = folder / name.replace(".", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{value}\n")
    return folder


@pytest.mark.parametrize(("name", "value", "command", "root_too"), COMMANDS)
def test_the_one_setting_that_refuses_is_named_with_its_command(
    name: str, value: str, command: str, root_too: bool, tmp_path: Path
) -> None:
    sys = kernel(tmp_path, {**ALLOWING, name: value})
    said = refusals.remedy("pidns", sys, uid=1000)
    assert said == f"{name}={value} forbids it: `{command}` ({refusals.KEEP})"
    assert refusals.remedy("pidns", sys, uid=0) == (said if root_too else "")


def test_several_are_all_named(tmp_path: Path) -> None:
    sys = kernel(tmp_path, {name: value for name, value, _, _ in COMMANDS})
    said = refusals.remedy("pidns", sys, uid=1000)
    assert all(command in said for _, _, command, _ in COMMANDS)


@pytest.mark.parametrize("settings", [ALLOWING, {}, {"user.max_user_namespaces": "many"}])
def test_where_no_setting_is_to_blame_none_is_named(
    settings: dict[str, str], tmp_path: Path
) -> None:
    assert refusals.remedy("pidns", kernel(tmp_path, settings), uid=1000) == ""


@pytest.mark.parametrize("means", ["subreaper", "portable"])
def test_namespaces_are_nobody_elses_excuse(means: str, tmp_path: Path) -> None:
    sys = kernel(tmp_path, {name: value for name, value, _, _ in COMMANDS})
    assert refusals.remedy(means, sys, uid=1000) == ""


def test_the_survey_gives_the_exact_remedy_where_there_is_one_and_the_general_one_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> None:
        raise Unavailable("namespaces: Operation not permitted")

    monkeypatch.setattr(pidns, "probe", refused)
    monkeypatch.setattr(refusals, "SETTINGS", ())
    finding = containment.survey()[0]
    assert (finding.available, finding.remedy) == (False, pidns.REMEDY)
    monkeypatch.setattr(refusals, "remedy", lambda name: f"exactly this for {name}")
    assert containment.survey()[0].remedy == "exactly this for pidns"
