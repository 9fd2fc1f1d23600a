"""The reader of signals: politely paced, an outage costs nothing but the signals and is said once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from adapters.huggingface import HuggingFaceSource
from bot.errors import SourceError
from bot.models import ChannelRef, Signal
from bot.signals import DAYS, SignalReader
from tests.commands_kit import TODAY, Room, numbered, open_room
from tests.factories import CHANNEL, make_signal
from tests.standins.clock import FakeClock
from tests.standins.huggingface import Fault, HuggingFaceStandIn, Kind, element

ONE = "2603.00001"
T = TypeVar("T")


class Community:
    """A source of invented signals; ``errors`` are raised from the left, None lets a request pass."""

    def __init__(self) -> None:
        self.days: list[date] = []
        self.errors: list[SourceError | None] = []
        self.upvotes = 20

    async def signals(self, day: date) -> list[Signal]:
        self.days.append(day)
        if self.errors and (error := self.errors.pop(0)):
            raise error
        return [make_signal(ONE, self.upvotes)] if day == TODAY else []


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


class Standing(FakeClock):
    """Time stands still, and nobody is kept waiting: for rounds on the wire."""

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def finished(work: asyncio.Task[T], clock: FakeClock) -> T:
    """The result of ``work``, which may sleep meanwhile."""
    while not work.done():
        await clock.advance(1)
        await asyncio.sleep(0)
    return await work


async def a_round(reader: SignalReader, room: Room) -> float | None:
    return await finished(asyncio.create_task(reader.read()), room.clock)


async def test_a_round_asks_for_two_weeks_with_pauses(room: Room) -> None:
    community = Community()
    assert await a_round(SignalReader(community, room.store, room.clock), room) is None
    assert community.days == [TODAY - timedelta(days=back) for back in range(DAYS)]
    assert room.clock.slept == [2.0] * (DAYS - 1)
    assert (await room.store.signals([ONE]))[ONE].upvotes == 20


async def slept(clock: FakeClock, times: int) -> list[float]:
    """Let it sleep so often, each time to the end; for how long it slept, and for how long it is about to."""
    for turn in range(times + 1):
        while len(clock.slept) <= turn:
            await clock.settle()
        if turn < times:
            await clock.advance(clock.slept[turn])
    return clock.slept


async def test_rounds_come_by_the_hour_also_after_a_restart(room: Room) -> None:
    community = Community()
    for expected in ([0.0] + [2.0] * (DAYS - 1) + [3_600.0 - 2 * (DAYS - 1)], [3_600.0 - 2 * (DAYS - 1)]):
        room.clock.slept.clear()
        running = asyncio.create_task(SignalReader(community, room.store, room.clock).run())
        assert await slept(room.clock, len(expected) - 1) == expected
        assert len(community.days) == DAYS
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_single_poll_reads_signals_where_they_are_an_hour_old(room: Room) -> None:
    community = Community()
    reader = SignalReader(community, room.store, room.clock)
    for hours, days in ((0, DAYS), (0.5, DAYS), (0.6, 2 * DAYS)):
        room.clock.set(room.clock.now() + timedelta(hours=hours))
        await finished(asyncio.create_task(reader.read_if_due()), room.clock)
        assert len(community.days) == days


async def test_an_outage_is_said_once_and_costs_nothing_else(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    community = Community()
    reader = SignalReader(community, room.store, room.clock)
    for _ in range(3):
        community.errors = [SourceError("Hugging Face did not answer in time.")]
        assert await a_round(reader, room) is None
    assert len(community.days) == 3, "a round is given up at once"
    await a_round(reader, room)
    begun, ended = caplog.messages
    assert begun.endswith("papers come without them. Hugging Face did not answer in time.")
    assert ended == "The community's signals can be read again."


async def test_a_day_that_is_refused_is_left_out_and_no_outage(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    community = Community()
    community.errors = [None, SourceError("No such day.", permanent=True)]
    await a_round(SignalReader(community, room.store, room.clock), room)
    assert len(community.days) == DAYS
    assert caplog.messages == []
    community.errors = [SourceError("No such day.", permanent=True)] * DAYS
    await a_round(SignalReader(community, room.store, room.clock), room)
    assert len(caplog.messages) == 1


@pytest.mark.parametrize(("asked", "waits"), [(7_200.0, 7_200.0), (1e12, 86_400.0)])
async def test_a_source_that_names_a_time_is_left_alone_for_so_long(room: Room, asked: float, waits: float) -> None:
    community = Community()
    community.errors = [SourceError("Later.", retry_after=asked)]
    running = asyncio.create_task(SignalReader(community, room.store, room.clock).run())
    assert await slept(room.clock, 1) == [0.0, waits]
    assert len(community.days) == 1
    assert await slept(room.clock, 3) == [0.0, waits, 0.0, 2.0]
    assert len(community.days) == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_instant_channels_are_named_when_something_rises(room: Room) -> None:
    await room.announce(numbered(2))
    await room.say("schedule instant")
    await room.say("watch min:20 letters")
    owed: list[ChannelRef] = []
    await a_round(SignalReader(Community(), room.store, room.clock, on_owed=owed.extend), room)
    assert owed == [CHANNEL]


async def test_a_round_on_the_wire_with_a_fault_in_its_middle(room: Room) -> None:
    async with HuggingFaceStandIn(TODAY) as server:
        server.days[TODAY] = [element(ONE, 33)]
        server.days[TODAY - timedelta(1)] = [element("2603.00002", 44)]
        source = HuggingFaceSource(server.url, contact="", clock=room.clock)
        reader = SignalReader(source, room.store, Standing())
        server.faults.extend([Fault(Kind.MISSING), Fault(Kind.TRUNCATED)])
        assert await reader.read() is None
        assert len(server.asked) == 2
        assert await room.store.signals([ONE, "2603.00002"]) == {}
        assert await reader.read() is None
        assert set(await room.store.signals([ONE, "2603.00002"])) == {ONE, "2603.00002"}
        await source.close()
