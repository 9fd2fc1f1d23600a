"""Searches and back-tests over an archive that is there: ``python -m benchmarks.keeping FILE``.

`benchmarks.fill` makes a small one, `benchmarks.whole` a large one. Queries as teams write them, and those that match
most.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable
from datetime import timedelta
from pathlib import Path

from benchmarks.material import queries
from benchmarks.measuring import report
from bot.query import Query
from storage.sqlite import SqliteStore

ASKED = 300
NEWEST = 20
DAYS = 30
NOISY = (
    "model",
    "learning",
    "method OR data",
    "large language model",
    "deep learning -survey",
    "cat:cs.LG",
    "cat:cs.*",
)


async def milliseconds(work: Awaitable[object]) -> float:
    begun = time.perf_counter()
    await work
    return (time.perf_counter() - begun) * 1000


async def measure(database: Path) -> None:
    store = await SqliteStore.open(database)
    try:
        span = await store.archive_span()
        if span.last is None:
            raise RuntimeError(f"{database} holds no papers")
        since = span.last - timedelta(days=DAYS - 1)
        asked = [Query.parse(text) for text in (*queries(ASKED), *NOISY)]
        searches = [await milliseconds(store.search(query, limit=NEWEST)) for query in asked]
        tests = [await milliseconds(store.back_test(query, since=since)) for query in asked]
    finally:
        await store.close()
    report(
        papers=span.papers,
        queries=len(asked),
        search_median_ms=round(statistics.median(searches), 1),
        search_p95_ms=round(statistics.quantiles(searches, n=20)[18], 1),
        back_test_median_ms=round(statistics.median(tests), 1),
        back_test_longest_ms=round(max(tests), 1),
    )


if __name__ == "__main__":
    asyncio.run(measure(Path(sys.argv[1])))
