"""Processor time, peak memory and how long the event loop was held, of the process that asks."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any


def peak_megabytes() -> float:
    """The largest resident set of this process so far, in megabytes (10^6 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def resident_megabytes(process: int) -> float:
    """The resident set of a process now, in megabytes."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise ProcessLookupError(process)


class Loop:
    """How long the event loop kept others waiting: ``longest`` in seconds."""

    longest = 0.0


@asynccontextmanager
async def watched_loop(step: float = 0.005) -> AsyncIterator[Loop]:
    """Measure inside the block how late a sleep of ``step`` seconds comes back."""
    loop = Loop()

    async def tick() -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(step)
            loop.longest = max(loop.longest, time.perf_counter() - begun - step)

    ticking = asyncio.create_task(tick())
    try:
        yield loop
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)


def report(**figures: Any) -> None:
    """Hand figures to ``benchmarks.__main__``: one JSON line on standard output."""
    sys.stdout.write(json.dumps(figures) + "\n")
