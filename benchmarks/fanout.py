"""A fan-out: the papers of a day owed to very many channels, while members type commands.

`python -m benchmarks.fanout [CHANNELS WATCHES QUERIES]`: so many channels of a tenth as many workspaces, watches and
distinct queries; which queries are popular follows Zipf's law, short ones first. The store is filled directly, papers
and queries are those of ``benchmarks.material``, and the fan-out is the real one, its matching included. Deliveries a
second are counted by the processor time of the store's thread, which stores the matches and answers the commands, too;
steps and commands by the clock on the wall.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlite_utils

from adapters.arxiv import ArxivSource
from benchmarks.material import papers, queries, source_of_papers
from benchmarks.measuring import report, resident_megabytes, watched_loop
from bot.clock import SystemClock
from bot.commands import Commands
from bot.conversation import Command
from bot.fan_out import fan_out
from bot.models import Batch, ChannelRef, Cursor, MemberRef
from bot.query import Query
from storage.sqlite import SqliteStore
from storage.sqlite.values import moment_column

PAPERS = 1_300
BATCH = 200
PAUSE = 0.02  # between two commands
NOW = datetime.now(UTC)


def fill(db: sqlite_utils.Database, channels: int, watches: int, texts: list[str]) -> None:
    """Channels with watches, as members make them one by one."""
    draw = random.Random(5)
    moment, day = moment_column(NOW), (NOW.date() - timedelta(days=30)).isoformat()
    workspaces = max(1, channels // 10)
    db.conn.executemany(
        "INSERT INTO workspaces (id, platform, workspace) VALUES (?, 'bench', ?)",
        ((number, f"team{number}") for number in range(1, workspaces + 1)),
    )
    db.execute("INSERT INTO members (id, workspace_id, member, name) VALUES (1, 1, 'bench', 'bench')")
    db.conn.executemany(
        "INSERT INTO channels (id, workspace_id, channel, name, schedule, layout, made_at, receipted)"
        " VALUES (?, ?, ?, '', ?, 'digest', ?, 0)",
        (
            (
                number,
                1 + number % workspaces,
                f"channel{number}",
                ("daily 09:00 UTC", "instant UTC")[number % 10 == 0],
                moment,
            )
            for number in range(1, channels + 1)
        ),
    )
    parsed = [Query.parse(text) for text in sorted(texts, key=len)]  # what many watch is short
    distinct = list({query.canonical: query.compiled for query in parsed}.items())
    db.conn.executemany(
        "INSERT INTO queries (id, canonical, compiled) VALUES (?, ?, ?)",
        ((number, *each) for number, each in enumerate(distinct, 1)),
    )
    db.conn.executemany(
        "INSERT OR IGNORE INTO watches (channel_id, query_id, typed, made_by, made_at, since)"
        " VALUES (?, ?, ?, 1, ?, ?)",
        (
            (1 + place % channels, query, distinct[query - 1][0], moment, day)
            for place, query in enumerate(_drawn(draw, len(distinct), watches))
        ),
    )
    db.execute(
        "UPDATE queries SET watches = n FROM (SELECT query_id, count(*) AS n FROM watches GROUP BY query_id) w"
        " WHERE w.query_id = queries.id"
    )


def _drawn(draw: random.Random, number: int, wanted: int) -> Iterator[int]:
    """Numbers of queries: each of them once, then by popularity."""
    everyone = list(range(1, number + 1))
    draw.shuffle(everyone)
    yield from everyone[:wanted]
    weights = list(accumulate(1 / (rank + 20) for rank in range(number)))
    yield from draw.choices(range(1, number + 1), cum_weights=weights, k=max(0, wanted - number))


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


async def type_commands(commands: Commands, channels: int, taken: list[float]) -> None:
    draw = random.Random(1)
    member = MemberRef("bench", "team1", "bench", "bench")
    for place in range(1_000_000):
        number = 10 * draw.randrange(1, max(2, channels // 10))
        ref = ChannelRef("bench", f"team{1 + number % max(1, channels // 10)}", f"channel{number}")
        text = ("list", "status", "search model", f"watch zebra{place}", "saved", "schedule")[place % 6]
        begun = time.perf_counter()
        await commands.run(Command(ref, member, text, "channel"))
        taken.append(time.perf_counter() - begun)
        await asyncio.sleep(PAUSE)


async def make_store(folder: Path, channels: int, watches: int, wanted: int) -> None:
    store = await SqliteStore.open(folder / "bench.db")
    texts = queries(wanted)
    await store._database.write(lambda db: fill(db, channels, watches, texts))
    await store.close()


def filled(*arguments: Any) -> None:
    asyncio.run(make_store(*arguments))


async def measure(folder: Path, channels: int, wanted: int) -> None:
    clock = SystemClock()
    store = await SqliteStore.open(folder / "bench.db")
    source = ArxivSource(api_url="http://127.0.0.1:9/", delay=0.0, contact="", backfill=timedelta(), clock=clock)
    commands = Commands(store, source, clock, wake=lambda: None, default_zone="UTC")
    try:
        (watched,) = await store._database.read(lambda db: db.execute("SELECT count(*) FROM watches").fetchone())
        made = papers(PAPERS, NOW.date())
        for start in range(0, len(made), BATCH):
            part = tuple(made[start : start + BATCH])
            await store.record(Batch(part, Cursor(f"{start}"), announced=len(part)), NOW)
        del made
        taken: list[float] = []
        timed = Timed(store)
        typing = asyncio.create_task(type_commands(commands, channels, taken))
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
            channels=channels,
            watches=watched,
            queries=wanted,
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
            wal_mb=round((folder / "bench.db-wal").stat().st_size / 1e6),
            file_mb=round((folder / "bench.db").stat().st_size / 1e6),
        )
    finally:
        source.close()
        await store.close()


def _forget_peak() -> float:
    """Begin to measure the peak anew (Linux's documentation, "proc", clear_refs); returns the resident megabytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resident_megabytes(os.getpid())


def _peak() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:"))


def main(channels: int = 10_000, watches: int = 100_000, wanted: int = 30_000) -> None:
    with TemporaryDirectory() as folder:
        arguments = (Path(folder), channels, watches, wanted)
        # In a process of its own: the memory that filling needs must not count.
        filling = multiprocessing.get_context("spawn").Process(target=filled, args=arguments)
        filling.start()
        filling.join()
        asyncio.run(measure(Path(folder), channels, wanted))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
