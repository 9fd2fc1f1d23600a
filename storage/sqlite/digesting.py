"""What channels are owed, read for many of them at a time, and the digests made of it, stored as many at a time.

At nine in the morning tens of thousands of channels are due. What costs the same for one as for fifty (the transaction,
the way to the store's thread, the papers, the receipts) is done once for fifty of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

import sqlite_utils

from bot.models import Channel, ChannelRef, Composed, Delivery, Paper, Receipt, Signal, Waiting
from storage.sqlite import channels, mirroring, outbox, receipts, signals
from storage.sqlite.database import Database
from storage.sqlite.owing import delivery_number
from storage.sqlite.people import find_channel, need_channel
from storage.sqlite.values import ORDINAL, count, text_column, to_paper

_BY_REF = channels.CHANNEL + "WHERE w.platform = ? AND w.workspace = ? AND c.channel = ?"

# What a digest depends on and a member may change.
_SETTINGS = """
    SELECT c.id, c.schedule, c.layout, c.sort, c.similar, c.paused FROM workspaces w
    JOIN channels c ON c.workspace_id = w.id WHERE w.platform = ? AND w.workspace = ? AND c.channel = ?
"""

_Row = tuple[int, int, int, str]

_WAITING = """
    SELECT d.paper, d.late, d.risen, coalesce(b.said, '') FROM deliveries d
    LEFT JOIN brought b ON b.channel_id = d.channel_id AND b.paper = d.paper
    WHERE d.channel_id = ? AND d.state = 0 AND NOT (? AND EXISTS (SELECT 1 FROM fan_out f WHERE f.paper = d.paper))
    ORDER BY d.paper DESC LIMIT ?
"""

# The view "wanted", from the few watches of a channel on: a paper may match thousands of queries of others.
_WANTING = """
    SELECT p.value, q.canonical
    FROM json_each(:papers) p
    CROSS JOIN watches w INDEXED BY watches_active
    CROSS JOIN matches m ON m.paper = p.value AND m.query_id = w.query_id
    CROSS JOIN papers a ON a.ordinal = m.paper
    CROSS JOIN queries q ON q.id = m.query_id
    WHERE w.channel_id = :channel AND w.ended_at IS NULL AND w.since <= coalesce(a.announced, '9999')
      AND (w.upvotes = 0 OR w.upvotes <= (SELECT s.counted FROM signals s WHERE s.paper = m.paper))
    ORDER BY q.id
"""


_PAPERS = "SELECT p.* FROM json_each(?) n CROSS JOIN papers p ON p.ordinal = n.value"


def waiting(db: sqlite_utils.Database, channel: int, ref: ChannelRef, limit: int, *, settled: bool) -> list[Delivery]:
    rows = _waiting(db, channel, limit, settled=settled)
    known = _known(db, {paper for paper, *_ in rows})
    return _deliveries(db, channel, ref, rows, known)


def all_waiting(db: sqlite_utils.Database, refs: Sequence[ChannelRef], limit: int) -> list[Waiting]:
    found = [entry for ref in refs if (entry := _channel(db, ref)) is not None]
    rows = {number: _waiting(db, number, limit, settled=True) for number, _ in found}
    known = _known(db, {paper for each in rows.values() for paper, *_ in each})
    receipted = {channel.receipted: receipts.receipt(db, channel.receipted) for _, channel in found}
    return [
        Waiting(
            channel,
            tuple(_deliveries(db, number, channel.ref, rows[number], known)),
            *receipted[channel.receipted],
        )
        for number, channel in found
    ]


def _channel(db: sqlite_utils.Database, ref: ChannelRef) -> tuple[int, Channel] | None:
    """A channel with its number; None if it is not known."""
    row = db.execute(_BY_REF, _names(ref)).fetchone()
    return None if row is None else (row[-1], channels.to_channel(row))


def _names(ref: ChannelRef) -> tuple[str, str, str]:
    return text_column(ref.platform), text_column(ref.workspace), text_column(ref.channel)


def _waiting(db: sqlite_utils.Database, channel: int, limit: int, *, settled: bool) -> list[_Row]:
    return db.execute(_WAITING, (channel, settled, count(limit))).fetchall()


# The papers of a day are owed to channel after channel. Whatever of a row changes, it is another row.
_paper = lru_cache(maxsize=2_000)(to_paper)


def _known(db: sqlite_utils.Database, ordinals: Iterable[int]) -> dict[int, tuple[Paper, Signal | None]]:
    """Papers with their signals."""
    rows = db.execute(_PAPERS, (json.dumps(list(ordinals)),))
    papers = {row[ORDINAL]: _paper(row) for row in rows}
    found = signals.of_papers(db, [paper.id for paper in papers.values()])
    return {number: (paper, found.get(paper.id)) for number, paper in papers.items()}


def _deliveries(
    db: sqlite_utils.Database,
    channel: int,
    ref: ChannelRef,
    rows: Sequence[_Row],
    known: Mapping[int, tuple[Paper, Signal | None]],
) -> list[Delivery]:
    wanting = _wanting(db, mirroring.watching_channel(db, channel), [paper for paper, *_ in rows]) if rows else {}
    return [
        Delivery(
            id=delivery_number(channel, number),
            channel=ref,
            paper=known[number][0],
            queries=tuple(wanting.get(number, ())),
            late=bool(late),
            risen=bool(risen),
            note=said,
            signal=known[number][1],
        )
        for number, late, risen, said in rows
    ]


def _wanting(db: sqlite_utils.Database, channel: int | None, papers: Sequence[int]) -> dict[int, list[str]]:
    """The canonical queries of the channel's watches that want each paper, in the order of their numbers."""
    wanting: dict[int, list[str]] = {}
    for paper, canonical in db.execute(_WANTING, {"channel": channel, "papers": json.dumps(papers)}):
        wanting.setdefault(paper, []).append(canonical)
    return wanting


def put_digests(db: sqlite_utils.Database, digests: Sequence[Composed], now: datetime) -> list[bool]:
    return [_put_digest(db, digest, now) for digest in digests]


def _put_digest(db: sqlite_utils.Database, digest: Composed, now: datetime) -> bool:
    channel = digest.channel
    row = db.execute(_SETTINGS, _names(channel.ref)).fetchone()
    settings = (channel.schedule, channel.layout, channel.sort, channel.similar, channel.paused)
    if row is None or row[1:] != settings:
        return False
    number = int(row[0])
    if not digest.posts:
        channels.set_due(db, number, digest.next_due, None)
        return True
    db.execute("SAVEPOINT digest")
    try:
        outbox.put_posts(
            db,
            number,
            digest.posts,
            receipted=digest.receipted,
            next_due=digest.next_due,
            now=now,
            bulk=digest.bulk,
        )
    except outbox.NotWaitingError:
        db.execute("ROLLBACK TO digest")
        return False
    finally:
        db.execute("RELEASE digest")
    return True


class Digesting:
    """The part of ``bot.ports.PostStore`` that makes digests of what is owed."""

    _database: Database

    async def waiting(self, ref: ChannelRef, limit: int = 10_000, *, settled: bool = False) -> list[Delivery]:
        def work(db: sqlite_utils.Database) -> list[Delivery]:
            channel = find_channel(db, ref)
            return [] if channel is None else waiting(db, channel, ref, limit, settled=settled)

        return await self._database.read(work)

    async def receipt(self, ref: ChannelRef) -> tuple[Receipt, int]:
        def work(db: sqlite_utils.Database) -> tuple[Receipt, int]:
            return receipts.receipt(db, channels.by_number(db, need_channel(db, ref)).receipted)

        return await self._database.read(work)

    async def all_waiting(self, refs: Sequence[ChannelRef], limit: int) -> list[Waiting]:
        return await self._database.read(lambda db: all_waiting(db, refs, limit))

    async def put_digests(self, digests: Sequence[Composed], now: datetime) -> list[bool]:
        return await self._database.write(lambda db: put_digests(db, digests, now), apart=True)
