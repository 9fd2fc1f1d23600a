"""What channels are owed, read for many of them at a time, and the digests made of it, stored as many at a time.

At nine in the morning tens of thousands of channels are due. What costs the same for one as for fifty (the transaction,
the way to the store's thread, the papers, the receipts) is done once for fifty of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlite_utils

from bot.models import Channel, ChannelRef, Composed, Delivery, Paper, Receipt, Signal, Waiting
from storage.sqlite import channels, mirroring, papers, receipts, signals, storing
from storage.sqlite.database import Database
from storage.sqlite.owing import PAPER_BITS, delivery_number
from storage.sqlite.people import find_channel, need_channel
from storage.sqlite.storing import Put
from storage.sqlite.values import count, json_list, text_column

# What a digest depends on and a member may change.
_SETTINGS = "w.platform, w.workspace, c.channel, c.schedule, c.layout, c.sort, c.similar, c.paused, c.id"

_Row = tuple[int, int, int, int, str]

# At most so many of each channel, the newest.
_WAITING = """
    SELECT d.channel_id, d.paper, d.late, d.risen, coalesce(b.said, '')
    FROM json_each(:channels) j
    CROSS JOIN deliveries d INDEXED BY deliveries_waiting ON d.channel_id = j.value AND d.state = 0
    LEFT JOIN brought b ON b.channel_id = d.channel_id AND b.paper = d.paper
    WHERE d.paper >= coalesce((
        SELECT x.paper FROM deliveries x INDEXED BY deliveries_waiting WHERE x.channel_id = j.value AND x.state = 0
        AND NOT (:settled AND EXISTS (SELECT 1 FROM fan_out f WHERE f.paper = x.paper))
        ORDER BY x.paper DESC LIMIT 1 OFFSET :limit - 1
    ), 0)
    AND NOT (:settled AND EXISTS (SELECT 1 FROM fan_out f WHERE f.paper = d.paper))
    ORDER BY j.key, d.paper DESC
"""

# One for each, to be counted; no more than may be asked for.
_ONES = "SELECT 1 FROM deliveries d INDEXED BY deliveries_waiting WHERE d.channel_id = ? AND d.state = 0 LIMIT ?"

# The view "wanted", from the few watches of a channel on: a paper may match thousands of queries of others.
# What is asked for are delivery numbers.
_WANTING = f"""
    SELECT j.value, q.canonical
    FROM json_each(?) j
    CROSS JOIN watches w INDEXED BY watches_active
        ON w.channel_id = j.value >> {PAPER_BITS} AND w.ended_at IS NULL
    CROSS JOIN matches m ON m.paper = j.value & {2**PAPER_BITS - 1} AND m.query_id = w.query_id
    CROSS JOIN papers a ON a.ordinal = m.paper
    CROSS JOIN queries q ON q.id = m.query_id
    WHERE w.since <= coalesce(a.announced, '9999')
      AND (w.upvotes = 0 OR w.upvotes <= (SELECT s.counted FROM signals s WHERE s.paper = m.paper))
    ORDER BY q.id
"""  # noqa: S608  numbers of ours


def waiting(db: sqlite_utils.Database, channel: int, ref: ChannelRef, limit: int, *, settled: bool) -> list[Delivery]:
    return _deliveries(db, {channel: ref}, limit, settled=settled)[channel]


def all_waiting(
    db: sqlite_utils.Database, refs: Sequence[ChannelRef], limit: int, together: int
) -> tuple[list[Waiting], int]:
    found: list[tuple[int, Channel]] = []
    passed = many = 0
    for row in _rows(db, channels.COLUMNS, refs):
        if row is not None and not (channel := channels.to_channel(row)).paused:
            many += len(db.execute(_ONES, (row[-1], count(limit))).fetchall())
            if found and many > together:
                break
            found.append((row[-1], channel))
        passed += 1
    owed = _deliveries(db, {number: channel.ref for number, channel in found}, limit, settled=True)
    receipted = {poll: receipts.receipt(db, poll) for poll in {channel.receipted for _, channel in found}}
    waiting = [Waiting(channel, tuple(owed[number]), *receipted[channel.receipted]) for number, channel in found]
    return waiting, passed


def _rows(db: sqlite_utils.Database, columns: str, refs: Sequence[ChannelRef]) -> Iterator[tuple[Any, ...] | None]:
    """These columns of each of the channels, the names first; None for one that is not known."""
    names = [_names(ref) for ref in refs]
    rows = db.execute(
        f"SELECT {columns} FROM json_each(?) j"  # noqa: S608  ours
        " CROSS JOIN workspaces w ON w.platform = json_extract(j.value, '$[0]')"
        " AND w.workspace = json_extract(j.value, '$[1]')"
        " CROSS JOIN channels c ON c.workspace_id = w.id AND c.channel = json_extract(j.value, '$[2]')",
        (json_list(names),),
    )
    yield from map({row[:3]: row for row in rows}.get, names)


def _names(ref: ChannelRef) -> tuple[str, str, str]:
    names = ref.platform, ref.workspace, ref.channel
    return names if "".join(names).isascii() else (text_column(names[0]), text_column(names[1]), text_column(names[2]))


def _known(db: sqlite_utils.Database, ordinals: Collection[int]) -> dict[int, tuple[Paper, Signal | None]]:
    """Papers with their signals."""
    found = papers.several(db, ordinals)
    known = signals.of_papers(db, [paper.id for paper in found.values()])
    return {number: (paper, known.get(paper.id)) for number, paper in found.items()}


def _deliveries(
    db: sqlite_utils.Database, refs: Mapping[int, ChannelRef], limit: int, *, settled: bool
) -> dict[int, list[Delivery]]:
    """What waits in each of the channels, the newest first."""
    owed: dict[int, list[Delivery]] = {channel: [] for channel in refs}
    if limit <= 0:
        return owed
    asked = {"channels": json_list(list(refs)), "settled": settled, "limit": count(limit)}
    rows: list[_Row] = db.execute(_WAITING, asked).fetchall()
    known = _known(db, {paper for _, paper, *_ in rows})
    sources = _sources(db, {channel for channel, *_ in rows})
    wanted = [delivery_number(sources[channel], paper) for channel, paper, *_ in rows]
    wanting = _wanting(db, wanted)
    for (channel, number, late, risen, said), want in zip(rows, wanted, strict=True):
        paper, signal = known[number]
        owed[channel].append(
            Delivery(
                delivery_number(channel, number),
                refs[channel],
                paper,
                tuple(wanting.get(want, ())),
                bool(late),
                bool(risen),
                signal,
                said,
            )
        )
    return owed


def _sources(db: sqlite_utils.Database, owed: Collection[int]) -> dict[int, int]:
    """The channels whose watches these channels are owed papers for."""
    if not mirroring.any_mirror(db):
        return {channel: channel for channel in owed}
    return {channel: mirroring.watching_channel(db, channel) or channel for channel in owed}


def _wanting(db: sqlite_utils.Database, asked: Sequence[int]) -> dict[int, list[str]]:
    """By delivery number the canonical queries of the channel's watches that want the paper, in the order of their
    numbers."""
    wanting: dict[int, list[str]] = {}
    for number, canonical in db.execute(_WANTING, (json_list(sorted(set(asked))),)):
        wanting.setdefault(number, []).append(canonical)
    return wanting


def put_digests(db: sqlite_utils.Database, digests: Sequence[Composed], now: datetime) -> list[bool]:
    rows = _rows(db, _SETTINGS, [digest.channel.ref for digest in digests])
    numbers = [_unchanged(digest.channel, row) for digest, row in zip(digests, rows, strict=True)]
    known = [(number, digest) for number, digest in zip(numbers, digests, strict=True) if number is not None]
    channels.set_all_due(db, [(number, digest.next_due) for number, digest in known if not digest.posts], None)
    puts = [
        Put(number, digest.posts, digest.receipted, digest.next_due, digest.bulk)
        for number, digest in known
        if digest.posts
    ]
    stored = iter(storing.put(db, puts, now) if puts else ())
    return [
        number is not None and (not digest.posts or next(stored))
        for number, digest in zip(numbers, digests, strict=True)
    ]


def _unchanged(channel: Channel, row: tuple[Any, ...] | None) -> int | None:
    """The number of a channel whose settings are those that were composed for."""
    settings = (channel.schedule, channel.layout, channel.sort, channel.similar, channel.paused)
    return None if row is None or row[3:-1] != settings else int(row[-1])


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

    async def all_waiting(self, refs: Sequence[ChannelRef], limit: int, together: int) -> tuple[list[Waiting], int]:
        return await self._database.read(lambda db: all_waiting(db, refs, limit, together))

    async def put_digests(self, digests: Sequence[Composed], now: datetime) -> list[bool]:
        return await self._database.write(lambda db: put_digests(db, digests, now), apart=True)
