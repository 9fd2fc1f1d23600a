"""The weekly top of a channel: when it is due, what the team has seen, and its posts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import sqlite_utils

from bot.models import Channel, ChannelRef, MemberRef, Post
from bot.paper_id import ordinal
from storage.sqlite import queue, storing
from storage.sqlite.channels import CHANNEL, to_channel
from storage.sqlite.database import Database
from storage.sqlite.people import audit, need_channel, team_of
from storage.sqlite.storing import Step
from storage.sqlite.values import moment_column, moment_or_none, text_column

# The plus keeps SQLite on the index of due tops.
_DUE = """
    WHERE c.top_next_due <= ? AND c.paused = '' AND +w.platform IN (SELECT value FROM json_each(?))
    ORDER BY c.top_next_due LIMIT ?
"""

_SEEN = """
    SELECT EXISTS (
        SELECT 1 FROM entries e JOIN posts p ON p.id = e.post_id JOIN channels c ON c.id = p.channel_id
        WHERE e.paper = :paper AND p.state <> 'dead' AND c.workspace_id IN (SELECT value FROM json_each(:team))
    ) OR EXISTS (
        SELECT 1 FROM saves s JOIN members m ON m.id = s.member_id
        WHERE s.paper = :paper AND NOT s.taken_back AND m.workspace_id IN (SELECT value FROM json_each(:team))
    )
"""


def set_top(
    db: sqlite_utils.Database,
    ref: ChannelRef,
    schedule: str,
    *,
    next_due: datetime | None,
    by: MemberRef,
    now: datetime,
) -> None:
    number = need_channel(db, ref)
    db.execute(
        "UPDATE channels SET top_schedule = ?, top_next_due = ? WHERE id = ?",
        (text_column(schedule), moment_or_none(next_due), number),
    )
    audit(db, now, by, channel=number, what="weekly top", detail=schedule or "off")


def due_tops(db: sqlite_utils.Database, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
    rows = db.execute(CHANNEL + _DUE, (moment_column(now), json.dumps(list(platforms)), limit))
    return [to_channel(row) for row in rows]


def put_top(
    db: sqlite_utils.Database, channel: Channel, posts: Sequence[Post], next_due: datetime | None, now: datetime
) -> bool:
    number = need_channel(db, channel.ref)
    moved = db.execute(
        "UPDATE channels SET top_next_due = ? WHERE id = ? AND top_schedule = ? AND top_next_due = ? AND paused = ''",
        (moment_or_none(next_due), number, text_column(channel.top_schedule), moment_or_none(channel.top_next_due)),
    )
    if not moved.rowcount:
        return False
    storing.insert(db, [Step(number, posts, bulk=True)], now)
    queue.settle(db, number)
    return True


def unseen(db: sqlite_utils.Database, platform: str, workspace: str, paper_ids: Sequence[str]) -> list[str]:
    team = json.dumps(team_of(db, platform, workspace))
    return [
        paper_id
        for paper_id in paper_ids
        if not db.execute(_SEEN, {"paper": ordinal(paper_id), "team": team}).fetchone()[0]
    ]


class Tops:
    """``bot.ports.TopStore``."""

    _database: Database

    async def set_top(
        self, ref: ChannelRef, schedule: str, next_due: datetime | None, by: MemberRef, now: datetime
    ) -> None:
        await self._database.write(lambda db: set_top(db, ref, schedule, next_due=next_due, by=by, now=now))

    async def due_tops(self, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
        return await self._database.read(lambda db: due_tops(db, platforms, now, limit))

    async def put_top(
        self, channel: Channel, posts: Sequence[Post], *, next_due: datetime | None, now: datetime
    ) -> bool:
        return await self._database.write(lambda db: put_top(db, channel, posts, next_due, now))

    async def unseen(self, platform: str, workspace: str, paper_ids: Sequence[str]) -> list[str]:
        return await self._database.read(lambda db: unseen(db, platform, workspace, paper_ids))
