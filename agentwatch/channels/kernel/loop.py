"""The gate process: takes every held call, answers what needs nobody, and asks for the rest.

A process of its own, outside the containment, that talks to the supervisor in JSON lines.  Owns
the listener and what is held; whatever goes wrong with a call, that call is refused.  Without a
supervisor everything is refused; without this process the kernel fails the calls itself.

What does not work: an agent that serves its own file system (FUSE) can hold this process up, and
with it its own tree, until it is killed.
"""

from __future__ import annotations

import contextlib
import errno
import select
import threading
from typing import TYPE_CHECKING, Any

from . import abi, programs, signals, sockets
from .acts import Deed, Observed
from .caller import Caller
from .channel import Channel
from .files import Again, Changed, Held
from .listener import GOES_ON, REFUSED, Answer, Call, Listener, failed
from .rules import ALLOW, ASK, DENY, Cover, Rules, Told
from .takers import TAKERS
from .watching import Watching

if TYPE_CHECKING:
    from .local import Local

AGAIN_AFTER = 20
"""Milliseconds between two tries of what could not be done yet."""

TRIES = 16
"""Times a call is found and judged anew when its object changed meanwhile."""

MOST_DENIED = 100_000
"""Refused starts to know again, so that one refusal is asked about once."""

_IMAGES = ("arch_prctl", "set_tid_address")

_STARTS = ("execve", "execveat")
_TRACEME = 0


class Loop:
    """The answering loop of one session."""

    def __init__(self, listener: Listener, channel: Channel, agent: int, root: int) -> None:
        self.rules = Rules()
        self.listener = listener
        self.channel = channel
        self.alone = False
        """Whether the supervisor is gone."""
        self._agent = agent
        self._root = root
        self._begun = False
        self._untraced = not Caller(agent).traced
        """Whether nobody of the tree can have hold of another: none has asked for it."""
        self._starts = programs.Starts()
        self._held: dict[int, tuple[Call, Held, int]] = {}
        self._again: list[tuple[Call, Held, int]] = []
        self._names = {number: name for name, number in abi.machine()[1].items()}
        self._number = 0
        self._denied: dict[int, object] = {}
        self.local: Local | None = None
        """Who lets pass what needs nobody, where the supervisor said by what."""
        self._floored = Told()

    def run(self) -> None:
        """Serve until nobody is left who could call."""
        poll = select.poll()
        poll.register(self.listener.handle, select.POLLIN)
        poll.register(self.channel.line, select.POLLIN)
        watching = Watching(poll)
        waits = False
        while True:
            for handle, what in watching.next(AGAIN_AFTER if self._again else None):
                if handle != self.listener.handle:
                    self._hear(poll)
                elif what & select.POLLIN:
                    self._receive()
                elif what:
                    return
            self._try_again()
            if not self.alone:
                more = self.channel.flush()
                if more != waits:
                    waits = more
                    wanted = select.POLLIN | (select.POLLOUT if more else 0)
                    poll.modify(self.channel.line, wanted)

    def _receive(self) -> None:
        call = self.listener.receive()
        if call is not None:
            self.take(call, 0)
            self._settle_book()

    def _settle_book(self) -> None:
        """What nobody has to be held for; if it fails, nothing passes here any more."""
        try:
            if self.local is not None:
                self.local.settle()
        except Exception as error:  # noqa: BLE001 - whatever it was, the supervisor judges now
            self.channel.say({"refused": f"its own book, and asks for all from now on: {error}"})

    def take(self, call: Call, tries: int) -> None:
        """Answer a held call, or keep it until it is answered; raises nothing."""
        held = None
        try:
            name = self._names[call.number]
            if name in _IMAGES:
                self._seen_through(call)
                return
            found = self._find(name, call)
            if isinstance(found, Answer):
                self._answer(call, found)
                return
            held = found
            verdict = DENY if self._asked_again(held.event) else self._judge(held)
            if verdict == ASK and not self.alone:
                self._ask(call, held, tries)
            elif verdict == ALLOW and not self.alone:
                self._carry_out(call, held, tries)
            else:
                if verdict == DENY and self._floored.first(held.event):
                    self.channel.say({"floor": held.event.to_json()})
                self._refuse(call, held)
        except OSError as error:
            self._settle(call, held, failed(error))
        except Exception:  # noqa: BLE001 - whatever it was, the answer is no
            self._settle(call, held, REFUSED)

    def _find(self, name: str, call: Call) -> Held | Answer:
        if name == "ptrace":
            self._untraced = False  # from before it is done, whoever may do it
            if call.args[0] & 0xFFFFFFFF == _TRACEME:
                return GOES_ON
        starts = name in _STARTS
        caller = Caller.briefly(call.tid) if starts and self._untraced else Caller(call.tid)
        try:
            if starts:
                return programs.starting(caller, name, call, self._starts)
            if name in TAKERS:
                return TAKERS[name](caller, name, call)
            if name in signals.TAKES_HOLD:
                self._refuse_hold(caller, name, call)
            return signals.signalling(caller, name, call, self._root)
        except BaseException:
            caller.close()
            raise

    def _refuse_hold(self, caller: Caller, name: str, call: Call) -> None:
        """Raise OSError where it would act by another process, for what only that one may do."""
        if self.local is None:
            return
        others = signals.taken(caller, name, call)
        if not self.local.belongs_elsewhere(caller.descent, others):
            return
        event = signals.event(caller, name, others[0])
        if self._floored.first(event):
            self.channel.say({"floor": event.to_json()})
        raise PermissionError(errno.EPERM, "it belongs to an allowed action")

    def _judge(self, held: Held) -> str:
        event = held.event
        if event.kind is Deed.EXEC and event.pid == self._agent and not self._begun:
            if not self._starts.through(self._agent):
                return ALLOW  # the agent itself: a person started it
            self._begun = True
        verdict = self.rules.judge(event, signals.below)
        if verdict == ASK and self.local is not None and not self.alone:
            return ALLOW if self._passes(self.local, held) else ASK
        return verdict

    def _passes(self, local: Local, held: Held) -> bool:
        try:
            return local.passes(held.event, held.caller.descent, held)
        except OSError as error:
            self._did_not(held)
            self.channel.say({"unrecorded": str(error)})
            raise PermissionError(errno.EPERM, "it could not be recorded") from error

    def _asked_again(self, event: Observed) -> bool:
        """Whether this is the refused start once more: a shell tries every folder of its PATH."""
        return event.kind is Deed.EXEC and self._denied.get(event.pid) == _start_of(event)

    def _seen_through(self, call: Call) -> None:
        """A new image asks for its thread pointer: look at it before its own code runs."""
        betrayed = self._starts.differs(call.tid)
        if betrayed is not None:
            # It is not answered: it stays held until the supervisor's kill.
            self.channel.say({"betrayed": betrayed.to_json()})
            return
        if call.tid == self._agent:
            self._begun = True
        self.listener.answer(call.id, GOES_ON)

    def _ask(self, call: Call, held: Held, tries: int) -> None:
        start = held.caller.descent[0].started
        if not self.listener.valid(call.id):
            held.drop()
            return
        self._number += 1
        self._held[self._number] = (call, held, tries)
        self.channel.say({"event": self._number, "started": start, **held.event.to_json()})
        if self._number % 64 == 0:
            self._forget_the_dead()

    def _forget_the_dead(self) -> None:
        for number, (call, held, _) in list(self._held.items()):
            if not self.listener.valid(call.id):
                del self._held[number]
                held.drop()
                self.channel.say({"gone": number})

    def _carry_out(self, call: Call, held: Held, tries: int) -> None:
        """Do what was allowed, if its caller still waits."""
        try:
            # A start is done by its caller alone, if that is still there.
            starts = held.event.kind is Deed.EXEC
            if not starts and not self.listener.valid(call.id):
                held.drop()
                return
            answer = held.carry_out()
        except Again:
            self._again.append((call, held, tries))
            return
        except Changed:
            self._did_not(held)
            held.drop()
            if tries >= TRIES:
                self._answer(call, REFUSED)
            else:
                self.take(call, tries + 1)
            return
        except sockets.Later as later:
            threading.Thread(target=self._apart, args=(call, held, later), daemon=True).start()
            return
        except OSError as error:
            self._did_not(held)
            answer = failed(error)
        except Exception:  # noqa: BLE001 - whatever it was, the answer is no
            answer = REFUSED
        if not self._settle(call, held, answer) and starts:
            self._starts.forget(held.event.pid)

    def _did_not(self, held: Held) -> None:
        """What was kept aside for it did not change."""
        if self.local is not None and held.kept:
            self.local.retract(held)

    def _apart(self, call: Call, held: Held, later: sockets.Later) -> None:
        try:
            answer = later.work()
        except OSError as error:
            answer = failed(error)
        except Exception:  # noqa: BLE001 - whatever it was, the answer is no
            answer = REFUSED
        self._settle(call, held, answer)

    def _try_again(self) -> None:
        again, self._again = self._again, []
        for call, held, tries in again:
            self._carry_out(call, held, tries)

    def _settle(self, call: Call, held: Held | None, answer: Answer) -> bool:
        """Answer, and let go of what was held for it; whether its caller was there."""
        there = self._answer(call, answer)
        if held is not None:
            held.drop()
        return there

    def _refuse(self, call: Call, held: Held) -> None:
        self._settle(call, held, REFUSED)

    def _answer(self, call: Call, answer: Answer) -> bool:
        try:
            return self.listener.answer(call.id, answer)
        except OSError:  # an answer the kernel does not take must not leave a pass behind
            with contextlib.suppress(OSError):
                self.listener.answer(call.id, REFUSED)
        return False

    def _hear(self, poll: select.poll) -> None:
        """What the supervisor says; at its end everything that waits is refused."""
        try:
            messages = self.channel.hear()
        except (OSError, ValueError):
            messages = None
        if messages is None:
            self.alone = True
            poll.unregister(self.channel.line)
            held, self._held = self._held, {}
            for call, one, _ in held.values():
                self._refuse(call, one)
            return
        for message in messages:
            try:
                self._obey(message)
            except Exception as error:  # noqa: BLE001 - what cannot be understood changes nothing
                self.channel.say({"refused": f"{type(error).__name__}: {error}"})

    def _obey(self, message: dict[str, Any]) -> None:
        if "event" in message:
            self._decided(message)
        elif "rules" in message:
            self.rules.load(message["rules"])
        elif "cover" in message:
            self.rules.cover(Cover.from_json(message["cover"]))
        elif "uncover" in message:
            self.rules.uncover(str(message["uncover"]))
        elif self.local is not None and "shut" in message:
            self.local.shut()
        elif self.local is not None and "mode" in message:
            self.local.change_mode(str(message["mode"]))
            self.channel.say({"moded": message["number"]})
        elif self.local is not None and "denials" in message:
            self.local.denied(message["denials"])
        else:
            raise ValueError("no such message")

    def _decided(self, message: dict[str, Any]) -> None:
        found = self._held.pop(int(message["event"]), None)
        if found is None:  # it was answered, or its caller died
            return
        call, held, tries = found
        if message.get("verdict") != ALLOW:
            if held.event.kind is Deed.EXEC and len(self._denied) < MOST_DENIED:
                self._denied[held.event.pid] = _start_of(held.event)
            self._refuse(call, held)
            return
        if self.local is not None and message.get("keep") is not None:
            try:
                kept = self.local.keep(held, message["keep"])
            except Exception:  # noqa: BLE001 - whatever it was, the answer is no
                self._refuse(call, held)
                return
            if not kept:
                self._ask(call, held, tries)  # once more: with why it cannot be taken back
                return
        if message.get("remember") is True:
            self.rules.remember(held.event)
        if self.local is not None and message.get("book") is not None:
            self.local.passed(held.event, message["book"])
        if held.event.kind is Deed.EXEC and self._was_taken(held):
            self._refuse(call, held)
            return
        self._carry_out(call, held, tries)

    @staticmethod
    def _was_taken(held: Held) -> bool:
        """Whether another process took hold of it while it waited."""
        try:
            return not held.caller.traced and Caller(held.caller.tid).traced
        except OSError:  # it has gone meanwhile
            return True


def _start_of(event: Observed) -> object:
    return (event.ppid, event.path, event.argv)
