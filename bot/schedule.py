"""What happens by the clock: polls, signs of life, housekeeping. APScheduler, wired.

- The poll: at once and then at each interval; never two at a time; runs that were missed (a laptop asleep) become one.
- A sign of life each minute, for the health check.
- Housekeeping: ten minutes after the start and then daily in the quiet hours, 04:40 UTC: after the evening's
  announcement in the US, before the mornings of Europe and America.

A job that fails is reported in the log and runs again at its next time. Jobs are not stored: they follow from the
settings at each start. Delivery is no job but a task of its own (``bot.delivery``), under ``bot.supervision``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from bot.supervision import report

Job = Callable[[], Awaitable[object]]

BEAT = timedelta(minutes=1)
HOUSEKEEPING_DELAY = timedelta(minutes=10)
HOUSEKEEPING = time(4, 40)


class Trigger(Protocol):
    """The part of the library's triggers that says when."""

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The moment that follows the previous one, not before ``now``."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A job's name as the beginning of a sentence, its first moment, and what says the following ones."""

    name: str
    first: datetime
    trigger: Trigger


def timetable(now: datetime, interval: timedelta) -> tuple[Entry, Entry, Entry]:
    """When polls, signs of life and housekeeping are due in a process that starts at ``now``."""
    daily = CronTrigger(hour=HOUSEKEEPING.hour, minute=HOUSEKEEPING.minute, timezone=UTC)
    return (
        Entry("The poll", now, IntervalTrigger(seconds=interval.total_seconds(), timezone=UTC)),
        Entry("The sign of life", now, IntervalTrigger(seconds=BEAT.total_seconds(), timezone=UTC)),
        Entry("Housekeeping", now + HOUSEKEEPING_DELAY, daily),
    )


class Jobs:
    """Runs three coroutine functions: ``poll`` at each ``interval``, ``beat`` each minute, ``housekeeping`` daily."""

    def __init__(self, poll: Job, beat: Job, housekeeping: Job, *, interval: timedelta) -> None:
        self._running: set[asyncio.Task[object]] = set()
        # The library says at "info" what each job does; the jobs say it themselves where it is news.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        # One instance and one catch-up run of a job, however late it is.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        for job, entry in zip((poll, beat, housekeeping), timetable(datetime.now(UTC), interval), strict=True):
            self._scheduler.add_job(
                self._run, entry.trigger, (entry.name, job), id=entry.name, next_run_time=entry.first
            )

    def start(self) -> None:
        """Begin; to be called in the event loop."""
        self._scheduler.start()

    async def stop(self, grace: float = 1.0) -> None:
        """Start nothing more; give what runs ``grace`` seconds, then cancel it. Returns when everything has ended."""
        if self._scheduler.running:
            self._scheduler.pause()
            # Paused, it sets no new timer when it wakes; otherwise an old one could go off after it has shut down.
            self._scheduler.wakeup()
        running = set(self._running)
        if running:
            await asyncio.wait(running, timeout=grace)
            for job in running:
                job.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            # What the library does in the event loop, it does in the loop's next turn.
            await asyncio.sleep(0)

    async def _run(self, name: str, job: Job) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  for the type checker: a coroutine runs in a task
        self._running.add(task)
        try:
            await job()
        except Exception as error:  # noqa: BLE001  the next run must come, whatever this one met
            report(name, error)
        except asyncio.CancelledError:
            # By ``stop``. The library would log it as the job's error; the task ends here in any case.
            return
        finally:
            self._running.discard(task)
