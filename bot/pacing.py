"""Waiting by a given clock: a limit on how long something may take, and a distance between things."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from bot.models import ChannelRef
from bot.ports import Clock

T = TypeVar("T")

# Past moments are swept out when there are more than this.
_SWEEP = 1_000


async def within(clock: Clock, seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``; TimeoutError when it is not there after ``seconds``, or when it broke itself off.

    ``work`` has ended when this returns or raises, also when this is cancelled.
    """
    task = asyncio.create_task(work)
    alarm = asyncio.create_task(clock.sleep(seconds))
    try:
        await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() or task.cancelled():
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()
        alarm.cancel()
        await asyncio.gather(task, alarm, return_exceptions=True)


class Pacer:
    """Keeps a distance between two posts in one channel. The caller posts to a channel one at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free: dict[ChannelRef, timedelta] = {}

    @property
    def known(self) -> set[ChannelRef]:
        """The channels of which a moment is remembered."""
        return set(self._free)

    async def turn(self, channel: ChannelRef) -> None:
        """Wait until the channel may be posted to again."""
        while (free := self._free.get(channel)) and (wait := (free - self._clock.monotonic()).total_seconds()) > 0:
            await self._clock.sleep(wait)

    def posted(self, channel: ChannelRef, interval: float) -> None:
        """The channel was posted to just now; the next post follows ``interval`` seconds later or more."""
        now = self._clock.monotonic()
        if interval > 0:
            self._free[channel] = now + timedelta(seconds=interval)
        if len(self._free) > _SWEEP:
            self._free = {ref: free for ref, free in self._free.items() if free > now}
