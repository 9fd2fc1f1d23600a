"""The weekly top: once a week, what the team saved most, and what the community rated high and the team has not seen.

It stands beside a channel's schedule and delivers nothing: its papers may have been posted before, and one that was not
is still posted by a watch. A digest of at most ten saved papers with their saves, then of at most five others, in
whatever layout the channel has; a week with nothing has none.

What counts is what was saved since the schedule's moment a week before the top was due, so that weeks meet also where
clocks change. After downtime or a pause there is one top, which looks back as far as that. The moment it was due makes
its keys, and the channel is moved on in the transaction that stores it: a crash neither loses nor doubles one. A top
that was due before the store was put back from a copy (``bot.after_restore``) may have been posted and is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.after_restore import Held, nobody_held
from bot.channel_schedule import Schedule
from bot.digest import post_key, split
from bot.errors import CommandError
from bot.models import Channel, Entry, Post, PostKind, PostLimits, Ranked
from bot.ports import Clock, SignalStore, Store
from bot.taking_turns import Between, each_due, go_on
from bot.wording import channel_text, count, day_text
from bot.zones import moment_on

logger = logging.getLogger(__name__)

WEEK = timedelta(days=7)
MOST_SAVED = 10
MOST_RATED = 5

Rated = Callable[[datetime, int], Awaitable[Sequence[Entry]]]
"""The papers that the community rated high since a moment, at most so many, highest first, each with its signal; they
are in the archive. Raises StoreError."""

# Of what is rated high a team has seen much.
_RATED_ASKED = 100
_HEADINGS = ("Top of the week", "Top since ")


def by_community(store: SignalStore) -> Rated:
    """By upvotes, of the papers with the moment's day (UTC) or a later one as their listing day."""

    async def rated(since: datetime, limit: int) -> list[Entry]:
        found = await store.rated(since=since.astimezone(UTC).date(), limit=limit)
        return [Entry(0, each.paper, signal=each.signal) for each in found]

    return rated


class WeeklyTops:
    """Composes tops for the channels of the platforms in ``limits``; without ``rated`` of what was saved alone.

    ``at_once``: how many channels are read in one go.
    """

    def __init__(
        self,
        store: Store,
        limits: Mapping[str, PostLimits],
        clock: Clock,
        *,
        rated: Rated | None = None,
        held: Held = nobody_held,
        at_once: int = 100,
    ) -> None:
        self._held = held
        self._store = store
        self._limits = limits
        self._clock = clock
        self._rated = rated
        self._at_once = at_once

    async def due(self, between: Between = go_on) -> int:
        """Compose for every channel whose time has come; returns the number of posts. Raises StoreError.

        ``between`` has its turn now and then.
        """
        return await each_due(self._due, self._channels, at_once=self._at_once, between=between)

    async def _due(self, most: int) -> Sequence[Channel]:
        return await self._store.due_tops(tuple(self._limits), self._clock.now(), most)

    async def _channels(self, channels: Sequence[Channel]) -> int:
        return sum([await self._channel(channel) for channel in channels])

    async def _channel(self, channel: Channel) -> int:
        now = self._clock.now()
        restored = self._held(channel.ref)
        if restored is not None and (channel.top_next_due or now) > restored:
            return 0
        try:
            schedule = Schedule.from_canonical(channel.top_schedule)
        except CommandError as error:
            logger.warning("The weekly top of %s ended: %s", channel_text(channel.ref), error.message)
            posts, next_due = [_unreadable(channel, error)], None
        else:
            posts = [] if restored is not None else await self._compose(channel, schedule, now)
            next_due = schedule.next_after(now)
        stored = await self._store.put_top(channel, posts, next_due=next_due, now=now)
        return len(posts) if stored else 0

    async def _compose(self, channel: Channel, schedule: Schedule, now: datetime) -> list[Post]:
        since = _week_before(channel.top_next_due or now, schedule)
        platform, workspace = channel.ref.platform, channel.ref.workspace
        ranked = await self._store.top(platform, workspace, since=since, limit=MOST_SAVED)
        rated: Sequence[Entry] = ()
        if self._rated is not None:
            rated = await self._rated(since, _RATED_ASKED)
            unseen = set(await self._store.unseen(platform, workspace, [entry.paper.id for entry in rated]))
            rated = [entry for entry in rated if entry.paper.id in unseen][:MOST_RATED]
        return top_posts(channel, ranked, rated, self._limits[platform], heading=_heading(since, now, schedule.zone))


def top_posts(
    channel: Channel, ranked: Sequence[Ranked], rated: Sequence[Entry], limits: PostLimits, *, heading: str
) -> list[Post]:
    """The posts of a top, which fit into the platform's sizes; none where there are no papers. Pure."""
    saved = [Entry(0, place.paper, note=count(place.saves, "save")) for place in ranked]
    entries = [replace(entry, number=number, delivery=None) for number, entry in enumerate((*saved, *rated), 1)]
    parts = split(entries, limits)
    return [
        Post(
            key=post_key(channel.ref, PostKind.DIGEST, part, channel.top_next_due, "top"),
            channel=channel.ref,
            kind=PostKind.DIGEST,
            heading=heading,
            entries=tuple(part),
            part=number,
            parts=len(parts),
        )
        for number, part in enumerate(parts, 1)
    ]


def _week_before(due: datetime, schedule: Schedule) -> datetime:
    """The schedule's moment in the week before ``due``."""
    zone = ZoneInfo(schedule.zone)
    # A zone that skipped that day altogether had its top of the week before in any case.
    return moment_on(due.astimezone(zone).date() - WEEK, schedule.at, zone) or due - WEEK


def is_top(heading: str) -> bool:
    """Whether a digest with this first line is a top."""
    return heading.startswith(_HEADINGS)


def _heading(since: datetime, now: datetime, zone: str) -> str:
    """``Top of the week · Monday 9 March 2026``; what looks back longer than that says since when."""
    first, today = (moment.astimezone(ZoneInfo(zone)).date() for moment in (since, now))
    if (today - first) > WEEK:
        return f"{_HEADINGS[1]}{day_text(first)}"
    return f"{_HEADINGS[0]} · {day_text(today)}"


def _unreadable(channel: Channel, error: CommandError) -> Post:
    text = f"The weekly top has ended, since its schedule cannot be read: {error.message}"
    return Post(
        key=post_key(channel.ref, PostKind.NOTICE, (), channel.top_next_due, "top"),
        channel=channel.ref,
        kind=PostKind.NOTICE,
        text=f"{text} `schedule top mon 09:00` sets one anew.",
    )
