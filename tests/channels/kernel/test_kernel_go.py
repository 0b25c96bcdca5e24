"""A real program in Go under the gate: static, of many threads, its calls made without a C library.

esbuild is one, and small.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest

from agentwatch.channels.kernel.acts import Deed, Observed
from tests.agents_real.kit import package
from tests.channels.kernel.conftest import Gated
from tests.channels.kernel.rig import OPEN

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(sys.platform != "linux", reason="Linux's own"),
]

VERSION = "0.25.12"
PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


@pytest.fixture
def esbuild(tmp_path: Path) -> str:
    """The program, and something for it to do."""
    machine = PLATFORMS.get(platform.machine())
    if machine is None:
        pytest.skip(f"not built for {platform.machine()}")
    (tmp_path / "part.ts").write_text("export const part: number = 42;\n")
    (tmp_path / "all.ts").write_text("import {part} from './part';\nconsole.log(part);\n")
    return str(package(f"@esbuild/{machine}", VERSION) / "bin/esbuild")


def test_it_works_and_what_it_writes_was_seen(gated: Gated, tmp_path: Path, esbuild: str) -> None:
    rig = gated(lambda _: True)
    rig.start(esbuild, "all.ts", "--bundle", "--outfile=new/out.js")
    assert rig.wait() == 0, rig.out
    assert "42" in (tmp_path / "new/out.js").read_text()
    seen = {(event.kind, event.path) for event in rig.events}
    assert (Deed.WRITE, str(tmp_path / "new")) in seen
    assert (Deed.WRITE, str(tmp_path / "new/out.js")) in seen
    assert rig.betrayed == []


def test_it_hears_a_refusal_and_goes_on(gated: Gated, tmp_path: Path, esbuild: str) -> None:
    def judge(event: Observed) -> bool:
        return not event.path.endswith("out.js")

    rig = gated(judge, {**OPEN, "default": "ask"})
    rig.start("sh", "-c", f"{esbuild} all.ts --bundle --outfile=out.js; echo it gave $?")
    assert rig.wait() == 0
    assert b"operation not permitted" in rig.out
    assert b"it gave 1" in rig.out
    assert not (tmp_path / "out.js").exists()
