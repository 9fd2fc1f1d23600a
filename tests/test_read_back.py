"""From which posts on reactions are read back: two weeks before the last moment up to which all is known."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.read_back import LONGEST, RECENT, ReadBack
from storage.sqlite import SqliteStore
from tests.standins.clock import FakeClock
from tests.store_kit import open_store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as store:
        yield store


async def a_reading(store: SqliteStore, clock: FakeClock) -> ReadBack:
    """All is known up to now."""
    reading = ReadBack(store, clock)
    await reading.begin("slack", clock.now())
    await reading.end("slack", clock.now())
    return reading


def later(clock: FakeClock, **passed: float) -> None:
    clock.set(clock.now() + timedelta(**passed))


async def test_where_nothing_is_known_the_last_two_weeks_are_read(store: SqliteStore, clock: FakeClock) -> None:
    assert await ReadBack(store, clock).begin("slack", clock.now()) == clock.now() - RECENT


async def test_no_post_grows_too_old_while_nobody_listens(store: SqliteStore, clock: FakeClock) -> None:
    known = clock.now()
    await a_reading(store, clock)
    later(clock, days=20)
    assert await ReadBack(store, clock).begin("slack", clock.now()) == known - RECENT
    # That reading was cut short as well.
    later(clock, hours=7)
    assert await ReadBack(store, clock).begin("slack", clock.now()) == known - RECENT
    assert await ReadBack(store, clock).begin("discord", clock.now()) == clock.now() - RECENT


async def test_after_a_very_long_time_there_is_an_end(store: SqliteStore, clock: FakeClock) -> None:
    await a_reading(store, clock)
    later(clock, days=300)
    assert await ReadBack(store, clock).begin("slack", clock.now()) == clock.now() - LONGEST


async def test_events_move_the_moment_on_a_day_behind_them(store: SqliteStore, clock: FakeClock) -> None:
    reading = await a_reading(store, clock)
    known = clock.now()
    later(clock, days=1)
    await reading.heard("slack")
    assert await ReadBack(store, clock).begin("slack", clock.now()) == known - RECENT
    later(clock, days=30)
    await reading.heard("slack")
    heard = clock.now()
    later(clock, hours=5)
    assert await ReadBack(store, clock).begin("slack", clock.now()) == heard - timedelta(days=1) - RECENT


async def test_events_while_something_is_read_back_say_nothing_of_what_is_not(
    store: SqliteStore, clock: FakeClock
) -> None:
    reading = await a_reading(store, clock)
    known = clock.now()
    later(clock, days=5)
    await reading.begin("slack", clock.now())
    later(clock, days=5)
    await reading.heard("slack")
    assert await ReadBack(store, clock).begin("slack", clock.now()) == known - RECENT


async def test_of_two_readings_the_one_that_began_later_counts(store: SqliteStore, clock: FakeClock) -> None:
    reading = await a_reading(store, clock)
    known = clock.now()
    later(clock, days=1)
    first = clock.now()
    await reading.begin("slack", first)
    later(clock, days=1)
    second = clock.now()
    await reading.begin("slack", second)
    await reading.end("slack", first)
    assert await ReadBack(store, clock).begin("slack", clock.now()) == known - RECENT
    await reading.end("slack", second)
    assert await ReadBack(store, clock).begin("slack", clock.now()) == second - RECENT


async def test_a_clock_that_was_ahead_takes_nothing_away(store: SqliteStore, clock: FakeClock) -> None:
    await a_reading(store, clock)
    clock.jump(-3600)
    assert await ReadBack(store, clock).begin("slack", clock.now()) == clock.now() - RECENT
