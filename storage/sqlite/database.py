"""The connection: one thread owns it, every piece of work is a function handed to that thread.

Nothing else touches the connection, so a function sees a database that stands still, and the event loop never waits for
the disk. A write is all or nothing: committed when its function returns, rolled back when it raises. Writes that wait
at the same time share a transaction (``commits``), since each costs a way to the disk. The store is in WAL mode with
``synchronous = FULL``: what a coroutine has returned is on the disk, also after a power cut. The outbox needs that: an
intent to send that a power cut took back would be sent twice.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import sqlite_utils

from bot.errors import StoreError
from storage.sqlite.commits import LONGEST, Commits
from storage.sqlite.faults import translated
from storage.sqlite.lock import FileLock

T = TypeVar("T")
Work = Callable[[sqlite_utils.Database], T]

BUSY_SECONDS = 5.0

_SETTINGS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",  # KiB
    "PRAGMA secure_delete = FAST",
    "PRAGMA journal_size_limit = 67108864",
    # Pages, of 4 KiB. SQLite's own 1000 are about a step of a fan-out, which changes the same pages as the next step:
    # copied into the file once for several steps, 5 million deliveries take a tenth less.
    "PRAGMA wal_autocheckpoint = 4000",
)


class Database:
    """A database file. Made by ``open``; every method raises StoreError."""

    def __init__(self, path: Path, worker: ThreadPoolExecutor) -> None:
        self.path = path
        self._worker = worker
        self._db: sqlite_utils.Database
        self._commits: Commits
        self._held = ExitStack()
        self._closing = False

    @classmethod
    async def open(
        cls,
        path: Path,
        inspect: Work[None],
        prepare: Work[None],
        *,
        read_only: bool = False,
        longest: float = LONGEST,
    ) -> Database:
        """Lock and open ``path``, made with mode 0600 if it is not there, and let ``prepare`` ready it.

        ``inspect`` comes before anything is changed and raises StoreError if the file is not a store. ``read_only``: no
        lock is taken, nothing prepared, and the file must exist; another process may be writing to it. ``longest`` as
        in ``Commits``.
        """
        database = cls(path, ThreadPoolExecutor(1, thread_name_prefix="paperroute-store"))
        try:
            await database._run(lambda: database._open(inspect, prepare, read_only=read_only, longest=longest))
        except BaseException:
            await database.close()
            raise
        return database

    async def read(self, work: Work[T]) -> T:
        """The result of ``work``, which only reads."""
        return await self._run(lambda: work(self._db))

    async def write(self, work: Work[T], *, apart: bool = False) -> T:
        """The result of ``work``: all that it did is stored, or nothing when it raises.

        ``apart``: it takes long, so nobody else is to wait for it in the same transaction.
        """
        if self._closing:
            raise self._closed()
        written: asyncio.Future[T] = self._commits.add(work, apart=apart)
        asyncio.get_running_loop().run_in_executor(self._worker, self._commits.run, self._db)
        return await written

    async def close(self) -> None:
        """Finish what was handed over, close the file and release the lock. Closing twice is fine."""
        if self._closing:
            return
        self._closing = True
        closed = asyncio.get_running_loop().run_in_executor(self._worker, self._guarded(self._held.close))
        # Whatever else is handed over from now on is refused; what was handed over before is done first.
        self._worker.shutdown(wait=False)
        await closed

    async def _run(self, job: Callable[[], T]) -> T:
        if self._closing:
            raise self._closed()
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._guarded(job))

    def _guarded(self, job: Callable[[], T]) -> Callable[[], T]:
        def guarded() -> T:
            with translated(self.path):
                return job()

        return guarded

    def _open(self, inspect: Work[None], prepare: Work[None], *, read_only: bool, longest: float) -> None:
        if self.path.is_dir():
            raise StoreError(f"The database {self.path} is a folder, not a file.", path=str(self.path))
        # Two names of one file must find the same lock.
        self.path = Path(os.path.realpath(self.path))
        if not read_only:
            self._held.callback(FileLock(self.path).release)
            # SQLite would make it with the umask's mode.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode={'ro' if read_only else 'rw'}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            cached_statements=512,
        )
        self._held.callback(connection.close)
        self._db = sqlite_utils.Database(connection, recursive_triggers=False, execute_plugins=False)
        self._commits = Commits(self.path, longest=longest)
        inspect(self._db)
        if read_only:
            connection.execute("PRAGMA query_only = ON")
            return
        # The files -wal and -shm take over the mode of the database.
        self.path.chmod(0o600)
        # Counts for a file that is being made.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for setting in _SETTINGS:
            connection.execute(setting).fetchall()
        prepare(self._db)

    def _closed(self) -> StoreError:
        return StoreError(f"The database {self.path} is closed.", path=str(self.path))
