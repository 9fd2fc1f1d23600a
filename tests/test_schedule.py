"""The library runs on the machine's clock: intervals are hundredths of a second here, each wait is for an event."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.errors import StoreError
from bot.schedule import Jobs

OFTEN = timedelta(seconds=0.01)
NEVER = timedelta(days=1)


class Work:
    """A job that counts its runs; tests wait for them."""

    def __init__(self) -> None:
        self.runs = 0
        self.running = 0
        self.most_running = 0
        self.cancelled = False
        self.begun = asyncio.Event()
        self.errors: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> None:
        self.runs += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.begun.set()
        try:
            await self.gate.wait()
            if self.errors:
                raise self.errors.pop(0)
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.running -= 1

    async def until(self, runs: int) -> None:
        while self.runs < runs:
            self.begun.clear()
            await self.begun.wait()


async def test_polls_and_beats_at_once_and_keeps_house_later() -> None:
    poll, beat, housekeeping = Work(), Work(), Work()
    jobs = Jobs(poll, beat, housekeeping, interval=NEVER)
    jobs.start()
    await poll.until(1)
    await beat.until(1)
    assert housekeeping.runs == 0
    await jobs.stop()


async def test_polls_at_each_interval_until_stopped() -> None:
    poll = Work()
    jobs = Jobs(poll, Work(), Work(), interval=OFTEN)
    jobs.start()
    await poll.until(3)
    await jobs.stop()
    runs = poll.runs
    beat = Work()
    later = Jobs(beat, Work(), Work(), interval=OFTEN)
    later.start()
    await beat.until(3)
    await later.stop()
    assert poll.runs == runs


async def test_a_poll_that_takes_long_is_not_joined_by_another(caplog: pytest.LogCaptureFixture) -> None:
    poll, clock = Work(), Work()
    poll.gate.clear()
    jobs, ticks = Jobs(poll, Work(), Work(), interval=OFTEN), Jobs(clock, Work(), Work(), interval=OFTEN)
    jobs.start()
    ticks.start()
    await poll.until(1)
    await clock.until(5)
    assert poll.runs == 1
    poll.gate.set()
    await poll.until(2)
    assert poll.most_running == 1
    await jobs.stop()
    await ticks.stop()


async def test_a_job_that_fails_is_reported_and_runs_again(caplog: pytest.LogCaptureFixture) -> None:
    poll = Work()
    poll.errors = [StoreError("The disk is full.", path="paperroute.db"), ZeroDivisionError("a defect")]
    jobs = Jobs(poll, Work(), Work(), interval=OFTEN)
    jobs.start()
    await poll.until(3)
    await jobs.stop()
    foreseen, defect = [record for record in caplog.records if record.name == "bot.supervision"]
    assert (foreseen.levelno, foreseen.getMessage()) == (logging.WARNING, "The poll failed: The disk is full.")
    assert foreseen.exc_info is None
    assert defect.getMessage() == "The poll failed unexpectedly."
    assert defect.exc_info is not None


async def test_stopping_waits_for_a_job_that_is_about_to_end() -> None:
    poll = Work()
    poll.gate.clear()
    jobs = Jobs(poll, Work(), Work(), interval=NEVER)
    jobs.start()
    await poll.until(1)
    stopping = asyncio.create_task(jobs.stop(grace=30))
    await asyncio.sleep(0)
    poll.gate.set()
    await stopping
    assert not poll.cancelled
    assert poll.running == 0


async def test_stopping_cancels_a_job_that_does_not_end_and_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    poll = Work()
    poll.gate.clear()
    jobs = Jobs(poll, Work(), Work(), interval=NEVER)
    jobs.start()
    await poll.until(1)
    await jobs.stop(grace=0.01)
    assert poll.cancelled
    assert poll.running == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_stopping_twice_or_before_the_start_is_fine() -> None:
    jobs = Jobs(Work(), Work(), Work(), interval=NEVER)
    await jobs.stop()
    jobs.start()
    await jobs.stop()
    await jobs.stop()
