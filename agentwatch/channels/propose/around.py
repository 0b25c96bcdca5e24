"""`gated`: ask before a function or a block runs, and say afterwards how it went.

Owns the order of things: asked, allowed, run, reported.  Never runs the function or the block
without a yes, and never puts a failure to report in place of the caller's own exception: that
failure is logged.
"""

from __future__ import annotations

import functools
import inspect
import logging
import os
import traceback
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from agentwatch.channels.propose import aio, ask
from agentwatch.channels.propose.message import Approval, Denied, NotReported
from agentwatch.model import Kind

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Path: TypeAlias = str | os.PathLike[str]
Given: TypeAlias = T | Callable[..., T]
"""A value, or a function of the gated call's arguments that makes it."""
Edited: TypeAlias = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Makes of the changed fields the arguments to call with instead, by name."""

log = logging.getLogger("agentwatch")


def gated(
    kind: str | Kind,
    *,
    command: Given[str] | None = None,
    argv: Given[Sequence[Path]] = (),
    paths: Given[Sequence[Path]] = (),
    path: Given[Path] | None = None,
    url: Given[str] | None = None,
    host: Given[str] | None = None,
    tool: Given[str] | None = None,
    params: Given[Mapping[str, Any]] | None = None,
    diff: Given[str] | None = None,
    words: Given[str] | None = None,
    cwd: Given[Path] | None = None,
    edits: Collection[str] = (),
    edited: Edited | None = None,
    timeout: float | None = None,
) -> Gated:
    """A decorator and a (sync or async) context manager that lets only approved work run.

    `edits` names the fields that a person may change.  Around a block, `Approval.given` says what
    they were changed into.  Around a function, `edited` makes of that the arguments, by name, to
    call it with instead; what these would ask for must be what was approved, or it is not called.
    """
    return Gated(
        kind,
        {
            "command": command,
            "argv": argv,
            "paths": paths,
            "path": path,
            "url": url,
            "host": host,
            "tool": tool,
            "params": params,
            "diff": diff,
            "words": words,
            "cwd": cwd,
            "edits": edits,
            "timeout": timeout,
        },
        edited,
    )


class Gated:
    """What `gated` returns; as a context manager it serves one block at a time."""

    def __init__(
        self, kind: str | Kind, fields: Mapping[str, Any], edited: Edited | None = None
    ) -> None:
        self._kind = kind
        self._fields = fields
        self._edited = edited
        self._entered = False
        self._approval: Approval | None = None

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, asked about before each call."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                "gated cannot hold a generator, whose body runs later: use `with` inside it"
            )
        if bool(self._fields.get("edits")) != (self._edited is not None):
            raise TypeError("a function takes `edits` by `edited`, which makes its arguments anew")
        if inspect.iscoroutinefunction(function):
            return cast("Callable[P, R]", self._around_coroutine(function))

        @functools.wraps(function)
        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._bound(function, args, kwargs) as approval:
                if approval.given is None:
                    return function(*args, **kwargs)
                call = self._changed(approval, function, args, kwargs)
                return function(*call.args, **call.kwargs)

        return asked

    def _around_coroutine(
        self, function: Callable[P, Coroutine[Any, Any, T]]
    ) -> Callable[P, Coroutine[Any, Any, T]]:
        @functools.wraps(function)
        async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
            async with self._bound(function, args, kwargs) as approval:
                if approval.given is None:
                    return await function(*args, **kwargs)
                call = self._changed(approval, function, args, kwargs)
                return await function(*call.args, **call.kwargs)

        return asked

    def _bound(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Gated:
        """One call's own question: the fields that are functions get its arguments."""
        return self._of(_call(function, args, kwargs))

    def _of(self, call: inspect.BoundArguments) -> Gated:
        return Gated(self._kind, _filled(self._fields, *call.args, **call.kwargs))

    def _changed(
        self,
        approval: Approval,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> inspect.BoundArguments:
        """The call that a change means; raises Denied where it would ask for anything else."""
        call = _call(function, args, kwargs)
        given = dict(approval.given or {})
        try:
            if self._edited is None:
                raise TypeError("nothing makes arguments of a change")  # noqa: TRY301
            instead = self._edited(given)
            if odd := sorted(set(instead) - set(call.arguments)):
                raise TypeError(f"it has no argument {odd[0]}")  # noqa: TRY301
            call.arguments.update(instead)
            would = ask.edits_of(self._kind, **self._of(call)._fields)
        except Exception as error:
            raise _lost(approval, f"no arguments can be made of it ({error!r})") from error
        if would != given:
            raise _lost(approval, "the arguments made of it ask for something else")
        return call

    def __enter__(self) -> Approval:
        self._enter()
        try:
            self._approval = ask.propose(self._kind, **_filled(self._fields))
        except BaseException:
            self._entered = False
            raise
        return self._approval

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            ask.report(self._leave(), done=error is None, detail=_detail(error))
        except NotReported as failure:
            log.warning("%s", failure.what)

    async def __aenter__(self) -> Approval:
        self._enter()
        try:
            self._approval = await aio.apropose(self._kind, **_filled(self._fields))
        except BaseException:
            self._entered = False
            raise
        return self._approval

    async def __aexit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        try:
            await aio.areport(self._leave(), done=error is None, detail=_detail(error))
        except NotReported as failure:
            log.warning("%s", failure.what)

    def _enter(self) -> None:
        if self._entered:
            raise RuntimeError("this `gated` is already in use: make one for each block")
        self._entered = True

    def _leave(self) -> Approval:
        approval, self._approval, self._entered = self._approval, None, False
        if approval is None:
            raise RuntimeError("this `gated` was never entered")
        return approval


def _call(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> inspect.BoundArguments:
    """A call, defaults and all."""
    call = inspect.signature(function).bind(*args, **kwargs)
    call.apply_defaults()
    return call


def _lost(approval: Approval, why: str) -> Denied:
    """The no that a change is which cannot be carried out."""
    return Denied(f"a person changed it, but {why}", action=approval.id, by=approval.by)


def _filled(fields: Mapping[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The fields, each function among them replaced by what it makes of the arguments."""
    return {
        name: value(*args, **kwargs) if callable(value) else value for name, value in fields.items()
    }


def _detail(error: BaseException | None) -> str:
    """The exception in one line, also where its own text cannot be made."""
    return "" if error is None else "".join(traceback.format_exception_only(error)).strip()
