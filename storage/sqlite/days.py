"""The archive's listing days: how many papers each has and between which ordinals they lie.

arXiv hands out ids at announcement, in blocks a day. So a stretch of days is nearly always a stretch of ordinals, which
the full-text index can be asked for directly; where days overlap, each paper's own day decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import sqlite_utils

from bot.models import ArchiveSpan
from storage.sqlite.values import LARGEST, day_column, to_day

_UNKNOWN = ""  # papers without a listing day


@dataclass(frozen=True, slots=True)
class Span:
    """The papers between two listing days, both included: ordinals ``low`` to ``high``.

    ``exact``: none of these is of another day.
    """

    low: int
    high: int
    since: str | None
    until: str | None
    exact: bool

    def holds(self, db: sqlite_utils.Database, ordinal: int) -> bool:
        """Whether the paper of that ordinal, which lies between the bounds, is of one of the days."""
        (day,) = db.execute("SELECT announced FROM papers WHERE ordinal = ?", (ordinal,)).fetchone()
        return (
            day is not None and (self.since is None or self.since <= day) and (self.until is None or day <= self.until)
        )


def span(db: sqlite_utils.Database, since: date | None, until: date | None) -> Span:
    """The stretch from ``since`` to ``until``; without both it is the whole archive, papers without a day included."""
    if since is None and until is None:
        return Span(0, LARGEST, None, None, exact=True)
    first, last = day_column(since), day_column(until)
    bounds = (first or "0", last or "9999")
    low, high = db.execute("SELECT min(lowest), max(highest) FROM days WHERE day BETWEEN ? AND ?", bounds).fetchone()
    if low is None:
        return Span(1, 0, first, last, exact=True)
    strangers = db.execute(
        "SELECT 1 FROM days WHERE day NOT BETWEEN ? AND ? AND lowest <= ? AND highest >= ? LIMIT 1",
        (*bounds, high, low),
    ).fetchone()
    return Span(low, high, first, last, exact=strangers is None)


def count_in(db: sqlite_utils.Database, papers: Iterable[tuple[int, date | None, bool]]) -> None:
    """Reckon with new papers, each as ordinal, day and whether it was read from the id sequence."""
    totals: dict[str, list[int]] = {}
    for ordinal, day, recorded in papers:
        total = totals.setdefault(day_column(day) or _UNKNOWN, [0, 0, ordinal, ordinal])
        total[0] += 1
        total[1] += recorded
        total[2] = min(total[2], ordinal)
        total[3] = max(total[3], ordinal)
    db.conn.executemany(
        "INSERT INTO days (day, papers, recorded, lowest, highest) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (day) DO UPDATE SET papers = papers + excluded.papers, recorded = recorded + excluded.recorded,"
        " lowest = min(lowest, excluded.lowest), highest = max(highest, excluded.highest)",
        [(day, *total) for day, total in totals.items()],
    )


def count_out(db: sqlite_utils.Database, papers: Iterable[tuple[date | None, bool]]) -> None:
    """Reckon with papers that are gone. A day's bounds stay; they need only be wide enough."""
    db.conn.executemany(
        "UPDATE days SET papers = papers - 1, recorded = recorded - ? WHERE day = ?",
        [(recorded, day_column(day) or _UNKNOWN) for day, recorded in papers],
    )
    db.execute("DELETE FROM days WHERE papers = 0")


def archive_span(db: sqlite_utils.Database) -> ArchiveSpan:
    """Number of papers of the archive; first and last day of those that were read from the id sequence."""
    (papers,) = db.execute("SELECT coalesce(sum(papers), 0) FROM days").fetchone()
    first, last = db.execute("SELECT min(day), max(day) FROM days WHERE recorded > 0 AND day <> ''").fetchone()
    return ArchiveSpan(int(papers), to_day(first), to_day(last))


def last_day(db: sqlite_utils.Database) -> date | None:
    """The archive's last listing day."""
    return archive_span(db).last


def days_between(db: sqlite_utils.Database, since: date, until: date) -> int:
    """For how many listing days, both ends included, the archive was read from the id sequence."""
    (number,) = db.execute(
        "SELECT count(*) FROM days WHERE recorded > 0 AND day BETWEEN ? AND ?", (day_column(since), day_column(until))
    ).fetchone()
    return int(number)
