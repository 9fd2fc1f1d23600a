"""Who watches what: channels of Slack and Discord in 24 zones, with watches as teams write them.

A workspace lives in one zone; the first one has a hundredth of all channels beside its own share, the others about the
same number each. Of twenty channels one has cards in threads, one cards alone, the others digests. Some queries are
watched by very many channels, most by a few. Queries that match more than one paper in 500 are left out: that is where
a team is shown what its watch would bring, and narrows it.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.crowd import Crowd, watchings, workspaces
from benchmarks.material import queries
from benchmarks.soak.archive import mixed
from benchmarks.soak.month import ZONES, Times, schedules
from bot.channel_schedule import Schedule
from bot.matching import PaperIndex
from bot.models import Channel, ChannelRef, Layout, MemberRef, Paper
from bot.ports import Clock, Store
from bot.query import Query

PLATFORMS = ("slack", "discord")
SIZE = Crowd(watches=20_000, channels=2_000, workspaces=200, queries=6_000)

_SAMPLE = 2_000
_MOST_IN_SAMPLE = _SAMPLE // 500
_LAYOUTS = {7: Layout.THREAD, 13: Layout.CARDS}


@dataclass(frozen=True, slots=True)
class Place:
    """A channel: when it gets its papers, how they are shown, and its queries, as numbers from 0."""

    ref: ChannelRef
    times: Times
    layout: Layout
    queries: tuple[int, ...]


@dataclass(frozen=True)
class Town:
    """All channels, and the distinct queries that they watch."""

    places: Sequence[Place]
    queries: Sequence[Query]


def town(size: Crowd = SIZE) -> Town:
    """The same for the same ``size``."""
    distinct = _narrow_queries(size.queries)
    mine: defaultdict[int, list[int]] = defaultdict(list)
    for channel, query in watchings(size, len(distinct)):
        mine[channel].append(query - 1)
    counted: defaultdict[int, itertools.count[int]] = defaultdict(itertools.count)
    places = []
    for number, workspace in zip(range(1, size.channels + 1), workspaces(size), strict=False):
        nth = next(counted[workspace])
        # Half of the workspaces with one half of the schedules, the others with the other.
        place = (nth + workspace * 7) % 20
        times = schedules(ZONES[workspace // len(PLATFORMS) % len(ZONES)])[place]
        ref = ChannelRef(PLATFORMS[(workspace - 1) % len(PLATFORMS)], f"T{workspace:05}", f"C{number:06}")
        places.append(Place(ref, times, _LAYOUTS.get(number % 20, Layout.DIGEST), tuple(mine[number])))
    return Town(places, distinct)


def matches(asked_of: Sequence[Paper], asked: Sequence[Query]) -> dict[int, list[str]]:
    """For each query that matches some paper, its number from 0 and the ids of those papers."""
    compiled = b"".join(query.compiled for query in asked)
    return dict(PaperIndex(asked_of).match(range(len(asked)), compiled))


def _narrow_queries(wanted: int) -> list[Query]:
    parsed = {query.canonical: query for query in map(Query.parse, queries(wanted * 3 // 2))}
    distinct = list(parsed.values())
    found = matches(mixed(_SAMPLE)[:_SAMPLE], distinct)
    narrow = [query for number, query in enumerate(distinct) if len(found.get(number, ())) <= _MOST_IN_SAMPLE]
    return narrow[:wanted]


async def move_in(store: Store, everybody: Town, clock: Clock) -> None:
    """Open the channels and add their watches, through the store's own doors."""
    now = clock.now()
    for place in everybody.places:
        schedule = Schedule.from_canonical(place.times.text)
        member = MemberRef(place.ref.platform, place.ref.workspace, "U1", "ann")
        await store.open_channel(
            Channel(place.ref, place.ref.channel, schedule.canonical, place.layout, now, schedule.next_after(now))
        )
        for number in place.queries:
            query = everybody.queries[number]
            await store.add_watch(place.ref, query, query.canonical, member, now, most=100)
