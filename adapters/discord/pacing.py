"""Requests below Discord's limit over all of them: 50 a second (https://docs.discord.com/developers/topics/rate-
limits).

The limits of single routes are kept by discord.py, which waits before it would be refused; of this one it learns by
being refused, and refusals count. Interactions are not among what Discord counts, and do not pass here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta

from bot.ports import Clock

A_SECOND = 48
"""Two less than allowed: requests do not arrive as evenly as they are sent."""

_WINDOW = timedelta(seconds=1.02)
"""In any time of this length at most one more than ``A_SECOND`` go: what was held up together does not go at once."""


class Pace:
    """Lets requests go one by one."""

    def __init__(self, clock: Clock, a_second: int = A_SECOND) -> None:
        self._clock = clock
        self._distance = timedelta(seconds=1 / a_second)
        self._free = clock.monotonic()
        self._one = asyncio.Lock()
        self._gone: deque[timedelta] = deque(maxlen=a_second + 1)

    async def turn(self) -> None:
        """Wait until one more request may go."""
        came = self._clock.monotonic()
        async with self._one:
            # Where the program was held up, the schedule is what it would have been.
            planned = max(self._free, came)
            at = planned
            if len(self._gone) == self._gone.maxlen:
                at = max(at, self._gone[0] + _WINDOW)
            now = self._clock.monotonic()
            if at > now:
                await self._clock.sleep((at - now).total_seconds())
            self._free = planned + self._distance
            self._gone.append(self._clock.monotonic())
