"""Whole copies of a store: made beside the process that serves it, looked over, and put in place under a name.

A copy is made with SQLite's backup API (SQLite's documentation, "SQLite Backup API") from one read transaction, so it
is the store as it stood at one moment, whatever is written meanwhile; in WAL mode a reader holds no writer up. It is a
file by itself, without a -wal, private to its owner, and knows the moment at which it was begun (``TAKEN``).

Nothing stands under its final name before every page was checked. All of this blocks; nothing here runs in the process
that serves.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlite_utils

from bot.errors import StoreError
from storage.sqlite import migrations, state
from storage.sqlite.database import BUSY_SECONDS
from storage.sqlite.faults import translated
from storage.sqlite.values import moment_column, to_moment_or_none

TAKEN = "backup taken"
"""The name of the value that says when a copy was begun: nothing that happened later is in it."""

SLICE = 256
"""Pages (of 4 KiB) copied in one go."""

_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a whole copy holds. ``taken`` is None for a file that is no backup; ``step`` is its last migration."""

    taken: datetime | None
    step: str
    papers: int
    watches: int
    saves: int
    posts: int


def copy(source: Path, target: Path, now: datetime, *, between: Callable[[], object] | None = None) -> None:
    """Copy the store ``source`` into the new file ``target``. ``between`` is called after each slice.

    Raises StoreError, when ``source`` is no store of ours, too.
    """
    with translated(source), closing(_opened(source, "ro")) as connection:
        migrations.inspect(sqlite_utils.Database(connection, execute_plugins=False), source)
        # The transaction keeps all slices at one moment; without it the copy would begin anew after each write.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with translated(target), closing(_opened(target, "rw")) as copied:
            connection.backup(copied, pages=SLICE, progress=lambda *_: between() if between is not None else None)
            # What was copied says WAL; by itself it has to be readable where nothing can be written, too.
            copied.execute("PRAGMA journal_mode = DELETE").fetchone()
            db = sqlite_utils.Database(copied, execute_plugins=False)
            with db.atomic():
                if _has_state(db):
                    state.put(db, TAKEN, moment_column(now))


def look_over(path: Path) -> Contents:
    """What the store ``path`` holds, after a look at each of its pages.

    Raises StoreError: it is damaged, no store of ours, or of a later version.
    """
    with translated(path), closing(_opened(path, "ro")) as connection:
        db = sqlite_utils.Database(connection, execute_plugins=False)
        migrations.inspect(db, path)
        (said,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        if said != "ok":
            raise StoreError(
                f"The database {path} is damaged.",
                path=str(path),
                hint="`paperroute doctor --repair` saves what can be read of the one that PAPERROUTE_DATABASE names.",
            )
        applied = sorted(step.name for step in migrations.MIGRATIONS.applied(db))
        if not applied:
            raise StoreError(f"The database {path} is empty.", path=str(path), hint="Name a backup of a store.")

        def figure(sql: str) -> int:
            return int(db.execute(f"SELECT count(*) FROM {sql}").fetchone()[0])  # noqa: S608  our own words below

        return Contents(
            taken=to_moment_or_none(state.get(db, TAKEN)),
            step=applied[-1],
            papers=figure("papers"),
            watches=figure("watches WHERE ended_at IS NULL"),
            saves=figure("saves WHERE taken_back = 0"),
            posts=figure("posts WHERE state = 'sent'"),
        )


@contextmanager
def draft(beside: Path) -> Iterator[Path]:
    """A new empty file in the folder of ``beside``, mode 0600, which is gone after the block unless it was renamed."""
    made = beside.parent / f".paperroute-{secrets.token_hex(8)}"
    with translated(beside):
        os.close(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        yield made
    finally:
        for suffix in ("", *_BESIDE):
            with suppress(OSError):
                made.with_name(made.name + suffix).unlink()


def put_in_place(made: Path, path: Path) -> None:
    """Give a finished file its name, on the disk when this returns; whatever had the name is replaced."""
    with translated(path):
        _synchronise(made)
        made.replace(path)
        _synchronise(path.parent)


def move_aside(path: Path, now: datetime, why: str, *, untouched: bool = False) -> Path | None:
    """Rename a store that nobody has open, with what SQLite keeps beside it; its new path, None where there was none.

    ``why`` stands in the new name: ``paperroute.db.before-restore-20260304T120000``. What stands in its log is written
    into the file itself first, unless that is to stay ``untouched``.
    """
    with translated(path):
        if not path.exists():
            for suffix in _BESIDE:
                # The log of another file would be taken for the new one's.
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            return None
        if not untouched:
            with suppress(sqlite3.Error), closing(_opened(path, "rw")) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        name = f"{path.name}.{why}-{now:%Y%m%dT%H%M%S}"
        kept = path.with_name(name)
        number = 1
        while kept.exists():
            number += 1
            kept = path.with_name(f"{name}-{number}")
        for suffix in (*_BESIDE, ""):
            part = path.with_name(path.name + suffix)
            if suffix == "-shm" or (suffix and part.exists() and not part.stat().st_size):
                part.unlink(missing_ok=True)  # a shared index of the log, or an empty log
            elif part.exists():
                part.rename(kept.with_name(kept.name + suffix))
        _synchronise(path.parent)
        return kept


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _has_state(db: sqlite_utils.Database) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'state'").fetchone() is not None


def _synchronise(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
