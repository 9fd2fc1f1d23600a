"""Bulk imports: what they bring and replace, that they owe and lose nothing, how they are resumed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.housekeeping import prune
from bot.models import ArchiveSpan, BackTest, Imported, Paper
from bot.query import Query
from storage.sqlite import SqliteStore, full_text
from tests.factories import ANN, CHANNEL, make_paper
from tests.standins.clock import FakeClock
from tests.store_kit import NOW, TODAY, batch_of, make_channel, open_store, papers_of, poll, record, rows, watch

EVERY = Query.parse("delivery")
LONG_AGO = date(1999, 1, 5)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def bring(store: SqliteStore, papers: Sequence[Paper], name: str = "file") -> Imported:
    return await store.import_papers(name, [papers], lambda _: "here")


async def ids(store: SqliteStore) -> list[str]:
    return [paper.id for paper in await store.search(EVERY, limit=99)]


async def test_imported_papers_are_found_shown_and_saved(store: SqliteStore) -> None:
    papers = [
        make_paper("2603.00002", title="Émile's delivery"),
        make_paper("hep-th/9901002", announced=LONG_AGO),
        make_paper("math/9901001", announced=LONG_AGO),
        make_paper("0704.0001", announced=date(2007, 4, 3)),
        make_paper("astro-ph/9912001", announced=date(1999, 12, 2)),
    ]
    assert await bring(store, papers) == Imported(new=5)
    assert await ids(store) == ["2603.00002", "0704.0001", "astro-ph/9912001", "math/9901001", "hep-th/9901002"]
    assert await store.paper("hep-th/9901002") == papers[1]
    await make_channel(store)
    assert await store.save(ANN, CHANNEL, "hep-th/9901002", NOW)
    found = await store.search(EVERY, limit=9, since=LONG_AGO, until=LONG_AGO + timedelta(9))
    assert [paper.id for paper in found] == ["math/9901001", "hep-th/9901002"]


async def test_back_tests_reach_back_as_far_as_the_data(store: SqliteStore) -> None:
    await bring(store, [make_paper("hep-th/9901002", announced=LONG_AGO), *papers_of(TODAY, 1, 2)])
    assert await store.archive_span() == ArchiveSpan(3, LONG_AGO, TODAY)
    assert await store.back_test(EVERY, since=None) == BackTest(3, LONG_AGO, TODAY, 2)
    assert await store.back_test(EVERY, since=TODAY - timedelta(29)) == BackTest(2, TODAY - timedelta(29), TODAY, 1)


async def test_a_back_test_leaves_the_gap_before_the_first_poll_out(store: SqliteStore) -> None:
    await bring(store, papers_of(date(2025, 12, 1), 1, 1))
    await record(store, batch_of(papers_of(TODAY, 1, 1)), {}, NOW)
    month_ago = TODAY - timedelta(29)
    assert await store.back_test(EVERY, since=month_ago) == BackTest(1, TODAY, TODAY, 1)
    await bring(store, papers_of(date(2026, 2, 5), 1, 1))
    assert await store.back_test(EVERY, since=month_ago) == BackTest(2, month_ago, TODAY, 2)


async def test_nothing_imported_is_owed_until_the_id_sequence_comes_to_it(store: SqliteStore) -> None:
    await record(store, batch_of(papers_of(TODAY, 1, 1, title="Apples", abstract="Pears")), {}, NOW)
    await bring(store, papers_of(TODAY, 2, 2))
    made = await watch(store, "delivery")
    assert made.since == TODAY
    assert await store.waiting(CHANNEL) == []
    await bring(store, papers_of(TODAY + timedelta(1), 5, 1))
    assert await store.waiting(CHANNEL) == []
    assert (await watch(store, "letter")).since == TODAY
    tomorrow = TODAY + timedelta(1)
    await poll(store, papers_of(tomorrow, 2, 1))
    assert [delivery.paper.id for delivery in await store.waiting(CHANNEL)] == ["2603.00002"]
    found = await store.paper("2603.00002")
    assert found is not None
    assert found.announced == tomorrow


async def test_an_imported_archive_alone_begins_no_watch(store: SqliteStore) -> None:
    await bring(store, papers_of(TODAY, 1, 3))
    assert (await watch(store, "delivery")).since is None
    assert await store.waiting(CHANNEL) == []


async def test_a_newer_version_in_the_archive_is_kept(store: SqliteStore, tmp_path: Path) -> None:
    newest = make_paper(version=3, title="Final")
    await store.add_papers([newest])
    assert await bring(store, [make_paper(version=2, title="Draft")]) == Imported()
    assert await store.paper(newest.id) == newest
    assert await bring(store, [make_paper(version=4, title="Later")]) == Imported(newer=1)
    assert await store.search(Query.parse("final OR draft"), limit=9) == []
    assert [paper.title for paper in await store.search(Query.parse("later"), limit=9)] == ["Later"]
    assert rows(tmp_path, "SELECT imported, recorded FROM papers") == [(1, 0)]


async def test_the_same_version_gives_what_the_archive_lacks(store: SqliteStore) -> None:
    await store.add_papers([make_paper(comment="12 pages", announced=None)])
    imported = make_paper(comment="other", doi="10.1/x", journal_ref="J. 1", title="Other")
    assert await bring(store, [imported]) == Imported()
    expected = make_paper(comment="12 pages", doi="10.1/x", journal_ref="J. 1", announced=TODAY)
    assert await store.paper(imported.id) == expected
    assert await bring(store, [make_paper()]) == Imported()
    assert await store.paper(imported.id) == expected


async def test_the_day_of_the_id_sequence_holds(store: SqliteStore) -> None:
    await record(store, batch_of(papers_of(TODAY, 1, 1)), {}, NOW)
    await bring(store, [make_paper("2603.00001", version=2, announced=TODAY - timedelta(3))])
    found = await store.paper("2603.00001")
    assert found is not None
    assert (found.version, found.announced) == (2, TODAY)


async def test_of_one_paper_twice_the_newest_version_counts(store: SqliteStore) -> None:
    first, second = make_paper(title="Draft"), make_paper(version=2, title="Final")
    assert await bring(store, [first, second, first]) == Imported(new=1)
    assert await store.paper(first.id) == second


async def test_housekeeping_leaves_imported_papers_alone(store: SqliteStore, clock: FakeClock) -> None:
    old = papers_of(LONG_AGO, 1, 3, abstract="delivery")
    old = [replace(paper, id=f"hep-th/990100{place}") for place, paper in enumerate(old, 1)]
    await record(store, batch_of([*old[:2], *papers_of(TODAY, 1, 1)]), {}, NOW)
    await bring(store, old[1:])
    # The one that was only read from the sequence goes; a new version from elsewhere does not change that.
    await store.add_papers([replace(old[2], version=2)])
    pruning = asyncio.create_task(prune(store, clock, timedelta(days=400)))
    while not pruning.done():
        await clock.advance(1)
        await asyncio.sleep(0)
    assert await pruning == 1
    assert await ids(store) == ["2603.00001", "hep-th/9901003", "hep-th/9901002"]
    assert await store.archive_span() == ArchiveSpan(3, LONG_AGO, TODAY)


async def test_days_are_counted_right_however_papers_come_and_change(store: SqliteStore, tmp_path: Path) -> None:
    await bring(store, papers_of(TODAY, 1, 3))
    await store.add_papers(papers_of(TODAY, 2, 2, version=2))
    await record(store, batch_of(papers_of(TODAY + timedelta(1), 3, 2)), {}, NOW)
    await bring(store, papers_of(TODAY, 3, 1, version=9))
    counted = rows(tmp_path, "SELECT day, papers, recorded, imported FROM days ORDER BY day")
    assert counted == rows(
        tmp_path,
        "SELECT announced, count(*), sum(recorded), sum(imported) FROM papers GROUP BY announced ORDER BY announced",
    )
    assert counted == [("2026-03-04", 2, 0, 2), ("2026-03-05", 2, 2, 1)]


async def test_text_that_utf8_cannot_hold_is_kept_readable(store: SqliteStore) -> None:
    await bring(store, [make_paper(title="A \ud800 study", authors=("\udfff",))])
    found = await store.paper("2603.00001")
    assert found is not None
    assert (found.title, found.authors) == ("A ? study", ("?",))


async def test_the_bookmark_is_stored_with_the_papers_or_not_at_all(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        assert await store.begin_import("file") == ""
        await store.import_papers(
            "file", [papers_of(TODAY, 1, 1), papers_of(TODAY, 2, 1)], lambda brought: f"after {brought.new}"
        )

        def broken(_: Imported) -> str:
            raise RuntimeError("killed here")

        with pytest.raises(RuntimeError):
            await store.import_papers("file", [papers_of(TODAY, 3, 2)], broken)
    async with open_store(tmp_path) as store:
        assert await store.begin_import("file") == "after 2"
        assert await store.begin_import("other") == ""
        assert (await store.archive_span()).papers == 2
        await store.end_import("file", complete=True)
        assert await store.begin_import("file") == ""


@pytest.mark.parametrize("killed", [False, True])
async def test_after_an_import_the_index_works_as_ever(tmp_path: Path, killed: bool) -> None:
    options = "SELECT k, v FROM full_text_config WHERE k IN ('automerge', 'hashsize') ORDER BY k"
    async with open_store(tmp_path) as store:
        await store.begin_import("file")
        assert dict(rows(tmp_path, options)) == full_text._GATHERING
        for number in range(1, 40):
            await bring(store, papers_of(TODAY, number, 1))
        if not killed:
            await store.end_import("file", complete=False)
    async with open_store(tmp_path) as store:
        assert dict(rows(tmp_path, options)) == full_text._ORDINARY
        assert len(await ids(store)) == 39
        await store._database.read(
            lambda db: db.execute("INSERT INTO full_text (full_text) VALUES ('integrity-check')")
        )
