"""Credentials of workspaces, sealed before they come here."""

from __future__ import annotations

from datetime import datetime

import sqlite_utils

from storage.sqlite.database import Database
from storage.sqlite.values import moment_column


def put(db: sqlite_utils.Database, platform: str, workspace: str, owner: str, *, sealed: bytes, now: datetime) -> None:
    db.execute(
        "INSERT INTO installations (platform, workspace, owner, sealed, installed_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (platform, workspace, owner) DO UPDATE SET sealed = excluded.sealed",
        (platform, workspace, owner, sealed, moment_column(now)),
    )


def get(db: sqlite_utils.Database, platform: str, workspace: str, owner: str) -> bytes | None:
    row = db.execute(
        "SELECT sealed FROM installations WHERE platform = ? AND workspace = ? AND owner = ?",
        (platform, workspace, owner),
    ).fetchone()
    return None if row is None else bytes(row[0])


def workspaces(db: sqlite_utils.Database, platform: str) -> list[str]:
    rows = db.execute(
        "SELECT workspace FROM installations WHERE platform = ? AND owner = '' ORDER BY workspace", (platform,)
    )
    return [workspace for (workspace,) in rows]


def remove(db: sqlite_utils.Database, platform: str, workspace: str, owner: str | None) -> int:
    return db.execute(
        "DELETE FROM installations WHERE platform = ? AND workspace = ? AND (? IS NULL OR owner = ?)",
        (platform, workspace, owner, owner),
    ).rowcount


class Installations:
    """``bot.ports.InstallationStore``, but for ``first_time``."""

    _database: Database

    async def put_installation(self, platform: str, workspace: str, owner: str, sealed: bytes, now: datetime) -> None:
        await self._database.write(lambda db: put(db, platform, workspace, owner, sealed=sealed, now=now))

    async def installation(self, platform: str, workspace: str, owner: str = "") -> bytes | None:
        return await self._database.read(lambda db: get(db, platform, workspace, owner))

    async def installed(self, platform: str) -> list[str]:
        return await self._database.read(lambda db: workspaces(db, platform))

    async def remove_installation(self, platform: str, workspace: str, owner: str | None = None) -> int:
        return await self._database.write(lambda db: remove(db, platform, workspace, owner))
