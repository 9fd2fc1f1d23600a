"""The store's part of a team's community: brought papers, weekly tops, what came of watches; merged and reopened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import CommandError, StoreError
from bot.models import ChannelRef, Entry, MessageRef, Paper, Post, Posted, PostKind
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.store_kit import NOW, TODAY, compose, key, later, make_channel, open_store, papers_of, poll, rows, watch

OTHER = replace(CHANNEL, channel="other")
TOP = "weekly mon 09:00 UTC"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


def card(number: int, paper: Paper, ref: ChannelRef = CHANNEL) -> Post:
    return Post(
        key(number), ref, PostKind.CARD, "ann brought this paper", (Entry(0, paper, note="new"),), text="Read it"
    )


async def bring(store: SqliteStore, post: Post, **changes: object) -> Posted | None:
    values = {"since": later(days=-1), "most": 9} | changes
    return await store.bring(post, ANN, NOW, **values)  # type: ignore[arg-type]


async def send(store: SqliteStore, *, at: int = 0) -> list[Post]:
    posts = []
    while items := await store.claim(["console"], later(minutes=at), 9):
        for item in items:
            message = MessageRef(item.post.channel, f"m{item.post.key}")
            assert await store.sent(item.post.key, message, later(minutes=at))
            posts.append(item.post)
    return posts


async def test_a_brought_paper_is_the_channels_delivery_of_it(store: SqliteStore, tmp_path: Path) -> None:
    await make_channel(store)
    (paper,) = papers_of(TODAY, 1, 1)
    await store.add_papers([paper])
    assert await bring(store, card(1, paper)) is None
    assert (await store.channel_status(CHANNEL)).waiting == 1
    assert await bring(store, card(2, paper)) == Posted(None)
    (post,) = await send(store, at=5)
    assert replace(post, made_at=None) == replace(card(1, paper), entries=post.entries)
    (entry,) = post.entries
    assert (entry.paper, entry.number, entry.note, entry.delivery is None) == (paper, 0, "new", False)
    assert await bring(store, card(2, paper)) == Posted(later(minutes=5))
    status = await store.channel_status(CHANNEL)
    assert (status.posted, status.waiting, status.last_posted) == (1, 0, later(minutes=5))
    assert rows(tmp_path, "SELECT what, detail FROM audit ORDER BY id DESC LIMIT 1") == [("brought", "2603.00001")]
    assert await store.prune_papers(TODAY.replace(year=2030), 9) == 0


async def test_a_paper_that_waits_is_taken_along_and_a_composition_meanwhile_fails(store: SqliteStore) -> None:
    await watch(store, "delivery")
    papers = papers_of(TODAY, 1, 2)
    await poll(store, papers)
    waiting = await store.waiting(CHANNEL)
    assert await bring(store, card(1, papers[0])) is None
    entries = tuple(Entry(n, each.paper, delivery=each.id) for n, each in enumerate(waiting, 1))
    digest = Post(key(9), CHANNEL, PostKind.DIGEST, "News", entries)
    assert not await store.put_posts(CHANNEL, [digest], receipted=0, next_due=None, now=NOW)
    assert [each.paper for each in await store.waiting(CHANNEL)] == [papers[1]]
    await poll(store, papers)
    assert len(await store.waiting(CHANNEL)) == 1


async def test_what_was_withdrawn_can_be_brought(store: SqliteStore) -> None:
    await watch(store, "delivery")
    (paper,) = papers_of(TODAY, 1, 1)
    await poll(store, [paper])
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    assert await bring(store, card(1, paper)) is None
    await watch(store, "delivery")
    assert await store.waiting(CHANNEL) == []


async def test_too_many_are_refused_and_nothing_is_stored(store: SqliteStore) -> None:
    await make_channel(store)
    papers = papers_of(TODAY, 1, 3)
    await store.add_papers(papers)
    await bring(store, card(1, papers[0]), most=2)
    await bring(store, card(2, papers[1]), most=2)
    with pytest.raises(CommandError, match="You have brought 2 papers within a day already"):
        await bring(store, card(3, papers[2]), most=2)
    assert (await store.channel_status(CHANNEL)).waiting == 2
    assert await store.bring(card(3, papers[2]), BOB, NOW, since=later(days=-1), most=2) is None
    assert await bring(store, replace(card(3, papers[2]), key=key(4)), most=2) == Posted(None)


async def test_no_card_in_an_unknown_channel_or_of_an_unknown_paper(store: SqliteStore) -> None:
    with pytest.raises(StoreError):
        await bring(store, card(1, make_paper()))
    await make_channel(store)
    with pytest.raises(StoreError):
        await bring(store, card(1, make_paper()))
    assert (await store.channel_status(CHANNEL)).waiting == 0


async def test_each_channel_has_a_paper_of_its_own(store: SqliteStore) -> None:
    (paper,) = papers_of(TODAY, 1, 1)
    await store.add_papers([paper])
    for number, ref in enumerate((CHANNEL, OTHER), 1):
        await make_channel(store, ref)
        assert await bring(store, card(number, paper, ref)) is None
    assert {post.channel for post in await send(store)} == {CHANNEL, OTHER}


async def test_two_channels_that_become_one_keep_what_either_had(store: SqliteStore) -> None:
    papers = papers_of(TODAY, 1, 2)
    await store.add_papers(papers)
    await make_channel(store, OTHER)
    await make_channel(store)
    for number, (ref, paper) in enumerate([(CHANNEL, papers[0]), (OTHER, papers[0]), (CHANNEL, papers[1])]):
        assert await bring(store, card(number, paper, ref)) is None
    await store.set_top(CHANNEL, TOP, later(days=1), ANN, NOW)
    await send(store)
    await store.move_channel(CHANNEL, OTHER, NOW)
    merged = await store.channel(OTHER)
    assert merged is not None
    assert (merged.top_schedule, merged.top_next_due) == (TOP, later(days=1))
    for number, paper in enumerate(papers, 10):
        assert await bring(store, card(number, paper, OTHER)) == Posted(NOW)
    await make_channel(store)
    await store.set_top(CHANNEL, "weekly tue 09:00 UTC", later(days=2), ANN, NOW)
    await store.move_channel(CHANNEL, OTHER, NOW)
    assert await store.channel(OTHER) == merged


async def test_a_channel_with_a_top_alone_is_in_use(store: SqliteStore) -> None:
    await make_channel(store)
    assert await store.channels("console") == []
    await store.set_top(CHANNEL, TOP, later(days=1), ANN, NOW)
    assert [channel.ref for channel in await store.channels("console")] == [CHANNEL]
    await store.set_top(CHANNEL, "", None, ANN, NOW)
    assert await store.channels("console") == []


async def test_tops_fall_due_in_their_order_and_not_while_paused(store: SqliteStore, tmp_path: Path) -> None:
    for number, ref in enumerate((CHANNEL, OTHER)):
        await make_channel(store, ref)
        await store.set_top(ref, TOP, later(minutes=-number), ANN, NOW)
    assert [channel.ref for channel in await store.due_tops(["console"], NOW, 9)] == [OTHER, CHANNEL]
    assert [channel.ref for channel in await store.due_tops(["console"], NOW, 1)] == [OTHER]
    assert await store.due_tops(["slack"], NOW, 9) == []
    assert [channel.ref for channel in await store.due_tops(["console"], later(seconds=-1), 9)] == [OTHER]
    (due, _) = await store.due_tops(["console"], NOW, 9)
    await store.set_paused(OTHER, "x", None, NOW)
    assert [channel.ref for channel in await store.due_tops(["console"], NOW, 9)] == [CHANNEL]
    assert not await store.put_top(due, [], next_due=later(days=7), now=NOW)
    audit = "SELECT what, detail FROM audit WHERE what = 'weekly top' ORDER BY id"
    assert rows(tmp_path, audit) == [("weekly top", TOP)] * 2


async def test_notes_stay_with_their_posts(store: SqliteStore, tmp_path: Path) -> None:
    await make_channel(store)
    (paper,) = papers_of(TODAY, 1, 1)
    await store.add_papers([paper])
    await store.set_top(CHANNEL, TOP, NOW, ANN, NOW)
    (due,) = await store.due_tops(["console"], NOW, 9)
    post = Post(key(1), CHANNEL, PostKind.DIGEST, "Top", (Entry(1, paper, note="2 saves"),))
    assert await store.put_top(due, [post], next_due=later(days=7), now=NOW)
    await store.close()
    async with open_store(tmp_path) as again:
        (sent,) = await send(again)
        assert sent == post
        assert (await again.latest_entries(CHANNEL)) == [post.entries[0]]
        channel = await again.channel(CHANNEL)
        assert channel is not None
        assert (channel.top_schedule, channel.top_next_due) == (TOP, later(days=7))


async def test_what_a_team_has_seen(store: SqliteStore) -> None:
    papers = papers_of(TODAY, 1, 4)
    await store.add_papers(papers)
    away = replace(CHANNEL, workspace="away")
    for ref in (CHANNEL, away):
        await make_channel(store, ref)
    await bring(store, card(1, papers[0]))
    await store.save(BOB, CHANNEL, papers[1].id, NOW)
    await store.save(BOB, CHANNEL, papers[2].id, NOW)
    await store.unsave(BOB, papers[2].id, later(minutes=1))
    ids = [paper.id for paper in reversed(papers)]
    assert await store.unseen("console", "local", ids) == ["2603.00004", "2603.00003"]
    assert await store.unseen("console", "away", ids) == ids
    assert await store.unseen("console", "nowhere", ids) == ids


async def test_papers_are_counted_for_the_watches_that_wanted_them(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "ti:study")
    await watch(store, "delivery", OTHER)
    papers = papers_of(TODAY, 1, 3)
    await poll(store, papers[:2])
    await poll(store, [make_paper("2603.00003", title="Delivery")])
    await store.add_papers(papers_of(TODAY, 9, 1))
    await bring(store, card(40, papers_of(TODAY, 9, 1)[0]))
    await compose(store, 1, cards=True)
    assert await store.tallies(least=1, made_before=NOW, limit=9) == []
    await send(store)
    found = await store.tallies(least=1, made_before=NOW, limit=9)
    assert [(tally.watch.query, tally.watch.channel, tally.posted) for tally in found] == [
        ("delivery", CHANNEL, 3), ("ti:study", CHANNEL, 2),
    ]  # fmt: skip
    assert [tally.watch for tally in found] == await store.watches(CHANNEL)
    assert [tally.watch.query for tally in await store.tallies(least=3, made_before=NOW, limit=9)] == ["delivery"]
    assert len(await store.tallies(least=1, made_before=NOW, limit=1)) == 1
    assert await store.tallies(least=1, made_before=later(seconds=-1), limit=9) == []
    assert await store.judged(found[0].watch.id)
    assert not await store.judged(found[0].watch.id)
    assert [tally.watch.query for tally in await store.tallies(least=1, made_before=NOW, limit=9)] == ["ti:study"]
    await store.save(BOB, OTHER, "2603.00001", NOW)
    assert [tally.saved for tally in await store.tallies(least=1, made_before=NOW, limit=9)] == [True]
