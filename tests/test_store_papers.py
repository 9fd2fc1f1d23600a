"""The archive: what goes in, what replaces what, what is found by day, what is pruned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.errors import CommandError
from bot.models import ArchiveSpan, BackTest
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.factories import ANN, CHANNEL, make_paper
from tests.store_kit import (
    NOW,
    TODAY,
    batch_of,
    compose,
    make_channel,
    open_store,
    papers_of,
    poll,
    record,
    rows,
    watch,
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def test_a_paper_comes_back_as_it_was(store: SqliteStore) -> None:
    full = make_paper("hep-th/9901001", version=3, comment="12 pages", doi="10.1/x", journal_ref="J. 1", announced=None)
    assert await store.add_papers([full, make_paper()]) == 2
    assert await store.paper("hep-th/9901001") == full
    assert await store.paper("2603.00001") == make_paper()


@pytest.mark.parametrize("unknown", ["2603.00002", "", "2603.00001v1", "\ud800", "'; DROP TABLE papers; --"])
async def test_what_is_not_there_is_none(store: SqliteStore, unknown: str) -> None:
    await store.add_papers([make_paper()])
    assert await store.paper(unknown) is None


async def test_an_id_that_is_none_is_refused_whole(store: SqliteStore) -> None:
    with pytest.raises(CommandError):
        await store.add_papers([make_paper(), make_paper("not an id")])
    assert await store.archive_span() == ArchiveSpan(0, None, None)


async def test_a_newer_version_replaces_and_an_older_one_does_not(store: SqliteStore, tmp_path: Path) -> None:
    first, second = make_paper(title="Draft"), make_paper(version=2, title="Final")
    assert await store.add_papers([first]) == 1
    assert await store.add_papers([second]) == 1
    assert await store.add_papers([first]) == 0
    assert await store.add_papers([second]) == 0
    assert await store.paper(first.id) == second
    assert await store.search(Query.parse("draft"), limit=5) == []
    assert await store.search(Query.parse("final"), limit=5) == [second]
    assert rows(tmp_path, "SELECT version FROM versions ORDER BY version") == [(1,), (2,)]


async def test_of_one_paper_twice_in_a_list_the_newest_version_counts(store: SqliteStore) -> None:
    second = make_paper(version=2, title="Final")
    assert await store.add_papers([second, make_paper()]) == 1
    assert await store.paper(second.id) == second


async def test_a_journal_reference_reaches_a_paper_of_the_same_version(store: SqliteStore) -> None:
    published = make_paper(journal_ref="J. 1")
    await store.add_papers([make_paper()])
    assert await store.add_papers([published]) == 1
    assert await store.paper(published.id) == published


async def test_the_listing_day_stays(store: SqliteStore) -> None:
    await store.add_papers([make_paper()])
    assert await store.add_papers([make_paper(announced=TODAY + timedelta(9))]) == 0
    await store.add_papers([make_paper(version=2, announced=None)])
    found = await store.paper("2603.00001")
    assert found is not None
    assert (found.version, found.announced) == (2, TODAY)


async def test_text_that_utf8_cannot_hold_is_kept_readable(store: SqliteStore) -> None:
    odd = make_paper(
        title="A \ud800 study\x00", authors=("\udfff",), comment="\ud800", doi="\ud800", journal_ref="\ud800"
    )
    assert await store.add_papers([odd]) == 1
    assert await store.add_papers([odd]) == 0
    found = await store.paper(odd.id)
    assert found is not None
    assert (found.title, found.authors, found.comment) == ("A ? study\x00", ("?",), "?")


async def test_search_shows_the_newest_first_and_pages(store: SqliteStore) -> None:
    await store.add_papers([make_paper("2603.00009"), make_paper("hep-th/0703001"), make_paper("1412.9999")])
    everything = Query.parse("careful delivery")

    async def ids(limit: int, offset: int = 0) -> list[str]:
        return [paper.id for paper in await store.search(everything, limit=limit, offset=offset)]

    assert await ids(10) == ["2603.00009", "1412.9999", "hep-th/0703001"]
    assert await ids(2) == ["2603.00009", "1412.9999"]
    assert await ids(2, 2) == ["hep-th/0703001"]
    assert await ids(2, 10**40) == []
    assert await ids(10**40, -5) == ["2603.00009", "1412.9999", "hep-th/0703001"]
    assert await ids(0) == []
    assert await ids(-1) == []


async def test_search_by_listing_day_is_exact_where_days_overlap(store: SqliteStore) -> None:
    days = [date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4)]
    # The second day's block has a straggler of the third and one without a day.
    papers = [
        *papers_of(days[0], 1, 2),
        *papers_of(days[1], 3, 2),
        make_paper("2603.00004", announced=days[2]),
        make_paper("2603.00005", announced=None),
        make_paper("2603.00006", announced=days[1]),
        *papers_of(days[2], 7, 2),
    ]
    await store.add_papers({paper.id: paper for paper in papers}.values())  # type: ignore[arg-type]
    every = Query.parse("delivery")
    latest = {paper.id: paper for paper in papers}
    for since in [None, *days, date(2026, 3, 9)]:
        for until in [None, *days, date(2026, 3, 1)]:
            expected = [
                paper
                for paper in sorted(latest.values(), key=lambda paper: paper.id, reverse=True)
                if (since is None and until is None)
                or (
                    paper.announced is not None
                    and (since is None or since <= paper.announced)
                    and (until is None or paper.announced <= until)
                )
            ]
            assert await store.search(every, limit=99, since=since, until=until) == expected


async def test_a_back_test_counts_matches_and_listing_days(store: SqliteStore) -> None:
    assert await store.back_test(Query.parse("delivery"), since=None) == BackTest(0, None, None, 0)
    friday, monday = date(2026, 2, 27), date(2026, 3, 2)
    await record(store, batch_of([*papers_of(friday, 1, 3), *papers_of(monday, 1, 2, title="Apples")]), {}, NOW)
    every = Query.parse("abs:deliver")
    assert await store.back_test(every, since=None) == BackTest(5, friday, monday, 2)
    assert await store.back_test(every, since=date(2026, 1, 1)) == BackTest(5, friday, monday, 2)
    assert await store.back_test(every, since=monday) == BackTest(2, monday, monday, 1)
    assert await store.back_test(Query.parse("apples"), since=friday) == BackTest(2, friday, monday, 2)


async def test_a_back_test_is_exact_where_days_overlap(store: SqliteStore) -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    papers = [make_paper(f"2603.{i:05}", announced=[monday, tuesday][i % 2]) for i in range(1, 8)]
    await record(store, batch_of(papers), {}, NOW)
    assert await store.back_test(Query.parse("delivery"), since=tuesday) == BackTest(4, tuesday, tuesday, 1)


async def test_a_paper_that_a_member_brought_does_not_stretch_the_archive(store: SqliteStore) -> None:
    await store.add_papers([make_paper("1706.03762", announced=date(2017, 6, 13))])
    assert await store.archive_span() == ArchiveSpan(1, None, None)
    await record(store, batch_of(papers_of(TODAY, 1, 2)), {}, NOW)
    assert await store.archive_span() == ArchiveSpan(3, TODAY, TODAY)
    # Read from the sequence later on, it counts.
    await record(store, batch_of([make_paper("1706.03762", announced=date(2017, 6, 13))]), {}, NOW)
    assert await store.archive_span() == ArchiveSpan(3, date(2017, 6, 13), TODAY)


async def test_pruning_spares_what_was_owed_saved_or_dismissed(store: SqliteStore, tmp_path: Path) -> None:
    old = date(2026, 3, 2)
    papers = papers_of(old, 1, 6)
    wanted = replace(papers[0], title="Wanted")
    await watch(store, "wanted")
    await poll(store, [wanted, *papers[1:]])
    await store.end_watch(CHANNEL, "wanted", ANN, NOW)
    await store.save(ANN, CHANNEL, papers[1].id, NOW)
    await store.unsave(ANN, papers[1].id, NOW)
    await store.dismiss(CHANNEL, ANN, papers[2].id, NOW)
    await poll(store, papers_of(TODAY, 11, 1))
    assert await store.prune_papers(TODAY, 2) == 2
    assert await store.prune_papers(TODAY, 9) == 1
    assert await store.prune_papers(TODAY, 9) == 0
    assert await store.archive_span() == ArchiveSpan(4, old, TODAY)
    left = [paper.id for paper in await store.search(Query.parse("abs:deliver"), limit=9)]
    assert left == ["2603.00011", "2603.00003", "2603.00002", "2603.00001"]
    assert rows(tmp_path, "SELECT count(*) FROM versions") == [(4,)]
    # A pruned paper may come back.
    assert await store.add_papers([papers[4]]) == 1
    assert [paper.id for paper in await store.search(Query.parse("abs:deliver"), limit=2)] == [
        "2603.00011",
        papers[4].id,
    ]


async def test_pruning_spares_what_was_posted_and_drops_a_whole_day(store: SqliteStore) -> None:
    await make_channel(store)
    await record(store, batch_of(papers_of(date(2026, 3, 2), 1, 2)), {}, NOW)
    await watch(store, "delivery")
    await compose(store, 1)
    await record(store, batch_of(papers_of(TODAY, 3, 2, title="Apples")), {}, NOW)
    assert await store.prune_papers(date(2026, 3, 9), 9) == 2
    assert await store.archive_span() == ArchiveSpan(2, date(2026, 3, 2), date(2026, 3, 2))


async def test_a_moment_without_a_time_zone_is_a_defect(store: SqliteStore) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        await store.add_papers([make_paper(published=NOW.replace(tzinfo=None))])
