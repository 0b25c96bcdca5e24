"""For every test: property tests look for wrong answers, not for slow ones on a busy machine.

The same examples every time, so that a landing is judged by its change; a search for new ones is
`pytest --hypothesis-profile=search`.
"""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    # A shell's job in the background, or nohup's: what we start would ignore it as well.
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

SLOWNESS = [HealthCheck.too_slow]

settings.register_profile("search", deadline=None, suppress_health_check=SLOWNESS)
settings.register_profile("same", settings.get_profile("search"), derandomize=True)
settings.load_profile("same")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: most tests wait for other processes most of the time."""
    return (os.cpu_count() or 1) + 1
