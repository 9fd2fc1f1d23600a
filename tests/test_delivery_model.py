"""Members, arXiv, platform and power cuts in any order: what holds whatever happens.

A paper is posted once a channel at most, only where a watch of that channel wants it or a member brought it, never
while the channel is paused or gone, and never in another workspace. A watch is owed nothing older than the latest
announcement at its making. No receipt says less checked than matched. What a member saved is theirs, in their
workspace. Once faults end and the bot is back where it was removed, everything that is owed has been posted.

`make fuzz` tries many more orders, and longer ones.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.commands.settings import paused_by_member
from bot.conversation import ChannelChangeKind, Reaction
from bot.errors import DeliveryError, UnreadableError
from bot.models import ChannelRef, Signal
from tests.defects import NOT_UNDERSTOOD, noted
from tests.delivery_expected import Wishes
from tests.delivery_world import CHANNELS, MEMBERS, Death, Happening, World
from tests.standins.chat import Fault, Trouble
from tests.standins.loop import OneThreadLoop
from tests.thoroughness import LONG, examples

T = TypeVar("T")
DAY = 86_400.0

COMMANDS = [
    "watch alpha", "watch beta", "watch alpha OR beta", "watch gamma", "unwatch alpha", "unwatch beta",
    "unwatch alpha OR beta", "watch min:2 alpha", "watch min:5 beta", "schedule instant",
    "schedule daily 09:00 every day", "schedule weekly mon 09:00", "schedule off", "layout thread", "layout cards",
    "layout digest", "sort hot", "pause", "resume", "digest",
]  # fmt: skip
FAULTS: list[Fault] = [
    None,
    None,
    Trouble.LOST_ANSWER,
    DeliveryError("Reset.", ambiguous=True),
    DeliveryError("Server error."),
    DeliveryError("Too many.", retry_after=20, workspace_wide=True),
    DeliveryError("Not allowed.", permanent=True),
    DeliveryError("No such channel.", permanent=True, ends_channel=True),
    ValueError(NOT_UNDERSTOOD),
]
LOOK_UP_FAULTS: list[Fault] = [
    None,
    UnreadableError("No history."),
    DeliveryError("Server error."),
    DeliveryError("Not in this channel.", permanent=True),
]
LOST, ENDED, REGAINED = ChannelChangeKind.LOST, ChannelChangeKind.ENDED, ChannelChangeKind.REGAINED

refs = st.sampled_from(CHANNELS)
# Most processes live. What changes the world or the store is seldom among all that they do, and is drawn for itself.
CRUCIAL = [
    "send", "send", "claim", "sent", "find", "uncertain", "interrupted", "retry", "dead", "set_paused", "put_digests",
    "put_notice",
]  # fmt: skip
anywhere = st.builds(Death, st.integers(1, 60))
deaths = st.none() | st.none() | anywhere
deaths_delivering = deaths | st.builds(Death, st.integers(1, 4), st.sampled_from(CRUCIAL))
titles = st.lists(
    st.sampled_from(["On alpha", "On beta", "Alpha meets beta", "On gamma", "Else"]), min_size=1, max_size=5
)
happenings = st.builds(
    Happening, st.sampled_from([LOST, ENDED, REGAINED, REGAINED]), refs, st.booleans(), st.booleans()
)


class Delivering(RuleBasedStateMachine):
    """``wishes`` is what channels are to have; ``saved`` what members keep; ``upvotes`` the most that counted."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = OneThreadLoop()
        self.world = World(Path(tempfile.mkdtemp(prefix="paperroute-")))
        self.wishes = {ref: Wishes() for ref in CHANNELS}
        self.saved: dict[ChannelRef, set[str]] = {ref: set() for ref in CHANNELS}
        self.upvotes: dict[str, int] = {}
        self.seen = 0
        self.noting = noted("bot")
        self.defects = self.noting.__enter__()
        self.run(self.world.start())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @initialize(history=st.lists(titles, max_size=2), lost=st.integers(0, 1), early=st.booleans())
    def begin(self, history: list[list[str]], lost: int, early: bool) -> None:
        for left, batch in enumerate(reversed(history)):
            last = left == len(history) - 1
            self.world.feed.add(batch, lost=min(lost, len(batch)), backfill=True, filling=not last)
            if not last:
                self.world.feed.day += timedelta(days=1)
        # Watches made before the archive was filled, or after.
        for poll in (not early, early):
            if poll:
                self.run(self.world.poll())
            else:
                for ref, query in zip(CHANNELS, ["alpha", "beta", "min:2 alpha"], strict=True):
                    self.say(["schedule instant", f"watch {query}"], ref, None)

    @rule(titles=titles, lost=st.integers(0, 2), days=st.sampled_from([0, 1, 1, 3]), polled=st.booleans(), death=deaths)
    def announce(self, titles: list[str], lost: int, days: int, polled: bool, death: Death | None) -> None:
        self.world.feed.day += timedelta(days=days)
        self.world.feed.add(titles, lost=min(lost, len(titles)))
        if polled:
            self.run(self.world.poll(death))

    @precondition(lambda self: self.world.feed.missing)
    @rule()
    def find(self) -> None:
        self.world.feed.find()

    @rule(death=deaths, fails=st.none() | st.integers(0, 2))
    def poll(self, death: Death | None, fails: int | None) -> None:
        self.world.feed.fails_after = fails
        self.run(self.world.poll(death))
        self.world.feed.fails_after = None

    @rule(texts=st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=3), ref=refs, death=deaths)
    def say(self, texts: list[str], ref: ChannelRef, death: Death | None) -> None:
        for text in texts:
            self.run(self.world.say(text, ref, death))
            self.run(self.look_at_watches())

    @precondition(lambda self: self.world.feed.known)
    @rule(number=st.integers(1, 12), ref=refs, death=deaths)
    def bring(self, number: int, ref: ChannelRef, death: Death | None) -> None:
        paper, wishes = self.paper(number), self.wishes[ref]
        wishes.brought.setdefault(paper, False)
        if self.run(self.world.say(f"post {paper} See this", ref, death)):
            wishes.brought[paper] = True

    @precondition(lambda self: self.world.feed.known)
    @rule(number=st.integers(1, 12), upvotes=st.sampled_from([0, 1, 2, 5, 7]), death=deaths)
    def vote(self, number: int, upvotes: int, death: Death | None) -> None:
        paper, now = self.paper(number), self.world.clock.now()
        known = self.run(self.world.store.paper(paper))
        counts = known is None or known.announced is None or now.date() - known.announced <= timedelta(days=30)

        async def put() -> bool:
            return await self.world.mortal(death, lambda store: store.put_signals([Signal(paper, upvotes, now)], now))

        lived = self.run(put())
        kept = self.run(self.world.store.signals([paper])).get(paper)
        assert not lived or (kept is not None and kept.upvotes == upvotes)
        if counts and kept is not None and kept.upvotes == upvotes:
            self.upvotes[paper] = max(self.upvotes.get(paper, 0), upvotes)

    @precondition(lambda self: self.world.feed.known)
    @rule(number=st.integers(1, 12), ref=refs, back=st.booleans(), death=deaths)
    def save(self, number: int, ref: ChannelRef, back: bool, death: Death | None) -> None:
        paper = self.paper(number)
        self.run(self.world.clock.advance(1))
        lived = self.run(self.world.say(f"{'unsave' if back else 'save'} {paper}", ref, death))
        self.run(self.look_at_saves(ref, paper, added=not back, certain=lived))

    @precondition(lambda self: self.world.chat.messages)
    @rule(number=st.integers(0, 30), added=st.booleans(), death=deaths)
    def react(self, number: int, added: bool, death: Death | None) -> None:
        message = self.world.chat.messages[number % len(self.world.chat.messages)]
        if not message.post.entries:
            return
        ref, paper = message.ref.channel, message.post.entries[0].paper.id
        name = "one" if len(message.post.entries) > 1 else "bookmark"
        self.run(self.world.clock.advance(1))
        known = self.run(self.world.store.post_of(message.ref))
        # The answer that it was sent was lost, and the post was not looked up yet.
        lived = self.run(self.world.react(Reaction(message.ref, MEMBERS[ref], added, name), death))
        self.run(self.look_at_saves(ref, paper, added=added, certain=lived and known is not None))

    @rule(what=happenings, death=deaths)
    def happen(self, what: Happening, death: Death | None) -> None:
        self.run(self.world.happen(what, death))

    @rule(ref=refs, name=st.sampled_from(["papers", "reading", "<!channel>", "\u202e", "x" * 200]))
    def rename(self, ref: ChannelRef, name: str) -> None:
        before = self.run(self.world.store.channel(ref))
        self.run(self.world.happen(Happening(ChannelChangeKind.RENAMED, ref, name=name)))
        after = self.run(self.world.store.channel(ref))
        assert (before is None) == (after is None)
        assert before is None or after is None or (before.schedule, before.paused) == (after.schedule, after.paused)

    @rule(hours=st.sampled_from([0.01, 1, 24, 24 * 7]))
    def wait(self, hours: float) -> None:
        self.run(self.world.clock.advance(hours * 3600))

    @rule(
        sending=st.lists(st.sampled_from(FAULTS), max_size=4),
        looking=st.lists(st.sampled_from(LOOK_UP_FAULTS), max_size=3),
        lagging=st.booleans(),
        patience=st.sampled_from([0.0, 90.0, DAY]),
        death=deaths_delivering,
        meanwhile=st.none() | happenings | st.tuples(st.sampled_from(["pause", "resume"]), refs),
        instant=st.integers(0, 40),
        paces=st.lists(st.integers(0, 3), max_size=4),
    )
    def deliver(
        self,
        sending: list[Fault],
        looking: list[Fault],
        lagging: bool,
        patience: float,
        death: Death | None,
        meanwhile: Happening | tuple[str, ChannelRef] | None,
        instant: int,
        paces: list[int],
    ) -> None:
        world, chat = self.world, self.world.chat
        chat.send_faults.extend(sending)
        chat.find_faults.extend(looking)
        # A history may lag behind, but no longer than the platform's settling time.
        chat.lag = timedelta(seconds=chat.limits.settle if lagging else 0)
        silent = self.run(self.paused())
        before = len(chat.messages)
        work = None
        if isinstance(meanwhile, Happening):
            work = world.happening(meanwhile)
            if meanwhile.kind is REGAINED:
                silent = set()
        elif meanwhile is not None:
            work = world.saying(*meanwhile)
            silent -= {meanwhile[1]}
        self.loop.pace(paces)
        self.run(world.deliver(death, patience=patience, meanwhile=work, instant=instant))
        self.loop.pace(())
        chat.send_faults.clear()
        chat.find_faults.clear()
        for message in chat.messages[before:]:
            assert message.ref.channel not in silent or not message.post.entries

    def paper(self, number: int) -> str:
        """The id of one of the papers that arXiv has."""
        known = sorted(self.world.feed.known)
        return known[-number % len(known)]

    async def paused(self) -> set[ChannelRef]:
        channels = [await self.world.store.channel(ref) for ref in CHANNELS]
        return {channel.ref for channel in channels if channel is not None and channel.paused}

    async def look_at_watches(self) -> None:
        """Note what is watched."""
        read = self.world.feed.read(await self.world.store.cursor())
        latest = max((paper.announced for paper in read if paper.announced), default=None)
        for ref in CHANNELS:
            self.wishes[ref].look(await self.world.store.watches(ref), latest, self.world.clock.now())

    async def look_at_saves(self, ref: ChannelRef, paper: str, *, added: bool, certain: bool) -> None:
        """One member saved a paper or took it back; nobody else has another save by that."""
        before = self.saved[ref]
        after = before | {paper} if added else before - {paper}
        for other, member in MEMBERS.items():
            saves = await self.world.store.saved_by(member, limit=1_000)
            assert {save.channel.workspace for save in saves} <= {member.workspace}
            found = {save.paper.id for save in saves}
            if other != ref:
                assert found == self.saved[other]
            else:
                assert found == after or (found == before and not certain)
                self.saved[ref] = found
        for workspace in {member.workspace for member in MEMBERS.values()}:
            top = await self.world.store.top(ref.platform, workspace, since=None, limit=1_000)
            kept = [self.saved[place] for place in CHANNELS if place.workspace == workspace]
            assert {ranked.paper.id for ranked in top} == set[str]().union(*kept)

    @invariant()
    def posted_once_and_where_wanted(self) -> None:
        self.run(self.look_at_watches())
        messages = self.world.chat.messages
        for message in messages[self.seen :]:
            ref, post = message.ref.channel, message.post
            assert post.channel == ref
            wishes = self.wishes[ref]
            for paper in (entry.paper for entry in post.entries):
                assert wishes.may_have(self.world.feed.known[paper.id], self.upvotes.get(paper.id, 0)), (ref, paper.id)
                wishes.posted[paper.id] += post.thread_of is None
                assert wishes.posted[paper.id] == 1, (ref, paper.id)
            if post.receipt is not None:
                receipt = post.receipt
                assert receipt.announced >= receipt.checked, receipt
                assert receipt.checked + receipt.late >= receipt.matched, (receipt, post)
        self.seen = len(messages)
        self.defects.none()

    def teardown(self) -> None:
        try:
            self.run(self.finish())
            self.posted_once_and_where_wanted()
        finally:
            self.noting.__exit__(None, None, None)
            self.run(self.world.stack.aclose())
            self.loop.close()
            shutil.rmtree(self.world.folder)

    async def finish(self) -> None:
        """Nothing is wrong any more: everything that is wanted comes. Only what a member paused, a member resumes."""
        world = self.world
        world.chat.lag = timedelta()
        await world.poll()
        for ref in CHANNELS:
            await world.happen(Happening(REGAINED, ref))
            if (channel := await world.store.channel(ref)) is not None and channel.paused:
                assert paused_by_member(channel)
                await world.say("resume", ref)
            await world.say("schedule instant", ref)
        await world.deliver(patience=30 * DAY)
        await self.look_at_watches()
        read = {paper.id for paper in world.feed.read(await world.store.cursor())}
        for ref, wishes in self.wishes.items():
            posted = set(world.chat.papers(ref))
            for paper in world.feed.known.values():
                if paper.id in read or wishes.brought.get(paper.id):
                    owed = wishes.must_have(paper, self.upvotes.get(paper.id, 0))
                    assert paper.id in posted or not owed, (ref, paper.id, wishes)
            assert await world.store.waiting(ref) == []


# A failure is made small before it is reported, which may take minutes.
TestDelivering = pytest.mark.timeout(0 if LONG else 400)(Delivering.TestCase)
TestDelivering.settings = examples(30, long=3_000, steps=25)
