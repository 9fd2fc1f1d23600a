"""Members, arXiv, platform and power cuts in any order: what holds whatever happens.

A paper is posted once a channel at most, only where a watch wants it, and never while the channel is paused. A watch is
owed nothing older than the latest announcement at its making. No receipt says less checked than matched. Once faults
end, everything that a watch wants has been posted.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import DeliveryError, UnreadableError
from bot.models import Batch, ChannelRef, Cursor, Missing, Paper, PostKind, PostLimits, Progress
from bot.ports import Store
from bot.query import Query
from bot.watcher import Watcher
from storage.sqlite import SqliteStore
from tests.commands_kit import FakeSource, Room
from tests.delivery_kit import AWAY, Crash, DrivenClock, Fuse, at_boundary, make_dispatcher, shown
from tests.factories import CHANNEL, make_paper
from tests.standins.chat import Fault, MemoryChat, Trouble
from tests.store_kit import open_store

T = TypeVar("T")
CHANNELS = [CHANNEL, AWAY]
FIRST_DAY = date(2026, 3, 4)
DAY = 86_400.0

COMMANDS = [
    "watch alpha", "watch beta", "watch alpha OR beta", "watch gamma", "unwatch alpha", "unwatch beta",
    "unwatch alpha OR beta", "schedule instant", "schedule daily 09:00 every day", "schedule weekly mon 09:00",
    "schedule off", "layout thread", "layout cards", "layout digest", "pause", "resume", "digest",
]  # fmt: skip
FAULTS: list[Fault] = [
    None,
    None,
    Trouble.LOST_ANSWER,
    DeliveryError("Reset.", ambiguous=True),
    DeliveryError("Server error."),
    DeliveryError("Too many.", retry_after=20, workspace_wide=True),
    DeliveryError("Not allowed.", permanent=True),
    ValueError("not understood"),
]
LOOK_UP_FAULTS: list[Fault] = [None, UnreadableError("No history."), DeliveryError("Server error.")]


class Feed(FakeSource):
    """arXiv: the batches of its sequence so far; a cursor's state is how many of them were read."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self.day = FIRST_DAY
        self.missing: list[Missing] = []
        self.number = 0

    def add(self, titles: Sequence[str], *, lost: int, backfill: bool = False, filling: bool = False) -> None:
        """So many papers more, of which the first ``lost`` cannot be read yet."""
        papers = [self._paper(title) for title in titles]
        lacking = [self._missing(paper) for paper in papers[:lost]]
        self.missing += lacking
        self.known |= {paper.id: paper for paper in papers}
        cursor = Cursor(str(len(self.batches) + 1), filling)
        batch = Batch(tuple(papers[lost:]), cursor, len(papers), tuple(lacking), backfill=backfill)
        self.batches.append(batch)

    def find(self) -> None:
        """What was missing can be read."""
        found = tuple(self.known[missing.id] for missing in self.missing)
        late = frozenset(paper.id for paper in found)
        self.missing = []
        self.batches.append(Batch(found, Cursor(str(len(self.batches) + 1)), late=late))

    def read(self, cursor: Cursor | None) -> list[Paper]:
        """The papers that somebody who stands at ``cursor`` has read."""
        batches = self.batches[: int(cursor.state)] if cursor else []
        return [paper for batch in batches for paper in batch.papers]

    async def new_papers(
        self, cursor: Cursor | None, missing: Sequence[Missing], progress: Callable[[Progress], None]
    ) -> AsyncIterator[Batch]:
        for batch in self.batches[int(cursor.state) if cursor else 0 :]:
            yield batch

    def _paper(self, title: str) -> Paper:
        self.number += 1
        return make_paper(f"2603.{self.number:05}", title=title, abstract="Invented.", announced=self.day)

    def _missing(self, paper: Paper) -> Missing:
        return Missing(paper.id, paper.announced, paper.published, paper.published, 1)


@dataclass
class World:
    """What outlives a process: the folder, the platform, arXiv, time. ``room`` is the present process's."""

    folder: Path
    clock: DrivenClock = field(default_factory=DrivenClock)
    chat: MemoryChat = field(init=False)
    feed: Feed = field(default_factory=Feed)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    store: SqliteStore = field(init=False)

    def __post_init__(self) -> None:
        self.chat = MemoryChat(limits=PostLimits(2, 4_000, interval=1.0), clock=self.clock)

    async def start(self) -> None:
        """A new process."""
        await self.stack.aclose()
        self.store = await self.stack.enter_async_context(open_store(self.folder))

    async def mortal(self, last: int | None, work: Callable[[Store], Coroutine[Any, Any, object]]) -> None:
        """Work in a process that dies at its ``last`` instant, if it gets that far; then there is a new one."""
        fuse = Fuse(last)
        self.chat.wire = lambda doing, _: fuse.burn(doing)
        died = False
        try:
            await self.clock.drive(work(at_boundary(self.store, fuse.burn, fuse.burn)))
        except Crash:
            died = True
        finally:
            self.chat.wire = lambda *_: None
        if died:
            await self.start()

    async def say(self, text: str, ref: ChannelRef, last: int | None = None) -> None:
        await self.mortal(last, lambda store: Room(store, self.clock, self.feed).say(text, channel=ref))

    async def poll(self, last: int | None = None) -> None:
        await self.mortal(last, lambda store: Watcher(self.feed, store, self.clock).poll())

    async def deliver(self, last: int | None = None, *, patience: float = 90.0) -> None:
        await self.mortal(last, lambda store: make_dispatcher(store, self.clock, self.chat).drain(patience=patience))


class Delivering(RuleBasedStateMachine):
    """``wanted``: for each channel, every query that was ever watched there, with the first day it was watched for."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.world = World(Path(tempfile.mkdtemp(prefix="paperroute-")))
        self.wanted: dict[ChannelRef, set[tuple[str, date]]] = {ref: set() for ref in CHANNELS}
        self.known: set[int] = set()
        self.run(self.world.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    titles = st.lists(
        st.sampled_from(["On alpha", "On beta", "Alpha meets beta", "On gamma", "Else"]), min_size=1, max_size=5
    )
    # Most processes live.
    deaths = st.none() | st.integers(1, 60)

    @initialize(history=st.lists(titles, max_size=2), lost=st.integers(0, 1), early=st.booleans())
    def begin(self, history: list[list[str]], lost: int, early: bool) -> None:
        for left, titles in enumerate(reversed(history)):
            last = left == len(history) - 1
            self.world.feed.add(titles, lost=min(lost, len(titles)), backfill=True, filling=not last)
            if not last:
                self.world.feed.day += timedelta(days=1)
        # Watches made before the archive was filled, or after.
        for poll in (not early, early):
            if poll:
                self.run(self.world.poll())
            else:
                self.say(["schedule instant", "watch alpha"], CHANNEL, None)
                self.say(["schedule instant", "watch beta"], AWAY, None)

    @rule(titles=titles, lost=st.integers(0, 2), days=st.sampled_from([0, 1, 1, 3]), polled=st.booleans(), last=deaths)
    def announce(self, titles: list[str], lost: int, days: int, polled: bool, last: int | None) -> None:
        self.world.feed.day += timedelta(days=days)
        self.world.feed.add(titles, lost=min(lost, len(titles)))
        if polled:
            self.run(self.world.poll(last))

    @precondition(lambda self: self.world.feed.missing)
    @rule()
    def find(self) -> None:
        self.world.feed.find()

    @rule(last=deaths)
    def poll(self, last: int | None) -> None:
        self.run(self.world.poll(last))

    @rule(texts=st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3), ref=st.sampled_from(CHANNELS), last=deaths)
    def say(self, texts: list[str], ref: ChannelRef, last: int | None) -> None:
        for text in texts:
            self.run(self.world.say(text, ref, last))
            self.run(self.look_at_watches())

    @rule(hours=st.sampled_from([0.01, 1, 24, 24 * 7]))
    def wait(self, hours: float) -> None:
        self.run(self.world.clock.advance(hours * 3600))

    @rule(
        sending=st.lists(st.sampled_from(FAULTS), max_size=4),
        looking=st.lists(st.sampled_from(LOOK_UP_FAULTS), max_size=3),
        lagging=st.booleans(),
        patience=st.sampled_from([0.0, 90.0, DAY]),
        last=deaths,
    )
    def deliver(
        self, sending: list[Fault], looking: list[Fault], lagging: bool, patience: float, last: int | None
    ) -> None:
        chat = self.world.chat
        chat.send_faults.extend(sending)
        chat.find_faults.extend(looking)
        # A history may lag behind, but no longer than the platform's settling time.
        chat.lag = timedelta(seconds=chat.limits.settle if lagging else 0)
        silent = self.run(self.paused())
        before = len(chat.messages)
        self.run(self.world.deliver(last, patience=patience))
        chat.send_faults.clear()
        chat.find_faults.clear()
        for message in chat.messages[before:]:
            assert message.ref.channel not in silent or message.post.kind is PostKind.NOTICE

    async def paused(self) -> set[ChannelRef]:
        channels = [await self.world.store.channel(ref) for ref in CHANNELS]
        return {channel.ref for channel in channels if channel is not None and channel.paused}

    async def look_at_watches(self) -> None:
        """Note what is watched, and that a new watch begins with the latest announcement that was read."""
        read = self.world.feed.read(await self.world.store.cursor())
        latest = max((paper.announced for paper in read if paper.announced), default=None)
        for ref in CHANNELS:
            for watch in await self.world.store.watches(ref):
                # Made before the archive was filled, it begins with the day on which that was done.
                assert watch.id in self.known or watch.since in (None, latest)
                self.known.add(watch.id)
                if watch.since is not None:
                    self.wanted[ref].add((watch.query, watch.since))

    @invariant()
    def posted_once_and_where_wanted(self) -> None:
        self.run(self.look_at_watches())
        for ref in CHANNELS:
            posted = self.world.chat.papers(ref)
            assert max(posted.values(), default=1) == 1
            for paper in (self.world.feed.known[paper_id] for paper_id in posted):
                assert wants(paper, self.wanted[ref])
            for post in shown(self.world.chat, ref):
                if post.receipt is not None:
                    assert post.receipt.announced >= post.receipt.checked
                    assert post.receipt.checked + post.receipt.late >= post.receipt.matched

    def teardown(self) -> None:
        try:
            self.run(self.finish())
            self.posted_once_and_where_wanted()
        finally:
            self.run(self.world.stack.aclose())
            self.loop.close()
            shutil.rmtree(self.world.folder)

    async def finish(self) -> None:
        """Nothing is wrong any more: everything that is wanted comes."""
        world = self.world
        world.chat.lag = timedelta()
        await world.poll()
        for ref in CHANNELS:
            await world.say("resume", ref)
            await world.say("schedule instant", ref)
        await world.deliver(patience=30 * DAY)
        read = world.feed.read(await world.store.cursor())
        for ref in CHANNELS:
            watches = {(watch.query, watch.since) for watch in await world.store.watches(ref) if watch.since}
            assert {paper.id for paper in read if wants(paper, watches)} <= set(world.chat.papers(ref))
            assert await world.store.waiting(ref) == []


def wants(paper: Paper, watches: set[tuple[str, date]]) -> bool:
    """Whether one of the watches, each with its first day, wants the paper."""
    day = paper.announced
    return any(day is not None and since <= day and Query.parse(query).matches(paper) for query, since in watches)


# A failure is made small before it is reported, which may take minutes.
TestDelivering = pytest.mark.timeout(400)(Delivering.TestCase)
TestDelivering.settings = settings(
    max_examples=30, stateful_step_count=25, derandomize=True, report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
