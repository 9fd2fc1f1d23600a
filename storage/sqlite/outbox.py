"""Posts on their way: stored with their deliveries, claimed, finished.

    pending → sending → sent | pending (retry) | uncertain → sent | pending | dead

Every change of state names the state it starts from and looks at the number of rows it changed, so that of two who try
the second is told so.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlite_utils

from bot.errors import StoreError
from bot.models import ChannelRef, MessageRef, OutboxItem, Post, PostKind
from bot.paper_id import ordinal
from storage.sqlite import channels, owing, queue, receipts, relating, restoring, tallies
from storage.sqlite.database import Database
from storage.sqlite.history import item
from storage.sqlite.people import ensure_workspace, need_channel
from storage.sqlite.values import list_column, moment_column, receipt_column, signal_column, text_column


class NotWaitingError(Exception):
    """A delivery is not waiting any more: nothing of the posts is stored."""


def put_posts(
    db: sqlite_utils.Database,
    channel: int,
    posts: Sequence[Post],
    *,
    receipted: int,
    next_due: datetime | None,
    now: datetime,
    bulk: bool = False,
) -> None:
    """Raises NotWaitingError, and then the caller has to take back what was written."""
    entries = [entry for post in posts for entry in post.entries]
    _take(db, channel, {entry.delivery for entry in entries if entry.delivery is not None})
    proposed = {ordinal(entry.paper.id) for entry in entries if entry.delivery is None and entry.because}
    if not relating.give(db, channel, proposed):
        raise NotWaitingError
    (counted_from,) = db.execute("SELECT receipted FROM channels WHERE id = ?", (channel,)).fetchone()
    composed: int | None = None
    for post in posts:
        composed = insert(db, channel, post, now, composed=composed, counted_from=counted_from, bulk=bulk)
    receipts.move_on(db, channel, receipted)
    channels.set_due(db, channel, next_due, moment_column(now))
    queue.settle(db, channel)


def _take(db: sqlite_utils.Database, channel: int, deliveries: set[int]) -> None:
    """Move waiting deliveries into a post."""
    owned = [owing.channel_and_paper(delivery) for delivery in deliveries]
    taken = db.execute(
        "UPDATE deliveries SET state = 1 WHERE channel_id = ? AND state = 0"
        " AND paper IN (SELECT value FROM json_each(?))",
        (channel, json.dumps([paper for owner, paper in owned if owner == channel])),
    )
    if taken.rowcount != len(deliveries):
        raise NotWaitingError


def insert(
    db: sqlite_utils.Database,
    channel: int,
    post: Post,
    now: datetime,
    *,
    composed: int | None = None,
    counted_from: int | None = None,
    bulk: bool = False,
) -> int:
    """Store one post, pending; returns the number of the first post of its step."""
    moment = moment_column(now)
    if not bulk and post.kind is not PostKind.NOTICE:
        queue.hurry(db, channel)
    parent = None if post.thread_of is None else _thread(db, channel, post.thread_of)
    (number,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM posts").fetchone()
    db.execute(
        "INSERT INTO posts (id, key, channel_id, kind, heading, text, receipt, part, parts, thread_of, composed,"
        " counted_from, not_before, made_at, bulk)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            post.key,
            channel,
            post.kind.value,
            text_column(post.heading),
            text_column(post.text),
            receipt_column(post.receipt),
            post.part,
            post.parts,
            parent,
            number if composed is None else composed,
            counted_from,
            moment,
            moment,
            bulk,
        ),
    )
    papers = [ordinal(entry.paper.id) for entry in post.entries]
    # What was owed is kept already.
    fresh = [(paper,) for entry, paper in zip(post.entries, papers, strict=True) if entry.delivery is None]
    db.conn.executemany("INSERT OR IGNORE INTO kept (paper) VALUES (?)", fresh)
    db.conn.executemany(
        "INSERT INTO entries (post_id, place, number, paper, owed, late, words, queries, note, signal, because)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                number,
                place,
                entry.number,
                paper,
                int(entry.delivery is not None),
                int(entry.late),
                list_column(entry.words),
                list_column(entry.queries),
                text_column(entry.note),
                signal_column(entry.signal),
                text_column(entry.because),
            )
            for place, (entry, paper) in enumerate(zip(post.entries, papers, strict=True))
        ),
    )
    return number if composed is None else composed


def _thread(db: sqlite_utils.Database, channel: int, key: str) -> int:
    """The number of the post in whose thread another belongs; raises StoreError if the channel has none such."""
    row = db.execute("SELECT id FROM posts WHERE key = ? AND channel_id = ?", (key, channel)).fetchone()
    if row is None:
        raise StoreError("A post belongs into the thread of a post that is not known.", path=key)
    return int(row[0])


def put_notice(db: sqlite_utils.Database, post: Post, now: datetime) -> bool:
    channel = need_channel(db, post.channel)
    if db.execute("SELECT 1 FROM posts WHERE key = ?", (post.key,)).fetchone() is not None:
        return False
    insert(db, channel, post, now)
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
        try:
            await self._database.write(
                lambda db: put_posts(db, need_channel(db, ref), posts, receipted=receipted, next_due=next_due, now=now)
            )
        except NotWaitingError:
            return False
        return True

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
