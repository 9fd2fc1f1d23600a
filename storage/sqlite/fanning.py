"""The fan-out: from papers that were recorded to deliveries, in short transactions.

A poll of a large installation brings millions of deliveries; stored as one transaction they would keep every command
waiting for half a minute. So a batch is recorded with a note that its papers are to be fanned out (``fan_out``), and
two series of steps follow:

1. matches, in the order of queries: for the library and its figures by paper, and by query for what comes next;
2. deliveries, in the order of channels, so that each page of that table is written once.

Each step is stored with how far its series has come, so that after a kill the next process goes on from there; a step
that is done twice changes nothing. What a member changes meanwhile needs no care in either series: a new watch is owed
the archive's latest papers at once (``owing.owe_watch``), an ended one is not there any more when its channel's turn
comes, and what it had brought was withdrawn. Only where a channel's watches go to one whose turn is over (``moving``)
the second series has to step back.

Until the last step, what was owed is neither posted nor counted in any receipt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlite_utils

from bot.models import Batch, FanOut, Owed
from bot.paper_id import ordinal
from storage.sqlite import mirroring, state
from storage.sqlite.database import Database
from storage.sqlite.values import moment_column, to_paper

_MATCHED = "fan-out matched up to query"
_OWED = "fan-out owed up to channel"

_ADD_MATCHES = """
    INSERT OR IGNORE INTO matches (paper, query_id)
    SELECT j.value, f.query_id FROM fan_out_matches f CROSS JOIN json_each(f.papers) j
    WHERE f.query_id BETWEEN ? AND ? ORDER BY j.value, f.query_id
"""

# As the view "wanted" has it.
_WANTED = """
    INSERT INTO owed (channel_id, paper, late)
    SELECT DISTINCT w.channel_id, n.paper, n.late
    FROM watches w
    CROSS JOIN fan_out_matches f ON f.query_id = w.query_id
    CROSS JOIN json_each(f.papers) j
    CROSS JOIN fan_out n ON n.paper = j.value
    WHERE w.ended_at IS NULL AND w.channel_id > ? AND w.channel_id <= ? AND w.since <= n.announced
    AND (w.upvotes = 0 OR w.upvotes <= (SELECT s.counted FROM signals s WHERE s.paper = n.paper))
"""

_MIRRORED = """
    INSERT INTO owed (channel_id, paper, late)
    SELECT s.channel_id, owed.paper, owed.late FROM owed
    JOIN mail_subscriptions s ON s.source_id = owed.channel_id AND s.ended_at IS NULL
"""

_OWE = """
    INSERT INTO deliveries (channel_id, paper, state, late)
    SELECT owed.channel_id, owed.paper, 0, owed.late FROM owed
    WHERE NOT EXISTS (SELECT 1 FROM had h WHERE h.channel_id = owed.channel_id
                      AND h.month = owed.paper / 1000000 AND h.number = owed.paper % 1000000)
    ON CONFLICT (channel_id, paper) DO UPDATE SET state = 0 WHERE state = 2
"""

_MAKE_DUE = """
    UPDATE channels SET next_due = min(coalesce(next_due, :now), :now)
    WHERE id IN (SELECT channel_id FROM owed) AND (schedule = 'instant' OR schedule LIKE 'instant %')
    AND EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = channels.id AND d.state = 0)
"""


def add(db: sqlite_utils.Database, batch: Batch, after: int) -> None:
    """Note that the papers of a batch are to be fanned out; ``after``: the last row of polls before its own."""
    numbers = [ordinal(paper.id) for paper in batch.papers]
    db.execute(
        "INSERT OR IGNORE INTO fan_out (paper, announced, late, after)"
        " SELECT p.ordinal, coalesce(p.announced, '9999'), p.id IN (SELECT value FROM json_each(?)), ?"
        " FROM json_each(?) b CROSS JOIN papers p ON p.ordinal = b.value",
        (json.dumps(sorted(batch.late)), after, json.dumps(numbers)),
    )


def under_way(db: sqlite_utils.Database) -> bool:
    """Whether papers were recorded that are not owed to all who want them yet."""
    return db.execute("SELECT 1 FROM fan_out LIMIT 1").fetchone() is not None


def fan_out(db: sqlite_utils.Database, most: int) -> FanOut | None:
    if db.execute("SELECT 1 FROM fan_out WHERE taken = 1 LIMIT 1").fetchone() is None:
        _take(db, most)
    rows = db.execute(
        "SELECT p.* FROM fan_out CROSS JOIN papers p ON p.ordinal = fan_out.paper WHERE taken = 1 ORDER BY p.ordinal"
    )
    papers = tuple(to_paper(row) for row in rows.fetchall())
    return FanOut(papers, int(state.get(db, _MATCHED) or 0)) if papers else None


def _take(db: sqlite_utils.Database, most: int) -> None:
    """Begin a fan-out with the batches recorded longest ago: one, or as many as have no more than ``most`` papers."""
    total, last = 0, None
    for after, number in db.execute("SELECT after, count(*) FROM fan_out GROUP BY after ORDER BY after").fetchall():
        total += number
        if last is not None and total > most:
            break
        last = after
    db.execute("UPDATE fan_out SET taken = 1 WHERE after <= ?", (last,))


def put_matches(db: sqlite_utils.Database, matches: Mapping[int, Sequence[str]], reached: int) -> None:
    if matches:
        db.conn.executemany(
            "INSERT OR REPLACE INTO fan_out_matches (query_id, number, papers) VALUES (?, ?, ?)",
            ((query, len(found), json.dumps([ordinal(paper) for paper in found])) for query, found in matches.items()),
        )
        db.execute(_ADD_MATCHES, (min(matches), max(matches)))
    state.put(db, _MATCHED, str(reached))


def owe_next(db: sqlite_utils.Database, now: datetime, most: int) -> Owed:
    begun = int(state.get(db, _OWED) or 0)
    end = _end_of_step(db, begun, most)
    if end is None:
        _finish(db)
        return Owed(finished=True)
    db.execute("CREATE TEMP TABLE IF NOT EXISTS owed (channel_id INTEGER, paper INTEGER, late INTEGER)")
    db.execute(_WANTED, (begun, end))
    if mirroring.any_mirror(db):
        db.execute(_MIRRORED)
    db.execute("INSERT OR IGNORE INTO kept (paper) SELECT DISTINCT paper FROM owed")
    owed = db.execute(_OWE).rowcount
    instant = db.execute(_MAKE_DUE, {"now": moment_column(now)}).rowcount
    db.execute("DELETE FROM owed")
    state.put(db, _OWED, str(end))
    return Owed(owed, instant)


def _end_of_step(db: sqlite_utils.Database, begun: int, most: int) -> int | None:
    """The channel up to which a step goes; None when no channel is left.

    Looking at a watch counts like a delivery, or a step that finds nothing would have no end.
    """
    rows = db.execute(
        "SELECT w.channel_id, 1 + coalesce(f.number, 0) FROM watches w"
        " LEFT JOIN fan_out_matches f ON f.query_id = w.query_id"
        " WHERE w.ended_at IS NULL AND w.channel_id > ? ORDER BY w.channel_id",
        (begun,),
    )
    total, channel = 0, None
    for each, number in rows:
        if total >= most and each != channel:
            break
        total += number
        channel = each
    rows.close()
    return channel


def _finish(db: sqlite_utils.Database) -> None:
    db.execute("DELETE FROM fan_out WHERE taken = 1")
    db.execute("DELETE FROM fan_out_matches")
    state.drop(db, _MATCHED)
    state.drop(db, _OWED)


def step_back(db: sqlite_utils.Database, channel: int) -> None:
    """Let the fan-out under way come to a channel, also if it has been there."""
    db.execute(
        "UPDATE state SET value = ? WHERE name = ? AND CAST(value AS INTEGER) >= ?", (str(channel - 1), _OWED, channel)
    )


class FanOuts:
    """The parts of ``bot.ports.CursorStore`` and ``bot.ports.PostStore`` about fan-outs."""

    _database: Database

    async def fan_out(self, most: int) -> FanOut | None:
        return await self._database.write(lambda db: fan_out(db, most), apart=True)

    async def put_matches(self, matches: Mapping[int, Sequence[str]], reached: int) -> None:
        await self._database.write(lambda db: put_matches(db, matches, reached), apart=True)

    async def owe_next(self, now: datetime, most: int) -> Owed:
        return await self._database.write(lambda db: owe_next(db, now, most), apart=True)

    async def fanning_out(self) -> bool:
        return await self._database.read(under_way)
