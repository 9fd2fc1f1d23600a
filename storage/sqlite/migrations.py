"""The schemas of the store, numbered. A file of any earlier number is upgraded in place, each step in a transaction.

The steps are kept by sqlite-utils' migrations module in its table ``_sqlite_migrations``. A step that has been released
is never edited: what must change gets a new step at the end. A file that holds a step unknown here was written by a
later version and is refused untouched, as is a database of another program (SQLite's ``application_id`` tells).
"""

from __future__ import annotations

from pathlib import Path

import sqlite_utils
from sqlite_utils.migrations import Migrations

from bot.errors import StoreError, StoreNewerError
from storage.sqlite.schema import ARCHIVE, CHANNELS, LIBRARY, OUTBOX, POLLS

APPLICATION_ID = 0x70617072  # "papr"

MIGRATIONS = Migrations("paperroute")
STEPS = ("0001",)


@MIGRATIONS(name=STEPS[0])
def _first(db: sqlite_utils.Database) -> None:
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for part in (CHANNELS, ARCHIVE, OUTBOX, LIBRARY, POLLS):
        db.executescript(part)


def upgrade(db: sqlite_utils.Database, path: Path) -> None:
    """Bring the file to the last step. Raises StoreNewerError, StoreError."""
    _check_origin(db, path)
    MIGRATIONS.apply(db)


def check_current(db: sqlite_utils.Database, path: Path) -> None:
    """Refuse a file that is not at the last step, for a reader that must not change it."""
    _check_origin(db, path)
    if MIGRATIONS.pending(db):
        raise StoreError(
            f"The database {path} was written by an earlier version of paperroute.",
            path=str(path),
            hint="Start `paperroute run` once, which upgrades it.",
        )


def _check_origin(db: sqlite_utils.Database, path: Path) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and tables and not MIGRATIONS.applied(db):
        raise StoreError(
            f"The database {path} belongs to another program.",
            path=str(path),
            hint="Set PAPERROUTE_DATABASE to another file.",
        )
    if {step.name for step in MIGRATIONS.applied(db)} - set(STEPS):
        raise StoreNewerError(
            f"The database {path} was written by a later version of paperroute.",
            path=str(path),
            hint="Install that version again, or set PAPERROUTE_DATABASE to another file.",
        )
