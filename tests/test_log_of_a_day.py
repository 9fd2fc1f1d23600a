"""The log of a normal day at the default level fits on a screen."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.delivery import Dispatcher
from bot.housekeeping import prune
from bot.models import Batch, ChannelRef, Cursor, Layout
from bot.watch_review import review
from bot.watcher import Watcher
from tests.delivery_kit import DrivenClock, watch
from tests.factories import make_paper
from tests.standins.chat import MemoryChat
from tests.store_kit import open_store
from tests.test_watcher import ScriptedSource

SCREEN = 40
CHANNELS = 12
PAPERS = 6


async def test_the_log_of_a_normal_day_fits_on_a_screen(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Twelve channels with a digest in two parts and six cards each, a poll an hour, one announcement, housekeeping."""
    caplog.set_level(logging.INFO)
    clock, chat = DrivenClock(), MemoryChat()
    clock.set(clock.now().replace(hour=0, minute=30))
    async with open_store(tmp_path) as store:
        for number in range(CHANNELS):
            ref = ChannelRef("console", f"lab {number}", "terminal")
            # Three hours of the day in which channels get their digest.
            due = clock.now() + timedelta(hours=8 + number % 3, minutes=10)
            await watch(store, clock, ref, schedule="daily 09:00 UTC", layout=Layout.THREAD, next_due=due)
        day = clock.now().date()
        papers = tuple(
            make_paper(f"2603.{500 + n:05}", title="A study of delivery", announced=day) for n in range(PAPERS)
        )
        announcement = Batch(papers, Cursor("announced"), announced=PAPERS)
        dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
        source = ScriptedSource()
        watcher = Watcher(source, store, clock)
        logging.getLogger("bot.app.service").info("Serving console.")
        for hour in range(24):
            if hour == 1:
                source.script.append(announcement)
            await watcher.poll()
            await clock.drive(dispatcher.drain(patience=120))
            if hour == 4:
                await prune(store, clock, timedelta(days=400))
                await review(store, clock, wake=dispatcher.wake)
            clock.set(clock.now() + timedelta(hours=1))
    assert len(chat.messages) == CHANNELS * (PAPERS // chat.limits.papers + PAPERS)
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.INFO]
    assert len(lines) <= SCREEN, "\n".join(lines)
    # It still says what happened.
    assert any(line.startswith("Polled: 6 announced, 6 checked, 6 matched") for line in lines)
    assert sum(line.startswith("Posted ") for line in lines) == 3
    assert f"Posted {4 * 8} messages with {4 * PAPERS} papers." in lines
    assert not [record for record in caplog.records if record.levelno > logging.INFO]
