"""`paperroute import FILE` of arXiv's bulk metadata: the whole of arXiv into the archive.

The file is read once from its beginning to its end, in steps. Each step is a transaction and stored together with the
place behind it, under a name made of the file's content: the same command goes on where an interrupted one was,
wherever the file lies by then. A line that is no record is counted and passed over; the first three are named at the
end.

The papers are for search, `show`, saves and back-tests. None of them is owed to a channel, and none is ever pruned. The
listing day of each is an estimate (``adapters.arxiv.snapshot``). The store must not be served meanwhile.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

from adapters.arxiv.snapshot import RecordError, Snapshot, is_record
from bot.app.line_file import LONGEST, LineFile
from bot.app.progress_bar import ProgressBar
from bot.app.running import run_until_stopped
from bot.config import Config
from bot.errors import StoreError
from bot.models import Imported, Paper, Progress
from bot.wording import count, number
from storage.sqlite import SqliteStore

PART = 5_000
"""Lines that are in memory at a time."""

STEPS = (1, 2, 4)
"""Parts of the first transactions and of all others: there is something to see soon, the full-text index is written in
few big pieces, which spares merging them, and a kill costs two or three seconds."""

_FEW_COLLECTIONS = 200_000
_LOOKED_AT = 20
_NAMED = 3
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far an import has come: the ``place`` behind the line ``line``, and what it found up to there.

    ``papers`` were read, ``new`` to the archive or ``newer`` than what it had; ``bad`` lines were passed over, of which
    the first are ``named``.
    """

    place: int = 0
    line: int = 0
    papers: int = 0
    new: int = 0
    newer: int = 0
    bad: int = 0
    named: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Bookmark:
        values = json.loads(text) if text else {}
        return cls(**values | {"named": tuple(values.get("named", ()))})

    def text(self) -> str:
        return json.dumps(asdict(self))


def is_bulk_metadata(beginning: bytes) -> bool:
    """Whether a file that begins so is arXiv's bulk metadata: one of its first lines is a record."""
    lines = beginning.removeprefix(_BYTE_ORDER_MARK).split(b"\n", _LOOKED_AT)
    return any(map(is_record, lines[:_LOOKED_AT]))


def import_bulk_metadata(config: Config, path: Path, *, dry_run: bool) -> int:
    """Import the file, or say what importing it would read; returns 0, or 1 when not all of it could be read.

    Raises CommandError, StoreError.
    """
    # A step makes a hundred thousand objects that refer to each other in no circle: looking for one takes a while.
    before = gc.get_threshold()
    gc.set_threshold(_FEW_COLLECTIONS)
    try:
        return run_until_stopped(partial(_look_through, path) if dry_run else partial(bring_in, config, path))
    finally:
        gc.set_threshold(*before)


async def bring_in(config: Config, path: Path, stop: asyncio.Event) -> int:
    """Import until the file ends or ``stop`` is set, which takes effect behind a step; returns the exit status."""
    with LineFile(path) as file, ProgressBar("importing", unit="B") as bar:
        store = await SqliteStore.open(config.database)
        try:
            reached = Bookmark.of(await store.begin_import(file.name))
            if reached.line:
                sys.stderr.write(f"paperroute: goes on behind line {number(reached.line)} of {path}.\n")
                await asyncio.to_thread(file.go_to, reached.place, reached.line)
            reader = _Reader(file, reached)
            sizes = iter(STEPS)
            while not (stop.is_set() or reader.ended):
                size = next(sizes, STEPS[-1])
                await store.import_papers(file.name, reader.parts(size), reader.bookmark)
                bar.show(Progress(file.done, file.size))
            reached = reader.reached
            await store.end_import(file.name, complete=reader.ended and not file.cut_off)
        except StoreError as error:
            raise StoreError(
                f"{error.message} What was imported up to there stays.", path=error.path, hint=error.hint
            ) from error
        finally:
            await store.close()
    return _report(path, reached, file.cut_off, stopped=not reader.ended)


async def _look_through(path: Path, stop: asyncio.Event) -> int:
    """A dry run: read the whole file, store nothing."""
    with LineFile(path) as file, ProgressBar("reading", unit="B") as bar:
        reader = _Reader(file, Bookmark())
        while not (stop.is_set() or reader.ended):
            await asyncio.to_thread(list, reader.parts(1))
            bar.show(Progress(file.done, file.size))
    reached = reader.reached
    sys.stdout.write(f"{path} has {count(reached.papers, 'paper')} for the archive; nothing was changed.\n")
    return _complain(path, reached, file.cut_off)


class _Reader:
    """Reads a file of records from where it is opened; ``reached`` says how far it has come. ``ended``: there is no
    more."""

    def __init__(self, file: LineFile, reached: Bookmark) -> None:
        self._file = file
        self._lines: Iterator[bytes | None] = iter(file)
        self._snapshot = Snapshot(datetime.now(UTC))
        self.reached = reached
        self.ended = False

    def parts(self, most: int) -> Iterator[list[Paper]]:
        """The papers of the next lines, in so many parts at most."""
        for _ in range(most):
            if not self.ended:
                yield self._part()

    def bookmark(self, brought: Imported) -> str:
        """The bookmark behind the parts read last, which ``brought`` so much."""
        reached = self.reached
        self.reached = replace(reached, new=reached.new + brought.new, newer=reached.newer + brought.newer)
        return self.reached.text()

    def _part(self) -> list[Paper]:
        papers: list[Paper] = []
        lines = 0
        for line in islice(self._lines, PART):
            lines += 1
            if line is None:
                self._pass_over(f"it has more than {number(LONGEST)} bytes")
            elif not line.isspace():
                try:
                    papers.append(self._snapshot.paper(self._first(line)))
                except RecordError as error:
                    self._pass_over(str(error))
        self.ended = lines < PART
        read = self.reached.papers + len(papers)
        self.reached = replace(self.reached, place=self._file.place, line=self._file.number, papers=read)
        return papers

    def _pass_over(self, reason: str) -> None:
        reached = self.reached
        named = reached.named
        if len(named) < _NAMED:
            named = (*named, f"line {number(self._file.number)}: {reason}")
        self.reached = replace(reached, bad=reached.bad + 1, named=named)

    def _first(self, line: bytes) -> bytes:
        return line.removeprefix(_BYTE_ORDER_MARK) if self._file.number == 1 else line


def _report(path: Path, reached: Bookmark, cut_off: str, *, stopped: bool) -> int:
    known = reached.papers - reached.new - reached.newer
    parts = [
        f"{number(reached.new)} new",
        f"{number(reached.newer)} newer versions" if reached.newer else "",
        f"{number(known)} known already" if known else "",
    ]
    so_far = f" up to line {number(reached.line)}" if stopped or cut_off else ""
    sys.stdout.write(
        f"{count(reached.papers, 'paper')} of {path} imported{so_far}: {', '.join(filter(None, parts))}.\n"
    )
    if stopped:
        sys.stdout.write("Stopped; the same command goes on from there.\n")
    return _complain(path, reached, cut_off)


def _complain(path: Path, reached: Bookmark, cut_off: str) -> int:
    """Say what could not be read; returns the exit status."""
    if reached.bad:
        more = f"; and {number(reached.bad - len(reached.named))} more" if reached.bad > len(reached.named) else ""
        sys.stderr.write(f"paperroute: {count(reached.bad, 'line')} passed over: {'; '.join(reached.named)}{more}.\n")
    if cut_off:
        sys.stderr.write(
            f"paperroute: {path} {cut_off}, behind line {number(reached.line)}; what stands before it was read."
            " Fetch the file again; importing it then is quick about what is known.\n"
        )
    return 1 if cut_off or (reached.bad and not reached.papers) else 0
