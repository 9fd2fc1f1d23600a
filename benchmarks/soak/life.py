"""The program at work for a month, by virtual time."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import bot.similar
from adapters.arxiv import ArxivSource
from adapters.discord import DiscordChat
from adapters.slack import SlackChat
from benchmarks.soak.archive import announce
from benchmarks.soak.crowd import Town, move_in
from benchmarks.soak.month import Month
from benchmarks.soak.platforms import Ledger, TakingChat
from benchmarks.soak.sampling import Sample, megabytes, sample
from benchmarks.soak.virtual import VirtualClock, VirtualJobs, VirtualLoop
from bot.app.assembly import assembled, at_work
from bot.app.running import favour_the_loop
from bot.config import Config, Secret
from bot.watcher import Watcher
from storage.sqlite import SqliteStore

T = TypeVar("T")

BEFORE_MIDNIGHT = timedelta(seconds=90)
"""Samples are taken so long before the end of a day: no schedule's minute."""

WEEK = timedelta(days=7)
_MOST_COMPLAINTS = 20
_DAY = timedelta(days=1)


@dataclass
class Lived:
    """What was seen of a life. ``left``: tasks, sockets and files that its end left; ``complaints``: the first warnings
    of its log, of which there were ``complained``; ``file_mb``: the store before it and after it."""

    samples: list[Sample] = field(default_factory=list)
    begun: Counter[str] = field(default_factory=Counter)
    housekeeping: list[datetime] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    complained: int = 0
    left: tuple[int, int, int] = (0, 0, 0)
    file_mb: tuple[float, float] = (0.0, 0.0)
    wal_mb: float = 0.0
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0


class _Complaints(logging.Handler):
    """Takes down what is logged as a warning or worse."""

    def __init__(self, lived: Lived) -> None:
        super().__init__(logging.WARNING)
        self._lived = lived

    def emit(self, record: logging.LogRecord) -> None:
        self._lived.complained += 1
        if len(self._lived.complaints) < _MOST_COMPLAINTS:
            self._lived.complaints.append(self.format(record))


def on_virtual_time(clock: VirtualClock, work: Callable[[VirtualClock], Coroutine[Any, Any, T]]) -> T:
    """The result of ``work``, in an event loop of its own."""
    loop = VirtualLoop(clock)
    try:
        return loop.run_until_complete(work(clock))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def prepare(clock: VirtualClock, *, database: Path, url: str, everybody: Town) -> None:
    """A store that has read arXiv's last days, and in which everybody watches."""
    store = await SqliteStore.open(database)
    source = ArxivSource(api_url=url, delay=0.0, contact="", backfill=timedelta(days=7), clock=clock)
    try:
        result = await Watcher(source, store, clock).poll()
        if result.failure or not result.backfilled:
            raise RuntimeError(f"the archive could not be read: {result}")
        await move_in(store, everybody, clock)
    finally:
        source.close()
        await store.close()


def live(month: Month, database: Path, url: str, *, index_every: timedelta = WEEK) -> Lived:
    """Run the program from the month's start to its end; the ledger stands beside ``database``.

    ``index_every``: how often the index of similar papers is made. Daily it would take longer than all else, in a
    process that is not measured.
    """
    lived = Lived()
    before = megabytes(database)
    complaints = _Complaints(lived)
    logging.getLogger().addHandler(complaints)
    cpu, wall = time.process_time(), time.perf_counter()
    stale, bot.similar.STALE = bot.similar.STALE, index_every - timedelta(hours=4)
    work = partial(_live_and_leave, month=month, database=database, url=url, lived=lived)
    favour_the_loop()
    try:
        on_virtual_time(VirtualClock(month.start), work)
    finally:
        gc.unfreeze()
        bot.similar.STALE = stale
        logging.getLogger().removeHandler(complaints)
    lived.file_mb = (before, megabytes(database))
    lived.cpu_seconds, lived.wall_seconds = time.process_time() - cpu, time.perf_counter() - wall
    return lived


async def _live_and_leave(clock: VirtualClock, *, month: Month, database: Path, url: str, lived: Lived) -> None:
    before = sample(clock.now(), database)
    await _live(clock, month=month, database=database, url=url, lived=lived)
    after = sample(clock.now(), database)
    lived.left = (after.tasks - before.tasks, after.sockets - before.sockets, after.files - before.files)


async def _live(clock: VirtualClock, *, month: Month, database: Path, url: str, lived: Lived) -> None:
    config = Config(database=database, arxiv_api_url=Secret(url), arxiv_delay=0.0, signals=None)
    wal = database.with_name(database.name + "-wal")

    def begun(name: str, moment: datetime) -> None:
        lived.begun[name] += 1
        lived.wal_mb = max(lived.wal_mb, megabytes(wal))
        if name == "Housekeeping":
            lived.housekeeping.append(moment)

    with Ledger(ledger_of(database)) as ledger:
        chats = [
            TakingChat("slack", SlackChat.limits, ledger, clock),
            TakingChat("discord", DiscordChat.limits, ledger, clock),
        ]
        make_jobs = partial(VirtualJobs, clock=clock, begun=begun)
        async with (
            assembled(config, asyncio.Event(), lambda _: chats, lambda _: None, clock=clock) as parts,
            at_work(config, parts, parts.watcher.poll, make_jobs),
            _announcing(month, url, clock),
        ):
            for number in range(1, month.days + 1):
                await clock.until(month.end - (month.days - number) * _DAY - BEFORE_MIDNIGHT)
                lived.samples.append(sample(clock.now(), database))
            # What is due at the very end is not the month's any more.
            await clock.until(month.end - timedelta(seconds=1))


def ledger_of(database: Path) -> Path:
    return database.with_name("ledger")


@asynccontextmanager
async def _announcing(month: Month, url: str, clock: VirtualClock) -> AsyncIterator[None]:
    """Announcements at their moments, as long as the block lasts."""

    async def run() -> None:
        for each in month.announcements:
            await clock.until(each.at)
            await announce(url)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
