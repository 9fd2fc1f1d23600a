"""Waiting for work that may be overtaken by events."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.errors import DeliveryError

T = TypeVar("T")


async def unless_set(work: Coroutine[Any, Any, T], *events: asyncio.Event) -> T | None:
    """The result of ``work``; None, and ``work`` cancelled, as soon as one of ``events`` is set."""
    working = asyncio.ensure_future(work)
    setting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait([working, *setting], return_when=asyncio.FIRST_COMPLETED)
        return None if any(each.done() for each in setting) else working.result()
    finally:
        for each in (working, *setting):
            each.cancel()
        await asyncio.gather(working, *setting, return_exceptions=True)


async def outcome(task: asyncio.Task[T]) -> T:
    """What ``task`` came to; it goes on when the one who waits is cancelled. Raises DeliveryError when it was ended."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            raise DeliveryError("The console was closed before its output had taken everything.") from None
        raise
