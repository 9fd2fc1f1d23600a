"""Posts and deliveries as people and the core ask for them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import sqlite_utils

from bot.conversation import RecentPost
from bot.models import (
    ChannelRef,
    ChannelStatus,
    Entry,
    MessageRef,
    OutboxItem,
    Paper,
    Post,
    PostKind,
    PostState,
)
from storage.sqlite.database import Database
from storage.sqlite.owing import delivery_number
from storage.sqlite.people import find_channel
from storage.sqlite.values import (
    count,
    known_paper,
    moment_column,
    to_list,
    to_moment,
    to_moment_or_none,
    to_paper,
    to_receipt,
    to_signal,
)

_POST = """
    SELECT p.id, w.platform, w.workspace, c.channel, p.channel_id, p.key, p.kind, p.heading, p.receipt, p.text,
           p.part, p.parts, t.key, t.message, p.made_at,
           p.state, p.attempts, p.first_attempt, p.last_error
    FROM posts p
    JOIN channels c ON c.id = p.channel_id
    JOIN workspaces w ON w.id = c.workspace_id
    LEFT JOIN posts t ON t.id = p.thread_of
"""

_RECENT = """
    SELECT p.message, t.message, p.finished_at FROM posts p LEFT JOIN posts t ON t.id = p.thread_of
    WHERE p.channel_id = ? AND p.state = 'sent' AND p.kind <> 'notice' AND p.finished_at >= ?
    ORDER BY p.finished_at DESC, p.id DESC
"""


def item(db: sqlite_utils.Database, number: int) -> OutboxItem:
    """A post with its history."""
    row = db.execute(_POST + "WHERE p.id = ?", (number,)).fetchone()
    return OutboxItem(
        post=_to_post(db, row),
        state=PostState(row[15]),
        attempts=row[16],
        first_attempt=to_moment_or_none(row[17]),
        last_error=row[18],
    )


def _to_post(db: sqlite_utils.Database, row: Sequence[Any]) -> Post:
    ref = ChannelRef(row[1], row[2], row[3])
    return Post(
        key=row[5],
        channel=ref,
        kind=PostKind(row[6]),
        heading=row[7],
        entries=tuple(_entries(db, row[0], row[4])),
        receipt=to_receipt(row[8]),
        text=row[9],
        part=row[10],
        parts=row[11],
        thread_of=row[12],
        thread=None if row[13] is None else MessageRef(ref, row[13]),
        made_at=to_moment(row[14]),
    )


def _entries(db: sqlite_utils.Database, post: int, channel: int) -> list[Entry]:
    rows = db.execute(
        "SELECT e.number, e.words, e.queries, e.late, e.owed, e.paper, e.note, e.signal, e.because, p.* FROM entries e"
        " JOIN papers p ON p.ordinal = e.paper WHERE e.post_id = ? ORDER BY e.place",
        (post,),
    )
    return [
        Entry(
            number=row[0],
            paper=(paper := known_paper(row[9:])),
            words=to_list(row[1]),
            queries=to_list(row[2]),
            late=bool(row[3]),
            delivery=delivery_number(channel, row[5]) if row[4] else None,
            note=row[6],
            signal=to_signal(paper.id, row[7]),
            because=row[8],
        )
        for row in rows
    ]


def recent_posts(
    db: sqlite_utils.Database, platform: str, since: datetime, after: int, limit: int
) -> tuple[int | None, list[RecentPost]]:
    """Those of the next channels after the one of that number, and the last one's number; None where there are none."""
    channels = db.execute(
        "SELECT c.id, w.workspace, c.channel FROM channels c JOIN workspaces w ON w.id = c.workspace_id"
        " WHERE c.id > ? AND +w.platform = ? ORDER BY c.id LIMIT ?",
        (after, platform, limit),
    ).fetchall()
    posts = []
    for number, workspace, channel in channels:
        ref = ChannelRef(platform, workspace, channel)
        for message, thread, sent_at in db.execute(_RECENT, (number, moment_column(since))):
            parent = None if thread is None else MessageRef(ref, thread)
            posts.append(RecentPost(MessageRef(ref, message), parent, to_moment(sent_at)))
    return (channels[-1][0] if channels else None), posts


def post_of(db: sqlite_utils.Database, message: MessageRef) -> Post | None:
    row = db.execute(
        _POST + "WHERE p.channel_id = ? AND p.message = ? AND p.state = 'sent' ORDER BY p.id DESC LIMIT 1",
        (find_channel(db, message.channel), message.message.encode("utf-8", "replace").decode()),
    ).fetchone()
    return None if row is None else _to_post(db, row)


def latest_entries(db: sqlite_utils.Database, ref: ChannelRef, limit: int) -> list[Entry]:
    channel = find_channel(db, ref)
    latest = db.execute(
        # What a member brought has no number and leaves those of the post before it as they are.
        "SELECT composed, kind FROM posts p INDEXED BY posts_sent"
        " WHERE channel_id = ? AND state = 'sent' AND kind <> 'notice'"
        " AND thread_of IS NULL AND EXISTS (SELECT 1 FROM entries e WHERE e.post_id = p.id AND e.number > 0)"
        " ORDER BY id DESC LIMIT 1",
        (channel,),
    ).fetchone()
    if channel is None or latest is None:
        return []
    posts = db.execute(
        "SELECT id FROM posts INDEXED BY posts_sent"
        " WHERE channel_id = ? AND state = 'sent' AND id >= ? AND composed = ? AND kind = ?"
        " AND thread_of IS NULL ORDER BY id",
        (channel, latest[0], *latest),
    ).fetchall()
    return [entry for (post,) in posts for entry in _entries(db, post, channel)][: count(limit)]


def posted(db: sqlite_utils.Database, ref: ChannelRef, limit: int) -> list[Paper]:
    rows = db.execute(
        "SELECT p.* FROM ("
        "  SELECT e.paper, max(s.composed) AS at FROM posts s INDEXED BY posts_sent"
        "  JOIN entries e ON e.post_id = s.id WHERE s.channel_id = ? AND s.state = 'sent'"
        "  GROUP BY e.paper ORDER BY at DESC, e.paper DESC LIMIT ?"
        ") latest JOIN papers p ON p.ordinal = latest.paper ORDER BY latest.at DESC, latest.paper DESC",
        (find_channel(db, ref), count(limit)),
    )
    return [to_paper(row) for row in rows]


def channel_status(db: sqlite_utils.Database, ref: ChannelRef) -> ChannelStatus:
    channel = find_channel(db, ref)
    row = db.execute("SELECT posted, last_posted, last_error FROM channels WHERE id = ?", (channel,)).fetchone()
    posted, last_posted, last_error = row or (0, None, "")

    def figure(sql: str) -> int:
        return int(db.execute(sql, (channel,)).fetchone()[0])

    unsent = figure(
        "SELECT count(*) FROM posts p INDEXED BY posts_pending JOIN entries e ON e.post_id = p.id AND e.owed = 1"
        " WHERE p.channel_id = ? AND p.state = 'pending' AND p.thread_of IS NULL"
    )
    return ChannelStatus(
        watches=figure(
            "SELECT count(*) FROM watches INDEXED BY watches_active WHERE channel_id = ? AND ended_at IS NULL"
        ),
        waiting=unsent
        + figure("SELECT count(*) FROM deliveries WHERE channel_id = ? AND state = 0")
        + figure("SELECT count(*) FROM deliveries WHERE channel_id = ? AND state = 3"),
        posted=posted,
        # The first condition says what the partial index holds.
        uncertain=figure(
            "SELECT count(*) FROM posts INDEXED BY posts_open"
            " WHERE channel_id = ? AND state IN ('sending', 'uncertain')"
            " AND state = 'uncertain'"
        ),
        last_posted=to_moment_or_none(last_posted),
        last_error=last_error,
    )


class History:
    """The part of ``bot.ports.PostStore`` that asks."""

    _database: Database

    async def recent_posts(self, platform: str, since: datetime, batch: int = 500) -> AsyncIterator[list[RecentPost]]:
        last: int | None = 0
        while last is not None:
            last, posts = await self._database.read(
                lambda db, last=last: recent_posts(db, platform, since, last, batch)  # type: ignore[misc]
            )
            yield posts

    async def post_of(self, message: MessageRef) -> Post | None:
        return await self._database.read(lambda db: post_of(db, message))

    async def latest_entries(self, ref: ChannelRef, limit: int = 50) -> list[Entry]:
        return await self._database.read(lambda db: latest_entries(db, ref, limit))

    async def posted(self, ref: ChannelRef, *, limit: int) -> list[Paper]:
        return await self._database.read(lambda db: posted(db, ref, limit))

    async def channel_status(self, ref: ChannelRef) -> ChannelStatus:
        return await self._database.read(lambda db: channel_status(db, ref))
