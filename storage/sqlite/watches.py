"""Watches and the distinct queries behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlite_utils

from bot.errors import CommandError
from bot.models import Channel, ChannelRef, ChannelSettings, MemberRef, QueryBlock, Watch
from bot.query import Query
from storage.sqlite import channels, cursors, days, owing, receipts, relating, signals, tops
from storage.sqlite.database import Database
from storage.sqlite.people import audit, ensure_member, find_channel, need_channel
from storage.sqlite.values import day_column, moment_column, text_column, to_day, to_moment

WATCH = """
    SELECT w.id, q.canonical, w.typed, s.platform, s.workspace, m.member, m.name, w.made_at, w.since, w.query_id,
           w.upvotes
    FROM watches w
    JOIN queries q ON q.id = w.query_id
    JOIN members m ON m.id = w.made_by
    JOIN workspaces s ON s.id = m.workspace_id
"""
# Not the index of all watches that the channel ever had.
_OF_CHANNEL = WATCH.replace("watches w", "watches w INDEXED BY watches_active") + (
    "WHERE w.channel_id = ? AND w.ended_at IS NULL "
)


def to_watch(ref: ChannelRef, row: Sequence[Any]) -> Watch:
    """A watch of the channel ``ref`` from the columns of WATCH."""
    return Watch(
        id=row[0],
        channel=ref,
        query=row[1],
        typed=row[2],
        made_by=MemberRef(row[3], row[4], row[5], row[6]),
        made_at=to_moment(row[7]),
        since=to_day(row[8]),
        upvotes=row[10],
    )


def _active(db: sqlite_utils.Database, channel: int, canonical: str) -> Sequence[Any] | None:
    row: Sequence[Any] | None = db.execute(
        _OF_CHANNEL + "AND q.canonical = ?", (channel, text_column(canonical))
    ).fetchone()
    return row


def add_watch(
    db: sqlite_utils.Database,
    ref: ChannelRef,
    query: Query,
    *,
    typed: str,
    by: MemberRef,
    now: datetime,
    most: int,
    upvotes: int,
) -> Watch | None:
    channel = need_channel(db, ref)
    if _active(db, channel, query.canonical) is not None:
        return None
    (number,) = db.execute(
        "SELECT count(*) FROM watches INDEXED BY watches_active WHERE channel_id = ? AND ended_at IS NULL", (channel,)
    ).fetchone()
    if number >= most:
        raise CommandError(
            f"This channel has {most} watches already, and more is not possible.",
            hint="End one first: `unwatch` and its query. `list` shows them all.",
        )
    since = None if cursors.backfilling(db) else days.last_day(db)
    if since is not None and not number and not owing.anything(db, channel):
        receipts.begin(db, channel, since)
    watch = db.execute(
        "INSERT INTO watches (channel_id, query_id, typed, made_by, made_at, since, upvotes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            channel,
            _take_query(db, query),
            text_column(typed),
            ensure_member(db, by),
            moment_column(now),
            day_column(since),
            upvotes,
        ),
    ).lastrowid
    if since is not None:
        owing.owe_watch(db, int(watch or 0), now)
    audit(db, now, by, channel=channel, what="watch", detail=_detail(query.canonical, upvotes))
    row = _active(db, channel, query.canonical)
    return None if row is None else to_watch(ref, row)


def _detail(canonical: str, upvotes: int) -> str:
    return f"min:{upvotes} {canonical}" if upvotes else canonical


def change_watch(
    db: sqlite_utils.Database,
    ref: ChannelRef,
    canonical: str,
    *,
    typed: str,
    by: MemberRef,
    now: datetime,
    upvotes: int,
) -> Watch | None:
    channel = find_channel(db, ref)
    row = None if channel is None else _active(db, channel, canonical)
    if channel is None or row is None or row[10] == upvotes:
        return None
    db.execute("UPDATE watches SET typed = ?, upvotes = ? WHERE id = ?", (text_column(typed), upvotes, row[0]))
    owing.withdraw_unwanted(db, channel)
    # A watch that was made before the archive is filled is owed nothing yet.
    last = days.last_day(db) if row[8] else None
    if last is not None and upvotes:
        enough = signals.upvoted(db, row[9], row[8], upvotes, now)
        owing.owe_risen(db, [(channel, paper) for paper in enough], now)
    elif last is not None:
        owing.owe_watch(db, row[0], now, last)
    audit(db, now, by, channel=channel, what="watch changed", detail=_detail(canonical, upvotes))
    changed = _active(db, channel, canonical)
    return None if changed is None else to_watch(ref, changed)


def _take_query(db: sqlite_utils.Database, query: Query) -> int:
    """The number of a query that gets one watch more."""
    db.execute(
        "INSERT INTO queries (canonical, compiled) VALUES (?, ?)"
        " ON CONFLICT (canonical) DO UPDATE SET compiled = excluded.compiled",
        (query.canonical, query.compiled),
    )
    db.execute("UPDATE queries SET watches = watches + 1 WHERE canonical = ?", (query.canonical,))
    (number,) = db.execute("SELECT id FROM queries WHERE canonical = ?", (query.canonical,)).fetchone()
    return int(number)


def end_watch(db: sqlite_utils.Database, ref: ChannelRef, canonical: str, by: MemberRef, now: datetime) -> Watch | None:
    channel = find_channel(db, ref)
    row = None if channel is None else _active(db, channel, canonical)
    if channel is None or row is None:
        return None
    db.execute("UPDATE watches SET ended_at = ? WHERE id = ?", (moment_column(now), row[0]))
    db.execute("UPDATE queries SET watches = watches - 1 WHERE id = ?", (row[9],))
    owing.withdraw_unwanted(db, channel)
    audit(db, now, by, channel=channel, what="unwatch", detail=canonical)
    return to_watch(ref, row)


def watches_of(db: sqlite_utils.Database, ref: ChannelRef) -> list[Watch]:
    rows = db.execute(_OF_CHANNEL + "ORDER BY w.id", (find_channel(db, ref),))
    return [to_watch(ref, row) for row in rows]


def _set(db: sqlite_utils.Database, ref: ChannelRef, settings: ChannelSettings, by: MemberRef, now: datetime) -> None:
    if (schedule := settings.schedule) is not None:
        channels.set_schedule(db, ref, schedule.text, next_due=schedule.next_due, by=by, now=now)
    if settings.layout is not None:
        channels.set_layout(db, ref, settings.layout, by, now)
    if (top := settings.top) is not None:
        tops.set_top(db, ref, top.text, next_due=top.next_due, by=by, now=now)
    if settings.sort is not None:
        channels.set_sort(db, ref, settings.sort, by, now)
    if settings.similar is not None:
        relating.set_similar(db, ref, settings.similar, by, now)


class Watches:
    """The part of ``bot.ports.WatchStore`` about watches."""

    _database: Database

    async def add_watch(
        self, ref: ChannelRef, query: Query, typed: str, by: MemberRef, now: datetime, *, most: int, upvotes: int = 0
    ) -> Watch | None:
        return await self._database.write(
            lambda db: add_watch(db, ref, query, typed=typed, by=by, now=now, most=most, upvotes=upvotes)
        )

    async def change_watch(
        self, ref: ChannelRef, canonical: str, typed: str, by: MemberRef, now: datetime, *, upvotes: int
    ) -> Watch | None:
        return await self._database.write(
            lambda db: change_watch(db, ref, canonical, typed=typed, by=by, now=now, upvotes=upvotes)
        )

    async def take_in(
        self,
        channel: Channel,
        watches: Sequence[tuple[Query, str, int]],
        settings: ChannelSettings,
        by: MemberRef,
        now: datetime,
        *,
        most: int,
    ) -> tuple[int, int]:
        def work(db: sqlite_utils.Database) -> tuple[int, int]:
            ref = channels.open_channel(db, channel).ref
            made = changed = 0
            for query, typed, upvotes in watches:
                if add_watch(db, ref, query, typed=typed, by=by, now=now, most=most, upvotes=upvotes):
                    made += 1
                elif change_watch(db, ref, query.canonical, typed=typed, by=by, now=now, upvotes=upvotes):
                    changed += 1
            _set(db, ref, settings, by, now)
            return made, changed

        return await self._database.write(work)

    async def end_watch(self, ref: ChannelRef, canonical: str, by: MemberRef, now: datetime) -> Watch | None:
        return await self._database.write(lambda db: end_watch(db, ref, canonical, by, now))

    async def watches(self, ref: ChannelRef) -> list[Watch]:
        return await self._database.read(lambda db: watches_of(db, ref))

    async def queries(self, batch: int = 20_000, *, after: int = 0) -> AsyncIterator[QueryBlock]:
        last = after
        while (block := await self._database.read(lambda db, last=last: _block(db, last, batch))).numbers:  # type: ignore[misc]
            yield block
            last = block.numbers[-1]


_read_numbers = msgspec.json.Decoder(list[int]).decode


def _block(db: sqlite_utils.Database, after: int, limit: int) -> QueryBlock:
    # A million at each poll: SQLite puts them in a row faster than Python can take them one by one. Both aggregates go
    # through the rows together; group_concat takes a blob's bytes as they are, zeros included.
    numbers, compiled = db.execute(
        "WITH block AS (SELECT id, compiled FROM queries WHERE id > ? AND watches > 0 AND compiled <> x''"
        " ORDER BY id LIMIT ?)"
        " SELECT json_group_array(id), CAST(group_concat(compiled, '') AS BLOB) FROM block",
        (after, limit),
    ).fetchone()
    return QueryBlock(_read_numbers(numbers), compiled or b"")
