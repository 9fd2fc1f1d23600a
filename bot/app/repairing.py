"""`paperroute doctor --repair`: what can be read of a damaged store becomes the store; the damaged file is kept.

Nothing is touched until the new file is complete and every page of it was checked.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import sqlite_utils

from bot.app.keeping import READABLE
from bot.config import Config
from bot.errors import StoreError, StoreNewerError
from bot.logs import set_up_logging
from bot.wording import count
from storage.sqlite import SqliteStore, copying, restoring
from storage.sqlite.faults import translated
from storage.sqlite.lock import FileLock
from storage.sqlite.repairing import Report, Saved, rescue

_NAMED = ("watches", "saves", "deliveries", "posts", "channels", "papers")
"""The tables that matter most, in this order; papers can be fetched again."""


def repair(config: Config) -> int:
    """Returns 0 when nothing was lost, else 1. Raises StoreBusyError while the bot runs, StoreError when nothing can be
    read: then nothing was changed."""
    set_up_logging(config.log, default_level=logging.ERROR, secrets=config.secrets)
    return mend(config.database.resolve())


def mend(path: Path) -> int:
    """``repair`` of the database ``path``."""
    if not path.is_file():
        raise StoreError(f"There is no database {path}.", path=str(path), hint="There is nothing to repair.")
    with translated(path):
        lock = FileLock(path)
    try:
        if _is_whole(path):
            sys.stdout.write(f"The database {path} is whole: there is nothing to repair.\n")
            return 0
        now = datetime.now(UTC)
        with copying.draft(path) as draft:
            report = rescue(path, draft, now)
            _settle(draft, report, now)
            asyncio.run(_open_once(draft))
            copying.look_over(draft)
            kept = copying.move_aside(path, now, "damaged", untouched=True)
            copying.put_in_place(draft, path)
    finally:
        lock.release()
    sys.stdout.write("\n".join(_said(path, kept, report)) + "\n")
    return 0 if report.complete else 1


def _is_whole(path: Path) -> bool:
    try:
        copying.look_over(path)
    except StoreNewerError:
        raise
    except StoreError:
        return False
    return True


def _settle(draft: Path, report: Report, now: datetime) -> None:
    """Where the latest changes are lost, what was posted since is read back as after a restore."""
    if not report.log_lost:
        return
    with translated(draft), closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        db = sqlite_utils.Database(connection, execute_plugins=False)
        with db.atomic():
            restoring.mark(db, None, now, READABLE, idle=False)


async def _open_once(draft: Path) -> None:
    """Upgrade it where need be, and make its full-text index."""
    store = await SqliteStore.open(draft)
    await store.close()
    # It was made for the draft.
    await asyncio.to_thread(draft.with_name(draft.name + ".lock").unlink, missing_ok=True)


def _said(path: Path, kept: Path | None, report: Report) -> list[str]:
    lines = [f"Saved what can be read of {path}; the damaged file is kept as {kept}."]
    named = [report.tables[name] for name in _NAMED if name in report.tables]
    others = [saved for name, saved in report.tables.items() if name not in _NAMED and saved.lost != 0]
    lines += [f"  {_line(saved)}" for saved in (*named, *others)]
    if report.log_lost:
        lines.append(
            "What was written last stood in a log that cannot be read. At the next start, what was posted on Slack and"
            " Discord since is read back before any digest goes out."
        )
    lines += report.notes
    if report.complete:
        lines.append("Nothing was lost.")
    else:
        lines.append(
            "`paperroute restore` puts a backup in its place instead, if there is a newer one than the damage."
        )
    return lines


def _line(saved: Saved) -> str:
    lost = "an unknown number" if saved.lost is None else f"{saved.lost:,}"
    return f"{saved.table.replace('_', ' ')}: {count(saved.kept, 'row')} kept, {lost} lost"
