"""One process a store: an advisory lock on a file beside the database, held until it is released or the process ends.

The lock is not on the database itself: closing any descriptor of that file would drop SQLite's own POSIX locks
(SQLite's documentation, "How To Corrupt An SQLite Database File", section 2.2). The lock file is never deleted, because
a deleted one could be locked by one process and made anew by another.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path

from bot.errors import StoreBusyError


class FileLock:
    """Held from construction to ``release``. Raises StoreBusyError when another has it, OSError if it cannot be had."""

    def __init__(self, database: Path) -> None:
        name = database.with_name(database.name + ".lock")
        with ExitStack() as undone:
            self._descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            undone.callback(os.close, self._descriptor)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreBusyError(
                    f"Another paperroute is using the database {database}.",
                    path=str(database),
                    hint="Stop it first, or set PAPERROUTE_DATABASE to another file.",
                ) from error
            undone.pop_all()

    def release(self) -> None:
        os.close(self._descriptor)
