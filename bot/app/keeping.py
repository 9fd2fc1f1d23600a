"""`paperroute backup` and `paperroute restore`: the store as one file, taken while the bot runs, and put back.

A restore goes into the place that the settings name. The file that was there is kept beside it. What was posted since
the backup was taken is not in it: at the next start it is read back (``bot.after_restore``), unless it is said that
nothing was.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import sqlite_utils

from bot.config import Config
from bot.errors import StoreError
from bot.wording import count
from storage.sqlite import copying, restoring
from storage.sqlite.copying import Contents
from storage.sqlite.faults import translated
from storage.sqlite.lock import FileLock

READABLE = ("slack", "discord")
"""The platforms whose channels can be read back."""

_OWN = ("", "-wal", "-shm", "-journal", ".lock", ".similar", ".console", ".history")


def backup(config: Config, file: Path, *, force: bool) -> int:
    """Copy the store into ``file``, checked before it gets that name. Returns 0. Raises StoreError."""
    source = config.database
    if not source.exists():
        raise StoreError(f"There is no database {source} to back up.", path=str(source))
    if _names_our_own(file, source):
        raise StoreError(f"The file {file} is the store's own.", path=str(file), hint="Name another one.")
    _refuse_to_overwrite(file, force=force)
    with copying.draft(file) as draft:
        copying.copy(source, draft, datetime.now(UTC))
        contents = copying.look_over(draft)
        _refuse_to_overwrite(file, force=force)
        copying.put_in_place(draft, file)
    sys.stdout.write(f"Backed up {source} to {file}: {_said(contents)}. Every page was checked.\n")
    return 0


def restore(config: Config, file: Path, *, idle: bool) -> int:
    """Put the backup ``file`` in the store's place. ``idle``: the bot did not run after it was taken, so that there is
    nothing to read back. Returns 0. Raises StoreBusyError while the bot runs, StoreError."""
    target = config.database.resolve()
    if not file.is_file():
        raise StoreError(f"There is no file {file}.", path=str(file), hint="Name a file that `paperroute backup` made.")
    if _names_our_own(file, target):
        raise StoreError(f"The file {file} is the store's own.", path=str(file), hint="Name a backup.")
    with translated(target):
        lock = FileLock(target)
    try:
        contents = copying.look_over(file)
        now = datetime.now(UTC)
        with copying.draft(target) as draft:
            copying.copy(file, draft, now)
            since = _made_ready(draft, contents, now, idle=idle)
            copying.look_over(draft)
            kept = copying.move_aside(target, now, "before-restore")
            copying.put_in_place(draft, target)
    finally:
        lock.release()
    lines = [f"Restored {target} from {file}: {_said(contents)}."]
    if kept is not None:
        lines.append(f"The file that was there is kept as {kept}.")
    if since is not None:
        lines.append(
            f"It knows what was posted until {since:%Y-%m-%d %H:%M} UTC. At the next start, what was posted on Slack"
            " and Discord since is read back before any digest goes out; elsewhere nothing that waits is sent again."
        )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _made_ready(draft: Path, contents: Contents, now: datetime, *, idle: bool) -> datetime | None:
    """Write into a copy what its first start has to know; the moment as of which it knows all, None with ``idle``."""
    with translated(draft), closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        db = sqlite_utils.Database(connection, execute_plugins=False)
        with db.atomic():
            return restoring.mark(db, contents.taken, now, READABLE, idle=idle)


def _refuse_to_overwrite(file: Path, *, force: bool) -> None:
    if file.is_dir() or (file.exists() and not file.is_file()):
        raise StoreError(f"The path {file} is no file.", path=str(file), hint="Name a file.")
    if not file.parent.is_dir():
        raise StoreError(f"There is no folder {file.parent}.", path=str(file), hint="Make it first.")
    if file.exists() and not force:
        raise StoreError(
            f"The file {file} exists.", path=str(file), hint="Name another one, or replace it with --force."
        )


def _names_our_own(file: Path, database: Path) -> bool:
    resolved = file.resolve()
    own = database.resolve()
    return any(resolved == own.with_name(own.name + suffix) for suffix in _OWN)


def _said(contents: Contents) -> str:
    figures = ", ".join(
        [
            count(contents.papers, "paper"),
            count(contents.watches, "watch", "watches"),
            count(contents.saves, "save"),
            count(contents.posts, "post"),
        ]
    )
    taken = f", taken {contents.taken:%Y-%m-%d %H:%M} UTC" if contents.taken else ""
    return f"{figures}{taken}"
