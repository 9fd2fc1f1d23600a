"""A store with many papers and watches, filled through the store's own doors."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from adapters.arxiv.state import Position
from bot.channel_schedule import Schedule
from bot.models import Batch, Channel, ChannelRef, Cursor, Layout, MemberRef, Paper
from bot.ports import Store
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.store_kit import record

MEMBER = MemberRef("console", "local", "bench", "bench")
NOW = datetime.now(UTC)
BATCH = 2_000


async def open_with_papers(path: Path, papers: Sequence[Paper]) -> SqliteStore:
    """A store whose archive holds ``papers``, in the order of their ids, as a back-fill leaves it."""
    store = await SqliteStore.open(path)
    month, _, number = papers[-1].id.partition(".")
    cursor = Position({month: int(number)}).cursor().state
    for start in range(0, len(papers), BATCH):
        part = tuple(papers[start : start + BATCH])
        unfinished = start + BATCH < len(papers)
        await record(store, Batch(part, Cursor(cursor, backfilling=unfinished), backfill=True), {}, NOW)
    return store


async def add_watches(store: Store, texts: Iterable[str], *, in_a_channel: int = 50, platform: str = "bench") -> None:
    """Give each text a watch, ``in_a_channel`` of them to a channel."""
    schedule = Schedule.parse("daily 09:00", "UTC")
    for number, part in enumerate(_parts(texts, in_a_channel)):
        ref = ChannelRef(platform, f"team{number // 20}", f"channel{number}")
        await store.open_channel(
            Channel(ref, f"channel {number}", schedule.canonical, Layout.DIGEST, NOW, schedule.next_after(NOW))
        )
        for text in part:
            await store.add_watch(ref, Query.parse(text), text, MEMBER, NOW, most=100)


def _parts(texts: Iterable[str], size: int) -> Iterable[list[str]]:
    remaining = iter(texts)
    while part := list(itertools.islice(remaining, size)):
        yield part
