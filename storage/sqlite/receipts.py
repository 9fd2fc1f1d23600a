"""What polls covered, and the receipts that prove it.

Each recorded batch leaves a row of ``polls`` for each of its listing days: how many numbers of the id sequence it
covered and how many of these gave a paper. A channel's receipt sums the rows after the one it was last given. A paper
found late counts as checked where the same receipt counts its number as announced, and as late otherwise, so that
always checked ≤ announced, and what matched is at most checked + late.

Some things move a channel's starting point back, because papers of an announcement are owed that a receipt has covered
already or never will: a new watch, to which the latest announcement is owed at once, a post that died, and papers that
are left waiting by a digest whose receipt covers them. For the same reason the last day of a back-fill counts as news.
So no receipt counts less than what its papers came with; papers that were held back until they had upvotes are counted
by themselves.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

import sqlite_utils

from bot.models import Batch, Receipt
from storage.sqlite.values import day_column, json_list, moment_column


def add(db: sqlite_utils.Database, batch: Batch, now: datetime) -> int:
    """Write down what a batch covered; returns the number of its last row, 0 when it covered nothing."""
    checked = Counter(day_column(paper.announced) for paper in batch.papers if paper.id not in batch.late)
    announced = checked + Counter(day_column(missing.announced) for missing in batch.missing)
    days = sorted(announced, key=lambda day: day or "")
    # The source's own count is what was covered; what cannot be given to a day goes to the last one.
    rest = batch.announced - announced.total()
    if rest > 0 and not days:
        days = [None]
    if rest > 0:
        announced[days[-1]] += rest
    last: int | None = 0
    for day in days or ([None] if batch.late else []):
        last = db.execute(
            "INSERT INTO polls (at, day, news, announced, checked) VALUES (?, ?, ?, ?, ?)",
            (moment_column(now), day, int(not batch.backfill), announced[day], checked[day]),
        ).lastrowid
    return int(last or 0)


def latest(db: sqlite_utils.Database) -> int:
    """The number of the last row."""
    (number,) = db.execute("SELECT coalesce(max(id), 0) FROM polls").fetchone()
    return int(number)


def before(db: sqlite_utils.Database, day: date) -> int:
    """The number of the last row before the announcement of ``day``."""
    (number,) = db.execute("SELECT min(id) FROM polls WHERE day = ?", (day_column(day),)).fetchone()
    return latest(db) if number is None else int(number) - 1


def begin(db: sqlite_utils.Database, channel: int, day: date) -> None:
    """Let the next receipt of a channel that watched nothing leave out what came before the announcement of ``day``."""
    db.execute("UPDATE channels SET receipted = max(receipted, ?) WHERE id = ?", (before(db, day), channel))


def count_from(db: sqlite_utils.Database, channel: int, poll: int) -> None:
    """Let the channel's next receipt begin after the row ``poll`` at the latest."""
    db.execute("UPDATE channels SET receipted = min(receipted, ?) WHERE id = ?", (poll, channel))


def move_on(db: sqlite_utils.Database, channel: int, poll: int) -> None:
    """Let the channel's next receipt begin after the row ``poll``, or before what waits and came with earlier rows."""
    row = db.execute(
        "SELECT min(CASE WHEN f.found IS NOT NULL THEN f.found - 1"
        "  ELSE (SELECT CASE WHEN max(o.id) <= :poll THEN min(o.id) - 1 END FROM polls o"
        "        WHERE o.day = p.announced) END)"
        " FROM deliveries d JOIN papers p ON p.ordinal = d.paper LEFT JOIN found_late f ON f.paper = d.paper"
        " WHERE d.channel_id = :channel AND d.state = 0 AND NOT d.risen",
        {"channel": channel, "poll": poll},
    ).fetchone()
    start = poll if row[0] is None else min(poll, int(row[0]))
    db.execute("UPDATE channels SET receipted = ? WHERE id = ?", (start, channel))


def move_all_on(db: sqlite_utils.Database, polls: Sequence[tuple[int, int]]) -> None:
    """The same for pairs of a channel and a row."""
    db.conn.executemany("UPDATE channels SET receipted = ? WHERE id = ?", [(poll, channel) for channel, poll in polls])
    waiting = db.execute(
        "SELECT j.value FROM json_each(?) j WHERE EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.channel_id = j.value AND d.state = 0)",
        (json_list([channel for channel, _ in polls]),),
    )
    left = {channel for (channel,) in waiting}
    for channel, poll in polls:
        if channel in left:
            move_on(db, channel, poll)


def backfill_ends(db: sqlite_utils.Database, day: date) -> None:
    """The last day of the back-fill is news: its papers are owed to the watches made before the next announcement."""
    db.execute("UPDATE polls SET news = 1 WHERE day = ?", (day_column(day),))


def settled(db: sqlite_utils.Database) -> int:
    """The number of the last row before those whose papers are still being fanned out."""
    (after,) = db.execute("SELECT min(after) FROM fan_out").fetchone()
    return latest(db) if after is None else int(after)


def receipt(db: sqlite_utils.Database, since: int) -> tuple[Receipt, int]:
    """The receipt of the settled rows after ``since`` and the number of the last one."""
    until = settled(db)
    announced, checked = db.execute(
        "SELECT coalesce(sum(announced), 0), coalesce(sum(checked), 0) FROM polls"
        " WHERE id > ? AND id <= ? AND news = 1",
        (since, until),
    ).fetchone()
    found, same = db.execute(
        "SELECT count(*), coalesce(sum(f.missed > ? AND p.news = 1), 0)"
        " FROM found_late f LEFT JOIN polls p ON p.id = f.missed WHERE f.found > ? AND f.found <= ?",
        (since, since, until),
    ).fetchone()
    return Receipt(announced=announced, checked=checked + same, matched=0, late=found - same), until
