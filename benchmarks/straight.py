"""Writing straight into a store's tables: for files of sizes that its own doors would take hours for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from storage.sqlite import SqliteStore


@contextmanager
def straight(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on the store at ``path``, made where there is none; a crash meanwhile spoils the file."""
    asyncio.run(_made(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000", "foreign_keys = OFF"):
            db.execute(f"PRAGMA {setting}").fetchall()
        db.execute("BEGIN")
        yield db
        db.execute("COMMIT")


async def _made(path: Path) -> None:
    await (await SqliteStore.open(path)).close()
