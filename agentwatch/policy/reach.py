"""What a connection is for: a name look-up, the tree itself, another daemon, or the world.

Owns the list of daemons that act for whoever asks them.  Does no I/O.

What does not work: a name look-up carries a little data to whoever answers for the name, and the
model's host is sent whatever the agent wants to send.  What is asked of the kernel over netlink is
not read: a process with the right to change routes may do so that way.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass

from agentwatch.covers import Cover, Event, Scope
from agentwatch.policy.ground import Ground
from agentwatch.policy.reasons import quoted

_DAEMONS = (
    ("docker", r"docker\.sock|docker/.*\.sock|docker-.*\.sock"),
    ("podman", r"podman/|podman\.sock"),
    ("containerd", r"containerd/|crio/"),
    ("systemd", r"/systemd/(?:private|system-bus|notify|io\.systemd\.(?!Resolve))"),
    ("the message bus", r"dbus/|/bus$|dbus-"),
    ("tmux", r"/tmux-\d+/"),
    ("screen", r"/screens?/S-|/\.screen/"),
    ("the ssh agent", r"/ssh-[^/]+/agent\.|/keyring/ssh|ssh-agent|S\.gpg-agent\.ssh"),
    ("the gpg agent", r"S\.gpg-agent|S\.scdaemon|S\.dirmngr"),
    ("the display", r"\.X11-unix/|/wayland-\d+"),
    ("the virtual machines' daemon", r"libvirt/"),
    ("snap", r"/snapd?[./-]"),
    ("an editor", r"/vscode-|nvim\.|/emacs"),
)
_ACTS = tuple((name, re.compile(pattern)) for name, pattern in _DAEMONS)
_SILENT = frozenset(
    {"/var/run/nscd/socket", "/run/nscd/socket", "/run/systemd/resolve/io.systemd.Resolve"}
    | {"/dev/log", "/run/systemd/journal/dev-log", "/run/systemd/journal/socket"}
    | {"/run/systemd/userdb/io.systemd.DynamicUser", "/run/systemd/userdb/io.systemd.Multiplexer"}
)
"""They answer questions about names and users, or take a line for the log."""
_STUBS = frozenset({"127.0.0.53", "127.0.0.54", "127.0.0.11"})
"""Where resolvers of this machine and of containers listen."""
_NETLINK = "family 16"
"""What `getifaddrs` asks on."""
_DISPLAY = frozenset({"xdpyinfo", "clinfo", "glxinfo"})


@dataclass(frozen=True, slots=True)
class Reach:
    """What a connection is."""

    passes: bool
    why: str
    rule: str = ""
    daemon: bool = False
    """Another program is asked to act."""
    floor: bool = False
    """It is ours, and never passes."""


def reach(
    event: Event, ground: Ground, cover: Cover | None, called: Collection[str], *, agent: bool
) -> Reach:
    """What to make of a connection; `called` are the names known for its address."""
    if event.family == "unix":
        return _unix(event, ground, cover)
    if event.address == _NETLINK and event.kind == "datagram":
        return Reach(passes=True, why="asks the kernel about its network", rule="route")
    if event.family not in ("inet", "inet6"):
        return Reach(
            passes=False, why=f"opens a connection of the kind {quoted(str(event.family))}"
        )
    try:
        address = ipaddress.ip_address(event.address.partition("%")[0])
    except ValueError:
        return Reach(passes=False, why="connects to an address that cannot be read")
    mapped = getattr(address, "ipv4_mapped", None)
    return _inet(event, mapped or address, ground, cover, called, agent=agent)


def _unix(event: Event, ground: Ground, cover: Cover | None) -> Reach:
    """A socket of this machine."""
    path = event.path or event.address
    abstract = "abstract" in event.flags
    if not abstract and path == ground.agent_socket:
        return Reach(passes=True, why="speaks to agentwatch", rule="agentwatch")
    if not abstract and any(path.startswith(f"{folder}/") for folder in ground.ours):
        return Reach(passes=False, why="a socket of agentwatch's own", floor=True)
    if "inside" in event.flags or (path in ground.tree_sockets and not abstract):
        return Reach(passes=True, why="connects to its own tree", rule="own tree")
    if path in _SILENT and not abstract:
        return Reach(passes=True, why="asks for a name, or logs a line", rule="name look-up")
    daemon = next((name for name, known in _ACTS if known.search(path)), None)
    reads = cover is not None and cover.scope is Scope.READING
    if daemon == "the display" and reads and _asks_display(event, ground):
        return Reach(passes=True, why="asks the display about itself", rule="reading")
    said = f"asks {daemon} to act" if daemon else f"asks another program: {quoted(path)}"
    return Reach(passes=False, why=f"{said}: the kill switch does not reach that", daemon=True)


def _inet(
    event: Event,
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    ground: Ground,
    cover: Cover | None,
    called: Collection[str],
    *,
    agent: bool,
) -> Reach:
    """An address and a port."""
    text, port = str(address), event.port
    if passes := _quiet(event, text, ground):
        return passes
    local = address.is_loopback or address.is_unspecified
    known = {text, *(name.casefold() for name in called)}
    if local:
        known.add(f"port {port}")
    if agent and not known.isdisjoint(ground.model_hosts):
        return Reach(passes=True, why="talks to its model", rule="model")
    if local:
        return _local(text, port, ground, cover)
    named = ", ".join(sorted(called)[:2])
    where = f"{quoted(named)} ({text}) port {port}" if named else f"{text} port {port}"
    if cover is not None and cover.wide and not known.isdisjoint(cover.hosts):
        return Reach(passes=True, why=f"leaves this machine for {where}, as named", rule="cover")
    return Reach(passes=False, why=f"leaves this machine: {where}")


def _quiet(event: Event, address: str, ground: Ground) -> Reach | None:
    """What tells nobody anything, or only the tree itself."""
    if "inside" in event.flags:
        return Reach(passes=True, why="connects to its own tree", rule="own tree")
    if event.port == 53 and (address in ground.resolvers or address in _STUBS):
        return Reach(passes=True, why="asks for a name", rule="name look-up")
    if event.port == 0 and event.kind == "connect":
        return Reach(passes=True, why="asks which way an address lies, sends nothing", rule="route")
    return None


def _local(address: str, port: int, ground: Ground, cover: Cover | None) -> Reach:
    """A port of this machine: the tree's own, or another program that may act."""
    if f"port {port}" in ground.tree_sockets:
        return Reach(passes=True, why="connects to its own tree", rule="own tree")
    why = f"asks another program of this machine to act: {address} port {port}"
    if cover is not None and cover.wide and f"port {port}" in cover.hosts:
        return Reach(passes=True, why=f"{why}, as named", rule="cover")
    return Reach(passes=False, why=why, daemon=True)


def _asks_display(event: Event, ground: Ground) -> bool:
    """Whether the caller's own file is a program that only describes the display."""
    return event.exe.rsplit("/", 1)[-1] in _DISPLAY and not ground.loose(event.exe)
