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
from storage.sqlite.schema_eighth import SIMILAR
from storage.sqlite.schema_fifth import MAIL
from storage.sqlite.schema_fourth import SIGNALS
from storage.sqlite.schema_ninth import FAN_OUT, PACKED
from storage.sqlite.schema_second import FOLLOWING, WORKSPACES
from storage.sqlite.schema_seventh import IMPORTS
from storage.sqlite.schema_sixth import BROUGHT, JUDGING, TOPS
from storage.sqlite.schema_tenth import CATEGORIES, TURNS
from storage.sqlite.schema_third import CODES, TEAMS

APPLICATION_ID = 0x70617072  # "papr"

MIGRATIONS = Migrations("paperroute")
STEPS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010")


@MIGRATIONS(name=STEPS[0])
def _first(db: sqlite_utils.Database) -> None:
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for part in (CHANNELS, ARCHIVE, OUTBOX, LIBRARY, POLLS):
        db.executescript(part)


@MIGRATIONS(name=STEPS[1])
def _second(db: sqlite_utils.Database) -> None:
    for part in (WORKSPACES, FOLLOWING):
        db.executescript(part)


@MIGRATIONS(name=STEPS[2])
def _third(db: sqlite_utils.Database) -> None:
    for part in (TEAMS, CODES):
        db.executescript(part)


@MIGRATIONS(name=STEPS[3])
def _fourth(db: sqlite_utils.Database) -> None:
    db.executescript(SIGNALS)


@MIGRATIONS(name=STEPS[4])
def _fifth(db: sqlite_utils.Database) -> None:
    db.executescript(MAIL)


@MIGRATIONS(name=STEPS[5])
def _sixth(db: sqlite_utils.Database) -> None:
    for part in (BROUGHT, TOPS, JUDGING):
        db.executescript(part)


@MIGRATIONS(name=STEPS[6])
def _seventh(db: sqlite_utils.Database) -> None:
    db.executescript(IMPORTS)


@MIGRATIONS(name=STEPS[7])
def _eighth(db: sqlite_utils.Database) -> None:
    db.executescript(SIMILAR)


@MIGRATIONS(name=STEPS[8])
def _ninth(db: sqlite_utils.Database) -> None:
    for part in (FAN_OUT, PACKED):
        db.executescript(part)


@MIGRATIONS(name=STEPS[9])
def _tenth(db: sqlite_utils.Database) -> None:
    for part in (TURNS, CATEGORIES):
        db.executescript(part)


def inspect(db: sqlite_utils.Database, path: Path, *, current: bool = False) -> None:
    """Refuse a file that is no store, or a later version's; with ``current`` one that would have to be upgraded, too.

    Changes nothing. Raises StoreNewerError, StoreError.
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    # A start that was killed at once may have left the table of steps alone.
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master WHERE tbl_name <> '_sqlite_migrations'").fetchone()
    applied = {step.name for step in MIGRATIONS.applied(db)}
    if tables and (application != APPLICATION_ID or not applied):
        raise StoreError(
            f"The database {path} belongs to another program.",
            path=str(path),
            hint="Set PAPERROUTE_DATABASE to another file.",
        )
    if applied - set(STEPS):
        raise StoreNewerError(
            f"The database {path} was written by a later version of paperroute.",
            path=str(path),
            hint="Install that version again, or set PAPERROUTE_DATABASE to another file.",
        )
    if current and MIGRATIONS.pending(db):
        raise StoreError(
            f"The database {path} was written by an earlier version of paperroute.",
            path=str(path),
            hint="Start `paperroute run` once, which upgrades it.",
        )


def upgrade(db: sqlite_utils.Database) -> None:
    """Bring the file to the last step."""
    MIGRATIONS.apply(db)
