"""Errors of SQLite and of the file system as sentences: the only place where they are translated.

The result codes are explained in SQLite's documentation, "Result and Error Codes".
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import StoreError

_ANOTHER_PLACE = "Set PAPERROUTE_DATABASE to another file."
_FREE_SPACE = "Free some space; a paperroute that runs goes on by itself."
_CLOSE_IT = "Close that program; a paperroute that runs goes on by itself."
_WRITE_ACCESS = "Give this user write access to the file and its folder, or set PAPERROUTE_DATABASE to another place."

# Primary result code → what is wrong with the file, what to do, whether only a person can mend it.
_CODES: dict[int, tuple[str, str, bool]] = {
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full.", _FREE_SPACE, False),
    sqlite3.SQLITE_READONLY: ("cannot be written.", _WRITE_ACCESS, True),
    sqlite3.SQLITE_PERM: ("cannot be opened: permission denied.", _WRITE_ACCESS, True),
    sqlite3.SQLITE_AUTH: ("cannot be opened: permission denied.", _WRITE_ACCESS, True),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened.", _WRITE_ACCESS, True),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged.",
        "Stop paperroute; `restore` puts a backup in its place, `doctor --repair` saves what can be read.",
        True,
    ),
    sqlite3.SQLITE_NOTADB: ("is not a paperroute database.", _ANOTHER_PLACE, True),
    sqlite3.SQLITE_BUSY: ("is locked by another program.", _CLOSE_IT, False),
    sqlite3.SQLITE_LOCKED: ("is locked by another program.", _CLOSE_IT, False),
    sqlite3.SQLITE_IOERR: ("cannot be read or written: the disk reports an error.", "Check the disk.", False),
    sqlite3.SQLITE_NOMEM: ("cannot be used: memory is exhausted.", "Give the process more memory.", False),
    sqlite3.SQLITE_TOOBIG: ("cannot take a value that large.", "", True),
}
_UNKNOWN = ("cannot be used: {detail}.", "", True)

_ERRNOS: dict[int, tuple[str, str, bool]] = {
    errno.ENOENT: ("cannot be made: its folder does not exist.", "Make the folder, or set PAPERROUTE_DATABASE.", True),
    errno.ENOTDIR: ("cannot be made: its folder is not a folder.", _ANOTHER_PLACE, True),
    errno.EISDIR: ("is a folder, not a file.", _ANOTHER_PLACE, True),
    errno.EACCES: ("cannot be opened: permission denied.", _WRITE_ACCESS, True),
    errno.EPERM: ("cannot be opened: permission denied.", _WRITE_ACCESS, True),
    errno.EROFS: ("cannot be written: its disk is read-only.", _ANOTHER_PLACE, True),
    errno.ENOSPC: ("cannot grow: the disk is full.", _FREE_SPACE, False),
    errno.EDQUOT: ("cannot grow: the disk quota is used up.", _FREE_SPACE, False),
    errno.ELOOP: ("cannot be opened: its symbolic links go in a circle.", _ANOTHER_PLACE, True),
    errno.ENAMETOOLONG: ("cannot be made: the name is too long.", _ANOTHER_PLACE, True),
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise StoreError, in a sentence that names ``path``, for whatever SQLite or the system reports inside."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise sentence_for(path, error) or error from error


def sentence_for(path: Path, error: BaseException) -> StoreError | None:
    """What is said of an error; None of one that is neither SQLite's nor the system's."""
    if isinstance(error, sqlite3.Error):
        # The low byte of an extended code is the primary one. Misuse of the module carries no code at all.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return _sentence(path, _CODES.get(code, _UNKNOWN), str(error))
    if isinstance(error, OSError):
        return _sentence(path, _ERRNOS.get(error.errno or 0, _UNKNOWN), error.strerror or "unknown")
    return None


def _sentence(path: Path, meaning: tuple[str, str, bool], detail: str) -> StoreError:
    what, hint, permanent = meaning
    message = f"The database {path} {what.format(detail=detail)}"
    return StoreError(message, path=str(path), hint=hint, permanent=permanent)
