"""How long papers took from their announcement to their post; and a meter for when nobody asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.models import Post

# arXiv announces at 20:00 US Eastern of the evening before the listing day
# (https://info.arxiv.org/help/availability.html).
_EASTERN = ZoneInfo("America/New_York")
_ANNOUNCED_AT = time(20)


def announced_at(day: date) -> datetime:
    """The moment of the announcement of a listing day."""
    return datetime.combine(day - timedelta(days=1), _ANNOUNCED_AT, _EASTERN)


def lags(post: Post, at: datetime) -> list[float]:
    """For each paper that a post sent ``at`` gave its channel, the seconds since it was announced.

    Cards below a digest repeat it; papers that could only be read late, and those that a member brought, say nothing
    of how quick the bot is.
    """
    if post.thread_of is not None:
        return []
    days = [
        entry.paper.announced
        for entry in post.entries
        if entry.delivery is not None and entry.number and not entry.late and entry.paper.announced is not None
    ]
    return [max(0.0, (at - announced_at(day)).total_seconds()) for day in days]


class NoMeter:
    """``bot.ports.Meter`` for a process that nobody asks for figures."""

    def polled(self, announced: int, seen: int, matched: int, late: int, *, failed: bool) -> None:
        """Not counted."""

    def posted(self, platform: str, lags: Sequence[float]) -> None:
        """Not counted."""

    def retried(self, platform: str) -> None:
        """Not counted."""

    def uncertain(self, platform: str) -> None:
        """Not counted."""

    def dead(self, platform: str) -> None:
        """Not counted."""

    def acknowledged(self, platform: str, seconds: float) -> None:
        """Not counted."""
