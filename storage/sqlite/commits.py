"""Writes that come together are committed together: one transaction, one way to the disk, for all that wait.

The first that waits opens the transaction; what came while it was at work, or while an earlier transaction was being
committed, joins it. Nothing waits for others to come, so one that comes alone is committed as soon as it would be
without them. Whoever wrote is told after the commit, and then it is on the disk.

Each write is all or nothing by itself. The first has the transaction to itself until it has worked, each other one has
a savepoint, so that what raises is rolled back alone and takes nobody along. When the commit fails, or an error takes
the whole transaction away (a full disk may), all of them fail with that error: nothing of any is stored.

What joins is limited by time, since readers wait meanwhile. A write that is long by nature (``apart``) joins nobody,
who would have to wait for it; others may join one that turned out to be short.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlite_utils

from storage.sqlite.faults import sentence_for

Work = Callable[[sqlite_utils.Database], Any]

LONGEST = 0.01


@dataclass(slots=True)
class _Write:
    """A piece of work, whom to tell, and what came of it."""

    work: Work
    future: asyncio.Future[Any]
    apart: bool
    result: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """Runs in the event loop. Whoever was cancelled meanwhile hears nothing."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Commits:
    """The writes of the database at ``path``. Nothing more joins a transaction after ``longest`` seconds."""

    def __init__(self, path: Path, *, longest: float = LONGEST) -> None:
        self._path = path
        self._longest = longest
        self._waiting: deque[_Write] = deque()

    def add(self, work: Work, *, apart: bool) -> asyncio.Future[Any]:
        """Let ``work`` wait its turn: the store's thread is to be asked to ``run`` after this. In the event loop."""
        write = _Write(work, asyncio.get_running_loop().create_future(), apart)
        self._waiting.append(write)
        return write.future

    def run(self, db: sqlite_utils.Database) -> None:
        """Do and commit some of what waits, at least the first; nothing where an earlier run has done it all."""
        some = self._some()
        if (first := next(some, None)) is None:
            return
        done = [first]
        try:
            db.conn.execute("BEGIN")
            first.result = first.work(db)
            for write in some:
                done.append(write)
                self._join(db, write)
            self._commit(db)
        except BaseException as error:  # noqa: BLE001  whatever it is, those who wrote are told
            # Where even that fails, the next transaction does, and tries it again.
            with suppress(sqlite3.Error):
                db.rollback()
            for write in done:
                write.error = write.error or self._fault(error)
        first.future.get_loop().call_soon_threadsafe(_tell, done)

    def _commit(self, db: sqlite_utils.Database) -> None:
        """The one place where writes become durable."""
        db.conn.execute("COMMIT")

    def _some(self) -> Iterator[_Write]:
        """What is to be done in one transaction, each taken when it is asked for."""
        until: float | None = None
        while self._waiting and (until is None or (time.perf_counter() < until and not self._waiting[0].apart)):
            write = self._waiting.popleft()
            if write.future.cancelled():
                continue
            until = until or time.perf_counter() + self._longest
            yield write

    def _join(self, db: sqlite_utils.Database, write: _Write) -> None:
        """Raises only what takes the transaction away."""
        db.conn.execute("SAVEPOINT write")
        try:
            write.result = write.work(db)
        except BaseException as error:
            write.error = self._fault(error)
            if not db.conn.in_transaction:
                raise
            db.conn.execute("ROLLBACK TO write")
        db.conn.execute("RELEASE write")

    def _fault(self, error: BaseException) -> BaseException:
        """The error as the writer is to see it, for each of them its own."""
        said: BaseException | None = sentence_for(self._path, error)
        if said is None and isinstance(error, StopIteration):
            # No future takes that one.
            said = RuntimeError(repr(error))
        if said is None:
            return error
        said.__cause__ = error
        return said


def _tell(writes: Sequence[_Write]) -> None:
    for write in writes:
        write.tell()
