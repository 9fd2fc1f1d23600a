"""Where the console writes: a terminal, a pipe or a file.

A reader that has stopped reading (`| less`, Ctrl-S) blocks whoever writes, so writing happens on a daemon thread that
holds none of Python's locks: neither the event loop nor the end of the process waits for it. A pipe whose reader has
gone, a terminal that was closed, a full disk: the screen is gone from then on and says why.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import select
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TextIO, TypeVar

from adapters.console.harmless import encodable

T = TypeVar("T")


def wants_colour(output: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether ``output`` is a terminal that may be coloured: NO_COLOR (https://no-color.org) and TERM=dumb say no."""
    return output.isatty() and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"


class Screen:
    """Text out to ``output``. ``gone`` is set, and ``reason`` says why, once nothing can be written any more."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._encoding = output.encoding or "utf-8"
        try:
            self._descriptor: int | None = output.fileno()
        except (OSError, ValueError):
            self._descriptor = None
        self.gone = asyncio.Event()
        self.reason = ""

    @property
    def columns(self) -> int | None:
        """The terminal's width now; None when the output is no terminal, so that nothing is wrapped there."""
        if self._descriptor is None:
            return None
        try:
            return os.get_terminal_size(self._descriptor).columns or 80
        except OSError:
            return None

    async def write(self, text: str, then: Callable[[], None] | None = None) -> None:
        """Write all of ``text``, then call ``then``; returns after that. Raises OSError, then and ever after.

        ``then`` is called as soon as the system has taken everything, on the thread that wrote it: it waits for no turn
        of the event loop, and comes about also where nobody waits for ``write`` any more. It is to be quick. What it
        raises is raised, and says nothing about the screen.
        """
        if self.gone.is_set():
            raise BrokenPipeError(self.reason)
        error = await _apart(partial(self._put, encodable(text, self._encoding), then))
        if error is not None:
            self.lose(error)
            raise BrokenPipeError(self.reason) from error

    def lose(self, error: Exception) -> None:
        """Write nothing any more, because of ``error``; the first reason stays."""
        if not self.gone.is_set():
            self.reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            self.gone.set()

    def _put(self, content: str, then: Callable[[], None] | None) -> OSError | ValueError | None:
        """Returns what kept the output from taking everything."""
        try:
            if self._descriptor is None:
                self._output.write(content)
                self._output.flush()
            else:
                self._output.flush()
                _write(self._descriptor, content.encode(self._encoding, errors="replace"))
        except (OSError, ValueError) as error:
            return error
        if then is not None:
            then()
        return None


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        try:
            left = left[os.write(descriptor, left) :]
        except BlockingIOError:
            # Somebody else made this terminal or pipe non-blocking; the flag is shared with us.
            writable = select.poll()
            writable.register(descriptor, select.POLLOUT)
            writable.poll()


async def _apart(work: Callable[[], T]) -> T:
    """Run ``work`` on a daemon thread of its own: an executor's threads are waited for at exit, this is not."""
    worked: concurrent.futures.Future[T] = concurrent.futures.Future()
    # Whoever stops waiting does not keep it from ending.
    worked.set_running_or_notify_cancel()

    def run() -> None:
        try:
            worked.set_result(work())
        except BaseException as error:  # noqa: BLE001 – handed to the one who waits
            worked.set_exception(error)

    threading.Thread(target=run, name="console-output", daemon=True).start()
    return await asyncio.wrap_future(worked)
