"""From the outbox to the platforms: each post once.

A post's intent is committed before it is sent (``claim``), and its outcome after; ``bot.outcome`` decides what an
attempt means. Whatever instant the process dies at, the store then says one of:

- ``pending``: not attempted, or known not to be there. It is sent.
- ``sending``: perhaps sent. At the next start it becomes uncertain and is looked up on the platform: found, it was
  sent; absent, and the process that might still be sending it dead for the platform's settling time, it is sent again.
- ``sent`` or ``dead``: settled.

One post at a time in a channel, since the store hands out no other while one is open, so that order holds and one
uncertain post keeps its channel waiting, and no other channel. Platforms have separate limits for posts under way: one
that hangs keeps no other from its work.

The dispatcher works in rounds: compose what is due, look up what is uncertain, claim and send. A round starts when
``wake`` is called, when a post was finished, when the next attempt is due, and with each minute of the clock.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from bot.after_restore import Held, nobody_held
from bot.composing import Composer, Propose
from bot.courier import Courier
from bot.errors import StoreError
from bot.measuring import NoMeter
from bot.models import ChannelRef
from bot.pacing import within
from bot.ports import Chat, Clock, Meter, Store
from bot.supervision import LONGEST_PAUSE, SHORTEST_PAUSE, report
from bot.weekly_top import Rated, WeeklyTops
from bot.wording import count

logger = logging.getLogger(__name__)

# A process is to stop within five seconds; the polls and the platforms need some of them.
GRACE = 3.0


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain did: posts composed, sent and given up; ``next_attempt``: when what is left is tried again."""

    composed: int
    sent: int
    dead: int
    next_attempt: datetime | None


class Dispatcher:
    """Delivers through ``chats``, which have been started. ``random`` spreads retries; ``rated`` is for weekly tops,
    ``propose`` and ``held`` as in Composer."""

    def __init__(
        self,
        store: Store,
        chats: Sequence[Chat],
        clock: Clock,
        *,
        random: Random,
        rated: Rated | None = None,
        propose: Propose | None = None,
        held: Held = nobody_held,
        meter: Meter | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._couriers = [Courier(store, chat, clock, random, self.wake, meter=meter or NoMeter()) for chat in chats]
        limits = {chat.platform: chat.limits for chat in chats}
        self._composer = Composer(store, limits, clock, propose=propose, held=held)
        self._tops = WeeklyTops(store, limits, clock, rated=rated, held=held)
        self._platforms = [chat.platform for chat in chats]
        self._awake = asyncio.Event()
        self._begun: datetime | None = None
        self._running = False
        self._stopping = asyncio.Event()
        self._said = (0, 0)

    @property
    def sent(self) -> int:
        """The posts that have been sent so far."""
        return self._counts()[0]

    def wake(self) -> None:
        """Something may be due: start a round now. To be called in the event loop."""
        self._awake.set()

    async def run(self) -> None:
        """Deliver until ``stop`` or cancelled, then let what is under way finish. A StoreError is waited out.

        Anything else that is raised is a defect; ``run`` may then be called again.
        """
        self._running = True
        failures = SHORTEST_PAUSE
        try:
            while not self._stopping.is_set():
                self._awake.clear()
                try:
                    begun = self._clock.now()
                    await self._round()
                    self._say_what_went_out()
                    until = await self._next_round(begun)
                    failures = SHORTEST_PAUSE
                except StoreError as error:
                    report("Delivering", error)
                    until = self._clock.now() + timedelta(seconds=failures)
                    failures = min(failures * 2, LONGEST_PAUSE)
                await self._wait(until, _set(self._awake))
        finally:
            await self._finish(GRACE)
            self._say_what_went_out()
            self._begun = None
            self._running = False

    async def stop(self, grace: float = GRACE) -> None:
        """Claim nothing more; give what is under way ``grace`` seconds, then cut it off: the next start looks it up.

        ``run`` and ``drain`` return as well.
        """
        self._stopping.set()
        self.wake()
        await self._finish(grace)

    async def drain(
        self, refs: Iterable[ChannelRef] | None = None, *, everything: bool = False, patience: float = 90.0
    ) -> Drained:
        """Compose what is due (or what waits in ``refs``, or everywhere) and send until nothing is left to do.

        Posts whose turn comes within ``patience`` seconds, and each time again when one was sent, are waited for;
        others are left. ``everything`` leaves out channels that are paused or off. Raises StoreError.
        """
        end = self._clock.now() + timedelta(seconds=patience)
        sent, dead = before, _ = self._counts()
        try:
            begun = await self._begin()
            if refs is not None:
                composed = await self._composer.chosen(refs)
            else:
                composed = await (self._composer.everything() if everything else self._composer.due())
                composed += await self._tops.due()
            while not self._stopping.is_set():
                round_begun = self._clock.now()
                if self.sent > before:
                    before, end = self.sent, round_begun + timedelta(seconds=patience)
                started = await self._start(begun)
                under_way = self._under_way()
                moment = await self._next_attempt(round_begun)
                if under_way:
                    await self._wait(moment, _first(under_way))
                elif not started:
                    if moment is None or moment > end:
                        break
                    await self._wait(moment, _set(self._stopping))
            now_sent, now_dead = self._counts()
            return Drained(composed, now_sent - sent, now_dead - dead, await self._store.next_attempt(self._platforms))
        finally:
            self._say_what_went_out()
            if not self._running:
                await self._finish(GRACE)
                self._begun = None

    async def _round(self) -> None:
        begun = await self._begin()

        async def send() -> bool:
            await self._start(begun)
            return not self._stopping.is_set()

        # Composing for all that are due at nine takes a while; what is ready must not wait for it.
        await self._composer.due(send)
        await self._tops.due(send)
        await send()

    async def _begin(self) -> datetime:
        """Once, before anything is sent: what an earlier process left half done has to be looked up."""
        if self._begun is None:
            if interrupted := await self._store.interrupted(self._platforms):
                logger.warning("%s cut off; each is looked up before anything is sent again.",
                               count(interrupted, "post was", "posts were"))  # fmt: skip
            self._begun = self._clock.now()
        return self._begun

    async def _start(self, begun: datetime) -> int:
        """Start what may be sent or looked up now; returns how much that is."""
        if self._stopping.is_set():
            return 0
        return sum([await courier.round(begun) for courier in self._couriers])

    async def _next_round(self, since: datetime) -> datetime:
        """The next full minute, when channels may be due, or the next attempt before that."""
        minute = since.replace(second=0, microsecond=0) + timedelta(minutes=1)
        attempt = await self._next_attempt(since)
        return minute if attempt is None else min(minute, attempt)

    async def _next_attempt(self, since: datetime) -> datetime | None:
        """The next moment at which a post may be tried or looked up that the round of ``since`` did not see yet.

        A post may have to wait for another one of its channel; that other one's moment is then known to the couriers.
        """
        moments = [courier.next_moment(since) for courier in self._couriers]
        moments.append(await self._store.next_attempt(self._platforms, since))
        return min((moment for moment in moments if moment is not None), default=None)

    async def _wait(self, until: datetime | None, event: Coroutine[object, object, None]) -> None:
        """Wait for the event, but no longer than until that moment."""
        if until is None:
            await event
            return
        with suppress(TimeoutError):
            await within(self._clock, (until - self._clock.now()).total_seconds(), event)

    def _counts(self) -> tuple[int, int]:
        return sum(courier.sent for courier in self._couriers), sum(courier.dead for courier in self._couriers)

    def _say_what_went_out(self) -> None:
        """One line for all posts of a stretch of work: with a line each, the log of a morning would be a book."""
        if self._under_way():
            return
        posts, papers = self._counts()[0], sum(courier.papers for courier in self._couriers)
        if posts > self._said[0]:
            logger.info(
                "Posted %s with %s.", count(posts - self._said[0], "message"), count(papers - self._said[1], "paper")
            )
        self._said = (posts, papers)

    def _under_way(self) -> set[asyncio.Task[None]]:
        return {task for courier in self._couriers for task in courier.under_way}

    async def _finish(self, grace: float) -> None:
        """Wait for what is under way, at most ``grace`` seconds; then cut it off."""
        if not (under_way := self._under_way()):
            return
        try:
            await within(self._clock, grace, _all(under_way))
        except TimeoutError:
            logger.warning("%s cut off; each is looked up at the next start.",
                           count(len(self._under_way()), "post was", "posts were"))  # fmt: skip
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)


async def _all(tasks: set[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks)


async def _first(tasks: set[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


async def _set(event: asyncio.Event) -> None:
    await event.wait()
