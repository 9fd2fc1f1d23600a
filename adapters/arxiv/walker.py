"""Acts on the decisions of ``adapters.arxiv.walk``: sends its requests and makes batches of what they mean."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from adapters.arxiv.client import Client
from adapters.arxiv.dating import Dating
from adapters.arxiv.sequence import Number, month_after, month_of
from adapters.arxiv.state import Position
from adapters.arxiv.walk import Step, decide, plan
from bot.errors import SourceError
from bot.models import Batch, Missing, Paper, Progress
from bot.ports import Clock

log = logging.getLogger(__name__)

CHECK_INTERVAL = timedelta(hours=24)


class Walker:
    """One poll's walk. ``position`` is where it stands, ``recorded`` what the last batch's cursor holds."""

    def __init__(self, client: Client, clock: Clock, position: Position, progress: Callable[[Progress], None]) -> None:
        self.position = position
        self.recorded = position
        self._client = client
        self._clock = clock
        self._progress = progress
        self._first = True

    async def next_batch(self) -> Batch | None:
        """The next stretch of the sequence, None at its end. Raises SourceError."""
        while True:
            request = plan(self.position, month_of(self._clock.now()), first=self._first)
            found = await self._client.by_id(request.ids)
            step = decide(self.position, request, found, asked_twice=False)
            if step.again:
                found |= await self._client.by_id(request.ids)
                step = decide(step.position, request, found, asked_twice=True)
            self._first = False
            if step.passed:
                return self._batch(step, found)
            self.position = step.position
            if step.finished:
                return None

    async def check(self) -> bool:
        """Compare the end of the walk with a plain search, when a day has passed since the last time.

        True when the search knows papers beyond the end: the walk can then go on. A failed search is no failure of the
        poll; the next one tries again.
        """
        now = self._clock.now()
        checked = self.position.checked
        # A check in the future means that the clock was wrong then.
        if checked is not None and timedelta(0) <= now - checked < CHECK_INTERVAL:
            return False
        end = self.position.newest
        latest = month_after(max(month_of(now), end.month))
        try:
            newest = [number for paper in await self._client.newest() if (number := Number.parse(paper.id))]
            beyond = [number for number in newest if number > end and number.month <= latest]
            # A hole may be long, and walking through it is dear: the papers themselves have to confirm it.
            confirmed = await self._client.by_id([number.id for number in beyond]) if beyond else {}
        except SourceError as error:
            log.warning("The daily check against a plain search failed and is repeated at the next poll: %s", error)
            return False
        self.position = replace(self.position, checked=now)
        papers = [number for number in beyond if number.id in confirmed]
        if papers:
            log.warning("The walk had ended at %s, but arXiv has %s; it goes on.", end.id, max(papers).id)
            self.position = self.position.knowing(papers)
        return bool(papers)

    def _batch(self, step: Step, found: Mapping[str, Paper]) -> Batch:
        now = self._clock.now()
        history = self.position.backfill
        dating = self.position.dating
        papers: list[Paper] = []
        missing: list[Missing] = []
        for number in step.passed:
            paper = found.get(number.id)
            if paper is None:
                day = dating.day if dating else None
                missing.append(Missing(number.id, day, first_missed=now, last_asked=now, asked=1))
                continue
            dating = dating.next(paper.published, now) if dating else Dating.first(paper.published, now)
            papers.append(replace(paper, announced=dating.day))
        self.position = self.recorded = replace(step.position, dating=dating)
        if history is not None:
            done = history.done + len(step.passed)
            remaining = self.position.backfill
            self._progress(Progress(done, remaining.total if remaining else done))
        return Batch(
            papers=tuple(papers),
            cursor=self.position.cursor(),
            announced=len(step.passed),
            missing=tuple(missing),
            backfill=history is not None,
        )
