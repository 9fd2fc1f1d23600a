"""The library: saves and top lists, what a channel does not want, and events that were handled.

A save is a row of the account and the channel that it was made with, also while that account is linked with others:
linking and unlinking change what is looked at, never a save.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlite_utils

from bot.errors import StoreError
from bot.models import ChannelRef, MemberRef, Paper, Ranked, Save
from storage.sqlite import following, papers
from storage.sqlite.database import Database
from storage.sqlite.people import (
    accounts_of,
    audit,
    ensure_member,
    ensure_workspace,
    find_channel,
    find_member,
    need_channel,
    team_of,
)
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
_OF_ONE = """
    WHERE s.member_id = ? AND NOT s.taken_back
"""
_LATEST_OF_SEVERAL = """
    WHERE s.member_id IN (SELECT value FROM json_each(:accounts)) AND NOT s.taken_back AND NOT EXISTS (
        SELECT 1 FROM json_each(:accounts) a JOIN saves o ON o.member_id = a.value AND o.paper = s.paper
        WHERE NOT o.taken_back AND (o.saved_at, o.member_id) > (s.saved_at, s.member_id)
    )
"""
_ANY_LINKED = """
    SELECT EXISTS (
        SELECT 1 FROM json_each(?) w JOIN members m INDEXED BY members_linked ON m.workspace_id = w.value
        WHERE m.person IS NOT NULL
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
    number, at = ensure_member(db, member), moment_column(now)
    before = any(_has(db, account, paper) for account in accounts_of(db, number)[1:])
    cursor = db.execute(
        "INSERT INTO saves (member_id, paper, channel_id, saved_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (member_id, paper) DO UPDATE"
        " SET channel_id = excluded.channel_id, saved_at = excluded.saved_at, taken_back = 0"
        " WHERE taken_back AND saved_at <= excluded.saved_at",
        (number, paper, need_channel(db, channel), at),
    )
    return bool(cursor.rowcount) and not before


def _has(db: sqlite_utils.Database, account: int, paper: int) -> bool:
    row = db.execute("SELECT 1 FROM saves WHERE member_id = ? AND paper = ? AND NOT taken_back", (account, paper))
    return row.fetchone() is not None


def unsave(db: sqlite_utils.Database, member: MemberRef, paper_id: str, now: datetime) -> bool:
    if papers.find(db, paper_id) is None:
        return False
    accounts = accounts_of(db, ensure_member(db, member))
    paper, at = _kept(db, paper_id), moment_column(now)
    # Each account remembers it: a save that any of them made before may still be on its way here.
    had = [_take_back(db, account, paper, at) for account in accounts]
    return any(had)


def _take_back(db: sqlite_utils.Database, account: int, paper: int, at: str) -> bool:
    had = db.execute(
        "SELECT 1 FROM saves WHERE member_id = ? AND paper = ? AND NOT taken_back AND saved_at <= ?",
        (account, paper, at),
    ).fetchone()
    db.execute(
        "INSERT INTO saves (member_id, paper, saved_at, taken_back) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (member_id, paper) DO UPDATE SET saved_at = excluded.saved_at, taken_back = 1"
        " WHERE saved_at <= excluded.saved_at",
        (account, paper, at),
    )
    return had is not None


def saved_by(
    db: sqlite_utils.Database, member: MemberRef, limit: int, offset: int, seen_by: MemberRef | None
) -> list[Save]:
    accounts = accounts_of(db, find_member(db, member))
    if seen_by is not None:
        accounts = _in_team(db, accounts, team_of(db, seen_by.platform, seen_by.workspace))
    page = (count(limit), count(offset))
    latest = "ORDER BY s.saved_at DESC, s.paper DESC"
    if len(accounts) == 1:
        rows = db.execute(f"{_SAVE}{_OF_ONE}{latest} LIMIT ? OFFSET ?", (accounts[0], *page))
    else:
        values = {"accounts": json.dumps(accounts), "limit": page[0], "offset": page[1]}
        rows = db.execute(f"{_SAVE}{_LATEST_OF_SEVERAL}{latest} LIMIT :limit OFFSET :offset", values)
    return [_to_save(row) for row in rows]


def _in_team(db: sqlite_utils.Database, accounts: list[int], team: list[int]) -> list[int]:
    """Those of the accounts that are in one of the team's workspaces."""
    rows = db.execute(
        "SELECT m.id FROM json_each(?) a JOIN members m ON m.id = a.value"
        " WHERE m.workspace_id IN (SELECT value FROM json_each(?))",
        (json.dumps(accounts), json.dumps(team)),
    )
    return [account for (account,) in rows]


def saved_in(db: sqlite_utils.Database, channel: ChannelRef, limit: int, offset: int) -> list[Save]:
    rows = db.execute(
        _SAVE + _FIRST_IN_CHANNEL + "ORDER BY s.saved_at DESC, s.paper DESC LIMIT ? OFFSET ?",
        (find_channel(db, channel), count(limit), count(offset)),
    )
    return [_to_save(row) for row in rows]


def top(db: sqlite_utils.Database, platform: str, workspace: str, since: datetime | None, limit: int) -> list[Ranked]:
    team = json.dumps(team_of(db, platform, workspace))
    (linked,) = db.execute(_ANY_LINKED, (team,)).fetchone()
    # Telling persons apart costs a third more, which those without linked accounts need not pay. Numbers of persons and
    # of members must not meet.
    savers = "count(DISTINCT coalesce(-m.person, m.id))" if linked else "count(*)"
    rows = db.execute(
        f"WITH ranked AS (SELECT s.paper, {savers} AS saves FROM json_each(?) w"  # noqa: S608  one of two of ours
        " JOIN members m ON m.workspace_id = w.value JOIN saves s ON s.member_id = m.id"
        " WHERE s.saved_at >= ? AND NOT s.taken_back"
        " GROUP BY s.paper ORDER BY saves DESC, s.paper DESC LIMIT ?)"
        " SELECT r.saves, p.* FROM ranked r JOIN papers p ON p.ordinal = r.paper ORDER BY r.saves DESC, r.paper DESC",
        (team, "" if since is None else moment_column(since), count(limit)),
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

    async def saved_by(
        self, member: MemberRef, *, limit: int, offset: int = 0, seen_by: MemberRef | None = None
    ) -> list[Save]:
        return await self._database.read(lambda db: saved_by(db, member, limit, offset, seen_by))

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
