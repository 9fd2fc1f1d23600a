"""What is urgent goes first, and what is not does have its turn."""

from __future__ import annotations

import asyncio

from bot import precedence
from bot.precedence import Precedence


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
        assert turns.urgent == 3
        acknowledged["second"].set()
        acknowledged["first"].set()
        await working
        assert turns.urgent == 1
        acknowledged["late"].set()
    assert order == ["second", "first", "work", "late"]


async def test_where_nothing_is_urgent_work_begins_at_once() -> None:
    turns = Precedence()
    async with turns.first():
        assert turns.urgent == 1
    assert turns.urgent == 0
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
    assert turns.urgent == 0
    async with asyncio.timeout(10):
        await turns.behind()


async def test_work_that_was_cancelled_takes_nobodys_turn() -> None:
    turns = Precedence()
    over = asyncio.Event()

    async def request() -> None:
        async with turns.first():
            await over.wait()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(request())
        await asyncio.sleep(0)
        gone, stays = asyncio.create_task(turns.behind()), asyncio.create_task(turns.behind())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        over.set()
        await stays


async def test_work_does_not_wait_for_ever_for_what_hangs() -> None:
    turns = Precedence()
    over = asyncio.Event()

    async def hang() -> None:
        async with turns.first():
            await over.wait()

    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        tasks.create_task(hang())
        await asyncio.sleep(0)
        begun = asyncio.get_running_loop().time()
        await turns.behind()
        waited = asyncio.get_running_loop().time() - begun
        over.set()
    assert waited >= precedence.LONGEST * 0.9


async def test_one_of_a_hundred_begins_in_a_round_of_the_loop() -> None:
    turns = Precedence()
    rounds, begun = 0, list[int]()

    async def count_rounds() -> None:
        nonlocal rounds
        while True:
            await asyncio.sleep(0)
            rounds += 1

    async def work() -> None:
        await turns.behind()
        begun.append(rounds)

    counting = asyncio.create_task(count_rounds())
    async with turns.first():
        working = [asyncio.create_task(work()) for _ in range(100)]
        await asyncio.sleep(0)
    await asyncio.gather(*working)
    counting.cancel()
    assert len(set(begun)) >= 90
