"""arXiv as a ``bot.ports.PaperSource``: acts on the decisions of ``adapters.arxiv.walk``.

A poll walks to the end of the id sequence, once a day compares that end with a plain search, then asks for missing
papers again. Each batch can be recorded by itself: its cursor holds everything that is needed to go on after it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from adapters.arxiv import announcements
from adapters.arxiv.client import CONNECT_TIMEOUT, READ_TIMEOUT, Client
from adapters.arxiv.parse import is_paper_id
from adapters.arxiv.start import find_start, find_top
from adapters.arxiv.state import Position
from adapters.arxiv.walk import REQUEST_SIZE
from adapters.arxiv.walker import Walker
from bot.models import Batch, Cursor, Missing, Paper, Progress
from bot.ports import Clock

log = logging.getLogger(__name__)

API_URL = "https://export.arxiv.org/api/query"

MISSING_PER_POLL = 400
GIVEN_UP_AFTER = timedelta(days=14)
# A number is not given up because of a single answer after a long pause.
_ASKED_AT_LEAST = 4

# A member waits for the answer to a command; a poll does not mind.
_MEMBERS_PATIENCE = 15.0


class ArxivSource:
    """``backfill`` reaches back from the newest paper at the first start; zero reads nothing older than that paper.

    ``delay`` is in seconds from the end of one answer to the next request, ``contact`` an address for arXiv's operators
    to write to (may be empty), ``timeout`` in seconds for connecting and for each read.
    """

    def __init__(
        self,
        *,
        delay: float,
        contact: str,
        backfill: timedelta,
        clock: Clock,
        api_url: str = API_URL,
        timeout: tuple[float, float] = (CONNECT_TIMEOUT, READ_TIMEOUT),
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._clock = clock
        self._members_patience = max(_MEMBERS_PATIENCE, delay)
        self._backfill = backfill
        self._client = Client(
            api_url=api_url,
            delay=delay,
            contact=contact,
            clock=clock,
            timeout=timeout,
            monotonic=monotonic,
            sleep=sleep,
        )

    async def new_papers(
        self, cursor: Cursor | None, missing: Sequence[Missing], progress: Callable[[Progress], None]
    ) -> AsyncIterator[Batch]:
        """See ``bot.ports.PaperSource.new_papers``. Of ``missing`` at most ``MISSING_PER_POLL`` are asked, last."""
        position = await self._first_position() if cursor is None else Position.of(cursor)
        walker = Walker(self._client, self._clock, position, progress)
        while batch := await walker.next_batch():
            yield batch
        if await walker.check():
            while batch := await walker.next_batch():
                yield batch
        if walker.position.checked != walker.recorded.checked:
            yield Batch((), walker.position.cursor())
        for start in range(0, min(len(missing), MISSING_PER_POLL), REQUEST_SIZE):
            again = missing[start : min(start + REQUEST_SIZE, MISSING_PER_POLL)]
            yield await self._ask_again(again, walker.position)

    async def paper(self, paper_id: str) -> Paper | None:
        """See ``bot.ports.PaperSource.paper``. The listing day is the earliest that the schedule allows."""
        if not is_paper_id(paper_id):
            return None
        paper = (await self._client.by_id([paper_id], patience=self._members_patience)).get(paper_id)
        return _dated(paper, None) if paper else None

    async def papers(self, paper_ids: Sequence[str]) -> list[Paper]:
        """See ``bot.ports.PaperSource.papers``. In the order asked for; what is no id is left out."""
        wanted = [paper_id for paper_id in dict.fromkeys(paper_ids) if is_paper_id(paper_id)]
        found: list[Paper] = []
        for start in range(0, len(wanted), REQUEST_SIZE):
            part = wanted[start : start + REQUEST_SIZE]
            papers = await self._client.by_id(part)
            found += [_dated(papers[paper_id], None) for paper_id in part if paper_id in papers]
        return found

    def last_announcement(self, now: datetime) -> datetime:
        return announcements.last_announcement(now)

    def next_announcement(self, now: datetime) -> datetime:
        return announcements.next_announcement(now)

    def silence(self, now: datetime) -> str:
        return announcements.silence(now)

    def close(self) -> None:
        """End what is under way; a poll that runs gets a SourceError."""
        self._client.close()

    async def _first_position(self) -> Position:
        now = self._clock.now()
        top = await find_top(self._client, now)
        log.info("arXiv's id sequence ends at %s at present.", top.number.id)
        return replace(await find_start(self._client, top, self._backfill), checked=now)

    async def _ask_again(self, missing: Sequence[Missing], position: Position) -> Batch:
        found = await self._client.by_id([one.id for one in missing if is_paper_id(one.id)])
        now = self._clock.now()
        papers = [_dated(found[one.id], one.announced) for one in missing if one.id in found]
        absent = [one for one in missing if one.id not in found]
        dropped = tuple(one.id for one in absent if _given_up(one, now))
        if dropped:
            log.warning(
                "Given up after %d days: arXiv has no whole paper for %s.", GIVEN_UP_AFTER.days, ", ".join(dropped)
            )
        return Batch(
            papers=tuple(sorted(papers, key=lambda paper: paper.id)),
            cursor=position.cursor(),
            late=frozenset(paper.id for paper in papers),
            asked=tuple(one.id for one in absent if one.id not in dropped),
            dropped=dropped,
            backfill=position.backfill is not None,
        )


def _given_up(missing: Missing, now: datetime) -> bool:
    return now - missing.first_missed > GIVEN_UP_AFTER and missing.asked + 1 >= _ASKED_AT_LEAST


def _dated(paper: Paper, announced: date | None) -> Paper:
    earliest = announcements.earliest_listing_day(paper.published)
    return replace(paper, announced=max(announced or earliest, earliest))
