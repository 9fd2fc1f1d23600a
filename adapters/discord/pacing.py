"""Requests below Discord's limit over all of them: 50 a second (https://docs.discord.com/developers/topics/rate-
limits).

The limits of single routes are kept by discord.py, which waits before it would be refused; of this one it learns by
being refused, and refusals count. Interactions are not among what Discord counts, and do not pass here.
"""

from __future__ import annotations

from datetime import timedelta

from bot.ports import Clock

A_SECOND = 48
"""Two less than allowed: requests do not arrive as evenly as they are sent."""


class Pace:
    """Lets requests go one by one."""

    def __init__(self, clock: Clock, a_second: float = A_SECOND) -> None:
        self._clock = clock
        self._distance = timedelta(seconds=1 / a_second)
        self._free = clock.monotonic()

    async def turn(self) -> None:
        """Wait until one more request may go."""
        now = self._clock.monotonic()
        at = max(self._free, now)
        self._free = at + self._distance
        if at > now:
            await self._clock.sleep((at - now).total_seconds())
