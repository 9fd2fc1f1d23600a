"""A day's papers matched with the queries of a store: ``python -m benchmarks.growth.watches FILE``.

Beside what this takes, what other ways take for a query: of a sample, since they grow in a straight line.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.matching import Comparison, built, by_full_text, by_words, matched, sample
from benchmarks.material import papers
from benchmarks.measuring import peak_megabytes, report, resident_megabytes
from benchmarks.watched import ASKED_OF, MILLION
from bot.matching import PaperIndex
from storage.sqlite import SqliteStore

RUNS = 3


def some_queries(database: Path, smaller: Path, wanted: int) -> None:
    """Make a store with so many of the million queries of another one, taken evenly, since kinds of queries take
    turns."""
    asyncio.run(_made(smaller))
    with closing(sqlite3.connect(smaller)) as connection:
        connection.execute("ATTACH ? AS larger", (str(database),))
        connection.execute("INSERT INTO queries SELECT * FROM larger.queries WHERE id % ? = 0", (MILLION // wanted,))
        connection.commit()


async def _made(path: Path) -> None:
    await (await SqliteStore.open(path)).close()


async def measure(database: Path) -> dict[str, float]:
    store = await SqliteStore.open(database)
    try:
        rest = resident_megabytes(os.getpid())
        news = papers(ASKED_OF, datetime.now(UTC).date())
        seconds, pairs = float("inf"), 0
        for _ in range(RUNS):
            building, index = built(news)
            matching, pairs = await matched(store, index)
            seconds = min(seconds, building + matching)
        peak = peak_megabytes()
        (queries,) = await store._database.read(lambda db: db.execute("SELECT count(*) FROM queries").fetchone())
    finally:
        await store.close()
    return {
        "watches": queries,
        "seconds": round(seconds, 2),
        "pairs": pairs,
        "above_rest_mb": round(peak - rest),
        **(alternatives(database) if queries == MILLION else {}),
    }


def alternatives(database: Path) -> dict[str, float]:
    """Seconds that other ways take for a query, a fraction of those of a sample of the million."""
    news = papers(ASKED_OF, datetime.now(UTC).date())
    asked = sample(database)
    found = PaperIndex(news).match(asked, b"".join(query.compiled for query in asked))
    compared = Comparison(news, asked, {(query.canonical, paper) for query, ids in found for paper in ids})
    return {
        "full_text_seconds_a_query": compared.seconds(by_full_text) / MILLION,
        "words_seconds_a_query": compared.seconds(by_words) / MILLION,
    }


if __name__ == "__main__":
    file = Path(sys.argv[1])
    report(**asyncio.run(measure(file)), file_mb=round(file.stat().st_size / 1e6, 1))
