from __future__ import annotations

import asyncio

import pytest

from adapters.slack.rates import TIERS, WORKSPACE_INTERVAL, Gate, Pace
from tests.standins.clock import FakeClock


def test_a_workspace_is_sent_several_hundred_posts_a_minute_at_most() -> None:
    assert 0.95 * 240 <= 60 / WORKSPACE_INTERVAL <= 239


def test_tiers_leave_no_method_more_than_slack_allows() -> None:
    a_minute = {method: 60 / interval for method, interval in TIERS.items()}
    assert a_minute.pop("conversations.list") < 20
    assert a_minute.pop("users.info") < 100
    assert max(a_minute.values()) < 50


def test_a_gate_opens_when_its_time_has_come(clock: FakeClock) -> None:
    gate = Gate(clock)
    assert gate.left("T1", "chat.postMessage") == 0
    assert gate.shut("T1", "chat.postMessage", 10) == pytest.approx(10.25)
    assert gate.left("T1", "chat.postMessage") == pytest.approx(10.25)
    assert gate.left("T1", "views.open") == gate.left("T2", "chat.postMessage") == 0


async def test_the_longest_wait_holds(clock: FakeClock) -> None:
    gate = Gate(clock)
    gate.shut("T1", "chat.postMessage", 10)
    assert gate.shut("T1", "chat.postMessage", 1) == pytest.approx(10.25)
    await clock.advance(10)
    assert gate.shut("T1", "chat.postMessage", 5) == pytest.approx(5.25)


def test_a_wait_of_years_is_nonsense(clock: FakeClock) -> None:
    assert Gate(clock).shut("T1", "chat.postMessage", 1e300) == pytest.approx(86_400.25)


async def test_gates_that_have_opened_are_forgotten(clock: FakeClock) -> None:
    gate = Gate(clock)
    for number in range(1_000):
        gate.shut(f"T{number}", "chat.postMessage", 1 if number else 100)
    await clock.advance(2)
    gate.shut("T1", "chat.postMessage", 1)
    assert gate.known == 2
    assert gate.left("T0", "chat.postMessage") > 0


async def test_calls_of_a_tier_keep_their_distance_and_their_order(clock: FakeClock) -> None:
    pace = Pace(clock, {"conversations.history": 1.2})
    begun: list[tuple[int, float]] = []
    start = clock.now()

    async def call(number: int) -> None:
        await pace.turn("T1", "conversations.history")
        begun.append((number, (clock.now() - start).total_seconds()))

    calls = [asyncio.create_task(call(number)) for number in range(3)]
    await clock.settle()
    await clock.advance(5)
    await asyncio.gather(*calls)
    assert begun == [(0, 0.0), (1, pytest.approx(1.2)), (2, pytest.approx(2.4))]


async def test_other_methods_and_workspaces_do_not_wait(clock: FakeClock) -> None:
    pace = Pace(clock, {"conversations.history": 1.2})
    for _ in range(3):
        await pace.turn("T1", "chat.postMessage")
    await pace.turn("T1", "conversations.history")
    await pace.turn("T2", "conversations.history")
    assert clock.slept == []


async def test_turns_that_have_passed_are_forgotten(clock: FakeClock) -> None:
    pace = Pace(clock, {"conversations.history": 1.2})
    for number in range(1_000):
        await pace.turn(f"T{number}", "conversations.history")
    await clock.advance(2)
    await pace.turn("T1", "conversations.history")
    assert pace.known == 1


@pytest.mark.parametrize("by", [3600.0, -3600.0])
async def test_setting_the_clock_opens_no_gate_and_keeps_none_shut(clock: FakeClock, by: float) -> None:
    gate = Gate(clock)
    gate.shut("T1", "conversations.history", 10)
    clock.jump(by)
    assert gate.left("T1", "conversations.history") == pytest.approx(10.25)
    await clock.advance(10.25)
    assert gate.left("T1", "conversations.history") == 0


@pytest.mark.parametrize("by", [3600.0, -3600.0])
async def test_setting_the_clock_changes_no_distance_of_a_tier(clock: FakeClock, by: float) -> None:
    pace = Pace(clock, {"conversations.history": 1.2})
    await pace.turn("T1", "conversations.history")
    clock.jump(by)
    second = asyncio.create_task(pace.turn("T1", "conversations.history"))
    await clock.settle()
    await clock.advance(1.1)
    assert not second.done()
    await clock.advance(0.1)
    await second
