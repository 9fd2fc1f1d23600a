"""Requests that must not be repeated behind our back.

discord.py asks again by itself after some server errors and broken connections, up to five times. Where Discord knows
a repetition by its nonce that is harmless; a post of a forum takes no nonce, and one that was stored before its answer
was lost would stand there twice. Within ``once`` a request is repeated only where Discord said that it did nothing
(429).

aiohttp tells of every single request through a trace; one that is raised in stops the request before it is sent
(https://docs.aiohttp.org/en/stable/tracing_reference.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus
from types import SimpleNamespace

import aiohttp


class RepetitionError(Exception):
    """The request was made before, and its answer was lost or an error: what it did is not known."""


class _Attempt:
    """``made``: a request that may have done something."""

    made = False


_attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def once() -> Iterator[None]:
    """Requests within, all to the same end, raise RepetitionError instead of being repeated."""
    token = _attempt.set(_Attempt())
    try:
        yield
    finally:
        _attempt.reset(token)


def trace() -> aiohttp.TraceConfig:
    """What the client's session has to be made with."""
    made = aiohttp.TraceConfig()
    made.on_request_start.append(_begins)
    made.on_request_end.append(_ends)
    return made


async def _begins(_: aiohttp.ClientSession, __: SimpleNamespace, ___: aiohttp.TraceRequestStartParams) -> None:
    attempt = _attempt.get()
    if attempt is None:
        return
    if attempt.made:
        raise RepetitionError
    attempt.made = True


async def _ends(_: aiohttp.ClientSession, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams) -> None:
    attempt = _attempt.get()
    if attempt is not None and answer.response.status == HTTPStatus.TOO_MANY_REQUESTS:
        attempt.made = False
