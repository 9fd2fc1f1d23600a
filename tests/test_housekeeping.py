from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

from bot.housekeeping import prune
from bot.models import Batch, Cursor
from tests.factories import make_paper
from tests.standins.clock import FakeClock
from tests.store_kit import open_store, record

KEEP = timedelta(days=400)


def papers(day: date, first: int, count: int) -> Batch:
    return Batch(
        tuple(make_paper(f"{day:%y%m}.{first + number:05}", announced=day) for number in range(count)),
        Cursor("here"),
        announced=count,
    )


async def test_old_papers_go_in_slices_with_pauses(tmp_path: Path, clock: FakeClock) -> None:
    old, young = date(2024, 12, 2), date(2026, 3, 3)
    async with open_store(tmp_path) as store:
        await record(store, papers(old, 1, 5), {}, clock.now())
        await record(store, papers(young, 1, 3), {}, clock.now())
        pruning = asyncio.create_task(prune(store, clock, KEEP, at_once=2))
        while not pruning.done():
            await clock.advance(1)
            await asyncio.sleep(0)
        assert await pruning == 5
        assert len(clock.slept) == 3
        span = await store.archive_span()
        assert (span.papers, span.first) == (3, young)
        assert await prune(store, clock, KEEP) == 0
