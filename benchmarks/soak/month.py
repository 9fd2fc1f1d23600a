"""What is to happen when: announcements, and the moments of schedules, reckoned from ``zoneinfo`` alone.

Announcements are at 20:05 US Eastern, Sunday to Thursday, with as many papers as real listing days have on average
(Monday 1,020, Tuesday 2,285, Wednesday 1,250, Thursday 1,175, Friday 1,270). One Wednesday evening is left out, as on a
holiday; its papers come a day later.

A schedule's moment on a day is the first one at which the clocks of its zone show its time of day or a later one: this
says what happens on days on which clocks change, without knowing anything of ``bot.channel_schedule``. It is looked for
in steps of a quarter of an hour, which all offsets of the zones in use are multiples of.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

SPRING, AUTUMN = date(2026, 3, 2), date(2026, 10, 19)
"""Mondays from which 30 days hold the changes of clocks of the United States and of Europe."""

ZONES = (
    "Pacific/Pago_Pago",
    "Pacific/Honolulu",
    "America/Anchorage",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Halifax",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Europe/Moscow",
    "Asia/Tehran",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Pacific/Auckland",
)
PAPERS = (1_020, 2_285, 1_250, 1_175, 1_270)
"""By listing day, Monday first."""

POLLED_AT = 7
"""The minute of each hour at which is polled: no schedule's, so that before and after are plain."""

_EASTERN = ZoneInfo("America/New_York")
_ANNOUNCED = time(20, 5)
_EVENINGS = (6, 0, 1, 2, 3)
_STEP = timedelta(minutes=15)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """A channel's schedule. ``days``: 0 is Monday; none: posts come as soon as papers are found."""

    text: str
    zone: str
    at: time = time(9)
    days: frozenset[int] = frozenset()


def schedules(zone: str) -> list[Times]:
    """A score of schedules in a zone: most at nine, some within the hours that days with changing clocks lack."""
    week, every = frozenset(range(5)), frozenset(range(7))

    def daily(at: str, days: frozenset[int]) -> Times:
        name = "weekdays" if days == week else "every day"
        return Times(f"daily {at} {name} {zone}", zone, time.fromisoformat(at), days)

    return [
        *[daily("09:00", week)] * 12,
        daily("08:30", week),
        daily("17:45", every),
        daily("02:30", every),
        daily("01:30", every),
        daily("00:00", every),
        Times(f"weekly mon 09:00 {zone}", zone, time(9), frozenset({0})),
        Times(f"weekly sun 02:15 {zone}", zone, time(2, 15), frozenset({6})),
        Times(f"instant {zone}", zone),
    ]


@dataclass(frozen=True, slots=True)
class Announcement:
    """``papers`` that become readable ``at`` a moment, on the evening before the listing day."""

    at: datetime
    listing: date
    papers: int


@dataclass(frozen=True)
class Month:
    """``days`` simulated days from midnight UTC of ``first`` on; ``share`` of the real number of papers."""

    first: date = SPRING
    days: int = 30
    share: float = 1.0

    @cached_property
    def start(self) -> datetime:
        """When the process starts, and polls for the first time."""
        return datetime.combine(self.first, time(0, POLLED_AT), UTC)

    @cached_property
    def end(self) -> datetime:
        return datetime.combine(self.first + self.days * _DAY, time(), UTC)

    @cached_property
    def announcements(self) -> list[Announcement]:
        made: list[Announcement] = []
        left_out = self._holiday
        kept = 0
        for offset in range(-1, self.days):
            evening = self.first + offset * _DAY
            at = datetime.combine(evening, _ANNOUNCED, _EASTERN).astimezone(UTC)
            if evening.weekday() not in _EVENINGS or not self.start <= at < self.end - timedelta(hours=1):
                continue
            listing = evening + _DAY
            papers = kept + round(PAPERS[listing.weekday()] * self.share)
            if evening == left_out:
                kept = papers
                continue
            kept = 0
            made.append(Announcement(at, listing, papers))
        return made

    @property
    def _holiday(self) -> date | None:
        """The Wednesday of the third week."""
        wednesdays = [day for offset in range(self.days) if (day := self.first + offset * _DAY).weekday() == 2]
        return wednesdays[2] if len(wednesdays) > 2 else None

    def polled_after(self, moment: datetime) -> datetime:
        """The first poll at or after it."""
        hour = moment.replace(minute=POLLED_AT, second=0, microsecond=0)
        return hour if hour >= moment else hour + timedelta(hours=1)

    def changes(self, zone: str) -> set[date]:
        """The days (UTC) on which the zone's clocks change, and the day before and after each."""
        return _changes(self, zone)

    def moments(self, times: Times) -> list[datetime]:
        """The schedule's moments in the month, in UTC and in order."""
        return list(self._moments(times))

    def _moments(self, times: Times) -> Iterator[datetime]:
        """Walks through the quarters of hours; ``shown`` is what a wall clock in the zone shows then."""
        zone, seen = ZoneInfo(times.zone), set[date]()
        moment = datetime.combine(self.first - 2 * _DAY, time(), UTC)
        while moment < self.end:
            shown = moment.astimezone(zone)
            day = shown.date()
            if day not in seen and shown.time() >= times.at:
                seen.add(day)
                if day.weekday() in times.days and moment >= self.start:
                    yield moment
            moment += _STEP


@cache
def _changes(month: Month, zone: str) -> set[date]:
    found: set[date] = set()
    for offset in range(month.days + 1):
        day = month.first + offset * _DAY
        noon = datetime.combine(day, time(12), UTC)
        if noon.astimezone(ZoneInfo(zone)).utcoffset() != (noon - _DAY).astimezone(ZoneInfo(zone)).utcoffset():
            found |= {day - _DAY, day, day + _DAY}
    return found


def next_of(moments: list[datetime], moment: datetime) -> datetime | None:
    """The first of these moments after that one."""
    place = bisect_right(moments, moment)
    return moments[place] if place < len(moments) else None
