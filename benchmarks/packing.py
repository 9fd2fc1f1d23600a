"""What a delivery and a post cost in the file, before and after housekeeping, and how long a slice of that takes.

`python -m benchmarks.packing [CHANNELS DELIVERIES]`: so many deliveries of half a year, posted in digests of ten with
the words that matched, evenly over the channels, in the order in which polls bring them. Bytes are pages of the tables
with their indexes (SQLite's documentation, "dbstat"), so what lies idle in pages counts.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Awaitable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import sqlite_utils

from benchmarks.measuring import report
from bot.clock import SystemClock
from bot.housekeeping import RECENT, tidy
from bot.ports import KeepingStore
from storage.sqlite import SqliteStore
from storage.sqlite.values import moment_column

MONTHS = (202501, 202502, 202503, 202504, 202505, 202506)
MADE = datetime(2025, 7, 1, tzinfo=UTC)
PAPERS = 20_000  # in a month
IN_A_DIGEST = 10
ROUNDS = 120  # polls
T = TypeVar("T")


def fill(db: sqlite_utils.Database, channels: int, deliveries: int) -> None:
    moment = moment_column(MADE)
    db.execute("INSERT INTO workspaces (id, platform, workspace) VALUES (1, 'bench', 'team')")
    db.conn.executemany(
        "INSERT INTO channels (id, workspace_id, channel, name, schedule, layout, made_at, receipted)"
        " VALUES (?, 1, ?, '', 'off UTC', 'digest', ?, 0)",
        ((number, f"channel{number}", moment) for number in range(1, channels + 1)),
    )
    numbers = [month * 1_000_000 + number for month in MONTHS for number in range(1, PAPERS + 1)]
    db.conn.executemany(
        "INSERT INTO papers (ordinal, id, version, recorded, published, updated, categories, authors, title, abstract)"
        " VALUES (?, ?, 1, 1, ?, ?, '[]', '[]', '', '')",
        ((paper, str(paper), moment, moment) for paper in numbers),
    )
    db.conn.executemany("INSERT INTO kept (paper) VALUES (?)", ((paper,) for paper in numbers))
    a_round = deliveries // channels // ROUNDS + 1
    post = 0
    for place in range(ROUNDS):
        draw = random.Random(place)
        start = place * len(numbers) // ROUNDS
        news = numbers[start : start + len(numbers) // ROUNDS]
        given = [(channel, sorted(draw.sample(news, a_round))) for channel in range(1, channels + 1)]
        db.conn.executemany(
            "INSERT INTO deliveries (channel_id, paper, state, late) VALUES (?, ?, 0, 0)",
            ((channel, paper) for channel, papers in given for paper in papers),
        )
        db.execute("UPDATE deliveries SET state = 1 WHERE paper BETWEEN ? AND ?", (news[0], news[-1]))
        post = put_digests(db, post, given, moment)


def put_digests(db: sqlite_utils.Database, post: int, given: list[tuple[int, list[int]]], moment: str) -> int:
    """Sent digests as they are stored, for each channel and its papers one for each tenth paper on average.

    ``post``: the number of posts that there are; returns how many there are then. ``moment``: as a column has it.
    """
    made = [each for each in given if random.Random(each[0] + post).random() < len(each[1]) / IN_A_DIGEST]
    db.conn.executemany(
        "INSERT INTO posts (id, key, channel_id, kind, heading, text, receipt, part, parts, composed, state, attempts,"
        " first_attempt, not_before, message, made_at, finished_at)"
        " VALUES (?, ?, ?, 'digest', 'New on arXiv · Tuesday 1 July', '', '[1203, 1203, 10, 0, 0]', 1, 1, ?, 'sent', 1,"
        " ?, ?, ?, ?, ?)",
        (
            (
                post + place,
                f"{post + place:024}",
                channel,
                post + place,
                moment,
                moment,
                f"{post + place}.000100",
                moment,
                moment,
            )
            for place, (channel, _) in enumerate(made, 1)
        ),
    )
    db.conn.executemany(
        "INSERT INTO entries (post_id, place, number, paper, owed, late, words, queries, signal)"
        " VALUES (?, ?, ?, ?, 1, 0, '[\"reward model\"]', '[\"reward model -survey\"]', ?)",
        (
            (
                post + place,
                number,
                number + 1,
                paper,
                '["2025-07-01T00:00:00.000000",12,1,null,"","",""]' if number % 3 == 0 else None,
            )
            for place, (_, papers) in enumerate(made, 1)
            for number, paper in enumerate((papers * IN_A_DIGEST)[:IN_A_DIGEST])
        ),
    )
    return post + len(made)


def _size(db: sqlite_utils.Database, *tables: str) -> int:
    """The bytes of some tables and their indexes."""
    names = [
        name
        for table in tables
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE tbl_name = ?", (table,))
    ]
    return sum(
        db.execute("SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ? AND aggregate = 1", (name,)).fetchone()[
            0
        ]
        for name in names
    )


def sizes(db: sqlite_utils.Database) -> dict[str, int]:
    return {
        "deliveries": _size(db, "deliveries", "packed"),
        "posts": _size(db, "posts"),
        "entries": _size(db, "entries"),
    }


class Timed:
    """``KeepingStore`` of a store, with the longest seconds of each kind of slice."""

    def __init__(self, store: KeepingStore) -> None:
        self._store = store
        self.longest: dict[str, float] = {}

    async def pack(self, before: date, after: int, most: int) -> int | None:
        return await self._timed("pack", self._store.pack(before, after, most))

    async def thin_posts(self, before: datetime, most: int) -> int:
        return await self._timed("thin", self._store.thin_posts(before, most))

    async def merge_index(self) -> bool:
        return await self._timed("merge", self._store.merge_index())

    async def give_back(self) -> bool:
        return await self._timed("give back", self._store.give_back())

    async def _timed(self, name: str, work: Awaitable[T]) -> T:
        begun = time.perf_counter()
        result = await work
        self.longest[name] = max(self.longest.get(name, 0.0), time.perf_counter() - begun)
        return result


class Afterwards(SystemClock):
    """A clock without pauses, long after all that was posted."""

    def now(self) -> datetime:
        return MADE + RECENT + timedelta(days=40)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0 * seconds)


async def measure(folder: Path, channels: int, deliveries: int) -> None:
    store = await SqliteStore.open(folder / "bench.db")
    await store._database.write(lambda db: fill(db, channels, deliveries))
    (number,) = await store._database.read(lambda db: db.execute("SELECT count(*) FROM deliveries").fetchone())
    (posts,) = await store._database.read(lambda db: db.execute("SELECT count(*) FROM posts").fetchone())
    before = await store._database.read(sizes)
    timed, begun = Timed(store), time.process_time()
    await tidy(timed, Afterwards())
    cpu = time.process_time() - begun
    after = await store._database.read(sizes)
    await store.close()
    report(
        channels=channels,
        deliveries=number,
        posts=posts,
        delivery_bytes=round(before["deliveries"] / number, 1),
        packed_delivery_bytes=round(after["deliveries"] / number, 1),
        post_bytes=round(before["posts"] / posts),
        thinned_post_bytes=round(after["posts"] / posts),
        entry_bytes=round(before["entries"] / posts / IN_A_DIGEST, 1),
        thinned_entry_bytes=round(after["entries"] / posts / IN_A_DIGEST, 1),
        cpu_seconds=round(cpu, 1),
        longest_slice_ms={name: round(seconds * 1000) for name, seconds in timed.longest.items()},
        file_mb=round((folder / "bench.db").stat().st_size / 1e6),
    )


def main(channels: int = 2_000, deliveries: int = 480_000) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), channels, deliveries))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
