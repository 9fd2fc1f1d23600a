"""Asks a process of its own for a picture, one at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from bot.errors import WorkerError
from bot.figures import lines_of
from bot.models import Figures
from bot.ports import Clock
from bot.worker import in_worker

# Most of it is matplotlib's start, which makes its cache of fonts the first time.
PATIENCE = 40.0
MOST_BYTES = 100_000
MOST_WAITING = 6

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class ProcessPlotter:
    """``bot.ports.Plotter``. A picture takes a second or two of a core and 100 MB while it is drawn, so there is one at
    a time, and where ``MOST_WAITING`` wait for theirs no more are taken."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def draw(self, figures: Figures, title: str) -> bytes:
        if self._waiting >= MOST_WAITING:
            raise WorkerError(f"{MOST_WAITING} pictures are being drawn already.")
        self._waiting += 1
        try:
            async with self._turn:
                picture = await in_worker(
                    self._clock,
                    "adapters.plots.picture",
                    [],
                    _once(_encoded(figures, title)),
                    seconds=PATIENCE,
                    most=MOST_BYTES,
                )
        finally:
            self._waiting -= 1
        if not picture.startswith(_SIGNATURE):
            raise WorkerError("What was drawn is no picture.")
        return picture


def _encoded(figures: Figures, title: str) -> bytes:
    content = {
        "title": _drawable(title),
        "weeks": [week.isoformat() for week in figures.weeks],
        "watches": [[_drawable(series.name), list(series.values)] for series in lines_of(figures)],
        "announced": list(figures.announced),
        "matched": list(figures.matched),
        "saves": list(figures.saves),
    }
    return json.dumps(content).encode("ascii")


def _drawable(text: str) -> str:
    """Without line ends, half characters and what turns the writing round, which no font has."""
    return "".join(character if character.isprintable() else " " for character in text)


async def _once(piece: bytes) -> AsyncIterator[bytes]:
    yield piece
