"""The first start against the stand-in: the top of the sequence and the back-fill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.arxiv import ArxivSource
from adapters.arxiv.client import Client
from adapters.arxiv.start import find_start, find_top
from bot.errors import SourceError
from bot.models import Paper
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn, Fault, Kind
from tests.standins.arxiv_archive import CUT_OFFS, MORNING, Archive, block, make_source, papers, spoil_searches
from tests.standins.clock import FakeClock
from tests.standins.seconds import Seconds


@pytest.fixture
def stand_in() -> Iterator[ArxivStandIn]:
    with ArxivStandIn(papers("2603", 1, 300)) as server:
        yield server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(MORNING)


@pytest.fixture
def archive(clock: FakeClock) -> Archive:
    return Archive(clock)


@pytest.fixture
def source(stand_in: ArxivStandIn, clock: FakeClock) -> ArxivSource:
    return make_source(stand_in, clock)


async def test_the_first_start_reads_the_backfill_and_says_how_far_it_is(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive
) -> None:
    await archive.poll(source)
    assert sorted(archive.papers) == sorted(paper.id for paper in stand_in.papers)
    assert all(batch.backfill for batch in archive.batches)
    assert [batch.cursor.backfilling for batch in archive.batches] == [True] * (len(archive.batches) - 1) + [False]
    assert [step.done for step in archive.progress] == sorted({step.done for step in archive.progress})
    assert archive.progress[-1].done == archive.progress[-1].total == 300


async def test_the_backfill_reaches_back_from_the_newest_paper_not_from_today(
    stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    for day in range(1, 5):
        stand_in.announce(papers("2603", 1 + 300 * day, 300, day))
    clock.set(datetime(2027, 1, 1, tzinfo=UTC))
    await archive.poll(make_source(stand_in, clock, backfill=timedelta(days=2)))
    since = CUT_OFFS[4] - timedelta(days=2)
    wanted = {paper.id for paper in stand_in.papers if paper.published >= since and paper.id > "2603.00900"}
    assert wanted <= archive.papers.keys()
    assert len(archive.papers) < 800


async def test_a_backfill_goes_over_months(stand_in: ArxivStandIn, archive: Archive, clock: FakeClock) -> None:
    for back, month in enumerate(("2602", "2601", "2512"), start=1):
        evening = CUT_OFFS[0] - timedelta(days=28 * back)
        stand_in.announce(block(month, 1, 500, evening))
    await archive.poll(make_source(stand_in, clock, backfill=timedelta(days=40)))
    assert sum(paper_id.startswith("2603") for paper_id in archive.papers) == 300
    assert sum(paper_id.startswith("2602") for paper_id in archive.papers) == 500
    assert not any(paper_id.startswith("2512") for paper_id in archive.papers)
    assert archive.batches[-1].cursor.backfilling is False


async def test_a_backfill_longer_than_arxiv_begins_at_its_beginning(
    stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(make_source(stand_in, clock, backfill=timedelta(days=400)))
    assert len(archive.papers) == 300


async def test_without_a_backfill_only_the_newest_paper_is_read(
    stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(make_source(stand_in, clock, backfill=timedelta()))
    (batch,) = archive.batches
    assert list(archive.papers) == ["2603.00300"]
    assert batch.backfill
    assert not batch.cursor.backfilling
    stand_in.announce(papers("2603", 301, 5, 1))
    await archive.poll(make_source(stand_in, clock))
    assert len(archive.papers) == 6
    assert not archive.batches[-1].backfill


def sequence(counts: dict[str, int]) -> list[Paper]:
    """Papers of months whose numbers need not be told apart by their texts."""
    moment = CUT_OFFS[0]
    return [
        make_paper(f"{month}.{number:05d}", published=moment + timedelta(seconds=number), updated=moment)
        for month, count in counts.items()
        for number in range(1, count + 1)
    ]


async def found_top(stand_in: ArxivStandIn, clock: FakeClock) -> str:
    seconds = Seconds()
    client = Client(
        api_url=stand_in.url, delay=3, contact="", clock=clock, monotonic=seconds.monotonic, sleep=seconds.sleep
    )
    before = len(stand_in.requests)
    top = await find_top(client, clock.now())
    assert len(stand_in.requests) - before <= 5
    assert top.paper.id == top.number.id
    return top.number.id


@pytest.mark.parametrize(
    "counts",
    [{"2603": 1}, {"2603": 300}, {"2602": 900, "2603": 7}, {"2602": 4321}, {"2601": 17, "2602": 2, "2603": 5001}],
    ids=str,
)
@pytest.mark.parametrize(
    "fault", [None, Fault(Kind.STATUS, status=500), Fault(Kind.TOTAL_ZERO), Fault(Kind.RATE_EXCEEDED)], ids=str
)
async def test_the_top_is_found_in_five_requests(counts: dict[str, int], fault: Fault | None, clock: FakeClock) -> None:
    with ArxivStandIn(sequence(counts)) as stand_in:
        stand_in.fault_of = spoil_searches(fault) if fault else None
        month = max(counts)
        assert await found_top(stand_in, clock) == f"{month}.{counts[month]:05d}"


@pytest.mark.parametrize(
    "counts",
    [
        {"2603": 100},
        {"2603": 3456},
        {"2603": 9999},
        {"2603": 60, "2604": 3},
        {"2603": 60, "2604": 4200},
        {"2508": 60, "2509": 1, "2510": 1, "2511": 1, "2512": 1, "2601": 1, "2602": 1, "2603": 2345},
    ],
    ids=str,
)
async def test_a_search_that_lags_or_does_not_sort_is_corrected_in_five_requests(
    counts: dict[str, int], clock: FakeClock
) -> None:
    everything = [paper.id for paper in sequence(counts)]
    # The search knows the first papers only, which look the newest so that they come on its page.
    unknown = frozenset(everything[50:])
    papers = [make_paper(name, published=CUT_OFFS[0] - timedelta(days=name in unknown)) for name in everything]
    with ArxivStandIn(papers) as stand_in:
        stand_in.fault_of = spoil_searches(Fault(Kind.PARTIAL, ids=unknown))
        assert await found_top(stand_in, clock) == everything[-1]


@pytest.mark.parametrize("counts", [{"1912": 2713}, {"1505": 3, "1506": 1}], ids=str)
async def test_an_archive_that_ended_years_ago_is_found_without_a_search(
    counts: dict[str, int], clock: FakeClock
) -> None:
    everything = [paper.id for paper in sequence(counts)]
    with ArxivStandIn(sequence(counts)) as stand_in:
        stand_in.fault_of = spoil_searches(Fault(Kind.STATUS, status=400))
        assert await found_top(stand_in, clock) == everything[-1]


async def test_one_empty_answer_does_not_make_years_of_papers_news(clock: FakeClock) -> None:
    with ArxivStandIn(sequence({"1912": 40, "2603": 30})) as stand_in:
        stand_in.faults.extend([Fault(Kind.STATUS, status=400), Fault(Kind.TOTAL_ZERO)])
        assert await found_top(stand_in, clock) == "2603.00030"


async def test_an_arxiv_without_papers_is_an_error_and_nothing_is_stored(archive: Archive, clock: FakeClock) -> None:
    with ArxivStandIn() as empty:
        with pytest.raises(SourceError, match="no papers at all"):
            await archive.poll(make_source(empty, clock))
        assert archive.cursor is None
        empty.announce(papers("2603", 1, 20))
        await archive.poll(make_source(empty, clock))
    assert len(archive.papers) == 20


async def test_one_empty_answer_does_not_move_the_beginning(stand_in: ArxivStandIn, clock: FakeClock) -> None:
    seconds = Seconds()
    client = Client(
        api_url=stand_in.url, delay=3, contact="", clock=clock, monotonic=seconds.monotonic, sleep=seconds.sleep
    )
    stand_in.announce(papers("2603", 301, 300, 3))
    top = await find_top(client, clock.now())
    expected = await find_start(client, top, timedelta(hours=5))
    stand_in.faults.append(Fault(Kind.TOTAL_ZERO))
    assert await find_start(client, top, timedelta(hours=5)) == expected
    assert expected.marks["2603"] > 300
