"""The one list of what is kept from the tree."""

from __future__ import annotations

import pytest

from agentwatch.policy.floor import Part, Whose, names, parts

ME = Whose("/home/me", 1000, "me")


def part(name: str, whose: Whose = ME) -> Part:
    (found,) = (one for one in parts(whose, ours=("/state", "/run")) if one.name == name)
    return found


def test_our_own_folders_are_kept_and_cannot_be_opened() -> None:
    assert part("").kept == ("/state", "/run")
    assert "" not in names()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("shell", ".bashrc"),
        ("shell", ".zshenv"),
        ("shell", ".config/fish"),
        ("ssh", ".ssh"),
        ("git", ".gitconfig"),
        ("login", ".config/autostart"),
        ("login", ".config/systemd"),
        ("login", "Library/LaunchAgents"),
        ("keys", ".aws"),
        ("keys", ".config/gh"),
        ("keys", ".docker/config.json"),
        ("agents", ".claude/settings.json"),
        ("agents", ".codex/hooks.json"),
        ("agents", ".gemini/settings.json"),
    ],
)
def test_files_that_act_on_their_own_are_kept(name: str, path: str) -> None:
    assert f"/home/me/{path}" in part(name).kept


def test_what_an_agent_writes_for_itself_is_not() -> None:
    kept = [path for one in parts(ME) for path in one.kept]
    own_state = (
        *(".claude.json", ".claude/.credentials.json", ".claude/projects/x", ".codex/auth.json"),
        *(".codex/sessions", ".gemini/oauth_creds.json", ".cache", ".local/share/opencode"),
    )
    for own in own_state:
        path = f"/home/me/{own}"
        assert not any(path == one or path.startswith(f"{one}/") for one in kept), own


def test_variables_move_places() -> None:
    env = {
        "ZDOTDIR": "/z",
        "XDG_CONFIG_HOME": "/c",
        "CLAUDE_CONFIG_DIR": "/cl",
        "CODEX_HOME": "/co",
        "TMUX": "/run/mine/socket,12,0",
        "TMUX_TMPDIR": "/t",
        "SSH_AUTH_SOCK": "/s/agent",
        "DBUS_SESSION_BUS_ADDRESS": "unix:path=/b/bus,guid=1",
        "DOCKER_HOST": "unix:///d.sock",
        "XDG_RUNTIME_DIR": "/r",
    }
    mine = Whose("/home/me", 1000, "me", env)
    assert {"/z/.zshrc", "/c/fish"} <= set(part("shell", mine).kept)
    assert {"/cl/settings.json", "/cl/hooks", "/co/config.toml"} <= set(part("agents", mine).kept)
    assert {"/t/tmux-1000", "/r/zellij"} <= set(part("tmux", mine).emptied)
    assert "/run/mine/socket" in part("tmux", mine).shut
    assert "/s/agent" in part("ssh-agent", mine).shut
    assert {"/b/bus", "/r/bus"} <= set(part("dbus", mine).shut)
    assert "/d.sock" in part("docker", mine).shut


def test_a_variable_cannot_have_a_whole_shared_folder_emptied() -> None:
    mine = Whose("/home/me", 1000, "me", {"TMUX": "/tmp/socket,1,0", "DOCKER_HOST": "tcp://h:1"})
    assert not {"/tmp", ""} & set(part("tmux", mine).emptied)
    mine = Whose("/home/me", 1000, "me", {"TMUX": "/else/tmux-1000/socket,1,0"})
    assert "/else/tmux-1000" in part("tmux", mine).emptied
    assert all(path.startswith("/") for one in parts(mine) for path in (*one.emptied, *one.shut))


def test_what_could_answer_for_a_person_stays_masked_beside_a_gate() -> None:
    assert {one.name for one in parts(ME) if one.types} == {"", "tmux", "display", "terminals"}
