"""The world around a store in tests of any order of events: arXiv, a platform, members, time, and power cuts."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.conversation import ChannelChange, ChannelChangeKind, Reaction, WorkspaceChange
from bot.errors import DeliveryError, SourceError
from bot.models import Batch, ChannelRef, Cursor, MemberRef, Missing, Paper, PostLimits, Progress
from bot.ports import Store
from bot.watcher import Watcher
from storage.sqlite import SqliteStore
from tests.commands_kit import FakeSource, Room
from tests.delivery_kit import AWAY, OTHER, Crash, DrivenClock, Fuse, at_boundary, make_dispatcher
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.chat import MemoryChat
from tests.store_kit import open_store

FIRST_DAY = date(2026, 3, 4)
CHANNELS = [CHANNEL, AWAY, OTHER]
# Platforms number their members for themselves: that of another workspace has Ann's number, and is somebody else.
ANN_AWAY = MemberRef(AWAY.platform, AWAY.workspace, ANN.member, ANN.name)
MEMBERS = {CHANNEL: ANN, OTHER: BOB, AWAY: ANN_AWAY}
Work = Callable[[Store], Coroutine[Any, Any, object]]


class Feed(FakeSource):
    """arXiv: the batches of its sequence so far; a cursor's state is how many of them were read.

    After ``fails_after`` batches, if that is a number, a poll fails.
    """

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Batch] = []
        self.day = FIRST_DAY
        self.missing: list[Missing] = []
        self.number = 0
        self.fails_after: int | None = None

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
        for number, batch in enumerate(self.batches[int(cursor.state) if cursor else 0 :]):
            if number == self.fails_after:
                raise SourceError("arXiv is down.")
            yield batch

    def _paper(self, title: str) -> Paper:
        self.number += 1
        return make_paper(f"2603.{self.number:05}", title=title, abstract="Invented.", announced=self.day)

    def _missing(self, paper: Paper) -> Missing:
        return Missing(paper.id, paper.announced, paper.published, paper.published, 1)


@dataclass(frozen=True)
class Death:
    """A process dies at its ``last`` instant, or at the last of those that come with ``doing``: what it was about to do
    or had just done."""

    last: int
    doing: str = ""


@dataclass(frozen=True)
class Happening:
    """Something that befalls a channel on its platform; ``told``: the bot hears of it at once, else it finds out.

    ``workspace``: it befalls the whole workspace: the app is removed, or installed again.
    """

    kind: ChannelChangeKind
    ref: ChannelRef
    told: bool = True
    workspace: bool = False
    name: str = ""


@dataclass
class World:
    """What outlives a process: the folder, the platform, arXiv, time. ``store`` is the present process's."""

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
        # How long a write takes on this machine decides nothing.
        self.store = await self.stack.enter_async_context(open_store(self.folder, longest=math.inf))

    async def mortal(self, death: Death | None, work: Work, *, meanwhile: Work | None = None, instant: int = 0) -> bool:
        """Work in a process that dies its ``death``, if it gets that far; then there is a new one.

        ``meanwhile`` is begun at the work's ``instant``, or after it, and dies with it. Returns whether it lived.
        """
        # No two things happen in the same microsecond; keys of posts rest on that.
        await self.clock.advance(0.001)
        fuse = Fuse() if death is None else Fuse(death.last, death.doing)
        beside = list[asyncio.Task[object]]()

        def burn(doing: str) -> None:
            if meanwhile is not None and not beside and fuse.instants >= instant:
                beside.append(asyncio.create_task(meanwhile(self._told())))
            fuse.burn(doing)

        self.chat.wire = lambda doing, _: burn(doing)
        died = False
        try:
            await self.clock.drive(work(at_boundary(self.store, burn, burn, self.clock)), told=True)
            if meanwhile is not None and not beside:
                await self.clock.drive(meanwhile(self._told()), told=True)
        except Crash:
            died = True
        finally:
            self.chat.wire = lambda *_: None
            for task in beside:
                if died:
                    task.cancel()
                await asyncio.gather(task, return_exceptions=died)
        if died:
            await self.start()
        return not died

    def _told(self) -> Store:
        """The store, whose work the clock is told of."""
        return at_boundary(self.store, lambda _: None, lambda _: None, self.clock)

    async def say(self, text: str, ref: ChannelRef, death: Death | None = None) -> bool:
        return await self.mortal(death, self.saying(text, ref))

    def saying(self, text: str, ref: ChannelRef) -> Work:
        return lambda store: Room(store, self.clock, self.feed).say(text, channel=ref, by=MEMBERS[ref])

    async def react(self, reaction: Reaction, death: Death | None = None) -> bool:
        return await self.mortal(death, lambda store: Room(store, self.clock, self.feed).inbox.reaction(reaction))

    def happening(self, what: Happening) -> Work:
        """It happens on the platform, and then the bot is told."""

        async def happen(store: Store) -> None:
            away = f"console://{what.ref.workspace}"
            refs = [ref for ref in CHANNELS if ref.workspace == what.ref.workspace] if what.workspace else [what.ref]
            for ref in refs:
                match what.kind:
                    case ChannelChangeKind.LOST:
                        self.chat.refusals[ref] = DeliveryError("Not in this channel.", permanent=True)
                    case ChannelChangeKind.ENDED:
                        self.chat.refusals[ref] = DeliveryError("No such channel.", permanent=True, ends_channel=True)
                    case ChannelChangeKind.REGAINED:
                        self.chat.refusals.pop(ref, None)
            inbox = Room(store, self.clock, self.feed).inbox
            if what.told and what.workspace:
                reason = "" if what.kind is ChannelChangeKind.REGAINED else f"The app was removed from {away}."
                await inbox.workspace_changed(WorkspaceChange(what.ref.platform, what.ref.workspace, reason))
            elif what.told:
                await inbox.channel_changed(ChannelChange(what.kind, what.ref, name=what.name))

        return happen

    async def happen(self, what: Happening, death: Death | None = None) -> bool:
        return await self.mortal(death, self.happening(what))

    async def poll(self, death: Death | None = None) -> bool:
        return await self.mortal(death, lambda store: Watcher(self.feed, store, self.clock).poll())

    async def deliver(
        self, death: Death | None = None, *, patience: float = 90.0, meanwhile: Work | None = None, instant: int = 0
    ) -> bool:
        return await self.mortal(
            death,
            lambda store: make_dispatcher(store, self.clock, self.chat).drain(patience=patience),
            meanwhile=meanwhile,
            instant=instant,
        )
