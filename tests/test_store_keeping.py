"""Housekeeping of the file: what is packed and thinned is still known where somebody asks for it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlite_utils

from bot.housekeeping import RECENT, tidy
from bot.models import Entry, MessageRef, Post, PostKind
from bot.query import Query
from storage.sqlite import SqliteStore, migrations
from tests.email_kit import subscribe
from tests.factories import ANN, CHANNEL, make_signal
from tests.standins.clock import FakeClock
from tests.store_kit import NOW, TODAY, compose, key, later, make_channel, open_store, papers_of, poll, rows, watch

LONG_AGO = date(2025, 6, 3)
OTHER = replace(CHANNEL, channel="other")
AFTERWARDS = NOW + RECENT + timedelta(days=60)
PACKED = "SELECT channel_id, month, papers FROM packed ORDER BY 1, 2"
IN_ROWS = "SELECT channel_id, paper, state FROM deliveries ORDER BY 1, 2"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def sent(store: SqliteStore, number: int) -> None:
    """Compose what waits for the channel and send it as message ``m1``, ``m2`` …"""
    await compose(store, number)
    for item in await store.claim(["console"], NOW, 9):
        await store.sent(item.post.key, MessageRef(item.post.channel, f"m{number}"), NOW)


async def pack(store: SqliteStore, at_once: int = 100) -> None:
    after: int | None = 0
    while after is not None:
        after = await store.pack(TODAY, after, at_once)


async def given(store: SqliteStore) -> None:
    """Two papers of a month long ago and one of the month after, given to the channel."""
    await poll(store, papers_of(LONG_AGO - timedelta(days=1), 900, 1, title="Something else", abstract="Nothing."))
    await watch(store, "delivery")
    await poll(store, [*papers_of(LONG_AGO, 1, 2), *papers_of(LONG_AGO + timedelta(days=30), 3, 1)])
    await sent(store, 1)


@pytest.mark.parametrize("at_once", [1, 2, 100])
async def test_what_was_given_long_ago_is_packed_by_month(store: SqliteStore, tmp_path: Path, at_once: int) -> None:
    await given(store)
    await poll(store, papers_of(TODAY, 4, 1))
    await sent(store, 2)
    await pack(store, at_once)
    await pack(store)
    assert rows(tmp_path, PACKED) == [(1, 202506, "[1,2]"), (1, 202507, "[3]")]
    assert rows(tmp_path, IN_ROWS) == [(1, 202603_000004, 1)]


async def test_more_of_a_packed_month_joins_it(store: SqliteStore, tmp_path: Path) -> None:
    await given(store)
    await pack(store)
    await poll(store, papers_of(LONG_AGO, 7, 1), late=frozenset({"2506.00007"}))
    await sent(store, 2)
    await pack(store)
    assert rows(tmp_path, PACKED)[0] == (1, 202506, "[1,2,7]")


async def test_what_waits_or_is_on_its_way_is_left(store: SqliteStore, tmp_path: Path) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(LONG_AGO, 1, 1))
    await compose(store, 1)
    await poll(store, papers_of(LONG_AGO, 2, 1))
    await pack(store)
    assert rows(tmp_path, IN_ROWS) == [(1, 202506_000001, 1), (1, 202506_000002, 0)]
    (item,) = await store.claim(["console"], NOW, 9)
    await pack(store)
    await store.dead(item.post.key, "The channel is gone.", NOW)
    await pack(store)
    assert rows(tmp_path, IN_ROWS) == [(1, 202506_000001, 3), (1, 202506_000002, 0)]


async def test_what_was_withdrawn_leaves_no_trace_and_may_be_owed_again(store: SqliteStore, tmp_path: Path) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(LONG_AGO, 1, 1))
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    await pack(store)
    assert (rows(tmp_path, IN_ROWS), rows(tmp_path, PACKED)) == ([], [])
    await watch(store, "delivery")
    assert len(await store.waiting(CHANNEL)) == 1


async def test_a_packed_paper_is_owed_to_nobody_again(store: SqliteStore) -> None:
    """Not by a poll that reads it again, a new watch, a watch for upvotes, or an address of another channel."""
    await given(store)
    await pack(store)
    papers = papers_of(LONG_AGO, 1, 2)
    await poll(store, papers)
    await watch(store, "careful")
    minimum = Query.parse("letter")
    await store.add_watch(CHANNEL, minimum, "min:20 letter", ANN, NOW, most=9, upvotes=20)
    moment = NOW.replace(year=2025, month=6, day=20)
    await store.put_signals([make_signal(paper.id, 50) for paper in papers], moment)
    assert await store.waiting(CHANNEL) == []


async def test_a_mirror_that_had_a_paper_is_not_owed_it_again(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(LONG_AGO, 1, 1))
    made = await subscribe(store, NOW)
    await compose(store, 1, made.channel.ref)
    for item in await store.claim(["email"], NOW, 9):
        await store.sent(item.post.key, MessageRef(item.post.channel, "m"), NOW)
    await pack(store)
    await store.end_subscription(made.channel.ref, ANN, NOW)
    again = await subscribe(store, NOW)
    assert again.channel.ref == made.channel.ref
    assert await store.waiting(again.channel.ref) == []


async def test_a_packed_paper_cannot_be_brought_and_says_when_it_came(store: SqliteStore) -> None:
    await given(store)
    await pack(store)
    (paper, _) = papers_of(LONG_AGO, 1, 2)
    card = Post(key(9), CHANNEL, PostKind.CARD, "ann brought this paper", (Entry(0, paper),))
    posted = await store.bring(card, ANN, NOW, since=NOW, most=9)
    assert posted is not None
    assert posted.at == NOW


async def test_a_packed_paper_is_not_proposed(store: SqliteStore) -> None:
    await given(store)
    await pack(store)
    (paper, _) = papers_of(LONG_AGO, 1, 2)
    proposing = Post(key(9), CHANNEL, PostKind.DIGEST, entries=(Entry(1, paper, because="because you saved it"),))
    assert not await store.put_posts(CHANNEL, [proposing], receipted=0, next_due=None, now=NOW)


async def test_a_save_of_a_packed_paper_counts_for_its_watch(store: SqliteStore) -> None:
    await given(store)
    await pack(store)
    await store.save(ANN, CHANNEL, "2506.00001", NOW)
    (tally,) = await store.tallies(least=1, made_before=NOW, limit=9)
    assert tally.saved


async def test_channels_that_become_one_have_had_what_either_had(store: SqliteStore) -> None:
    await given(store)
    await make_channel(store, OTHER)
    await pack(store)
    await watch(store, "study", OTHER)
    await poll(store, papers_of(LONG_AGO, 1, 2))
    await store.move_channel(CHANNEL, OTHER, NOW)
    assert [each.paper.id for each in await store.waiting(OTHER)] == []
    await pack(store)
    await poll(store, papers_of(LONG_AGO, 1, 2))
    assert await store.waiting(OTHER) == []


async def test_an_old_post_still_says_which_paper_has_which_number(store: SqliteStore, tmp_path: Path) -> None:
    await given(store)
    before = await store.post_of(MessageRef(CHANNEL, "m1"))
    assert before is not None
    assert before.entries[0].words
    assert await store.thin_posts(NOW, 10) == 0
    assert await store.thin_posts(later(seconds=1), 10) == 1
    assert await store.thin_posts(later(seconds=1), 10) == 0
    after = await store.post_of(MessageRef(CHANNEL, "m1"))
    assert after is not None
    assert [(each.number, each.paper) for each in after.entries] == [
        (each.number, each.paper) for each in before.entries
    ]
    assert {(each.words, each.queries) for each in after.entries} == {((), ())}
    assert await store.latest_entries(CHANNEL) == list(after.entries)


async def test_a_post_on_its_way_is_not_thinned(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 1))
    await compose(store, 1)
    assert await store.thin_posts(later(days=200), 10) == 1
    (item,) = await store.claim(["console"], NOW, 9)
    assert item.post.entries[0].words == ("delivery",)
    assert item.post.receipt is not None


async def test_the_index_is_merged_until_nothing_is_left_to_merge(store: SqliteStore) -> None:
    for number in range(1, 12):
        await poll(store, papers_of(TODAY, number, 1))
    found = await store.search(Query.parse("delivery"), limit=99)
    steps = 0
    while await store.merge_index():
        steps += 1
    assert steps
    assert await store.search(Query.parse("delivery"), limit=99) == found


async def test_a_new_file_gives_back_what_is_free(store: SqliteStore, tmp_path: Path) -> None:
    await poll(store, papers_of(LONG_AGO, 1, 400, abstract="Word " * 300))
    await poll(store, papers_of(TODAY, 1, 1))
    while await store.prune_papers(TODAY, 100):
        pass
    (before,) = rows(tmp_path, "PRAGMA page_count")
    (free,) = rows(tmp_path, "PRAGMA freelist_count")
    assert free[0] * 8 > before[0]
    while await store.give_back():
        pass
    (after,) = rows(tmp_path, "PRAGMA page_count")
    assert after[0] <= before[0] - free[0] * 3 // 4
    (left,) = rows(tmp_path, "PRAGMA freelist_count")
    assert 0 < left[0] * 8 <= after[0]


async def test_all_of_it_is_done_once_in_slices(store: SqliteStore, tmp_path: Path) -> None:
    await given(store)
    clock = FakeClock(AFTERWARDS)
    tidying = asyncio.create_task(tidy(store, clock, at_once=1))
    while not tidying.done():
        await clock.advance(1)
        await asyncio.sleep(0)
    await tidying
    assert len(clock.slept) > 3
    assert rows(tmp_path, IN_ROWS) == []
    post = await store.post_of(MessageRef(CHANNEL, "m1"))
    assert post is not None
    assert post.entries[0].words == ()


async def test_a_file_of_an_earlier_version_keeps_its_size(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "paperroute.db")) as connection:
        connection.execute("PRAGMA auto_vacuum = NONE")
        migrations.MIGRATIONS.apply(sqlite_utils.Database(connection), stop_before=["0009"])
    async with open_store(tmp_path) as store:
        await poll(store, papers_of(LONG_AGO, 1, 100, abstract="Word " * 300))
        await poll(store, papers_of(TODAY, 1, 1))
        while await store.prune_papers(TODAY, 100):
            pass
        ((free,),) = rows(tmp_path, "PRAGMA freelist_count")
        assert free > 0
        assert not await store.give_back()
        assert rows(tmp_path, "PRAGMA freelist_count") == [(free,)]
