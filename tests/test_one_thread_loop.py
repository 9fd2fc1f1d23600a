"""The loop of the model of delivery: what it does in what order rests on the paces alone, and all orders are there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.delivery_kit import at_boundary, make_dispatcher
from tests.delivery_world import CHANNELS, World
from tests.standins.loop import OneThreadLoop

T = TypeVar("T")


@contextmanager
def looping(paces: Sequence[int] = ()) -> Iterator[OneThreadLoop]:
    loop = OneThreadLoop()
    loop.pace(paces)
    try:
        yield loop
    finally:
        loop.close()


def run(work: Callable[[OneThreadLoop], Coroutine[Any, Any, T]], paces: Sequence[int] = ()) -> T:
    with looping(paces) as loop:
        return loop.run_until_complete(work(loop))


def test_at_once_and_in_the_same_thread() -> None:
    async def work(loop: OneThreadLoop) -> None:
        future = loop.run_in_executor(None, threading.get_ident)
        assert future.done()
        assert await future == threading.get_ident()
        assert await asyncio.to_thread(sum, [1, 2]) == 3

    run(work)


@pytest.mark.parametrize(("paces", "after"), [([1], [1, 2, 3]), ([3], [3, 6, 9]), ([2, 0, 1], [2, 2, 3])])
def test_so_many_turns_later_in_the_order_given(paces: list[int], after: list[int]) -> None:
    async def work(loop: OneThreadLoop) -> list[int]:
        turns = 0
        jobs = [loop.run_in_executor(None, lambda: turns) for _ in range(3)]
        for turns in range(1, 11):  # noqa: B007  the jobs read it
            await asyncio.sleep(0)
        return [job.result() for job in jobs]

    assert run(work, paces) == after


def test_executors_wait_for_themselves_alone() -> None:
    async def work(loop: OneThreadLoop) -> list[str]:
        done: list[str] = []
        with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
            await asyncio.gather(
                *(
                    loop.run_in_executor(each, done.append, name)
                    for name, each in zip("abc", [one, one, other], strict=True)
                )
            )
        return done

    assert run(work, [2]) == ["a", "c", "b"]


def test_what_is_raised_reaches_whoever_waits_and_the_next_goes_on() -> None:
    async def work(loop: OneThreadLoop) -> None:
        jobs = [loop.run_in_executor(None, int, text) for text in ("x", "7")]
        assert isinstance((await asyncio.gather(*jobs, return_exceptions=True))[0], ValueError)
        assert jobs[1].result() == 7

    run(work, [1])


def test_what_is_given_up_before_its_turn_is_not_begun() -> None:
    async def work(loop: OneThreadLoop) -> list[str]:
        done: list[str] = []
        given_up, other = (loop.run_in_executor(None, done.append, name) for name in "ab")
        given_up.cancel()
        await other
        return done

    assert run(work, [2]) == ["b"]


def deliver(folder: Path, paces: Sequence[int]) -> tuple[list[str], int]:
    """Deliver to three channels: what crossed the process's boundary, in order, and how often was committed."""
    crossed: list[str] = []
    commits = 0

    async def work(loop: OneThreadLoop) -> None:
        nonlocal commits
        world = World(folder)
        await world.start()
        for ref in CHANNELS:
            for text in ("watch alpha", "schedule instant"):
                await world.say(text, ref)
        world.feed.add(["On alpha", "Alpha meets beta"], lost=0)
        await world.poll()

        def traced(sql: str) -> None:
            nonlocal commits
            commits += sql == "COMMIT"

        await world.store._database.read(lambda db: db.conn.set_trace_callback(traced))
        loop.pace(paces)
        world.chat.wire = lambda doing, ref: crossed.append(f"{doing} {ref.channel}")
        store = at_boundary(world.store, crossed.append, crossed.append, world.clock)
        await world.clock.drive(make_dispatcher(store, world.clock, world.chat).drain(), told=True)
        await world.stack.aclose()
        assert all(world.chat.papers(ref).total() == 2 for ref in CHANNELS)

    folder.mkdir()
    run(work)
    return crossed, commits


def test_the_same_paces_are_the_same_way(tmp_path: Path) -> None:
    ways = {}
    for number, paces in enumerate([(), (1,), (3,), (0, 3, 1)]):
        ways[paces] = deliver(tmp_path / f"{number}a", paces)
        assert deliver(tmp_path / f"{number}b", paces) == ways[paces]
    assert len({tuple(crossed) for crossed, _ in ways.values()}) > 2
    # With time to come together, outcomes share a commit.
    assert ways[(3,)][1] < ways[()][1]
