from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from bot.composing import Composer
from bot.courier import MOST_SENDING, SEND_TIMEOUT
from bot.delivery import GRACE, Dispatcher, Drained
from bot.errors import DeliveryError, StoreError, UnreadableError
from bot.models import Channel, ChannelRef, Layout, OutboxItem, PostKind, PostLimits
from bot.ports import Store
from tests.chat_contract import ChatContract, UnusedHandler
from tests.delivery_kit import (
    AWAY,
    OTHER,
    Crash,
    DrivenClock,
    announce,
    at_boundary,
    make_dispatcher,
    running,
    shown,
    until,
    watch,
)
from tests.factories import ANN, CHANNEL
from tests.standins.chat import MemoryChat, Trouble
from tests.store_kit import open_store


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock()


@pytest.fixture
def chat() -> MemoryChat:
    return MemoryChat()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def dispatcher(store: Store, clock: DrivenClock, chat: MemoryChat) -> Dispatcher:
    return make_dispatcher(store, clock, chat)


async def uncertain(store: Store, ref: ChannelRef = CHANNEL) -> int:
    return (await store.channel_status(ref)).uncertain


async def posted(store: Store, ref: ChannelRef = CHANNEL) -> int:
    return (await store.channel_status(ref)).posted


class TestMemoryChat(ChatContract):
    @pytest.fixture
    async def chat(self) -> AsyncIterator[MemoryChat]:
        chat = MemoryChat()
        await chat.start(UnusedHandler())
        yield chat
        await chat.close()

    @pytest.fixture
    def channel(self) -> ChannelRef:
        return CHANNEL

    def shown(self, chat: MemoryChat) -> str:  # type: ignore[override]
        return chat.shown()


# When


async def test_a_digest_comes_at_its_time_and_not_before(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    nine = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    await watch(store, clock, schedule="daily 09:00 weekdays UTC", next_due=nine)
    await announce(store, clock, 2, 3)
    clock.set(nine - timedelta(seconds=90))
    async with running(dispatcher):
        await clock.rest()
        await clock.advance(89)
        await clock.rest()
        assert chat.messages == []
        await clock.advance(1)
        await chat.until(lambda chat: len(chat.messages) == 1)
    (digest,) = shown(chat)
    assert digest.heading == "2 new papers · Thursday 5 March 2026"
    assert digest.receipt is not None
    assert (digest.receipt.announced, digest.receipt.checked, digest.receipt.matched) == (3, 3, 2)
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.next_due == datetime(2026, 3, 6, 9, 0, tzinfo=UTC)


async def test_a_quiet_day_is_silent(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    await watch(store, clock, schedule="daily 09:00 weekdays UTC", next_due=clock.now())
    result = await dispatcher.drain()
    assert (result.composed, result.sent, result.next_attempt) == (0, 0, None)
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.next_due == datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    assert chat.sends == []


async def test_after_downtime_there_is_one_digest(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    await watch(store, clock, schedule="daily 13:00 every day UTC", next_due=clock.now() + timedelta(hours=1))
    await announce(store, clock, 2)
    clock.set(clock.now() + timedelta(days=3))
    await announce(store, clock, 3)
    await clock.drive(dispatcher.drain())
    (digest,) = shown(chat)
    assert [entry.paper.id for entry in digest.entries] == ["2603.00003", "2603.00002"]
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.next_due == datetime(2026, 3, 7, 13, 0, tzinfo=UTC)


async def test_an_instant_channel_is_served_when_woken_without_time_going_by(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    await watch(store, clock)
    async with running(dispatcher):
        await clock.rest()
        await announce(store, clock, 2)
        dispatcher.wake()
        await chat.until(lambda chat: len(chat.messages) == 1)
    assert clock.now() == DrivenClock().now()


async def test_a_paper_comes_once_over_polls_and_restarts(store: Store, clock: DrivenClock, chat: MemoryChat) -> None:
    await watch(store, clock)
    await watch(store, clock, query="study")
    for numbers in ((2, 3), (2, 3), (3, 4)):
        await announce(store, clock, *numbers)
        await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert chat.papers(CHANNEL) == Counter({"2603.00002": 1, "2603.00003": 1, "2603.00004": 1})


async def test_a_channel_of_a_platform_not_served_here_stays_due_and_hides_nobody(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    early = clock.now() - timedelta(hours=1)
    for number in range(150):
        ref = ChannelRef("slack", "T1", f"C{number}")
        await store.open_channel(Channel(ref, "general", "daily 09:00 weekdays UTC", Layout.DIGEST, clock.now(), early))
    await watch(store, clock)
    await announce(store, clock, 2)
    await clock.drive(dispatcher.drain())
    assert len(shown(chat)) == 1
    assert len(await store.due_channels(("slack",), clock.now(), 1000)) == 150


async def test_a_channel_with_a_broken_schedule_is_paused_with_the_reason(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    await watch(store, clock, schedule="daily 09:00 weekdays Mars/Olympus", next_due=clock.now())
    await watch(store, clock, OTHER)
    await announce(store, clock, 2)
    await clock.drive(dispatcher.drain())
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.paused == (
        "Its schedule cannot be read: “Mars/Olympus” is not a time zone. "
        "Set it anew with `schedule daily 09:00`, then `resume`."
    )
    assert (len(shown(chat)), len(shown(chat, OTHER))) == (0, 1)


# In which order


async def test_parts_come_in_order_and_cards_in_the_thread_of_their_part(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.limits = PostLimits(papers=2, characters=4_000)
    await watch(store, clock, layout=Layout.THREAD)
    await announce(store, clock, 2, 3, 4)
    result = await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert (result.composed, result.sent, result.dead, result.next_attempt) == (5, 5, 0, None)
    assert [(post.kind, post.part, len(post.entries)) for post in shown(chat)] == [
        (PostKind.DIGEST, 1, 2),
        (PostKind.DIGEST, 2, 1),
        (PostKind.CARD, 1, 1),
        (PostKind.CARD, 1, 1),
        (PostKind.CARD, 1, 1),
    ]
    first, second = (message.ref for message in chat.messages[:2])
    assert [post.thread for post in shown(chat)] == [None, None, first, first, second]
    assert await posted(store) == 3


async def test_two_posts_in_a_channel_keep_their_distance(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat(limits=PostLimits(papers=1, characters=4_000, interval=1.5))
    await watch(store, clock)
    await watch(store, clock, OTHER)
    await announce(store, clock, 2, 3, 4)
    moments: dict[ChannelRef, list[float]] = {CHANNEL: [], OTHER: []}
    chat.wire = lambda _, channel: moments[channel].append((clock.now() - DrivenClock().now()).total_seconds())
    await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert {ref: sorted(set(times)) for ref, times in moments.items()} == {CHANNEL: [0, 1.5, 3], OTHER: [0, 1.5, 3]}
    assert (len(shown(chat, CHANNEL)), len(shown(chat, OTHER))) == (3, 3)
    assert clock.now() - DrivenClock().now() == timedelta(seconds=3)


async def test_channels_are_served_side_by_side_within_bounds(store: Store, clock: DrivenClock) -> None:
    chat = MemoryChat()
    refs = [ChannelRef("console", f"w{number % 20}", f"c{number}") for number in range(MOST_SENDING + 10)]
    for ref in refs:
        await watch(store, clock, ref)
    await announce(store, clock, 2)
    chat.gate.clear()
    async with running(make_dispatcher(store, clock, chat)):
        await chat.until(lambda chat: chat.under_way == MOST_SENDING)
        await clock.rest()
        chat.gate.set()
        await chat.until(lambda chat: len(chat.messages) == len(refs))
    assert chat.most_under_way == MOST_SENDING


async def test_a_platform_that_hangs_keeps_no_other_from_its_work(store: Store, clock: DrivenClock) -> None:
    console, slack = MemoryChat("console"), MemoryChat("slack")
    console.gate.clear()
    room = ChannelRef("slack", "T1", "C1")
    for number in range(MOST_SENDING + 5):
        await watch(store, clock, ChannelRef("console", "local", f"c{number}"))
    await watch(store, clock, room)
    await announce(store, clock, 2)
    async with running(make_dispatcher(store, clock, console, slack)):
        await slack.until(lambda chat: len(chat.messages) == 1)
        assert console.messages == []
        console.gate.set()
        await console.until(lambda chat: len(chat.messages) == MOST_SENDING + 5)


# Refusals


async def test_a_refusal_for_now_is_tried_again_until_it_is_taken(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.send_faults.extend([DeliveryError("Server error."), DeliveryError("Too many.", retry_after=20.0)])
    await watch(store, clock)
    await announce(store, clock, 2)
    result = await clock.drive(dispatcher.drain())
    assert (result.sent, len(chat.sends), len(chat.messages)) == (1, 3, 1)
    assert timedelta(seconds=21) <= clock.now() - DrivenClock().now() <= timedelta(seconds=22)
    assert chat.finds == []


async def test_a_retry_beyond_its_patience_is_left_and_named(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.send_faults.append(DeliveryError("Too many.", retry_after=600.0))
    await watch(store, clock)
    await announce(store, clock, 2)
    result = await clock.drive(dispatcher.drain(patience=60))
    assert (result.sent, result.next_attempt) == (0, clock.now() + timedelta(seconds=600))
    assert (await store.channel_status(CHANNEL)).last_error == "Too many."


async def test_a_workspace_that_is_asked_to_wait_waits_and_the_others_go_on(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    begun = clock.now()
    chat.refusals[CHANNEL] = DeliveryError("Too many.", retry_after=40.0, workspace_wide=True)
    await watch(store, clock)
    await announce(store, clock, 2)
    async with running(dispatcher):
        await chat.until(lambda chat: len(chat.sends) == 1)
        await until(lambda: said(store, "Too many."))
        chat.refusals.clear()
        await watch(store, clock, OTHER)
        await watch(store, clock, AWAY)
        await announce(store, clock, 3)
        dispatcher.wake()
        await chat.until(lambda chat: bool(shown(chat, AWAY)))
        await clock.rest()
        await clock.advance(39)
        await clock.rest()
        assert not shown(chat, CHANNEL) + shown(chat, OTHER)
        await clock.advance(1)
        await chat.until(lambda chat: bool(shown(chat, CHANNEL) and shown(chat, OTHER)))
    assert clock.now() - begun == timedelta(seconds=40)


class SlowClaims:
    """A store whose claims are known only once ``gate`` is open."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.gate = asyncio.Event()
        self.gate.set()
        self.holding = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def claim(self, *args: Any, **named: Any) -> list[OutboxItem]:
        items = await self._store.claim(*args, **named)
        if items and not self.gate.is_set():
            self.holding.set()
            await self.gate.wait()
        return items


async def test_a_post_that_was_claimed_before_its_workspace_was_told_to_wait_waits_as_well(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    slow = SlowClaims(store)
    dispatcher = make_dispatcher(cast(Store, slow), clock, chat)
    chat.refusals[CHANNEL] = DeliveryError("Too many.", retry_after=40.0, workspace_wide=True)
    chat.gate.clear()
    await watch(store, clock)
    await announce(store, clock, 2)
    async with running(dispatcher):
        await chat.until(lambda chat: len(chat.sends) == 1)
        slow.gate.clear()
        await watch(store, clock, OTHER)
        await announce(store, clock, 3)
        dispatcher.wake()
        await slow.holding.wait()
        chat.gate.set()
        await until(lambda: said(store, "Too many."))
        chat.refusals.clear()
        slow.gate.set()
        await until(lambda: said(store, "Too many.", OTHER))
        await clock.rest()
        await clock.advance(39)
        await clock.rest()
        assert len(chat.sends) == 1
        await clock.advance(1)
        await chat.until(lambda chat: bool(shown(chat, CHANNEL) and shown(chat, OTHER)))


async def said(store: Store, error: str, ref: ChannelRef = CHANNEL) -> bool:
    return (await store.channel_status(ref)).last_error == error


async def test_a_refusal_for_good_pauses_the_channel_tells_it_once_and_loses_nothing(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher, caplog: pytest.LogCaptureFixture
) -> None:
    chat.send_faults.append(DeliveryError("Too long.", permanent=True, remedy="Choose `layout cards`."))
    await watch(store, clock, layout=Layout.THREAD)
    await announce(store, clock, 2, 3)
    result = await clock.drive(dispatcher.drain())
    assert (result.sent, result.dead, result.next_attempt) == (1, 1, None)
    (notice,) = shown(chat)
    assert notice.kind is PostKind.NOTICE
    assert notice.text == (
        "Posts to this channel are paused. Too long. Choose `layout cards`. "
        "When that is settled, `resume` brings what has waited."
    )
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.paused == "Too long. Choose `layout cards`."
    assert "Given up and channel paused: digest" in caplog.text

    await announce(store, clock, 4)
    await clock.drive(dispatcher.drain())
    assert len(chat.messages) == 1

    await clock.advance(60)
    assert await store.set_paused(CHANNEL, "", ANN, clock.now())
    await clock.drive(dispatcher.drain())
    assert chat.papers(CHANNEL) == Counter({"2603.00002": 1, "2603.00003": 1, "2603.00004": 1})
    assert [post.kind for post in shown(chat)[1:]] == [PostKind.DIGEST] + [PostKind.CARD] * 3


async def test_a_channel_that_takes_nothing_at_all_is_asked_twice_and_then_left_alone(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.refusals[CHANNEL] = DeliveryError("The bot is not in the channel.", permanent=True)
    await watch(store, clock)
    await watch(store, clock, OTHER)
    await announce(store, clock, 2)
    result = await clock.drive(dispatcher.drain())
    assert (result.sent, result.dead, result.next_attempt) == (1, 2, None)
    assert (len(chat.sends), len(shown(chat, OTHER))) == (3, 1)


async def test_a_channel_that_is_gone_is_told_nothing(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.refusals[CHANNEL] = DeliveryError("The channel was deleted.", ends_channel=True)
    await watch(store, clock)
    await announce(store, clock, 2)
    await clock.drive(dispatcher.drain())
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.paused == "The channel was deleted."
    assert len(chat.sends) == 1


async def test_a_channel_that_moves_while_it_is_posted_to_is_posted_to_in_its_new_place(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.refusals[CHANNEL] = DeliveryError("There is no such channel.", permanent=True)
    await watch(store, clock)
    await announce(store, clock, 2)
    chat.gate.clear()
    draining = asyncio.create_task(dispatcher.drain())
    await chat.until(lambda chat: chat.under_way == 1)
    await store.move_channel(CHANNEL, OTHER, clock.now())
    chat.gate.set()
    result = await clock.drive(ended(draining))
    assert (result.sent, result.dead, len(shown(chat, OTHER))) == (1, 0, 1)
    channel = await store.channel(OTHER)
    assert channel is not None
    assert channel.paused == ""


# Uncertain


@pytest.mark.parametrize(
    ("fault", "finds", "sends"),
    [
        (Trouble.LOST_ANSWER, 1, 1),
        (DeliveryError("Lost.", ambiguous=True), 1, 2),
        (ConnectionResetError("secret"), 1, 2),
    ],
)
async def test_a_lost_answer_is_looked_up_after_it_has_settled(
    store: Store,
    clock: DrivenClock,
    chat: MemoryChat,
    dispatcher: Dispatcher,
    fault: Trouble | Exception,
    finds: int,
    sends: int,
) -> None:
    begun = clock.now()
    chat.send_faults.append(fault)
    await watch(store, clock)
    await announce(store, clock, 2)
    result = await clock.drive(dispatcher.drain())
    assert (result.sent, len(chat.messages), len(chat.finds), len(chat.sends)) == (1, 1, finds, sends)
    assert clock.now() - begun == timedelta(seconds=30)
    assert await posted(store) == 1


@pytest.mark.parametrize(("trouble", "sends"), [(Trouble.HANG, 2), (Trouble.STORED_HANG, 1)])
async def test_a_platform_that_does_not_answer_at_all(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher, trouble: Trouble, sends: int
) -> None:
    chat.send_faults.append(trouble)
    await watch(store, clock)
    await announce(store, clock, 2)
    draining = asyncio.create_task(dispatcher.drain(patience=600))
    await chat.until(lambda chat: chat.under_way == 1)
    await clock.settle()
    await clock.advance(SEND_TIMEOUT)
    result = await clock.drive(ended(draining))
    assert (result.sent, len(chat.messages), len(chat.sends)) == (1, 1, sends)
    assert clock.now() - DrivenClock().now() == timedelta(seconds=SEND_TIMEOUT + 30)


async def ended(draining: asyncio.Task[Drained]) -> Drained:
    return await draining


async def test_an_unreadable_history_blocks_its_channel_alone_and_is_never_guessed_about(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.send_faults.append(Trouble.LOST_ANSWER)
    await watch(store, clock)
    await announce(store, clock, 2)
    chat.find_faults.extend([UnreadableError("The history cannot be read.")] * 100)
    await clock.drive(dispatcher.drain(patience=86_400))
    assert len(chat.sends) == 1
    assert 15 < len(chat.finds) < 25
    assert await uncertain(store) == 1
    assert (await store.channel_status(CHANNEL)).last_error == "The history cannot be read."

    await watch(store, clock, OTHER)
    await announce(store, clock, 3)
    await clock.drive(dispatcher.drain(patience=0))
    assert (len(shown(chat)), len(shown(chat, OTHER))) == (1, 1)

    chat.find_faults.clear()
    await clock.drive(dispatcher.drain(patience=86_400))
    assert await uncertain(store) == 0
    assert chat.papers(CHANNEL) == Counter({"2603.00002": 1, "2603.00003": 1})


async def test_a_look_up_refused_for_good_pauses_the_channel(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.send_faults.append(Trouble.LOST_ANSWER)
    chat.find_faults.append(DeliveryError("The token was revoked.", permanent=True, remedy="Install the bot again."))
    await watch(store, clock)
    await announce(store, clock, 2)
    await clock.drive(dispatcher.drain(patience=45))
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.paused == "The token was revoked. Install the bot again."
    assert await uncertain(store) == 1

    await store.set_paused(CHANNEL, "", ANN, clock.now())
    await clock.drive(dispatcher.drain())
    assert (await uncertain(store), len(chat.messages)) == (0, 1)


@pytest.mark.parametrize("fault", [DeliveryError("Too many.", retry_after=10, workspace_wide=True), OSError("secret")])
async def test_a_look_up_that_fails_for_now_is_made_again(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher, fault: Exception
) -> None:
    chat.send_faults.append(Trouble.LOST_ANSWER)
    chat.find_faults.append(fault)
    await watch(store, clock)
    await announce(store, clock, 2)
    result = await clock.drive(dispatcher.drain())
    assert (result.sent, len(chat.finds), len(chat.sends)) == (1, 2, 1)


# The store


async def test_an_outcome_that_the_store_cannot_take_is_kept_until_it_can(
    store: Store, clock: DrivenClock, chat: MemoryChat, caplog: pytest.LogCaptureFixture
) -> None:
    full = [StoreError("The disk is full.", path="paperroute.db")] * 3

    def before(name: str) -> None:
        if name == "sent" and full:
            raise full.pop()

    await watch(store, clock)
    await announce(store, clock, 2)
    result = await clock.drive(make_dispatcher(at_boundary(store, before, str), clock, chat).drain())
    assert (result.sent, len(chat.messages), chat.finds) == (1, 1, [])
    assert clock.now() - DrivenClock().now() == timedelta(seconds=1 + 2 + 4)
    assert "Writing down what became of a post failed: The disk is full." in caplog.messages


async def test_a_store_that_fails_is_waited_out(store: Store, clock: DrivenClock, chat: MemoryChat) -> None:
    full = [StoreError("The disk is full.", path="paperroute.db")] * 2

    def before(name: str) -> None:
        if name == "put_digests" and full:
            raise full.pop()

    await watch(store, clock)
    await announce(store, clock, 2)
    dispatcher = make_dispatcher(at_boundary(store, before, str), clock, chat)
    async with running(dispatcher):
        for pause in (1, 2):
            await clock.rest()
            assert chat.messages == []
            await clock.advance(pause)
        await chat.until(lambda chat: len(chat.messages) == 1)


async def test_what_somebody_else_composed_meanwhile_is_not_composed_twice(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    await watch(store, clock)
    await announce(store, clock, 2)
    composers = [Composer(store, {"console": chat.limits}, clock) for _ in range(4)]
    assert sum(await asyncio.gather(*(composer.due() for composer in composers))) == 1
    assert await store.waiting(CHANNEL) == []


@pytest.mark.parametrize("paused", [False, True])
async def test_a_change_while_composing_counts(
    store: Store, clock: DrivenClock, chat: MemoryChat, paused: bool
) -> None:
    """The channel is given another schedule, or paused, after its papers were read and before the posts are stored."""
    changes: list[asyncio.Task[object]] = []
    tomorrow = clock.now() + timedelta(days=1)

    def after(name: str) -> None:
        if name == "all_waiting" and not changes:
            if paused:
                changes.append(asyncio.create_task(store.set_paused(CHANNEL, "Holidays.", ANN, clock.now())))
            else:
                change = store.set_schedule(CHANNEL, "daily 12:00 every day UTC", tomorrow, ANN, clock.now())
                changes.append(asyncio.create_task(change))

    await watch(store, clock, schedule="daily 09:00 weekdays UTC", next_due=clock.now())
    await announce(store, clock, 2)
    composer = Composer(at_boundary(store, str, after), {"console": chat.limits}, clock)
    assert await composer.due() == (0 if paused else 1)
    await asyncio.gather(*changes)
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert len(await store.waiting(CHANNEL)) == (1 if paused else 0)
    if not paused:
        assert (channel.schedule, channel.next_due) == ("daily 12:00 every day UTC", tomorrow)


@pytest.mark.parametrize("moment", ["all_waiting", "put_digests"])
@pytest.mark.parametrize("what", ["poll", "watch"])
async def test_a_receipt_counts_what_its_papers_came_with(
    store: Store, clock: DrivenClock, chat: MemoryChat, moment: str, what: str
) -> None:
    """A poll records papers, or a watch is made, while a digest is being composed."""
    changes: list[asyncio.Task[None]] = []

    async def change() -> None:
        if what == "poll":
            await announce(store, clock, 4, 5)
        else:
            await watch(store, clock, query="careful")

    def at(name: str) -> None:
        if name == moment and not changes:
            changes.append(asyncio.create_task(change()))

    await watch(store, clock)
    await announce(store, clock, 2)
    await announce(store, clock, 3, title="Something careful")
    composer = Composer(at_boundary(store, at, str), {"console": chat.limits}, clock)
    for _ in range(4):
        await composer.chosen([CHANNEL])
        await asyncio.gather(*changes)
    assert await store.waiting(CHANNEL) == []
    await clock.drive(make_dispatcher(store, clock, chat).drain())
    receipts = [post.receipt for post in shown(chat) if post.receipt is not None]
    assert all(receipt.checked >= receipt.matched for receipt in receipts)
    assert sum(receipt.matched for receipt in receipts) == (3 if what == "poll" else 2)


async def test_a_schedule_set_while_posts_are_stored_holds(store: Store, clock: DrivenClock, chat: MemoryChat) -> None:
    changes: list[asyncio.Task[None]] = []

    def before(name: str) -> None:
        if name == "put_digests" and not changes:
            change = store.set_schedule(CHANNEL, "off UTC", None, ANN, clock.now())
            changes.append(asyncio.create_task(change))

    await watch(store, clock, schedule="daily 09:00 weekdays UTC", next_due=clock.now())
    await announce(store, clock, 2)
    assert await Composer(at_boundary(store, before, str), {"console": chat.limits}, clock).due() == 1
    await asyncio.gather(*changes)
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert (channel.schedule, channel.next_due) == ("off UTC", None)


async def test_more_papers_than_are_composed_at_once_follow_at_once(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    await watch(store, clock, schedule="daily 09:00 weekdays UTC", next_due=clock.now())
    await announce(store, clock, *range(2, 7))
    composer = Composer(store, {"console": chat.limits}, clock, most=2)
    assert [await composer.due() for _ in range(4)] == [1, 1, 1, 0]
    assert await store.waiting(CHANNEL) == []


async def test_a_defect_ends_the_run_and_leaves_the_post_to_be_looked_up(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    def die(*_: object) -> None:
        raise Crash

    chat.wire = die
    await watch(store, clock)
    await announce(store, clock, 2)
    with pytest.raises(Crash):
        await dispatcher.run()
    chat.wire = lambda *_: None
    result = await clock.drive(dispatcher.drain())
    assert (result.sent, len(chat.messages), len(chat.finds)) == (1, 1, 2)
    assert clock.now() - DrivenClock().now() == timedelta(seconds=30)


# The end


async def test_stopping_lets_a_post_finish(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    await watch(store, clock)
    await announce(store, clock, 2)
    chat.gate.clear()
    task = asyncio.create_task(dispatcher.run())
    await chat.until(lambda chat: chat.under_way == 1)
    stopping = asyncio.create_task(dispatcher.stop())
    await clock.settle()
    chat.gate.set()
    await stopping
    await task
    assert (len(chat.messages), await posted(store)) == (1, 1)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_does_not_finish_in_time_is_cut_off_and_looked_up_at_the_next_start(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher, cancelled: bool
) -> None:
    await watch(store, clock)
    await announce(store, clock, 2)
    chat.send_faults.append(Trouble.STORED_HANG)
    task = asyncio.create_task(dispatcher.run())
    await chat.until(lambda chat: len(chat.messages) == 1)
    if cancelled:
        task.cancel()
        ending = asyncio.create_task(asyncio.wait({task}))
    else:
        ending = asyncio.create_task(asyncio.wait({asyncio.create_task(dispatcher.stop())}))
    await clock.settle()
    await clock.advance(GRACE - 0.1)
    assert not ending.done()
    await clock.advance(0.1)
    await ending
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled() == cancelled
    assert chat.under_way == 0

    result = await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert (result.sent, len(chat.messages), len(chat.sends), len(chat.finds)) == (1, 1, 1, 1)


async def test_absent_at_the_start_is_believed_only_after_it_has_settled(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    """The first process died with its message under way; the platform shows it a little later."""
    await watch(store, clock)
    await announce(store, clock, 2)
    chat.send_faults.append(Trouble.STORED_HANG)
    async with running(dispatcher):
        await chat.until(lambda chat: len(chat.messages) == 1)
    clock.set(clock.now() + timedelta(hours=8))
    chat.hidden = 1
    result = await clock.drive(make_dispatcher(store, clock, chat).drain())
    assert (result.sent, len(chat.messages), len(chat.sends), len(chat.finds)) == (1, 1, 1, 2)


async def test_stopping_ends_a_drain_that_waits(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    chat.send_faults.append(DeliveryError("Too many.", retry_after=60.0))
    await watch(store, clock)
    await announce(store, clock, 2)
    draining = asyncio.create_task(dispatcher.drain())
    await until(lambda: said(store, "Too many."))
    await dispatcher.stop()
    assert (await draining).next_attempt == clock.now() + timedelta(seconds=60)
    assert (await dispatcher.drain()).sent == 0


# Draining


async def test_draining_composes_what_it_is_told_to(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    later = clock.now() + timedelta(days=1)
    off, paused = ChannelRef("console", "local", "off"), ChannelRef("console", "local", "paused")
    await watch(store, clock, CHANNEL, schedule="daily 09:00 weekdays UTC", next_due=later)
    await watch(store, clock, OTHER, schedule="daily 09:00 weekdays UTC", next_due=later)
    await watch(store, clock, off, schedule="off UTC")
    await watch(store, clock, paused)
    await store.set_paused(paused, "Holidays.", ANN, clock.now())
    await announce(store, clock, 2)
    assert (await clock.drive(dispatcher.drain())).composed == 0
    unknown = ChannelRef("console", "local", "unknown")
    assert (await clock.drive(dispatcher.drain([OTHER, paused, unknown]))).composed == 1
    assert len(shown(chat, OTHER)) == 1
    assert (await clock.drive(dispatcher.drain(everything=True))).sent == 1
    assert len(shown(chat, CHANNEL)) == 1
    assert (await clock.drive(dispatcher.drain([off]))).sent == 1


async def test_draining_beside_a_run_posts_once(
    store: Store, clock: DrivenClock, chat: MemoryChat, dispatcher: Dispatcher
) -> None:
    await watch(store, clock)
    async with running(dispatcher) as task:
        await clock.rest()
        await announce(store, clock, 2)
        dispatcher.wake()
        await dispatcher.drain()
        await until(lambda: all_posted(store, 1))
        assert not task.done()
    assert len(chat.messages) == 1


async def all_posted(store: Store, papers: int) -> bool:
    return await posted(store) == papers


async def test_a_store_that_fails_ends_a_drain_with_its_error(
    store: Store, clock: DrivenClock, chat: MemoryChat
) -> None:
    def before(name: str) -> None:
        if name == "claim":
            raise StoreError("The disk is full.", path="paperroute.db")

    with pytest.raises(StoreError, match="The disk is full"):
        await make_dispatcher(at_boundary(store, before, str), clock, chat).drain()
