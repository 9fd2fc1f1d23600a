"""Addresses that get a channel's digest, the codes that confirm them, and what became of each mail.

An address is confirmed by a code that was mailed to it, and only by the member who asked. Counting the mails and
keeping the code are one transaction, as are finding a code and counting a wrong one: however many are asked for or
entered at once, nobody gets more than they are allowed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlite_utils

from bot.errors import CommandError
from bot.mail_address import mailbox
from bot.mailing import PLATFORM, MailRequest, MailSubscription
from bot.models import Channel, ChannelRef, Layout, MemberRef
from bot.wording import count as counted
from storage.sqlite import channels, cursors, days, linking, mirroring, queue, receipts
from storage.sqlite.database import Database
from storage.sqlite.people import audit, ensure_member, find_channel, find_member, need_channel
from storage.sqlite.values import count, moment_column, moment_or_none, text_column, to_moment

_REMEMBERED = timedelta(days=60)
_ENDED = "its subscription was ended"

_SUBSCRIPTION = """
    SELECT s.channel_id, sw.platform, sw.workspace, sc.channel, sc.name, mw.platform, mw.workspace, m.member, m.name
    FROM mail_subscriptions s
    JOIN channels sc ON sc.id = s.source_id
    JOIN workspaces sw ON sw.id = sc.workspace_id
    JOIN members m ON m.id = s.member_id
    JOIN workspaces mw ON mw.id = m.workspace_id
"""


def _to_subscription(db: sqlite_utils.Database, row: Sequence[Any]) -> MailSubscription:
    return MailSubscription(
        channel=channels.by_number(db, row[0]),
        source=ChannelRef(row[1], row[2], row[3]),
        source_name=row[4],
        member=MemberRef(row[5], row[6], row[7], row[8]),
    )


def _subscription(db: sqlite_utils.Database, channel: int | None) -> MailSubscription | None:
    row = db.execute(_SUBSCRIPTION + "WHERE s.channel_id = ? AND s.ended_at IS NULL", (channel,)).fetchone()
    return None if row is None else _to_subscription(db, row)


def add_code(
    db: sqlite_utils.Database,
    digest: bytes,
    request: MailRequest,
    now: datetime,
    *,
    ends: datetime,
    since: datetime,
    most: int,
) -> None:
    member, box = ensure_member(db, request.member), mailbox(request.address)
    db.execute("DELETE FROM mail_codes WHERE ends_at <= ?", (moment_column(now),))
    db.execute("DELETE FROM mailed_codes WHERE at <= ?", (moment_column(since),))
    asked = db.execute("SELECT count(*), min(at) FROM mailed_codes WHERE member_id = ?", (member,)).fetchone()
    mailed = db.execute("SELECT count(*), min(at) FROM mailed_codes WHERE mailbox = ?", (box,)).fetchone()
    for (number, first), done in ((asked, "You have had {} mailed"), (mailed, "That address was sent {}")):
        if number >= most:
            hours = max(1, math.ceil((to_moment(first) - since).total_seconds() / 3600))
            raise CommandError(
                f"{done.format(counted(number, 'code'))} within a day, and more is not possible.",
                hint=f"Enter the latest one, or try again in {counted(hours, 'hour')}.",
            )
    db.execute(
        "INSERT INTO mailed_codes (member_id, mailbox, at) VALUES (?, ?, ?)",
        (member, text_column(box), moment_column(now)),
    )
    db.execute(
        "INSERT INTO mail_codes (digest, member_id, source_id, address, schedule, ends_at) VALUES (?, ?, ?, ?, ?, ?)",
        (
            digest,
            member,
            need_channel(db, request.source),
            text_column(request.address),
            text_column(request.schedule),
            moment_column(ends),
        ),
    )


def find_code(
    db: sqlite_utils.Database, digest: bytes, by: MemberRef, *, now: datetime, since: datetime, most: int
) -> MailRequest | None:
    member = ensure_member(db, by)
    linking.refuse_guessing(db, member, since=since, most=most)
    row = _open_code(db, digest, member, now)
    if row is None:
        linking.count_wrong(db, member, now, since=since)
        return None
    source = channels.by_number(db, row[0])
    return MailRequest(by, source.ref, row[1], row[2])


def _open_code(db: sqlite_utils.Database, digest: bytes, member: int, now: datetime) -> Sequence[Any] | None:
    row: Sequence[Any] | None = db.execute(
        "SELECT source_id, address, schedule FROM mail_codes WHERE digest = ? AND member_id = ? AND ends_at > ?",
        (digest, member, moment_column(now)),
    ).fetchone()
    return row


def subscribe(
    db: sqlite_utils.Database,
    digest: bytes,
    by: MemberRef,
    now: datetime,
    *,
    next_due: datetime | None,
    workspace: str,
    most: int,
) -> MailSubscription | None:
    member = ensure_member(db, by)
    row = _open_code(db, digest, member, now)
    # Whoever removes the code has it to themselves.
    if row is None or not db.execute("DELETE FROM mail_codes WHERE digest = ?", (digest,)).rowcount:
        return None
    source, address, schedule = row
    addresses = {each.address for each in subscriptions_of(db, by)} - {address}
    if len(addresses) >= most:
        raise CommandError(
            f"You have {counted(len(addresses), 'other address', 'other addresses')}, and more is not possible."
        )
    ref = ChannelRef(PLATFORM, _workspace(db, source, address) or workspace, address)
    channel = channels.open_channel(db, Channel(ref, "", schedule, Layout.DIGEST, now, next_due))
    number = need_channel(db, channel.ref)
    last = None if cursors.backfilling(db) else days.last_day(db)
    db.execute(
        "UPDATE channels SET schedule = ?, next_due = ?, paused = '', receipted = ?,"
        " sort = (SELECT sort FROM channels WHERE id = ?) WHERE id = ?",
        (
            schedule,
            moment_or_none(next_due),
            receipts.latest(db) if last is None else receipts.before(db, last),
            source,
            number,
        ),
    )
    db.execute(
        "INSERT INTO mail_subscriptions (channel_id, source_id, member_id, made_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (channel_id) DO UPDATE SET source_id = excluded.source_id, member_id = excluded.member_id,"
        " made_at = excluded.made_at, ended_at = NULL",
        (number, source, member, moment_column(now)),
    )
    if last is not None:
        mirroring.owe_latest(db, number, source, last)
    queue.settle(db, number)
    audit(db, now, by, channel=source, what="email", detail=f"{address} {schedule}")
    return _subscription(db, number)


def _workspace(db: sqlite_utils.Database, source: int, address: str) -> str | None:
    """The opaque word for the addresses of a source; None where it has had none yet.

    A source that was merged with another may have two: an address keeps its own.
    """
    row = db.execute(
        "SELECT w.workspace FROM mail_subscriptions s JOIN channels c ON c.id = s.channel_id"
        " JOIN workspaces w ON w.id = c.workspace_id WHERE s.source_id = ?"
        " ORDER BY c.channel <> ?, s.ended_at IS NOT NULL, s.channel_id LIMIT 1",
        (source, address),
    ).fetchone()
    return None if row is None else str(row[0])


def subscriptions_of(db: sqlite_utils.Database, member: MemberRef) -> list[MailSubscription]:
    rows = db.execute(
        _SUBSCRIPTION + "WHERE s.member_id = ? AND s.ended_at IS NULL ORDER BY s.made_at, s.channel_id",
        (find_member(db, member),),
    ).fetchall()
    return [_to_subscription(db, row) for row in rows]


def mirrors(db: sqlite_utils.Database, source: ChannelRef) -> list[MailSubscription]:
    rows = db.execute(
        _SUBSCRIPTION + "WHERE s.source_id = ? AND s.ended_at IS NULL ORDER BY s.made_at, s.channel_id",
        (find_channel(db, source),),
    ).fetchall()
    return [_to_subscription(db, row) for row in rows]


def end(db: sqlite_utils.Database, ref: ChannelRef, by: MemberRef | None, now: datetime) -> bool:
    channel = find_channel(db, ref)
    return channel is not None and end_number(db, channel, by, now)


def end_number(db: sqlite_utils.Database, channel: int, by: MemberRef | None, now: datetime) -> bool:
    """End the subscription of the channel with this number."""
    ended = db.execute(
        "UPDATE mail_subscriptions SET ended_at = ? WHERE channel_id = ? AND ended_at IS NULL",
        (moment_column(now), channel),
    )
    if not ended.rowcount:
        return False
    db.execute(
        "UPDATE deliveries SET state = 2 WHERE channel_id = :channel AND state = 1 AND paper IN"
        " (SELECT e.paper FROM posts p INDEXED BY posts_pending JOIN entries e ON e.post_id = p.id AND e.owed = 1"
        "  WHERE p.channel_id = :channel AND p.state = 'pending')",
        {"channel": channel},
    )
    for state in (0, 3):  # one after the other, so that the index of each applies
        db.execute("UPDATE deliveries SET state = 2 WHERE channel_id = ? AND state = ?", (channel, state))
    db.execute(
        "UPDATE posts INDEXED BY posts_pending SET state = 'dead', finished_at = ?, last_error = ?"
        " WHERE channel_id = ? AND state = 'pending'",
        (moment_column(now), _ENDED, channel),
    )
    db.execute("UPDATE channels SET paused = ?, next_due = NULL WHERE id = ?", (_ENDED, channel))
    queue.settle(db, channel)
    audit(db, now, by, channel=channel, what="email ended")
    return True


def merge(db: sqlite_utils.Database, source: int, target: int, now: datetime) -> None:
    """Give the addresses of one source to another; one that both have stays the other's."""
    doubled = db.execute(
        "SELECT s.channel_id FROM mail_subscriptions s JOIN channels c ON c.id = s.channel_id"
        " WHERE s.source_id = ? AND s.ended_at IS NULL AND c.channel IN"
        " (SELECT o.channel FROM mail_subscriptions t JOIN channels o ON o.id = t.channel_id"
        "  WHERE t.source_id = ? AND t.ended_at IS NULL)",
        (source, target),
    ).fetchall()
    for (channel,) in doubled:
        end_number(db, channel, None, now)
    db.execute("UPDATE mail_subscriptions SET source_id = ? WHERE source_id = ?", (target, source))
    db.execute("UPDATE mail_codes SET source_id = ? WHERE source_id = ?", (target, source))


def mail_begun(db: sqlite_utils.Database, key: str, now: datetime) -> None:
    db.execute("DELETE FROM mails WHERE begun_at < ?", (moment_column(now - _REMEMBERED),))
    db.execute(
        "INSERT INTO mails (key, taken, begun_at) VALUES (?, NULL, ?)"
        " ON CONFLICT (key) DO UPDATE SET taken = NULL, begun_at = excluded.begun_at",
        (text_column(key), moment_column(now)),
    )


def mail_taken(db: sqlite_utils.Database, key: str) -> bool | None:
    row = db.execute("SELECT taken FROM mails WHERE key = ?", (text_column(key),)).fetchone()
    if row is None:
        return False
    return None if row[0] is None else bool(row[0])


class Subscriptions:
    """``bot.mailing.SubscriptionStore`` and ``bot.mailing.MailStore``."""

    _database: Database

    async def add_mail_code(
        self, digest: bytes, request: MailRequest, now: datetime, *, ends: datetime, since: datetime, most: int
    ) -> None:
        await self._database.write(lambda db: add_code(db, digest, request, now, ends=ends, since=since, most=most))

    async def find_mail_code(
        self, digest: bytes, by: MemberRef, now: datetime, *, since: datetime, most: int
    ) -> MailRequest | None:
        return await self._database.write(lambda db: find_code(db, digest, by, now=now, since=since, most=count(most)))

    async def subscribe(
        self, digest: bytes, by: MemberRef, now: datetime, *, next_due: datetime | None, workspace: str, most: int
    ) -> MailSubscription | None:
        return await self._database.write(
            lambda db: subscribe(db, digest, by, now, next_due=next_due, workspace=workspace, most=most)
        )

    async def mail_subscriptions(self, member: MemberRef) -> list[MailSubscription]:
        return await self._database.read(lambda db: subscriptions_of(db, member))

    async def mirrors(self, source: ChannelRef) -> list[MailSubscription]:
        return await self._database.read(lambda db: mirrors(db, source))

    async def mail_subscription(self, channel: ChannelRef) -> MailSubscription | None:
        return await self._database.read(lambda db: _subscription(db, find_channel(db, channel)))

    async def end_subscription(self, channel: ChannelRef, by: MemberRef | None, now: datetime) -> bool:
        return await self._database.write(lambda db: end(db, channel, by, now))

    async def mail_begun(self, key: str, now: datetime) -> None:
        await self._database.write(lambda db: mail_begun(db, key, now))

    async def mail_ended(self, key: str, *, taken: bool) -> None:
        await self._database.write(
            lambda db: db.execute("UPDATE mails SET taken = ? WHERE key = ?", (int(taken), text_column(key)))
        )

    async def mail_taken(self, key: str) -> bool | None:
        return await self._database.read(lambda db: mail_taken(db, key))
