"""What the store says of a channel week by week, and of texts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from bot.figures import mondays
from bot.models import Cursor, PaperText, WatchFigures
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL, make_signal
from tests.store_kit import NOW, batch_of, later, make_channel, open_store, papers_of, poll, record, watch

WEEKS = mondays(date(2026, 2, 18), 3)
FIRST, SECOND = date(2026, 2, 17), date(2026, 2, 26)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def test_matches_announcements_and_saves_are_counted_by_week(store: SqliteStore) -> None:
    assert (date(2026, 2, 16), date(2026, 2, 23), date(2026, 3, 2)) == WEEKS
    await record(store, batch_of([], cursor=Cursor("begun")), {}, NOW)
    await poll(store, papers_of(date(2026, 2, 9), 1, 1))
    await watch(store, "delivery")
    await watch(store, "tides")
    await poll(store, papers_of(FIRST, 11, 3))
    await poll(store, papers_of(SECOND, 51, 2, title="Delivery by tides"))
    await poll(store, papers_of(SECOND, 61, 4, title="Nothing", abstract="Of the kind."), announced=9)
    await store.save(ANN, CHANNEL, "2602.00051", later(days=-6))
    await store.save(BOB, CHANNEL, "2602.00051", NOW)
    await store.save(BOB, CHANNEL, "2602.00061", NOW)
    await store.save(ANN, CHANNEL, "2602.00011", later(days=-40))
    found = await store.figures(CHANNEL, WEEKS)
    assert found.weeks == WEEKS
    assert found.watches == (WatchFigures("delivery", (3, 2, 0)), WatchFigures("tide", (0, 2, 0)))
    assert found.announced == (3, 11, 0)
    # A paper that two watches match is one paper.
    assert found.matched == (3, 2, 0)
    assert found.saves == (0, 1, 2)
    one = await store.figures(CHANNEL, WEEKS, "tide")
    assert one.watches == (WatchFigures("tide", (0, 2, 0)),)
    assert (one.announced, one.matched, one.saves) == ((3, 11, 0), (0, 2, 0), (0, 1, 1))
    await store.end_watch(CHANNEL, "tide", ANN, NOW)
    assert (await store.figures(CHANNEL, WEEKS, "tide")).watches == ()
    assert (await store.figures(CHANNEL, WEEKS)).matched == (3, 2, 0)


async def test_a_watch_that_waits_for_upvotes_counts_what_has_them(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await store.add_watch(CHANNEL, Query.parse("careful"), "min:20 careful", ANN, NOW, most=9, upvotes=20)
    await poll(store, papers_of(FIRST, 1, 3))
    await store.put_signals([make_signal("2602.00001", 30), make_signal("2602.00002", 19)], NOW)
    found = await store.figures(CHANNEL, WEEKS)
    assert found.watches == (WatchFigures("delivery", (3, 0, 0)), WatchFigures("careful", (1, 0, 0)))
    assert found.matched == (3, 0, 0)


async def test_other_channels_do_not_count_and_an_unknown_one_has_zeros(store: SqliteStore) -> None:
    other = CHANNEL.__class__("console", "elsewhere", "terminal")
    await poll(store, papers_of(date(2026, 2, 9), 1, 1))
    await watch(store, "delivery", other)
    await poll(store, papers_of(FIRST, 11, 3))
    await store.save(ANN, other, "2602.00011", NOW)
    nothing = (0, 0, 0)
    for _ in range(2):
        found = await store.figures(CHANNEL, WEEKS)
        assert (found.watches, found.announced, found.matched, found.saves) == ((), (3, 0, 0), nothing, nothing)
        await make_channel(store)


async def test_texts_come_in_the_order_of_ids_and_by_name(store: SqliteStore) -> None:
    papers = papers_of(FIRST, 1, 5)
    await store.add_papers(papers)
    expected = [PaperText(paper.id, paper.title, paper.abstract) for paper in papers]
    first = await store.texts(limit=2)
    assert first == expected[:2]
    assert await store.texts(after=first[-1].id, limit=9) == expected[2:]
    assert await store.texts(after="2602.00005", limit=9) == []
    assert await store.texts_of(["2602.00003", "no id", "2602.09999", "2602.00001"]) == [expected[2], expected[0]]


async def test_the_setting_is_kept_and_goes_along_when_channels_merge(store: SqliteStore) -> None:
    other = CHANNEL.__class__("console", "local", "other")
    assert not (await make_channel(store)).similar
    await make_channel(store, other)
    await store.set_similar(other, True, ANN, NOW)
    await store.move_channel(other, CHANNEL, NOW)
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.similar
