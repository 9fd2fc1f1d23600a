"""The community's signals, and the papers that watches hold back until they have upvotes.

A signal is kept by the paper's ordinal, whether or not the archive has the paper: the community may be faster. Only the
latest is kept, with the time it was read, and ``counted``: the most upvotes that the paper had while they count, which
is until ``UPVOTE_DAYS`` after its listing day. The view ``wanted`` compares that with what a watch waits for; as it
never falls, nothing that was owed once ceases to be wanted because votes are taken back or time passes.

When ``counted`` rises past what a watch of a matching query waits for, the paper is owed in the same transaction. That
looks at papers whose number rose and at watches that wait, through an index that holds no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlite_utils

from bot.errors import CommandError
from bot.models import UPVOTE_DAYS, ChannelRef, Signal, Trending
from bot.paper_id import ordinal
from bot.query import Query
from storage.sqlite import channels, days, full_text, owing, papers
from storage.sqlite.database import Database
from storage.sqlite.people import team_of
from storage.sqlite.values import (
    count,
    day_column,
    json_list,
    list_column,
    moment_column,
    text_column,
    to_list,
    to_moment,
)

_COLUMNS = (
    "s.paper, s.upvotes, s.read_at, s.comments, s.repository, s.stars, s.project, s.organisation, s.summary, s.keywords"
)
_PUT = """
    INSERT INTO signals (paper, upvotes, counted, comments, repository, stars, project, organisation, summary, keywords,
                         read_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (paper) DO UPDATE SET
        upvotes = excluded.upvotes, counted = excluded.counted, comments = excluded.comments,
        repository = excluded.repository, stars = excluded.stars, project = excluded.project,
        organisation = excluded.organisation, summary = excluded.summary, keywords = excluded.keywords,
        read_at = excluded.read_at
"""
# Persons as in a top list; numbers of persons and of members must not meet.
_RANKED = """
    SELECT paper, sum(upvotes) AS votes, sum(saves) AS saved FROM (
        SELECT s.paper, s.upvotes, 0 AS saves FROM signals s
        WHERE s.paper BETWEEN :low AND :high AND s.upvotes > 0
        UNION ALL
        SELECT v.paper, 0, count(DISTINCT coalesce(-m.person, m.id)) FROM json_each(:team) w
        JOIN members m ON m.workspace_id = w.value
        JOIN saves v ON v.member_id = m.id AND v.paper BETWEEN :low AND :high
        WHERE NOT v.taken_back GROUP BY v.paper
    ) rated GROUP BY paper ORDER BY votes + :weight * saved DESC, paper DESC
"""


def put_signals(db: sqlite_utils.Database, signals: Sequence[Signal], now: datetime) -> list[ChannelRef]:
    risen: list[tuple[int, int, int]] = []
    for number, signal in _numbered(signals).items():
        before, counted = _counted(db, number, signal.upvotes, now)
        db.execute(_PUT, _row(number, counted, signal))
        if counted > before:
            risen.append((number, before, counted))
    owed = [(channel, paper) for paper, before, counted in risen for channel in _waiting(db, paper, before, counted)]
    return [channels.by_number(db, channel).ref for channel in owing.owe_risen(db, owed, now)]


def _numbered(signals: Iterable[Signal]) -> dict[int, Signal]:
    """By ordinal; what has no arXiv id is left out."""
    found: dict[int, Signal] = {}
    for signal in signals:
        try:
            found[ordinal(signal.paper)] = signal
        except CommandError:
            continue
    return found


def _counted(db: sqlite_utils.Database, paper: int, upvotes: int, now: datetime) -> tuple[int, int]:
    """The most upvotes that count, before and with these."""
    row = db.execute("SELECT counted FROM signals WHERE paper = ?", (paper,)).fetchone()
    known = db.execute("SELECT announced FROM papers WHERE ordinal = ?", (paper,)).fetchone()
    before = int(row[0]) if row else 0
    # A paper that the archive does not have yet cannot have been announced long ago.
    in_time = known is None or known[0] is None or known[0] >= _oldest(now)
    return before, max(before, upvotes) if in_time else before


def _oldest(now: datetime) -> str:
    """The first listing day of which upvotes count."""
    return day_column(now.date() - timedelta(days=UPVOTE_DAYS)) or ""


def _waiting(db: sqlite_utils.Database, paper: int, before: int, counted: int) -> list[int]:
    """The channels with a watch that waited for more upvotes than the paper had, and not for more than it has."""
    rows = db.execute(
        "SELECT DISTINCT w.channel_id FROM matches m JOIN papers p ON p.ordinal = m.paper"
        " JOIN watches w ON w.query_id = m.query_id AND w.ended_at IS NULL AND w.upvotes > 0"
        "  AND w.upvotes BETWEEN ? AND ?"
        " WHERE m.paper = ? AND w.since <= coalesce(p.announced, '9999')",
        (before + 1, counted, paper),
    )
    return [int(channel) for (channel,) in rows]


def upvoted(db: sqlite_utils.Database, query: int, since: str, upvotes: int, now: datetime) -> list[int]:
    """The papers that match a query of that number and have enough upvotes, of the days that count and ``since``."""
    first = max(since, _oldest(now))
    span = days.span(db, date.fromisoformat(first), None)
    rows = db.execute(
        "SELECT s.paper FROM signals s JOIN matches m ON m.paper = s.paper AND m.query_id = ?"
        " JOIN papers p ON p.ordinal = s.paper"
        " WHERE s.paper BETWEEN ? AND ? AND s.counted >= ? AND p.announced >= ?",
        (query, span.low, span.high, upvotes, first),
    )
    return [int(paper) for (paper,) in rows]


def _row(number: int, counted: int, signal: Signal) -> tuple[object, ...]:
    return (
        number,
        signal.upvotes,
        counted,
        signal.comments,
        text_column(signal.repository),
        signal.stars,
        text_column(signal.project),
        text_column(signal.organisation),
        text_column(signal.summary),
        list_column(signal.keywords),
        moment_column(signal.read_at),
    )


def _to_signal(paper_id: str, row: Sequence[Any]) -> Signal:
    return Signal(
        paper=paper_id,
        upvotes=row[1],
        read_at=to_moment(row[2]),
        comments=row[3],
        repository=row[4],
        stars=row[5],
        project=row[6],
        organisation=row[7],
        summary=row[8],
        keywords=to_list(row[9]),
    )


def of_papers(db: sqlite_utils.Database, paper_ids: Iterable[str]) -> dict[str, Signal]:
    """The signals of those of these papers that have one."""
    wanted: dict[int, str] = {}
    for paper_id in paper_ids:
        try:
            wanted[ordinal(paper_id)] = paper_id
        except CommandError:
            continue
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM json_each(?) j JOIN signals s ON s.paper = j.value",  # noqa: S608  ours
        (json_list(list(wanted)),),
    )
    return {wanted[row[0]]: _to_signal(wanted[row[0]], row) for row in rows}


def trending(
    db: sqlite_utils.Database,
    platform: str,
    workspace: str,
    *,
    since: date,
    query: Query | None,
    save_weight: int,
    limit: int,
    offset: int,
) -> list[Trending]:
    team = team_of(db, platform, workspace)
    return _ranked(db, team, since=since, query=query, save_weight=save_weight, limit=limit, offset=offset)


def rated(db: sqlite_utils.Database, since: date, limit: int) -> list[Trending]:
    return _ranked(db, (), since=since, query=None, save_weight=0, limit=limit, offset=0)


def _ranked(
    db: sqlite_utils.Database,
    team: Sequence[int],
    *,
    since: date,
    query: Query | None,
    save_weight: int,
    limit: int,
    offset: int,
) -> list[Trending]:
    """By upvotes and the saves of the workspaces with these numbers."""
    span = days.span(db, since, None)
    matching = None if query is None else set(full_text.hits(db, query.root, span))
    rows = db.execute(
        _RANKED,
        {
            "low": span.low,
            "high": span.high,
            "team": json_list(list(team)),
            "weight": save_weight,
        },
    ).fetchall()
    found: list[tuple[Any, int]] = []
    left = count(offset)
    for number, _, saves in rows:
        if len(found) >= count(limit):
            break
        paper = papers.by_ordinal(db, number) if matching is None or number in matching else None
        if paper is None or paper.announced is None or paper.announced < since:
            continue
        if left:
            left -= 1
            continue
        found.append((paper, int(saves)))
    known = of_papers(db, [paper.id for paper, _ in found])
    return [Trending(paper, saves, known.get(paper.id)) for paper, saves in found]


def count_upvoted(db: sqlite_utils.Database, query: Query, since: date, upvotes: int) -> int:
    span = days.span(db, since, None)
    rows = db.execute(
        "SELECT paper FROM signals WHERE paper BETWEEN ? AND ? AND upvotes >= ?", (span.low, span.high, upvotes)
    ).fetchall()
    enough = {paper for (paper,) in rows}
    return sum(1 for paper in full_text.hits(db, query.root, span) if paper in enough) if enough else 0


class Signals:
    """``bot.ports.SignalStore``."""

    _database: Database

    async def put_signals(self, signals: Sequence[Signal], now: datetime) -> list[ChannelRef]:
        return await self._database.write(lambda db: put_signals(db, signals, now))

    async def signals(self, paper_ids: Sequence[str]) -> dict[str, Signal]:
        return await self._database.read(lambda db: of_papers(db, paper_ids))

    async def trending(
        self,
        platform: str,
        workspace: str,
        *,
        since: date,
        query: Query | None,
        save_weight: int,
        limit: int,
        offset: int = 0,
    ) -> list[Trending]:
        return await self._database.read(
            lambda db: trending(
                db,
                platform,
                workspace,
                since=since,
                query=query,
                save_weight=save_weight,
                limit=limit,
                offset=offset,
            )
        )

    async def rated(self, *, since: date, limit: int) -> list[Trending]:
        return await self._database.read(lambda db: rated(db, since, limit))

    async def count_upvoted(self, query: Query, *, since: date, upvotes: int) -> int:
        return await self._database.read(lambda db: count_upvoted(db, query, since, upvotes))
