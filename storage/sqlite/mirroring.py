"""What is owed to the addresses that mirror a channel: in the transaction in which it is owed to the channel itself.

Whoever owes papers to a channel in a way of their own calls ``owe`` with the same papers. Where nobody has subscribed,
each of these costs one look at an empty index.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import sqlite_utils

from storage.sqlite import giving, receipts
from storage.sqlite.values import day_column


def any_mirror(db: sqlite_utils.Database) -> bool:
    """Whether any address is subscribed."""
    return db.execute("SELECT 1 FROM mail_subscriptions WHERE ended_at IS NULL LIMIT 1").fetchone() is not None


def owe(db: sqlite_utils.Database, source: int, papers: Collection[int], day: date) -> None:
    """Owe papers, announced on ``day`` or later, to the mirrors of ``source``."""
    for mirror in mirrors_of(db, source):
        _owe_to(db, mirror, papers, day)


def owe_latest(db: sqlite_utils.Database, mirror: int, source: int, day: date) -> None:
    """Owe to a new mirror what ``source`` wants of the announcement of ``day``."""
    rows = db.execute(
        "SELECT DISTINCT p.ordinal FROM papers p CROSS JOIN wanted n ON n.paper = p.ordinal"
        " WHERE p.announced = ? AND p.recorded = 1 AND n.channel_id = ?",
        (day_column(day), source),
    ).fetchall()
    _owe_to(db, mirror, [paper for (paper,) in rows], day)


def withdraw_unwanted(db: sqlite_utils.Database, source: int) -> None:
    """Withdraw what waits in the mirrors of ``source`` and no watch of it wants any more."""
    for mirror in mirrors_of(db, source):
        for state in (0, 3):  # one after the other, so that the index of each applies
            db.execute(
                "UPDATE deliveries SET state = 2 WHERE channel_id = ? AND state = ? AND NOT EXISTS"
                " (SELECT 1 FROM wanted n WHERE n.paper = deliveries.paper AND n.channel_id = ?)",
                (mirror, state, source),
            )


def mirrors_of(db: sqlite_utils.Database, source: int) -> list[int]:
    rows = db.execute(
        "SELECT channel_id FROM mail_subscriptions WHERE source_id = ? AND ended_at IS NULL ORDER BY channel_id",
        (source,),
    )
    return [int(mirror) for (mirror,) in rows.fetchall()]


def mirrored(db: sqlite_utils.Database, pairs: Collection[tuple[int, int]]) -> list[tuple[int, int]]:
    """For pairs of a channel and a paper, those of its mirrors."""
    if not any_mirror(db):
        return []
    known = {channel: mirrors_of(db, channel) for channel, _ in pairs}
    return [(mirror, paper) for channel, paper in pairs for mirror in known[channel]]


def watching_channel(db: sqlite_utils.Database, channel: int | None) -> int | None:
    """The channel whose watches ``channel`` is owed papers for: the source of a mirror, else itself."""
    row = db.execute(
        "SELECT source_id FROM mail_subscriptions WHERE channel_id = ? AND ended_at IS NULL", (channel,)
    ).fetchone()
    return channel if row is None else int(row[0])


def _owe_to(db: sqlite_utils.Database, mirror: int, papers: Collection[int], day: date) -> None:
    if not papers:
        return
    if giving.owe(db, mirror, papers):
        # The next receipt must cover the announcement these papers came with, also if an earlier one did.
        receipts.count_from(db, mirror, receipts.before(db, day))
