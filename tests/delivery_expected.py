"""What channels are to be posted, worked out from what members did, as plainly as can be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from bot.models import UPVOTE_DAYS, Paper, Watch
from bot.query import Query


@dataclass(frozen=True)
class Wish:
    """A watch as it was at some time; it wants the papers from ``since`` on that have ``upvotes``."""

    query: str
    since: date | None
    upvotes: int

    def wants(self, paper: Paper, upvotes: int) -> bool:
        day = paper.announced
        if self.since is None or day is None or day < self.since or upvotes < self.upvotes:
            return False
        return _matches(self.query, paper)


@dataclass
class Wishes:
    """A channel's: ``present`` by the watch's number, ``ever`` all that there have been.

    ``brought``: papers that a member brought in, perhaps where that was cut short. ``posted``: how often each was.
    """

    present: dict[int, Wish] = field(default_factory=dict)
    ever: set[Wish] = field(default_factory=set)
    brought: dict[str, bool] = field(default_factory=dict)
    posted: Counter[str] = field(default_factory=Counter)

    def look(self, watches: list[Watch], latest: date | None, now: datetime) -> None:
        """Note what is watched now. ``latest``: the last day that was read.

        Asked to wait for fewer upvotes, a watch brings what has so many and is young enough; asked not to wait, the
        latest day's. Nobody wishes for years of papers by changing a number.
        """
        present: dict[int, Wish] = {}
        for watch in watches:
            before = self.present.get(watch.id)
            # Made before the archive was filled, it begins with the day on which that was done.
            assert before is not None or watch.since in (None, latest), (watch, latest)
            since = watch.since
            if before is not None and before.since is not None:
                since = before.since
                if watch.upvotes == 0 and before.upvotes and latest:
                    since = max(since, latest)
                elif watch.upvotes < before.upvotes:
                    since = max(since, (now - timedelta(days=UPVOTE_DAYS)).date())
            present[watch.id] = Wish(watch.query, since, watch.upvotes)
            self.ever.add(Wish(watch.query, watch.since, watch.upvotes))
        self.present = present

    def may_have(self, paper: Paper, upvotes: int) -> bool:
        """Whether the paper was ever wanted here, or brought."""
        return paper.id in self.brought or any(wish.wants(paper, upvotes) for wish in self.ever)

    def must_have(self, paper: Paper, upvotes: int) -> bool:
        """Whether the paper is wanted here now, or was brought for certain."""
        return self.brought.get(paper.id, False) or any(wish.wants(paper, upvotes) for wish in self.present.values())


@lru_cache(50_000)
def _matches(query: str, paper: Paper) -> bool:
    return Query.parse(query).matches(paper) is not None
