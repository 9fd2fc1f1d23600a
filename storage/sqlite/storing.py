"""Composed posts into the outbox, tied to what they bring: those of many channels at once.

At nine in the morning tens of thousands of digests are stored. Whatever can be is therefore asked and written once for
all channels of a call. Each channel's posts are stored whole or not at all, whatever becomes of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlite_utils

from bot.errors import StoreError
from bot.models import Entry, Post, PostKind
from bot.paper_id import ordinal
from storage.sqlite import channels, queue, receipts, relating
from storage.sqlite.owing import PAPER_BITS, channel_and_paper
from storage.sqlite.values import json_list, list_column, moment_column, receipt_column, signal_column, text_column


@dataclass(frozen=True, slots=True)
class Step:
    """Posts that were composed together for the channel of that number.

    ``counted_from``: the last poll which the channel had been given before. ``bulk`` as in ``bot.models.Composed``.
    """

    channel: int
    posts: Sequence[Post]
    counted_from: int | None = None
    bulk: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """A digest with what it does to its channel: ``receipted`` and ``next_due`` as in ``bot.models.Composed``."""

    channel: int
    posts: Sequence[Post]
    receipted: int
    next_due: datetime | None
    bulk: bool = False


# What is asked for are delivery numbers.
_TAKE = f"""
    UPDATE deliveries SET state = 1 WHERE state = 0 AND (channel_id, paper) IN
        (SELECT value >> {PAPER_BITS}, value & {2**PAPER_BITS - 1} FROM json_each(?))
"""  # noqa: S608  numbers of ours

_POST = """
    INSERT INTO posts (id, key, channel_id, kind, heading, text, receipt, part, parts, thread_of, composed,
                       counted_from, not_before, made_at, bulk)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_ENTRY = """
    INSERT INTO entries (post_id, place, number, paper, owed, late, words, queries, note, signal, because)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def put(db: sqlite_utils.Database, puts: Sequence[Put], now: datetime) -> list[bool]:
    """Store posts with their deliveries and move their channels on; for each whether it was.

    It is not where a delivery is not waiting any more, or a paper that is proposed is owed or posted.
    """
    taken = _take_all(db, puts)
    stored = [each for each, done in zip(puts, taken, strict=True) if done]
    counted = _receipted(db, stored)
    insert(db, [Step(each.channel, each.posts, counted[each.channel], each.bulk) for each in stored], now)
    receipts.move_all_on(db, [(each.channel, each.receipted) for each in stored])
    channels.set_all_due(db, [(each.channel, each.next_due) for each in stored], moment_column(now))
    queue.settle_all(db, [each.channel for each in stored])
    return taken


def insert(db: sqlite_utils.Database, steps: Sequence[Step], now: datetime) -> None:
    """Store posts, pending, in their order; ``queue.settle`` has to follow."""
    moment = moment_column(now)
    queue.hurry(
        db,
        [
            step.channel
            for step in steps
            if not step.bulk and any(post.kind is not PostKind.NOTICE for post in step.posts)
        ],
    )
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM posts").fetchone()
    numbers: dict[tuple[int, str], int] = {}
    posts: list[tuple[object, ...]] = []
    entries: list[tuple[object, ...]] = []
    for step in steps:
        composed = last + 1
        for post in step.posts:
            last += 1
            thread = None if post.thread_of is None else _thread(db, step.channel, post.thread_of, numbers)
            numbers[step.channel, post.key] = last
            posts.append(
                (
                    last,
                    post.key,
                    step.channel,
                    post.kind.value,
                    text_column(post.heading),
                    text_column(post.text),
                    receipt_column(post.receipt),
                    post.part,
                    post.parts,
                    thread,
                    composed,
                    step.counted_from,
                    moment,
                    moment,
                    step.bulk,
                )
            )
            entries += [_entry(last, place, entry) for place, entry in enumerate(post.entries)]
    db.conn.executemany(_POST, posts)
    # What was owed is kept already.
    db.conn.executemany("INSERT OR IGNORE INTO kept (paper) VALUES (?)", [(row[3],) for row in entries if not row[4]])
    db.conn.executemany(_ENTRY, entries)


def _entry(post: int, place: int, entry: Entry) -> tuple[object, ...]:
    return (
        post,
        place,
        entry.number,
        ordinal(entry.paper.id),
        int(entry.delivery is not None),
        int(entry.late),
        list_column(entry.words),
        list_column(entry.queries),
        entry.note and text_column(entry.note),
        signal_column(entry.signal),
        entry.because and text_column(entry.because),
    )


def _thread(db: sqlite_utils.Database, channel: int, key: str, numbers: dict[tuple[int, str], int]) -> int:
    """The number of the post in whose thread another belongs; raises StoreError if the channel has none such."""
    if (number := numbers.get((channel, key))) is not None:
        return number
    row = db.execute("SELECT id FROM posts WHERE key = ? AND channel_id = ?", (key, channel)).fetchone()
    if row is None:
        raise StoreError("A post belongs into the thread of a post that is not known.", path=key)
    return int(row[0])


def _take_all(db: sqlite_utils.Database, puts: Sequence[Put]) -> list[bool]:
    """Move what waits into the posts, for each channel all of it or nothing."""
    if _take(db, puts):
        return [True] * len(puts)
    # Something changed since it was read.
    return [_take(db, [each]) for each in puts]


def _take(db: sqlite_utils.Database, puts: Sequence[Put]) -> bool:
    """Move what waits into the posts, all of it or nothing."""
    owed: list[int] = []
    proposed: list[tuple[int, set[int]]] = []
    for each in puts:
        entries = [entry for post in each.posts for entry in post.entries]
        deliveries = {entry.delivery for entry in entries if entry.delivery is not None}
        if any(channel_and_paper(delivery)[0] != each.channel for delivery in deliveries):
            return False
        owed += deliveries
        proposed.append(
            (each.channel, {ordinal(entry.paper.id) for entry in entries if entry.delivery is None and entry.because})
        )
    db.execute("SAVEPOINT digests")
    taken = db.execute(_TAKE, (json_list(owed),)).rowcount == len(owed)
    taken = taken and all(relating.give(db, channel, papers) for channel, papers in proposed)
    if not taken:
        db.execute("ROLLBACK TO digests")
    db.execute("RELEASE digests")
    return taken


def _receipted(db: sqlite_utils.Database, stored: Sequence[Put]) -> dict[int, int]:
    """The last poll that each channel was given."""
    rows = db.execute(
        "SELECT c.id, c.receipted FROM json_each(?) j CROSS JOIN channels c ON c.id = j.value",
        (json_list([each.channel for each in stored]),),
    )
    return dict(rows.fetchall())
