"""A fan-out: the papers of a poll owed to very many channels, while members type commands.

`python -m benchmarks.fanout FILE`, a store with a crowd in it (``benchmarks.crowd``, ``benchmarks.whole``). The
papers are those of two days, as they come after a holiday, and the fan-out is the real one, its matching included.
Deliveries a second are counted by the processor time of the store's thread, which stores the matches and answers the
commands, too; steps and commands by the clock on the wall.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlite_utils

from adapters.arxiv import ArxivSource
from benchmarks.material import PAPERS_A_DAY, papers, queries, source_of_papers
from benchmarks.measuring import report, resident_megabytes, watched_loop
from bot.app.running import favour_the_loop
from bot.clock import SystemClock
from bot.commands import Commands
from bot.conversation import Command
from bot.fan_out import fan_out
from bot.models import Batch, ChannelRef, Cursor, MemberRef, Paper
from bot.paper_id import ordinal
from storage.sqlite import SqliteStore

PAPERS = 2 * PAPERS_A_DAY
BATCH = 200
_NUMBERS = "SELECT (SELECT count(*) FROM channels), (SELECT count(*) FROM watches), (SELECT count(*) FROM queries)"
WATCHED = 3_000
"""Different queries that are watched meanwhile."""
PAUSE = 0.02  # between two commands
NOW = datetime.now(UTC)


async def news(store: SqliteStore) -> list[Paper]:
    """Papers listed today, with ids behind those that the archive has."""
    month = ordinal(f"{NOW:%y%m}.00001") - 1
    (latest,) = await store._database.read(
        lambda db: db.execute("SELECT max(ordinal) FROM papers WHERE ordinal > ?", (month,)).fetchone()
    )
    first = 1 if latest is None else latest - month + 1
    return [
        replace(paper, id=f"{NOW:%y%m}.{number:05}", announced=NOW.date())
        for number, paper in enumerate(papers(PAPERS, NOW.date()), first)
    ]


class Timed:
    """The store, with the seconds that its steps took in ``seconds`` and the longest of each kind in ``longest``."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.seconds: dict[str, float] = {}
        self.longest: dict[str, float] = {}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        if name not in {"put_matches", "owe_next"}:
            return method

        async def call(*arguments: Any) -> Any:
            begun = time.perf_counter()
            result = await method(*arguments)
            taken = time.perf_counter() - begun
            self.seconds[name] = self.seconds.get(name, 0.0) + taken
            self.longest[name] = max(self.longest.get(name, 0.0), taken)
            return result

        return call


async def type_commands(
    commands: Commands, callers: list[tuple[ChannelRef, MemberRef]], watched: list[str], taken: list[float]
) -> None:
    draw = random.Random(1)
    for place in itertools.count():
        ref, member = draw.choice(callers)
        watch = f"watch {watched[place % len(watched)]}"
        text = ("list", "status", "search model", watch, "saved", "schedule")[place % 6]
        begun = time.perf_counter()
        await commands.run(Command(ref, member, text, "channel"))
        taken.append(time.perf_counter() - begun)
        await asyncio.sleep(PAUSE)


def _some_callers(db: sqlite_utils.Database) -> list[tuple[ChannelRef, MemberRef]]:
    """Channels, each with a member of its workspace."""
    rows = db.execute(
        "SELECT w.platform, w.workspace, c.channel, m.member FROM channels c JOIN workspaces w ON w.id = c.workspace_id"
        " JOIN members m ON m.workspace_id = w.id ORDER BY c.id % 97, c.id LIMIT 1000"
    )
    return [
        (ChannelRef(platform, workspace, channel), MemberRef(platform, workspace, member, "bench"))
        for platform, workspace, channel, member in rows
    ]


async def measure(database: Path) -> None:
    clock = SystemClock()
    store = await SqliteStore.open(database)
    source = ArxivSource(api_url="http://127.0.0.1:9/", delay=0.0, contact="", backfill=timedelta(), clock=clock)
    commands = Commands(store, source, clock, wake=lambda: None, default_zone="UTC")
    try:
        numbers = await store._database.read(lambda db: db.execute(_NUMBERS).fetchone())
        callers = await store._database.read(_some_callers)
        # Some are watched in their channel already; most are not.
        watched = queries(WATCHED)
        made = await news(store)
        for start in range(0, len(made), BATCH):
            part = tuple(made[start : start + BATCH])
            await store.record(Batch(part, Cursor(f"{start}"), announced=len(part)), NOW)
        del made
        taken: list[float] = []
        timed = Timed(store)
        typing = asyncio.create_task(type_commands(commands, callers, watched, taken))
        rest, begun, cpu = _forget_peak(), time.perf_counter(), time.process_time()
        in_store = await store._database.read(lambda _: time.thread_time())
        async with watched_loop() as loop:
            done = await fan_out(timed, clock)
        wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
        in_store = await store._database.read(lambda _: time.thread_time()) - in_store
        typing.cancel()
        await asyncio.gather(typing, return_exceptions=True)
        report(
            papers=PAPERS,
            source=source_of_papers(),
            **dict(zip(("channels", "watches", "queries"), numbers, strict=True)),
            deliveries=done.deliveries,
            wall_seconds=round(wall, 1),
            cpu_seconds=round(cpu, 1),
            deliveries_a_second=round(done.deliveries / in_store),
            store_cpu_seconds=round(in_store, 1),
            owing_seconds=round(timed.seconds["owe_next"], 1),
            matches_seconds=round(timed.seconds["put_matches"], 1),
            longest_step_ms=round(max(timed.longest.values()) * 1000),
            commands=len(taken),
            command_median_ms=round(statistics.median(taken) * 1000),
            command_p99_ms=round(statistics.quantiles(taken, n=100)[98] * 1000),
            loop_held_ms=round(loop.longest * 1000),
            rest_mb=round(rest),
            peak_above_rest_mb=round(_peak() - rest),
            wal_mb=_megabytes(database.with_name(database.name + "-wal")),
            file_mb=_megabytes(database),
        )
    finally:
        source.close()
        await store.close()


def _megabytes(file: Path) -> int:
    return round(file.stat().st_size / 1e6)


def _forget_peak() -> float:
    """Begin to measure the peak anew (Linux's documentation, "proc", clear_refs); returns the resident megabytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resident_megabytes(os.getpid())


def _peak() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    # As the program does.
    favour_the_loop()
    asyncio.run(measure(Path(sys.argv[1])))
