from __future__ import annotations

import asyncio
import logging

import pytest

from bot.errors import StoreError
from bot.supervision import LONGEST_PAUSE, report, supervise
from tests.standins.clock import FakeClock


async def test_work_that_returns_is_not_run_again(clock: FakeClock) -> None:
    runs = []

    async def run() -> None:
        runs.append(clock.now())

    await supervise("Counting", run, clock)
    assert len(runs) == 1


async def test_work_that_fails_is_run_again_ever_more_patiently(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        raise StoreError("The disk is full.", path="paperroute.db", hint="Free some space.")

    task = asyncio.create_task(supervise("Delivering", run, clock))
    await clock.settle()
    await clock.advance(200)
    assert clock.slept[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert caplog.messages[0] == "Delivering failed: The disk is full. Free some space."
    assert caplog.records[0].exc_info is None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_after_a_good_run_the_pauses_are_short_again(clock: FakeClock) -> None:
    async def run() -> None:
        await clock.sleep(400)
        raise RuntimeError("late")

    task = asyncio.create_task(supervise("Delivering", run, clock))
    await clock.settle()
    await clock.advance(3000)
    assert set(clock.slept) == {400, 1}
    assert LONGEST_PAUSE not in clock.slept
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_a_defect_is_reported_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    report("The poll", ZeroDivisionError("division by zero"))
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == "The poll failed unexpectedly."
    assert record.exc_info is not None
