"""The library: saves and top lists, what a channel does not want, and events that were handled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlite_utils

from bot.errors import StoreError
from bot.models import ChannelRef, MemberRef, Paper, Ranked, Save
from storage.sqlite import following, papers
from storage.sqlite.database import Database
from storage.sqlite.people import audit, ensure_member, ensure_workspace, find_channel, find_member, need_channel
from storage.sqlite.values import count, list_column, moment_column, text_column, to_list, to_moment, to_paper

_REMEMBERED = timedelta(days=2)
_FORGOTTEN_AT_ONCE = 100

_SAVE = """
    SELECT mw.platform, mw.workspace, m.member, m.name, cw.platform, cw.workspace, c.channel, s.saved_at, p.*
    FROM saves s
    JOIN members m ON m.id = s.member_id
    JOIN workspaces mw ON mw.id = m.workspace_id
    JOIN channels c ON c.id = s.channel_id
    JOIN workspaces cw ON cw.id = c.workspace_id
    JOIN papers p ON p.ordinal = s.paper
"""
_FIRST_IN_CHANNEL = """
    WHERE s.channel_id = ? AND NOT s.taken_back AND NOT EXISTS (
        SELECT 1 FROM saves f WHERE f.channel_id = s.channel_id AND f.paper = s.paper AND NOT f.taken_back
        AND (f.saved_at, f.member_id) < (s.saved_at, s.member_id)
    )
"""


def _to_save(row: Sequence[Any]) -> Save:
    return Save(
        member=MemberRef(*row[0:4]),
        channel=ChannelRef(*row[4:7]),
        saved_at=to_moment(row[7]),
        paper=to_paper(row[8:]),
    )


def _kept(db: sqlite_utils.Database, paper_id: str) -> int:
    """The number of a paper of the archive, which from now on is never pruned."""
    found = papers.find(db, paper_id)
    if found is None:
        raise StoreError("That paper is not in the archive.", path=paper_id)
    papers.keep(db, [found[0]])
    return found[0]


def save(db: sqlite_utils.Database, member: MemberRef, channel: ChannelRef, paper_id: str, now: datetime) -> bool:
    paper = _kept(db, paper_id)
    if (known := papers.by_ordinal(db, paper)) is not None:
        following.follow(db, paper, known)
    cursor = db.execute(
        "INSERT INTO saves (member_id, paper, channel_id, saved_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (member_id, paper) DO UPDATE"
        " SET channel_id = excluded.channel_id, saved_at = excluded.saved_at, taken_back = 0"
        " WHERE taken_back AND saved_at <= excluded.saved_at",
        (ensure_member(db, member), paper, need_channel(db, channel), moment_column(now)),
    )
    return bool(cursor.rowcount)


def unsave(db: sqlite_utils.Database, member: MemberRef, paper_id: str, now: datetime) -> bool:
    if papers.find(db, paper_id) is None:
        return False
    key, at = (ensure_member(db, member), _kept(db, paper_id)), moment_column(now)
    had = db.execute(
        "SELECT 1 FROM saves WHERE member_id = ? AND paper = ? AND NOT taken_back AND saved_at <= ?", (*key, at)
    ).fetchone()
    db.execute(
        "INSERT INTO saves (member_id, paper, saved_at, taken_back) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (member_id, paper) DO UPDATE SET saved_at = excluded.saved_at, taken_back = 1"
        " WHERE saved_at <= excluded.saved_at",
        (*key, at),
    )
    return had is not None


def saved_by(db: sqlite_utils.Database, member: MemberRef, limit: int, offset: int) -> list[Save]:
    rows = db.execute(
        _SAVE + "WHERE s.member_id = ? AND NOT s.taken_back ORDER BY s.saved_at DESC, s.paper DESC LIMIT ? OFFSET ?",
        (find_member(db, member), count(limit), count(offset)),
    )
    return [_to_save(row) for row in rows]


def saved_in(db: sqlite_utils.Database, channel: ChannelRef, limit: int, offset: int) -> list[Save]:
    rows = db.execute(
        _SAVE + _FIRST_IN_CHANNEL + "ORDER BY s.saved_at DESC, s.paper DESC LIMIT ? OFFSET ?",
        (find_channel(db, channel), count(limit), count(offset)),
    )
    return [_to_save(row) for row in rows]


def top(db: sqlite_utils.Database, platform: str, workspace: str, since: datetime | None, limit: int) -> list[Ranked]:
    rows = db.execute(
        "WITH ranked AS (SELECT s.paper, count(*) AS saves FROM workspaces w"
        " JOIN members m ON m.workspace_id = w.id JOIN saves s ON s.member_id = m.id"
        " WHERE w.platform = ? AND w.workspace = ? AND s.saved_at >= ? AND NOT s.taken_back"
        " GROUP BY s.paper ORDER BY saves DESC, s.paper DESC LIMIT ?)"
        " SELECT r.saves, p.* FROM ranked r JOIN papers p ON p.ordinal = r.paper ORDER BY r.saves DESC, r.paper DESC",
        (platform, workspace, "" if since is None else moment_column(since), count(limit)),
    )
    return [Ranked(to_paper(row[1:]), row[0]) for row in rows]


def dismiss(db: sqlite_utils.Database, channel: ChannelRef, member: MemberRef, paper_id: str, now: datetime) -> int:
    number = need_channel(db, channel)
    cursor = db.execute(
        "INSERT OR IGNORE INTO dismissals (channel_id, paper, member_id, dismissed_at) VALUES (?, ?, ?, ?)",
        (number, _kept(db, paper_id), ensure_member(db, member), moment_column(now)),
    )
    if cursor.rowcount:
        audit(db, now, member, channel=number, what="not for us", detail=paper_id)
    (papers_dismissed,) = db.execute(
        "SELECT count(DISTINCT paper) FROM dismissals WHERE channel_id = ?", (number,)
    ).fetchone()
    return int(papers_dismissed)


def dismissed(db: sqlite_utils.Database, channel: ChannelRef, limit: int) -> list[Paper]:
    rows = db.execute(
        "SELECT p.* FROM ("
        "  SELECT paper, max(dismissed_at) AS at FROM dismissals WHERE channel_id = ? GROUP BY paper"
        ") latest JOIN papers p ON p.ordinal = latest.paper ORDER BY latest.at DESC, latest.paper DESC LIMIT ?",
        (find_channel(db, channel), count(limit)),
    )
    return [to_paper(row) for row in rows]


def save_reactions(db: sqlite_utils.Database, platform: str, workspace: str) -> tuple[str, ...] | None:
    row = db.execute(
        "SELECT r.names FROM save_reactions r JOIN workspaces w ON w.id = r.workspace_id"
        " WHERE w.platform = ? AND w.workspace = ?",
        (platform, workspace),
    ).fetchone()
    return None if row is None else to_list(row[0])


def set_save_reactions(
    db: sqlite_utils.Database,
    platform: str,
    workspace: str,
    names: Sequence[str] | None,
    *,
    by: MemberRef,
    now: datetime,
) -> None:
    number = ensure_workspace(db, platform, workspace)
    if names is None:
        db.execute("DELETE FROM save_reactions WHERE workspace_id = ?", (number,))
    else:
        db.execute(
            "INSERT INTO save_reactions (workspace_id, names) VALUES (?, ?)"
            " ON CONFLICT (workspace_id) DO UPDATE SET names = excluded.names",
            (number, list_column(names)),
        )
    audit(db, now, by, channel=None, what="save reactions", detail="default" if names is None else " ".join(names))


def first_time(db: sqlite_utils.Database, event: str, now: datetime) -> bool:
    db.execute(
        "DELETE FROM events WHERE event IN (SELECT event FROM events WHERE at < ? ORDER BY at LIMIT ?)",
        (moment_column(now - _REMEMBERED), _FORGOTTEN_AT_ONCE),
    )
    cursor = db.execute(
        "INSERT OR IGNORE INTO events (event, at) VALUES (?, ?)", (text_column(event), moment_column(now))
    )
    return bool(cursor.rowcount)


class Saves:
    """``bot.ports.SaveStore``."""

    _database: Database

    async def save(self, member: MemberRef, channel: ChannelRef, paper_id: str, now: datetime) -> bool:
        return await self._database.write(lambda db: save(db, member, channel, paper_id, now))

    async def unsave(self, member: MemberRef, paper_id: str, now: datetime) -> bool:
        return await self._database.write(lambda db: unsave(db, member, paper_id, now))

    async def saved_by(self, member: MemberRef, *, limit: int, offset: int = 0) -> list[Save]:
        return await self._database.read(lambda db: saved_by(db, member, limit, offset))

    async def saved_in(self, channel: ChannelRef, *, limit: int, offset: int = 0) -> list[Save]:
        return await self._database.read(lambda db: saved_in(db, channel, limit, offset))

    async def top(self, platform: str, workspace: str, *, since: datetime | None, limit: int) -> list[Ranked]:
        return await self._database.read(lambda db: top(db, platform, workspace, since, limit))

    async def dismiss(self, channel: ChannelRef, member: MemberRef, paper_id: str, now: datetime) -> int:
        return await self._database.write(lambda db: dismiss(db, channel, member, paper_id, now))

    async def dismissed(self, channel: ChannelRef, *, limit: int) -> list[Paper]:
        return await self._database.read(lambda db: dismissed(db, channel, limit))

    async def save_reactions(self, platform: str, workspace: str) -> tuple[str, ...] | None:
        return await self._database.read(lambda db: save_reactions(db, platform, workspace))

    async def set_save_reactions(
        self, platform: str, workspace: str, names: Sequence[str] | None, by: MemberRef, now: datetime
    ) -> None:
        await self._database.write(lambda db: set_save_reactions(db, platform, workspace, names, by=by, now=now))

    async def first_time(self, event: str, now: datetime) -> bool:
        return await self._database.write(lambda db: first_time(db, event, now))
