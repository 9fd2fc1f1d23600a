"""Which papers are owed to which channels.

A delivery is a channel and a paper, once for ever. It is waiting (0), or in a post (1), or withdrawn (2) because no
watch of the channel wants the paper any more, or stranded (3) because its post died. Nothing leads back from 1 to
0 but the death of that post and the resumption of its channel. A paper that a watch holds back until it has upvotes is
no delivery yet; once it has them its delivery is ``risen``, which receipts do not count among what an announcement
brought. What is owed to a channel is owed to its mirrors, too (``mirroring``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import date, datetime

import sqlite_utils

from bot.query import Query
from storage.sqlite import days, full_text, giving, mirroring, receipts
from storage.sqlite.values import moment_column

# A delivery's number holds both: papers' ordinals stay below 2**38 (the year 2748).
PAPER_BITS = 38


def delivery_number(channel: int, paper: int) -> int:
    """What ``bot.models.Delivery.id`` is."""
    return channel << PAPER_BITS | paper


def channel_and_paper(delivery: int) -> tuple[int, int]:
    return delivery >> PAPER_BITS, delivery & (1 << PAPER_BITS) - 1


def owe_watch(db: sqlite_utils.Database, watch: int, now: datetime, since: date | None = None) -> int:
    """Owe what the archive has for a new watch, from its ``since`` or a later day on; returns how many papers wait for
    it."""
    channel, query, canonical, first, upvotes = db.execute(
        "SELECT w.channel_id, w.query_id, q.canonical, w.since, w.upvotes"
        " FROM watches w JOIN queries q ON q.id = w.query_id WHERE w.id = ?",
        (watch,),
    ).fetchone()
    since = max(since or date.min, date.fromisoformat(first))
    span = days.span(db, since, None)
    # A paper that was brought in before it was read from the id sequence is owed when that comes to it.
    found = [paper for paper in full_text.hits(db, Query.parse(canonical).root, span) if _recorded(db, paper)]
    add_matches(db, ((query, paper) for paper in found))
    if upvotes:
        found = [paper for paper in found if _counted(db, paper) >= upvotes]
    owed = giving.owe(db, channel, found)
    if owed:
        # The next receipt must cover the announcement these papers came with, also if an earlier one did.
        receipts.count_from(db, channel, receipts.before(db, since))
        make_due(db, [channel], now)
    mirroring.owe(db, channel, found, since)
    return owed


def owe_risen(db: sqlite_utils.Database, pairs: Collection[tuple[int, int]], now: datetime) -> list[int]:
    """Owe papers that have the upvotes which watches wait for, as (channel, paper); returns the instant channels among
    those that are owed something by it."""
    owed: set[int] = set()
    for channel, paper in sorted([*pairs, *mirroring.mirrored(db, pairs)]):
        if giving.owe(db, channel, [paper], risen=True):
            owed.add(channel)
    make_due(db, owed, now)
    instant = db.execute(
        "SELECT c.id FROM json_each(?) o JOIN channels c ON c.id = o.value"
        " WHERE c.schedule = 'instant' OR c.schedule LIKE 'instant %' ORDER BY c.id",
        (json.dumps(sorted(owed)),),
    )
    return [int(channel) for (channel,) in instant]


def _counted(db: sqlite_utils.Database, paper: int) -> int:
    """The upvotes of a paper that count for watches."""
    row = db.execute("SELECT counted FROM signals WHERE paper = ?", (paper,)).fetchone()
    return int(row[0]) if row else 0


def _recorded(db: sqlite_utils.Database, paper: int) -> bool:
    """Whether a paper was read from the id sequence."""
    return bool(db.execute("SELECT recorded FROM papers WHERE ordinal = ?", (paper,)).fetchone()[0])


def add_matches(db: sqlite_utils.Database, pairs: Iterable[tuple[int, int]]) -> None:
    """Note which queries match which papers, as pairs (query number, ordinal)."""
    db.conn.executemany(
        "INSERT OR IGNORE INTO matches (paper, query_id) VALUES (?, ?)",
        sorted((paper, query) for query, paper in pairs),
    )


def make_due(db: sqlite_utils.Database, channels: Iterable[int], now: datetime) -> None:
    """Let those of the channels which post instantly compose at once."""
    moment = moment_column(now)
    db.conn.executemany(
        "UPDATE channels SET next_due = min(coalesce(next_due, ?), ?)"
        " WHERE id = ? AND (schedule = 'instant' OR schedule LIKE 'instant %')",
        ((moment, moment, channel) for channel in channels),
    )


def withdraw_unwanted(db: sqlite_utils.Database, channel: int) -> None:
    """Withdraw what waits in a channel and no watch of it wants any more, unless a member brought it."""
    for state in (0, 3):  # one after the other, so that the index of each applies
        db.execute(
            "UPDATE deliveries SET state = 2 WHERE channel_id = ? AND state = ? AND NOT EXISTS"
            " (SELECT 1 FROM wanted n WHERE n.paper = deliveries.paper AND n.channel_id = deliveries.channel_id)"
            " AND NOT EXISTS"
            " (SELECT 1 FROM brought b WHERE b.paper = deliveries.paper AND b.channel_id = deliveries.channel_id)",
            (channel, state),
        )
    mirroring.withdraw_unwanted(db, channel)


def anything(db: sqlite_utils.Database, channel: int) -> bool:
    """Whether papers are owed to a channel, those of a dead post included."""
    rows = [
        db.execute("SELECT 1 FROM deliveries WHERE channel_id = ? AND state = 0 LIMIT 1", (channel,)).fetchone(),
        db.execute("SELECT 1 FROM deliveries WHERE channel_id = ? AND state = 3 LIMIT 1", (channel,)).fetchone(),
    ]
    return any(rows)


def take_up_stranded(db: sqlite_utils.Database, channel: int, now: datetime) -> None:
    """Owe again what was in posts that died: the channel can take posts again."""
    cursor = db.execute("UPDATE deliveries SET state = 0 WHERE channel_id = ? AND state = 3", (channel,))
    if cursor.rowcount:
        make_due(db, [channel], now)
