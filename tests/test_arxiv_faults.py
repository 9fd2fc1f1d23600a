"""Faults against the stand-in: missing papers, restarts, and every second request spoilt."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from adapters.arxiv import ArxivSource
from adapters.arxiv.source import MISSING_PER_POLL
from bot.errors import SourceError
from bot.models import Missing
from tests.standins.arxiv import ArxivStandIn, Fault, Kind
from tests.standins.arxiv_archive import BASE, CUT_OFFS, MORNING, Archive, block, make_source, papers
from tests.standins.arxiv_atom import Asked
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


async def test_half_a_paper_is_missing_and_comes_late(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    new = papers("2603", BASE + 1, 20, 1)
    stand_in.announce(new)
    clock.set(clock.now() + timedelta(hours=14))
    half = frozenset({"2603.00065", "2603.00070"})
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
    stand_in.announce(papers("2603", BASE + 1, 20, 1))
    stand_in.withhold(["2603.00065"])
    for _ in range(15):
        await archive.poll(source)
        clock.set(clock.now() + timedelta(days=1))
    assert archive.missing.keys() == {"2603.00065"}
    with caplog.at_level(logging.WARNING):
        await archive.poll(source)
    assert archive.dropped == ["2603.00065"]
    assert "2603.00065" in caplog.text


async def test_a_number_is_not_given_up_for_one_answer_after_a_long_pause(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    stand_in.announce(papers("2603", BASE + 1, 20, 1))
    (gone,) = stand_in.withhold(["2603.00065"])
    await archive.poll(source)
    clock.set(clock.now() + timedelta(days=60))
    stand_in.faults.append(None)
    await archive.poll(source)
    assert archive.dropped == []
    stand_in.announce([gone])
    await archive.poll(source)
    assert archive.late == ["2603.00065"]


async def test_at_most_four_hundred_missing_numbers_are_asked_a_poll(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock
) -> None:
    await archive.poll(source)
    many = [Missing(f"2601.{number:05d}", None, MORNING, MORNING, 1) for number in range(1, 1001)]
    stand_in.announce(block("2601", 1, 1, CUT_OFFS[0]))
    before = len(stand_in.requests)
    batches = [batch async for batch in source.new_papers(archive.cursor, many, archive.progress.append)]
    assert sum(len(batch.asked) for batch in batches) == MISSING_PER_POLL - 1
    assert [paper.id for batch in batches for paper in batch.papers] == ["2601.00001"]
    assert len(stand_in.requests) - before == 3


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.HANG])
async def test_every_fault_leaves_every_paper(
    source: ArxivSource, stand_in: ArxivStandIn, archive: Archive, clock: FakeClock, kind: Kind
) -> None:
    """At the first start, in the middle of a walk, and at its end."""
    stand_in.faults.extend([Fault(kind), None, Fault(kind)])
    for announced in (0, 180, 20):
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
    stand_in.announce(papers("2603", BASE + 1, 500, 1))
    stand_in.faults.extend([None, None, *[Fault(Kind.STATUS, status=500)] * 4])
    with pytest.raises(SourceError, match="HTTP 500"):
        await archive.poll(source)
    assert BASE < len(archive.papers) < BASE + 500
    await archive.poll(source)
    assert len(archive.papers) == BASE + 500


async def test_closing_ends_a_poll(stand_in: ArxivStandIn, archive: Archive, clock: FakeClock) -> None:
    source = make_source(stand_in, clock)
    await archive.poll(source)
    source.close()
    with pytest.raises(SourceError, match="stopping"):
        await archive.poll(source)
