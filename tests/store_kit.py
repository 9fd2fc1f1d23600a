"""A real store in a test's own folder, and short ways to put something into it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlite_utils

from bot.models import Batch, Channel, ChannelRef, Cursor, Entry, Layout, Owed, Paper, Post, PostKind, Watch
from bot.ports import Store
from bot.query import Query
from storage.sqlite import SqliteStore
from storage.sqlite.commits import LONGEST
from tests.factories import ANN, CHANNEL, make_paper

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TODAY = date(2026, 3, 4)


_made: list[bytes] = []


async def _new_file() -> bytes:
    """What is in the file of a new store. Making one takes 40 ms of processor, so it is made once for all tests."""
    if not _made:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "new.db"
            await (await SqliteStore.open(path)).close()
            _made.append(path.read_bytes())
    return _made[0]


@asynccontextmanager
async def open_store(
    folder: Path, name: str = "paperroute.db", *, copied: bool = True, longest: float = LONGEST
) -> AsyncIterator[SqliteStore]:
    """The store of that name in ``folder``; opened again under the same name it is the same store.

    A new one begins as a copy of one that was made before; not ``copied``, it is made from nothing.
    """
    path = folder / name
    if copied and not path.exists():
        path.write_bytes(await _new_file())
    store = await SqliteStore.open(path, longest=longest)
    try:
        yield store
    finally:
        await store.close()


def rows(folder: Path, sql: str, *values: Any, name: str = "paperroute.db") -> list[tuple[Any, ...]]:
    """What another program sees in the store's file."""
    with closing(sqlite3.connect(folder / name)) as connection:
        return connection.execute(sql, values).fetchall()


def later(**units: float) -> datetime:
    """NOW and so much: ``later(minutes=5)``."""
    return NOW + timedelta(**units)


def papers_of(day: date, first: int, number: int, **changes: Any) -> list[Paper]:
    """Consecutive papers announced on one day."""
    return [make_paper(f"{day:%y%m}.{first + i:05}", announced=day, **changes) for i in range(number)]


def batch_of(papers: Sequence[Paper] = (), **changes: Any) -> Batch:
    """A batch that covers just its papers."""
    values: dict[str, Any] = {"cursor": Cursor("read"), "announced": len(papers)}
    return Batch(tuple(papers), **(values | changes))


async def make_channel(
    store: SqliteStore, ref: ChannelRef = CHANNEL, schedule: str = "daily 09:00 weekdays UTC", **changes: Any
) -> Channel:
    return await store.open_channel(Channel(ref, "papers", schedule, Layout.THREAD, NOW, **changes))


async def watch(store: SqliteStore, text: str, ref: ChannelRef = CHANNEL, most: int = 100) -> Watch:
    """A new watch in a channel that is made where needed."""
    if await store.channel(ref) is None:
        await make_channel(store, ref)
    made = await store.add_watch(ref, Query.parse(text), text, ANN, NOW, most=most)
    assert made is not None
    return made


async def matches(store: SqliteStore, papers: Sequence[Paper]) -> dict[int, list[str]]:
    """What the matcher would find, by the plain way: query number → ids."""
    numbers = [number async for block in store.queries() for number in block.numbers]
    queries = await store._database.read(lambda db: dict(db.execute("SELECT id, canonical FROM queries").fetchall()))
    asked = {number: Query.parse(queries[number]) for number in numbers}
    found = {number: [p.id for p in papers if query.matches(p)] for number, query in asked.items()}
    return {number: ids for number, ids in found.items() if ids}


async def record(store: Store, batch: Batch, found: Mapping[int, Sequence[str]], now: datetime) -> int:
    """Record a batch and owe what was found in it; returns how many times an instant channel was owed something."""
    return await store.record(batch, now) + await fan_out_rest(store, found, now)


async def fan_out_rest(store: Store, found: Mapping[int, Sequence[str]], now: datetime, most: int = 1_000) -> int:
    """Owe what was found in the papers recorded before, in steps of ``most`` deliveries; returns as ``record`` does."""
    instant = 0
    while await store.fan_out(10_000) is not None:
        await store.put_matches(found, max(found, default=0))
        owed = Owed()
        while not owed.finished:
            owed = await store.owe_next(now, most)
            instant += owed.instant
    return instant


async def poll(store: SqliteStore, papers: Sequence[Paper], now: datetime = NOW, **changes: Any) -> int:
    """Record papers as a poll does."""
    return await record(store, batch_of(papers, **changes), await matches(store, papers), now)


def key(number: int) -> str:
    """A post key."""
    return f"{number:024}".translate(str.maketrans("0123456789", "abcdefghij"))


def entries_for(deliveries: Sequence[Any]) -> tuple[Entry, ...]:
    """Entries numbered from 1."""
    return tuple(
        Entry(number, delivery.paper, ("delivery",), delivery.queries, delivery.late, delivery.id)
        for number, delivery in enumerate(deliveries, 1)
    )


async def compose(
    store: SqliteStore, number: int, ref: ChannelRef = CHANNEL, *, cards: bool = False, now: datetime = NOW
) -> list[Post]:
    """Put everything that waits into a digest with key ``number`` and, if wished, into cards in its thread."""
    receipt, poll_number = await store.receipt(ref)
    entries = entries_for(await store.waiting(ref))
    posts = [Post(key(number), ref, PostKind.DIGEST, "News", entries, receipt)]
    if cards:
        posts += [
            Post(key(number + i), ref, PostKind.CARD, entries=(entry,), thread_of=key(number))
            for i, entry in enumerate(entries, 1)
        ]
    assert await store.put_posts(ref, posts, receipted=poll_number, next_due=None, now=now)
    return posts


@asynccontextmanager
async def busy(store: Store) -> AsyncIterator[list[str]]:
    """The store's thread is at work while the block is entered; gives the statements of transactions since then."""
    assert isinstance(store, SqliteStore)
    go_on, statements = threading.Event(), list[str]()

    def wait(db: sqlite_utils.Database) -> None:
        go_on.wait(30)
        db.conn.set_trace_callback(lambda sql: statements.append(sql) if sql in {"BEGIN", "COMMIT"} else None)

    waiting = asyncio.ensure_future(store._database.read(wait))
    await asyncio.sleep(0)
    try:
        yield statements
    finally:
        go_on.set()
        await waiting
