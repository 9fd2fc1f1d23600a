"""Deliveries are made here and by ``fanning``: a channel and a paper, once for ever, also where old ones are packed.

``packed`` holds what a channel was given long ago: a row for a channel and a month of papers' ids, with a list of what
the ordinals have beyond the month. A delivery there takes 8 bytes; in its own row it takes 40.
"""

from __future__ import annotations

import json
from collections.abc import Collection

import sqlite_utils

_OWE = """
    INSERT INTO deliveries (channel_id, paper, state, late, risen)
    SELECT :channel, w.value, 0, 0, :risen FROM json_each(:papers) w
    WHERE NOT EXISTS (SELECT 1 FROM had h WHERE h.channel_id = :channel
                      AND h.month = w.value / 1000000 AND h.number = w.value % 1000000)
    ON CONFLICT (channel_id, paper) DO UPDATE SET state = 0, risen = max(risen, excluded.risen) WHERE state = 2
"""

_GIVE = """
    INSERT INTO deliveries (channel_id, paper, state, late)
    SELECT :channel, :paper, 1, 0
    WHERE NOT EXISTS (SELECT 1 FROM had h WHERE h.channel_id = :channel
                      AND h.month = :paper / 1000000 AND h.number = :paper % 1000000)
    ON CONFLICT (channel_id, paper) DO UPDATE SET state = 1 WHERE state = 2
"""

_PENDING = """
    SELECT e.paper FROM posts p INDEXED BY posts_pending JOIN entries e ON e.post_id = p.id
    WHERE p.channel_id = ? AND p.state = 'pending'
"""
_OPEN = """
    SELECT e.paper FROM posts p INDEXED BY posts_open JOIN entries e ON e.post_id = p.id
    WHERE p.channel_id = ? AND p.state IN ('sending', 'uncertain')
"""


def owe(db: sqlite_utils.Database, channel: int, papers: Collection[int], *, risen: bool = False) -> int:
    """Owe papers to a channel, save those that it was given or is owed; returns how many it is owed by this."""
    wanted = json.dumps(sorted(papers))
    db.execute("INSERT OR IGNORE INTO kept (paper) SELECT value FROM json_each(?)", (wanted,))
    return db.execute(_OWE, {"channel": channel, "papers": wanted, "risen": int(risen)}).rowcount


def give(db: sqlite_utils.Database, channel: int, paper: int) -> bool:
    """Make a delivery that is in a post already; False when the paper is owed to the channel or was given to it."""
    db.execute("INSERT OR IGNORE INTO kept (paper) VALUES (?)", (paper,))
    return bool(db.execute(_GIVE, {"channel": channel, "paper": paper}).rowcount)


def had_long_ago(db: sqlite_utils.Database, channel: int, paper: int) -> bool:
    """Whether a channel was given a paper, as a packed delivery says."""
    row = db.execute(
        "SELECT 1 FROM had WHERE channel_id = ? AND month = ? AND number = ?", (channel, *divmod(paper, 1_000_000))
    ).fetchone()
    return row is not None


def pack(db: sqlite_utils.Database, channel: int, before: int, most: int) -> int:
    """Pack at most ``most`` deliveries of a channel, of papers with ordinals below ``before``; returns how many went.

    What is in a post that is still on its way stays, since that post may die; what waits does, too. A withdrawn
    delivery says no more than none does.
    """
    rows = db.execute(
        "SELECT d.paper, d.state FROM deliveries d WHERE d.channel_id = :channel AND d.paper < :before"
        " AND d.state IN (1, 2) AND d.paper NOT IN (SELECT value FROM json_each(:open)) ORDER BY d.paper LIMIT :most",
        {"channel": channel, "before": before, "most": most, "open": json.dumps(_on_their_way(db, channel))},
    ).fetchall()
    months: dict[int, set[int]] = {}
    for paper, state in rows:
        if state == 1:
            months.setdefault(paper // 1_000_000, set()).add(paper % 1_000_000)
    for month, numbers in months.items():
        known = db.execute("SELECT number FROM had WHERE channel_id = ? AND month = ?", (channel, month)).fetchall()
        numbers.update(number for (number,) in known)
        db.execute(
            "INSERT OR REPLACE INTO packed (channel_id, month, papers) VALUES (?, ?, ?)",
            (channel, month, json.dumps(sorted(numbers), separators=(",", ":"))),
        )
    db.conn.executemany(
        "DELETE FROM deliveries WHERE channel_id = ? AND paper = ?", [(channel, paper) for paper, _ in rows]
    )
    return len(rows)


def _on_their_way(db: sqlite_utils.Database, channel: int) -> list[int]:
    """The papers in posts of a channel that were neither sent nor given up."""
    papers: list[int] = []
    for statement in (_PENDING, _OPEN):  # one after the other, so that the index of each applies
        papers += [paper for (paper,) in db.execute(statement, (channel,))]
    return papers


def unpack(db: sqlite_utils.Database, channel: int) -> None:
    """Give each packed delivery of a channel its own row again."""
    db.execute(
        "INSERT INTO deliveries (channel_id, paper, state, late)"
        " SELECT channel_id, month * 1000000 + number, 1, 0 FROM had WHERE channel_id = ?"
        " ON CONFLICT (channel_id, paper) DO UPDATE SET state = 1",
        (channel,),
    )
    db.execute("DELETE FROM packed WHERE channel_id = ?", (channel,))
