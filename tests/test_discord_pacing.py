"""Discord's limit over all requests is kept, also where the program was held up for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest

from adapters.discord.pacing import A_SECOND, Pace
from tests.standins.clock import FakeClock

ALLOWED = 50


class StallingClock(FakeClock):
    """Whoever sleeps wakes late now and then, as in a loop that was held."""

    def __init__(self, stall: float, random: Random) -> None:
        super().__init__()
        self._stall, self._random = stall, random

    async def sleep(self, seconds: float) -> None:
        late = self._stall if self._random.random() < 0.05 else 0.0
        self.set(self.now() + timedelta(seconds=seconds + late))
        await asyncio.sleep(0)


async def went(clock: FakeClock, many: int) -> list[float]:
    """When each of so many requests of the same moment went, in seconds."""
    pace, moments = Pace(clock), list[float]()

    async def request() -> None:
        await pace.turn()
        moments.append(clock.monotonic().total_seconds())

    await asyncio.gather(*(request() for _ in range(many)))
    return moments


def most_in_a_second(moments: Sequence[float]) -> int:
    return max(sum(begin <= moment < begin + 1 for moment in moments) for begin in moments)


@pytest.mark.parametrize("stall", [0.0, 0.05, 0.2, 1.5])
async def test_no_second_has_more_requests_than_are_allowed_whatever_held_the_program(stall: float) -> None:
    moments = await went(StallingClock(stall, Random(7)), 1_000)
    assert moments == sorted(moments)
    assert most_in_a_second(moments) < ALLOWED


async def test_what_was_held_up_for_a_moment_is_made_up_for() -> None:
    moments = await went(StallingClock(0.05, Random(7)), 2_000)
    assert 2_000 / (moments[-1] - moments[0]) > 0.99 * A_SECOND


async def test_a_pause_is_not_saved_up() -> None:
    clock = StallingClock(0.0, Random(7))
    pace = Pace(clock)
    await pace.turn()
    clock.set(clock.now() + timedelta(minutes=1))
    begun = clock.monotonic()
    for _ in range(A_SECOND + 1):
        await pace.turn()
    assert (clock.monotonic() - begun).total_seconds() == pytest.approx(1.0, abs=0.001)


async def test_a_request_that_is_given_up_leaves_its_turn_to_others() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    waiting = [asyncio.create_task(pace.turn()) for _ in range(100)]
    await clock.settle()
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    following = asyncio.create_task(pace.turn())
    await clock.advance(0.05)
    assert following.done()
    await following
