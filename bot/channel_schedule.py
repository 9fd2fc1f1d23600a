"""When a channel gets its papers.

What may be typed (upper and lower case alike; the zone may be left out, then the channel's own holds)::

    daily 09:00 weekdays Europe/Berlin     a digest each weekday; `every day` instead of `weekdays` for all seven
    weekly mon 09:00 Europe/Berlin         a digest a week
    instant                                a post as soon as papers are found
    off                                    papers wait until somebody asks for them

A time is written 09:00, 9:00, 9.00, 9am, 9:30 pm or 9; left out, it is 09:00. ``at``, ``on`` and commas are skipped.

Daylight saving: a time of day that does not exist on some day (clocks go forward) is taken at the first valid moment
after it; one that exists twice (clocks go back) is taken the first time only. A day which a zone skipped altogether
(Samoa, 30 December 2011) has no digest.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.errors import CommandError
from bot.zones import closest_zone, find_zone, moment_on

DEFAULT_TIME = time(9)
WEEKDAYS = frozenset(range(5))
EVERY_DAY = frozenset(range(7))

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORDS = {form: index for index, day in enumerate(_DAYS) for form in (day, day[:3], day + "s")} | {
    "tues": 1,
    "wednes": 2,
    "thur": 3,
    "thurs": 3,
}
_RANGE_WORDS = {
    "weekdays": WEEKDAYS,
    "weekday": WEEKDAYS,
    "workdays": WEEKDAYS,
    "mon-fri": WEEKDAYS,
    "everyday": EVERY_DAY,
    "mon-sun": EVERY_DAY,
}
_FILLERS = frozenset({"at", "on"})
_TIME = re.compile(r"(\d{1,2})(?:[:.h](\d{2}))?(am|pm)?")
_SPLIT = re.compile(r"[\s,]+")

_LONGEST = 100


class ScheduleKind(StrEnum):
    """The first word of a schedule."""

    DAILY = "daily"
    WEEKLY = "weekly"
    INSTANT = "instant"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a channel gets its papers. ``days``: 0 is Monday; ``at`` and ``days`` mean nothing for instant and off."""

    kind: ScheduleKind
    zone: str
    at: time = DEFAULT_TIME
    days: frozenset[int] = WEEKDAYS

    @classmethod
    def parse(cls, text: str, default_zone: str) -> Schedule:
        """Read what a member typed. Raises CommandError, which names the offending word and shows a correct example."""
        if len(text) > _LONGEST:
            raise CommandError(f"A schedule has at most {_LONGEST} characters.", hint=_HINT)
        words = [word for word in _SPLIT.split(text.strip()) if word and word.lower() not in _FILLERS]
        if not words:
            raise CommandError("There is no schedule to read.", hint=_HINT)
        kind = _kind(words[0])
        reader = _Reader(kind, words[1:])
        zone = reader.zone(default_zone)
        if kind in (ScheduleKind.INSTANT, ScheduleKind.OFF):
            return cls(kind, zone)
        return cls(kind, zone, reader.at or DEFAULT_TIME, reader.chosen_days())

    @classmethod
    def from_canonical(cls, text: str) -> Schedule:
        """Read ``canonical`` back. Raises CommandError, also when the time zone database has lost the zone."""
        return _read_back(text)

    @property
    def canonical(self) -> str:
        """The schedule in one fixed spelling, with its zone: ``daily 09:00 weekdays Europe/Berlin``."""
        match self.kind:
            case ScheduleKind.DAILY:
                days = "every day" if self.days == EVERY_DAY else "weekdays"
                return f"daily {self.at:%H:%M} {days} {self.zone}"
            case ScheduleKind.WEEKLY:
                return f"weekly {_DAYS[min(self.days)][:3]} {self.at:%H:%M} {self.zone}"
            case _:
                return f"{self.kind} {self.zone}"

    def explain(self) -> str:
        """The schedule in plain words, to follow "papers come …": ``every weekday at 09:00 (Europe/Berlin)``."""
        match self.kind:
            case ScheduleKind.DAILY:
                days = "day" if self.days == EVERY_DAY else "weekday"
            case ScheduleKind.WEEKLY:
                days = _DAYS[min(self.days)].capitalize()
            case ScheduleKind.INSTANT:
                return "as soon as they are found"
            case _:
                return "only when asked for"
        return f"every {days} at {self.at:%H:%M} ({self.zone})"

    def next_after(self, now: datetime) -> datetime | None:
        """The first moment of the schedule after ``now`` (aware), in UTC; None for instant and off."""
        if self.kind in (ScheduleKind.INSTANT, ScheduleKind.OFF):
            return None
        zone = ZoneInfo(self.zone)
        # From the day before, whose moment may have been moved past midnight; to where a week that lacks the day ends.
        first = now.astimezone(zone).date() - timedelta(days=1)
        days = (first + timedelta(days=offset) for offset in range(16))
        moments = (moment_on(day, self.at, zone) for day in days if day.weekday() in self.days)
        return next(moment for moment in moments if moment is not None and moment > now)


# Tens of thousands of channels share a few hundred schedules.
@lru_cache(maxsize=1_000)
def _read_back(canonical: str) -> Schedule:
    return Schedule.parse(canonical, "UTC")


_HINT = "For example: `daily 09:00 weekdays`, `weekly mon 09:00 Europe/Berlin`, `instant` or `off`."


def _kind(word: str) -> ScheduleKind:
    try:
        return ScheduleKind(word.lower())
    except ValueError:
        near = difflib.get_close_matches(word.lower(), list(ScheduleKind), n=1)
        hint = f"Did you mean `{near[0]}`? {_HINT}" if near else _HINT
        raise CommandError(f"A schedule cannot begin with {_shown(word)}.", hint=hint) from None


class _Reader:
    """The words after the kind, sorted into a time, days and a zone. Raises CommandError."""

    def __init__(self, kind: ScheduleKind, words: Sequence[str]) -> None:
        self.kind = kind
        self.at: time | None = None
        self.days: frozenset[int] | None = None
        self._zone: list[str] = []
        rest = list(words)
        while rest:
            self._take(rest)

    def _take(self, rest: list[str]) -> None:
        typed = rest.pop(0)
        word = typed.lower()
        following = rest[0].lower() if rest else ""
        if word[0].isdecimal():
            self._once(self.at, typed, "time")
            if following in ("am", "pm"):
                word += following
                typed += " " + rest.pop(0)
            self.at = self._time(typed, word)
        elif word in ("every", "all") and following in ("day", "days", "weekday", "weekdays"):
            self._set_days(f"{typed} {rest.pop(0)}", WEEKDAYS if following.startswith("week") else EVERY_DAY)
        elif word in _RANGE_WORDS:
            self._set_days(typed, _RANGE_WORDS[word])
        elif word in _DAY_WORDS:
            self._set_days(typed, frozenset({_DAY_WORDS[word]}))
        else:
            self._zone.append(typed)

    def _set_days(self, typed: str, days: frozenset[int]) -> None:
        self._once(self.days, typed, "choice of days")
        if self.kind is ScheduleKind.DAILY and len(days) == 1:
            hint = f"For one day a week: `weekly {_DAYS[min(days)][:3]} {self.at or DEFAULT_TIME:%H:%M}`."
            raise CommandError(
                f"A daily schedule comes on `weekdays` or `every day`, not on {_shown(typed)}.", hint=hint
            )
        if self.kind is ScheduleKind.WEEKLY and len(days) != 1:
            more = "weekdays" if days == WEEKDAYS else "every day"
            hint = f"For more days: `daily {self.at or DEFAULT_TIME:%H:%M} {more}`."
            raise CommandError(f"A weekly schedule comes on one day, not on {_shown(typed)}.", hint=hint)
        self.days = days

    def _once(self, present: object, typed: str, what: str) -> None:
        if self.kind in (ScheduleKind.INSTANT, ScheduleKind.OFF):
            raise CommandError(
                f"An `{self.kind}` schedule has no {what}, but there is {_shown(typed)}.",
                hint=f"Type `{self.kind}` alone, or `daily 09:00`.",
            )
        if present is not None:
            raise CommandError(
                f"A schedule has one {what}, but there is another: {_shown(typed)}.",
                hint="For example: `daily 09:00 weekdays` or `weekly mon 09:00`.",
            )

    def _time(self, typed: str, word: str) -> time:
        if found := _TIME.fullmatch(word):
            hour, minute, half = int(found[1]), int(found[2] or 0), found[3]
            if half and 1 <= hour <= 12:
                hour = hour % 12 + (12 if half == "pm" else 0)
                half = None
            if half is None and hour < 24 and minute < 60:
                return time(hour, minute)
        example = "`weekly mon 09:00`" if self.kind is ScheduleKind.WEEKLY else "`daily 09:00`"
        raise CommandError(
            f"{_shown(typed)} is not a time of day.", hint=f"Times go from 00:00 to 23:59; for example: {example}."
        )

    def zone(self, default: str) -> str:
        typed = " ".join(self._zone) or default
        if zone := find_zone(typed):
            return zone
        near = closest_zone(typed)
        hint = (
            f"Did you mean `{near}`?" if near else "Zones are named like `Europe/Berlin`, `America/New_York` or `UTC`."
        )
        raise CommandError(f"{_shown(typed)} is not a time zone.", hint=hint)

    def chosen_days(self) -> frozenset[int]:
        if self.days is not None:
            return self.days
        if self.kind is ScheduleKind.DAILY:
            return WEEKDAYS
        at = f"{self.at or DEFAULT_TIME:%H:%M}"
        raise CommandError("A weekly schedule needs its day.", hint=f"For example: `weekly mon {at}`.")


def _shown(typed: str) -> str:
    """A member's word in quotes, safe to put into a sentence."""
    clean = "".join(character if character.isprintable() and character != "`" else "?" for character in typed)
    return f"“{clean[:40]}…”" if len(clean) > 40 else f"“{clean}”"
