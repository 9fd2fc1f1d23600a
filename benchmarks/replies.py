"""Replies to commands over 100,000 papers with 1,000 watches: medians and the slowest, in milliseconds."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

from adapters.arxiv import ArxivSource
from benchmarks.material import queries
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.clock import SystemClock
from bot.commands import Commands
from bot.conversation import Command
from bot.models import ChannelRef, MemberRef
from storage.sqlite import SqliteStore

CHANNEL = ChannelRef("console", "local", "terminal")
ROUNDS = 12


def typed(round_: int, texts: list[str]) -> list[tuple[str, str]]:
    """One command of each kind, with queries that were not asked before."""
    query = texts[round_]
    return [
        ("watch", f"watch {query}"),
        ("watch, noisy", ("watch model", "watch learning", "watch network")[round_ % 3]),
        ("list", "list"),
        ("preview", f"preview {texts[-round_ - 1]}"),
        ("search", f"search {texts[round_ + 100]}"),
        ("search, common word", "search model"),
        ("status", "status"),
        ("schedule", "schedule"),
        ("saved", "saved"),
        ("top", "top month"),
        ("unwatch", f"unwatch {query}"),
        ("unwatch, noisy", ("unwatch model", "unwatch learning", "unwatch network")[round_ % 3]),
        ("help", "help"),
    ]


async def measure(database: Path) -> None:
    clock = SystemClock()
    store = await SqliteStore.open(database)
    source = ArxivSource(
        api_url="http://127.0.0.1:9/", delay=0.0, contact="", backfill=timedelta(), clock=clock
    )  # a closed port: none of these commands asks arXiv
    commands = Commands(store, source, clock, wake=lambda: None, default_zone="UTC")
    member = MemberRef("console", "local", "bench", "bench")
    texts = queries(2_000)
    taken: dict[str, list[float]] = {}
    try:
        async with watched_loop() as loop:
            for round_ in range(ROUNDS):
                for kind, text in typed(round_, texts):
                    begun = time.perf_counter()
                    reply = await commands.run(Command(CHANNEL, member, text, "terminal"))
                    taken.setdefault(kind, []).append((time.perf_counter() - begun) * 1000)
                    if reply.error:
                        raise RuntimeError(f"{text}: {reply.text}")
        everything = [milliseconds for each in taken.values() for milliseconds in each]
        report(
            papers=(await store.archive_span()).papers,
            median_ms=round(statistics.median(everything), 1),
            slowest_ms=round(max(everything), 1),
            medians_ms={kind: round(statistics.median(each), 1) for kind, each in taken.items()},
            loop_held_ms=round(loop.longest * 1000),
            peak_mb=round(peak_megabytes()),
        )
    finally:
        source.close()
        await store.close()


if __name__ == "__main__":
    asyncio.run(measure(Path(sys.argv[1])))
