"""Workspaces, channels and members by number, made where they are not known yet."""

from __future__ import annotations

from datetime import datetime

import sqlite_utils

from bot.errors import StoreError
from bot.models import ChannelRef, MemberRef
from storage.sqlite.values import moment_column, text_column


def ensure_workspace(db: sqlite_utils.Database, platform: str, workspace: str) -> int:
    """The workspace's number."""
    key = (text_column(platform), text_column(workspace))
    db.execute("INSERT OR IGNORE INTO workspaces (platform, workspace) VALUES (?, ?)", key)
    (number,) = db.execute("SELECT id FROM workspaces WHERE platform = ? AND workspace = ?", key).fetchone()
    return int(number)


def find_channel(db: sqlite_utils.Database, ref: ChannelRef) -> int | None:
    """The channel's number, None if it is not known."""
    row = db.execute(
        "SELECT c.id FROM workspaces w JOIN channels c ON c.workspace_id = w.id"
        " WHERE w.platform = ? AND w.workspace = ? AND c.channel = ?",
        (text_column(ref.platform), text_column(ref.workspace), text_column(ref.channel)),
    ).fetchone()
    return None if row is None else int(row[0])


def need_channel(db: sqlite_utils.Database, ref: ChannelRef) -> int:
    """The channel's number; raises StoreError if it was never opened."""
    number = find_channel(db, ref)
    if number is None:
        raise StoreError(f"The channel {ref.channel} on {ref.platform} is not known.", path=ref.channel)
    return number


def find_member(db: sqlite_utils.Database, member: MemberRef) -> int | None:
    """The member's number, None if they never did anything."""
    row = db.execute(
        "SELECT m.id FROM workspaces w JOIN members m ON m.workspace_id = w.id"
        " WHERE w.platform = ? AND w.workspace = ? AND m.member = ?",
        (text_column(member.platform), text_column(member.workspace), text_column(member.member)),
    ).fetchone()
    return None if row is None else int(row[0])


def ensure_member(db: sqlite_utils.Database, member: MemberRef) -> int:
    """The member's number. A name that is given replaces the stored one."""
    workspace = ensure_workspace(db, member.platform, member.workspace)
    db.execute(
        "INSERT INTO members (workspace_id, member, name) VALUES (?, ?, ?)"
        " ON CONFLICT (workspace_id, member) DO UPDATE SET name = excluded.name"
        " WHERE excluded.name <> '' AND excluded.name <> name",
        (workspace, text_column(member.member), text_column(member.name)),
    )
    (number,) = db.execute(
        "SELECT id FROM members WHERE workspace_id = ? AND member = ?", (workspace, text_column(member.member))
    ).fetchone()
    return int(number)


def team_of(db: sqlite_utils.Database, platform: str, workspace: str) -> list[int]:
    """The numbers of a workspace and of those that are linked with it; none when it is not known."""
    row = db.execute(
        "SELECT id, team FROM workspaces WHERE platform = ? AND workspace = ?",
        (text_column(platform), text_column(workspace)),
    ).fetchone()
    if row is None:
        return []
    number, team = row
    if team is None:
        return [number]
    return [each for (each,) in db.execute("SELECT id FROM workspaces WHERE team = ? ORDER BY id", (team,))]


def accounts_of(db: sqlite_utils.Database, member: int | None) -> list[int]:
    """The numbers of a member and of the accounts that are linked with it, the member's own first."""
    if member is None:
        return []
    others = db.execute(
        "SELECT o.id FROM members m JOIN members o ON o.person = m.person"
        " WHERE m.id = ? AND o.id <> m.id ORDER BY o.id",
        (member,),
    )
    return [member, *(other for (other,) in others)]


def audit(
    db: sqlite_utils.Database, at: datetime, by: MemberRef | None, *, channel: int | None, what: str, detail: str = ""
) -> None:
    """Write down who changed what; ``by`` None is the bot itself."""
    db.execute(
        "INSERT INTO audit (at, member_id, channel_id, what, detail) VALUES (?, ?, ?, ?, ?)",
        (moment_column(at), None if by is None else ensure_member(db, by), channel, what, text_column(detail)),
    )
