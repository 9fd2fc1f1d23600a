"""A store that was put back from a copy: it does not know what was posted since, and must not post that again.

``mark`` writes that down in the copy before it is put in place: when the copy was taken, when it was put back, and each
channel as held. While a channel is held no digest is composed for it (``bot.after_restore``).

Posts that were on their way are to be looked up by their keys. What was composed after the copy was taken has keys that
nobody knows any more; where the platform's history can be read, ``release`` takes the posts that stand there into the
store, and their papers count as posted. On platforms that cannot be read back both are uncertain for good: shown in
`status`, sent by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlite_utils

from bot.models import ChannelRef, FoundPost, PostKind, Restored
from bot.outcome import NEVER
from storage.sqlite import giving, papers, queue, receipts, state, tallies
from storage.sqlite.copying import TAKEN
from storage.sqlite.database import Database
from storage.sqlite.people import find_channel
from storage.sqlite.values import list_column, moment_column, text_column, to_moment, to_moment_or_none

_SINCE = "restored: as of"
_AT = "restored: at"
_HELD = "restored: held "
_LOOKED_UP = "The database was restored from a backup; whether this was posted since is looked up."
_UNKNOWN = "The database was restored from a backup; whether this was posted since cannot be found out."
# Clocks are set, and a message carries the platform's time.
_MARGIN = timedelta(minutes=2)


def mark(
    db: sqlite_utils.Database, taken: datetime | None, now: datetime, readable: Collection[str], *, idle: bool
) -> datetime | None:
    """Make ready a copy, of any schema, that was ``taken`` then and is to be put back.

    ``readable``: the platforms whose history can be read; ``idle``: the store was not served after that. Returns the
    moment as of which the copy knows all, None where it knows everything.
    """
    state.drop(db, TAKEN)
    # A restored store that is restored once more before everything was read back.
    unsettled = to_moment_or_none(state.get(db, _SINCE))
    if idle and unsettled is None:
        return None
    known = [moment for moment in (unsettled, taken) if moment is not None]
    # A plain copy of the file does not say when it was made; the last sign of life is no later than that.
    since = min(known) if known else to_moment_or_none(state.get(db, "beat")) or now
    state.put(db, _SINCE, moment_column(since))
    state.put(db, _AT, moment_column(now))
    db.execute("INSERT OR REPLACE INTO state (name, value) SELECT ? || id, '' FROM channels", (_HELD,))
    rows = db.execute(
        "SELECT c.id FROM channels c JOIN workspaces w ON w.id = c.workspace_id"
        " WHERE w.platform IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(readable)),),
    )
    channels = json.dumps([channel for (channel,) in rows])
    # A card whose digest is open waits for it; ``children_of_found`` sees to it then.
    db.execute(
        "UPDATE posts SET state = 'uncertain', not_before = :now, last_error = :error"
        " WHERE state IN ('pending', 'sending') AND (thread_of IS NULL"
        "  OR thread_of IN (SELECT t.id FROM posts t WHERE t.state = 'sent'))"
        " AND channel_id IN (SELECT value FROM json_each(:channels))",
        {"now": moment_column(now), "error": _LOOKED_UP, "channels": channels},
    )
    db.execute(
        "UPDATE posts SET state = 'uncertain', not_before = :never, last_error = :error"
        " WHERE state IN ('pending', 'sending', 'uncertain')"
        " AND channel_id NOT IN (SELECT value FROM json_each(:channels))",
        {"never": moment_column(NEVER), "error": _UNKNOWN, "channels": channels},
    )
    for (channel,) in db.execute("SELECT id FROM channels").fetchall():
        queue.settle(db, channel)
    return since


def children_of_found(db: sqlite_utils.Database, post: int, now: datetime) -> None:
    """A post was found on its platform: what belongs into its thread may stand there as well, if a restored store has
    both from its copy."""
    if (since := state.get(db, _SINCE)) is None:
        return
    db.execute(
        "UPDATE posts SET state = 'uncertain', not_before = ?, last_error = ?"
        " WHERE thread_of = ? AND state = 'pending' AND made_at <= ?",
        (moment_column(now), _LOOKED_UP, post, since),
    )


def restored(db: sqlite_utils.Database) -> Restored | None:
    since, at = state.get(db, _SINCE), state.get(db, _AT)
    if since is None or at is None:
        return None
    rows = db.execute(
        "SELECT w.platform, w.workspace, c.channel FROM state s"
        " JOIN channels c ON c.id = CAST(substr(s.name, ?) AS INTEGER) JOIN workspaces w ON w.id = c.workspace_id"
        " WHERE s.name > ? AND s.name < ? ORDER BY c.id",
        (len(_HELD) + 1, _HELD, _HELD[:-1] + "!"),
    )
    return Restored(to_moment(since) - _MARGIN, to_moment(at), tuple(ChannelRef(*row) for row in rows))


def release(db: sqlite_utils.Database, ref: ChannelRef, found: Sequence[FoundPost] | None, now: datetime) -> int:
    """Hold the channel no longer; returns how many of its papers turn out to be posted, or cannot be known to be.

    ``found`` is what stands in its history, None where that can never be read.
    """
    channel = find_channel(db, ref)
    if channel is None:
        return 0
    concerned = _give_up(db, channel, now) if found is None else sum(_take_in(db, channel, post) for post in found)
    state.drop(db, f"{_HELD}{channel}")
    if not (restored(db) or Restored(now, now, ())).held:
        state.drop(db, _SINCE)
        state.drop(db, _AT)
    return concerned


def _take_in(db: sqlite_utils.Database, channel: int, post: FoundPost) -> int:
    """Store a post that was sent after the copy was taken, as if it had been known; returns how many papers it gave."""
    numbers = [found[0] for paper in post.papers if (found := papers.find(db, paper)) is not None]
    known = db.execute("SELECT 1 FROM posts WHERE key = ?", (post.key,)).fetchone()
    if known is not None or not numbers:
        return 0
    papers.keep(db, numbers)
    (number,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM posts").fetchone()
    at = moment_column(post.at)
    kind = PostKind.DIGEST if len(numbers) > 1 else PostKind.CARD
    db.execute(
        "INSERT INTO posts (id, key, channel_id, kind, heading, text, part, parts, composed, state, attempts,"
        " first_attempt, not_before, message, made_at, finished_at)"
        " VALUES (?, ?, ?, ?, '', '', 1, 1, ?, 'sent', 1, ?, ?, ?, ?, ?)",
        (number, text_column(post.key), channel, kind, number, at, at, text_column(post.message.message), at, at),
    )
    _put_entries(db, channel, number, numbers)
    db.execute(
        "UPDATE channels SET posted = posted + ?, last_posted = max(coalesce(last_posted, ''), ?) WHERE id = ?",
        (len(numbers), at, channel),
    )
    tallies.count_posted(db, number)
    # Its receipt covered what was announced up to its papers.
    (covered,) = db.execute(
        "SELECT max(o.id) FROM polls o WHERE o.day <= (SELECT max(p.announced) FROM papers p"
        " WHERE p.ordinal IN (SELECT value FROM json_each(?)))",
        (json.dumps(numbers),),
    ).fetchone()
    (receipted,) = db.execute("SELECT receipted FROM channels WHERE id = ?", (channel,)).fetchone()
    if covered is not None and covered > receipted:
        receipts.move_on(db, channel, covered)
    return len(numbers)


def _put_entries(db: sqlite_utils.Database, channel: int, post: int, numbers: Sequence[int]) -> None:
    for place, paper in enumerate(numbers):
        queries = db.execute(
            "SELECT q.canonical FROM wanted n JOIN queries q ON q.id = n.query_id"
            " WHERE n.channel_id = ? AND n.paper = ? ORDER BY q.id",
            (channel, paper),
        ).fetchall()
        db.execute(
            "INSERT INTO entries (post_id, place, number, paper, owed, late, words, queries)"
            " VALUES (?, ?, ?, ?, 1, 0, '[]', ?)",
            (post, place, place + 1, paper, list_column(canonical for (canonical,) in queries)),
        )
        db.execute(
            "UPDATE deliveries SET state = 1 WHERE channel_id = ? AND paper = ? AND state <> 1", (channel, paper)
        )
        giving.give(db, channel, paper)


def _give_up(db: sqlite_utils.Database, channel: int, now: datetime) -> int:
    """Put what waits for a channel into a post of which nobody knows whether it was sent; returns how many papers."""
    waiting = db.execute(
        "SELECT paper FROM deliveries WHERE channel_id = ? AND state IN (0, 3) ORDER BY paper DESC", (channel,)
    ).fetchall()
    if not waiting:
        return 0
    (number,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM posts").fetchone()
    moment = moment_column(now)
    db.execute(
        "INSERT INTO posts (id, key, channel_id, kind, heading, text, part, parts, composed, state, not_before,"
        " last_error, made_at) VALUES (?, ?, ?, ?, '', '', 1, 1, ?, 'uncertain', ?, ?, ?)",
        (number, f"restored {number}", channel, PostKind.DIGEST, number, moment_column(NEVER), _UNKNOWN, moment),
    )
    _put_entries(db, channel, number, [paper for (paper,) in waiting])
    queue.settle(db, channel)
    return len(waiting)


class Restoring:
    """``bot.ports.RestoreStore``."""

    _database: Database

    async def restored(self) -> Restored | None:
        return await self._database.read(restored)

    async def release(self, ref: ChannelRef, found: Sequence[FoundPost] | None, now: datetime) -> int:
        return await self._database.write(lambda db: release(db, ref, found, now))
