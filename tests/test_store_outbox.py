"""The outbox: a paper gets into one post, a post is sent once, in order, in turn, whatever the channel's state."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlite_utils

from bot.errors import StoreError
from bot.models import ChannelRef, ChannelStatus, Entry, MessageRef, OutboxItem, Post, PostKind, PostState, Receipt
from storage.sqlite import SqliteStore, queue
from tests.factories import ANN, CHANNEL, make_paper
from tests.store_kit import (
    NOW,
    TODAY,
    batch_of,
    compose,
    entries_for,
    key,
    later,
    make_channel,
    open_store,
    papers_of,
    poll,
    record,
    rows,
    watch,
)

OTHER = replace(CHANNEL, channel="other")
PLATFORMS = ["console"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


def notice(number: int, ref: ChannelRef = CHANNEL, thread_of: str | None = None) -> Post:
    return Post(key(number), ref, PostKind.NOTICE, text=f"Notice {number}", thread_of=thread_of)


async def claimed(store: SqliteStore, **after: float) -> list[str]:
    return [item.post.key for item in await store.claim(PLATFORMS, later(**after), 99)]


async def send(store: SqliteStore, number: int, ref: ChannelRef = CHANNEL) -> None:
    assert await store.sent(key(number), MessageRef(ref, f"m{number}"), NOW)


async def owed(store: SqliteStore, number: int, ref: ChannelRef = CHANNEL) -> None:
    """So many papers are owed to a channel."""
    await watch(store, "delivery", ref)
    await poll(store, papers_of(TODAY, 1, number))


async def test_a_post_comes_back_as_it_was_put(store: SqliteStore) -> None:
    await owed(store, 2)
    first, second = await store.waiting(CHANNEL)
    digest = Post(
        key(1),
        CHANNEL,
        PostKind.DIGEST,
        "2 new papers",
        (
            Entry(1, first.paper, ("delivery", "letter"), first.queries, late=True, delivery=first.id),
            Entry(2, second.paper, delivery=second.id),
        ),
        Receipt(7, 6, 2, 1),
        part=1,
        parts=2,
    )
    card = Post(key(2), CHANNEL, PostKind.CARD, entries=(digest.entries[0],), thread_of=key(1), part=2, parts=3)
    word = replace(notice(3), heading="Said")
    assert await store.put_posts(CHANNEL, [digest, card], receipted=1, next_due=later(days=1), now=NOW)
    assert await store.put_notice(word, NOW)
    assert await store.claim(PLATFORMS, NOW, 9) == [OutboxItem(digest, PostState.SENDING, 1, NOW)]
    await send(store, 1)
    (item,) = await store.claim(PLATFORMS, NOW, 9)
    assert item.post == replace(card, thread=MessageRef(CHANNEL, "m1"))
    await send(store, 2)
    (item,) = await store.claim(PLATFORMS, NOW, 9)
    assert item.post == word
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert (channel.receipted, channel.next_due) == (1, later(days=1))


async def test_a_delivery_gets_into_one_post(store: SqliteStore) -> None:
    await owed(store, 3)
    everything = entries_for(await store.waiting(CHANNEL))
    one = Post(key(1), CHANNEL, PostKind.DIGEST, entries=everything[:1])
    both = [Post(key(2), CHANNEL, PostKind.DIGEST, entries=everything[1:]), replace(one, key=key(3))]
    assert await store.put_posts(CHANNEL, [one], receipted=1, next_due=None, now=NOW)
    assert not await store.put_posts(CHANNEL, both, receipted=9, next_due=later(days=1), now=NOW)
    assert len(await store.waiting(CHANNEL)) == 2
    channel = await store.channel(CHANNEL)
    assert channel is not None
    # What waits came with numbers that the receipt has counted: the next one counts them again.
    assert (channel.receipted, channel.next_due) == (0, None)
    assert await claimed(store) == [key(1)]


async def test_a_withdrawn_delivery_is_in_no_post(store: SqliteStore) -> None:
    await owed(store, 1)
    posts = [Post(key(1), CHANNEL, PostKind.DIGEST, entries=entries_for(await store.waiting(CHANNEL)))]
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    assert not await store.put_posts(CHANNEL, posts, receipted=1, next_due=None, now=NOW)
    assert await claimed(store) == []


async def test_another_channel_s_delivery_is_refused(store: SqliteStore) -> None:
    await owed(store, 1)
    await watch(store, "delivery", OTHER)
    posts = [Post(key(1), OTHER, PostKind.DIGEST, entries=entries_for(await store.waiting(CHANNEL)))]
    assert not await store.put_posts(OTHER, posts, receipted=1, next_due=None, now=NOW)
    assert len(await store.waiting(OTHER)) == 1


async def test_a_paper_may_be_posted_that_is_owed_to_nobody(store: SqliteStore) -> None:
    await make_channel(store)
    await store.add_papers([make_paper()])
    post = Post(key(1), CHANNEL, PostKind.CARD, entries=(Entry(1, make_paper()),))
    assert await store.put_posts(CHANNEL, [post], receipted=0, next_due=None, now=NOW)
    assert await claimed(store) == [key(1)]
    await send(store, 1)
    assert (await store.channel_status(CHANNEL)).posted == 0
    assert await store.prune_papers(TODAY.replace(year=2030), 9) == 0


async def test_a_notice_is_stored_once_a_key(store: SqliteStore) -> None:
    await make_channel(store)
    assert await store.put_notice(notice(1), NOW)
    assert not await store.put_notice(replace(notice(1), text="Other"), NOW)
    with pytest.raises(StoreError):
        await store.put_notice(notice(2, OTHER), NOW)


async def test_a_thread_must_be_of_a_post_of_the_channel(store: SqliteStore) -> None:
    await make_channel(store)
    await make_channel(store, OTHER)
    await store.put_notice(notice(1, OTHER), NOW)
    for parent in (1, 9):
        with pytest.raises(StoreError, match="not known"):
            await store.put_notice(notice(2, thread_of=key(parent)), NOW)
    assert await claimed(store) == [key(1)]


async def test_one_post_a_channel_and_in_order(store: SqliteStore) -> None:
    await owed(store, 2)
    await watch(store, "delivery", OTHER)
    await compose(store, 1, cards=True)
    await compose(store, 5, OTHER)
    assert await claimed(store) == [key(1), key(5)]
    assert await claimed(store) == []
    await send(store, 1)
    assert await claimed(store) == [key(2)]
    await send(store, 2)
    await send(store, 5, OTHER)
    assert await claimed(store) == [key(3)]
    await send(store, 3)
    assert await claimed(store) == []


async def test_a_post_that_must_wait_holds_up_those_behind_it(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1, cards=True)
    await claimed(store)
    assert await store.retry(key(1), later(minutes=5), "busy")
    assert await claimed(store, minutes=4) == []
    assert await store.next_attempt(PLATFORMS) == later(minutes=5)
    (item,) = await store.claim(PLATFORMS, later(minutes=5), 9)
    assert (item.post.key, item.attempts, item.first_attempt, item.last_error) == (key(1), 2, NOW, "busy")


async def test_a_notice_overtakes_papers_that_must_wait(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1)
    await claimed(store)
    await store.retry(key(1), later(minutes=5), "busy")
    await store.put_notice(notice(2), NOW)
    assert await claimed(store) == [key(2)]


async def test_a_notice_in_a_thread_waits_for_its_post(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1)
    await store.put_notice(notice(2, thread_of=key(1)), NOW)
    assert await claimed(store) == [key(1)]
    await store.retry(key(1), later(minutes=5), "busy")
    assert await claimed(store, minutes=1) == []
    assert await claimed(store, minutes=5) == [key(1)]
    await send(store, 1)
    (item,) = await store.claim(PLATFORMS, later(minutes=5), 9)
    assert item.post.thread == MessageRef(CHANNEL, "m1")


async def test_a_paused_channel_gets_notices_alone(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1)
    await store.set_paused(CHANNEL, "a while", ANN, NOW)
    assert await claimed(store) == []
    assert await store.next_attempt(PLATFORMS) is None
    await store.put_notice(notice(2), NOW)
    assert await claimed(store) == [key(2)]
    await send(store, 2)
    assert await claimed(store) == []
    await store.set_paused(CHANNEL, "", ANN, NOW)
    assert await claimed(store) == [key(1)]


async def test_an_uncertain_post_blocks_its_channel_alone(store: SqliteStore) -> None:
    await owed(store, 1)
    await watch(store, "delivery", OTHER)
    await compose(store, 1)
    await claimed(store)
    assert await store.uncertain(key(1), later(seconds=30), "no answer")
    await store.put_notice(notice(2), NOW)
    await compose(store, 3, OTHER)
    assert await claimed(store) == [key(3)]
    assert await store.next_attempt(PLATFORMS) == later(seconds=30)
    assert await store.uncertain_posts(PLATFORMS, later(seconds=29), 9) == []
    (item,) = await store.uncertain_posts(PLATFORMS, later(seconds=30), 9)
    assert (item.post.key, item.state, item.last_error) == (key(1), PostState.UNCERTAIN, "no answer")
    assert await store.uncertain_posts(["slack"], later(seconds=30), 9) == []
    assert await store.uncertain(key(1), later(seconds=60), "unreadable")
    assert await store.uncertain_posts(PLATFORMS, later(seconds=59), 9) == []
    assert await store.retry(key(1), NOW, "not there")
    assert await claimed(store) == [key(1)]


async def test_states_change_once(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1)
    message = MessageRef(CHANNEL, "m")
    assert not await store.sent(key(1), message, NOW)
    assert not await store.retry(key(1), NOW, "x")
    assert not await store.uncertain(key(1), NOW, "x")
    assert not await store.dead(key(1), "x", NOW)
    await claimed(store)
    assert await store.sent(key(1), message, NOW)
    assert not await store.sent(key(1), MessageRef(CHANNEL, "other"), NOW)
    assert not await store.retry(key(1), NOW, "x")
    assert not await store.uncertain(key(1), NOW, "x")
    assert not await store.dead(key(1), "x", NOW)
    assert not await store.dead("unknown", "x", NOW)
    assert await store.post_of(MessageRef(CHANNEL, "other")) is None
    assert await claimed(store, days=1) == []


async def test_a_sent_post_is_found_by_its_message(store: SqliteStore) -> None:
    await owed(store, 2)
    (digest,) = await compose(store, 1)
    await claimed(store)
    assert await store.post_of(MessageRef(CHANNEL, "m1")) is None
    await send(store, 1)
    assert await store.post_of(MessageRef(CHANNEL, "m1")) == digest
    assert await store.post_of(MessageRef(OTHER, "m1")) is None
    assert await store.post_of(MessageRef(CHANNEL, "\ud800")) is None


async def test_workspaces_take_turns(store: SqliteStore) -> None:
    big = [ChannelRef("console", "big", f"c{i}") for i in range(6)]
    small = [ChannelRef("console", "small", "s0"), ChannelRef("slack", "small", "s1")]
    for number, ref in enumerate([*big, *small], 1):
        await make_channel(store, ref)
        await store.put_notice(notice(number, ref), NOW)

    async def turns(limit: int, *platforms: str) -> list[str]:
        items = await store.claim(platforms, NOW, limit)
        return [item.post.channel.channel for item in items]

    assert await turns(0, "console") == []
    assert await turns(3, "console") == ["c0", "s0", "c1"]
    third = replace(small[0], channel="s2")
    await make_channel(store, third)
    await store.put_notice(notice(20, third), NOW)
    assert await turns(2, "console", "slack") == ["s1", "s2"]
    assert await turns(9, "console", "slack", "discord") == ["c2", "c3", "c4", "c5"]


async def test_a_workspace_that_must_wait_delays_nobody_else(store: SqliteStore) -> None:
    slow, quick = ChannelRef("console", "slow", "a"), ChannelRef("console", "quick", "b")
    for number, ref in enumerate([slow, quick], 1):
        await make_channel(store, ref)
        await store.put_notice(notice(number, ref), NOW)
    await store.postpone_workspace("console", "slow", later(seconds=90))
    await store.postpone_workspace("console", "slow", later(seconds=60))
    await store.postpone_workspace("console", "unknown", later(seconds=60))
    assert await claimed(store) == [key(2)]
    await send(store, 2, quick)
    assert await store.next_attempt(PLATFORMS) == later(seconds=90)
    assert await claimed(store, seconds=89) == []
    assert await claimed(store, seconds=90) == [key(1)]


async def test_next_attempt_is_the_earliest_of_all(store: SqliteStore) -> None:
    assert await store.next_attempt(PLATFORMS) is None
    await make_channel(store)
    await make_channel(store, OTHER)
    await store.put_notice(notice(1), later(minutes=3))
    assert await store.next_attempt(PLATFORMS) == later(minutes=3)
    await store.put_notice(notice(2, OTHER), later(minutes=2))
    assert await store.next_attempt(PLATFORMS) == later(minutes=2)
    assert await store.next_attempt(["slack"]) is None


async def test_what_was_being_sent_when_the_process_died_is_uncertain(store: SqliteStore, tmp_path: Path) -> None:
    await make_channel(store)
    elsewhere = ChannelRef("slack", "local", "terminal")
    await make_channel(store, elsewhere)
    await store.put_notice(notice(1), NOW)
    await store.put_notice(notice(2), NOW)
    await store.put_notice(notice(3, elsewhere), NOW)
    assert len(await store.claim(["console", "slack"], NOW, 9)) == 2
    await store.close()
    async with open_store(tmp_path) as again:
        assert await again.interrupted(PLATFORMS) == 1
        assert await again.interrupted(PLATFORMS) == 0
        (item,) = await again.uncertain_posts(PLATFORMS, NOW, 9)
        assert (item.post.key, item.first_attempt, item.attempts) == (key(1), NOW, 1)
        assert await again.claim(PLATFORMS, NOW, 9) == []
        assert await again.sent(key(1), MessageRef(CHANNEL, "m"), NOW)
        assert [found.post.key for found in await again.claim(PLATFORMS, NOW, 9)] == [key(2)]


async def test_a_dead_post_s_papers_are_owed_again_when_the_channel_resumes(store: SqliteStore) -> None:
    await owed(store, 2)
    await compose(store, 1, cards=True)
    await claimed(store)
    assert await store.dead(key(1), "not allowed to post", NOW)
    await store.set_paused(CHANNEL, "not allowed to post", None, NOW)
    assert await store.waiting(CHANNEL) == []
    assert (await store.channel_status(CHANNEL)).waiting == 2
    assert await store.set_paused(CHANNEL, "", ANN, NOW)
    # The cards died with the digest whose thread they belong into.
    assert await claimed(store) == []
    assert len(await store.waiting(CHANNEL)) == 2
    await compose(store, 11)
    assert await claimed(store) == [key(11)]
    await send(store, 11)
    await store.set_paused(CHANNEL, "again", ANN, NOW)
    await store.set_paused(CHANNEL, "", ANN, NOW)
    assert await store.waiting(CHANNEL) == []
    assert (await store.channel_status(CHANNEL)).posted == 2


async def test_resuming_an_instant_channel_posts_at_once_what_died(store: SqliteStore) -> None:
    await make_channel(store, schedule="instant UTC")
    await owed(store, 1)
    await compose(store, 1)
    await claimed(store)
    await store.dead(key(1), "gone", NOW)
    await store.set_paused(CHANNEL, "gone", None, NOW)
    assert await store.due_channels(("console",), later(days=1), 9) == []
    await store.set_paused(CHANNEL, "", None, later(hours=1))
    assert [channel.next_due for channel in await store.due_channels(("console",), later(days=1), 9)] == [
        later(hours=1)
    ]


async def test_a_dead_card_s_paper_was_posted_in_the_digest(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1, cards=True)
    await claimed(store)
    await send(store, 1)
    await claimed(store)
    await store.dead(key(2), "thread is locked", NOW)
    await store.set_paused(CHANNEL, "thread is locked", None, NOW)
    await store.set_paused(CHANNEL, "", None, NOW)
    assert await store.waiting(CHANNEL) == []


async def test_what_died_is_not_owed_for_the_sake_of_an_ended_watch(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1)
    await claimed(store)
    await store.dead(key(1), "gone", NOW)
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    await store.set_paused(CHANNEL, "gone", None, NOW)
    await store.set_paused(CHANNEL, "", None, NOW)
    assert await store.waiting(CHANNEL) == []


async def test_a_notice_in_the_thread_of_a_dead_post_is_never_sent(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1)
    await claimed(store)
    await store.dead(key(1), "gone", NOW)
    await store.put_notice(notice(2, thread_of=key(1)), NOW)
    assert await claimed(store, days=1) == []
    assert await store.next_attempt(PLATFORMS) is None


async def test_status_counts_papers_and_tells_the_last_error(store: SqliteStore) -> None:
    assert await store.channel_status(CHANNEL) == ChannelStatus(0, 0, 0, 0, None, "")
    await owed(store, 3)
    await watch(store, "zebra")
    assert await store.channel_status(CHANNEL) == ChannelStatus(2, 3, 0, 0, None, "")
    await compose(store, 1, cards=True)
    assert await store.channel_status(CHANNEL) == ChannelStatus(2, 3, 0, 0, None, "")
    await claimed(store)
    await store.uncertain(key(1), NOW, "no answer")
    assert await store.channel_status(CHANNEL) == ChannelStatus(2, 0, 0, 1, None, "no answer")
    await store.sent(key(1), MessageRef(CHANNEL, "m1"), later(minutes=1))
    assert await store.channel_status(CHANNEL) == ChannelStatus(2, 0, 3, 0, later(minutes=1), "")
    await claimed(store)
    await store.retry(key(2), later(hours=1), "busy")
    assert await store.channel_status(CHANNEL) == ChannelStatus(2, 0, 3, 0, later(minutes=1), "busy")


async def test_the_latest_entries_are_those_of_the_latest_digest_with_all_its_parts(store: SqliteStore) -> None:
    assert await store.latest_entries(CHANNEL) == []
    await owed(store, 3)
    everything = entries_for(await store.waiting(CHANNEL))
    parts = [
        Post(key(1), CHANNEL, PostKind.DIGEST, entries=everything[:2], parts=2),
        Post(key(2), CHANNEL, PostKind.DIGEST, entries=everything[2:], part=2, parts=2),
        Post(key(3), CHANNEL, PostKind.CARD, entries=everything[:1], thread_of=key(1)),
    ]
    await store.put_posts(CHANNEL, parts, receipted=1, next_due=None, now=NOW)
    assert await store.latest_entries(CHANNEL) == []
    await claimed(store)
    await send(store, 1)
    assert await store.latest_entries(CHANNEL) == list(everything[:2])
    await claimed(store)
    await send(store, 2)
    await claimed(store)
    await send(store, 3)
    assert await store.latest_entries(CHANNEL) == list(everything)
    assert await store.latest_entries(CHANNEL, 1) == list(everything[:1])
    await poll(store, papers_of(TODAY, 9, 1))
    await compose(store, 5)
    await store.put_notice(notice(6), NOW)
    await claimed(store)
    await send(store, 5)
    await claimed(store)
    await send(store, 6)
    assert [entry.paper.id for entry in await store.latest_entries(CHANNEL)] == ["2603.00009"]


async def test_where_there_are_only_cards_the_latest_entries_are_theirs(store: SqliteStore) -> None:
    await owed(store, 2)
    everything = entries_for(await store.waiting(CHANNEL))
    cards = [Post(key(i), CHANNEL, PostKind.CARD, entries=(entry,)) for i, entry in enumerate(everything, 1)]
    await store.put_posts(CHANNEL, cards, receipted=1, next_due=None, now=NOW)
    for number in (1, 2):
        await claimed(store)
        await send(store, number)
    assert await store.latest_entries(CHANNEL) == list(everything)


async def test_a_retried_post_shows_a_paper_as_it_is_now(store: SqliteStore) -> None:
    await owed(store, 1)
    await compose(store, 1)
    await claimed(store)
    await store.retry(key(1), NOW, "busy")
    await record(store, batch_of([make_paper(version=2, title="Careful delivery, revised")], announced=0), {}, NOW)
    (item,) = await store.claim(PLATFORMS, NOW, 9)
    (entry,) = item.post.entries
    assert (entry.paper.title, entry.words, entry.queries) == (
        "Careful delivery, revised", ("delivery",), ("delivery",)
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_happens_a_paper_is_in_one_post_and_the_queue_is_right(
    store: SqliteStore, tmp_path: Path, seed: int
) -> None:
    choice = random.Random(seed)
    refs = [CHANNEL, OTHER, replace(CHANNEL, workspace="two")]
    for ref in refs:
        await watch(store, "delivery", ref)
    going: list[OutboxItem] = []
    for step in range(1, 120):
        await happen(store, choice, step, refs, going)
        posted = rows(
            tmp_path,
            "SELECT p.channel_id, e.paper FROM posts p JOIN entries e ON e.post_id = p.id"
            " WHERE p.state <> 'dead' AND p.thread_of IS NULL AND e.owed = 1",
        )
        assert sorted(posted) == sorted(rows(tmp_path, "SELECT channel_id, paper FROM deliveries WHERE state = 1"))
        before = rows(tmp_path, READY)
        await store._database.write(settle_all)
        assert rows(tmp_path, READY) == before
    states = {state for (state,) in rows(tmp_path, "SELECT DISTINCT state FROM posts")}
    assert states >= {"pending", "sent", "dead"}


READY = "SELECT 'c', id, ready_at, bulk_at FROM channels UNION ALL SELECT 'w', id, ready_at, bulk_at FROM workspaces"


def settle_all(db: sqlite_utils.Database) -> None:
    for (channel,) in db.execute("SELECT id FROM channels").fetchall():
        queue.settle(db, channel)
    for (workspace,) in db.execute("SELECT id FROM workspaces").fetchall():
        queue.settle_workspace(db, workspace)


async def happen(
    store: SqliteStore, choice: random.Random, step: int, refs: list[ChannelRef], going: list[OutboxItem]
) -> None:
    """One thing out of a day's life; ``going`` are the posts that are being sent."""
    now, ref = later(minutes=step), choice.choice(refs)
    match choice.randrange(9):
        case 0 | 1:
            await poll(store, papers_of(TODAY, step, 1), now)
        case 2 | 3:
            await compose(store, step * 200, ref, cards=choice.random() < 0.5, now=now)
        case 4:
            await store.put_notice(notice(step * 200, ref), now)
        case 5:
            taken = await store.claim(PLATFORMS, now, choice.randrange(1, 4))
            assert not {item.post.channel for item in going} & {item.post.channel for item in taken}
            going += taken
        case 6 | 7 if going:
            post = going.pop(choice.randrange(len(going))).post
            end = choice.randrange(4)
            if end < 2:
                assert await store.sent(post.key, MessageRef(post.channel, post.key), now)
            elif end == 2:
                assert await store.retry(post.key, now, "busy")
            else:
                assert await store.dead(post.key, "gone", now)
        case _:
            await store.set_paused(ref, choice.choice(["", "", "a while"]), None, now)


async def test_what_a_channel_was_sent_comes_latest_digest_first(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "delivery", OTHER)
    await poll(store, papers_of(TODAY, 1, 3))
    posts = await compose(store, 1, cards=True)
    assert await store.posted(CHANNEL, limit=9) == []
    for number, post in enumerate(posts):
        await store.claim(PLATFORMS, NOW, 9)
        await store.sent(post.key, MessageRef(CHANNEL, f"m{number}"), NOW)
    await poll(store, papers_of(TODAY, 11, 2))
    (digest,) = await compose(store, 11)
    unsent = [paper.id for paper in await store.posted(CHANNEL, limit=9)]
    assert unsent == ["2603.00003", "2603.00002", "2603.00001"]
    await store.claim(PLATFORMS, NOW, 9)
    await store.sent(digest.key, MessageRef(CHANNEL, "later"), NOW)
    sent = [paper.id for paper in await store.posted(CHANNEL, limit=9)]
    assert sent == ["2603.00012", "2603.00011", *unsent]
    assert [paper.id for paper in await store.posted(CHANNEL, limit=1)] == ["2603.00012"]
    assert await store.posted(OTHER, limit=9) == []
