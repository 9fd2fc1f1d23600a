"""Housekeeping of the file: old deliveries packed, old posts thinned, the index merged, free pages given back.

Each call is one short transaction, and says where to go on. What ``deliveries`` and ``posts`` hold of the last months
is left as it is: figures, receipts and new watches look at it.

Free pages are given back in files that were made with ``auto_vacuum`` (SQLite's documentation, "PRAGMA
incremental_vacuum"), and only when they are many: the next poll needs some. An older file keeps its size and uses its
free pages again; turning it would mean to write all of it anew, while nothing else can be done.

There is no ANALYZE: what each statement uses is decided by its text and held by a test, for a small file as for a large
one.
"""

from __future__ import annotations

import json
from datetime import date, datetime

import sqlite_utils

from storage.sqlite import full_text, giving, state
from storage.sqlite.database import Database
from storage.sqlite.values import moment_column

_THINNED = "posts thinned up to"

_ENTRIES = """
    SELECT e.post_id, e.place, e.number, e.paper, e.owed, e.late
    FROM json_each(?) j CROSS JOIN entries e ON e.post_id = j.value ORDER BY e.post_id, e.place
"""
_THIN_ENTRY = """
    INSERT INTO entries (post_id, place, number, paper, owed, late, words, queries)
    VALUES (?, ?, ?, ?, ?, ?, '[]', '[]')
"""
_POSTS = """
    SELECT iif(p.kind = 'notice', '', p.text), p.id FROM json_each(?) j CROSS JOIN posts p ON p.id = j.value
"""

# A free page in eight is none too many.
_MOST_FREE = 8
_PAGES = 500


def pack(db: sqlite_utils.Database, before: date, after: int, most: int) -> int | None:
    month = (before.year * 100 + before.month) * 1_000_000
    looked_at = 0
    while looked_at < most:
        row = db.execute(
            "SELECT channel_id FROM deliveries WHERE channel_id > ? ORDER BY channel_id LIMIT 1", (after,)
        ).fetchone()
        if row is None:
            return None
        channel = int(row[0])
        packed = giving.pack(db, channel, month, most)
        if packed == most:
            return after
        looked_at += 1 + packed
        after = channel
    return after


def thin_posts(db: sqlite_utils.Database, before: datetime, most: int) -> int:
    begun = int(state.get(db, _THINNED) or 0)
    rows = db.execute(
        "SELECT id, state IN ('sent', 'dead') FROM posts WHERE id > ? AND made_at < ? ORDER BY id LIMIT ?",
        (begun, moment_column(before), most),
    ).fetchall()
    finished = json.dumps([post for post, done in rows if done])
    # Taken out and put in again: what is changed where it stands leaves its page as large as it was.
    entries = db.execute(_ENTRIES, (finished,)).fetchall()
    posts = db.execute(_POSTS, (finished,)).fetchall()
    db.execute("DELETE FROM entries WHERE post_id IN (SELECT value FROM json_each(?))", (finished,))
    db.conn.executemany(_THIN_ENTRY, entries)
    db.conn.executemany("UPDATE posts SET text = ?, receipt = NULL, last_error = '' WHERE id = ?", posts)
    if rows:
        state.put(db, _THINNED, str(rows[-1][0]))
    return len(rows)


def give_back(db: sqlite_utils.Database) -> bool:
    """Give some free pages back to the file system, where there are many; whether there are more."""
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    (mode,) = db.execute("PRAGMA auto_vacuum").fetchone()
    if not mode or free * _MOST_FREE <= pages:
        return False
    db.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    return True


class Keeping:
    """``bot.ports.KeepingStore``."""

    _database: Database

    async def pack(self, before: date, after: int, most: int) -> int | None:
        return await self._database.write(lambda db: pack(db, before, after, most), apart=True)

    async def thin_posts(self, before: datetime, most: int) -> int:
        return await self._database.write(lambda db: thin_posts(db, before, most), apart=True)

    async def merge_index(self) -> bool:
        return await self._database.write(full_text.merge, apart=True)

    async def give_back(self) -> bool:
        return await self._database.write(give_back, apart=True)
