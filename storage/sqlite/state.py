"""Single values by name."""

from __future__ import annotations

import sqlite_utils

from storage.sqlite.values import text_column


def get(db: sqlite_utils.Database, name: str) -> str | None:
    row = db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def put(db: sqlite_utils.Database, name: str, value: str) -> None:
    db.execute(
        "INSERT INTO state (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, text_column(value)),
    )


def drop(db: sqlite_utils.Database, name: str) -> None:
    db.execute("DELETE FROM state WHERE name = ?", (name,))
