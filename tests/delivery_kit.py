"""Channels that are owed papers, and ways to let a process die at a chosen instant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from datetime import datetime
from random import Random
from typing import Any, TypeVar, cast

from bot.courier import FIND_TIMEOUT, SEND_TIMEOUT
from bot.delivery import Dispatcher
from bot.models import Batch, Channel, ChannelRef, Cursor, Layout, Post, QueryBlock
from bot.ports import Chat, Store
from bot.query import Query
from tests.factories import ANN, CHANNEL, make_paper
from tests.standins.chat import MemoryChat
from tests.standins.clock import FakeClock
from tests.store_kit import record

T = TypeVar("T")
OTHER = ChannelRef("console", "local", "other")
# Of another workspace.
AWAY = ChannelRef("console", "away", "terminal")


class DrivenClock(FakeClock):
    """A FakeClock that waits for somebody to sleep, and that can be moved on while something runs."""

    def __init__(self) -> None:
        super().__init__()
        self._limits = 0
        self._busy = 0
        self._stirred = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        limit = seconds in (SEND_TIMEOUT, FIND_TIMEOUT)
        self._limits += limit
        self._stirred.set()
        try:
            await super().sleep(seconds)
        finally:
            self._limits -= limit
            self._stirred.set()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Something is under way meanwhile that no clock waits for: time stands still."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._stirred.set()

    async def rest(self) -> None:
        """Wait until somebody sleeps, and so has nothing else to do."""
        while not self._soonest():
            await self.settle(1)

    async def drive(self, work: Coroutine[Any, Any, T], *, told: bool = False) -> T:
        """Run ``work``, moving on to the next sleeper's moment whenever nothing is being sent or looked up.

        ``told``: all that takes real time in it is said to be ``working``. Time then stands still meanwhile, so that
        the same work always takes the same time; else the work is given a moment before time moves on.
        """
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._stirred.set())
        while not task.done():
            if told:
                await self._stirred.wait()
                self._stirred.clear()
                if not self._idle():
                    continue
                await self.settle()
            if self._idle() and (soonest := self._soonest()):
                await self.advance((soonest - self.now()).total_seconds())
                self._stirred.set()
            if not told:
                # Meanwhile the store's thread gets on: spinning here would take the processor from it.
                await asyncio.wait({task}, timeout=0.001)
        return task.result()

    def _idle(self) -> bool:
        return not self._limits and not self._busy

    def _soonest(self) -> datetime | None:
        return min((moment for moment, _, future in self._sleepers if not future.done()), default=None)


async def watch(
    store: Store,
    clock: FakeClock,
    ref: ChannelRef = CHANNEL,
    *,
    schedule: str = "instant UTC",
    layout: Layout = Layout.DIGEST,
    next_due: datetime | None = None,
    query: str = "delivery",
) -> None:
    """A channel that watches "delivery", in an archive that knows its last listing day."""
    if await store.cursor() is None:
        await announce(store, clock, 1, title="Something else")
    await store.open_channel(Channel(ref, ref.channel, schedule, layout, clock.now(), next_due))
    await store.add_watch(ref, Query.parse(f"ti:{query}"), f"ti:{query}", ANN, clock.now(), most=100)


async def announce(store: Store, clock: FakeClock, *numbers: int, title: str = "A study of delivery") -> None:
    """Papers of that title are announced and match every watch on a word of it."""
    papers = tuple(make_paper(f"2603.{number:05}", title=title) for number in sorted(numbers))
    matches: dict[int, list[str]] = {}
    if "delivery" in title:
        async for block in store.queries():
            matches |= {query: [paper.id for paper in papers] for query in block.numbers}
    await record(store, Batch(papers, Cursor(f"at {max(numbers)}"), announced=len(papers)), matches, clock.now())


def make_dispatcher(store: Store, clock: FakeClock, *chats: Chat, seed: int = 1) -> Dispatcher:
    return Dispatcher(store, chats, clock, random=Random(seed))


@asynccontextmanager
async def running(dispatcher: Dispatcher) -> AsyncIterator[asyncio.Task[None]]:
    """A dispatcher that runs meanwhile and is stopped afterwards."""
    task = asyncio.create_task(dispatcher.run())
    try:
        yield task
    finally:
        await dispatcher.stop(grace=0)
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for the store to say so; each question goes through the store's own thread, behind what is being written."""
    while not await condition():
        pass


class Crash(BaseException):
    """The process dies here."""


class Fuse:
    """Counts the instants at which a process can die; at the ``last`` it dies, and nothing gets through any more.

    Where ``doing`` is named, only instants of that name are counted towards the last.
    """

    def __init__(self, last: int | None = None, doing: str = "") -> None:
        self.last = last
        self.instants = 0
        self._doing = doing
        self._met = 0
        self._dead = False

    def burn(self, doing: str) -> None:
        self.instants += 1
        self._met += self._doing in ("", doing)
        self._dead = self._dead or (self.last is not None and self._met >= self.last)
        if self._dead:
            raise Crash


def at_boundary(
    store: Store, before: Callable[[str], object], after: Callable[[str], object], clock: DrivenClock | None = None
) -> Store:
    """The real store, with ``before`` and ``after`` called with each method's name around its work.

    ``clock`` is told while there is work.
    """
    working = nullcontext if clock is None else clock.working

    class Boundary:
        def __getattr__(self, name: str) -> object:
            method = getattr(store, name)

            async def call(*args: object, **named: object) -> object:
                before(name)
                with working():
                    result = await method(*args, **named)
                after(name)
                return result

            return call

        async def queries(self, batch: int = 20_000, **named: int) -> AsyncIterator[QueryBlock]:
            before("queries")
            async for block in store.queries(batch, **named):
                after("queries")
                yield block
                before("queries")

    return cast(Store, Boundary())


def shown(chat: MemoryChat, ref: ChannelRef = CHANNEL) -> list[Post]:
    """What a channel was shown, in order."""
    return [message.post for message in chat.messages if message.ref.channel == ref]
