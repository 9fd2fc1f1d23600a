"""Commands from a pipe or a file: one a line, read without holding up the event loop.

A line ends with LF or CRLF; the last may go without. Lines beyond ``MOST`` bytes are skipped to their end and reported,
never kept. A line must be UTF-8 without NUL (a byte order mark before the first is dropped); what is not becomes a
sentence to its writer.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from dataclasses import dataclass

from bot.errors import CommandError

MOST = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it came, without its end. ``number`` counts from 1; ``cut``: it was longer than ``MOST``."""

    number: int
    content: bytes
    cut: bool = False


def decoded(line: Line) -> str:
    """The line as text. Raises CommandError: too long, not UTF-8, a NUL in it."""
    if line.cut:
        raise CommandError(
            f"Line {line.number:,} is longer than {MOST:,} bytes and was skipped.",
            hint="Put one command on each line.",
        )
    try:
        text = line.content.decode("utf-8-sig" if line.number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise CommandError(
            f"Line {line.number:,} is not UTF-8 text (byte {error.start + 1:,}) and was skipped.",
            hint="Save it as UTF-8 and send it again.",
        ) from None
    if "\0" in text:
        raise CommandError(
            f"Line {line.number:,} has a NUL character in it and was skipped.",
            hint="Save it as plain text in UTF-8 and send it again.",
        )
    return text


class Lines:
    """The lines of an open file descriptor, in order."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._ready: deque[Line] = deque()
        self._rest = bytearray()
        self._cut = False
        self._ended = False
        self._count = 0

    async def next(self) -> Line | None:
        """The next line; None at the end of the input. A descriptor that cannot be read counts as ended."""
        while not self._ready and not self._ended:
            content = await self._read()
            if content is not None:
                self._take(content)
        return self._ready.popleft() if self._ready else None

    async def _read(self) -> bytes | None:
        """What there is to read: empty at the end, None when another reader of the same pipe was faster."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        try:
            loop.add_reader(self._descriptor, readable.set)
        except (OSError, ValueError):
            # Regular files and /dev/null cannot be waited for (epoll_ctl(2): EPERM), and need not be.
            return await asyncio.to_thread(self._read_now)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._descriptor)
        return self._read_now()

    def _read_now(self) -> bytes | None:
        try:
            return os.read(self._descriptor, MOST)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def _take(self, content: bytes) -> None:
        """Cut what was read into lines; an empty ``content`` is the end of the input."""
        *whole, rest = content.split(b"\n")
        for piece in whole:
            self._end_line(piece)
        self._grow(rest)
        if not content:
            self._ended = True
            if self._rest or self._cut:
                self._end_line(b"")

    def _grow(self, piece: bytes) -> None:
        self._rest += piece
        if len(self._rest) > MOST:
            self._cut = True
            self._rest.clear()

    def _end_line(self, piece: bytes) -> None:
        self._grow(piece)
        self._count += 1
        self._ready.append(Line(self._count, bytes(self._rest).removesuffix(b"\r"), self._cut))
        self._rest.clear()
        self._cut = False
