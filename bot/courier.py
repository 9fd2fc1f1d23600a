"""One platform's posts under way: claimed, sent, looked up, and their outcomes written down.

``bot.outcome`` decides what an attempt means; this carries it out. An outcome that the store cannot take (disk full) is
kept and offered again until it can: it would otherwise be known to nobody. A post whose courier is cancelled before
that stays ``sending`` in the store, as after a crash, and is looked up at the next start.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

from bot.digest import post_key
from bot.errors import PaperrouteError, StoreError
from bot.mailing import MailSubscription, end_mirrors
from bot.measuring import lags
from bot.models import ChannelRef, OutboxItem, Post, PostKind
from bot.outcome import (
    NEVER,
    Again,
    Dead,
    LookUp,
    Outcome,
    Sent,
    Unknown,
    after_failing_to_look_up,
    after_looking_up,
    after_sending,
)
from bot.pacing import Pacer, within
from bot.ports import Chat, Clock, Meter, Store
from bot.supervision import LONGEST_PAUSE, SHORTEST_PAUSE, report
from bot.wording import channel_text, count, part_text

logger = logging.getLogger(__name__)
T = TypeVar("T")

# Discord's client alone may take 5 s to return after a message was stored, and an upload longer.
SEND_TIMEOUT = 120.0
FIND_TIMEOUT = 120.0
# Posts and look-ups under way at a time; one workspace whose platform hangs must not take the places of all others.
MOST_SENDING = 128
MOST_IN_A_WORKSPACE = 16
MOST_LOOKING_UP = 8
# Posts started in one go: rendering them holds up the event loop.
MOST_AT_ONCE = 8


class Courier:
    """Sends the posts of ``chat``'s platform. ``finished`` is called whenever a post or a look-up has ended.

    ``sent`` and ``dead`` count the outcomes, ``papers`` what was sent, cards below a digest left out.
    """

    def __init__(
        self, store: Store, chat: Chat, clock: Clock, random: Random, finished: Callable[[], None], *, meter: Meter
    ) -> None:
        self.chat = chat
        self._meter = meter
        self.sent = 0
        self.papers = 0
        self.dead = 0
        self._store = store
        self._clock = clock
        self._random = random
        self._finished = finished
        self._pacer = Pacer(clock)
        self._settling = timedelta(seconds=chat.limits.settle)
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._looking_up: dict[str, asyncio.Task[None]] = {}
        self._moments: list[datetime] = []
        self._defects: list[BaseException] = []
        self._waits: dict[str, Again] = {}

    @property
    def under_way(self) -> set[asyncio.Task[None]]:
        """The tasks of posts and look-ups that have not ended."""
        return {*self._sending.values(), *self._looking_up.values()}

    async def round(self, begun: datetime) -> int:
        """Start the look-ups and posts whose time has come; returns how many. Raises StoreError.

        ``begun``: when this process began to deliver; nothing was under way in an earlier one after that.
        """
        for defect in self._defects:
            self._defects = []
            raise defect
        platforms, now = (self.chat.platform,), self._clock.now()
        started = 0
        free = MOST_LOOKING_UP - len(self._looking_up)
        if free > 0:
            # Those under way are still uncertain in the store, and may come first.
            for item in await self._store.uncertain_posts(platforms, now, MOST_LOOKING_UP):
                if item.post.key not in self._looking_up and item.post.key not in self._sending and started < free:
                    self._start(self._looking_up, item.post.key, self._look_up(item, begun))
                    started += 1
        return started + await self._claim(platforms)

    async def _claim(self, platforms: Sequence[str]) -> int:
        """Start the posts whose turn it is; returns how many. Others have their turn when these have ended."""
        started = 0
        interval = self.chat.limits.workspace_interval
        # Where posts end as fast as they are claimed, this would go on for as long as any wait.
        while started < MOST_SENDING and (free := min(MOST_SENDING - len(self._sending), MOST_AT_ONCE)) > 0:
            items = await self._store.claim(
                platforms, self._clock.now(), free, interval=interval, most=MOST_IN_A_WORKSPACE
            )
            for item in items:
                self._start(self._sending, item.post.key, self._send(item))
            started += len(items)
            if len(items) < free:
                break
        return started

    def next_moment(self, since: datetime) -> datetime | None:
        """The next moment after ``since`` to which a post was put off."""
        while self._moments and self._moments[0] <= since:
            heapq.heappop(self._moments)
        return self._moments[0] if self._moments else None

    def _start(self, tasks: dict[str, asyncio.Task[None]], key: str, work: Coroutine[object, object, None]) -> None:
        def done(task: asyncio.Task[None]) -> None:
            del tasks[key]
            if not task.cancelled() and (defect := task.exception()):
                self._defects.append(defect)
            self._finished()

        tasks[key] = asyncio.create_task(work, name=f"post {key}")
        tasks[key].add_done_callback(done)

    async def _send(self, item: OutboxItem) -> None:
        post = item.post
        await self._pacer.turn(post.channel)
        if wait := self._wait(post.channel):
            await self._settle(item, wait)
            return
        outcome: Outcome
        try:
            message = await within(self._clock, SEND_TIMEOUT, self.chat.send(post.channel, post))
        except Exception as error:  # noqa: BLE001  whatever a platform's client raises, the post may have been stored
            self._report("Sending", item, error)
            outcome = after_sending(item, error, self._clock.now(), self._random, settle=self._settling)
        else:
            outcome = Sent(message)
        self._pacer.posted(post.channel, self.chat.limits.interval)
        await self._settle(item, outcome)

    async def _look_up(self, item: OutboxItem, begun: datetime) -> None:
        post = item.post
        outcome: Outcome
        # What is absent was so when it was asked for, however long the answer took (or the machine slept) after that.
        asked = self._clock.now()
        try:
            found = await within(self._clock, FIND_TIMEOUT, self.chat.find(post.channel, post))
        except Exception as error:  # noqa: BLE001  a look-up that fails in whatever way decides nothing
            self._report("Looking up", item, error)
            outcome = after_failing_to_look_up(item, error, self._clock.now())
        else:
            # Attempts of this process are looked up only when they have settled; one of an earlier process may have
            # been under way until this one began.
            outcome = after_looking_up(item, found, begun, asked, self._random, settle=self._settling)
        await self._settle(item, outcome)

    def _report(self, doing: str, item: OutboxItem, error: Exception) -> None:
        if isinstance(error, (PaperrouteError, TimeoutError)):
            return  # said with the outcome
        report(f"{doing} {_named(item.post)}", error)

    async def _settle(self, item: OutboxItem, outcome: Outcome) -> None:
        """Write an outcome down."""
        key, channel, interval = item.post.key, item.post.channel, self.chat.limits.interval
        match outcome:
            case Sent(message):
                now = self._clock.now()
                await self._keep(lambda: self._store.sent(key, message, self._clock.now(), interval=interval))
                self.sent += 1
                self._meter.posted(channel.platform, lags(item.post, now))
                self.papers += 0 if item.post.thread_of else len(item.post.entries)
                # One that took several attempts was in the log before, which must not end with the trouble.
                level = logging.DEBUG if item.attempts == 1 else logging.INFO
                logger.log(level, "Posted %s, attempt %d.", _named(item.post), item.attempts)
            case Again(at, error, workspace):
                await self._postpone(channel, at, error, workspace=workspace)
                await self._keep(lambda: self._store.retry(key, at, error))
                self._meter.retried(channel.platform)
                heapq.heappush(self._moments, at)
                logger.warning("Not posted, to be tried again %s: %s. %s", _utc(at), _named(item.post), error)
            case LookUp(at, error, workspace, pause):
                await self._postpone(channel, at, error, workspace=workspace)
                if pause:
                    await self._keep(lambda: self._pause(channel, pause, None))
                await self._keep(lambda: self._store.uncertain(key, at, error))
                self._meter.uncertain(channel.platform)
                heapq.heappush(self._moments, at)
                logger.warning("Perhaps posted, to be looked up %s: %s. %s", _utc(at), _named(item.post), error)
            case Unknown(error):
                await self._keep(lambda: self._store.uncertain(key, NEVER, error))
                self._meter.uncertain(channel.platform)
                logger.warning("Perhaps posted, which cannot be found out: %s. %s", _named(item.post), error)
            case Dead(error, ""):
                await self._keep(lambda: self._store.dead(key, error, self._clock.now()))
                self._meter.dead(channel.platform)
                self.dead += 1
                logger.warning("Dropped: %s. %s", _named(item.post), error)
            case Dead(error, pause, ended):
                # What a channel refuses may be one message; where it is all of them, the notice dies as well.
                told = None if ended or item.post.kind is PostKind.NOTICE else await self._told(item, pause)
                # The channel first: it is its resumption that brings the papers of a dead post back.
                if not await self._keep(lambda: self._pause(channel, pause, told)):
                    # It was given another identity meanwhile, under which the post is tried again.
                    await self._settle(item, Again(self._clock.now(), error))
                    return
                await self._keep(lambda: self._store.dead(key, error, self._clock.now()))
                if ended:
                    await self._keep(lambda: end_mirrors(self._store, channel, self._clock.now()))
                self._meter.dead(channel.platform)
                self.dead += 1
                logger.error("Given up and channel paused: %s. %s", _named(item.post), pause)

    async def _told(self, item: OutboxItem, reason: str) -> Post:
        """What is said on account of a post that a channel refused, and where: of an address, in its source."""
        subscription = await self._keep(lambda: self._store.mail_subscription(item.post.channel))
        return _stopped(item, reason) if subscription is None else _mail_stopped(item, subscription, reason)

    async def _pause(self, channel: ChannelRef, reason: str, told: Post | None) -> bool:
        """Pause a channel and tell it so, unless it was paused already; False when there is no such channel."""
        known = await self._store.channel(channel)
        if known is not None and not known.paused:
            now = self._clock.now()
            if told is not None:
                await self._store.put_notice(told, now)
            await self._store.set_paused(channel, reason, None, now)
        return known is not None

    def _wait(self, channel: ChannelRef) -> Again | None:
        """What a post meets that was claimed before the platform told its workspace to wait."""
        wait = self._waits.get(channel.workspace)
        return wait if wait and wait.at > self._clock.now() else None

    async def _postpone(self, channel: ChannelRef, until: datetime, error: str, *, workspace: bool) -> None:
        if workspace:
            now = self._clock.now()
            self._waits = {place: wait for place, wait in self._waits.items() if wait.at > now}
            self._waits[channel.workspace] = Again(until, error)
            await self._keep(lambda: self._store.postpone_workspace(channel.platform, channel.workspace, until))

    async def _keep(self, write: Callable[[], Awaitable[T]]) -> T:
        """Write until the store takes it."""
        pause = SHORTEST_PAUSE
        while True:
            try:
                return await write()
            except StoreError as error:
                report("Writing down what became of a post", error)
            await self._clock.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _stopped(item: OutboxItem, reason: str) -> Post:
    """The notice that a channel is paused on account of a post: the same at every attempt to pause it."""
    post = item.post
    text = f"Posts to this channel are paused. {reason} When that is settled, `resume` brings what has waited."
    key = post_key(post.channel, PostKind.NOTICE, (), item.first_attempt, post.key)
    return Post(key, post.channel, PostKind.NOTICE, text=text)


def _mail_stopped(item: OutboxItem, subscription: MailSubscription, reason: str) -> Post:
    """The same about an address, which is nobody's business but its owner's: it is not named."""
    text = (
        f"A digest of this channel by e-mail is paused. {reason} "
        "Whoever set it up sees more with `/papers email`, and brings it back by setting it up again."
    )
    key = post_key(subscription.source, PostKind.NOTICE, (), item.first_attempt, item.post.key)
    return Post(key, subscription.source, PostKind.NOTICE, text=text)


def _named(post: Post) -> str:
    part = f" {part_text(post.part, post.parts)}" if post.parts > 1 else ""
    return f"{post.kind}{part} {post.key} with {count(len(post.entries), 'paper')} to {channel_text(post.channel)}"


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
