"""A channel with a new identity: platforms give channels new ids when they are converted or moved.

Where the new identity is known already, the two become one channel. What either had of the same thing is kept once, and
a paper that was posted under one identity is not posted again under the other.
"""

from __future__ import annotations

from datetime import datetime

import sqlite_utils

from bot.models import ChannelRef
from storage.sqlite import fanning, giving, queue, subscriptions
from storage.sqlite.database import Database
from storage.sqlite.people import audit, ensure_workspace, find_channel
from storage.sqlite.values import moment_column, text_column


def move(db: sqlite_utils.Database, ref: ChannelRef, to: ChannelRef, now: datetime) -> None:
    source, target = find_channel(db, ref), find_channel(db, to)
    if source is None or source == target:
        return
    if target is None:
        left, entered = _workspace_of(db, source), ensure_workspace(db, to.platform, to.workspace)
        db.execute(
            "UPDATE channels SET workspace_id = ?, channel = ? WHERE id = ?",
            (entered, text_column(to.channel), source),
        )
        queue.settle_workspace(db, left)
        queue.settle_workspace(db, entered)
        audit(db, now, None, channel=source, what="channel moved", detail=f"from {ref.workspace} {ref.channel}")
        return
    subscriptions.merge(db, source, target, now)
    _merge(db, source, target, moment_column(now))
    audit(db, now, None, channel=target, what="channel merged", detail=f"with {ref.workspace} {ref.channel}")


def _merge(db: sqlite_utils.Database, source: int, target: int, moment: str) -> None:
    both = {"source": source, "target": target, "moment": moment}
    db.execute(
        "UPDATE queries SET watches = watches - 1 WHERE id IN (SELECT s.query_id FROM watches s JOIN watches t"
        " ON t.query_id = s.query_id AND t.channel_id = :target AND t.ended_at IS NULL"
        " WHERE s.channel_id = :source AND s.ended_at IS NULL)",
        both,
    )
    # Of two watches of a query one goes on, and wants what either wanted: what either was owed must stay wanted.
    db.execute(
        "UPDATE watches AS t SET upvotes = min(t.upvotes, s.upvotes),"
        " typed = iif(s.upvotes < t.upvotes, s.typed, t.typed),"
        " since = coalesce(min(t.since, s.since), t.since, s.since)"
        " FROM watches s WHERE s.channel_id = :source AND s.ended_at IS NULL"
        " AND t.channel_id = :target AND t.ended_at IS NULL AND t.query_id = s.query_id",
        both,
    )
    db.execute(
        "UPDATE watches SET ended_at = :moment WHERE channel_id = :source AND ended_at IS NULL AND query_id IN"
        " (SELECT query_id FROM watches WHERE channel_id = :target AND ended_at IS NULL)",
        both,
    )
    db.execute("UPDATE watches SET channel_id = :target WHERE channel_id = :source", both)
    for channel in (source, target):
        giving.unpack(db, channel)
    # Of two deliveries of a paper the one that went further counts: in a post, stranded, waiting, withdrawn.
    db.execute(
        "INSERT INTO deliveries (channel_id, paper, state, late, risen)"
        " SELECT :target, paper, state, late, risen FROM deliveries WHERE channel_id = :source"
        " ON CONFLICT (channel_id, paper) DO UPDATE SET state = CASE"
        " WHEN 1 IN (state, excluded.state) THEN 1 WHEN 3 IN (state, excluded.state) THEN 3"
        " WHEN 0 IN (state, excluded.state) THEN 0 ELSE 2 END",
        both,
    )
    db.execute("DELETE FROM deliveries WHERE channel_id = :source", both)
    db.execute("UPDATE posts SET channel_id = :target WHERE channel_id = :source", both)
    db.execute("UPDATE saves SET channel_id = :target WHERE channel_id = :source", both)
    db.execute("UPDATE OR IGNORE dismissals SET channel_id = :target WHERE channel_id = :source", both)
    db.execute("DELETE FROM dismissals WHERE channel_id = :source", both)
    db.execute("UPDATE OR IGNORE brought SET channel_id = :target WHERE channel_id = :source", both)
    db.execute("DELETE FROM brought WHERE channel_id = :source", both)
    db.execute("UPDATE audit SET channel_id = :target WHERE channel_id = :source", both)
    db.execute(
        "UPDATE channels SET posted = channels.posted + s.posted, receipted = min(channels.receipted, s.receipted),"
        " similar = max(channels.similar, s.similar),"
        " last_posted = max(coalesce(channels.last_posted, ''), coalesce(s.last_posted, '')),"
        " next_due = coalesce(min(channels.next_due, s.next_due), channels.next_due, s.next_due),"
        " top_next_due = iif(channels.top_schedule = '', s.top_next_due, channels.top_next_due),"
        " top_schedule = iif(channels.top_schedule = '', s.top_schedule, channels.top_schedule)"
        " FROM (SELECT * FROM channels WHERE id = :source) s WHERE channels.id = :target",
        both,
    )
    left = _workspace_of(db, source)
    db.execute("DELETE FROM channels WHERE id = :source", both)
    queue.settle_workspace(db, left)
    fanning.step_back(db, target)
    queue.settle(db, target)


def _workspace_of(db: sqlite_utils.Database, channel: int) -> int:
    return int(db.execute("SELECT workspace_id FROM channels WHERE id = ?", (channel,)).fetchone()[0])


class Moving:
    """The part of ``bot.ports.WatchStore`` about channels that move."""

    _database: Database

    async def move_channel(self, ref: ChannelRef, to: ChannelRef, now: datetime) -> None:
        await self._database.write(lambda db: move(db, ref, to, now))
