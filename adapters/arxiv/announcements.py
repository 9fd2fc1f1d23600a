"""When arXiv announces papers: its published schedule, as data and pure functions.

Submissions received by 14:00 US Eastern on a working day are announced at 20:00 of that evening, those of a Friday on
Sunday at 20:00; there are no announcements on Friday and Saturday evenings (arXiv help, "Availability of submissions",
https://info.arxiv.org/help/availability.html). A *listing day* is the day after the announcement evening. On an arXiv
holiday there is neither a cut-off nor an announcement; a Friday's holiday takes Sunday's announcement away.

arXiv publishes its holidays a year at a time. Those known are listed below (the help page above and the seed of the
``arXiv_holidays`` table in arXiv's public sources); other years are estimated from the holidays that recur. All of this
is an estimate, used to date papers and to explain silence. No poll is ever left out because of it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
CUT_OFF = time(14)
ANNOUNCED_AT = time(20)

_DAY = timedelta(days=1)
_MONDAY, _THURSDAY, _FRIDAY, _SUNDAY = 0, 3, 4, 6

_NEW_YEAR = "New Year's Day"
_KING = "Martin Luther King Day"
_JUNETEENTH = "Juneteenth"
_INDEPENDENCE = "Independence Day"
_LABOR = "Labor Day"
_THANKSGIVING = "Thanksgiving"
_WINTER = "winter break"
_STAFF = "staff meeting"

# Month and day of every weekday without cut-off and announcement, in the years whose schedule is known.
_PUBLISHED: dict[int, dict[tuple[int, int], str]] = {
    2022: {
        (1, 17): _KING,
        (6, 20): _JUNETEENTH,
        (9, 5): _LABOR,
        (11, 24): _THANKSGIVING,
        (12, 27): _WINTER,
        (12, 29): _WINTER,
    },
    2023: {
        (1, 16): _KING,
        (6, 14): _STAFF,
        (6, 19): _JUNETEENTH,
        (7, 4): _INDEPENDENCE,
        (8, 17): _STAFF,
        (9, 4): _LABOR,
        (11, 23): _THANKSGIVING,
        (12, 25): _WINTER,
        (12, 27): _WINTER,
    },
    2024: {
        (1, 15): _KING,
        (5, 22): _STAFF,
        (6, 19): _JUNETEENTH,
        (7, 4): _INDEPENDENCE,
        (9, 2): _LABOR,
        (10, 8): _STAFF,
        (11, 28): _THANKSGIVING,
        (12, 25): _WINTER,
        (12, 26): _WINTER,
        (12, 31): _WINTER,
    },
    2025: {
        (1, 1): _NEW_YEAR,
        (1, 20): _KING,
        (6, 19): _JUNETEENTH,
        (7, 4): _INDEPENDENCE,
        (9, 1): _LABOR,
        (11, 27): _THANKSGIVING,
        (12, 25): _WINTER,
        (12, 30): _WINTER,
    },
    2026: {
        (1, 1): _NEW_YEAR,
        (1, 19): _KING,
        (6, 19): _JUNETEENTH,
        (7, 3): _INDEPENDENCE,
        (9, 7): _LABOR,
        (11, 26): _THANKSGIVING,
        (12, 25): _WINTER,
        (12, 29): _WINTER,
        (12, 31): _WINTER,
    },
}


@lru_cache(maxsize=256)
def holiday(day: date) -> str:
    """The name of the arXiv holiday on a weekday, empty when there is none."""
    known = _PUBLISHED.get(day.year)
    if known is not None:
        return known.get((day.month, day.day), "")
    return _recurring(day)


def _recurring(day: date) -> str:
    """The holiday that recurs on ``day`` in the years on record; the other days of the winter break differ by year."""
    fixed = ((1, 1, _NEW_YEAR), (6, 19, _JUNETEENTH), (7, 4, _INDEPENDENCE), (12, 25, _WINTER))
    for month, number, name in fixed:
        if day.month == month and day == _observed(date(day.year, month, number)):
            return name
    week = (day.day - 1) // 7 + 1
    movable = {(1, _MONDAY, 3): _KING, (9, _MONDAY, 1): _LABOR, (11, _THURSDAY, 4): _THANKSGIVING}
    return movable.get((day.month, day.weekday(), week), "")


def _observed(day: date) -> date:
    """A US holiday on a Saturday is kept on Friday, one on a Sunday on Monday."""
    shift = {5: -_DAY, 6: _DAY}.get(day.weekday(), timedelta())
    return day + shift


def announces_on(evening: date) -> bool:
    """Whether an announcement is to be expected at 20:00 US Eastern of that day."""
    return not _why_not(evening)


def _why_not(evening: date) -> str:
    weekday = evening.weekday()
    if weekday == _SUNDAY:
        name = holiday(evening - 2 * _DAY)
    elif weekday >= _FRIDAY:
        return "weekend"
    else:
        name = holiday(evening)
    return f"arXiv holiday ({name})" if name else ""


def next_listing_day(day: date) -> date:
    """The first listing day after ``day``."""
    evening = day
    while not announces_on(evening):
        evening += _DAY
    return evening + _DAY


def earliest_listing_day(published: datetime) -> date:
    """The first listing day that a paper submitted at ``published`` (aware) can have: moderation may make it later."""
    local = published.astimezone(EASTERN)
    return _listing_day_after(local.date() if local.hour < CUT_OFF.hour else local.date() + _DAY)


# The days of one poll, or of a file that names millions of moments in the order of the days, are few.
@lru_cache(maxsize=256)
def _listing_day_after(day: date) -> date:
    """The listing day of what is submitted by the cut-off of ``day`` and after the one before."""
    while day.weekday() > _FRIDAY or holiday(day):
        day += _DAY
    return next_listing_day(day)


@lru_cache(maxsize=256)
def cut_off_of(listing_day: date) -> datetime:
    """The latest moment of submission that can be announced for that listing day, UTC."""
    day = listing_day - _DAY
    while day.weekday() > _FRIDAY or holiday(day):
        day -= _DAY
    return datetime.combine(day, CUT_OFF, EASTERN).astimezone(UTC)


def last_announcement(now: datetime) -> datetime:
    """When the latest announcement at or before ``now`` was due, UTC."""
    evening = _listing_day_of(now) - _DAY
    while not announces_on(evening):
        evening -= _DAY
    return _moment(evening)


def next_announcement(now: datetime) -> datetime:
    """When the next announcement after ``now`` is due, UTC."""
    return _moment(next_listing_day(_listing_day_of(now)) - _DAY)


def last_listing_day(now: datetime) -> date:
    """The listing day of the latest announcement at or before ``now``."""
    return last_announcement(now).astimezone(EASTERN).date() + _DAY


def silence(now: datetime) -> str:
    """Why nothing is announced on the evening before ``now``'s listing day; empty when an announcement is expected.

    The listing day of a moment begins at 20:00 US Eastern of the day before.
    """
    return _why_not(_listing_day_of(now) - _DAY)


def _listing_day_of(now: datetime) -> date:
    local = now.astimezone(EASTERN)
    return local.date() + _DAY if local.time() >= ANNOUNCED_AT else local.date()


def _moment(evening: date) -> datetime:
    return datetime.combine(evening, ANNOUNCED_AT, EASTERN).astimezone(UTC)
