from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import SourceError, StoreError
from bot.models import Batch, Channel, ChannelRef, Cursor, Layout, Missing, Paper, Progress
from bot.ports import Store
from bot.query import Query
from bot.watcher import PollResult, Watcher
from tests.delivery_kit import at_boundary
from tests.factories import ANN, CHANNEL, make_paper
from tests.standins.clock import FakeClock
from tests.store_kit import open_store, record

DAY = date(2026, 3, 4)
OTHER = ChannelRef("console", "local", "other")


class ScriptedSource:
    """A source that yields and raises what is on its script, once, and then has nothing new."""

    def __init__(self, *script: Batch | Exception) -> None:
        self.script = list(script)
        self.cursors: list[Cursor | None] = []
        self.missing: list[Sequence[Missing]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.reading = asyncio.Event()
        self.closed = 0

    async def new_papers(
        self, cursor: Cursor | None, missing: Sequence[Missing], progress: Callable[[Progress], None]
    ) -> AsyncIterator[Batch]:
        self.cursors.append(cursor)
        self.missing.append(missing)
        try:
            while self.script:
                self.reading.set()
                await self.gate.wait()
                step = self.script.pop(0)
                if isinstance(step, Exception):
                    raise step
                progress(Progress(len(step.papers), 10))
                yield step
        finally:
            self.closed += 1

    async def paper(self, paper_id: str) -> Paper | None:
        raise AssertionError(paper_id)

    async def papers(self, paper_ids: Sequence[str]) -> list[Paper]:
        raise AssertionError(paper_ids)

    def last_announcement(self, now: datetime) -> datetime:
        raise AssertionError(now)

    def next_announcement(self, now: datetime) -> datetime:
        raise AssertionError(now)

    def silence(self, now: datetime) -> str:
        raise AssertionError(now)


def read(*numbers: int, title: str = "A study of delivery", state: str = "", **changes: object) -> Batch:
    papers = tuple(make_paper(f"2603.{number:05}", title=title) for number in numbers)
    batch = Batch(papers, Cursor(state or f"at {max(numbers, default=0)}"), announced=len(papers))
    return replace(batch, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def watched(
    folder: Path, clock: FakeClock, schedule: str = "instant UTC", name: str = "paperroute.db"
) -> AsyncIterator[Store]:
    """A store with a paper of the last announcement, and a channel that watches "delivery"."""
    async with open_store(folder, name) as store:
        await record(store, read(1, title="Something else"), {}, clock.now())
        await store.open_channel(Channel(CHANNEL, "general", schedule, Layout.DIGEST, clock.now()))
        await store.add_watch(CHANNEL, Query.parse("ti:delivery"), "ti:delivery", ANN, clock.now(), most=100)
        yield store


async def waiting(store: Store, channel: ChannelRef = CHANNEL) -> list[str]:
    return [delivery.paper.id for delivery in await store.waiting(channel)]


async def test_what_matches_is_owed_and_the_cursor_moves_on(tmp_path: Path, clock: FakeClock) -> None:
    source = ScriptedSource(read(2, 3), read(4, title="Nothing of interest"))
    told: list[int] = []
    progress: list[Progress] = []
    async with watched(tmp_path, clock) as store:
        watcher = Watcher(source, store, clock, on_owed=lambda: told.append(1), progress=progress.append)
        result = await watcher.poll()
        assert result == PollResult(announced=3, checked=3, matched=2, owed=1)
        assert await waiting(store) == ["2603.00003", "2603.00002"]
        assert await store.cursor() == Cursor("at 4")
        assert source.cursors == [Cursor("at 1")]
        assert told == [1]
        assert [step.done for step in progress] == [2, 1]
        status = await store.poll_status()
        assert (status.last_success, status.failure) == (clock.now(), "")


async def test_a_poll_without_news_succeeds_and_tells_nobody(tmp_path: Path, clock: FakeClock) -> None:
    told: list[int] = []
    async with watched(tmp_path, clock) as store:
        assert await Watcher(ScriptedSource(), store, clock, on_owed=lambda: told.append(1)).poll() == PollResult()
        assert (await store.poll_status()).last_success == clock.now()
    assert told == []


async def test_scheduled_channels_are_owed_in_silence(tmp_path: Path, clock: FakeClock) -> None:
    told: list[int] = []
    async with watched(tmp_path, clock, "daily 09:00 weekdays UTC") as store:
        result = await Watcher(ScriptedSource(read(2)), store, clock, on_owed=lambda: told.append(1)).poll()
        assert (result.matched, result.owed) == (1, 0)
        assert await waiting(store) == ["2603.00002"]
    assert told == []


async def test_a_paper_is_owed_once_and_a_revision_not_again(tmp_path: Path, clock: FakeClock) -> None:
    revision = replace(make_paper("2603.00002", title="A study of delivery"), version=2)
    async with watched(tmp_path, clock) as store:
        await store.add_watch(CHANNEL, Query.parse("ti:study"), "ti:study", ANN, clock.now(), most=100)
        await Watcher(ScriptedSource(read(2)), store, clock).poll()
        await Watcher(ScriptedSource(replace(read(2), papers=(revision,))), store, clock).poll()
        assert await waiting(store) == ["2603.00002"]


async def test_a_source_that_fails_part_of_the_way_keeps_what_was_read(tmp_path: Path, clock: FakeClock) -> None:
    source = ScriptedSource(read(2), SourceError("arXiv did not answer for 60 seconds."), read(3))
    told: list[int] = []
    async with watched(tmp_path, clock) as store:
        watcher = Watcher(source, store, clock, on_owed=lambda: told.append(1))
        result = await watcher.poll()
        assert (result.checked, result.matched, result.failure) == (1, 1, "arXiv did not answer for 60 seconds.")
        assert told == [1]
        status = await store.poll_status()
        assert (status.last_success, status.last_failure) == (None, clock.now())
        assert status.failure == "arXiv did not answer for 60 seconds."
        assert await store.cursor() == Cursor("at 2")

        clock.set(clock.now() + timedelta(hours=1))
        assert (await watcher.poll()).matched == 1
        assert source.cursors[-1] == Cursor("at 2")
        assert await waiting(store) == ["2603.00003", "2603.00002"]
        assert (await store.poll_status()).failure == ""


async def test_missing_numbers_are_asked_again_and_late_papers_counted(tmp_path: Path, clock: FakeClock) -> None:
    gap = Missing("2603.00002", DAY, clock.now(), clock.now(), 0)
    async with watched(tmp_path, clock) as store:
        result = await Watcher(ScriptedSource(read(3, missing=(gap,), announced=2)), store, clock).poll()
        assert (result.announced, result.checked, result.missing) == (2, 1, 1)
        source = ScriptedSource(read(2, late=frozenset({"2603.00002"}), announced=0))
        result = await Watcher(source, store, clock).poll()
        assert [one.id for one in source.missing[0]] == ["2603.00002"]
        assert (result.announced, result.checked, result.late, result.matched) == (0, 0, 1, 1)
        assert {delivery.paper.id: delivery.late for delivery in await store.waiting(CHANNEL)} == {
            "2603.00002": True,
            "2603.00003": False,
        }


async def test_a_back_fill_owes_its_last_day_only(tmp_path: Path, clock: FakeClock) -> None:
    def past(number: int, day: date, filling: bool) -> Batch:
        paper = make_paper(f"2603.{number:05}", title="A study of delivery", announced=day)
        return Batch((paper,), Cursor(f"at {number}", filling), announced=1, backfill=True)

    async with open_store(tmp_path) as store:
        await store.open_channel(Channel(CHANNEL, "general", "instant UTC", Layout.DIGEST, clock.now()))
        await record(store, Batch((), Cursor("at 0", True), backfill=True), {}, clock.now())
        await store.add_watch(CHANNEL, Query.parse("delivery"), "delivery", ANN, clock.now(), most=100)
        told: list[int] = []
        source = ScriptedSource(past(1, DAY - timedelta(days=1), True), past(2, DAY, True), past(3, DAY, False))
        result = await Watcher(source, store, clock, on_owed=lambda: told.append(1)).poll()
        assert result == PollResult(backfilled=3, owed=1)
        assert await waiting(store) == ["2603.00003", "2603.00002"]
    assert told == [1]


async def test_one_poll_at_a_time_and_the_second_gets_the_result_of_the_first(tmp_path: Path, clock: FakeClock) -> None:
    source = ScriptedSource(read(2))
    source.gate.clear()
    async with watched(tmp_path, clock) as store:
        watcher = Watcher(source, store, clock)
        first, second = asyncio.create_task(watcher.poll()), asyncio.create_task(watcher.poll())
        await source.reading.wait()
        source.gate.set()
        assert await first is await second
        assert len(source.cursors) == 1
        await watcher.poll()
        assert len(source.cursors) == 2


async def test_who_waited_for_a_poll_that_was_cancelled_polls_itself(tmp_path: Path, clock: FakeClock) -> None:
    source = ScriptedSource(read(2), read(3))
    source.gate.clear()
    async with watched(tmp_path, clock) as store:
        watcher = Watcher(source, store, clock)
        first, second = asyncio.create_task(watcher.poll()), asyncio.create_task(watcher.poll())
        await source.reading.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert source.closed == 1
        source.gate.set()
        assert (await second).checked == 2


async def test_a_defect_of_the_source_is_not_hidden_from_status(tmp_path: Path, clock: FakeClock) -> None:
    source = ScriptedSource(read(2), ZeroDivisionError("division by zero"))
    told: list[int] = []
    async with watched(tmp_path, clock) as store:
        with pytest.raises(ZeroDivisionError):
            await Watcher(source, store, clock, on_owed=lambda: told.append(1)).poll()
        assert (await store.poll_status()).failure == "The poll ended with an unexpected error; see the log."
        assert await waiting(store) == ["2603.00002"]
    assert told == [1]
    assert source.closed == 1


async def test_a_store_that_fails_ends_the_poll_with_its_own_error(tmp_path: Path, clock: FakeClock) -> None:
    source = ScriptedSource(read(2))
    async with watched(tmp_path, clock) as store:
        watcher = Watcher(source, store, clock)
    with pytest.raises(StoreError):
        await watcher.poll()


async def poll_while_somebody_watches(store: Store, clock: FakeClock, chosen: int) -> int:
    """Poll, and have a watch made at the chosen instant of it; returns how many instants there were."""
    instants = 0
    made: list[asyncio.Task[object]] = []
    query = Query.parse("ti:study")

    def tick(_: str) -> None:
        nonlocal instants
        if instants == chosen:
            adding = store.add_watch(OTHER, query, "ti:study", ANN, clock.now(), most=100)
            made.append(asyncio.create_task(adding))
        instants += 1

    await Watcher(ScriptedSource(read(2)), at_boundary(store, tick, tick), clock).poll()
    await asyncio.gather(*made)
    return instants


async def test_a_watch_made_while_a_poll_matches_misses_nothing(tmp_path: Path, clock: FakeClock) -> None:
    """Made at every instant of the poll in turn, it is owed the poll's paper whichever way that came to the archive."""
    chosen, instants = 0, 1
    while chosen < instants:
        async with watched(tmp_path, clock, name=f"{chosen}.db") as store:
            await store.open_channel(Channel(OTHER, "other", "instant UTC", Layout.DIGEST, clock.now()))
            instants = await poll_while_somebody_watches(store, clock, chosen)
            assert await waiting(store, OTHER) == ["2603.00002"]
        chosen += 1
    assert instants > 8
