"""From recorded papers to deliveries: whatever the size of the steps, wherever the process dies and whatever members do
meanwhile, each channel is owed what its watches want, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlite_utils
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.composing import PATIENCE, Composer
from bot.fan_out import FannedOut, Steps, fan_out
from bot.models import ChannelRef, Paper, PostLimits, QueryBlock
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.delivery_kit import Crash, Fuse, at_boundary
from tests.factories import ANN, CHANNEL, make_paper, make_signal
from tests.standins.clock import FakeClock
from tests.store_kit import NOW, TODAY, batch_of, make_channel, open_store, papers_of, poll, watch

WORDS = ("apple", "berry", "cherry", "damson")
BEFORE = TODAY - timedelta(days=2)
YESTERDAY = TODAY - timedelta(days=1)
LIMITS = {"console": PostLimits(papers=25, characters=20_000)}
SMALL = Steps(papers=2, matches=2, deliveries=2)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


def place(number: int) -> ChannelRef:
    return ChannelRef("console", f"team{number % 2}", f"channel{number}")


def paper(number: int, words: Sequence[str], day: date = TODAY) -> Paper:
    return make_paper(f"2603.{number:05}", title=" ".join(words) or "nothing", announced=day)


async def kept(store: SqliteStore) -> list[tuple[Any, ...]]:
    """Deliveries and matches as they are in the file."""

    def read(db: sqlite_utils.Database) -> list[tuple[Any, ...]]:
        owed = db.execute("SELECT channel_id, paper, state, late FROM deliveries ORDER BY 1, 2").fetchall()
        return [*owed, *db.execute("SELECT query_id, paper FROM matches ORDER BY 1, 2").fetchall()]

    return await store._database.read(read)


async def recorded(store: SqliteStore, watched: Sequence[tuple[int, str]], papers: Sequence[Paper]) -> None:
    """Channels with watches, and papers that came after them in two batches, the last one of each late."""
    await poll(store, papers_of(BEFORE, 900, 1, title="Something else"))
    for number, word in watched:
        await watch(store, word, place(number))
    middle = len(papers) // 2
    for part in (papers[:middle], papers[middle:]):
        await store.record(batch_of(part, late=frozenset(paper.id for paper in part[-1:])), NOW)


titles = st.lists(st.lists(st.sampled_from(WORDS), max_size=3, unique=True), min_size=1, max_size=8)
watches = st.lists(st.tuples(st.integers(1, 5), st.sampled_from(WORDS)), max_size=12, unique=True)
sizes = st.builds(Steps, *[st.integers(1, 7)] * 3)


@settings(max_examples=8, deadline=None)
@given(titles, watches, sizes, st.integers(1, 40))
def test_a_kill_between_any_two_steps_changes_nothing(
    found: list[list[str]], watched: list[tuple[int, str]], steps: Steps, last: int
) -> None:
    """The process dies at a random boundary, and in further tries again and again."""
    papers = [paper(number, words) for number, words in enumerate(found, 1)]

    async def at_once(folder: Path) -> list[tuple[Any, ...]]:
        async with open_store(folder, "whole.db") as store:
            await recorded(store, watched, papers)
            await fan_out(store, FakeClock())
            return await kept(store)

    async def with_kills(folder: Path) -> list[tuple[Any, ...]]:
        async with open_store(folder, "steps.db") as store:
            await recorded(store, watched, papers)
        for instants in range(last, last + 600, 6):
            async with open_store(folder, "steps.db") as store:
                fuse = Fuse(instants)
                try:
                    await fan_out(at_boundary(store, fuse.burn, fuse.burn), FakeClock(), steps)
                except Crash:
                    continue
                return await kept(store)
        raise AssertionError("it never came to an end")

    with TemporaryDirectory() as name:
        assert asyncio.run(with_kills(Path(name))) == asyncio.run(at_once(Path(name)))


Deed = Callable[[SqliteStore], Awaitable[object]]


def making(number: int, word: str, upvotes: int) -> Deed:
    async def make(store: SqliteStore) -> None:
        await make_channel(store, place(number), "instant UTC")
        text = f"min:{upvotes} {word}" if upvotes else word
        await store.add_watch(place(number), Query.parse(word), text, ANN, NOW, most=9, upvotes=upvotes)

    return make


def ending(number: int, word: str) -> Deed:
    return lambda store: store.end_watch(place(number), Query.parse(word).canonical, ANN, NOW)


def joining(number: int, other: int) -> Deed:
    return lambda store: store.move_channel(place(number), place(other), NOW)


def voting(number: int, upvotes: int) -> Deed:
    return lambda store: store.put_signals([make_signal(f"2603.{number:05}", upvotes)], NOW)


channel = st.integers(1, 5)
word = st.sampled_from(WORDS)
deeds = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.one_of(
            st.builds(making, channel, word, st.sampled_from([0, 20])),
            st.builds(ending, channel, word),
            st.builds(joining, channel, channel),
            st.builds(voting, st.integers(1, 8), st.sampled_from([10, 30])),
        ),
    ),
    max_size=8,
)


async def _owed_and_wanted(store: SqliteStore, papers: Sequence[Paper]) -> tuple[set[Any], set[Any]]:
    signals = await store.signals([each.id for each in papers])
    owed, wanted = set(), set()
    for channel in await store.channels("console"):
        owed |= {(channel.ref, delivery.paper.id) for delivery in await store.waiting(channel.ref)}
        for made in await store.watches(channel.ref):
            wanted |= {
                (channel.ref, each.id)
                for each in papers
                if Query.parse(made.query).matches(each)
                and made.since is not None
                and each.announced is not None
                and made.since <= each.announced
                and (not made.upvotes or (each.id in signals and signals[each.id].upvotes >= made.upvotes))
            }
    return owed, wanted


@settings(max_examples=20, deadline=None)
@given(titles, watches, deeds)
@example([["apple"], []], [(2, "apple")], [(0, making(1, "apple", 0)), (3, joining(2, 1))])
@example([["apple"], ["apple"]], [(2, "apple")], [(60, making(1, "apple", 20)), (60, joining(2, 1))])
@example([["apple"], ["apple"]], [(2, "apple")], [(60, making(1, "apple", 20)), (60, joining(1, 2))])
def test_what_members_do_meanwhile_is_reckoned_with(
    found: list[list[str]], watched: list[tuple[int, str]], chosen: list[tuple[int, Deed]]
) -> None:
    """Whichever steps they come between: watches made, ended and waiting for upvotes, channels that become one."""
    papers = [paper(number, words, (TODAY, YESTERDAY)[number % 2]) for number, words in enumerate(found, 1)]

    async def run(folder: Path) -> None:
        async with open_store(folder) as store:
            await recorded(store, watched, papers)
            left = sorted(chosen, key=lambda each: each[0])
            instants = 0

            class Busy:
                def __getattr__(self, name: str) -> Any:
                    async def call(*args: Any, **named: Any) -> Any:
                        nonlocal instants
                        result = await getattr(store, name)(*args, **named)
                        instants += 1
                        while left and left[0][0] <= instants:
                            await left.pop(0)[1](store)
                        return result

                    return call

                def queries(self, *, after: int) -> AsyncIterator[QueryBlock]:
                    return store.queries(1, after=after)

            await fan_out(Busy(), FakeClock(), SMALL)  # type: ignore[arg-type]
            for _, deed in left:
                await deed(store)
            owed, wanted = await _owed_and_wanted(store, papers)
            assert owed == wanted

    with TemporaryDirectory() as name:
        asyncio.run(run(Path(name)))


async def test_it_says_what_it_did(store: SqliteStore) -> None:
    await make_channel(store, place(1), "instant UTC")
    await recorded(
        store, [(1, "apple"), (2, "apple"), (2, "berry")], [paper(1, ["apple"]), paper(2, []), paper(3, WORDS)]
    )
    assert await store.fanning_out()
    assert await fan_out(store, FakeClock()) == FannedOut(matched=2, deliveries=4, instant=1)
    assert not await store.fanning_out()
    assert await fan_out(store, FakeClock()) == FannedOut()


async def test_a_step_owes_whole_channels_and_about_as_much_as_it_should(store: SqliteStore) -> None:
    papers = [paper(number, ["apple"]) for number in range(1, 11)]
    await recorded(store, [(number, "apple") for number in range(1, 7)], papers)
    begun = await store.fan_out(100)
    assert begun is not None
    assert [each.id for each in begun.papers] == [each.id for each in papers]
    numbers = [number async for block in store.queries() for number in block.numbers]
    await store.put_matches({numbers[0]: [each.id for each in papers]}, numbers[0])
    steps = []
    while not (owed := await store.owe_next(NOW, 20)).finished:
        steps.append(owed.deliveries)
    assert steps == [20, 20, 20]


async def test_watches_that_find_nothing_end_a_step_too(store: SqliteStore) -> None:
    await recorded(store, [(number, "apple") for number in range(1, 7)], [paper(1, [])])
    assert await store.fan_out(100) is not None
    steps = 1
    while not (await store.owe_next(NOW, 2)).finished:
        steps += 1
    assert steps == 4


async def test_nothing_is_posted_or_counted_before_the_last_step(store: SqliteStore) -> None:
    clock = FakeClock()
    clock.set(NOW)
    composer = Composer(store, LIMITS, clock)
    await make_channel(store, CHANNEL, next_due=NOW)
    await poll(store, papers_of(BEFORE, 900, 1))
    await watch(store, "apple")
    await store.record(batch_of([paper(1, ["apple"]), paper(2, ["berry"])]), NOW)
    earlier = await store.receipt(CHANNEL)
    fuse = Fuse(9)
    with pytest.raises(Crash):
        await fan_out(at_boundary(store, fuse.burn, fuse.burn), clock)
    assert [delivery.paper.id for delivery in await store.waiting(CHANNEL)] == ["2603.00001"]
    assert await store.waiting(CHANNEL, settled=True) == []
    assert await store.receipt(CHANNEL) == earlier
    assert await composer.due() == 0
    assert [due.ref for due in await store.due_channels(("console",), NOW, 9)] == [CHANNEL]
    await fan_out(store, clock)
    assert await composer.due() > 0
    (item,) = await store.claim(["console"], NOW, 1)
    assert item.post.receipt is not None
    assert (item.post.receipt.checked, item.post.receipt.matched) == (2 + earlier[0].checked, 1)


async def test_a_digest_waits_for_a_fan_out_no_longer_than_it_has_patience(store: SqliteStore) -> None:
    clock = FakeClock()
    clock.set(NOW)
    composer = Composer(store, LIMITS, clock)
    await make_channel(store, CHANNEL, next_due=NOW)
    await poll(store, papers_of(BEFORE, 900, 1, title="Something else"))
    await watch(store, "apple")
    await poll(store, [paper(1, ["apple"])])
    await store.record(batch_of([paper(2, ["apple"])]), NOW)
    clock.set(NOW + PATIENCE - timedelta(seconds=1))
    assert await composer.due() == 0
    clock.set(NOW + PATIENCE)
    assert await composer.due() > 0
    item, *_ = await store.claim(["console"], clock.now(), 1)
    assert [entry.paper.id for entry in item.post.entries] == ["2603.00001"]
    assert item.post.receipt is not None
    assert (item.post.receipt.announced, item.post.receipt.checked, item.post.receipt.matched) == (2, 2, 1)
    await fan_out(store, clock)
    receipt, _ = await store.receipt(CHANNEL)
    assert (receipt.announced, receipt.checked) == (1, 1)
    assert [delivery.paper.id for delivery in await store.waiting(CHANNEL, settled=True)] == ["2603.00002"]


async def test_papers_on_their_way_are_not_pruned(store: SqliteStore) -> None:
    await poll(store, papers_of(BEFORE, 900, 1))
    await store.record(batch_of([paper(1, ["apple"])]), NOW)
    assert await store.prune_papers(TODAY + timedelta(days=1), 9) == 1
    assert await store.paper("2603.00001") is not None
    await fan_out(store, FakeClock())
    assert await store.prune_papers(TODAY + timedelta(days=1), 9) == 1


async def test_a_channel_that_joins_one_whose_turn_is_over_brings_its_watches_turn(store: SqliteStore) -> None:
    papers = [paper(1, ["apple"]), paper(2, ["berry"])]
    await recorded(store, [(1, "apple"), (2, "berry")], papers)
    assert await store.fan_out(100) is not None
    numbers = [number async for block in store.queries() for number in block.numbers]
    await store.put_matches({number: [each.id] for number, each in zip(numbers, papers, strict=True)}, numbers[-1])
    assert (await store.owe_next(NOW, 1)).deliveries == 1
    await store.move_channel(place(2), place(1), NOW)
    while not (await store.owe_next(NOW, 1)).finished:
        pass
    assert [delivery.paper.id for delivery in await store.waiting(place(1))] == ["2603.00002", "2603.00001"]
