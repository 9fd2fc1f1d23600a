"""From what is owed to what is to be posted: the channels whose time has come get their posts into the outbox.

A channel with nothing waiting is moved on to its next time in silence. After downtime there is one digest with all that
waited, since what is composed is whatever waits now. What cannot be stored because something changed meanwhile (a watch
ended, the schedule is another, somebody else composed) is composed anew.

Tens of thousands of channels share nine o'clock. They are composed in slices: what a slice of them is owed is read in
one go, composed in one thread, and stored in one transaction. A slice is small enough that a command that comes in the
middle does not notice, and ``due`` lets its caller work between two of them. Channels that post instantly come first
in each slice. A channel with more than a few papers is composed by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.channel_schedule import Schedule, ScheduleKind
from bot.digest import compose
from bot.errors import CommandError
from bot.models import Channel, ChannelRef, Composed, Layout, Owed, PostLimits, Similar
from bot.pacing import within
from bot.ports import Clock, Store
from bot.supervision import report
from bot.wording import channel_text, count

logger = logging.getLogger(__name__)

# The rest follows at once.
MOST_PAPERS = 10_000
# Channels composed in one go, and how many papers each of them has at most.
SLICE = 50
FEW_PAPERS = 40
_TRIES = 3
_PATIENCE = 20.0

Propose = Callable[[Channel], Coroutine[Any, Any, Sequence[Similar]]]
"""What may end a channel's digest: papers that are neither owed to it nor posted."""


class Composer:
    """Composes for the channels of the platforms in ``limits``, at most ``most`` papers in one go.

    ``propose`` is asked for channels that want it; what goes wrong there costs the digest no more than its proposals.
    """

    def __init__(
        self,
        store: Store,
        limits: Mapping[str, PostLimits],
        clock: Clock,
        *,
        most: int = MOST_PAPERS,
        propose: Propose | None = None,
    ) -> None:
        self._store = store
        self._propose = propose
        self._limits = limits
        self._clock = clock
        self._most = most

    async def due(self, between: Callable[[], Awaitable[bool]] | None = None) -> int:
        """Compose for every channel whose time has come; returns the number of posts. Raises StoreError.

        ``between`` is called after each slice; when it says False, the rest is left for another time.
        """
        posts = 0
        # What is due again at once, having more than one go's worth of papers, has its turn in the next round.
        still_due: set[ChannelRef] = set()
        platforms = tuple(self._limits)
        while channels := await self._store.due_channels(platforms, self._clock.now(), len(still_due) + SLICE):
            fresh = [channel.ref for channel in channels if channel.ref not in still_due]
            if not fresh:
                break
            posts += await self._slice(fresh, by_clock=True, left=still_due)
            if between is not None and not await between():
                break
        return posts

    async def chosen(self, refs: Iterable[ChannelRef]) -> int:
        """Compose for these channels whatever their schedule; the unknown and the paused are left out."""
        return await self._slices(list(refs))

    async def everything(self) -> int:
        """Compose for all channels before their time, save those that are paused or off."""
        posts = 0
        for platform in self._limits:
            known = await self._store.channels(platform)
            posts += await self._slices([each.ref for each in known if _kind(each) != ScheduleKind.OFF])
        return posts

    async def _slices(self, refs: Sequence[ChannelRef]) -> int:
        return sum([await self._slice(refs[at : at + SLICE]) for at in range(0, len(refs), SLICE)])

    async def _slice(
        self, refs: Sequence[ChannelRef], *, by_clock: bool = False, left: set[ChannelRef] | None = None
    ) -> int:
        """Compose for some channels and move them on; returns the number of posts. ``left`` gets those still due."""
        posts = 0
        full: set[ChannelRef] = set()
        for _ in range(_TRIES):
            changed: list[ChannelRef] = []
            async for owed in self._readings(refs):
                digests = await self._composed(owed, by_clock=by_clock)
                stored = await self._store.put_digests(digests, self._clock.now()) if digests else []
                kept = [digest for digest, done in zip(digests, stored, strict=True) if done]
                changed += [digest.channel.ref for digest, done in zip(digests, stored, strict=True) if not done]
                full.update(each.channel.ref for each in owed if len(each.deliveries) >= self._most)
                posts += sum(len(digest.posts) for digest in kept)
                _log(kept)
            refs = changed
            if not refs:
                break
        if left is not None:
            left.update(full, refs)
        return posts

    async def _readings(self, refs: Sequence[ChannelRef]) -> AsyncIterator[Sequence[Owed]]:
        """What the channels are owed, save those that are paused: all with few papers together, then one by one."""
        few = min(FEW_PAPERS, self._most)
        owed = await self._owed(refs, few)
        yield [each for each in owed if len(each.deliveries) < few]
        for each in owed:
            if len(each.deliveries) >= few:
                yield await self._owed([each.channel.ref], self._most)

    async def _owed(self, refs: Sequence[ChannelRef], most: int) -> list[Owed]:
        owed = await self._store.owed(refs, most)
        return [each for each in owed if not each.channel.paused and each.channel.ref.platform in self._limits]

    async def _composed(self, owed: Sequence[Owed], *, by_clock: bool) -> list[Composed]:
        """What is to be stored. A channel whose schedule cannot be read is paused instead."""
        proposals = {each.channel.ref: await self._proposals(each) for each in owed}
        now = self._clock.now()
        digests: list[Composed] = []
        for each, made in zip(owed, await asyncio.to_thread(self._compose, owed, proposals, now), strict=True):
            if isinstance(made, CommandError):
                await self._pause(each.channel.ref, made, now)
            else:
                digests.append(replace(made, bulk=by_clock and _kind(each.channel) != ScheduleKind.INSTANT))
        return digests

    def _compose(
        self, owed: Sequence[Owed], proposals: Mapping[ChannelRef, Sequence[Similar]], now: datetime
    ) -> list[Composed | CommandError]:
        """Runs in a thread, and touches nothing that others change."""
        following = {schedule: _following(schedule, now) for schedule in {each.channel.schedule for each in owed}}
        made: list[Composed | CommandError] = []
        for each in owed:
            channel = each.channel
            limits = self._limits[channel.ref.platform]
            next_due = following[channel.schedule]
            if isinstance(next_due, CommandError):
                made.append(next_due)
                continue
            if len(each.deliveries) >= self._most:
                next_due = now
            posts = compose(channel, each.deliveries, each.receipt, limits, now, proposals=proposals[channel.ref])
            made.append(Composed(channel, tuple(posts), each.poll, next_due))
        return made

    async def _proposals(self, owed: Owed) -> Sequence[Similar]:
        channel = owed.channel
        if self._propose is None or not channel.similar or channel.layout is Layout.CARDS:
            return ()
        if not 0 < len(owed.deliveries) < self._most:
            return ()
        try:
            return await within(self._clock, _PATIENCE, self._propose(channel))
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
        logger.info("Composed %s for %s.", count(papers, "paper"), where)


def _kind(channel: Channel) -> str:
    return channel.schedule.partition(" ")[0]
