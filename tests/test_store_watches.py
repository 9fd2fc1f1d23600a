"""Watches, the queries behind them, and what is owed for their sake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlite_utils

from bot.errors import CommandError, StoreError
from bot.models import Batch, Channel, ChannelSettings, Cursor, Layout, TimedSetting, Watch
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.store_kit import (
    NOW,
    TODAY,
    batch_of,
    compose,
    fan_out_rest,
    later,
    make_channel,
    matches,
    open_store,
    papers_of,
    poll,
    record,
    rows,
    watch,
)

OTHER = replace(CHANNEL, channel="other")
YESTERDAY = TODAY - timedelta(1)
TOMORROW = TODAY + timedelta(1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def waiting(store: SqliteStore) -> list[str]:
    return [delivery.paper.id for delivery in await store.waiting(CHANNEL)]


async def test_a_watch_is_made_once_a_channel(store: SqliteStore) -> None:
    await make_channel(store)
    made = await store.add_watch(CHANNEL, Query.parse("reward model"), "Reward Models", ANN, NOW, most=9)
    assert made == Watch(1, CHANNEL, "model reward", "Reward Models", ANN, NOW, None)
    assert await store.add_watch(CHANNEL, Query.parse("model reward"), "x", BOB, NOW, most=9) is None
    await make_channel(store, OTHER)
    assert await store.add_watch(OTHER, Query.parse("model reward"), "x", BOB, NOW, most=9) is not None
    assert await store.watches(CHANNEL) == [made]


async def test_watches_are_listed_oldest_first_also_when_made_again(store: SqliteStore) -> None:
    for text in ("zebra", "apple", "mango"):
        await watch(store, text)
    ended = await store.end_watch(CHANNEL, "zebra", BOB, later(hours=1))
    assert ended is not None
    assert (ended.query, ended.made_by) == ("zebra", ANN)
    assert await store.end_watch(CHANNEL, "zebra", BOB, NOW) is None
    assert await store.end_watch(OTHER, "zebra", BOB, NOW) is None
    await watch(store, "zebra")
    assert [watch.query for watch in await store.watches(CHANNEL)] == ["apple", "mango", "zebra"]
    assert await store.watches(OTHER) == []


async def test_a_channel_has_a_limit_that_ended_watches_do_not_count_for(store: SqliteStore) -> None:
    await watch(store, "apple", most=2)
    await watch(store, "mango", most=2)
    with pytest.raises(CommandError) as caught:
        await watch(store, "zebra", most=2)
    assert caught.value.message == "This channel has 2 watches already, and more is not possible."
    assert await store.add_watch(CHANNEL, Query.parse("apple"), "apple", ANN, NOW, most=2) is None
    await store.end_watch(CHANNEL, "apple", ANN, NOW)
    assert await watch(store, "zebra", most=2)


async def test_a_watch_needs_its_channel(store: SqliteStore) -> None:
    with pytest.raises(StoreError):
        await store.add_watch(CHANNEL, Query.parse("a1"), "a1", ANN, NOW, most=9)


async def test_changes_are_written_down_and_nothing_is_deleted(store: SqliteStore, tmp_path: Path) -> None:
    await make_channel(store)
    await store.add_watch(CHANNEL, Query.parse("zebra"), "zebra \udcff", ANN, NOW, most=9)
    await store.end_watch(CHANNEL, "zebra", BOB, later(hours=1))
    sql = "SELECT m.member, a.what, a.detail FROM audit a JOIN members m ON m.id = a.member_id ORDER BY a.id"
    assert rows(tmp_path, sql) == [("ann", "watch", "zebra"), ("bob", "unwatch", "zebra")]
    assert rows(tmp_path, "SELECT typed, ended_at FROM watches") == [("zebra ?", "2026-03-04T13:00:00.000000")]


async def test_queries_are_the_distinct_ones_that_are_watched(store: SqliteStore) -> None:
    for text in ("zebra", "apple", "mango", "melon"):
        await watch(store, text)
        await watch(store, text, OTHER)
    for ref in (CHANNEL, OTHER):
        await store.end_watch(ref, "apple", ANN, NOW)
    await store.end_watch(CHANNEL, "mango", ANN, NOW)
    blocks = [block async for block in store.queries(2)]
    assert [block.compiled for block in blocks] == [
        Query.parse("zebra").compiled + Query.parse("mango").compiled,
        Query.parse("melon").compiled,
    ]
    numbers = [*blocks[0].numbers, *blocks[1].numbers]
    assert len(set(numbers)) == 3
    assert numbers == sorted(numbers)
    assert [block.numbers async for block in store.queries()] == [numbers]


async def test_commands_go_on_while_queries_are_streamed(store: SqliteStore) -> None:
    for text in ("zebra", "apple"):
        await watch(store, text)
    seen = []
    async for block in store.queries(1):
        seen += block.numbers
        if len(seen) == 1:
            await watch(store, "mango")
    assert len(seen) == 3


async def test_a_new_watch_is_owed_the_latest_announcement_and_nothing_older(store: SqliteStore) -> None:
    await record(store, batch_of([*papers_of(YESTERDAY, 1, 2), *papers_of(TODAY, 11, 2)]), {}, NOW)
    made = await watch(store, "delivery")
    assert made.since == TODAY
    assert await waiting(store) == ["2603.00012", "2603.00011"]
    (first, _) = await store.waiting(CHANNEL)
    assert first.queries == ("delivery",)
    # A paper of an earlier day that is found late is none of its business.
    await poll(store, papers_of(YESTERDAY, 3, 1), late=frozenset({"2603.00003"}))
    await poll(store, papers_of(TOMORROW, 21, 1))
    assert await waiting(store) == ["2603.00021", "2603.00012", "2603.00011"]


async def test_a_new_watch_in_an_instant_channel_posts_at_once(store: SqliteStore) -> None:
    await record(store, batch_of(papers_of(TODAY, 1, 1)), {}, NOW)
    await make_channel(store, schedule="instant Europe/Berlin")
    await watch(store, "zebra")
    assert await store.due_channels(("console",), later(days=1), 9) == []
    await watch(store, "delivery")
    assert [channel.next_due for channel in await store.due_channels(("console",), later(days=1), 9)] == [NOW]


async def test_a_paper_is_owed_once_however_many_watches_match(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "study")
    papers = papers_of(TODAY, 1, 1)
    await poll(store, papers)
    assert [(d.paper, d.queries) for d in await store.waiting(CHANNEL)] == [(papers[0], ("delivery", "study"))]
    await compose(store, 1)
    await poll(store, papers)
    await poll(store, [replace(papers[0], version=2)])
    await watch(store, "careful")
    assert await waiting(store) == []


async def test_a_watch_made_while_a_poll_matches_misses_nothing(store: SqliteStore) -> None:
    await watch(store, "apples")
    await record(store, batch_of(papers_of(YESTERDAY, 1, 1)), {}, NOW)
    papers = papers_of(TODAY, 11, 2)
    await store.record(batch_of(papers), NOW)
    found = await matches(store, papers)
    # Known already, but nobody's when the queries were streamed; and a quite new one.
    await watch(store, "delivery")
    await fan_out_rest(store, found, NOW)
    assert await waiting(store) == ["2603.00012", "2603.00011"]
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    more = papers_of(TODAY, 13, 1)
    await store.record(batch_of(more), NOW)
    found = await matches(store, more)
    await watch(store, "delivery")
    await fan_out_rest(store, found, NOW)
    assert (await waiting(store))[0] == "2603.00013"


async def test_ending_a_watch_withdraws_what_no_other_wants(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "ti:apples")
    papers = [*papers_of(TODAY, 1, 2), *papers_of(TODAY, 3, 1, title="Apples and delivery")]
    await poll(store, papers)
    assert await waiting(store) == ["2603.00003", "2603.00002", "2603.00001"]
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    assert [(d.paper.id, d.queries) for d in await store.waiting(CHANNEL)] == [("2603.00003", ("ti:apple",))]
    await watch(store, "delivery")
    assert await waiting(store) == ["2603.00003", "2603.00002", "2603.00001"]


async def test_what_was_posted_is_not_withdrawn_nor_revived(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 1))
    await compose(store, 1)
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    await watch(store, "delivery")
    assert await waiting(store) == []
    assert len(await store.claim(["console"], NOW, 9)) == 1


async def test_a_younger_watch_does_not_keep_an_older_paper(store: SqliteStore) -> None:
    await record(store, batch_of(papers_of(YESTERDAY, 1, 1)), {}, NOW)
    await watch(store, "delivery")
    await watch(store, "study", OTHER)
    await poll(store, papers_of(TODAY, 2, 1))
    await watch(store, "study")
    assert [(d.paper.id, d.queries) for d in await store.waiting(CHANNEL)] == [
        ("2603.00002", ("delivery", "study")),
        ("2603.00001", ("delivery",)),
    ]
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    assert await waiting(store) == ["2603.00002"]


async def test_waiting_is_newest_first_and_limited(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 5))
    assert [d.paper.id for d in await store.waiting(CHANNEL, 2)] == ["2603.00005", "2603.00004"]
    assert await store.waiting(OTHER) == []


async def test_nothing_is_owed_until_the_first_back_fill_is_complete(store: SqliteStore) -> None:
    await make_channel(store, schedule="instant UTC")
    made = await watch(store, "delivery")
    assert made.since is None
    filling = Cursor("1", backfilling=True)
    history = batch_of(papers_of(YESTERDAY, 1, 2), cursor=filling, backfill=True)
    assert await record(store, history, await matches(store, history.papers), NOW) == 0
    other = await watch(store, "study", OTHER)
    assert other.since is None
    assert await waiting(store) == []
    last = batch_of(papers_of(TODAY, 11, 2), cursor=Cursor("2"), backfill=True)
    assert await record(store, last, {}, later(minutes=1)) == 1
    assert await waiting(store) == ["2603.00012", "2603.00011"]
    assert len(await store.waiting(OTHER)) == 2
    assert {w.since for ref in (CHANNEL, OTHER) for w in await store.watches(ref)} == {TODAY}
    assert [channel.ref for channel in await store.due_channels(("console",), later(minutes=1), 9)] == [CHANNEL]


async def test_a_back_fill_that_finds_nothing_wanted_wakes_nobody(store: SqliteStore) -> None:
    await make_channel(store, schedule="instant UTC")
    await watch(store, "zebra")
    last = batch_of(papers_of(TODAY, 11, 2), cursor=Cursor("2"), backfill=True)
    assert await record(store, last, {}, NOW) == 0
    assert [w.since for w in await store.watches(CHANNEL)] == [TODAY]


async def test_a_later_back_fill_owes_nothing(store: SqliteStore) -> None:
    await poll(store, papers_of(YESTERDAY, 1, 1, title="Apples"))
    await watch(store, "delivery")
    history = papers_of(TODAY, 11, 2)
    batch = batch_of(history, backfill=True)
    await record(store, batch, await matches(store, history), NOW)
    assert await waiting(store) == []


async def test_a_paper_without_a_listing_day_is_news(store: SqliteStore) -> None:
    await poll(store, papers_of(YESTERDAY, 1, 1, title="Apples"))
    await watch(store, "delivery")
    await poll(store, [make_paper("2603.00002", announced=None)])
    assert await waiting(store) == ["2603.00002"]


async def test_watches_of_an_empty_archive_begin_with_its_first_announcement(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await record(store, Batch((), Cursor("top")), {}, NOW)
    await poll(store, papers_of(TODAY, 1, 2))
    assert await waiting(store) == ["2603.00002", "2603.00001"]


async def test_a_paper_that_was_shown_before_it_was_announced_here_is_news(store: SqliteStore) -> None:
    """Brought in by a member it has the day that its submission suggests; moderation had held it up longer."""
    await poll(store, papers_of(TODAY, 1, 1))
    (shown,) = papers_of(TODAY, 2, 1)
    await store.add_papers([replace(shown, announced=TODAY - timedelta(days=4))])
    await watch(store, "delivery")
    assert [delivery.paper.id for delivery in await store.waiting(CHANNEL)] == ["2603.00001"]
    await poll(store, [shown])
    assert await store.paper(shown.id) == shown
    assert [delivery.paper.id for delivery in await store.waiting(CHANNEL)] == ["2603.00002", "2603.00001"]
    await store.add_papers([replace(shown, version=2, announced=TODAY - timedelta(days=4))])
    assert await store.paper(shown.id) == replace(shown, version=2)


async def test_a_new_watch_is_owed_what_was_read_from_the_sequence_alone(store: SqliteStore) -> None:
    await poll(store, papers_of(TODAY, 1, 1))
    await store.add_papers(papers_of(TODAY, 2, 1))
    await watch(store, "delivery")
    assert [delivery.paper.id for delivery in await store.waiting(CHANNEL)] == ["2603.00001"]


async def test_late_papers_are_marked(store: SqliteStore) -> None:
    await watch(store, "delivery")
    papers = papers_of(TODAY, 1, 2)
    await poll(store, papers_of(TODAY, 9, 1))
    await poll(store, papers, late=frozenset({papers[0].id}))
    assert [(d.paper.id, d.late) for d in await store.waiting(CHANNEL)] == [
        ("2603.00009", False), ("2603.00002", False), ("2603.00001", True)
    ]  # fmt: skip


async def test_a_member_s_name_is_the_latest_one(store: SqliteStore) -> None:
    await watch(store, "zebra")
    await make_channel(store)
    await store.add_watch(CHANNEL, Query.parse("apple"), "apple", replace(ANN, name="Ann B."), NOW, most=9)
    await store.end_watch(CHANNEL, "apple", replace(ANN, name=""), NOW)
    assert [w.made_by.name for w in await store.watches(CHANNEL)] == ["Ann B."]


async def test_ten_thousand_watches_keep_their_matches_apart(store: SqliteStore) -> None:
    def fill(db: sqlite_utils.Database) -> None:
        db.conn.executemany(
            "INSERT INTO queries (id, canonical, compiled, watches) VALUES (?, ?, ?, 1)",
            ((i, f"word{i}", Query.parse(f"word{i}").compiled) for i in range(1, 10_001)),
        )
        db.execute("INSERT INTO workspaces (id, platform, workspace) VALUES (7, 'console', 'many')")
        db.execute("INSERT INTO members (id, workspace_id, member, name) VALUES (1, 7, 'ann', '')")
        db.conn.executemany(
            "INSERT INTO channels (id, workspace_id, channel, name, schedule, layout, made_at, receipted)"
            " VALUES (?, 7, ?, '', 'instant UTC', 'thread', '2026-03-04T12:00:00', 0)",
            ((i, f"c{i}") for i in range(1, 1_001)),
        )
        db.conn.executemany(
            "INSERT INTO watches (channel_id, query_id, typed, made_by, made_at, since)"
            " VALUES (?, ?, '', 1, '2026-03-04T12:00:00', '2026-03-04')",
            ((1 + i % 1_000, i) for i in range(1, 10_001)),
        )

    await store._database.write(fill)
    blocks = [block async for block in store.queries(3_000)]
    assert [len(block.numbers) for block in blocks] == [3_000, 3_000, 3_000, 1_000]
    papers = papers_of(date(2026, 3, 4), 1, 300)
    found = {number: [papers[number % 300].id] for number in range(1, 10_001)}
    owed = await record(store, batch_of(papers), found, NOW)
    assert owed == 1_000
    counts = [len(await store.waiting(replace(CHANNEL, workspace="many", channel=f"c{i}"))) for i in (1, 500, 999)]
    assert counts == [3, 3, 3]


def opened(schedule: str = "daily 09:00 weekdays UTC") -> Channel:
    return Channel(CHANNEL, "papers", schedule, Layout.THREAD, NOW)


async def test_watches_and_settings_are_taken_in_together(store: SqliteStore) -> None:
    await poll(store, papers_of(TODAY, 1, 2, title="zebra"))
    await make_channel(store)
    await watch(store, "apple")
    queries = [(Query.parse(text), text, 0) for text in ("apple", "zebra", "mango")]
    top = TimedSetting("weekly mon 09:00 UTC", NOW)
    settings = ChannelSettings(TimedSetting("instant UTC", None), Layout.CARDS, top)
    made = await store.take_in(opened(), queries, settings, ANN, NOW, most=3)
    assert made == (2, 0)
    assert [each.typed for each in await store.watches(CHANNEL)] == ["apple", "zebra", "mango"]
    assert await waiting(store) == ["2603.00002", "2603.00001"]
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert (channel.schedule, channel.layout, channel.next_due) == ("instant UTC", Layout.CARDS, NOW)
    assert (channel.top_schedule, channel.top_next_due) == (top.text, NOW)
    again = await store.take_in(opened(), queries, ChannelSettings(), BOB, NOW, most=3)
    assert again == (0, 0)
    assert await store.channel(CHANNEL) == channel


async def test_what_cannot_be_taken_in_whole_leaves_no_trace(store: SqliteStore) -> None:
    queries = [(Query.parse(f"word{number}"), f"word{number}", 0) for number in range(4)]
    with pytest.raises(CommandError, match="3 watches already"):
        await store.take_in(opened(), queries, ChannelSettings(), ANN, NOW, most=3)
    assert await store.channel(CHANNEL) is None
    assert [block async for block in store.queries()] == []
