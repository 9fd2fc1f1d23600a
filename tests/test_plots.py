"""The picture that a process draws, and what is not drawn."""

from __future__ import annotations

import asyncio
import struct
from datetime import date

import pytest

from adapters.plots import ProcessPlotter
from adapters.plots.plotter import MOST_BYTES, MOST_WAITING
from bot.clock import SystemClock
from bot.errors import WorkerError
from bot.figures import mondays
from bot.models import Figures, WatchFigures

HOSTILE = ("_hidden", "$x^{$ \\frac", "日本語 \u202e \ud800", "x" * 500, "", "a\nb", "%s {0}")


def figures(scale: int) -> Figures:
    weeks = mondays(date(2026, 1, 5), 12)
    watches = tuple(
        WatchFigures(query, tuple((week * (place + 3)) % 11 * scale for week in range(12)))
        for place, query in enumerate(HOSTILE)
    )
    return Figures(weeks, watches, (6_000 * scale,) * 12, (9 * scale,) * 12, tuple(week * scale for week in range(12)))


async def test_a_picture_fits_a_phone_and_a_message_whatever_it_shows() -> None:
    plotter = ProcessPlotter(SystemClock())
    # Nothing at all, and a great deal of it.
    for scale in (0, 1_000):
        picture = await plotter.draw(figures(scale), "The last 12 weeks of $#x$ " + "long " * 40)
        assert picture[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", picture[16:24]) == (1_080, 1_536)
        assert 5_000 < len(picture) <= MOST_BYTES


async def test_who_comes_when_many_wait_is_told_so() -> None:
    plotter = ProcessPlotter(SystemClock())
    await plotter._turn.acquire()
    waiting = [asyncio.create_task(plotter.draw(figures(1), "x")) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(WorkerError, match="6 pictures are being drawn already"):
        await plotter.draw(figures(1), "x")
    for task in waiting:
        task.cancel()
    assert all(
        isinstance(each, asyncio.CancelledError) for each in await asyncio.gather(*waiting, return_exceptions=True)
    )
    assert plotter._waiting == 0
