"""What is urgent goes first, and what is not does have its turn."""

from __future__ import annotations

import asyncio

import pytest

from bot.precedence import Precedence


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever hangs is waited for: only a test's own word lets work go on."""
    monkeypatch.setattr("bot.precedence.LONGEST", 60.0)


async def test_work_begins_behind_all_that_came_before_it_and_before_what_came_later() -> None:
    order: list[str] = []
    turns = Precedence()
    acknowledged = {name: asyncio.Event() for name in ("first", "second", "late")}
    entered = asyncio.Queue[str]()

    async def request(name: str) -> None:
        async with turns.first():
            entered.put_nowait(name)
            await acknowledged[name].wait()
            order.append(name)

    async def work() -> None:
        await turns.behind()
        order.append("work")

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        for name in ("first", "second"):
            tasks.create_task(request(name))
            await entered.get()
        working = tasks.create_task(work())
        await asyncio.sleep(0)
        tasks.create_task(request("late"))
        await entered.get()
        assert len(turns._urgent) == 3
        acknowledged["first"].set()
        await rounds()
        assert not working.done()
        acknowledged["second"].set()
        await working
        assert len(turns._urgent) == 1
        acknowledged["late"].set()
    assert order == ["first", "second", "work", "late"]


async def test_where_nothing_is_urgent_work_begins_at_once() -> None:
    turns = Precedence()
    async with turns.first():
        assert len(turns._urgent) == 1
    assert len(turns._urgent) == 0
    async with asyncio.timeout(10):
        await turns.behind()


async def test_what_fails_or_is_cancelled_is_urgent_no_more() -> None:
    turns = Precedence()

    async def fail() -> None:
        async with turns.first():
            raise ZeroDivisionError

    async def hang() -> None:
        async with turns.first():
            await asyncio.Event().wait()

    failing, hanging = asyncio.create_task(fail()), asyncio.create_task(hang())
    await asyncio.wait([failing])
    hanging.cancel()
    await asyncio.gather(failing, hanging, return_exceptions=True)
    assert len(turns._urgent) == 0
    async with asyncio.timeout(10):
        await turns.behind()


async def test_work_begins_in_the_order_in_which_it_came_also_when_it_comes_just_after_a_release() -> None:
    turns = Precedence()
    over, order = asyncio.Event(), list[int]()

    async def request() -> None:
        async with turns.first():
            await over.wait()

    async def work(number: int) -> None:
        await turns.behind()
        order.append(number)

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        requesting = tasks.create_task(request())
        await rounds()
        for number in range(10):
            tasks.create_task(work(number))
        await rounds()
        over.set()
        await requesting
        tasks.create_task(work(10))
    assert order == list(range(11))


async def test_work_that_was_cancelled_takes_nobodys_turn() -> None:
    turns = Precedence()
    over = asyncio.Event()

    async def request() -> None:
        async with turns.first():
            await over.wait()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(request())
        await rounds()
        gone = [asyncio.create_task(turns.behind()) for _ in range(2)]
        stays = asyncio.create_task(turns.behind())
        await rounds()
        for each in gone:
            each.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        assert not stays.done()
        over.set()
        await stays


async def test_what_hangs_is_waited_for_a_moment_and_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Precedence()
    over = asyncio.Event()

    async def hang() -> None:
        async with turns.first():
            await over.wait()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(hang())
        await rounds()
        monkeypatch.setattr("bot.precedence.LONGEST", 0.01)
        await turns.behind()
        await turns.behind()
        assert len(turns._urgent) == 1
        assert len(turns._behind) <= 1
        over.set()


async def rounds(many: int = 10) -> None:
    """Give all that is ready its turn."""
    for _ in range(many):
        await asyncio.sleep(0)


@pytest.mark.parametrize("kind", ["urgent", "behind"])
async def test_one_of_a_hundred_begins_in_a_round_of_the_loop(kind: str) -> None:
    turns = Precedence()
    passed, begun = 0, list[int]()

    async def count_rounds() -> None:
        nonlocal passed
        while True:
            await asyncio.sleep(0)
            passed += 1

    async def begin() -> None:
        if kind == "behind":
            await turns.behind()
            begun.append(passed)
        else:
            async with turns.first():
                begun.append(passed)

    counting = asyncio.create_task(count_rounds())
    beginning = [asyncio.create_task(begin()) for _ in range(100)]
    await asyncio.gather(*beginning)
    counting.cancel()
    assert len(set(begun)) >= 90
