"""Saved papers that are asked for again, and what their people have been told of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlite_utils

from bot.models import ChannelRef, Followed, Follower, FollowUp, Paper, Post
from bot.paper_id import ordinal
from bot.withdrawal import is_withdrawn
from storage.sqlite import outbox, papers
from storage.sqlite.database import Database
from storage.sqlite.values import count, moment_column, to_paper

# The latest post is the one that people have in sight; of posts made together the card comes after its digest.
# There are no threads within threads: what is said about a card in one stands beside it.
_FOLLOWERS = """
    SELECT w.platform, w.workspace, c.channel, (
        SELECT coalesce(t.key, p.key) FROM entries e JOIN posts p ON p.id = e.post_id
        LEFT JOIN posts t ON t.id = p.thread_of
        WHERE e.paper = savers.paper AND p.channel_id = savers.channel_id AND p.state = 'sent'
        ORDER BY p.id DESC LIMIT 1
    ) AS key
    FROM (SELECT DISTINCT paper, channel_id FROM saves WHERE paper = ? AND NOT taken_back) savers
    JOIN channels c ON c.id = savers.channel_id
    JOIN workspaces w ON w.id = c.workspace_id
    WHERE key IS NOT NULL
    ORDER BY c.id
"""


def follow(db: sqlite_utils.Database, number: int, paper: Paper) -> None:
    """What is newer than ``paper`` will be told; a paper that is followed already stays where it is."""
    db.execute(
        "INSERT OR IGNORE INTO followed (paper, version, published, withdrawn, next_check) VALUES (?, ?, ?, ?, '')",
        (number, paper.version, int(bool(paper.journal_ref)), int(is_withdrawn(paper))),
    )


def followed(db: sqlite_utils.Database, now: datetime, limit: int) -> list[Followed]:
    rows = db.execute(
        "SELECT f.version, f.published, f.withdrawn, p.* FROM followed f JOIN papers p ON p.ordinal = f.paper"
        " WHERE f.next_check <= ?"
        " AND EXISTS (SELECT 1 FROM saves s WHERE s.paper = f.paper AND NOT s.taken_back)"
        " ORDER BY f.next_check LIMIT ?",
        (moment_column(now), count(limit)),
    )
    return [Followed(to_paper(row[3:]), row[0], bool(row[1]), bool(row[2])) for row in rows]


def followers(db: sqlite_utils.Database, paper_id: str) -> list[Follower]:
    rows = db.execute(_FOLLOWERS, (ordinal(paper_id),))
    return [Follower(ChannelRef(*row[0:3]), row[3]) for row in rows]


def follow_up(db: sqlite_utils.Database, checked: Sequence[FollowUp], notices: Sequence[Post], now: datetime) -> None:
    papers.put(db, [each.paper for each in checked], recorded=False)
    for each in checked:
        db.execute(
            "UPDATE followed SET version = ?, published = ?, withdrawn = ?, next_check = ? WHERE paper = ?",
            (
                each.version,
                int(each.published),
                int(each.withdrawn),
                moment_column(each.next_check),
                ordinal(each.paper.id),
            ),
        )
    for notice in notices:
        outbox.put_notice(db, notice, now)


class Following:
    """``bot.ports.FollowStore``."""

    _database: Database

    async def followed(self, now: datetime, limit: int) -> list[Followed]:
        return await self._database.read(lambda db: followed(db, now, limit))

    async def followers(self, paper_id: str) -> list[Follower]:
        return await self._database.read(lambda db: followers(db, paper_id))

    async def follow_up(self, checked: Sequence[FollowUp], notices: Sequence[Post], now: datetime) -> None:
        await self._database.write(lambda db: follow_up(db, checked, notices, now))
