"""The first start: where the id sequence ends at present, and where the back-fill begins.

The end is found in at most five requests: the newest papers of a plain search and a widening grid of numbers above the
highest of them; where the search is of no use, the first numbers of the latest twenty months (of the latest fifteen
years when these have none, for an archive that ended long ago) and a narrowing grid within the latest that has papers.
The end may turn out a little low when answers are thin. That is harmless: the walk takes what lies above it for news.

The beginning is found with one request a month: a grid of numbers, whose submissions rise but for stragglers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.arxiv.client import Client
from adapters.arxiv.sequence import Number, month_after, month_of, numbers
from adapters.arxiv.state import Backfill, Position
from adapters.arxiv.walk import REQUEST_SIZE
from bot.errors import SourceError
from bot.models import Paper

log = logging.getLogger(__name__)

# The fullest month so far had 32,040 papers (June 2026).
MONTH_SIZE = 40_000

_MONTHS_BACK = 20
_FIRST_NUMBERS = 10
_YEARS_BACK = 15

# The request that looks above the search's highest number: every number, then a grid, then the months that follow.
_NEAR = 50
_GRID = range(_NEAR, 9_000, 150)
_NEXT_MONTH = (*range(1, 11), *range(2_000, MONTH_SIZE, 2_000))
_LATER_MONTH = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Top:
    """The end of the sequence and the paper there."""

    number: Number
    paper: Paper


async def find_top(client: Client, now: datetime) -> Top:
    """The highest number with a paper. Raises SourceError, also when arXiv seems to have no papers at all."""
    top = await _top_of_search(client)
    if top is not None:
        return await _climb(client, top, month_of(now))
    # The next month too: a clock that is late by an hour may be late by a month.
    months = [month_after(month_of(now), 1 - back) for back in range(12 * _YEARS_BACK)]
    recent = months[:_MONTHS_BACK]
    asked = [number for month in recent for number in numbers(month, range(1, _FIRST_NUMBERS + 1))]
    top = _highest(await _papers(client, asked))
    if top is None:
        # The recent months again: one empty answer may be a fault, and an old top would make years of papers news.
        asked = [number for month in months for number in numbers(month, (1, 2) if month in recent else (1,))]
        top = _highest(await _papers(client, asked))
    if top is None:
        raise SourceError("arXiv gave no papers at all, so there is no place to begin; the next poll tries again.")
    return await _narrow(client, top, asked)


async def find_start(client: Client, top: Top, backfill: timedelta) -> Position:
    """Where to begin, to read the papers submitted up to ``backfill`` before the top paper; zero: that paper alone.

    Raises SourceError.
    """
    if not backfill:
        last = Backfill(top.number, done=0, total=1)
        return Position({top.number.month: top.number.number - 1}, backfill=last).knowing([top.number])
    since = top.paper.published - backfill
    month, highest = top.number.month, top.number.number
    known = {month: highest}
    mark = 0
    while True:
        step = -(-highest // REQUEST_SIZE)
        grid = list(numbers(month, range(step, highest + 1, step)))
        # One empty answer may be a fault; taking it for an empty month would make the back-fill read all of the next.
        papers = await _papers(client, grid) or await _papers(client, grid)
        if not papers:
            # The month before the earliest one that has papers.
            month = month_after(month) if month != top.number.month else month
            break
        known[month] = max(known.get(month, 0), *(number.number for number in papers))
        older = [number.number for number in _before(papers, since)]
        if older:
            mark = max(older)
            break
        if month <= month_of(since):
            break
        month, highest = month_after(month, -1), MONTH_SIZE
    known = {name: number for name, number in known.items() if name >= month}
    return Position({month: mark}, known, backfill=Backfill(top.number, done=0, total=sum(known.values()) - mark))


def _before(papers: Mapping[Number, Paper], since: datetime) -> Iterable[Number]:
    """The numbers, in order, before the first paper that was submitted at ``since`` or later."""
    for number in sorted(papers):
        if papers[number].published >= since:
            return
        yield number


async def _top_of_search(client: Client) -> Top | None:
    try:
        papers = await client.newest()
    except SourceError as error:
        log.info("The search for the newest papers failed, so the months are looked through: %s", error)
        return None
    return _highest({number: paper for paper in papers if (number := Number.parse(paper.id))})


async def _climb(client: Client, top: Top, present: str) -> Top:
    """The search may lag behind, or be one that does not sort: look above it, up to the present month."""
    month, mark = top.number.month, top.number.number
    following = month_after(month)
    asked = [
        *numbers(month, (*range(mark + 1, mark + _NEAR), *(mark + place for place in _GRID))),
        *numbers(following, _NEXT_MONTH),
    ]
    for back in range(_MONTHS_BACK - 2):
        later = month_after(present, -back)
        if later > following:
            asked += numbers(later, _LATER_MONTH)
    higher = _highest(await _papers(client, asked))
    return await _narrow(client, higher, asked) if higher else top


async def _narrow(client: Client, top: Top, asked: Iterable[Number]) -> Top:
    """The highest paper from ``top`` up to the next number ``asked`` in vain, by grids of ever smaller steps."""
    month = top.number.month
    above = [number.number for number in asked if number.month == month and number > top.number]
    room = min(above, default=MONTH_SIZE) - top.number.number
    while room > 1:
        step = -(-room // REQUEST_SIZE)
        start = top.number.number
        top = _highest(await _papers(client, numbers(month, range(start + step, start + room, step)))) or top
        room = step
    return top


async def _papers(client: Client, asked: Iterable[Number]) -> dict[Number, Paper]:
    by_id = {number.id: number for number in asked}
    found = await client.by_id(list(by_id))
    return {by_id[paper_id]: paper for paper_id, paper in found.items()}


def _highest(papers: Mapping[Number, Paper]) -> Top | None:
    if not papers:
        return None
    number = max(papers)
    return Top(number, papers[number])
