"""Time that jumps: an event loop that moves its clock on to the next sleeper as soon as nothing is left to do.

Something is left to do while a callback is ready, a thread or a process works for the loop, or a socket has data. Only
then nothing moves: however long a piece of work takes, in virtual time it takes none, unless it sleeps by the clock.
Timers of the loop itself (``asyncio.sleep`` and others) go by the machine's time and are not waited for.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import selectors
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple, Unpack

from bot.schedule import Entry, Job, timetable
from bot.supervision import report

T = TypeVar("T")
_Arguments = TypeVarTuple("_Arguments")

_ARXIV = "arxiv"
"""The name of the threads in which ``adapters.arxiv`` asks, which are not the loop's own."""

_LOOK = 0.002
"""Seconds after which those who work are looked after again."""

_Mapping = list[tuple[selectors.SelectorKey, int]]


class VirtualClock:
    """``bot.ports.Clock`` on virtual time. To be used by one ``VirtualLoop``, which moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = self._started = start
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> timedelta:
        return self._now - self._started

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self._now + timedelta(seconds=seconds), self._count, woken))
        await woken

    async def until(self, moment: datetime) -> None:
        """Sleep until then."""
        await self.sleep((moment - self._now).total_seconds())

    def jump(self) -> bool:
        """Move on to the earliest moment that somebody sleeps until, and wake who does; False when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        if not self._sleepers:
            return False
        self._now = max(self._now, self._sleepers[0][0])
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
        return True


class _Selector(selectors.DefaultSelector):
    """Looks for events as any selector, but instead of waiting for some asks for a jump."""

    def __init__(self, at_work: Callable[[], bool], jump: Callable[[], bool]) -> None:
        super().__init__()
        self._at_work = at_work
        self._jump = jump

    def select(self, timeout: float | None = None) -> _Mapping:
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        # Asked before looking: whoever has ended by now has left word.
        if self._at_work():
            # A thread leaves word before it ends.
            return super().select(_LOOK if timeout is None else min(timeout, _LOOK))
        events = super().select(0)
        return events if events or self._jump() else super().select(timeout)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop for ``clock``."""

    def __init__(self, clock: VirtualClock) -> None:
        self._awaited = 0
        self._working = 0
        self._lock = threading.Lock()
        self._children: list[asyncio.SubprocessTransport] = []
        super().__init__(_Selector(self._at_work, clock.jump))

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[_Arguments]], T], *args: *_Arguments
    ) -> asyncio.Future[T]:
        """As the loop's; who works there is known, also when nobody waits for it any more."""

        def work() -> T:
            with self._lock:
                self._working += 1
            try:
                return func(*args)
            finally:
                with self._lock:
                    self._working -= 1

        def done(_: asyncio.Future[T]) -> None:
            self._awaited -= 1

        future = super().run_in_executor(executor, work)
        self._awaited += 1
        future.add_done_callback(done)
        return future

    async def subprocess_exec(self, *args: Any, **kwargs: Any) -> Any:
        """As the loop's."""
        transport, protocol = await super().subprocess_exec(*args, **kwargs)
        self._children.append(transport)
        return transport, protocol

    def _at_work(self) -> bool:
        if self._awaited or self._working:
            return True
        self._children = [child for child in self._children if child.get_returncode() is None]
        return bool(self._children) or any(thread.name == _ARXIV for thread in threading.enumerate())


class VirtualJobs:
    """What ``bot.schedule.Jobs`` does, by the same timetable on virtual time; ``begun`` is told who starts and when."""

    def __init__(
        self,
        poll: Job,
        beat: Job,
        housekeeping: Job,
        *,
        interval: timedelta,
        clock: VirtualClock,
        begun: Callable[[str, datetime], None],
    ) -> None:
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._clock = clock
        self._begun = begun
        entries = timetable(clock.now(), interval)
        self._work = [self._keep(job, entry) for job, entry in zip((poll, beat, housekeeping), entries, strict=True)]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(work) for work in self._work]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, job: Job, entry: Entry) -> None:
        moment: datetime | None = entry.first
        while moment is not None:
            await self._clock.until(moment)
            self._begun(entry.name, self._clock.now())
            try:
                await job()
            except Exception as error:  # noqa: BLE001  as the jobs themselves: the next run must come
                report(entry.name, error)
            moment = entry.trigger.get_next_fire_time(moment, self._clock.now())
