"""From what is owed to what is to be posted: the channels whose time has come get their posts into the outbox.

A channel with nothing waiting is moved on to its next time in silence. After downtime there is one digest with all that
waited, since what is composed is whatever waits now. What cannot be stored because a delivery changed meanwhile (a
watch ended, somebody else composed) is composed anew.

While papers are being fanned out, channels whose time comes wait for them, though no longer than ``PATIENCE``: a digest
has the papers of an announcement together. What is composed is in any case made of papers that are settled, and its
receipt counts just their announcements.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.after_restore import Held, nobody_held
from bot.channel_schedule import Schedule, ScheduleKind
from bot.digest import compose
from bot.errors import CommandError
from bot.models import Channel, ChannelRef, Layout, PostLimits, Similar
from bot.pacing import within
from bot.ports import Clock, Store
from bot.supervision import report
from bot.taking_turns import each_due
from bot.wording import channel_text, count

logger = logging.getLogger(__name__)

# The rest follows at once.
MOST_PAPERS = 10_000
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

    async def due(self) -> int:
        """Compose for every channel whose time has come; returns the number of posts. Raises StoreError."""
        # A channel with more than one go's worth of papers is due again at once; its turn is the next round's.
        return await each_due(self._due, self.channel)

    async def chosen(self, refs: Iterable[ChannelRef]) -> int:
        """Compose for these channels whatever their schedule; the unknown and the paused are left out."""
        posts = 0
        for ref in refs:
            channel = await self._store.channel(ref)
            if channel is not None and not channel.paused:
                posts += await self.channel(channel)
        return posts

    async def everything(self) -> int:
        """Compose for all channels before their time, save those that are paused or off."""
        posts = 0
        for platform in self._limits:
            for channel in await self._store.channels(platform):
                if not channel.paused and _kind(channel) != ScheduleKind.OFF:
                    posts += await self.channel(channel)
        return posts

    async def _due(self, most: int) -> Sequence[Channel]:
        now = self._clock.now() - (PATIENCE if await self._store.fanning_out() else timedelta())
        return await self._store.due_channels(tuple(self._limits), now, most)

    async def channel(self, channel: Channel) -> int:
        """Compose what waits for a channel and move it on; returns the number of posts. Raises StoreError."""
        limits = self._limits.get(channel.ref.platform)
        if limits is None or self._held(channel.ref) is not None:
            return 0
        for _ in range(_TRIES):
            receipt, poll = await self._store.receipt(channel.ref)
            deliveries = await self._store.waiting(channel.ref, self._most, settled=True)
            if await self._store.receipt(channel.ref) != (receipt, poll):
                continue  # papers came in between, with numbers that the receipt does not count
            proposals = await self._proposals(channel) if 0 < len(deliveries) < self._most else ()
            now = self._clock.now()
            posts = await asyncio.to_thread(compose, channel, deliveries, receipt, limits, now, proposals=proposals)
            # Composing takes a moment, in which a member may have changed the channel.
            current = await self._store.channel(channel.ref)
            if current is None or current.paused:
                return 0
            channel = current
            try:
                next_due = Schedule.from_canonical(channel.schedule).next_after(now)
            except CommandError as error:
                await self._pause(channel.ref, error, now)
                return 0
            if not posts:
                await self._store.set_due(channel.ref, next_due)
                return 0
            if len(deliveries) >= self._most:
                next_due = now
            if await self._store.put_posts(channel.ref, posts, receipted=poll, next_due=next_due, now=now):
                await self._follow(channel, now)
                logger.debug("Composed %s for %s.", count(len(deliveries), "paper"), channel_text(channel.ref))
                return len(posts)
        return 0

    async def _proposals(self, channel: Channel) -> Sequence[Similar]:
        if self._propose is None or not channel.similar or channel.layout is Layout.CARDS:
            return ()
        try:
            return await within(self._clock, _PROPOSING, self._propose(channel))
        except Exception as error:  # noqa: BLE001  whatever it is, the digest has to go out
            report("Proposing similar papers", error)
            return ()

    async def _follow(self, channel: Channel, now: datetime) -> None:
        """Let a schedule count that was set while the posts of ``channel`` were being stored."""
        current = await self._store.channel(channel.ref)
        if current is not None and current.schedule != channel.schedule:
            await self._store.set_due(channel.ref, Schedule.from_canonical(current.schedule).next_after(now))

    async def _pause(self, ref: ChannelRef, error: CommandError, now: datetime) -> None:
        reason = f"Its schedule cannot be read: {error.message} Set it anew with `schedule daily 09:00`, then `resume`."
        await self._store.set_paused(ref, reason, None, now)
        logger.warning("Paused %s. %s", channel_text(ref), reason)


def _kind(channel: Channel) -> str:
    return channel.schedule.partition(" ")[0]
