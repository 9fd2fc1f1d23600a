"""Composing for many channels at a time."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.composing import AT_ONCE, SLICE, Composer
from bot.digest import compose
from bot.models import ChannelRef, Composed, Delivery, Layout, Paper, PostLimits, Waiting
from bot.paper_caches import empty_caches
from bot.ports import Store
from tests.delivery_kit import DrivenClock, announce, at_boundary, make_dispatcher, running, watch
from tests.factories import ANN, CHANNEL
from tests.standins.chat import MemoryChat
from tests.store_kit import open_store

DAILY = "daily 09:00 every day UTC"


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock()


@pytest.fixture
def chat() -> MemoryChat:
    return MemoryChat()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path) as store:
        yield store


def channel(number: int, workspace: str = "local") -> ChannelRef:
    return ChannelRef("console", workspace, f"c{number:03}")


async def many(store: Store, clock: DrivenClock, channels: int, schedule: str = DAILY) -> None:
    for number in range(channels):
        await watch(store, clock, channel(number), schedule=schedule, next_due=clock.now())


def composer(store: Store, chat: MemoryChat, clock: DrivenClock) -> Composer:
    return Composer(store, {"console": chat.limits}, clock)


async def test_all_that_are_due_are_composed_whatever_their_number(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    await many(store, clock, 2 * SLICE + 3)
    await announce(store, clock, 2)
    calls: list[str] = []
    assert await composer(at_boundary(store, calls.append, str), chat, clock).due() == 2 * SLICE + 3
    assert calls.count("all_waiting") == calls.count("put_digests") == 3
    assert await store.due_channels(["console"], clock.now(), 999) == []


async def test_no_paper_is_held_on_to_after_a_round(store: Store, clock: DrivenClock, chat: MemoryChat) -> None:
    await many(store, clock, 3)
    await announce(store, clock, 30_042)
    assert await composer(store, chat, clock).due() == 3
    gc.collect()
    assert [each for each in gc.get_objects() if type(each) is Paper and each.id == "2603.30042"] == []


async def test_channels_that_are_owed_nothing_move_on_in_silence(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    await many(store, clock, 3)
    assert await composer(store, chat, clock).due() == 0
    assert await store.due_channels(["console"], clock.now(), 999) == []
    known = await store.channel(channel(0))
    assert known is not None
    assert known.next_due == clock.now().replace(hour=9) + timedelta(days=1)


async def test_instant_channels_come_first(store: Store, clock: DrivenClock) -> None:
    await many(store, clock, 3)
    await clock.advance(60)
    await watch(store, clock, schedule="instant UTC")
    await announce(store, clock, 2)
    (first,) = await store.due_channels(["console"], clock.now(), 1)
    assert first.ref == CHANNEL
    assert [each.ref for each in await store.due_channels(["console"], clock.now(), 9)][1:] == [
        channel(number) for number in range(3)
    ]


async def test_posts_go_out_while_others_are_still_composed(store: Store, clock: DrivenClock, chat: MemoryChat) -> None:
    await many(store, clock, SLICE + 1)
    await announce(store, clock, 2)
    done: list[str] = []
    chat.wire = lambda doing, channel: done.append(doing)
    async with running(make_dispatcher(at_boundary(store, done.append, str), clock, chat)):
        await chat.until(lambda chat: len(chat.messages) == SLICE + 1)
    assert done.index("send") < len(done) - 1 - done[::-1].index("put_digests")


@pytest.mark.parametrize(
    ("channels", "papers", "portions"),
    [(4, AT_ONCE * 2 // 5, 2), (AT_ONCE // 40 + 1, 40, 2), (3, AT_ONCE + 1, 3), (3, AT_ONCE // 3, 1)],
)
async def test_channels_are_read_and_stored_together_up_to_a_limit(
    store: Store, clock: DrivenClock, chat: MemoryChat, channels: int, papers: int, portions: int
) -> None:
    await many(store, clock, channels)
    await announce(store, clock, *range(2, 2 + papers))
    calls: list[str] = []
    await composer(at_boundary(store, calls.append, str), chat, clock).due()
    assert calls.count("all_waiting") == calls.count("put_digests") == portions
    assert [await store.waiting(channel(number)) for number in range(channels)] == [[]] * channels
    assert {(await store.channel_status(channel(number))).waiting for number in range(channels)} == {papers}


async def test_unserved_platforms_and_paused_channels_keep_what_they_are_owed(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    away = ChannelRef("elsewhere", "1", "2")
    await watch(store, clock, away, schedule=DAILY, next_due=clock.now())
    await many(store, clock, 1)
    await announce(store, clock, 2)
    await store.set_paused(channel(0), "Holidays.", ANN, clock.now())
    assert await composer(store, chat, clock).chosen([away, channel(0), channel(7)]) == 0
    for ref in (away, channel(0)):
        known = await store.channel(ref)
        assert known is not None
        assert known.next_due == clock.now()
        assert len(await store.waiting(ref)) == 1


async def test_each_is_composed_for_once_however_often_it_is_chosen(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    odd = ChannelRef("console", "local", "c\ud800")
    await many(store, clock, 2)
    await watch(store, clock, odd, schedule=DAILY)
    await announce(store, clock, 2)
    chosen = [channel(0), odd, channel(0), channel(1), channel(1), odd, channel(0)]
    assert await composer(store, chat, clock).chosen(chosen) == 3


async def test_a_schedule_that_cannot_be_read_pauses_its_channel_alone(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    await many(store, clock, 2)
    await watch(store, clock, schedule="daily 09:00 every day Atlantis/Deep", next_due=clock.now())
    await announce(store, clock, 2)
    assert await composer(store, chat, clock).due() == 2
    known = await store.channel(CHANNEL)
    assert known is not None
    assert known.paused.startswith("Its schedule cannot be read: “Atlantis/Deep”")


# The store's part: many digests in one transaction, each by itself


async def read(store: Store, *numbers: int) -> list[Waiting]:
    waiting, passed = await store.all_waiting([channel(number) for number in numbers], 9, 99)
    assert passed == len(numbers)
    return waiting


def composed(owed: Waiting, clock: DrivenClock, deliveries: tuple[Delivery, ...] | None = None) -> Composed:
    given = owed.deliveries if deliveries is None else deliveries
    posts = compose(owed.channel, given, owed.receipt, PostLimits(9, 9_000), clock.now())
    return Composed(owed.channel, tuple(posts), owed.poll, clock.now() + timedelta(days=1), bulk=True)


async def test_what_is_owed_is_read_as_each_channel_has_it(store: Store, clock: DrivenClock) -> None:
    await many(store, clock, 2)
    await watch(store, clock, channel(1), query="study", schedule=DAILY)
    await announce(store, clock, 2, 3)
    (first, second), passed = await store.all_waiting([channel(0), channel(99), channel(1)], 1, 9)
    assert passed == 3
    assert [first.channel, second.channel] == [await store.channel(channel(number)) for number in range(2)]
    for owed in (first, second):
        assert (owed.receipt, owed.poll) == await store.receipt(owed.channel.ref)
        assert list(owed.deliveries) == await store.waiting(owed.channel.ref, 1)
    assert second.deliveries[0].queries == ("ti:delivery", "ti:study")


@pytest.mark.parametrize(("together", "read"), [(0, [1]), (2, [1]), (3, [1]), (4, [1, 2]), (5, [1, 2]), (6, [1, 2, 3])])
async def test_as_many_channels_are_read_as_have_few_papers_together(
    store: Store, clock: DrivenClock, together: int, read: list[int]
) -> None:
    """Each has two papers; before them come one that is not known and one that is paused."""
    await many(store, clock, 4)
    await announce(store, clock, 2, 3)
    await store.set_paused(channel(0), "Holidays.", ANN, clock.now())
    asked = [channel(number) for number in (99, 0, 1, 2, 3)]
    owed, passed = await store.all_waiting(asked, 9, together)
    assert passed == 2 + len(read)
    assert [each.channel.ref for each in owed] == [channel(number) for number in read]
    assert [len(each.deliveries) for each in owed] == [2] * len(read)
    assert await store.all_waiting(asked[:2], 9, together) == ([], 2)
    assert await store.all_waiting([], 9, together) == ([], 0)


async def test_a_paper_is_read_as_it_is_now(store: Store, clock: DrivenClock) -> None:
    await many(store, clock, 2)
    await announce(store, clock, 2)
    (before,) = await read(store, 0)
    (delivery,) = before.deliveries
    for change in (
        {"version": 2, "abstract": "We answer more carefully."},
        {"title": "Faster delivery"},
        {"doi": "10/1"},
    ):
        changed = replace((await read(store, 0))[0].deliveries[0].paper, **change)
        await store.add_papers([changed])
        assert [each.deliveries[0].paper for each in await read(store, 0, 1)] == [changed] * 2
    assert changed != delivery.paper


async def test_a_round_that_ends_elsewhere_takes_no_paper_out_of_a_reading(tmp_path: Path, clock: DrivenClock) -> None:
    """Another thread lets go of all papers while this reading is between those that were kept and the others."""
    async with open_store(tmp_path) as store:
        await many(store, clock, 1)
        await announce(store, clock, 2, 3)
        await store.all_waiting([channel(0)], 1, 9)

        def let_go(sql: str) -> None:
            if sql.startswith("SELECT p.*"):
                empty_caches()

        await store._database.read(lambda db: db.conn.set_trace_callback(let_go))
        (owed,), _ = await store.all_waiting([channel(0)], 9, 9)
        assert [delivery.paper.id for delivery in owed.deliveries] == ["2603.00003", "2603.00002"]


async def test_the_same_paper_cannot_be_taken_twice_in_one_go(store: Store, clock: DrivenClock) -> None:
    await many(store, clock, 2)
    await announce(store, clock, 2)
    first, second = [composed(each, clock) for each in await read(store, 0, 1)]
    again = replace(first, posts=tuple(replace(post, key=post.key[::-1]) for post in first.posts))
    foreign = replace(again, channel=second.channel)
    assert await store.put_digests([first, again, foreign, second], clock.now()) == [True, False, False, True]
    assert len(await store.claim(["console"], clock.now(), 99)) == 2


async def test_one_that_cannot_be_stored_takes_no_other_along(store: Store, clock: DrivenClock) -> None:
    await many(store, clock, 4)
    await announce(store, clock, 2)
    owed = await read(store, 0, 1, 2, 3)
    await store.put_digests([composed(owed[1], clock)], clock.now())
    await store.set_layout(channel(2), Layout.CARDS, ANN, clock.now())
    digests = [composed(each, clock) for each in owed]
    assert await store.put_digests(digests, clock.now()) == [True, False, False, True]
    assert [len(await store.waiting(channel(number))) for number in range(4)] == [0, 0, 1, 0]
    items = await store.claim(["console"], clock.now(), 99)
    assert sorted(item.post.channel for item in items) == [channel(0), channel(1), channel(3)]


async def test_nothing_is_left_of_a_digest_that_is_half_taken(store: Store, clock: DrivenClock) -> None:
    await many(store, clock, 1)
    await announce(store, clock, 2, 3)
    (owed,) = await read(store, 0)
    stranger = replace(owed.deliveries[0], id=owed.deliveries[0].id + 7)
    broken = composed(owed, clock, (*owed.deliveries, stranger))
    assert await store.put_digests([broken], clock.now()) == [False]
    assert await store.waiting(channel(0)) == list(owed.deliveries)
    assert await store.claim(["console"], clock.now(), 99) == []


async def test_a_channel_that_is_gone_gets_nothing(store: Store, clock: DrivenClock) -> None:
    await many(store, clock, 1)
    await announce(store, clock, 2)
    (owed,) = await read(store, 0)
    await store.move_channel(channel(0), channel(5), clock.now())
    assert await store.put_digests([composed(owed, clock)], clock.now()) == [False]
    assert len(await store.waiting(channel(5))) == 1


@pytest.mark.parametrize("schedule", [DAILY, "instant UTC"])
async def test_only_what_the_clock_asked_for_is_bulk(
    store: Store, clock: DrivenClock, chat: MemoryChat, schedule: str
) -> None:
    await many(store, clock, 1, schedule)
    await watch(store, clock, channel(8, "urgent"), schedule=DAILY)
    await announce(store, clock, 2)
    made = composer(store, chat, clock)
    await made.due()
    await made.chosen([channel(8, "urgent")])
    order = [item.post.channel.workspace for item in await store.claim(["console"], clock.now(), 9)]
    assert order == (["urgent", "local"] if schedule == DAILY else ["local", "urgent"])
