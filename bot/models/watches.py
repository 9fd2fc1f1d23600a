"""What channels ask for, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.models.channels import ChannelRef, MemberRef


@dataclass(frozen=True, slots=True)
class Watch:
    """A query in a channel. ``typed`` is what its maker wrote, ``query`` its canonical form.

    ``since`` is the first listing day whose papers it wants; None until the archive's first back-fill is complete.
    ``upvotes``: it wants a paper once that has so many, within ``UPVOTE_DAYS`` of its announcement; 0: at once.
    ``typed`` then begins with `min:` and that number.
    """

    id: int
    channel: ChannelRef
    query: str
    typed: str
    made_by: MemberRef
    made_at: datetime
    since: date | None
    upvotes: int = 0


@dataclass(frozen=True, slots=True)
class QueryBlock:
    """Distinct queries that some watch has: their numbers in the store, rising, and their compiled forms in a row.

    That is all that a poll reads of a million watches, so it is no object a query.
    """

    numbers: list[int]
    compiled: bytes


UPVOTE_DAYS = 30
"""For so many days after its announcement a paper's upvotes count for the watches that wait for them."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a watch: how many papers were posted for it, and whether anybody of the team ``saved`` one."""

    watch: Watch
    posted: int
    saved: bool


@dataclass(frozen=True, slots=True)
class WatchFigures:
    """How many papers a week matched a watch: its query, canonical from the store and as typed where it is shown."""

    query: str
    matches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """A channel week by week. ``weeks`` are Mondays, oldest first; each other tuple has a number for each of them.

    ``announced``: papers by arXiv in all. ``matched``: those of them that some watch brought into the channel.
    ``saves``: saves by members in the channel. Papers count by their listing day, saves by their day in UTC.
    """

    weeks: tuple[date, ...]
    watches: tuple[WatchFigures, ...]
    announced: tuple[int, ...]
    matched: tuple[int, ...]
    saves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BackTest:
    """What a query would have matched in the archive: ``matches`` papers from ``since`` to ``until``, both included.

    ``days`` counts the listing days in between for which the archive has papers; 0 when the archive is empty.
    """

    matches: int
    since: date | None
    until: date | None
    days: int
