"""Channels: settings, pausing, when they are due, and what happens when they get a new identity."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.models import Channel, ChannelRef, Layout, MessageRef, Post, PostKind
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL, make_signal
from tests.store_kit import (
    NOW,
    TODAY,
    compose,
    entries_for,
    key,
    later,
    make_channel,
    open_store,
    papers_of,
    poll,
    rows,
    watch,
)

OTHER = replace(CHANNEL, channel="other")
AUDIT = (
    "SELECT a.at, m.member, c.channel, a.what, a.detail FROM audit a JOIN channels c ON c.id = a.channel_id LEFT JOIN"
)
AUDIT += " members m ON m.id = a.member_id ORDER BY a.id"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def test_a_channel_is_made_once_and_keeps_its_newest_name(store: SqliteStore) -> None:
    assert await store.channel(CHANNEL) is None
    first = Channel(CHANNEL, "papers", "daily 09:00 weekdays UTC", Layout.CARDS, NOW, later(hours=1))
    assert await store.open_channel(first) == first
    renamed = replace(first, name="more papers", schedule="off UTC", layout=Layout.DIGEST, made_at=later(days=1))
    assert await store.open_channel(renamed) == replace(first, name="more papers")
    assert await store.open_channel(replace(first, name="")) == replace(first, name="more papers")
    assert await store.channel(CHANNEL) == replace(first, name="more papers")


async def test_the_same_name_in_another_workspace_or_platform_is_another_channel(store: SqliteStore) -> None:
    refs = [CHANNEL, replace(CHANNEL, workspace="two"), replace(CHANNEL, platform="slack"), OTHER]
    for i, ref in enumerate(refs):
        await make_channel(store, ref, f"daily 09:0{i} weekdays UTC")
    found = [await store.channel(ref) for ref in refs]
    assert [channel.schedule[9:11] for channel in found if channel] == ["00", "01", "02", "03"]


async def test_settings_are_kept_and_written_down(store: SqliteStore, tmp_path: Path) -> None:
    await make_channel(store)
    await store.set_schedule(CHANNEL, "weekly mon 09:00 UTC", later(days=3), ANN, later(minutes=1))
    await store.set_layout(CHANNEL, Layout.CARDS, BOB, later(minutes=2))
    assert await store.set_paused(CHANNEL, "not allowed to post", None, later(minutes=3))
    assert not await store.set_paused(CHANNEL, "not allowed to post", ANN, later(minutes=4))
    assert await store.set_paused(CHANNEL, "", ANN, later(minutes=5))
    assert not await store.set_paused(CHANNEL, "", ANN, later(minutes=6))
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert (channel.schedule, channel.layout) == ("weekly mon 09:00 UTC", Layout.CARDS)
    assert (channel.next_due, channel.paused) == (later(days=3), "")
    assert rows(tmp_path, AUDIT) == [
        ("2026-03-04T12:00:00.000000", None, "terminal", "channel opened", "daily 09:00 weekdays UTC"),
        ("2026-03-04T12:01:00.000000", "ann", "terminal", "schedule", "weekly mon 09:00 UTC"),
        ("2026-03-04T12:02:00.000000", "bob", "terminal", "layout", "cards"),
        ("2026-03-04T12:03:00.000000", None, "terminal", "paused", "not allowed to post"),
        ("2026-03-04T12:05:00.000000", "ann", "terminal", "resumed", ""),
    ]


async def test_what_needs_a_channel_says_which_is_not_known(store: SqliteStore) -> None:
    with pytest.raises(StoreError, match="The channel terminal on console is not known"):
        await store.set_layout(CHANNEL, Layout.CARDS, ANN, NOW)
    with pytest.raises(StoreError):
        await store.receipt(CHANNEL)


async def test_due_channels_are_the_longest_due_first_and_not_paused(store: SqliteStore) -> None:
    refs = [replace(CHANNEL, channel=name) for name in "abcde"]
    for minute, ref in zip([3, 1, 2, 9, 1], refs, strict=True):
        await make_channel(store, ref, next_due=later(minutes=minute))
    await make_channel(store, OTHER)
    await store.set_paused(refs[4], "a while", ANN, NOW)

    async def due(minutes: int, limit: int = 9) -> str:
        return "".join(
            [channel.ref.channel for channel in await store.due_channels(("console",), later(minutes=minutes), limit)]
        )

    assert await due(0) == ""
    assert await due(3) == "bca"
    assert await due(3, 2) == "bc"
    await store.set_due(refs[1], later(minutes=30))
    await store.set_due(refs[2], None)
    assert await due(9) == "ad"


async def test_channels_of_a_platform_are_those_in_use(store: SqliteStore) -> None:
    refs = [replace(CHANNEL, channel=name) for name in ("watching", "waiting", "pending", "stranded", "idle")]
    for ref in refs[1:]:
        await make_channel(store, ref)
    await make_channel(store, replace(CHANNEL, platform="slack"))
    for ref in refs[1:4]:
        await watch(store, "delivery", ref)
    await poll(store, papers_of(TODAY, 1, 1))
    await compose(store, 1, refs[2])
    await compose(store, 2, refs[3])
    for item in await store.claim(["console"], NOW, 9):
        if item.post.channel == refs[3]:
            assert await store.dead(item.post.key, "gone", NOW)
        else:
            assert await store.retry(item.post.key, NOW, "later")
    await watch(store, "apples", refs[0])
    assert [channel.ref.channel for channel in await store.channels("console")] == [
        "waiting", "pending", "stranded", "watching"
    ]  # fmt: skip
    for ref in refs[1:4]:
        await store.end_watch(ref, "delivery", ANN, NOW)
    # What waited for a watch's sake is withdrawn; what is in a post is on its way.
    assert [channel.ref.channel for channel in await store.channels("console")] == ["pending", "watching"]
    (item,) = await store.claim(["console"], NOW, 9)
    assert [channel.ref.channel for channel in await store.channels("console")] == ["pending", "watching"]
    await store.sent(item.post.key, MessageRef(refs[2], "m"), NOW)
    assert [channel.ref.channel for channel in await store.channels("console")] == ["watching"]


async def test_an_instant_channel_stays_due_while_something_waits(store: SqliteStore) -> None:
    await make_channel(store, schedule="instant UTC")
    await watch(store, "delivery")
    assert await poll(store, papers_of(TODAY, 1, 1), later(minutes=1)) > 0
    await store.set_due(CHANNEL, None)
    assert [channel.next_due for channel in await store.due_channels(("console",), later(hours=1), 9)] == [
        later(minutes=1)
    ]
    await compose(store, 1, now=later(minutes=2))
    await store.set_due(CHANNEL, None)
    assert await store.due_channels(("console",), later(hours=1), 9) == []


async def test_papers_that_come_while_an_instant_channel_is_composed_keep_it_due(store: SqliteStore) -> None:
    await make_channel(store, schedule="instant UTC")
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 1))
    first = await store.waiting(CHANNEL)
    await poll(store, papers_of(TODAY, 2, 1), later(minutes=1))
    post = Post(key(1), CHANNEL, PostKind.DIGEST, entries=entries_for(first))
    assert await store.put_posts(CHANNEL, [post], receipted=2, next_due=None, now=later(minutes=2))
    assert [channel.ref for channel in await store.due_channels(("console",), later(minutes=2), 9)] == [CHANNEL]


async def test_a_channel_that_becomes_instant_posts_what_waits(store: SqliteStore) -> None:
    await make_channel(store)
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 1))
    await store.set_schedule(CHANNEL, "instant UTC", None, ANN, later(minutes=5))
    assert [channel.next_due for channel in await store.due_channels(("console",), later(minutes=5), 9)] == [
        later(minutes=5)
    ]
    await store.set_schedule(CHANNEL, "off UTC", None, ANN, later(minutes=6))
    assert await store.due_channels(("console",), later(days=9), 9) == []


async def test_a_moved_channel_takes_everything_along(store: SqliteStore, tmp_path: Path) -> None:
    new = ChannelRef("console", "elsewhere", "new")
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 3))
    await compose(store, 1)
    await store.claim(["console"], NOW, 1)
    await store.sent(key(1), MessageRef(CHANNEL, "m1"), NOW)
    await poll(store, papers_of(TODAY, 4, 1))
    await store.save(ANN, CHANNEL, "2603.00001", NOW)
    await store.move_channel(CHANNEL, new, later(hours=1))
    assert await store.channel(CHANNEL) is None
    assert [(w.query, w.channel, w.made_by) for w in await store.watches(new)] == [("delivery", new, ANN)]
    assert [delivery.channel for delivery in await store.waiting(new)] == [new]
    post = await store.post_of(MessageRef(new, "m1"))
    assert post is not None
    assert post.channel == new
    assert [save.channel for save in await store.saved_in(new, limit=9)] == [new]
    assert rows(tmp_path, AUDIT)[-1] == (
        "2026-03-04T13:00:00.000000", None, "new", "channel moved", "from local terminal"
    )  # fmt: skip


async def test_moving_nothing_or_nowhere_changes_nothing(store: SqliteStore) -> None:
    await store.move_channel(CHANNEL, OTHER, NOW)
    assert await store.channel(OTHER) is None
    channel = await make_channel(store)
    await store.move_channel(CHANNEL, CHANNEL, NOW)
    assert await store.channel(CHANNEL) == channel


async def test_two_identities_of_a_channel_become_one_without_posting_twice(store: SqliteStore, tmp_path: Path) -> None:
    for ref in (CHANNEL, OTHER):
        await watch(store, "delivery", ref)
    await watch(store, "abs:letter", CHANNEL)
    await watch(store, "ti:study", OTHER)
    await poll(store, papers_of(TODAY, 1, 2))
    await compose(store, 1, CHANNEL)
    (item,) = await store.claim(["console"], NOW, 9)
    await store.sent(item.post.key, MessageRef(CHANNEL, "m1"), NOW)
    await poll(store, papers_of(TODAY, 3, 1))
    for member in (ANN, BOB):
        await store.dismiss(CHANNEL, member, "2603.00001", NOW)
    await store.dismiss(OTHER, ANN, "2603.00001", NOW)
    await store.move_channel(CHANNEL, OTHER, NOW)
    assert await store.channel(CHANNEL) is None
    assert [watch.query for watch in await store.watches(OTHER)] == ["delivery", "abs:letter", "ti:study"]
    assert [delivery.paper.id for delivery in await store.waiting(OTHER)] == ["2603.00003"]
    status = await store.channel_status(OTHER)
    assert (status.watches, status.waiting, status.posted, status.last_posted) == (3, 1, 2, NOW)
    assert await store.post_of(MessageRef(OTHER, "m1")) is not None
    assert await store.dismiss(OTHER, ANN, "2603.00002", NOW) == 2
    assert rows(tmp_path, "SELECT canonical, watches FROM queries ORDER BY canonical") == [
        ("abs:letter", 1), ("delivery", 1), ("ti:study", 1)
    ]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), [(CHANNEL, OTHER), (OTHER, CHANNEL)])
async def test_a_watch_that_goes_on_for_two_wants_what_either_wanted(
    store: SqliteStore, source: ChannelRef, target: ChannelRef
) -> None:
    """One waits for upvotes and is older, the other takes all and is new: nothing that is owed to either is lost."""
    await poll(store, papers_of(TODAY - timedelta(days=2), 1, 1))
    await watch(store, "study", CHANNEL)
    await make_channel(store, OTHER)
    wanted = Query.parse("delivery")
    await store.add_watch(CHANNEL, wanted, "min:20 delivery", ANN, NOW, most=9, upvotes=20)
    await poll(store, papers_of(TODAY - timedelta(days=1), 2, 1))
    await store.put_signals([make_signal("2603.00002", 30)], NOW)
    await poll(store, papers_of(TODAY, 3, 1))
    await store.add_watch(OTHER, wanted, "delivery", ANN, NOW, most=9)
    await store.move_channel(source, target, NOW)
    (survivor,) = [each for each in await store.watches(target) if each.query == "delivery"]
    assert (survivor.typed, survivor.upvotes, survivor.since) == ("delivery", 0, TODAY - timedelta(days=2))
    await store.end_watch(target, "study", ANN, NOW)
    owed = {delivery.paper.id: delivery.queries for delivery in await store.waiting(target)}
    assert owed["2603.00002"] == owed["2603.00003"] == ("delivery",)


@pytest.mark.parametrize(("source", "target"), [(CHANNEL, OTHER), (OTHER, CHANNEL)])
async def test_of_two_watches_of_the_same_age_upvotes_do_not_hold_back_what_one_wants_without(
    store: SqliteStore, source: ChannelRef, target: ChannelRef
) -> None:
    for ref, upvotes in ((CHANNEL, 20), (OTHER, 0)):
        await make_channel(store, ref)
        typed = "min:20 delivery" if upvotes else "delivery"
        await store.add_watch(ref, Query.parse("delivery"), typed, ANN, NOW, most=9, upvotes=upvotes)
    await store.move_channel(source, target, NOW)
    await poll(store, papers_of(TODAY, 1, 1))
    assert [delivery.paper.id for delivery in await store.waiting(target)] == ["2603.00001"]
