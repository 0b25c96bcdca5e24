"""The agent's terminal, kept: what it printed and when, with the decisions as marks.

`cast` owns the file format (asciicast), `marks` which events become marks, `recorder` the writing,
`tape` the reading, `playback` the pace.  Input is never recorded.  Never decides anything, and
never passes a recorded byte to a terminal: what plays it draws it in an emulator.
"""

from __future__ import annotations

from agentwatch.recording.cast import Code, Event, Header
from agentwatch.recording.playback import Playback
from agentwatch.recording.recorder import Recorder
from agentwatch.recording.tape import Mark, Tape

__all__ = ["Code", "Event", "Header", "Mark", "Playback", "Recorder", "Tape"]
