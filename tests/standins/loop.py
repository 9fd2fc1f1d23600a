"""An event loop of one thread, in which the same work always goes the same way.

What is handed to a thread (``run_in_executor``, ``asyncio.to_thread``) is done by the loop itself, so many turns later:
how fast a thread or a disk is decides nothing. Each executor does one thing after the other, in the order given.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import cycle, repeat
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], Any]
    future: asyncio.Future[Any]

    def do(self) -> None:
        """What was given up before its turn is not begun, as by an executor."""
        if self.future.done():
            return
        try:
            self.future.set_result(self.work())
        except BaseException as error:  # noqa: BLE001  it belongs to whoever waits
            self.future.set_exception(error)


class OneThreadLoop(asyncio.SelectorEventLoop):
    """``paces``: after how many turns of the loop the next jobs are done, over and over again; 0 is at once."""

    def __init__(self) -> None:
        super().__init__()
        self._paces: Iterator[int] = repeat(0)
        self._jobs: dict[Executor | None, deque[_Job]] = {}

    def pace(self, turns: Sequence[int]) -> None:
        """The jobs from now on take so many turns each, over and over again; none: at once."""
        self._paces = cycle(turns) if turns else repeat(0)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        jobs = self._jobs.setdefault(executor, deque())
        jobs.append(_Job(lambda: func(*args), future))
        if len(jobs) == 1:
            self._after(next(self._paces), executor)
        return future

    def _after(self, turns: int, executor: Executor | None) -> None:
        if turns > 0:
            self.call_soon(self._after, turns - 1, executor)
            return
        jobs = self._jobs[executor]
        jobs[0].do()
        jobs.popleft()
        if jobs:
            self._after(next(self._paces), executor)
        else:
            del self._jobs[executor]
