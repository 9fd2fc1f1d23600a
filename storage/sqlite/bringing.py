"""Papers that members bring into a channel: a card at once, and the channel has had the paper for ever."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

import sqlite_utils

from bot.errors import CommandError
from bot.models import MemberRef, Post, Posted
from bot.paper_id import ordinal
from storage.sqlite import giving, owing, papers, queue, storing
from storage.sqlite.database import Database
from storage.sqlite.people import accounts_of, audit, ensure_member, need_channel
from storage.sqlite.storing import Step
from storage.sqlite.values import moment_column, text_column, to_moment_or_none

_IN_A_POST = 1

_FIRST_POST = """
    SELECT p.finished_at FROM entries e JOIN posts p ON p.id = e.post_id
    WHERE e.paper = ? AND e.owed = 1 AND p.channel_id = ? AND p.state <> 'dead'
    ORDER BY p.id LIMIT 1
"""


def bring(
    db: sqlite_utils.Database, post: Post, by: MemberRef, now: datetime, *, since: datetime, most: int
) -> Posted | None:
    channel = need_channel(db, post.channel)
    (entry,) = post.entries
    paper = ordinal(entry.paper.id)
    state = db.execute("SELECT state FROM deliveries WHERE channel_id = ? AND paper = ?", (channel, paper)).fetchone()
    if state == (_IN_A_POST,) or giving.had_long_ago(db, channel, paper):
        (at,) = db.execute(_FIRST_POST, (paper, channel)).fetchone() or (None,)
        return Posted(to_moment_or_none(at))
    member = ensure_member(db, by)
    _refuse_many(db, member, since, most)
    papers.keep(db, [paper])
    db.execute(
        "INSERT INTO deliveries (channel_id, paper, state, late) VALUES (?, ?, ?, 0)"
        " ON CONFLICT (channel_id, paper) DO UPDATE SET state = excluded.state",
        (channel, paper, _IN_A_POST),
    )
    db.execute(
        "INSERT INTO brought (channel_id, paper, member_id, at, said) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (channel_id, paper) DO UPDATE"
        " SET member_id = excluded.member_id, at = excluded.at, said = excluded.said",
        (channel, paper, member, moment_column(now), text_column(": ".join(filter(None, (post.heading, post.text))))),
    )
    owed = replace(entry, delivery=owing.delivery_number(channel, paper))
    storing.insert(db, [Step(channel, [replace(post, entries=(owed,))])], now)
    queue.settle(db, channel)
    audit(db, now, by, channel=channel, what="brought", detail=entry.paper.id)
    return None


def _refuse_many(db: sqlite_utils.Database, member: int, since: datetime, most: int) -> None:
    (number,) = db.execute(
        "SELECT count(*) FROM json_each(?) a CROSS JOIN brought b ON b.member_id = a.value WHERE b.at > ?",
        (json.dumps(accounts_of(db, member)), moment_column(since)),
    ).fetchone()
    if number >= most:
        raise CommandError(
            f"You have brought {most} papers within a day already, and more is not possible.",
            hint="`save` and the paper's id keeps one for yourself.",
        )


class Bringing:
    """The part of ``bot.ports.PostStore`` about papers that members bring."""

    _database: Database

    async def bring(self, post: Post, by: MemberRef, now: datetime, *, since: datetime, most: int) -> Posted | None:
        return await self._database.write(lambda db: bring(db, post, by, now, since=since, most=most))
