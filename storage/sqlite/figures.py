"""A channel week by week, for pictures.

What was announced comes from the polls, which pruning leaves alone. What matched comes from the channel's deliveries,
which are packed only long after the weeks that are asked for; a paper's matches say whose they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlite_utils

from bot.models import ChannelRef, Figures, WatchFigures
from storage.sqlite import days
from storage.sqlite.database import Database
from storage.sqlite.people import find_channel
from storage.sqlite.values import day_column

_ANNOUNCED = "SELECT o.day, sum(o.announced) FROM polls o WHERE o.day BETWEEN :first AND :last GROUP BY o.day"

# The plus keeps SQLite on the channel's deliveries, of which there are fewer than papers in these weeks.
_MATCHED = """
    SELECT p.announced, m.query_id, d.paper
    FROM deliveries d
    JOIN papers p ON p.ordinal = d.paper
    JOIN matches m ON m.paper = d.paper
    WHERE d.channel_id = :channel AND d.paper BETWEEN :low AND :high AND d.state <> 2
    AND +p.announced BETWEEN :first AND :last
    AND m.query_id IN (
        SELECT w.query_id FROM watches w INDEXED BY watches_active WHERE w.channel_id = :channel AND w.ended_at IS NULL
        AND (w.upvotes = 0 OR w.upvotes <= (SELECT s.counted FROM signals s WHERE s.paper = d.paper))
    )
    AND (:query IS NULL OR m.query_id = :query)
"""

_SAVED = """
    SELECT substr(s.saved_at, 1, 10) FROM saves s
    WHERE s.channel_id = :channel AND NOT s.taken_back AND s.saved_at >= :first AND s.saved_at < :end
    AND (:query IS NULL OR EXISTS (SELECT 1 FROM matches m WHERE m.paper = s.paper AND m.query_id = :query))
"""

_WATCHES = """
    SELECT q.id, q.canonical FROM watches w INDEXED BY watches_active JOIN queries q ON q.id = w.query_id
    WHERE w.channel_id = ? AND w.ended_at IS NULL ORDER BY w.id
"""


def figures(db: sqlite_utils.Database, ref: ChannelRef, weeks: Sequence[date], query: str | None) -> Figures:
    channel = find_channel(db, ref)
    watched = dict(db.execute(_WATCHES, (channel,)))
    if query is not None:
        watched = {number: canonical for number, canonical in watched.items() if canonical == query}
    span = days.span(db, weeks[0], weeks[-1] + timedelta(days=6))
    asked: dict[str, Any] = {
        "channel": channel,
        # A watch that has ended meanwhile has no number, and none has this one.
        "query": None if query is None else next(iter(watched), -1),
        "first": day_column(weeks[0]),
        "last": day_column(weeks[-1] + timedelta(days=6)),
        "end": day_column(weeks[-1] + timedelta(days=7)),
        "low": span.low,
        "high": span.high,
    }
    announced, saves = [0] * len(weeks), [0] * len(weeks)
    for day, papers in db.execute(_ANNOUNCED, asked):
        announced[_week(weeks, day)] += papers
    for (day,) in db.execute(_SAVED, asked):
        saves[_week(weeks, day)] += 1
    matches = {number: [0] * len(weeks) for number in watched}
    matched: list[set[int]] = [set() for _ in weeks]
    for day, number, paper in db.execute(_MATCHED, asked):
        week = _week(weeks, day)
        matches[number][week] += 1
        matched[week].add(paper)
    return Figures(
        weeks=tuple(weeks),
        watches=tuple(WatchFigures(canonical, tuple(matches[number])) for number, canonical in watched.items()),
        announced=tuple(announced),
        matched=tuple(len(papers) for papers in matched),
        saves=tuple(saves),
    )


def _week(weeks: Sequence[date], day: str) -> int:
    return (date.fromisoformat(day) - weeks[0]).days // 7


class FiguresOfChannels:
    """The part of ``bot.ports.PostStore`` that counts."""

    _database: Database

    async def figures(self, ref: ChannelRef, weeks: Sequence[date], query: str | None = None) -> Figures:
        return await self._database.read(lambda db: figures(db, ref, weeks, query))
