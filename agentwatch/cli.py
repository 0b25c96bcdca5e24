"""The command line: which commands there are, and how a failure is said.

Owns the exit status and everything on stderr.  Each command is loaded when it is called, so that
`kill` does not wait for a screen's libraries.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from agentwatch.errors import AgentwatchError, ExitCode

COMMANDS = {
    "run": "Start an agent under supervision.",
    "watch": "Open the screen on a running session.",
    "ls": "List sessions.",
    "pending": "List the actions that wait for a person.",
    "show": "Show one action, complete.",
    "approve": "Let one action pass, as shown; with --for, --uses or --scope, also what is alike.",
    "deny": "Refuse one action.",
    "grants": "List what is granted.",
    "revoke": "End a grant now.",
    "breaker": "Say what the breaker counts; answer what it stopped, or reset it.",
    "budget": "Show a session's budgets, or raise one.",
    "freeze": "Stop every process of a session.",
    "resume": "Let a frozen session go on.",
    "mode": "Show or change what happens to what no rule names.",
    "undo": "Put back what an action changed in draft mode.",
    "kill": "Kill a session's whole process tree.",
    "halt": "Kill every session and refuse new ones.",
    "release": "Allow sessions again after a halt.",
    "log": "Read or verify a session's record.",
    "key": "Print the public key that checks the signatures in your records.",
    "report": "Write one page about a session, for a review.",
    "replay": "Play what the agent's terminal showed.",
    "prune": "Remove old recordings and undo copies; records stay.",
    "rules": "Check, list, explain and write rules.",
    "doctor": "Say what this machine gives and what is not covered.",
    "drill": "Fire drill: real runaways, really killed.",
    "demo": "See the main job on a scripted agent, offline.",
    "propose": "Ask before acting (for scripts inside a session).",
    "acp": "Speak with an ACP agent, gated.",
    "acp-proxy": "Gate an ACP agent that an editor speaks with.",
    "mcp": "Gate the tools of an MCP server.",
    "hook": "What agents' hooks call (not for people).",
}
"""Every command with its one line; a test holds the two together."""


class Commands(click.Group):
    """The commands, loaded one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"agentwatch.commands.{cmd_name.replace('-', '_')}")
        command = module.command
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List them without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agentwatch-supervisor", prog_name="agentwatch")
def root() -> None:
    r"""A terminal supervisor for AI agents with a live kill switch.

    \b
    Example:
      agentwatch run -- claude
      agentwatch kill
    """


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        status = root.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        print("agentwatch: interrupted", file=sys.stderr)
        sys.exit(130)
    except AgentwatchError as error:
        from agentwatch.commands.output import visible  # noqa: PLC0415 - only an error needs it

        # Paths and words of an agent's may be in it.
        print(f"agentwatch: error: {visible(error.what)}", file=sys.stderr)
        if error.hint:
            print(f"hint: {visible(error.hint)}", file=sys.stderr)
        sys.exit(int(error.code))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(ExitCode.NO)
    sys.exit(status if isinstance(status, int) else 0)
