"""Similar papers: the index of an archive made by its process, answers and proposals from it.

``python -m benchmarks.similar DATABASE`` takes a store that is there; with a number of papers behind it, one is made
(400,000 take some minutes). Texts repeat from 45,000 papers on, each with words of its own, so that the vocabulary
grows as that of a real archive does.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from adapters.tfidf import FileIndex
from benchmarks.filling import open_with_papers
from benchmarks.material import PAPERS_A_DAY, papers
from benchmarks.measuring import peak_megabytes, report, resident_megabytes, watched_loop
from bot.clock import SystemClock
from bot.models import Batch, Channel, ChannelRef, Cursor, Layout, MemberRef, Paper
from bot.similar import Relatives
from storage.sqlite import SqliteStore
from tests.store_kit import record

ANSWERS = 60
SAVES = 50
_OWN_WORDS = 3
CHANNEL = ChannelRef("console", "bench", "similar")
MEMBER = MemberRef("console", "bench", "ann", "ann")


def with_own_words(found: list[Paper]) -> Iterator[Paper]:
    """The papers, each with some words that few others have."""
    random = Random(11)
    for paper in found:
        own = " ".join(f"w{random.randrange(len(found) * 2):x}q" for _ in range(_OWN_WORDS))
        yield replace(paper, abstract=f"{paper.abstract} {own}")


async def measure(store: SqliteStore, index: Path) -> None:
    clock = SystemClock()
    owner = FileIndex(index, clock)
    relatives = Relatives(store, owner, clock)
    before = resident_megabytes(_own())
    async with watched_loop() as building:
        begun = time.perf_counter()
        indexed = await relatives.refresh()
        built = time.perf_counter() - begun
    texts = [text.id for text in await store.texts(limit=20_000)]
    channel = await _channel(store, texts)
    taken = []
    async with watched_loop() as answering:
        for paper_id in Random(5).sample(texts, ANSWERS):
            paper = await store.paper(paper_id)
            assert paper is not None
            begun = time.perf_counter()
            assert await relatives.like(paper, 8) is not None
            taken.append(time.perf_counter() - begun)
        proposing, proposed = await _propose(relatives, channel)
    report(
        papers=indexed,
        build_seconds=round(built),
        build_peak_mb=owner.made.get("peak_mb", 0),
        build_loop_held_ms=round(building.longest * 1000),
        index_mb=round(_size(index) / 1e6),
        answer_median_ms=round(statistics.median(taken) * 1000),
        answer_longest_ms=round(max(taken) * 1000),
        propose_ms=round(proposing * 1000),
        propose_again_ms=round(proposed * 1000),
        answer_loop_held_ms=round(answering.longest * 1000),
        grown_mb=round(resident_megabytes(_own()) - before),
        peak_mb=round(peak_megabytes()),
    )


async def _channel(store: SqliteStore, texts: list[str]) -> Channel:
    """A channel with many saves, after an announcement."""
    now = datetime.now(UTC)
    channel = await store.open_channel(Channel(CHANNEL, "similar", "off UTC", Layout.DIGEST, now, similar=True))
    for paper_id in Random(6).sample(texts, SAVES):
        await store.save(MEMBER, CHANNEL, paper_id, now)
    day = now.date()
    made = papers(PAPERS_A_DAY, day)
    news = [replace(paper, id=f"{day:%y%m}.{90_000 + place:05}") for place, paper in enumerate(made)]
    await record(store, Batch(tuple(news), Cursor("bench"), announced=len(news)), {}, now)
    return channel


async def _propose(relatives: Relatives, channel: Channel) -> tuple[float, float]:
    """Seconds to propose to the first channel after an announcement, and to another one."""
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        await relatives.proposals(channel)
        times.append(time.perf_counter() - begun)
    return times[0], times[1]


def _size(path: Path) -> int:
    return path.stat().st_size


def _own() -> int:
    return int(Path("/proc/self").resolve().name)


async def run(database: Path, wanted: int) -> None:
    if wanted:
        made = list(with_own_words(papers(wanted, datetime.now(UTC).date())))
        store = await open_with_papers(database, made)
        made.clear()
    else:
        store = await SqliteStore.open(database)
    try:
        await measure(store, database.with_name(database.name + ".similar"))
    finally:
        await store.close()


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
