"""Polls against the stand-in: new papers, months, holes, the daily check, one paper."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from adapters.arxiv import ArxivSource
from adapters.arxiv.sequence import month_after
from adapters.arxiv.state import Position
from adapters.arxiv.walk import REQUEST_SIZE
from bot.models import Batch, Paper
from bot.ports import PaperSource
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn, Fault, Kind
from tests.standins.arxiv_archive import BASE, CUT_OFFS, MORNING, Archive, block, make_source, papers, spoil_searches
from tests.standins.arxiv_replay import Replay, listing_day
from tests.standins.clock import FakeClock


@pytest.fixture
def stand_in() -> Iterator[ArxivStandIn]:
    with ArxivStandIn(papers("2603", 1, BASE)) as server:
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


def searches(stand_in: ArxivStandIn) -> int:
    return sum(1 for request in stand_in.requests if request.parameters.get("search_query"))


async def test_a_quiet_poll_is_one_request_and_one_search_a_day(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    before = len(stand_in.requests)
    searched = searches(stand_in)
    for _ in range(49):
        clock.set(clock.now() + timedelta(hours=1))
        await archive.poll(source)
    assert len(stand_in.requests) - before == 49 + 2
    assert searches(stand_in) - searched == 2
    assert len(archive.papers) == BASE


async def test_thirteen_hundred_new_papers_take_at_most_fifteen_requests(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", BASE + 1, 1300, 1))
    clock.set(clock.now() + timedelta(days=1))
    before = len(stand_in.requests)
    batches = await archive.poll(source)
    assert len(archive.papers) == BASE + 1300
    assert sum(batch.announced for batch in batches) == 1300
    assert not any(batch.backfill or batch.missing for batch in batches)
    assert len(stand_in.requests) - before <= 15
    assert {paper.announced for batch in batches for paper in batch.papers} == {date(2026, 3, 4)}


async def test_a_restart_after_any_batch_loses_nothing(stand_in: ArxivStandIn, clock: FakeClock) -> None:
    everything = {paper.id for paper in stand_in.papers}
    for batches in (1, 2):
        archive = Archive(clock)
        for _ in range(4):
            await archive.poll(make_source(stand_in, clock), batches=batches)
        assert archive.papers.keys() == everything
        new = papers("2603", BASE + 1, 700, 1)
        with ArxivStandIn([*stand_in.papers, *new]) as grown:
            for _ in range(8):
                await archive.poll(make_source(grown, clock), batches=batches)
        assert archive.papers.keys() == everything | {paper.id for paper in new}
        assert archive.missing == {}


async def test_the_month_rolls_over(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    stand_in.announce([*papers("2603", BASE + 1, 40, 1), *papers("2604", 1, 250, 2)])
    clock.set(datetime(2026, 4, 2, tzinfo=UTC))
    await archive.poll(source)
    assert archive.papers.keys() == {paper.id for paper in stand_in.papers}
    assert archive.missing == {}


async def test_months_of_downtime_are_walked_month_by_month(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    for later in range(1, 6):
        stand_in.announce(block(month_after("2603", later), 1, 60, CUT_OFFS[0] + timedelta(days=31 * later)))
    clock.set(datetime(2026, 8, 20, tzinfo=UTC))
    await archive.poll(source)
    assert archive.papers.keys() == {paper.id for paper in stand_in.papers}


async def test_a_hole_of_unused_numbers_is_walked_over(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 1960, 400, 1))
    await archive.poll(source)
    assert len(archive.papers) == BASE + 400
    assert len(archive.missing) == 1899


async def test_the_daily_check_finds_what_the_walk_cannot_and_raises_an_alarm(
    source: ArxivSource,
    stand_in: ArxivStandIn,
    archive: Archive,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 2560, 30, 1))
    clock.set(clock.now() + timedelta(hours=23))
    await archive.poll(source)
    assert len(archive.papers) == BASE
    clock.set(clock.now() + timedelta(hours=1))
    with caplog.at_level(logging.WARNING):
        await archive.poll(source)
    assert len(archive.papers) == BASE + 30
    assert "arXiv has 2603.02589" in caplog.text
    assert len(archive.missing) == 2499


async def test_the_daily_check_believes_only_what_can_be_read(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    stand_in.announce(
        [make_paper("2603.90000", published=CUT_OFFS[1]), make_paper("2712.00001", published=CUT_OFFS[1])]
    )
    stand_in.fault_of = lambda asked: Fault(Kind.PARTIAL, ids=frozenset({"2603.90000"})) if asked.ids else None
    clock.set(clock.now() + timedelta(days=1))
    before = len(stand_in.requests)
    await archive.poll(source)
    assert len(archive.papers) == BASE
    assert len(stand_in.requests) - before == 3


async def test_a_failed_check_is_repeated_at_the_next_poll(
    source: ArxivSource,
    stand_in: ArxivStandIn,
    archive: Archive,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await archive.poll(source)
    clock.set(clock.now() + timedelta(days=1))
    stand_in.fault_of = spoil_searches(Fault(Kind.STATUS, status=500))
    with caplog.at_level(logging.WARNING):
        assert await archive.poll(source) == []
    assert "daily check" in caplog.text
    stand_in.fault_of = None
    (batch,) = await archive.poll(source)
    assert batch == Batch((), batch.cursor)
    assert Position.of(batch.cursor).checked == clock.now()
    assert await archive.poll(source) == []


async def test_one_paper_by_its_id(source: ArxivSource, stand_in: ArxivStandIn) -> None:
    stand_in.announce([make_paper("hep-th/9901001", version=3)])
    paper = await source.paper("2603.00060")
    assert paper is not None
    assert paper.announced == date(2026, 3, 3)
    old = await source.paper("hep-th/9901001")
    assert old is not None
    assert old.version == 3
    assert await source.paper("2603.09999") is None


async def test_many_papers_in_the_order_asked_for(source: ArxivSource, stand_in: ArxivStandIn) -> None:
    asked = ["2603.00060", "nonsense", "2603.09999", *(f"2603.{number:05}" for number in range(1, BASE)), "2603.00060"]
    found = await source.papers(asked)
    assert [paper.id for paper in found] == ["2603.00060", *(f"2603.{n:05}" for n in range(1, BASE) if n != 60)]
    assert all(paper.announced == date(2026, 3, 3) for paper in found)
    assert len(stand_in.requests) == -(-(BASE + 1) // REQUEST_SIZE)
    assert await source.papers(["nonsense"]) == []


async def test_a_paper_can_be_shown_soon_after_another_request_however_long_the_delay(
    stand_in: ArxivStandIn, clock: FakeClock
) -> None:
    source = make_source(stand_in, clock, delay=40.0)
    for _ in range(2):
        assert await source.paper("2603.00060") is not None


async def test_an_id_that_is_none_is_never_sent(source: ArxivSource, stand_in: ArxivStandIn) -> None:
    assert await source.paper("nonsense") is None
    assert stand_in.requests == []


async def test_half_a_paper_is_not_shown(source: ArxivSource, stand_in: ArxivStandIn) -> None:
    stand_in.faults.append(Fault(Kind.NO_CATEGORY))
    assert await source.paper("2603.00060") is None


def test_the_schedule_is_the_published_one(source: ArxivSource) -> None:
    port: PaperSource = source
    friday_evening = datetime(2026, 3, 7, 2, tzinfo=UTC)
    assert port.last_announcement(friday_evening) == datetime(2026, 3, 6, 1, tzinfo=UTC)
    assert port.next_announcement(friday_evening) == datetime(2026, 3, 9, 0, tzinfo=UTC)
    assert port.silence(friday_evening) == "weekend"


async def test_real_announcements_are_read_whole(real_papers: list[Paper], clock: FakeClock) -> None:
    days = (date(2025, 10, 27), date(2025, 11, 5))
    archive = Archive(clock)
    with ArxivStandIn() as stand_in:
        replay = Replay(stand_in, (paper for paper in real_papers if days[0] <= listing_day(paper) <= days[1]))
        replay.until(days[0])
        source = make_source(stand_in, clock)
        requests: Counter[str] = Counter()
        while True:
            assert replay.day
            clock.set(datetime.combine(replay.day, datetime.min.time(), UTC) + timedelta(hours=3))
            before = len(stand_in.requests)
            await archive.poll(source)
            requests[str(replay.day)] = len(stand_in.requests) - before
            if not replay.status()["days_left"]:
                break
            replay.advance()
        assert archive.papers.keys() == {paper.id for paper in stand_in.papers}
        truth = {paper.id: paper.announced for paper in stand_in.papers}
    agreeing = sum(paper.announced == truth[paper.id] for paper in archive.papers.values())
    assert agreeing / len(truth) > 0.98
    assert all(count <= 10 for count in requests.values())
    assert archive.missing == {}


async def test_recorded_answers_come_through_the_real_client(data: Path, clock: FakeClock) -> None:
    recorded = (data / "atom" / "id_list_single.xml").read_bytes()
    with ArxivStandIn() as stand_in:
        stand_in.verbatim = recorded
        paper = await make_source(stand_in, clock).paper("1605.08386")
    assert paper is not None
    assert paper.primary_category == "math.CO"
    assert paper.announced == date(2016, 5, 27)
