"""The import of arXiv's bulk metadata beside the ordinary way into the archive, and what is asked of it afterwards.

`python -m benchmarks.bulk_import import|ordinary|ask FILE DATABASE`, each a process of its own, so that its processor
time and peak memory are its own. The file comes from `benchmarks.snapshot_file`.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from adapters.arxiv.snapshot import Snapshot
from benchmarks.filling import BATCH
from benchmarks.measuring import peak_megabytes, report
from benchmarks.snapshot_file import vocabulary
from bot.app.bulk_import import import_bulk_metadata
from bot.config import Config
from bot.models import Batch, Cursor
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.store_kit import record

QUERIES = 200


def import_all(file: Path, database: Path) -> None:
    """As `paperroute import` does."""
    assert import_bulk_metadata(Config(database=database), file, dry_run=False) == 0


async def record_all(file: Path, database: Path) -> None:
    """The same papers as polls record them."""
    now = datetime.now(UTC)
    snapshot = Snapshot(now)
    store = await SqliteStore.open(database)
    with file.open("rb") as lines:
        while part := tuple(map(snapshot.paper, itertools.islice(lines, BATCH))):
            await record(store, Batch(part, Cursor("bench", backfilling=True), backfill=True), {}, now)
    await store.close()


async def ask(database: Path) -> dict[str, Any]:
    """The median time of a search for the newest 20 and of a 30-day back-test, and the peak memory."""
    random = Random(5)
    words, weights = vocabulary()
    store = await SqliteStore.open(database)
    span = await store.archive_span()
    assert span.last is not None
    since = span.last - timedelta(days=29)
    searches, back_tests = [], []
    for number in range(QUERIES):
        a, b = random.choices(words[20:], cum_weights=weights[20:], k=2)
        query = Query.parse(a if number % 2 else f"{a} {b}")
        begun = time.perf_counter()
        await store.search(query, limit=20)
        between = time.perf_counter()
        await store.back_test(query, since=since)
        searches.append(between - begun)
        back_tests.append(time.perf_counter() - between)
    await store.close()
    peak = peak_megabytes()
    return {
        "papers": span.papers,
        "first": str(span.first),
        "search_ms": round(statistics.median(searches) * 1e3, 2),
        "search_p95_ms": round(statistics.quantiles(searches, n=20)[-1] * 1e3, 1),
        "back_test_ms": round(statistics.median(back_tests) * 1e3, 2),
        "back_test_p95_ms": round(statistics.quantiles(back_tests, n=20)[-1] * 1e3, 1),
        "peak_mb": round(peak),
    }


def main(what: str, file: Path, database: Path) -> None:
    if what == "ask":
        asked = asyncio.run(ask(database))
        report(**asked, file_mb=round(database.stat().st_size / 1e6))
        return
    begun, worked = time.perf_counter(), time.process_time()
    if what == "import":
        import_all(file, database)
    else:
        asyncio.run(record_all(file, database))
    taken, worked = time.perf_counter() - begun, time.process_time() - worked
    with file.open("rb") as lines:
        papers = sum(1 for _ in lines)
    report(
        papers=papers,
        papers_a_second=round(papers / taken),
        papers_a_cpu_second=round(papers / worked),
        file_mb=round(database.stat().st_size / 1e6),
        peak_mb=round(peak_megabytes()),
    )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
