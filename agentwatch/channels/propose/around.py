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
from collections.abc import Callable, Coroutine, Mapping, Sequence
from types import TracebackType
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from agentwatch.channels.propose import aio, ask
from agentwatch.channels.propose.message import Approval, NotReported
from agentwatch.model import Kind

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

Path: TypeAlias = str | os.PathLike[str]
Given: TypeAlias = T | Callable[..., T]
"""A value, or a function of the gated call's arguments that makes it."""

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
    timeout: float | None = None,
) -> Gated:
    """A decorator and a (sync or async) context manager that lets only approved work run."""
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
            "timeout": timeout,
        },
    )


class Gated:
    """What `gated` returns; as a context manager it serves one block at a time."""

    def __init__(self, kind: str | Kind, fields: Mapping[str, Any]) -> None:
        self._kind = kind
        self._fields = fields
        self._entered = False
        self._approval: Approval | None = None

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, asked about before each call."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise TypeError(
                "gated cannot hold a generator, whose body runs later: use `with` inside it"
            )
        if inspect.iscoroutinefunction(function):
            return cast("Callable[P, R]", self._around_coroutine(function))

        @functools.wraps(function)
        def asked(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._bound(function, args, kwargs):
                return function(*args, **kwargs)

        return asked

    def _around_coroutine(
        self, function: Callable[P, Coroutine[Any, Any, T]]
    ) -> Callable[P, Coroutine[Any, Any, T]]:
        @functools.wraps(function)
        async def asked(*args: P.args, **kwargs: P.kwargs) -> T:
            async with self._bound(function, args, kwargs):
                return await function(*args, **kwargs)

        return asked

    def _bound(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Gated:
        """One call's own question: the fields that are functions get its arguments."""
        call = inspect.signature(function).bind(*args, **kwargs)
        call.apply_defaults()
        return Gated(self._kind, _filled(self._fields, *call.args, **call.kwargs))

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


def _filled(fields: Mapping[str, Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The fields, each function among them replaced by what it makes of the arguments."""
    return {
        name: value(*args, **kwargs) if callable(value) else value for name, value in fields.items()
    }


def _detail(error: BaseException | None) -> str:
    """The exception in one line, also where its own text cannot be made."""
    return "" if error is None else "".join(traceback.format_exception_only(error)).strip()
