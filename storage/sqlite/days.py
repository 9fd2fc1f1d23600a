"""The archive's listing days: how many papers each has and between which ordinals they lie.

arXiv hands out ids at announcement, in blocks a day. So a stretch of days is nearly always a stretch of ordinals, which
the full-text index can be asked for directly; where days overlap, each paper's own day decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import sqlite_utils

from bot.models import ArchiveSpan
from storage.sqlite.values import LARGEST, day_column, to_day

_PAUSE = timedelta(days=7)  # arXiv never pauses longer between two listing days
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


@dataclass(frozen=True, slots=True)
class Origin:
    """How a paper came into the archive: read from the id sequence, imported, both, or, with neither, brought in by a
    member."""

    recorded: bool
    imported: bool


def count_in(db: sqlite_utils.Database, papers: Iterable[tuple[int, date | None, Origin]]) -> None:
    """Reckon with new papers, each as ordinal, day and origin."""
    totals: dict[date | None, list[int]] = {}
    for ordinal, day, origin in papers:
        total = totals.setdefault(day, [0, 0, 0, ordinal, ordinal])
        total[0] += 1
        total[1] += origin.recorded
        total[2] += origin.imported
        total[3] = min(total[3], ordinal)
        total[4] = max(total[4], ordinal)
    db.conn.executemany(
        "INSERT INTO days (day, papers, recorded, imported, lowest, highest) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (day) DO UPDATE SET papers = papers + excluded.papers, recorded = recorded + excluded.recorded,"
        " imported = imported + excluded.imported,"
        " lowest = min(lowest, excluded.lowest), highest = max(highest, excluded.highest)",
        [(day_column(day) or _UNKNOWN, *total) for day, total in totals.items()],
    )


def count_out(db: sqlite_utils.Database, papers: Iterable[tuple[date | None, Origin]]) -> None:
    """Reckon with papers that are gone. A day's bounds stay; they need only be wide enough."""
    gone = [(origin.recorded, origin.imported, day_column(day) or _UNKNOWN) for day, origin in papers]
    if gone:
        db.conn.executemany(
            "UPDATE days SET papers = papers - 1, recorded = recorded - ?, imported = imported - ? WHERE day = ?", gone
        )
        db.execute("DELETE FROM days WHERE papers = 0")


def archive_span(db: sqlite_utils.Database) -> ArchiveSpan:
    """Number of papers of the archive; first and last day of those that were read from the id sequence or imported."""
    (papers,) = db.execute("SELECT coalesce(sum(papers), 0) FROM days").fetchone()
    first, last = db.execute("SELECT min(day), max(day) FROM covered").fetchone()
    return ArchiveSpan(int(papers), to_day(first), to_day(last))


def last_day(db: sqlite_utils.Database) -> date | None:
    """The last listing day that was read from the id sequence: watches begin with it."""
    (last,) = db.execute("SELECT max(day) FROM days WHERE recorded > 0 AND day <> ''").fetchone()
    return to_day(last)


def covered(db: sqlite_utils.Database, since: date, until: date) -> tuple[date, int]:
    """From when on the archive has the papers of the days ``since`` to ``until``, both included, and of how many.

    That is ``since``, unless it lies in the gap between an import and the first day that was read from the id sequence.
    """
    (first,) = db.execute("SELECT min(day) FROM days WHERE recorded > 0 AND day <> ''").fetchone()
    read = to_day(first)
    if read is not None and since < read <= until:
        before = (day_column(since - _PAUSE), day_column(read))
        if db.execute("SELECT 1 FROM covered WHERE day >= ? AND day < ? LIMIT 1", before).fetchone() is None:
            since = read
    (number,) = db.execute(
        "SELECT count(*) FROM covered WHERE day BETWEEN ? AND ?", (day_column(since), day_column(until))
    ).fetchone()
    return since, int(number)
