"""A file of lines, plain or gzipped, of any size: read in bounded memory, with a place to come back to.

A line of more than ``LONGEST`` bytes is passed over and comes out as None. Memory is bounded also where a few bytes of
gzip hold many of text. A compressed file cannot be entered in its middle; coming back to a place there means reading up
to it, which takes a few seconds a gigabyte.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from bot.errors import CommandError

LONGEST = 2 << 20
"""Bytes of a line: a record with the longest list of authors that there is has a fifth of it."""

_GZIP = b"\x1f\x8b"
_HEAD = 1 << 20
_UNPACKED = 1 << 16  # so much text is lost before the place where compressed data are damaged


class LineFile:
    """An open regular file. ``name`` identifies its content, by a digest of its beginning and its size.

    ``size`` is in bytes as stored. Raises CommandError, a sentence, when it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._stored = io.BufferedReader(io.FileIO(path), _HEAD)
            self.size = path.stat().st_size
            head = self._stored.peek(_HEAD)[:_HEAD]
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {_reason(error)}.") from error
        self.name = hashlib.sha256(b"%d " % self.size + head).hexdigest()[:32]
        self._compressed = head.startswith(_GZIP)
        self._lines: IO[bytes] = self._stored
        if self._compressed:
            self._lines = io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=self._stored)), _UNPACKED)
        self.number = 0
        self.place = 0
        self.cut_off = ""

    def __enter__(self) -> LineFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()
        self._stored.close()

    @property
    def done(self) -> int:
        """How many bytes of ``size`` have been read."""
        return self._stored.tell()

    def go_to(self, place: int, number: int) -> None:
        """Go on behind the line ``number``, at what ``place`` was there."""
        if self._compressed:
            while self.place < place and (part := self._read(min(_HEAD, place - self.place))):
                self.place += len(part)
        else:
            self._lines.seek(place)
        self.place, self.number = place, number

    def __iter__(self) -> Iterator[bytes | None]:
        """The lines from here on, without their ends; None for one that is too long.

        ``number`` is that of the line given last, from 1, ``place`` the byte of text behind it. When the data end
        before their end, ``cut_off`` says so afterwards, in words that follow on the file's name.
        """
        while line := self._line():
            self.number += 1
            self.place += len(line)
            if line.endswith(b"\n") or len(line) <= LONGEST:
                yield line
                continue
            while (more := self._line()) and not more.endswith(b"\n"):
                self.place += len(more)
            self.place += len(more)
            yield None

    def _line(self) -> bytes:
        try:
            return self._lines.readline(LONGEST + 1)
        except (OSError, EOFError, zlib.error) as error:
            self._end(error)
            return b""

    def _read(self, wanted: int) -> bytes:
        try:
            return self._lines.read(wanted)
        except (OSError, EOFError, zlib.error) as error:
            self._end(error)
            return b""

    def _end(self, error: Exception) -> None:
        if isinstance(error, EOFError):
            self.cut_off = "ends in the middle of its compressed data"
        elif isinstance(error, gzip.BadGzipFile | zlib.error):
            self.cut_off = "has damaged compressed data"
        else:
            self.cut_off = f"cannot be read any further: {_reason(error)}"


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or "unknown error").lower()
