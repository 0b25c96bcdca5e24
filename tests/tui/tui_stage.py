"""One screen on a stage: a supervisor in memory, a clock turned by hand, keys from a script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from agentwatch.tui.app import WatchApp
from agentwatch.tui.panes.painted import Bar
from agentwatch.tui.screens.main import MainScreen
from tests.tui.tui_double import NOW, Clock, Supervisor, Switch, places

DEADLINE = 45.0


@dataclass(slots=True)
class Stage:
    """What a test holds in its hands."""

    app: WatchApp
    pilot: Pilot[Any]
    supervisor: Supervisor
    clock: Clock
    switch: Switch

    @property
    def main(self) -> MainScreen:
        return self.app.main

    async def press(self, *keys: str) -> None:
        """Keys as fast as they come: the clock stands still."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def aim(self, key: str) -> None:
        """A key as a person presses it: after looking."""
        await self.calm()
        await self.press(key)
        await self.pilot.pause()

    async def calm(self, seconds: float = 2.0) -> None:
        """Time passes and the screen is painted."""
        await self.painted()
        self.clock.wait(seconds)
        self.app.sync()
        await self.painted()

    async def painted(self) -> None:
        """Every message is handled and every dirty row drawn."""
        await self.pilot.pause()
        await asyncio.sleep(0.04)
        await self.pilot.pause()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition, not for luck."""
        end = asyncio.get_running_loop().time() + DEADLINE
        while not condition():
            assert asyncio.get_running_loop().time() < end, "it never came true"
            await self.pilot.pause(0.01)

    async def picture(self) -> str:
        """The screen as an SVG, nothing blinking."""
        for box in self.app.screen.query(Input):
            box.cursor_blink = False
        await self.painted()
        return self.app.export_screenshot(title="agentwatch")

    def notices(self) -> str:
        return self.main.query_one("#notices", Bar).text

    def status(self) -> str:
        return self.main.query_one("#status", Bar).text

    def footer(self) -> str:
        return self.app.screen.query_one("#footer", Bar).text


@asynccontextmanager
async def stage(
    supervisor: Supervisor,
    folder: Path,
    *,
    size: tuple[int, int] = (80, 24),
    switch: Switch | None = None,
    notifications: bool = False,
) -> AsyncIterator[Stage]:
    """A running application, connected where the supervisor is reachable."""
    clock, kill = Clock(), switch or Switch()
    app = WatchApp(places(folder), kill, open_wire=supervisor.open, clock=clock, wall=lambda: NOW)
    async with app.run_test(size=size, notifications=notifications) as pilot:
        on = Stage(app, pilot, supervisor, clock, kill)
        if supervisor.reachable:
            await on.until(lambda: app.watched.lost is None)
        await on.painted()
        yield on
