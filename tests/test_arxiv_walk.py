"""The decisions of the walk, without any request, in every order of growth and faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.arxiv.dating import Dating
from adapters.arxiv.sequence import LAST_NUMBER, Number
from adapters.arxiv.state import Backfill, Position
from adapters.arxiv.walk import REQUEST_SIZE, STRIDES, Request, decide, plan
from bot.errors import SourceError
from bot.models import Cursor


@dataclass
class World:
    """A sequence that a walk goes along. ``answer`` chooses what of the truth comes back."""

    exists: set[str]
    position: Position
    horizon: str = "2603"
    passed: list[Number] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)

    def ask(self, request: Request, drop: set[int]) -> dict[str, object]:
        assert len(request.ids) == len(set(request.ids)) <= REQUEST_SIZE
        self.requests.append(request)
        asked = [paper_id for paper_id in request.ids if paper_id in self.exists]
        return {paper_id: None for place, paper_id in enumerate(asked) if place % 10 not in drop}

    def poll(self, faults: list[set[int]]) -> None:
        """Walk to the end; each request takes the next fault: the last digits of the places that are dropped."""
        first = True
        for _ in range(1000):
            request = plan(self.position, self.horizon, first=first)
            found = self.ask(request, faults.pop() if faults else set())
            step = decide(self.position, request, found, asked_twice=False)
            if step.again:
                found |= self.ask(request, faults.pop() if faults else set())
                step = decide(step.position, request, found, asked_twice=True)
            assert not step.again
            self.passed += step.passed
            self.missing |= {number.id for number in step.passed if number.id not in found}
            self.position = Position.of(step.position.cursor())
            first = False
            if step.finished:
                return
        raise AssertionError("the walk does not end")


def ids(month: str, places: range) -> set[str]:
    return {Number(month, place).id for place in places}


FAULTS = st.lists(
    st.one_of(st.just(set(range(10))), st.just(set[int]()), st.sets(st.integers(0, 9), max_size=9)), max_size=25
)


@settings(max_examples=60)
@example(sizes=(51, 0, 1), hole=(1, 50), faults=([], []))
@given(
    sizes=st.tuples(st.integers(1, 700), st.integers(0, 400), st.integers(1, 300)),
    hole=st.tuples(st.integers(1, 600), st.integers(0, 90)),
    faults=st.tuples(FAULTS, FAULTS),
)
def test_every_number_is_passed_once_whatever_answers_leave_out(
    sizes: tuple[int, int, int], hole: tuple[int, int], faults: tuple[list[set[int]], list[set[int]]]
) -> None:
    months = ("2601", "2602", "2603")
    truth = {
        Number(month, place).id
        for month, size in zip(months, sizes, strict=True)
        for place in range(1, size + 1)
        if not (month == "2601" and hole[0] <= place < hole[0] + hole[1] and place < size)
    }
    world = World({paper_id for paper_id in truth if paper_id < "2603"}, Position({"2601": 0}))
    world.poll(faults[0])
    world.exists = truth
    world.poll(faults[1])
    for _ in range(3):
        world.poll([])
    passed = [number.id for number in world.passed]
    assert len(passed) == len(set(passed))
    assert truth <= set(passed)
    # What was passed without a paper is kept as missing; a number beyond the last paper of a month is never passed.
    assert {paper_id for paper_id in passed if paper_id not in truth} <= world.missing
    for month, size in zip(months, sizes, strict=True):
        assert all(number.number <= size for number in world.passed if number.month == month)
    for month in months:
        places = [number.number for number in world.passed if number.month == month]
        assert places == list(range(1, len(places) + 1))


def test_a_quiet_poll_is_one_request() -> None:
    world = World(ids("2603", range(1, 501)), Position({"2602": 900, "2603": 500}))
    world.poll([])
    assert len(world.requests) == 1
    asked = world.requests[0].ids
    assert {"2603.00501", "2603.00550", "2603.02500", "2602.00901", "2604.00001", "2604.00010"} <= set(asked)
    assert world.passed == []


def test_a_normal_day_takes_few_requests() -> None:
    world = World(ids("2603", range(1, 1801)), Position({"2603": 500}))
    world.poll([])
    assert len(world.passed) == 1300
    assert len(world.requests) <= 11
    assert world.missing == set()


@pytest.mark.parametrize("unused", [1, 49, 50, 99, 150, 199, 500, 1999])
def test_unused_numbers_do_not_end_the_walk(unused: int) -> None:
    hole = range(501, 501 + unused)
    world = World(ids("2603", range(1, 5000)) - ids("2603", hole), Position({"2603": 500}))
    world.poll([])
    assert world.position.marks["2603"] == 4999
    assert world.missing == ids("2603", hole)


def test_a_stretch_that_gave_nothing_is_asked_twice_before_it_is_passed() -> None:
    world = World(ids("2603", range(1, 1001)), Position({"2603": 0}))
    every = set(range(10))
    # After the first look, one chunk comes back empty once: nothing of it gets missing.
    world.poll([every, set()])
    assert world.missing == set()
    assert len(world.passed) == 1000


def test_a_month_is_left_only_when_its_end_was_seen_twice() -> None:
    world = World(ids("2602", range(1, 101)) | ids("2603", range(1, 31)), Position({"2602": 100}), horizon="2603")
    world.poll([])
    assert world.position.open_months == ["2602", "2603"]
    assert [number.month for number in world.passed] == ["2603"] * 30
    # The quiet look at its first numbers, then twice at more of them.
    assert [len(request.dense) for request in world.requests if request.month == "2602"] == [50, 150, 150]


def test_a_month_that_goes_on_behind_unused_numbers_is_not_left_too_early() -> None:
    world = World({"2601.00051", "2603.00001"}, Position({"2601": 0}), horizon="2603")
    world.poll([])
    assert world.position.marks == {"2601": 51, "2602": 0, "2603": 1}


def test_the_ends_of_open_months_are_looked_at_as_far_as_there_is_room() -> None:
    world = World({"2601.00180", "2602.00180"}, Position({"2601": 150, "2602": 150, "2603": 5}), horizon="2603")
    world.poll([])
    assert world.position.marks == {"2601": 180, "2602": 180, "2603": 5}
    assert max(len(request.ids) for request in world.requests) <= REQUEST_SIZE


def test_a_month_whose_beginning_did_not_come_is_not_left_out() -> None:
    world = World(ids("2601", range(40, 60)) | ids("2603", range(1, 31)), Position({"2512": 7}), horizon="2603")
    world.poll([])
    assert world.position.marks == {"2601": 59, "2602": 0, "2603": 30}
    assert world.missing == ids("2601", range(1, 40))


def test_the_end_of_an_open_month_is_looked_at_again() -> None:
    world = World(ids("2602", range(1, 121)) | ids("2603", range(1, 31)), Position({"2602": 100, "2603": 30}))
    world.poll([])
    assert world.position.marks == {"2602": 120, "2603": 30}


def test_after_a_long_pause_every_month_is_walked() -> None:
    months = ["2507", "2508", "2509", "2510", "2511", "2512", "2601", "2602", "2603"]
    world = World(set().union(*(ids(month, range(1, 31)) for month in months)), Position({"2506": 10}))
    world.poll([])
    assert [number.month for number in world.passed[::30]] == months
    assert world.position.marks == {"2601": 30, "2602": 30, "2603": 30}


def test_a_backfill_ends_exactly_at_its_top() -> None:
    top = Number("2603", 777)
    position = Position({"2603": 0}, backfill=Backfill(top, 0, 777)).knowing([top])
    world = World(ids("2603", range(1, 901)), position)
    ends = []
    first = True
    while world.position.backfill:
        request = plan(world.position, "2603", first=first)
        assert max(request.dense) <= top
        step = decide(world.position, request, world.ask(request, set()), asked_twice=False)
        world.position = step.position
        ends.append(step.passed[-1])
        first = False
    assert ends[-1] == top
    world.poll([])
    assert world.position.newest == Number("2603", 900)


def test_a_long_gap_is_walked_through_once() -> None:
    world = World({"2603.04000"}, Position({"2603": 0}).knowing([Number("2603", 4000)]))
    world.poll([])
    assert len(world.missing) == 3999
    asked = [request.dense[0].number for request in world.requests if request.dense[0].number <= 2000]
    assert len(asked) == len(set(asked))


def test_a_full_month_is_no_trap() -> None:
    world = World({"2604.00001"}, Position({"2603": LAST_NUMBER}), horizon="2604")
    world.poll([])
    assert world.position.marks == {"2603": LAST_NUMBER, "2604": 1}


def test_a_position_survives_the_store() -> None:
    position = Position(
        {"2602": 19_000, "2603": 400},
        {"2603": 2400},
        Dating(date(2026, 3, 4), datetime(2026, 3, 3, 18, 59, tzinfo=UTC)),
        datetime(2026, 3, 4, 1, tzinfo=UTC),
        Backfill(Number("2603", 2400), 100, 3000),
    )
    assert Position.of(position.cursor()) == position
    assert position.cursor().backfilling
    plain = Position({"2603": 0})
    assert Position.of(plain.cursor()) == plain
    assert not plain.cursor().backfilling


@pytest.mark.parametrize(
    "state",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"format":2,"marks":{"2603":1},"known":{}}',
        '{"format":1,"marks":{},"known":{}}',
        '{"format":1,"marks":{"2603":1},"known":{},"dating":["x"]}',
        '{"format":1,"marks":7,"known":{}}',
    ],
)
def test_a_place_that_cannot_be_read_is_an_error_in_words(state: str) -> None:
    with pytest.raises(SourceError, match="cannot be read") as caught:
        Position.of(Cursor(state))
    assert caught.value.permanent


def test_numbers_of_closed_months_are_no_news() -> None:
    position = Position({"2603": 10}).knowing([Number("2602", 5), Number("2603", 9), Number("2603", 12)])
    assert position.known == {"2603": 12}
    assert position.unpassed
    assert max(STRIDES) == 2000
