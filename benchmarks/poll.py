"""A poll of 1,300 new papers with 10,000 watches: requests to arXiv, processor time, peak memory.

arXiv is a stand-in in a process of its own, so that its work is not counted.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.arxiv import ArxivSource
from benchmarks.filling import add_watches
from benchmarks.material import PAPERS_A_DAY, papers, queries, source_of_papers
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.clock import SystemClock
from bot.watcher import Watcher
from storage.sqlite import SqliteStore
from tests.standins.arxiv import ArxivStandIn

WATCHES = 10_000
DAYS_BEFORE = 2


def serve(pipe: Connection) -> None:
    """The stand-in: a few days at first, one more when told; answers with its number of requests."""
    last_day = datetime.now(UTC).date()
    made = papers(PAPERS_A_DAY * (DAYS_BEFORE + 1), last_day)
    with ArxivStandIn(made[: PAPERS_A_DAY * DAYS_BEFORE]) as stand_in:
        pipe.send(stand_in.url)
        while pipe.recv() == "announce":
            asked = len(stand_in.requests)
            stand_in.announce(made[PAPERS_A_DAY * DAYS_BEFORE :])
            pipe.send(None)
            pipe.recv()
            pipe.send(len(stand_in.requests) - asked)


async def measure(url: str, pipe: Connection, folder: Path) -> None:
    clock = SystemClock()
    store = await SqliteStore.open(folder / "bench.db")
    source = ArxivSource(api_url=url, delay=0.0, contact="", backfill=timedelta(days=1), clock=clock)
    watcher = Watcher(source, store, clock)
    try:
        await watcher.poll()
        await add_watches(store, queries(WATCHES))
        await asyncio.to_thread(pipe.send, "announce")
        await asyncio.to_thread(pipe.recv)
        cpu, begun = time.process_time(), time.perf_counter()
        async with watched_loop() as loop:
            result = await watcher.poll()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - begun
        await asyncio.to_thread(pipe.send, "count")
        requests = await asyncio.to_thread(pipe.recv)
        if result.failure or result.checked != PAPERS_A_DAY:
            raise RuntimeError(f"the poll went wrong: {result}")
        report(
            papers=result.checked,
            source=source_of_papers(),
            watches=WATCHES,
            matched=result.matched,
            requests=requests,
            cpu_seconds=round(cpu, 2),
            wall_seconds=round(wall, 2),
            loop_held_ms=round(loop.longest * 1000),
            peak_mb=round(peak_megabytes()),
        )
    finally:
        source.close()
        await store.close()


def main() -> None:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    with TemporaryDirectory() as folder:
        asyncio.run(measure(here.recv(), here, Path(folder)))
    here.send("stop")
    server.join()


if __name__ == "__main__":
    main()
