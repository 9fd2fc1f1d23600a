"""Channels and their settings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlite_utils

from bot.models import Channel, ChannelRef, Layout, MemberRef, Sort
from storage.sqlite import days, mirroring, owing, queue, receipts
from storage.sqlite.database import Database
from storage.sqlite.people import audit, ensure_workspace, find_channel, need_channel
from storage.sqlite.values import LARGEST, moment_column, moment_or_none, text_column, to_moment, to_moment_or_none

COLUMNS = """
    w.platform, w.workspace, c.channel, c.name, c.schedule, c.layout, c.made_at, c.next_due, c.paused,
    c.receipted, c.top_schedule, c.top_next_due, c.sort, c.similar, c.id
"""
CHANNEL = f"SELECT {COLUMNS} FROM channels c JOIN workspaces w ON w.id = c.workspace_id "  # noqa: S608  from above

# The plus keeps SQLite on the indexes of due channels.
_DUE = """
    WHERE c.next_due <= ? AND c.paused = '' AND substr(c.schedule, 1, 7) {compared} 'instant'
      AND +w.platform IN (SELECT value FROM json_each(?))
    ORDER BY c.next_due LIMIT ?
"""

_IN_USE = """
    WHERE w.platform = :platform AND (:workspace IS NULL OR w.workspace = :workspace) AND c.id > :after AND (
        c.top_schedule <> ''
        OR EXISTS (SELECT 1 FROM watches x INDEXED BY watches_active WHERE x.channel_id = c.id AND x.ended_at IS NULL)
        OR EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = c.id AND d.state = 0)
        OR EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = c.id AND d.state = 3)
        OR EXISTS (SELECT 1 FROM posts p INDEXED BY posts_pending WHERE p.channel_id = c.id AND p.state = 'pending')
        OR EXISTS (SELECT 1 FROM posts p INDEXED BY posts_open
                   WHERE p.channel_id = c.id AND p.state IN ('sending', 'uncertain'))
    )
    ORDER BY c.id LIMIT :limit
"""


# Found due, a channel is read again with what it is owed a moment later.
@lru_cache(maxsize=512)
def to_channel(row: tuple[Any, ...]) -> Channel:
    """A channel from ``COLUMNS``."""
    return Channel(
        ref=ChannelRef(row[0], row[1], row[2]),
        name=row[3],
        schedule=row[4],
        layout=Layout(row[5]),
        made_at=to_moment(row[6]),
        next_due=to_moment_or_none(row[7]),
        paused=row[8],
        receipted=row[9],
        top_schedule=row[10],
        top_next_due=to_moment_or_none(row[11]),
        sort=Sort(row[12]),
        similar=bool(row[13]),
    )


def by_number(db: sqlite_utils.Database, number: int) -> Channel:
    return to_channel(db.execute(CHANNEL + "WHERE c.id = ?", (number,)).fetchone())


def open_channel(db: sqlite_utils.Database, channel: Channel) -> Channel:
    number = find_channel(db, channel.ref)
    name = text_column(channel.name)
    if number is None:
        last = days.last_day(db)
        cursor = db.execute(
            "INSERT INTO channels (workspace_id, channel, name, schedule, layout, made_at, next_due, paused, receipted)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                ensure_workspace(db, channel.ref.platform, channel.ref.workspace),
                text_column(channel.ref.channel),
                name,
                text_column(channel.schedule),
                channel.layout.value,
                moment_column(channel.made_at),
                moment_or_none(channel.next_due),
                text_column(channel.paused),
                # The first digest has papers of the latest announcement, so its receipt covers that one.
                receipts.latest(db) if last is None else receipts.before(db, last),
            ),
        )
        number = int(cursor.lastrowid or 0)
        audit(db, channel.made_at, None, channel=number, what="channel opened", detail=channel.schedule)
    elif name:
        cursor = db.execute("UPDATE channels SET name = ? WHERE id = ? AND name <> ?", (name, number, name))
        if cursor.rowcount:
            audit(db, channel.made_at, None, channel=number, what="channel renamed", detail=name)
    return by_number(db, number)


def set_due(db: sqlite_utils.Database, number: int, next_due: datetime | None, otherwise: str | None) -> None:
    """Set when the next digest is composed.

    An instant channel for which something waits is never left without a moment: papers may have come since the caller
    looked. It keeps the one it has, or gets ``otherwise``.
    """
    db.execute("UPDATE channels SET next_due = coalesce(?, next_due) WHERE id = ?", (moment_or_none(next_due), number))
    if next_due is None:
        db.execute(
            "UPDATE channels SET next_due = CASE WHEN (schedule = 'instant' OR schedule LIKE 'instant %')"
            " AND EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = channels.id AND d.state = 0)"
            " THEN coalesce(next_due, ?) END WHERE id = ?",
            (otherwise, number),
        )


def set_all_due(db: sqlite_utils.Database, dues: Sequence[tuple[int, datetime | None]], otherwise: str | None) -> None:
    """The same for many channels by number."""
    columns = {due: moment_column(due) for due in {due for _, due in dues} if due is not None}
    db.conn.executemany(
        "UPDATE channels SET next_due = ? WHERE id = ?",
        [(columns[due], number) for number, due in dues if due is not None],
    )
    for number, due in dues:
        if due is None:
            set_due(db, number, None, otherwise)


def set_schedule(
    db: sqlite_utils.Database,
    ref: ChannelRef,
    schedule: str,
    *,
    next_due: datetime | None,
    by: MemberRef,
    now: datetime,
) -> None:
    number = need_channel(db, ref)
    db.execute("UPDATE channels SET schedule = ?, next_due = NULL WHERE id = ?", (text_column(schedule), number))
    set_due(db, number, next_due, moment_column(now))
    audit(db, now, by, channel=number, what="schedule", detail=schedule)


def set_layout(db: sqlite_utils.Database, ref: ChannelRef, layout: Layout, by: MemberRef, now: datetime) -> None:
    number = need_channel(db, ref)
    db.execute("UPDATE channels SET layout = ? WHERE id = ?", (layout.value, number))
    audit(db, now, by, channel=number, what="layout", detail=layout.value)


def set_sort(db: sqlite_utils.Database, ref: ChannelRef, sort: Sort, by: MemberRef, now: datetime) -> None:
    number = need_channel(db, ref)
    for channel in (number, *mirroring.mirrors_of(db, number)):
        db.execute("UPDATE channels SET sort = ? WHERE id = ?", (sort.value, channel))
    audit(db, now, by, channel=number, what="sort", detail=sort.value)


def set_paused(db: sqlite_utils.Database, ref: ChannelRef, reason: str, by: MemberRef | None, now: datetime) -> bool:
    number = need_channel(db, ref)
    reason = text_column(reason)
    changed = db.execute("UPDATE channels SET paused = ? WHERE id = ? AND paused <> ?", (reason, number, reason))
    if not changed.rowcount:
        return False
    if not reason:
        owing.take_up_stranded(db, number, now)
    queue.settle(db, number)
    audit(db, now, by, channel=number, what="paused" if reason else "resumed", detail=reason)
    return True


def channels_of(
    db: sqlite_utils.Database, platform: str, workspace: str | None, *, after: int = 0, limit: int = LARGEST
) -> list[tuple[int, Channel]]:
    """With their numbers, those after the one of number ``after``."""
    asked = {"platform": platform, "workspace": workspace, "after": after, "limit": limit}
    return [(row[-1], to_channel(row)) for row in db.execute(CHANNEL + _IN_USE, asked)]


def due_channels(db: sqlite_utils.Database, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
    names = json.dumps(list(platforms))
    found: list[Channel] = []
    for compared in ("=", "<>"):
        asked = (moment_column(now), names, limit - len(found))
        found += [to_channel(row) for row in db.execute(CHANNEL + _DUE.format(compared=compared), asked)]
    return found


class Channels:
    """The part of ``bot.ports.WatchStore`` and ``bot.ports.PostStore`` about channels and their settings."""

    _database: Database

    async def channel(self, ref: ChannelRef) -> Channel | None:
        def work(db: sqlite_utils.Database) -> Channel | None:
            number = find_channel(db, ref)
            return None if number is None else by_number(db, number)

        return await self._database.read(work)

    async def open_channel(self, channel: Channel) -> Channel:
        return await self._database.write(lambda db: open_channel(db, channel))

    async def set_schedule(
        self, ref: ChannelRef, schedule: str, next_due: datetime | None, by: MemberRef, now: datetime
    ) -> None:
        await self._database.write(lambda db: set_schedule(db, ref, schedule, next_due=next_due, by=by, now=now))

    async def set_layout(self, ref: ChannelRef, layout: Layout, by: MemberRef, now: datetime) -> None:
        await self._database.write(lambda db: set_layout(db, ref, layout, by, now))

    async def set_sort(self, ref: ChannelRef, sort: Sort, by: MemberRef, now: datetime) -> None:
        await self._database.write(lambda db: set_sort(db, ref, sort, by, now))

    async def set_paused(self, ref: ChannelRef, reason: str, by: MemberRef | None, now: datetime) -> bool:
        return await self._database.write(lambda db: set_paused(db, ref, reason, by, now))

    async def channels(self, platform: str, workspace: str | None = None) -> list[Channel]:
        return await self._database.read(lambda db: [channel for _, channel in channels_of(db, platform, workspace)])

    async def all_channels(
        self, platform: str, workspace: str | None = None, batch: int = 500
    ) -> AsyncIterator[list[Channel]]:
        last = 0
        while block := await self._database.read(
            lambda db, last=last: channels_of(db, platform, workspace, after=last, limit=batch)  # type: ignore[misc]
        ):
            yield [channel for _, channel in block]
            last = block[-1][0]

    async def due_channels(self, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
        return await self._database.read(lambda db: due_channels(db, platforms, now, limit))

    async def set_due(self, ref: ChannelRef, next_due: datetime | None) -> None:
        await self._database.write(lambda db: set_due(db, need_channel(db, ref), next_due, None))
