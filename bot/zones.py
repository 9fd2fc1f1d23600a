"""Time zones by name, and wall-clock times as moments.

The names are those of the ``tzdata`` package, whose list of zones PEP 615 defines: the same on every machine, and one
small file to read (``zoneinfo.available_timezones`` opens every file of the system's database).
"""

from __future__ import annotations

import difflib
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from itertools import islice
from zoneinfo import ZoneInfo

# Abbreviations that people type but that name no zone, or different ones to different people.
_ABBREVIATIONS = {
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "pt": "America/Los_Angeles",
    "mdt": "America/Denver",
    "cdt": "America/Chicago",
    "edt": "America/New_York",
    "et": "America/New_York",
    "bst": "Europe/London",
    "cest": "Europe/Berlin",
    "eest": "Europe/Helsinki",
    "ist": "Asia/Kolkata",
    "sgt": "Asia/Singapore",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "aest": "Australia/Sydney",
}


@cache
def _zones() -> dict[str, str]:
    """Every zone by its lower-case name; "Factory" is the database's word for "no zone set"."""
    names = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return {name.lower(): name for name in names if name != "Factory"}


@cache
def _cities() -> dict[str, str]:
    """The zones by the lower-case last part of their names; of several, the first in the alphabet."""
    return {low.rpartition("/")[2]: full for low, full in sorted(_zones().items(), reverse=True) if "/" in low}


def _key(name: str) -> str:
    return "_".join(name.split()).lower()


def find_zone(name: str) -> str | None:
    """The IANA name of a time zone in its own spelling, whatever the case of ``name``; None when there is none."""
    return _zones().get(_key(name))


def zones_like(beginning: str, most: int) -> list[str]:
    """Names of zones that begin so, or whose city does, in the order of the alphabet."""
    typed = _key(beginning)
    found = (full for low, full in sorted(_zones().items()) if typed and _begins(low, typed))
    return list(islice(found, most))


def _begins(zone: str, typed: str) -> bool:
    return zone.startswith(typed) or zone.rpartition("/")[2].startswith(typed)


def closest_zone(name: str) -> str | None:
    """The zone that somebody who typed ``name`` probably means: an abbreviation, a city, or a misspelling."""
    typed = _key(name)
    city = typed.rpartition("/")[2]
    if exact := _ABBREVIATIONS.get(typed) or _cities().get(city):
        return exact
    if near := difflib.get_close_matches(typed, _zones(), n=1, cutoff=0.7):
        return _zones()[near[0]]
    if near := difflib.get_close_matches(city, _cities(), n=1, cutoff=0.75):
        return _cities()[near[0]]
    return None


def moment_on(day: date, at: time, zone: ZoneInfo) -> datetime | None:
    """When the clocks of ``zone`` show ``at`` on ``day`` for the first time, in UTC.

    A time that the clocks jump over gives the first valid moment after it; a day that they jump over altogether
    (Samoa left out 30 December 2011) gives None.
    """
    wall = datetime.combine(day, at)
    moment = _utc(wall, zone)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In the gap, the offset from before it puts the wall time after the change, the one from after it before.
    before, after = int(_utc(wall, zone, fold=1).timestamp()), int(moment.timestamp())
    offset = moment.astimezone(zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    change = datetime.fromtimestamp(after, UTC)
    neighbours = {moment.astimezone(zone).date() for moment in (change, change - timedelta(seconds=1))}
    return change if day in neighbours else None


def _utc(wall: datetime, zone: ZoneInfo, fold: int = 0) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
