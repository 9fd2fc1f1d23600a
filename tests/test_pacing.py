from __future__ import annotations

import asyncio

import pytest

from bot.models import ChannelRef
from bot.pacing import Pacer, within
from tests.factories import CHANNEL
from tests.standins.clock import FakeClock


async def answer() -> int:
    return 42


async def break_off() -> int:
    raise asyncio.CancelledError


async def test_a_result_in_time(clock: FakeClock) -> None:
    assert await within(clock, 10, answer()) == 42


async def test_work_that_breaks_itself_off_is_no_cancellation_of_its_caller(clock: FakeClock) -> None:
    with pytest.raises(TimeoutError):
        await within(clock, 10, break_off())


async def test_work_that_takes_too_long_has_ended_when_that_is_said(clock: FakeClock) -> None:
    ended = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(within(clock, 10, hang()))
    await clock.settle()
    await clock.advance(9.9)
    assert not waiting.done()
    await clock.advance(0.1)
    with pytest.raises(TimeoutError):
        await waiting
    assert ended.is_set()


async def test_cancelling_cancels_the_work(clock: FakeClock) -> None:
    ended = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(within(clock, 10, hang()))
    await clock.settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended.is_set()


async def test_a_channel_waits_for_its_turn_and_another_does_not(clock: FakeClock) -> None:
    pacer = Pacer(clock)
    await pacer.turn(CHANNEL)
    pacer.posted(CHANNEL, 1.5)
    await pacer.turn(ChannelRef("console", "local", "other"))
    waiting = asyncio.create_task(pacer.turn(CHANNEL))
    await clock.settle()
    await clock.advance(1.4)
    assert not waiting.done()
    await clock.advance(0.1)
    await waiting


@pytest.mark.parametrize("by", [3600.0, -3600.0])
async def test_setting_the_clock_changes_no_turn(clock: FakeClock, by: float) -> None:
    pacer = Pacer(clock)
    pacer.posted(CHANNEL, 1.5)
    clock.jump(by)
    waiting = asyncio.create_task(pacer.turn(CHANNEL))
    await clock.settle()
    await clock.advance(1.4)
    assert not waiting.done()
    await clock.advance(0.1)
    await waiting


async def test_moments_that_have_passed_are_forgotten(clock: FakeClock) -> None:
    pacer = Pacer(clock)
    for number in range(1_500):
        pacer.posted(ChannelRef("slack", "T1", str(number)), 1.0)
        clock.set(clock.now().replace(microsecond=number))
    await clock.advance(2)
    pacer.posted(CHANNEL, 1.0)
    assert pacer.known == {CHANNEL}
    pacer.posted(CHANNEL, 0.0)
    waiting = asyncio.create_task(pacer.turn(CHANNEL))
    await clock.settle()
    await clock.advance(1)
    await waiting
