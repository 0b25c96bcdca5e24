"""The floor: what nothing in the tree may change or reach, whoever is asked.

Owns the one list.  The namespace's mounts, the Landlock rules, the sandbox profile and the kernel
gate are all made from it, so that they agree.  Names only: what is there, and where links lead, is
looked up by whoever builds with it.

What does not work: the list is of known names.  A file that some program of yours runs by itself
and that nobody wrote down here is not on it, nor are sockets that a daemon opens later.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the floor, with the name by which a person may open it."""

    name: str
    what: str
    """In words, to go on after "out of the agent's reach"."""
    kept: tuple[str, ...] = ()
    """May be read, never changed: files and folders, with what is below them."""
    emptied: tuple[str, ...] = ()
    """Folders the tree gets its own empty ones of."""
    shut: tuple[str, ...] = ()
    """Sockets and files that are not there for the tree.  Patterns, like `emptied`."""
    types: bool = False
    """Whether it could answer in the person's place, by typing on their screen or with their key:
    then no gate replaces it."""


@dataclass(frozen=True, slots=True)
class Whose:
    """The user whose floor it is."""

    home: str
    uid: int
    login: str
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def config(self) -> str:
        """The folder of settings."""
        return self.env.get("XDG_CONFIG_HOME") or f"{self.home}/.config"

    @property
    def runtime(self) -> str:
        """The folder of sockets."""
        return self.env.get("XDG_RUNTIME_DIR") or f"/run/user/{self.uid}"

    def named(self, *names: str) -> tuple[str, ...]:
        """What these variables name, where it is a path."""
        found = (self.env.get(name, "") for name in names)
        return tuple(path for path in found if path.startswith("/"))


_SHELL = (
    *(".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".bash_aliases", ".profile"),
    *(".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout", ".kshrc", ".mkshrc", ".inputrc"),
    *(
        ".cshrc",
        ".tcshrc",
        ".login",
        ".xonshrc",
        ".xprofile",
        ".xinitrc",
        ".xsession",
        ".xsessionrc",
    ),
    *(".pam_environment", ".tmux.conf", ".screenrc"),
)
_SHELL_CONFIG = ("fish", "zsh", "nushell", "xonsh", "powershell", "environment.d", "tmux")
_ZSH = (".zshrc", ".zshenv", ".zprofile", ".zlogin", ".zlogout")
_GIT = (".gitconfig",)
_LOGIN_CONFIG = ("autostart", "systemd", "plasma-workspace/env")
_KEYS = (
    *(".aws", ".azure", ".gnupg", ".kube", ".docker/config.json", ".netrc", ".npmrc", ".pypirc"),
    *(".git-credentials", ".password-store", ".cargo/credentials", ".cargo/credentials.toml"),
    *(".m2/settings.xml", ".vault-token", ".terraform.d/credentials.tfrc.json"),
)
_KEYS_CONFIG = ("gh", "glab-cli", "gcloud", "hub", "containers/auth.json")
_AGENTS = (
    *(".claude/settings.json", ".claude/settings.local.json", ".claude/hooks"),
    *(".codex/config.toml", ".codex/hooks.json", ".codex/hooks", ".codex/rules"),
    *(".gemini/settings.json", ".gemini/hooks", ".gemini/policies", ".gemini/trustedFolders.json"),
    *(".qwen/settings.json", ".qwen/hooks", ".vibe/hooks.toml", ".vibe/config.toml"),
    *(".copilot/hooks", ".copilot/settings.json", ".cursor/hooks.json"),
    *(".cursor/mcp.json", ".cursor/cli-config.json", ".openclaw/openclaw.json", ".aider.conf.yml"),
)
_AGENTS_CONFIG = ("opencode/opencode.json", "opencode/opencode.jsonc", "opencode/plugin")


def parts(
    whose: Whose,
    *,
    ours: Collection[str] = (),
    program: Collection[str] = (),
    signing: Collection[str] = (),
) -> tuple[Part, ...]:
    """The whole floor; `ours` are agentwatch's own folders, `program` is where it is installed.

    `signing` is the folder of the key: reading passes the gate, so only mounts keep it.
    """
    return (
        Part("", "agentwatch's own files", kept=tuple(ours), emptied=tuple(signing), types=True),
        Part("program", "agentwatch's own program", kept=tuple(program)),
        *_files(whose),
        *_daemons(whose),
        Part("terminals", "the terminals of others", types=True),
    )


def names() -> tuple[str, ...]:
    """What a person may open, in order."""
    return tuple(part.name for part in parts(Whose("/", 0, "")) if part.name)


def _files(whose: Whose) -> tuple[Part, ...]:
    home, config, named = whose.home, whose.config, whose.named
    zsh = tuple(f"{folder}/{name}" for folder in named("ZDOTDIR") for name in _ZSH)
    claude = tuple(
        f"{folder}/{name.partition('/')[2]}"
        for folder in named("CLAUDE_CONFIG_DIR")
        for name in _AGENTS[:3]
    )
    codex = tuple(
        f"{folder}/{name}"
        for folder in named("CODEX_HOME")
        for name in ("config.toml", "hooks.json", "hooks", "rules")
    )
    git = (f"{home}/.gitconfig", f"{config}/git", *named("GIT_CONFIG_GLOBAL"))
    login = (f"{home}/Library/LaunchAgents", *_in(config, _LOGIN_CONFIG))
    login += (f"{home}/.local/share/systemd", f"{home}/.local/share/dbus-1")
    keys = (*_in(home, _KEYS), *_in(config, _KEYS_CONFIG), *named("GNUPGHOME", "AWS_CONFIG_FILE"))
    keys += named("AWS_SHARED_CREDENTIALS_FILE", "KUBECONFIG", "NPM_CONFIG_USERCONFIG")
    shell = (*_in(home, _SHELL), *_in(config, _SHELL_CONFIG), *zsh, *named("BASH_ENV", "ENV"))
    agents = (*_in(home, _AGENTS), *_in(config, _AGENTS_CONFIG), *claude, *codex)
    return (
        Part("shell", "what your shell runs at its start", kept=shell),
        Part("ssh", "~/.ssh", kept=(f"{home}/.ssh",)),
        Part("git", "your own git settings", kept=git),
        Part("login", "what starts at login", kept=login),
        Part("keys", "the files of your keys and logins", kept=keys),
        Part("agents", "the hooks and settings of agents", kept=agents),
    )


def _daemons(whose: Whose) -> tuple[Part, ...]:
    run, home, uid, named = whose.runtime, whose.home, whose.uid, whose.named
    tmux = f"{whose.env.get('TMUX_TMPDIR') or '/tmp'}/tmux-{uid}"
    server = whose.env.get("TMUX", "").partition(",")[0]
    beside = posixpath.dirname(server)  # with -S it may be anybody's folder, a home as well
    beside = beside if posixpath.basename(beside) == f"tmux-{uid}" else tmux
    screen = (*named("SCREENDIR"), f"/run/screen/S-{whose.login}", f"{home}/.screen")
    bus = whose.env.get("DBUS_SESSION_BUS_ADDRESS", "").removeprefix("unix:path=").partition(",")[0]
    docker = whose.env.get("DOCKER_HOST", "").removeprefix("unix://")
    kitty = whose.env.get("KITTY_LISTEN_ON", "").removeprefix("unix:")
    wayland = posixpath.join(run, whose.env.get("WAYLAND_DISPLAY") or "wayland-0")
    typing = (*dict.fromkeys((tmux, beside)), *screen)
    return (
        Part(
            "tmux",
            "tmux, screen and other terminals' remote controls",
            emptied=(*typing, f"{run}/zellij", f"{run}/wezterm"),
            shut=(*_path(server), *_path(kitty), "/tmp/kitty-*"),
            types=True,
        ),
        Part(
            "display",
            "the display",
            emptied=("/tmp/.X11-unix",),
            shut=(
                wayland,
                f"{run}/wayland-*[0-9]",
                *named("XAUTHORITY"),
                f"{home}/.Xauthority",
                "/dev/uinput",
            ),
            types=True,
        ),
        Part(
            "ssh-agent",
            "the ssh agent",
            emptied=(f"{run}/keyring", f"{home}/.ssh/agent", "/tmp/ssh-*"),
            shut=(
                *named("SSH_AUTH_SOCK"),
                f"{run}/ssh-agent*",
                f"{run}/openssh_agent",
                f"{run}/gcr/ssh",
            ),
        ),
        Part(
            "gpg-agent",
            "the gpg agent",
            emptied=(f"{run}/gnupg",),
            shut=(f"{home}/.gnupg/S.*",),
        ),
        Part(
            "dbus",
            "the message bus and systemd",
            emptied=(f"{run}/systemd", f"{run}/dbus-1"),
            shut=(*_path(bus), f"{run}/bus", "/run/dbus/system_bus_socket", "/run/systemd/private"),
        ),
        Part(
            "docker",
            "docker and its like",
            emptied=(
                f"{run}/podman",
                f"{run}/containerd*",
                "/run/podman",
                "/run/containerd",
                "/run/crio",
                "/run/libvirt",
                f"{run}/libvirt",
            ),
            shut=(
                *_path(docker),
                "/run/docker.sock",
                f"{run}/docker.sock",
                f"{home}/.docker/run/docker.sock",
                f"{home}/.docker/desktop/docker.sock",
                f"{home}/.colima/*/docker.sock",
                f"{home}/.rd/docker.sock",
                "/var/lib/incus/unix.socket",
                "/var/snap/lxd/common/lxd/unix.socket",
                "/run/snapd.socket",
            ),
        ),
        Part(
            "editor",
            "running editors",
            emptied=(f"{run}/emacs", f"/tmp/emacs{uid}"),
            shut=(
                *named("VSCODE_IPC_HOOK_CLI", "NVIM", "NVIM_LISTEN_ADDRESS"),
                f"{run}/vscode-*.sock",
                f"{run}/nvim.*",
            ),
        ),
    )


def _in(folder: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names)


def _path(text: str) -> tuple[str, ...]:
    return (text,) if text.startswith("/") else ()
