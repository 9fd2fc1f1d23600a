"""What one workspace may take of a platform's time, and what it must not take from the others."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.courier import MOST_AT_ONCE, MOST_IN_A_WORKSPACE, MOST_SENDING
from bot.errors import DeliveryError
from bot.models import ChannelRef, Entry, Layout, Post, PostKind, PostLimits
from bot.ports import Store
from tests.delivery_kit import DrivenClock, announce, at_boundary, make_dispatcher, running, until, watch
from tests.factories import ANN, make_paper
from tests.standins.chat import MemoryChat, Trouble
from tests.store_kit import open_store

PACED = PostLimits(papers=3, characters=4_000, interval=1.0, workspace_interval=0.25)


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path) as store:
        yield store


class Times:
    """When posts were sent, a workspace, those included that were refused."""

    def __init__(self, chat: MemoryChat, clock: DrivenClock) -> None:
        self.of: dict[str, list[datetime]] = defaultdict(list)
        self._chat, self._clock = chat, clock
        self._messages = 0
        chat.wire = self._note

    def _note(self, doing: str, channel: ChannelRef) -> None:
        # Called before storing, and again after it.
        stored, self._messages = len(self._chat.messages) - self._messages, len(self._chat.messages)
        if doing == "send" and not stored:
            self.of[channel.workspace].append(self._clock.now())

    def distances(self, workspace: str) -> list[float]:
        return [(after - before).total_seconds() for before, after in pairwise(self.of[workspace])]


async def many(store: Store, clock: DrivenClock, workspace: str, channels: int) -> None:
    for number in range(channels):
        await watch(store, clock, ChannelRef("console", workspace, f"{workspace}c{number}"), layout=Layout.DIGEST)


async def test_posts_of_a_workspace_keep_their_distance(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PACED)
    times = Times(chat, clock)
    await many(store, clock, "A", 9)
    await announce(store, clock, 2)
    await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert len(chat.messages) == 9
    # The first may have been waiting for its turn for ever, so the second is early by half of a distance.
    assert times.distances("A") == [0.125, *[0.25] * 7]


async def test_workspaces_do_not_wait_for_each_other(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PACED)
    for workspace in "ABC":
        await many(store, clock, workspace, 6)
    await announce(store, clock, 2)
    begun = clock.now()
    await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert len(chat.messages) == 18
    assert clock.now() - begun <= timedelta(seconds=0.25 * 6)


async def test_the_running_dispatcher_wakes_for_each_turn(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PACED)
    await many(store, clock, "A", 5)
    await announce(store, clock, 2)
    async with running(make_dispatcher(store, clock, chat)):
        for turn in range(1, 6):
            await until(lambda turn=turn: _posted(store, "A", turn))  # type: ignore[misc]
            assert len(chat.messages) == turn
            await clock.rest()
            await clock.advance(0.25)


async def _posted(store: Store, workspace: str, wanted: int) -> bool:
    refs = [ChannelRef("console", workspace, f"{workspace}c{number}") for number in range(5)]
    channels = [await store.channel_status(ref) for ref in refs]
    return sum(channel.posted for channel in channels) >= wanted


async def test_a_workspace_that_hangs_leaves_room_for_the_others(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PostLimits(papers=3, characters=4_000))
    await many(store, clock, "stuck", MOST_IN_A_WORKSPACE * 9)
    await announce(store, clock, 2)
    chat.gate.clear()
    async with running(make_dispatcher(store, clock, chat)) as task:
        await chat.until(lambda chat: chat.under_way == MOST_IN_A_WORKSPACE)
        await clock.rest()
        assert chat.under_way == MOST_IN_A_WORKSPACE
        await many(store, clock, "free", 3)
        await announce(store, clock, 3)
        await clock.rest()
        await clock.advance(60)
        await chat.until(lambda chat: chat.under_way == MOST_IN_A_WORKSPACE + 3)
        chat.gate.set()
        await chat.until(lambda chat: len(chat.messages) >= MOST_IN_A_WORKSPACE * 9 + 3)
        assert not task.done()


async def test_one_workspace_is_told_to_wait_and_the_others_go_on(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PACED)
    times = Times(chat, clock)
    await many(store, clock, "A", 4)
    await many(store, clock, "B", 4)
    chat.send_faults.append(DeliveryError("Too many.", retry_after=30.0, workspace_wide=True))
    await announce(store, clock, 2)
    begun = clock.now()
    await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert len(chat.messages) == 8
    first, *others = times.of["A"]
    assert first == begun
    assert min(others) >= begun + timedelta(seconds=30)
    assert max(times.of["B"]) <= begun + timedelta(seconds=1)


async def test_a_drain_waits_for_all_turns_however_many_there_are(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PostLimits(papers=3, characters=4_000, interval=30.0, workspace_interval=0.25))
    ref = ChannelRef("console", "A", "Ac0")
    await watch(store, clock, ref, layout=Layout.CARDS)
    await announce(store, clock, *range(2, 10))
    begun = clock.now()
    result = await clock.drive(make_dispatcher(store, clock, chat).drain(patience=45))
    assert (result.sent, result.next_attempt) == (8, None)
    assert clock.now() - begun >= timedelta(seconds=7 * 30)


async def test_a_drain_goes_on_while_one_post_hangs(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PACED)
    await many(store, clock, "A", 1)
    await many(store, clock, "B", 3)
    await announce(store, clock, 2)
    chat.send_faults.append(Trouble.HANG)
    dispatcher = make_dispatcher(store, clock, chat)
    draining = asyncio.create_task(dispatcher.drain())
    begun = clock.now()
    while len(chat.messages) < 3 and clock.now() - begun < timedelta(seconds=60):
        await clock.advance(0.05)
        await asyncio.wait({draining}, timeout=0.001)
    assert [message.ref.channel.workspace for message in chat.messages] == ["B"] * 3
    await until(lambda: _posted(store, "B", 3))  # stopping would cut off what is sent and not yet noted
    await dispatcher.stop(grace=0)
    assert (await draining).sent == 3


async def test_a_large_workspace_that_waits_long_delays_nobody(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PostLimits(papers=3, characters=4_000))
    await many(store, clock, "large", 6 * MOST_IN_A_WORKSPACE)
    for number in range(6 * MOST_IN_A_WORKSPACE):
        refused = ChannelRef("console", "large", f"largec{number}")
        chat.refusals[refused] = DeliveryError("Too many.", retry_after=7200.0, workspace_wide=True)
    for workspace in "ABCDE":
        await many(store, clock, workspace, 2)
    await announce(store, clock, 2)
    begun = clock.now()
    told = at_boundary(store, str, str, clock)
    result = await clock.drive(make_dispatcher(told, clock, chat).drain(patience=1), told=True)
    assert (result.sent, clock.now() - begun) == (10, timedelta())
    assert result.next_attempt == begun + timedelta(hours=2)
    # No more than were under way when the first of them was told to wait.
    assert len(chat.sends) <= 10 + MOST_IN_A_WORKSPACE


async def test_what_a_member_brings_goes_before_the_digests_that_wait(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PostLimits(papers=3, characters=4_000))
    workspaces = [f"W{number:02}" for number in range(2 * MOST_AT_ONCE)]
    each = MOST_SENDING // len(workspaces) + 2
    for workspace in workspaces:
        for number in range(each):
            ref = ChannelRef("console", workspace, f"{number}")
            await watch(store, clock, ref, schedule="daily 09:00 every day UTC", next_due=clock.now())
    await announce(store, clock, 2)
    brought = make_paper("2603.00099")
    await store.add_papers([brought])
    # In the workspace that had its turn last.
    asked = ChannelRef("console", workspaces[-1], "asked")
    await watch(store, clock, asked, schedule="off UTC", query="zebra")
    chat.gate.clear()
    async with running(make_dispatcher(store, clock, chat)):
        await chat.until(lambda chat: chat.under_way == MOST_SENDING)
        card = Post("b" * 24, asked, PostKind.CARD, "ann brought this paper", (Entry(0, brought),))
        assert (
            await store.bring(card, replace(ANN, workspace=asked.workspace), clock.now(), since=clock.now(), most=9)
            is None
        )
        chat.gate.set()
        await chat.until(lambda chat: len(chat.messages) == len(workspaces) * each + 1)
    place = [message.ref.channel for message in chat.messages].index(asked)
    # Nothing but what was under way, and claimed with it, came before.
    assert place <= MOST_SENDING + MOST_AT_ONCE
