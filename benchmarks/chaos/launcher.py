"""The program with a bomb in it: `python -m benchmarks.chaos.launcher`, orders on standard input.

For each order (``benchmarks.chaos.orders``) the program runs once, forked from this process, which has imported all of
it and done nothing else: a start then takes a fraction of what importing takes. Two lines answer an order: the process
id at the start, the exit status at the end (negative: the signal).

What is wrapped, in the child alone:

- ``SqliteStore``'s methods of ``bot.ports.Store`` and ``Commits._commit``, the one place where transactions commit: to
  know whose commit it is, and to die before or after it. Several methods may share one.
- ``SystemClock``: fast time, and its jumps. Waits of arXiv's client, the poll's neighbours in ``bot.schedule``,
  SQLite's patience and Discord's patience for further servers are shortened likewise.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

import bot.app.assembly
import bot.schedule
import storage.sqlite.database
from adapters.arxiv import ArxivSource
from adapters.discord import DiscordChat
from adapters.email import EmailChat
from adapters.slack import SlackChat
from benchmarks.chaos.orders import AFTER, BEFORE, Order
from bot import cli
from bot.app import service
from bot.app.running import favour_the_loop
from bot.clock import SystemClock
from bot.ports import Store
from bot.similar import Relatives
from storage.sqlite import SqliteStore
from storage.sqlite.commits import Commits
from storage.sqlite.database import Database

IMPORTED = (DiscordChat, EmailChat, SlackChat, service)
"""Loaded here, so that no life of the program has to."""

_STREAMING = "queries"
"""The only method that commits and is no coroutine."""

_method: ContextVar[str] = ContextVar("method", default="")


class Bomb:
    """Notes whose transactions commit, and kills the process at the chosen one."""

    def __init__(self, order: Order) -> None:
        self._notes = os.open(order.notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._strike = order.strike
        self._committed: Counter[str] = Counter()
        self.done: list[tuple[str, int]] = []  # and not committed yet

    def worked(self, method: str) -> None:
        """What ``method`` did is about to be committed."""
        self._committed[method] += 1
        if self._committed[method] == 1:
            self._note(f"wrote {method}")
        self.done.append((method, self._committed[method]))
        self.passes(method, BEFORE, self._committed[method])

    def passes(self, method: str, side: str, number: int) -> None:
        """The write ``number`` of ``method`` is about to be committed, or was."""
        if self._strike == (method, side, number):
            self._note(f"struck {method} {side}")
            os.kill(os.getpid(), signal.SIGKILL)

    def _note(self, text: str) -> None:
        os.write(self._notes, f"{text}\n".encode())


class _Named:
    """A piece of work for the store's thread that knows which method it belongs to."""

    def __init__(self, bomb: Bomb, method: str, work: Callable[[Any], Any]) -> None:
        self._method = method
        self._bomb = bomb
        self._work = work

    def __call__(self, db: Any) -> Any:
        result = self._work(db)
        self._bomb.worked(self._method)
        return result


def wrap(owner: object, name: str, replacement: object) -> None:
    """Put something in the place of what ``owner`` has by that name."""
    assert hasattr(owner, name)
    setattr(owner, name, replacement)


def arm(bomb: Bomb) -> None:
    """Wrap the store."""
    write, commit = Database.write, Commits._commit

    def named(method: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def known(*arguments: Any, **more: Any) -> Any:
            token = _method.set(method)
            try:
                return await function(*arguments, **more)
            finally:
                _method.reset(token)

        return known

    async def writing(self: Database, work: Callable[[Any], Any], *, apart: bool = False) -> Any:
        return await write(self, _Named(bomb, _method.get() or _STREAMING, work), apart=apart)

    def committing(self: Commits, db: Any) -> None:
        done, bomb.done = bomb.done, []
        commit(self, db)
        for method, number in done:
            bomb.passes(method, AFTER, number)

    for port in Store.__mro__:
        for name, declared in vars(port).items():
            function = getattr(SqliteStore, name, None)
            if inspect.iscoroutinefunction(declared) and function is not None:
                wrap(SqliteStore, name, named(name, function))
    wrap(Database, "write", writing)
    wrap(Commits, "_commit", committing)


async def no_index(_: Relatives) -> None:
    """The index of similar papers, which can be made anew at any time, is not made: that takes longer than a life."""


def hurry(order: Order) -> None:
    """Let the program live in fast time."""
    hours, times, started = order.hours, order.hours.times, time.monotonic()

    def wrong_by() -> float:
        passed = time.monotonic() - started
        return next((by for at, by in reversed(order.jumps) if at <= passed), 0.0)

    def now(_: SystemClock) -> datetime:
        return datetime.fromtimestamp(hours.seconds() + wrong_by(), UTC)

    def monotonic(_: SystemClock) -> timedelta:
        return timedelta(seconds=time.monotonic() * times)

    async def sleep(_: SystemClock, seconds: float) -> None:
        await asyncio.sleep(seconds / times)

    wrap(SystemClock, "now", now)
    wrap(SystemClock, "monotonic", monotonic)
    wrap(SystemClock, "sleep", sleep)
    hurried = functools.partial(
        ArxivSource,
        monotonic=lambda: time.monotonic() * times,
        sleep=lambda seconds: time.sleep(seconds / times),
        timeout=(2.0, 2.0),
    )
    wrap(bot.app.assembly, "ArxivSource", hurried)
    bot.schedule.BEAT = timedelta(seconds=1)
    bot.schedule.HOUSEKEEPING_DELAY = timedelta(seconds=0.3 if order.housekeeping else 3600)
    storage.sqlite.database.BUSY_SECONDS = 0.5
    wrap(Relatives, "refresh", no_index)
    assert DiscordChat.__init__.__kwdefaults__ is not None
    DiscordChat.__init__.__kwdefaults__["guild_patience"] = 0.1


def live(order: Order) -> int:
    """One life, from the command line on."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.environ.clear()
    os.environ.update(order.environment)
    arm(Bomb(order))
    hurry(order)
    return cli.main(order.arguments)


def main() -> None:
    favour_the_loop()
    for line in sys.stdin:
        order = Order.read(line)
        child = os.fork()
        if child == 0:
            status = 70
            try:
                status = live(order)
            except BaseException:  # noqa: BLE001  the fork must not go on as a launcher
                traceback.print_exc()
            finally:
                os._exit(status)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, ended = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(ended)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
