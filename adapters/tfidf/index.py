"""The owner of the index file: reads it when it is there, and has it made anew by a process of its own."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from adapters.tfidf.file import IndexFile, UnusableError
from bot.errors import WorkerError
from bot.models import PaperText
from bot.ports import Clock, Terms
from bot.worker import in_worker

logger = logging.getLogger(__name__)

# 400,000 papers take two or three minutes of one core.
PATIENCE = 3_600.0


class FileIndex:
    """``bot.ports.TermIndex`` in the file ``path``, which need not be there yet."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self.made: Mapping[str, int] = {}
        """What the process said of the last index that it made: ``papers``, ``words``, ``peak_mb``."""
        self._open: tuple[tuple[int, ...], IndexFile | None] | None = None

    def terms(self) -> Terms | None:
        """The same object as long as the file is the same."""
        try:
            status = self._path.stat()
        except OSError:
            self._open = None
            return None
        now = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._open is None or self._open[0] != now:
            self._open = (now, self._read())
        return self._open[1]

    def _read(self) -> IndexFile | None:
        try:
            return IndexFile(self._path)
        except UnusableError as error:
            logger.warning("The index %s is made anew: %s.", self._path.name, error)
        except OSError as error:
            logger.warning("The index %s cannot be read (%s).", self._path.name, error.strerror)
        return None

    async def rebuild(self, texts: AsyncIterator[Sequence[PaperText]], now: datetime) -> int:
        arguments = [str(self._path.absolute()), now.isoformat()]
        answer = await in_worker(
            self._clock, "adapters.tfidf.building", arguments, _lines(texts), seconds=PATIENCE, most=10_000
        )
        try:
            self.made = {name: int(figure) for name, figure in json.loads(answer).items()}
            return self.made["papers"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkerError("The index of similar papers was made, but not how large it is.") from error


async def _lines(texts: AsyncIterator[Sequence[PaperText]]) -> AsyncIterator[bytes]:
    """A line of JSON for each paper; the last line says that all have come."""
    async for block in texts:
        yield await asyncio.to_thread(_encoded, block)
    yield b"null\n"


def _encoded(block: Sequence[PaperText]) -> bytes:
    return "".join(json.dumps([text.id, text.title, text.abstract]) + "\n" for text in block).encode("ascii")
