"""The least that keeps what ``adapters.arxiv`` reads, as a store would: whole batches, and never a paper twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.arxiv import ArxivSource
from bot.models import Batch, Cursor, Missing, Paper, Progress
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn, Fault
from tests.standins.arxiv_atom import Asked
from tests.standins.clock import FakeClock
from tests.standins.seconds import Seconds

# The cut-offs, 14:00 US Eastern, of Monday 2 March 2026 to Friday 6 March; the morning after the first announcement.
CUT_OFFS = [datetime(2026, 3, day, 19, tzinfo=UTC) for day in range(2, 7)]
MORNING = datetime(2026, 3, 3, 12, tzinfo=UTC)

# How many papers the stand-in has to begin with where the number does not matter.
BASE = 60


def make_source(stand_in: ArxivStandIn, clock: FakeClock, **changes: Any) -> ArxivSource:
    """A source that asks the stand-in and whose waiting takes no time."""
    seconds = Seconds()
    values: dict[str, Any] = {
        "api_url": stand_in.url,
        "delay": 3.0,
        "contact": "",
        "backfill": timedelta(days=7),
        "clock": clock,
        "monotonic": seconds.monotonic,
        "sleep": seconds.sleep,
        "timeout": (5.0, 5.0),
    }
    return ArxivSource(**(values | changes))


def spoil_searches(fault: Fault) -> Callable[[Asked], Fault | None]:
    """For ``ArxivStandIn.fault_of``: searches get the fault, requests by id do not."""
    return lambda asked: fault if asked.query else None


class Archive:
    """``poll`` reads from a source and records; a source may be another each time, as after a restart."""

    def __init__(self, clock: FakeClock) -> None:
        self.cursor: Cursor | None = None
        self.papers: dict[str, Paper] = {}
        self.missing: dict[str, Missing] = {}
        self.dropped: list[str] = []
        self.late: list[str] = []
        self.batches: list[Batch] = []
        self.progress: list[Progress] = []
        self._clock = clock

    async def poll(self, source: ArxivSource, *, batches: int | None = None) -> list[Batch]:
        """Record each batch of a poll, or only the first few, as if killed before the next. Raises SourceError."""
        recorded: list[Batch] = []
        stream = source.new_papers(self.cursor, list(self.missing.values()), self.progress.append)
        if batches == 0:
            return recorded
        async for batch in stream:
            self.record(batch, self._clock.now())
            recorded.append(batch)
            if len(recorded) == batches:
                break
        return recorded

    def record(self, batch: Batch, now: datetime) -> None:
        """Take a batch in, checking what every batch must fulfil."""
        news = [paper for paper in batch.papers if paper.id not in batch.late]
        assert [paper.id for paper in batch.papers] == sorted({paper.id for paper in batch.papers})
        assert not any(paper.id in self.papers for paper in batch.papers)
        assert all(paper.authors and paper.categories and paper.title and paper.announced for paper in batch.papers)
        assert batch.announced == len(news) + len(batch.missing)
        assert batch.late <= self.missing.keys()
        assert not any(one.id in self.missing or one.id in self.papers for one in batch.missing)
        self.papers |= {paper.id: paper for paper in batch.papers}
        self.missing |= {one.id: one for one in batch.missing}
        for paper_id in (*batch.late, *batch.dropped):
            del self.missing[paper_id]
        for paper_id in batch.asked:
            one = self.missing[paper_id]
            self.missing[paper_id] = replace(one, asked=one.asked + 1, last_asked=now)
        self.late += batch.late
        self.dropped += batch.dropped
        self.cursor = batch.cursor
        self.batches.append(batch)


def papers(month: str, first: int, count: int, day: int = 0) -> list[Paper]:
    """``block`` at one of the ``CUT_OFFS``."""
    return block(month, first, count, CUT_OFFS[day])


def block(month: str, first: int, count: int, evening: datetime) -> list[Paper]:
    """The papers of an announcement: ``count`` numbers from ``first`` on, submitted in the day before its cut-off.

    ``evening`` is the moment of the cut-off. One paper in ten was held up by moderation: those come first.
    """
    held = count // 10
    moments = [evening - timedelta(days=2, minutes=held - place) for place in range(held)]
    moments += [evening - timedelta(seconds=20 * (count - place)) for place in range(held, count)]
    return [
        make_paper(f"{month}.{first + place:05d}", published=moment, updated=moment)
        for place, moment in enumerate(moments)
    ]
