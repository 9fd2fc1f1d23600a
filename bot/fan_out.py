"""From recorded papers to deliveries: match → owe, in steps.

A batch is recorded whole, with its cursor; its papers are owed after that, in steps so short that commands are answered
in between however many channels want them. The store knows how far a fan-out has come: whoever calls ``fan_out`` next
goes on from there, so that a kill between two steps neither loses nor doubles anything.

Queries are streamed from the store and matched in a worker thread, and the matches of a block are stored before the
next block is read: the event loop stays free, and memory does not grow with the number of watches.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from bot.matching import PaperIndex
from bot.models import FanOut, QueryBlock
from bot.ports import Clock, Store


@dataclass(frozen=True, slots=True)
class Steps:
    """How much is done in one go: ``papers`` in a fan-out, which need memory while they are matched; ``matches`` or
    ``deliveries`` in a transaction, of some 10 ms."""

    papers: int = 2_000
    matches: int = 1_500
    deliveries: int = 2_000


STEPS = Steps()


@dataclass(frozen=True, slots=True)
class FannedOut:
    """What fan-outs did: ``matched`` papers that some query wants, ``deliveries`` that are owed, ``instant`` times that
    an instant channel was owed something."""

    matched: int = 0
    deliveries: int = 0
    instant: int = 0


async def fan_out(store: Store, clock: Clock, steps: Steps = STEPS) -> FannedOut:
    """Owe all recorded papers to all who want them. Raises StoreError."""
    matched = deliveries = instant = 0
    while (begun := await store.fan_out(steps.papers)) is not None:
        matched += await _match(store, begun, steps.matches)
        finished = False
        while not finished:
            owed = await store.owe_next(clock.now(), steps.deliveries)
            deliveries, instant, finished = deliveries + owed.deliveries, instant + owed.instant, owed.finished
    return FannedOut(matched, deliveries, instant)


async def _match(store: Store, begun: FanOut, most: int) -> int:
    """Store what matches which query; returns how many papers some query wants."""
    index = await asyncio.to_thread(PaperIndex, begun.papers)
    matched: set[str] = set()
    async for block in store.queries(after=begun.reached):
        for matches, reached in await asyncio.to_thread(_portions, index, block, matched, most):
            await store.put_matches(matches, reached)
    return len(matched)


def _portions(
    index: PaperIndex, block: QueryBlock, matched: set[str], most: int
) -> list[tuple[dict[int, list[str]], int]]:
    """The matches of a block of queries in portions of about ``most``, each with the query up to which it goes. Adds
    the papers to ``matched``."""
    portions: list[tuple[dict[int, list[str]], int]] = []
    portion: dict[int, list[str]] = {}
    number = 0
    for query, papers in index.match(block.numbers, block.compiled):
        if number >= most:
            portions.append((portion, query - 1))
            portion, number = {}, 0
        portion[query] = papers
        number += len(papers)
        matched.update(papers)
    return [*portions, (portion, block.numbers[-1])]
