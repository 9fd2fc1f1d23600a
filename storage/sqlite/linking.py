"""Workspaces that are one team, accounts that are one person, and the one-time codes that join them.

A team or a person is a number that its workspaces or members share; joining two gives all of the one the number of the
other. What is alone has none. A code is kept as a digest until it is used, voided or over, and finding one and counting
a wrong one are one transaction: however many are entered at once, no member gets more tries than they are allowed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import sqlite_utils

from bot.errors import CommandError
from bot.models import LinkCode, LinkKind, MemberRef, WorkspaceRef
from bot.wording import count as counted
from storage.sqlite.database import Database
from storage.sqlite.people import accounts_of, audit, ensure_member, ensure_workspace, find_member, team_of
from storage.sqlite.values import count, moment_column, text_column, to_moment


@dataclass(frozen=True, slots=True)
class _Group:
    """The statements about one kind of group."""

    of: str
    """The group of a workspace or member."""
    make: str
    put: str
    """One into a group, or with NULL out of it."""
    merge: str
    """All of one group into another."""
    dissolve: str
    """A group in which nobody else is left."""


_GROUPS = {
    LinkKind.WORKSPACE: _Group(
        of="SELECT team FROM workspaces WHERE id = ?",
        make="INSERT INTO teams (made_at) VALUES (?)",
        put="UPDATE workspaces SET team = ? WHERE id = ?",
        merge="UPDATE workspaces SET team = ? WHERE team = ?",
        dissolve="UPDATE workspaces SET team = NULL WHERE team = :group"
        " AND (SELECT count(*) FROM workspaces WHERE team = :group) = 1",
    ),
    LinkKind.ACCOUNT: _Group(
        of="SELECT person FROM members WHERE id = ?",
        make="INSERT INTO persons (made_at) VALUES (?)",
        put="UPDATE members SET person = ? WHERE id = ?",
        merge="UPDATE members SET person = ? WHERE person = ?",
        dissolve="UPDATE members SET person = NULL WHERE person = :group"
        " AND (SELECT count(*) FROM members WHERE person = :group) = 1",
    ),
}

_MEMBER = """
    SELECT w.platform, w.workspace, m.member, m.name FROM members m JOIN workspaces w ON w.id = m.workspace_id
"""


def _owner(db: sqlite_utils.Database, kind: LinkKind, member: MemberRef) -> int:
    """The number of what a member's link is about: their workspace or their account."""
    if kind is LinkKind.WORKSPACE:
        return ensure_workspace(db, member.platform, member.workspace)
    return ensure_member(db, member)


def add_code(
    db: sqlite_utils.Database,
    digest: bytes,
    kind: LinkKind,
    by: MemberRef,
    *,
    now: datetime,
    ends: datetime,
    most: int,
) -> None:
    db.execute("DELETE FROM link_codes WHERE ends_at <= ?", (moment_column(now),))
    owner = _owner(db, kind, by)
    number, first = db.execute(
        "SELECT count(*), min(ends_at) FROM link_codes WHERE kind = ? AND owner = ?", (kind.value, owner)
    ).fetchone()
    if number >= most:
        raise CommandError(
            f"{counted(number, 'code')} of this {kind.value} can still be entered, and more is not possible.",
            hint=f"Enter one of them, or try again in {_minutes(to_moment(first), now)}.",
        )
    db.execute(
        "INSERT INTO link_codes (digest, kind, owner, made_by, ends_at) VALUES (?, ?, ?, ?, ?)",
        (digest, kind.value, owner, ensure_member(db, by), moment_column(ends)),
    )


def find_code(
    db: sqlite_utils.Database, digest: bytes, by: MemberRef, *, now: datetime, since: datetime, most: int
) -> LinkCode | None:
    number = ensure_member(db, by)
    refuse_guessing(db, number, since=since, most=most)
    row = db.execute(
        "SELECT kind, made_by FROM link_codes WHERE digest = ? AND ends_at > ?", (digest, moment_column(now))
    ).fetchone()
    if row is None:
        count_wrong(db, number, now, since=since)
        return None
    return LinkCode(LinkKind(row[0]), _member(db, row[1]))


def refuse_guessing(db: sqlite_utils.Database, member: int, *, since: datetime, most: int) -> None:
    """Raise CommandError when a member has entered ``most`` wrong codes, whatever for, since then."""
    wrong = db.execute(
        "SELECT at FROM wrong_codes WHERE member_id = ? AND at > ? ORDER BY at DESC LIMIT ?",
        (member, moment_column(since), count(most)),
    ).fetchall()
    if len(wrong) >= most:
        raise CommandError(
            f"You have entered {counted(most, 'wrong code')}.",
            hint=f"Try again in {_minutes(to_moment(wrong[-1][0]), since)}.",
        )


def count_wrong(db: sqlite_utils.Database, member: int, now: datetime, *, since: datetime) -> None:
    """Count a wrong code against a member; those before ``since`` are forgotten."""
    db.execute("DELETE FROM wrong_codes WHERE at <= ?", (moment_column(since),))
    db.execute("INSERT INTO wrong_codes (member_id, at) VALUES (?, ?)", (member, moment_column(now)))


def _minutes(moment: datetime, since: datetime) -> str:
    return counted(max(1, math.ceil((moment - since).total_seconds() / 60)), "minute")


def _member(db: sqlite_utils.Database, number: int) -> MemberRef:
    return MemberRef(*db.execute(_MEMBER + "WHERE m.id = ?", (number,)).fetchone())


def link(db: sqlite_utils.Database, digest: bytes, by: MemberRef, now: datetime) -> bool:
    row = db.execute(
        "SELECT kind, owner, made_by FROM link_codes WHERE digest = ? AND ends_at > ?", (digest, moment_column(now))
    ).fetchone()
    # Whoever removes the code has it to themselves.
    if row is None or not db.execute("DELETE FROM link_codes WHERE digest = ?", (digest,)).rowcount:
        return False
    kind, maker = LinkKind(row[0]), _member(db, row[2])
    _join(db, _GROUPS[kind], row[1], _owner(db, kind, by), now)
    detail = f"with {maker.platform} {maker.workspace}, by a code of {maker.member}"
    audit(db, now, by, channel=None, what=f"{kind.value} linked", detail=detail)
    return True


def _join(db: sqlite_utils.Database, group: _Group, first: int, second: int, now: datetime) -> None:
    if first == second:
        return
    (to,), (other,) = (db.execute(group.of, (each,)).fetchone() for each in (first, second))
    if to is None:
        to = other
    if to is None:
        to = db.execute(group.make, (moment_column(now),)).lastrowid
    elif other not in (None, to):
        db.execute(group.merge, (to, other))
    for each in (first, second):
        db.execute(group.put, (to, each))


def unlink(db: sqlite_utils.Database, kind: LinkKind, by: MemberRef, now: datetime) -> bool:
    group, owner = _GROUPS[kind], _owner(db, kind, by)
    db.execute("DELETE FROM link_codes WHERE kind = ? AND owner = ?", (kind.value, owner))
    (number,) = db.execute(group.of, (owner,)).fetchone()
    if number is None:
        return False
    db.execute(group.put, (None, owner))
    db.execute(group.dissolve, {"group": number})
    audit(db, now, by, channel=None, what=f"{kind.value} unlinked")
    return True


def team(db: sqlite_utils.Database, platform: str, workspace: str) -> list[WorkspaceRef]:
    found = (
        db.execute("SELECT platform, workspace FROM workspaces WHERE id = ?", (number,)).fetchone()
        for number in team_of(db, platform, workspace)
    )
    return sorted({WorkspaceRef(*row) for row in found} - {WorkspaceRef(platform, workspace)})


def accounts(db: sqlite_utils.Database, member: MemberRef) -> list[MemberRef]:
    return [_member(db, number) for number in accounts_of(db, find_member(db, member))[1:]]


def namesakes(db: sqlite_utils.Database, member: MemberRef, name: str, limit: int) -> list[MemberRef]:
    rows = db.execute(
        "SELECT o.platform, o.workspace, m.member, m.name FROM workspaces w"
        " JOIN workspaces o ON o.team = w.team AND o.id <> w.id JOIN members m ON m.workspace_id = o.id"
        " WHERE w.platform = ? AND w.workspace = ? AND m.name = ? COLLATE NOCASE ORDER BY m.id LIMIT ?",
        (text_column(member.platform), text_column(member.workspace), text_column(name), count(limit)),
    )
    return [MemberRef(*row) for row in rows]


class Links:
    """``bot.ports.LinkStore``."""

    _database: Database

    async def add_link_code(
        self, digest: bytes, kind: LinkKind, by: MemberRef, now: datetime, *, ends: datetime, most: int
    ) -> None:
        await self._database.write(lambda db: add_code(db, digest, kind, by, now=now, ends=ends, most=most))

    async def find_link_code(
        self, digest: bytes, by: MemberRef, now: datetime, *, since: datetime, most: int
    ) -> LinkCode | None:
        return await self._database.write(lambda db: find_code(db, digest, by, now=now, since=since, most=most))

    async def link(self, digest: bytes, by: MemberRef, now: datetime) -> bool:
        return await self._database.write(lambda db: link(db, digest, by, now))

    async def unlink(self, kind: LinkKind, by: MemberRef, now: datetime) -> bool:
        return await self._database.write(lambda db: unlink(db, kind, by, now))

    async def team(self, platform: str, workspace: str) -> list[WorkspaceRef]:
        return await self._database.read(lambda db: team(db, platform, workspace))

    async def accounts(self, member: MemberRef) -> list[MemberRef]:
        return await self._database.read(lambda db: accounts(db, member))

    async def namesakes(self, member: MemberRef, name: str, *, limit: int) -> list[MemberRef]:
        return await self._database.read(lambda db: namesakes(db, member, name, limit))
