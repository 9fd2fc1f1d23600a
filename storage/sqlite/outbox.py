"""Posts on their way: claimed, finished (``storing`` is how they get here).

    pending → sending → sent | pending (retry) | uncertain → sent | pending | dead

Every change of state names the state it starts from and looks at the number of rows it changed, so that of two who try
the second is told so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlite_utils

from bot.models import ChannelRef, MessageRef, OutboxItem, Post
from storage.sqlite import queue, relating, restoring, storing, tallies
from storage.sqlite.database import Database
from storage.sqlite.history import item
from storage.sqlite.people import ensure_workspace, need_channel
from storage.sqlite.storing import Put, Step
from storage.sqlite.values import moment_column, text_column


def put_notice(db: sqlite_utils.Database, post: Post, now: datetime) -> bool:
    channel = need_channel(db, post.channel)
    if db.execute("SELECT 1 FROM posts WHERE key = ?", (post.key,)).fetchone() is not None:
        return False
    storing.insert(db, [Step(channel, [post])], now)
    queue.settle(db, channel)
    return True


def sent(db: sqlite_utils.Database, key: str, message: MessageRef, now: datetime, interval: timedelta) -> bool:
    looked_up = db.execute("SELECT 1 FROM posts WHERE key = ? AND state = 'uncertain'", (key,)).fetchone()
    post = _finish(db, key, "sent", now)
    if post is None:
        return False
    if looked_up is not None:
        restoring.children_of_found(db, post, now)
    db.execute("UPDATE posts SET message = ? WHERE id = ?", (text_column(message.message), post))
    # A card in a thread shows a paper again that its digest has counted; a top shows nothing that was owed.
    db.execute(
        "UPDATE channels SET last_error = '', posted = posted + owed.papers,"
        " last_posted = CASE WHEN owed.entries = owed.others AND owed.entries > 0 THEN last_posted ELSE :now END"
        " FROM (SELECT count(e.paper) AS entries, count(*) FILTER (WHERE e.owed = 0) AS others,"
        "  count(*) FILTER (WHERE e.owed = 1 AND p.thread_of IS NULL) AS papers"
        "  FROM posts p LEFT JOIN entries e ON e.post_id = p.id WHERE p.id = :post) owed"
        " WHERE id = (SELECT channel_id FROM posts WHERE id = :post)",
        {"now": moment_column(now), "post": post},
    )
    tallies.count_posted(db, post)
    if interval:
        queue.put_off(db, _channel_of(db, post), now + interval)
    _settle_channel_of(db, post)
    return True


def dead(db: sqlite_utils.Database, key: str, error: str, now: datetime) -> bool:
    post = _finish(db, key, "dead", now)
    if post is None:
        return False
    _set_error(db, post, error)
    # What belongs into its thread has no place any more.
    db.execute(
        "UPDATE posts SET state = 'dead', finished_at = ?, last_error = ? WHERE thread_of = ? AND state = 'pending'",
        (moment_column(now), text_column(error), post),
    )
    # Papers of a dead post are owed again unless another post shows them: the digest of a dead card was sent.
    db.execute(
        "UPDATE deliveries SET state = 3 WHERE state = 1"
        " AND channel_id = (SELECT channel_id FROM posts WHERE id = :post)"
        " AND paper IN (SELECT e.paper FROM entries e WHERE e.post_id = :post AND e.owed = 1)"
        " AND (SELECT t.id FROM posts p JOIN posts t ON t.id = p.thread_of WHERE p.id = :post) IS NULL",
        {"post": post},
    )
    relating.take_back(db, post)
    db.execute(
        "UPDATE channels SET receipted = min(receipted, coalesce((SELECT p.counted_from FROM posts p"
        " WHERE p.id = :post AND p.thread_of IS NULL), receipted))"
        " WHERE id = (SELECT channel_id FROM posts WHERE id = :post)",
        {"post": post},
    )
    _settle_channel_of(db, post)
    return True


def put_off(db: sqlite_utils.Database, key: str, state: str, at: datetime, error: str) -> bool:
    """Retry at ``at`` (state pending) or look up then (state uncertain)."""
    post = _open_post(db, key)
    if post is None:
        return False
    db.execute("UPDATE posts SET state = ?, not_before = ? WHERE id = ?", (state, moment_column(at), post))
    _set_error(db, post, error)
    _settle_channel_of(db, post)
    return True


def _open_post(db: sqlite_utils.Database, key: str) -> int | None:
    """The number of a post that is being sent or uncertain; None for any other."""
    row = db.execute("SELECT id FROM posts WHERE key = ? AND state IN ('sending', 'uncertain')", (key,)).fetchone()
    return None if row is None else int(row[0])


def _finish(db: sqlite_utils.Database, key: str, state: str, now: datetime) -> int | None:
    post = _open_post(db, key)
    if post is not None:
        db.execute("UPDATE posts SET state = ?, finished_at = ? WHERE id = ?", (state, moment_column(now), post))
    return post


def _set_error(db: sqlite_utils.Database, post: int, error: str) -> None:
    error = text_column(error)
    db.execute("UPDATE posts SET last_error = ? WHERE id = ?", (error, post))
    db.execute(
        "UPDATE channels SET last_error = ? WHERE id = (SELECT channel_id FROM posts WHERE id = ?)", (error, post)
    )


def _settle_channel_of(db: sqlite_utils.Database, post: int) -> None:
    queue.settle(db, _channel_of(db, post))


def _channel_of(db: sqlite_utils.Database, post: int) -> int:
    (channel,) = db.execute("SELECT channel_id FROM posts WHERE id = ?", (post,)).fetchone()
    return int(channel)


def interrupted(db: sqlite_utils.Database, platforms: Sequence[str]) -> int:
    # not_before is the moment they were claimed, so they may be looked up at once.
    cursor = db.execute(
        "UPDATE posts INDEXED BY posts_sending SET state = 'uncertain' WHERE state = 'sending' AND channel_id IN"
        " (SELECT c.id FROM channels c JOIN workspaces w ON w.id = c.workspace_id"
        "  WHERE w.platform IN (SELECT value FROM json_each(?)))",
        (json.dumps(list(platforms)),),
    )
    return cursor.rowcount


def uncertain_posts(db: sqlite_utils.Database, platforms: Sequence[str], now: datetime, limit: int) -> list[OutboxItem]:
    # From the few uncertain posts on: the planner would look at all posts of all the platform's channels.
    rows = db.execute(
        "SELECT p.id FROM posts p INDEXED BY posts_uncertain CROSS JOIN channels c ON c.id = p.channel_id"
        " CROSS JOIN workspaces w ON w.id = c.workspace_id WHERE p.state = 'uncertain' AND p.not_before <= ?"
        " AND w.platform IN (SELECT value FROM json_each(?)) ORDER BY p.not_before, p.id LIMIT ?",
        (moment_column(now), json.dumps(list(platforms)), limit),
    ).fetchall()
    return [item(db, post) for (post,) in rows]


def postpone_workspace(db: sqlite_utils.Database, platform: str, workspace: str, until: datetime) -> None:
    db.execute(
        "UPDATE workspaces SET not_before = max(not_before, ?) WHERE id = ?",
        (moment_column(until), ensure_workspace(db, platform, workspace)),
    )


class Outbox:
    """The part of ``bot.ports.PostStore`` that moves posts."""

    _database: Database

    async def put_posts(
        self, ref: ChannelRef, posts: Sequence[Post], *, receipted: int, next_due: datetime | None, now: datetime
    ) -> bool:
        def work(db: sqlite_utils.Database) -> bool:
            (stored,) = storing.put(db, [Put(need_channel(db, ref), posts, receipted, next_due)], now)
            return stored

        return await self._database.write(work)

    async def put_notice(self, post: Post, now: datetime) -> bool:
        return await self._database.write(lambda db: put_notice(db, post, now))

    async def claim(
        self,
        platforms: Sequence[str],
        now: datetime,
        limit: int,
        *,
        interval: float = 0.0,
        most: int | None = None,
    ) -> list[OutboxItem]:
        return await self._database.write(
            lambda db: [
                item(db, post)
                for post in queue.claim(db, platforms, now, limit, interval=timedelta(seconds=interval), most=most)
            ]
        )

    async def sent(self, key: str, message: MessageRef, now: datetime, *, interval: float = 0.0) -> bool:
        return await self._database.write(lambda db: sent(db, key, message, now, timedelta(seconds=interval)))

    async def retry(self, key: str, at: datetime, error: str) -> bool:
        return await self._database.write(lambda db: put_off(db, key, "pending", at, error))

    async def uncertain(self, key: str, at: datetime, error: str) -> bool:
        return await self._database.write(lambda db: put_off(db, key, "uncertain", at, error))

    async def dead(self, key: str, error: str, now: datetime) -> bool:
        return await self._database.write(lambda db: dead(db, key, error, now))

    async def postpone_workspace(self, platform: str, workspace: str, until: datetime) -> None:
        await self._database.write(lambda db: postpone_workspace(db, platform, workspace, until))

    async def interrupted(self, platforms: Sequence[str]) -> int:
        return await self._database.write(lambda db: interrupted(db, platforms))

    async def uncertain_posts(self, platforms: Sequence[str], now: datetime, limit: int) -> list[OutboxItem]:
        return await self._database.read(lambda db: uncertain_posts(db, platforms, now, limit))

    async def next_attempt(self, platforms: Sequence[str], after: datetime | None = None) -> datetime | None:
        return await self._database.read(lambda db: queue.next_attempt(db, platforms, after))
