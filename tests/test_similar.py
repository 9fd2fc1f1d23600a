"""Similar papers over a real store: what is like one, what a digest ends with, when the index is made."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.composing import Composer, Propose
from bot.delivery import Dispatcher
from bot.errors import WorkerError
from bot.models import Channel, Layout, MessageRef, Paper, PostState, Similar
from bot.similar import Relatives
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.chat import MemoryChat
from tests.standins.clock import FakeClock
from tests.standins.plain_index import PlainIndex
from tests.store_kit import TODAY, open_store, poll, rows, watch

YESTERDAY = TODAY - timedelta(days=1)


def paper(number: int, title: str, abstract: str = "", **changes: object) -> Paper:
    return make_paper(f"2603.{number:05}", title=title, abstract=abstract, **changes)


OLD = [
    paper(1, "Reward models from preferences", "Preferences train a reward model.", announced=YESTERDAY),
    paper(2, "Tides of the northern sea", "The sea rises.", announced=YESTERDAY),
    paper(3, "Glacier flow", "Ice moves downhill.", announced=YESTERDAY),
    *(paper(number, f"Filler {number}", "Nothing else.", announced=YESTERDAY) for number in range(4, 10)),
]
NEW = [
    paper(11, "A reward model without preferences", "Each reward model is small."),
    paper(12, "Reward models, again", "Preferences and a reward model."),
    paper(13, "Northern tides", "How the sea rises at night."),
    paper(14, "A delivery of letters", "Unlike anything."),
    paper(15, "Delivery of northern tides", "The sea rises."),
]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
async def relatives(store: SqliteStore, clock: FakeClock, tmp_path: Path) -> Relatives:
    """Over an archive whose index was made before the new papers came; the channel watches "delivery"."""
    await watch(store, "ti:zebra")
    await poll(store, OLD)
    await watch(store, "ti:delivery")
    _, read = await store.receipt(CHANNEL)
    assert await store.put_posts(CHANNEL, [], receipted=read, next_due=None, now=clock.now())
    made = Relatives(store, PlainIndex(tmp_path), clock)
    assert await made.refresh() == len(OLD)
    await poll(store, NEW)
    return made


def delivering(store: SqliteStore, clock: FakeClock, chat: MemoryChat, propose: Propose) -> Dispatcher:
    return Dispatcher(store, [chat], clock, random=Random(1), propose=propose)


async def post(store: SqliteStore, clock: FakeClock, relatives: Relatives, chat: MemoryChat) -> list[list[str]]:
    """Compose and send what is owed; the papers of each post so far, a reason behind each proposed one."""
    dispatcher = delivering(store, clock, chat, relatives.proposals)
    await dispatcher.drain(everything=True)
    return [
        [f"{entry.paper.id[-2:]}{' ' + entry.because if entry.because else ''}" for entry in message.post.entries]
        for message in chat.messages
    ]


async def digests_with_proposals(store: SqliteStore, clock: FakeClock) -> MemoryChat:
    await store.set_similar(CHANNEL, True, ANN, clock.now())
    await store.set_layout(CHANNEL, Layout.DIGEST, ANN, clock.now())
    return MemoryChat(limits=replace(MemoryChat().limits, papers=9))


async def test_a_paper_newer_than_the_index_is_compared_by_its_text(relatives: Relatives) -> None:
    found = await relatives.like(NEW[1], 5)
    assert found is not None
    assert [(each.paper.id, each.because) for each in found] == [
        ("2603.00001", "because both speak of reward models and preferences"),
    ]
    own = await relatives.like(OLD[0], 5)
    assert own is not None
    assert "2603.00001" not in [each.paper.id for each in own]
    assert await relatives.like(paper(99, "Xylophones", "Quite alone."), 5) == []


async def test_without_an_index_nothing_is_said_to_be_like_anything(
    store: SqliteStore, clock: FakeClock, tmp_path: Path
) -> None:
    relatives = Relatives(store, PlainIndex(tmp_path), clock)
    assert await relatives.like(OLD[0], 5) is None
    await watch(store, "ti:delivery")
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert await relatives.proposals(channel) == []


async def test_the_index_is_made_when_there_is_something_new_to_count(
    store: SqliteStore, clock: FakeClock, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = PlainIndex(tmp_path)
    relatives = Relatives(store, index, clock)
    assert await relatives.refresh() == 0
    await store.add_papers(OLD)
    index.trouble = WorkerError("It ended with status 1.")
    caplog.set_level(logging.WARNING)
    assert await relatives.refresh() == 0
    assert caplog.messages == ["The index of similar papers was not made: It ended with status 1."]
    index.trouble = None
    assert [await relatives.refresh() for _ in range(2)] == [len(OLD), 0]
    clock.set(clock.now() + timedelta(hours=21))
    assert await relatives.refresh() == len(OLD)
    assert index.made == 2


async def test_the_next_index_comes_ten_minutes_after_the_start_and_then_before_the_morning(
    store: SqliteStore, clock: FakeClock, tmp_path: Path
) -> None:
    relatives = Relatives(store, PlainIndex(tmp_path), clock)
    start = datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert clock.now() == start
    assert relatives.expected(start) == start + timedelta(minutes=10)
    assert relatives.expected(start + timedelta(hours=1)) == datetime(2026, 3, 5, 4, 40, tzinfo=UTC)
    assert relatives.expected(datetime(2026, 3, 6, 3, tzinfo=UTC)) == datetime(2026, 3, 6, 4, 40, tzinfo=UTC)


async def test_a_digest_ends_with_papers_like_those_that_were_saved(
    store: SqliteStore, clock: FakeClock, relatives: Relatives
) -> None:
    await store.save(ANN, CHANNEL, "2603.00001", clock.now())
    await store.save(BOB, CHANNEL, "2603.00002", clock.now() - timedelta(days=89))
    chat = await digests_with_proposals(store, clock)
    shown = await post(store, clock, relatives, chat)
    # Of the two that are like the first save the nearer one; 15 is owed by the watch and stands above.
    assert shown == [
        [
            "15",
            "14",
            "13 because you saved “Tides of the northern sea”",
            "12 because you saved “Reward models from preferences”",
        ]
    ]
    (message,) = chat.messages
    assert message.post.heading.startswith("2 new papers")
    assert message.post.receipt is not None
    assert message.post.receipt.matched == 2
    assert [entry.number for entry in await store.latest_entries(CHANNEL)] == [1, 2, 3, 4]
    status = await store.channel_status(CHANNEL)
    assert status.posted == 2


async def test_what_was_proposed_is_never_posted_again(
    store: SqliteStore, clock: FakeClock, relatives: Relatives
) -> None:
    await store.save(ANN, CHANNEL, "2603.00001", clock.now())
    chat = await digests_with_proposals(store, clock)
    await post(store, clock, relatives, chat)
    # A watch that wants the same papers, and more of the same day.
    await watch(store, "reward")
    await poll(store, [paper(16, "Delivery again", "Letters.")])
    shown = await post(store, clock, relatives, chat)
    assert shown[0][-1].startswith("12 because")
    assert sorted(each[:2] for each in shown[1]) == ["11", "16"]


async def test_old_saves_dismissed_papers_and_cards_bring_none(
    store: SqliteStore, clock: FakeClock, relatives: Relatives
) -> None:
    await store.save(ANN, CHANNEL, "2603.00002", clock.now() - timedelta(days=91))
    await store.save(ANN, CHANNEL, "2603.00001", clock.now())
    await store.dismiss(CHANNEL, BOB, "2603.00012", clock.now())
    await digests_with_proposals(store, clock)
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert [each.paper.id for each in await relatives.proposals(channel)] == ["2603.00011"]
    await store.set_layout(CHANNEL, Layout.CARDS, ANN, clock.now())
    shown = await post(store, clock, relatives, MemoryChat())
    assert sorted(each for (each,) in shown) == ["14", "15"]


async def test_without_the_setting_nothing_is_proposed(
    store: SqliteStore, clock: FakeClock, relatives: Relatives
) -> None:
    await store.save(ANN, CHANNEL, "2603.00001", clock.now())
    await store.set_layout(CHANNEL, Layout.DIGEST, ANN, clock.now())
    assert await post(store, clock, relatives, MemoryChat()) == [["15", "14"]]


async def test_trouble_costs_the_proposals_and_nothing_else(
    store: SqliteStore, clock: FakeClock, relatives: Relatives, caplog: pytest.LogCaptureFixture
) -> None:
    chat = await digests_with_proposals(store, clock)

    async def broken(_: Channel) -> list[Similar]:
        raise IndexError("a file that was damaged")

    dispatcher = delivering(store, clock, chat, broken)
    await dispatcher.drain(everything=True)
    assert [len(message.post.entries) for message in chat.messages] == [2]
    assert "Proposing similar papers failed unexpectedly." in caplog.messages


async def test_what_a_dead_post_had_proposed_is_withdrawn(
    store: SqliteStore, clock: FakeClock, relatives: Relatives, tmp_path: Path
) -> None:
    await store.save(ANN, CHANNEL, "2603.00001", clock.now())
    await digests_with_proposals(store, clock)
    await store.set_due(CHANNEL, clock.now())
    limits = {"console": replace(MemoryChat().limits, papers=9)}
    await Composer(store, limits, clock, propose=relatives.proposals).everything()
    (item,) = await store.claim(["console"], clock.now(), 9)
    assert item.state is PostState.SENDING
    assert await store.dead(item.post.key, "The channel is gone.", clock.now())
    state = "SELECT paper % 1000, state FROM deliveries ORDER BY paper"
    assert rows(tmp_path, state) == [(12, 2), (14, 3), (15, 3)]
    clock.set(clock.now() + timedelta(hours=1))
    await store.set_paused(CHANNEL, "x", None, clock.now())
    await store.set_paused(CHANNEL, "", None, clock.now())
    chat = MemoryChat(limits=replace(MemoryChat().limits, papers=9))
    shown = await post(store, clock, relatives, chat)
    assert [each[:2] for each in shown[0]] == ["15", "14", "12"]
    assert await store.post_of(MessageRef(CHANNEL, chat.messages[0].ref.message)) is not None
    assert rows(tmp_path, state) == [(12, 1), (14, 1), (15, 1)]


async def test_a_paper_that_comes_to_be_owed_meanwhile_is_not_posted_twice(
    store: SqliteStore, clock: FakeClock, relatives: Relatives
) -> None:
    await store.save(ANN, CHANNEL, "2603.00001", clock.now())
    chat = await digests_with_proposals(store, clock)
    asked: list[list[str]] = []

    async def slow(channel: Channel) -> list[Similar]:
        found = await relatives.proposals(channel)
        if not asked:
            await watch(store, "ti:again")
        asked.append([each.paper.id for each in found])
        return found

    dispatcher = delivering(store, clock, chat, slow)
    await dispatcher.drain(everything=True)
    shown = [(entry.paper.id[-2:], bool(entry.because)) for message in chat.messages for entry in message.post.entries]
    assert asked == [["2603.00012"], ["2603.00011"]]
    assert sorted(shown) == [("11", True), ("12", False), ("14", False), ("15", False)]
