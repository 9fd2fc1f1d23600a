"""The whole source against the stand-in: first start, polls, faults, restarts."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.arxiv import ArxivSource
from adapters.arxiv.client import Client
from adapters.arxiv.sequence import month_after
from adapters.arxiv.source import MISSING_PER_POLL
from adapters.arxiv.start import find_start, find_top
from adapters.arxiv.state import Position
from bot.errors import SourceError
from bot.models import Batch, Missing, Paper
from bot.ports import PaperSource
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn, Fault, Kind
from tests.standins.arxiv_archive import Archive, block
from tests.standins.arxiv_atom import Asked
from tests.standins.arxiv_replay import Replay, listing_day
from tests.standins.clock import FakeClock
from tests.standins.seconds import Seconds

# Monday 2 March 2026 to Friday 6 March: the cut-offs, 14:00 US Eastern.
CUT_OFFS = [datetime(2026, 3, day, 19, tzinfo=UTC) for day in range(2, 7)]
MORNING = datetime(2026, 3, 3, 12, tzinfo=UTC)


def papers(month: str, first: int, count: int, day: int = 0) -> list[Paper]:
    return block(make_paper, month, first, count, CUT_OFFS[day])


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


def make_source(stand_in: ArxivStandIn, clock: FakeClock, **changes: Any) -> ArxivSource:
    seconds = Seconds()
    values: dict[str, Any] = {
        "api_url": stand_in.url,
        "delay": 3.0,
        "contact": "",
        "backfill": timedelta(days=7),
        "clock": clock,
        "monotonic": seconds.monotonic,
        "sleep": seconds.sleep,
        "timeout": (5.0, 5.0),
    }
    return ArxivSource(**(values | changes))


@pytest.fixture
def source(stand_in: ArxivStandIn, clock: FakeClock) -> ArxivSource:
    return make_source(stand_in, clock)


def searches(stand_in: ArxivStandIn) -> int:
    return sum(1 for request in stand_in.requests if request.parameters.get("search_query"))


# --- the first start


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
        stand_in.announce(block(make_paper, month, 1, 500, evening))
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


def spoil_searches(fault: Fault) -> Any:
    return lambda asked: fault if asked.query else None


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


@pytest.mark.parametrize(("month", "number"), [("2603", 3456), ("2603", 100), ("2604", 3), ("2604", 4200)])
async def test_a_search_that_lags_behind_is_corrected_in_five_requests(
    month: str, number: int, clock: FakeClock
) -> None:
    counts = {"2603": number} if month == "2603" else {"2603": 60, "2604": number}
    everything = sequence(counts)
    # The search knows the first papers only.
    unknown = frozenset(paper.id for paper in everything[50:])
    lagging = [
        make_paper(paper.id, published=CUT_OFFS[0] - timedelta(days=paper.id in unknown)) for paper in everything
    ]
    with ArxivStandIn(lagging) as stand_in:
        stand_in.fault_of = spoil_searches(Fault(Kind.PARTIAL, ids=unknown))
        assert await found_top(stand_in, clock) == f"{month}.{number:05d}"


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


# --- polls


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
    assert len(archive.papers) == 300


async def test_thirteen_hundred_new_papers_take_at_most_fifteen_requests(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 301, 1300, 1))
    clock.set(clock.now() + timedelta(days=1))
    before = len(stand_in.requests)
    batches = await archive.poll(source)
    assert len(archive.papers) == 1600
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
        new = papers("2603", 301, 700, 1)
        with ArxivStandIn([*stand_in.papers, *new]) as grown:
            for _ in range(8):
                await archive.poll(make_source(grown, clock), batches=batches)
        assert archive.papers.keys() == everything | {paper.id for paper in new}
        assert archive.missing == {}


async def test_the_month_rolls_over(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    stand_in.announce([*papers("2603", 301, 40, 1), *papers("2604", 1, 250, 2)])
    clock.set(datetime(2026, 4, 2, tzinfo=UTC))
    await archive.poll(source)
    assert archive.papers.keys() == {paper.id for paper in stand_in.papers}
    assert archive.missing == {}


async def test_months_of_downtime_are_walked_month_by_month(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    for later in range(1, 6):
        stand_in.announce(
            block(make_paper, month_after("2603", later), 1, 60, CUT_OFFS[0] + timedelta(days=31 * later))
        )
    clock.set(datetime(2026, 8, 20, tzinfo=UTC))
    await archive.poll(source)
    assert archive.papers.keys() == {paper.id for paper in stand_in.papers}


async def test_a_hole_of_unused_numbers_is_walked_over(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 2200, 400, 1))
    await archive.poll(source)
    assert len(archive.papers) == 700
    assert len(archive.missing) == 1899


async def test_the_daily_check_finds_what_the_walk_cannot_and_raises_an_alarm(
    source: ArxivSource,
    stand_in: ArxivStandIn,
    archive: Archive,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 2800, 30, 1))
    clock.set(clock.now() + timedelta(hours=23))
    await archive.poll(source)
    assert len(archive.papers) == 300
    clock.set(clock.now() + timedelta(hours=1))
    with caplog.at_level(logging.WARNING):
        await archive.poll(source)
    assert len(archive.papers) == 330
    assert "arXiv has 2603.02829" in caplog.text
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
    assert len(archive.papers) == 300
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


# --- missing papers


async def test_half_a_paper_is_missing_and_comes_late(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    new = papers("2603", 301, 20, 1)
    stand_in.announce(new)
    clock.set(clock.now() + timedelta(hours=14))
    half = frozenset({"2603.00305", "2603.00310"})
    stand_in.fault_of = lambda _: Fault(Kind.NO_AUTHORS, ids=half)
    (batch,) = await archive.poll(source)
    assert {one.id for one in batch.missing} == half
    assert batch.announced == 20
    assert {one.announced for one in batch.missing} == {date(2026, 3, 4)}
    (again,) = await archive.poll(source)
    assert set(again.asked) == half
    assert again.announced == 0
    stand_in.fault_of = None
    clock.set(clock.now() + timedelta(days=1))
    late = (await archive.poll(source))[-1]
    assert late.late == half
    assert [paper.announced for paper in late.papers] == [date(2026, 3, 4)] * 2
    assert archive.missing == {}
    assert archive.papers.keys() == {paper.id for paper in stand_in.papers}


async def test_a_number_is_given_up_after_two_weeks_and_named_in_the_log(
    source: ArxivSource,
    stand_in: ArxivStandIn,
    archive: Archive,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 301, 20, 1))
    stand_in.withhold(["2603.00305"])
    for _ in range(15):
        await archive.poll(source)
        clock.set(clock.now() + timedelta(days=1))
    assert archive.missing.keys() == {"2603.00305"}
    with caplog.at_level(logging.WARNING):
        await archive.poll(source)
    assert archive.dropped == ["2603.00305"]
    assert "2603.00305" in caplog.text


async def test_a_number_is_not_given_up_for_one_answer_after_a_long_pause(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 301, 20, 1))
    (gone,) = stand_in.withhold(["2603.00305"])
    await archive.poll(source)
    clock.set(clock.now() + timedelta(days=60))
    stand_in.faults.append(None)
    await archive.poll(source)
    assert archive.dropped == []
    stand_in.announce([gone])
    await archive.poll(source)
    assert archive.late == ["2603.00305"]


async def test_at_most_four_hundred_missing_numbers_are_asked_a_poll(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    many = [Missing(f"2601.{number:05d}", None, MORNING, MORNING, 1) for number in range(1, 1001)]
    stand_in.announce(block(make_paper, "2601", 1, 1, CUT_OFFS[0]))
    before = len(stand_in.requests)
    batches = [batch async for batch in source.new_papers(archive.cursor, many, archive.progress.append)]
    assert sum(len(batch.asked) for batch in batches) == MISSING_PER_POLL - 1
    assert [paper.id for batch in batches for paper in batch.papers] == ["2601.00001"]
    assert len(stand_in.requests) - before == 3


# --- faults


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.HANG])
async def test_every_fault_leaves_every_paper(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock, kind: Kind
) -> None:
    """At the first start, in the middle of a walk, and at its end."""
    stand_in.faults.extend([Fault(kind), None, Fault(kind)])
    for announced in (0, 400, 20):
        first = len(stand_in.papers) + 1
        stand_in.announce(papers("2603", first, announced, 1))
        stand_in.faults.extend([None, Fault(kind), None, Fault(kind), Fault(kind)])
        await archive.poll(source)
    stand_in.faults.clear()
    await archive.poll(source)
    assert archive.papers.keys() == {paper.id for paper in stand_in.papers}
    assert archive.missing == {}


@pytest.mark.parametrize("seed", range(3))
async def test_with_every_second_request_spoilt_all_papers_come_once(seed: int, clock: FakeClock) -> None:
    chance = random.Random(seed)
    kinds = [kind for kind in Kind if kind is not Kind.HANG]

    def fault_of(_: Asked) -> Fault | None:
        return Fault(chance.choice(kinds), status=chance.choice([429, 500, 503])) if chance.random() < 0.45 else None

    archive = Archive(clock)
    failed = 0
    with ArxivStandIn(papers("2602", 1, 150)) as stand_in:
        stand_in.fault_of = fault_of
        source = make_source(stand_in, clock)
        last = {"2602": 150, "2603": 0}
        for day in range(5):
            month = "2602" if day < 2 else "2603"
            count = chance.randint(100, 450)
            stand_in.announce(papers(month, last[month] + 1, count, day))
            last[month] += count
            clock.set(CUT_OFFS[day] + timedelta(hours=8))
            for _ in range(chance.randint(2, 4)):
                try:
                    await archive.poll(source, batches=chance.choice([1, 2, None, None]))
                except SourceError:
                    failed += 1
                clock.set(clock.now() + timedelta(hours=1))
        stand_in.fault_of = None
        await archive.poll(source)
        await archive.poll(source)
        first = min(archive.papers)
        expected = {paper.id: paper for paper in stand_in.papers if paper.id >= first}
        assert archive.papers.keys() == expected.keys()
        assert len(expected) > 500
        for paper_id, paper in archive.papers.items():
            assert (paper.title, paper.authors, paper.categories) == (
                expected[paper_id].title,
                expected[paper_id].authors,
                expected[paper_id].categories,
            )
    assert archive.dropped == []
    assert archive.missing == {}


async def test_an_arxiv_that_is_down_is_an_error_and_what_was_read_stays(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", 301, 500, 1))
    stand_in.faults.extend([None, None, *[Fault(Kind.STATUS, status=500)] * 4])
    with pytest.raises(SourceError, match="HTTP 500"):
        await archive.poll(source)
    assert 300 < len(archive.papers) < 800
    await archive.poll(source)
    assert len(archive.papers) == 800


async def test_closing_ends_a_poll(stand_in: ArxivStandIn, archive: Archive, clock: FakeClock) -> None:
    source = make_source(stand_in, clock)
    await archive.poll(source)
    source.close()
    with pytest.raises(SourceError, match="stopping"):
        await archive.poll(source)


# --- one paper, and the schedule


async def test_one_paper_by_its_id(source: ArxivSource, stand_in: ArxivStandIn) -> None:
    stand_in.announce([make_paper("hep-th/9901001", version=3)])
    paper = await source.paper("2603.00300")
    assert paper is not None
    assert paper.announced == date(2026, 3, 3)
    old = await source.paper("hep-th/9901001")
    assert old is not None
    assert old.version == 3
    assert await source.paper("2603.09999") is None


async def test_an_id_that_is_none_is_never_sent(source: ArxivSource, stand_in: ArxivStandIn) -> None:
    assert await source.paper("nonsense") is None
    assert stand_in.requests == []


async def test_half_a_paper_is_not_shown(source: ArxivSource, stand_in: ArxivStandIn) -> None:
    stand_in.faults.append(Fault(Kind.NO_CATEGORY))
    assert await source.paper("2603.00300") is None


def test_the_schedule_is_the_published_one(source: ArxivSource) -> None:
    port: PaperSource = source
    friday_evening = datetime(2026, 3, 7, 2, tzinfo=UTC)
    assert port.last_announcement(friday_evening) == datetime(2026, 3, 6, 1, tzinfo=UTC)
    assert port.next_announcement(friday_evening) == datetime(2026, 3, 9, 0, tzinfo=UTC)
    assert port.silence(friday_evening) == "weekend"


# --- real papers


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
