"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class FakeClock:
    """``bot.ports.Clock`` by hand: ``advance`` moves time on and wakes the sleepers whose moment has come, in order."""

    def __init__(self, start: datetime = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)) -> None:
        self._now = self._started = start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> timedelta:
        return self._now - self._started

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        self._sleepers.append((self._now + timedelta(seconds=seconds), self._count, future))
        try:
            await future
        finally:
            self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[2] is not future]

    def set(self, moment: datetime) -> None:
        """Move time without waking anybody: for code that only reads the clock."""
        self._now = moment

    def jump(self, seconds: float) -> None:
        """Somebody sets the clock: no time passes by that, and who sleeps is woken no earlier or later."""
        by = timedelta(seconds=seconds)
        self._now, self._started = self._now + by, self._started + by
        self._sleepers = [(moment + by, number, future) for moment, number, future in self._sleepers]

    async def advance(self, seconds: float) -> None:
        """Move time on, waking each sleeper at its own moment and letting it run before the next."""
        end = self._now + timedelta(seconds=seconds)
        while due := [sleeper for sleeper in self._sleepers if sleeper[0] <= end and not sleeper[2].done()]:
            moment, _, future = min(due, key=lambda sleeper: sleeper[:2])
            self._now = max(self._now, moment)
            future.set_result(None)
            await self.settle()
        self._now = end
        await self.settle()

    async def settle(self, rounds: int = 20) -> None:
        """Give every ready task its turn."""
        for _ in range(rounds):
            await asyncio.sleep(0)


class QuickClock:
    """``bot.ports.Clock`` on which time passes ``times`` as fast as on the machine's, from the machine's now on.

    For real requests between parts that keep a pace: they take what they take, and the waits between them little.
    """

    def __init__(self, times: float = 20.0) -> None:
        self._times = times
        self._begun = time.monotonic()
        self._start = datetime.now(UTC)

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._begun) * self._times)

    def monotonic(self) -> timedelta:
        return timedelta(seconds=self.seconds())

    def skip(self, seconds: float) -> None:
        """Let so much time have passed; who sleeps is not woken earlier for it."""
        self._start += timedelta(seconds=seconds)

    def seconds(self) -> float:
        """Now as a Unix time."""
        return self.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._times)
