"""The least that keeps what ``adapters.arxiv`` reads, as a store would: whole batches, and never a paper twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.arxiv import ArxivSource
from bot.models import Batch, Cursor, Missing, Paper, Progress
from tests.standins.clock import FakeClock


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


def block(make: Callable[..., Paper], month: str, first: int, count: int, evening: datetime) -> list[Paper]:
    """The papers of an announcement: ``count`` numbers from ``first`` on, submitted in the day before its cut-off.

    ``evening`` is the moment of the cut-off. One paper in ten was held up by moderation: those come first.
    """
    held = count // 10
    moments = [evening - timedelta(days=2, minutes=held - place) for place in range(held)]
    moments += [evening - timedelta(seconds=20 * (count - place)) for place in range(held, count)]
    return [
        make(f"{month}.{first + place:05d}", published=moment, updated=moment) for place, moment in enumerate(moments)
    ]
