"""Similar papers: texts to compare, and what may be proposed to a channel.

A paper that a digest proposes becomes a delivery of its channel at once, in a post (state 1), so that no watch brings
it a second time. When that post dies it is withdrawn (2): a watch may ask for it later, and nobody else does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlite_utils

from bot.errors import CommandError
from bot.models import ChannelRef, MemberRef, PaperText
from bot.paper_id import ordinal
from storage.sqlite import giving
from storage.sqlite.database import Database
from storage.sqlite.people import audit, need_channel
from storage.sqlite.values import count

_UNPOSTED = """
    WITH news AS MATERIALIZED (
        SELECT DISTINCT o.day FROM polls o
        WHERE o.id > (SELECT receipted FROM channels WHERE id = :channel) AND o.news = 1 AND o.day IS NOT NULL
    )
    SELECT p.id FROM news CROSS JOIN papers p ON p.announced = news.day
    WHERE p.recorded
    AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = :channel AND d.paper = p.ordinal AND d.state <> 2)
    AND NOT EXISTS (SELECT 1 FROM had h WHERE h.channel_id = :channel
                    AND h.month = p.ordinal / 1000000 AND h.number = p.ordinal % 1000000)
    AND NOT EXISTS (SELECT 1 FROM fan_out WHERE fan_out.paper = p.ordinal)
    AND NOT EXISTS (SELECT 1 FROM dismissals x WHERE x.channel_id = :channel AND x.paper = p.ordinal)
    AND NOT EXISTS (SELECT 1 FROM saves s WHERE s.channel_id = :channel AND s.paper = p.ordinal AND NOT s.taken_back)
    AND NOT EXISTS (SELECT 1 FROM entries e JOIN posts o ON o.id = e.post_id AND o.channel_id = :channel
                    WHERE e.paper = p.ordinal AND o.state <> 'dead')
    ORDER BY p.ordinal DESC LIMIT :limit
"""


def texts(db: sqlite_utils.Database, after: str, limit: int) -> list[PaperText]:
    rows = db.execute(
        "SELECT id, title, abstract FROM papers WHERE ordinal > ? ORDER BY ordinal LIMIT ?",
        (ordinal(after) if after else 0, count(limit)),
    )
    return [PaperText(*row) for row in rows]


def texts_of(db: sqlite_utils.Database, paper_ids: Sequence[str]) -> list[PaperText]:
    rows = db.execute(
        "SELECT p.id, p.title, p.abstract FROM json_each(?) n CROSS JOIN papers p ON p.ordinal = n.value",
        (json.dumps(list(_ordinals(paper_ids))),),
    )
    return [PaperText(*row) for row in rows]


def _ordinals(paper_ids: Iterable[str]) -> Iterable[int]:
    for paper_id in paper_ids:
        try:
            yield ordinal(paper_id)
        except CommandError:
            continue


def set_similar(db: sqlite_utils.Database, ref: ChannelRef, on: bool, by: MemberRef, now: datetime) -> None:
    number = need_channel(db, ref)
    db.execute("UPDATE channels SET similar = ? WHERE id = ?", (int(on), number))
    audit(db, now, by, channel=number, what="similar", detail="on" if on else "off")


def unposted(db: sqlite_utils.Database, ref: ChannelRef, limit: int) -> list[str]:
    rows = db.execute(_UNPOSTED, {"channel": need_channel(db, ref), "limit": count(limit)})
    return [paper_id for (paper_id,) in rows]


def give(db: sqlite_utils.Database, channel: int, papers: Iterable[int]) -> bool:
    """Make deliveries in a post of papers that are proposed; False when one of them is owed or posted already."""
    return all(giving.give(db, channel, paper) for paper in sorted(papers))


def take_back(db: sqlite_utils.Database, post: int) -> None:
    """Withdraw what a post that died had proposed."""
    db.execute(
        "UPDATE deliveries SET state = 2 WHERE state = 1"
        " AND channel_id = (SELECT channel_id FROM posts WHERE id = :post)"
        " AND paper IN (SELECT e.paper FROM entries e WHERE e.post_id = :post AND e.because <> '')",
        {"post": post},
    )


class Relating:
    """The parts of ``bot.ports.PaperStore``, ``WatchStore`` and ``PostStore`` about similar papers."""

    _database: Database

    async def texts(self, *, after: str = "", limit: int) -> list[PaperText]:
        return await self._database.read(lambda db: texts(db, after, limit))

    async def texts_of(self, paper_ids: Sequence[str]) -> list[PaperText]:
        return await self._database.read(lambda db: texts_of(db, paper_ids))

    async def set_similar(self, ref: ChannelRef, on: bool, by: MemberRef, now: datetime) -> None:
        await self._database.write(lambda db: set_similar(db, ref, on, by, now))

    async def unposted(self, ref: ChannelRef, limit: int) -> list[str]:
        return await self._database.read(lambda db: unposted(db, ref, limit))
