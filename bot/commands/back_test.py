"""Trying a query on the archive: how many papers of the last 30 days match, about how many a day, and examples.

"A day" is a listing day, of which a week has five. When the archive is younger than 30 days, its whole age is used
and said.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta

from bot.commands.context import Context
from bot.models import BackTest, Entry, Paper
from bot.query import Query
from bot.wording import count, day_text, number

DAYS = 30
NOISY = 10
"""More matches a listing day than this is noise."""

_LISTING_DAYS_A_WEEK = 5
_STALE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Trial:
    """What trying ``query`` gave. ``filling``: the archive's first back-fill is not complete. ``upvoted`` of the
    matches have as many ``upvotes`` as were asked for, 0: none."""

    query: Query
    typed: str
    test: BackTest
    examples: tuple[Paper, ...]
    filling: bool
    upvotes: int = 0
    upvoted: int = 0

    @property
    def a_day(self) -> float:
        """Matches a listing day."""
        return self.test.matches / self.test.days if self.test.days else 0.0

    @property
    def noisy(self) -> bool:
        return self.a_day > NOISY


async def try_out(context: Context, typed: str, *, examples: int = 3, upvotes: int = 0) -> Trial:
    """Parse what was typed, a query without `min:`, and try it on the archive. Raises QueryError, StoreError."""
    query = Query.parse(typed)
    span, polls = await asyncio.gather(context.store.archive_span(), context.store.poll_status())
    if (last := span.last) is None:
        return Trial(query, typed, BackTest(0, None, None, 0), (), filling=True, upvotes=upvotes)
    since = last - timedelta(days=DAYS - 1)
    test = await context.store.back_test(query, since=since)
    found = await context.store.search(query, limit=examples, since=since) if test.matches else []
    upvoted = 0
    if upvotes and test.matches:
        upvoted = await context.store.count_upvoted(query, since=since, upvotes=upvotes)
    return Trial(query, typed, test, tuple(found), polls.backfilling, upvotes, upvoted)


def result(trial: Trial, context: Context) -> str:
    """The outcome in a sentence or two: ``41 matches in the last 30 days, about 2 a day.``"""
    filling = " The archive is still being filled." if trial.filling else ""
    if trial.test.since is None or trial.test.until is None:
        return f"There are no papers in the archive yet to try it on.{filling}"
    period = _period(trial.test.since, trial.test.until, context.now.date())
    if not trial.test.matches:
        return f"No match {period}.{filling}"
    enough = ""
    if trial.upvotes:
        have = "has" if trial.upvoted == 1 else "have"
        enough = f" {number(trial.upvoted)} of them {have} {count(trial.upvotes, 'upvote')} or more so far."
    return f"{count(trial.test.matches, 'match', 'matches')} {period}, {_rate(trial.a_day)}.{enough}{filling}"


def _period(first: date, last: date, today: date) -> str:
    days = (last - first).days + 1
    if days < DAYS:
        return f"since the archive began on {day_text(first)} ({count(days, 'day')})"
    if today - last > _STALE:
        return f"in the {DAYS} days to {day_text(last)}"
    return f"in the last {DAYS} days"


def _rate(a_day: float) -> str:
    if a_day >= 0.9:
        return f"about {round(a_day):,} a day"
    a_week = a_day * _LISTING_DAYS_A_WEEK
    return f"about {round(a_week)} a week" if a_week >= 0.9 else "less than one a week"


def entries(papers: tuple[Paper, ...] | list[Paper], query: Query) -> tuple[Entry, ...]:
    """Papers as they stand in a reply, with the words that matched. They have no number: one chooses them by id."""
    return tuple(Entry(0, paper, query.matches(paper) or (), (query.canonical,)) for paper in papers)
