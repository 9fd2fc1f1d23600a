"""From what is owed to what is to be posted: the channels whose time has come get their posts into the outbox.

A channel with nothing waiting is moved on to its next time in silence. After downtime there is one digest with all that
waited, since what is composed is whatever waits now. What cannot be stored because something changed meanwhile (a watch
ended, the schedule is another, somebody else composed) is composed anew.

Tens of thousands of channels share nine o'clock. They are composed in slices, and a slice in portions of channels that
do not have too many papers together: what a portion is owed is read in one go, composed in a thread and stored in one
transaction; a channel is never divided. So a command that comes in the middle hardly notices, and ``due`` lets its
caller work between two slices. Channels that post instantly come first in each.

While papers are being fanned out, channels whose time comes wait for them, though no longer than ``PATIENCE``: a digest
has the papers of an announcement together. What is composed is in any case made of papers that are settled, and its
receipt counts just their announcements.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.after_restore import Held, nobody_held
from bot.channel_schedule import Schedule, ScheduleKind
from bot.digest import compose
from bot.errors import CommandError
from bot.models import Channel, ChannelRef, Composed, Layout, PostLimits, Similar, Waiting
from bot.pacing import within
from bot.paper_caches import empty_caches
from bot.ports import Clock, Store
from bot.supervision import report
from bot.taking_turns import Between, each_due, go_on
from bot.wording import channel_text, count

logger = logging.getLogger(__name__)

# The rest follows at once.
MOST_PAPERS = 10_000
# Channels that are found due in one go.
SLICE = 400
# Papers up to which channels are read, composed and stored together.
AT_ONCE = 1_500
_TRIES = 3
_PROPOSING = 20.0
PATIENCE = timedelta(minutes=5)

Propose = Callable[[Channel], Coroutine[Any, Any, Sequence[Similar]]]
"""What may end a channel's digest: papers that are neither owed to it nor posted."""


class Composer:
    """Composes for the channels of the platforms in ``limits``, at most ``most`` papers in one go.

    ``propose`` is asked for channels that want it; what goes wrong there costs the digest no more than its proposals.
    Nothing is composed for a channel that is ``held``.
    """

    def __init__(
        self,
        store: Store,
        limits: Mapping[str, PostLimits],
        clock: Clock,
        *,
        most: int = MOST_PAPERS,
        propose: Propose | None = None,
        held: Held = nobody_held,
    ) -> None:
        self._store = store
        self._held = held
        self._propose = propose
        self._limits = limits
        self._clock = clock
        self._most = most

    async def due(self, between: Between = go_on) -> int:
        """Compose for every channel whose time has come; returns the number of posts. Raises StoreError.

        ``between`` has its turn after each slice.
        """

        async def compose(channels: Sequence[Channel]) -> int:
            return await self._slice([channel.ref for channel in channels], by_clock=True)

        try:
            return await each_due(self._due, compose, at_once=SLICE, between=between)
        finally:
            empty_caches()

    async def chosen(self, refs: Iterable[ChannelRef]) -> int:
        """Compose for these channels whatever their schedule; the unknown and the paused are left out."""
        try:
            return await self._slices(list(refs))
        finally:
            empty_caches()

    async def everything(self) -> int:
        """Compose for all channels before their time, save those that are paused or off."""
        known = [channel for platform in self._limits for channel in await self._store.channels(platform)]
        return await self.chosen(channel.ref for channel in known if _kind(channel) != ScheduleKind.OFF)

    async def _due(self, most: int) -> Sequence[Channel]:
        now = self._clock.now() - (PATIENCE if await self._store.fanning_out() else timedelta())
        return await self._store.due_channels(tuple(self._limits), now, most)

    async def _slices(self, refs: Sequence[ChannelRef]) -> int:
        return sum([await self._slice(refs[at : at + SLICE]) for at in range(0, len(refs), SLICE)])

    async def _slice(self, refs: Sequence[ChannelRef], *, by_clock: bool = False) -> int:
        """Compose for some channels and move them on; returns the number of posts."""
        posts = 0
        for _ in range(_TRIES):
            changed: list[ChannelRef] = []
            async for waiting in self._portions(refs):
                digests = await self._composed(waiting, by_clock=by_clock)
                stored = await self._store.put_digests(digests, self._clock.now()) if digests else []
                kept = [digest for digest, done in zip(digests, stored, strict=True) if done]
                changed += [digest.channel.ref for digest, done in zip(digests, stored, strict=True) if not done]
                posts += sum(len(digest.posts) for digest in kept)
                _log(kept)
            refs = changed
            if not refs:
                break
        return posts

    async def _portions(self, refs: Sequence[ChannelRef]) -> AsyncIterator[Sequence[Waiting]]:
        """What waits in the channels that may be posted to, in portions to be composed and stored together."""
        free = [ref for ref in refs if ref.platform in self._limits and self._held(ref) is None]
        while free:
            waiting, passed = await self._store.all_waiting(free, self._most, AT_ONCE)
            free = free[passed:]
            if waiting:
                yield waiting

    async def _composed(self, waiting: Sequence[Waiting], *, by_clock: bool) -> list[Composed]:
        """What is to be stored. A channel whose schedule cannot be read is paused instead."""
        proposals = {each.channel.ref: await self._proposals(each) for each in waiting if each.channel.similar}
        now = self._clock.now()
        composed = await asyncio.to_thread(self._compose, waiting, proposals, now, by_clock=by_clock)
        digests: list[Composed] = []
        for each, made in zip(waiting, composed, strict=True):
            if isinstance(made, CommandError):
                await self._pause(each.channel.ref, made, now)
            else:
                digests.append(made)
        return digests

    def _compose(
        self,
        waiting: Sequence[Waiting],
        proposals: Mapping[ChannelRef, Sequence[Similar]],
        now: datetime,
        *,
        by_clock: bool,
    ) -> list[Composed | CommandError]:
        """Runs in a thread, and touches nothing that others change."""
        following = {schedule: _following(schedule, now) for schedule in {each.channel.schedule for each in waiting}}
        made: list[Composed | CommandError] = []
        for each in waiting:
            channel = each.channel
            limits = self._limits[channel.ref.platform]
            next_due = following[channel.schedule]
            if isinstance(next_due, CommandError):
                made.append(next_due)
                continue
            if len(each.deliveries) >= self._most:
                next_due = now
            proposed = proposals.get(channel.ref, ())
            posts = compose(channel, each.deliveries, each.receipt, limits, now, proposals=proposed)
            bulk = by_clock and _kind(channel) != ScheduleKind.INSTANT
            made.append(Composed(channel, tuple(posts), each.poll, next_due, bulk))
        return made

    async def _proposals(self, waiting: Waiting) -> Sequence[Similar]:
        channel = waiting.channel
        if self._propose is None or not channel.similar or channel.layout is Layout.CARDS:
            return ()
        if not 0 < len(waiting.deliveries) < self._most:
            return ()
        try:
            return await within(self._clock, _PROPOSING, self._propose(channel))
        except Exception as error:  # noqa: BLE001  whatever it is, the digest has to go out
            report("Proposing similar papers", error)
            return ()

    async def _pause(self, ref: ChannelRef, error: CommandError, now: datetime) -> None:
        reason = f"Its schedule cannot be read: {error.message} Set it anew with `schedule daily 09:00`, then `resume`."
        await self._store.set_paused(ref, reason, None, now)
        logger.warning("Paused %s. %s", channel_text(ref), reason)


def _following(schedule: str, now: datetime) -> datetime | CommandError | None:
    """The schedule's next moment, or why it cannot be read."""
    try:
        return Schedule.from_canonical(schedule).next_after(now)
    except CommandError as error:
        return error


def _log(digests: Sequence[Composed]) -> None:
    made = [digest for digest in digests if digest.posts]
    if made:
        papers = sum(len(post.entries) for digest in made for post in digest.posts if post.thread_of is None)
        where = channel_text(made[0].channel.ref) if len(made) == 1 else count(len(made), "channel")
        logger.debug("Composed %s for %s.", count(papers, "paper"), where)


def _kind(channel: Channel) -> str:
    return channel.schedule.partition(" ")[0]
