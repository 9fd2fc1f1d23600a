"""Make the store that the other measurements use: 100,000 papers, 1,000 watches. Says how fast it was filled."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.filling import add_watches, open_with_papers
from benchmarks.material import papers, queries, source_of_papers
from benchmarks.measuring import peak_megabytes, report

PAPERS = 100_000
WATCHES = 1_000


async def fill(database: Path) -> float:
    """Fill the store; returns papers a second."""
    made = papers(PAPERS, datetime.now(UTC).date())
    begun = time.perf_counter()
    store = await open_with_papers(database, made)
    taken = time.perf_counter() - begun
    await add_watches(store, queries(WATCHES))
    await store.close()
    return PAPERS / taken


def main(database: Path) -> None:
    papers_a_second = asyncio.run(fill(database))
    report(
        papers=PAPERS,
        source=source_of_papers(),
        papers_a_second=round(papers_a_second),
        file_mb=round(database.stat().st_size / 1e6),
        peak_mb=round(peak_megabytes()),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
