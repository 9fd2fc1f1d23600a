from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channel_schedule import EVERY_DAY, Schedule, ScheduleKind
from bot.errors import CommandError
from bot.zones import closest_zone, find_zone, moment_on

BERLIN = "Europe/Berlin"

# Zones with gaps at midnight, of half an hour, over the date line, and with none at all.
ZONES = [
    "UTC",
    BERLIN,
    "America/New_York",
    "America/Sao_Paulo",
    "America/Nuuk",
    "America/St_Johns",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Antarctica/Troll",
]


@pytest.mark.parametrize(
    ("typed", "canonical", "explained"),
    [
        ("daily", "daily 09:00 weekdays Europe/Berlin", "every weekday at 09:00 (Europe/Berlin)"),
        ("daily 9", "daily 09:00 weekdays Europe/Berlin", "every weekday at 09:00 (Europe/Berlin)"),
        ("daily 9:00", "daily 09:00 weekdays Europe/Berlin", "every weekday at 09:00 (Europe/Berlin)"),
        ("DAILY 9.30", "daily 09:30 weekdays Europe/Berlin", "every weekday at 09:30 (Europe/Berlin)"),
        ("daily 12am", "daily 00:00 weekdays Europe/Berlin", "every weekday at 00:00 (Europe/Berlin)"),
        ("daily 12:15pm", "daily 12:15 weekdays Europe/Berlin", "every weekday at 12:15 (Europe/Berlin)"),
        ("daily at 9:30 pm, every day", "daily 21:30 every day Europe/Berlin", "every day at 21:30 (Europe/Berlin)"),
        ("daily 18:05 all days utc", "daily 18:05 every day UTC", "every day at 18:05 (UTC)"),
        ("daily everyday 7:00", "daily 07:00 every day Europe/Berlin", "every day at 07:00 (Europe/Berlin)"),
        ("daily mon-fri 7:00", "daily 07:00 weekdays Europe/Berlin", "every weekday at 07:00 (Europe/Berlin)"),
        ("daily every weekday 7:00", "daily 07:00 weekdays Europe/Berlin", "every weekday at 07:00 (Europe/Berlin)"),
        (
            "daily 09:00 america/new york",
            "daily 09:00 weekdays America/New_York",
            "every weekday at 09:00 (America/New_York)",
        ),
        ("weekly mon 09:00", "weekly mon 09:00 Europe/Berlin", "every Monday at 09:00 (Europe/Berlin)"),
        ("weekly 8:15 on Thursdays", "weekly thu 08:15 Europe/Berlin", "every Thursday at 08:15 (Europe/Berlin)"),
        ("Weekly tues", "weekly tue 09:00 Europe/Berlin", "every Tuesday at 09:00 (Europe/Berlin)"),
        ("instant", "instant Europe/Berlin", "as soon as they are found"),
        ("instant Asia/Tokyo", "instant Asia/Tokyo", "as soon as they are found"),
        (" OFF ", "off Europe/Berlin", "only when asked for"),
    ],
)
def test_reads_many_spellings(typed: str, canonical: str, explained: str) -> None:
    schedule = Schedule.parse(typed, BERLIN)
    assert schedule.canonical == canonical
    assert schedule.explain() == explained
    assert Schedule.from_canonical(canonical) == schedule


@pytest.mark.parametrize(
    ("typed", "message", "hint"),
    [
        ("dayly", "A schedule cannot begin with “dayly”.", "Did you mean `daily`?"),
        ("9:00", "A schedule cannot begin with “9:00”.", "For example: `daily 09:00 weekdays`"),
        ("", "There is no schedule to read.", "For example: `daily 09:00 weekdays`"),
        ("daily 25:00", "“25:00” is not a time of day.", "for example: `daily 09:00`."),
        ("daily 9:60", "“9:60” is not a time of day.", "for example: `daily 09:00`."),
        ("daily 13pm", "“13pm” is not a time of day.", "for example: `daily 09:00`."),
        ("daily 0 am", "“0 am” is not a time of day.", "for example: `daily 09:00`."),
        ("weekly mon 9:000", "“9:000” is not a time of day.", "for example: `weekly mon 09:00`."),
        ("daily 9:00 10:00", "A schedule has one time, but there is another: “10:00”.", "`daily 09:00 weekdays`"),
        ("weekly mon tue", "A schedule has one choice of days, but there is another: “tue”.", "`weekly mon 09:00`"),
        (
            "daily 8:00 Mon",
            "A daily schedule comes on `weekdays` or `every day`, not on “Mon”.",
            "For one day a week: `weekly mon 08:00`.",
        ),
        (
            "weekly 8:00 weekdays",
            "A weekly schedule comes on one day, not on “weekdays”.",
            "For more days: `daily 08:00 weekdays`.",
        ),
        (
            "weekly every day",
            "A weekly schedule comes on one day, not on “every day”.",
            "For more days: `daily 09:00 every day`.",
        ),
        ("weekly 8:00", "A weekly schedule needs its day.", "For example: `weekly mon 08:00`."),
        ("instant 9:00", "An `instant` schedule has no time, but there is “9:00”.", "Type `instant` alone"),
        ("off mon", "An `off` schedule has no choice of days, but there is “mon”.", "Type `off` alone"),
        ("daily 9:00 berlin", "“berlin” is not a time zone.", "Did you mean `Europe/Berlin`?"),
        ("daily 9:00 Europe/Berln", "“Europe/Berln” is not a time zone.", "Did you mean `Europe/Berlin`?"),
        ("daily 9:00 PST", "“PST” is not a time zone.", "Did you mean `America/Los_Angeles`?"),
        ("daily 9:00 xyzzyx", "“xyzzyx” is not a time zone.", "Zones are named like `Europe/Berlin`"),
        ("daily 9:00 ../../etc/passwd", "“../../etc/passwd” is not a time zone.", "Zones are named like"),
        ("daily `9`", "“?9?” is not a time zone.", "Zones are named like"),
        ("daily \x1b\x00[2J", "“??[2J” is not a time zone.", "Zones are named like"),
        ("daily " + "y" * 60, f"“{'y' * 40}…” is not a time zone.", "Zones are named like"),
        ("daily " + "z" * 100, "A schedule has at most 100 characters.", "For example: `daily 09:00 weekdays`"),
    ],
)
def test_refuses_what_it_does_not_understand(typed: str, message: str, hint: str) -> None:
    with pytest.raises(CommandError) as caught:
        Schedule.parse(typed, BERLIN)
    assert caught.value.message == message
    assert hint in caught.value.hint


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused(typed: str) -> None:
    with suppress(CommandError):
        schedule = Schedule.parse(typed, BERLIN)
        assert Schedule.from_canonical(schedule.canonical) == schedule


@given(
    st.sampled_from(["daily", "weekly", "instant", "off"]),
    st.lists(
        st.sampled_from(["9", "09:00", "9pm", "pm", "mon", "every", "day", "weekdays", "on", "Europe/Berlin", "UTC"]),
        max_size=5,
    ),
)
def test_any_words_are_read_or_refused(kind: str, words: list[str]) -> None:
    with suppress(CommandError):
        schedule = Schedule.parse(" ".join([kind, *words]), BERLIN)
        assert schedule.kind == kind
        assert Schedule.from_canonical(schedule.canonical) == schedule


def test_a_default_zone_that_does_not_exist_is_named() -> None:
    with pytest.raises(CommandError, match="“Mars/Olympus” is not a time zone"):
        Schedule.parse("daily 09:00", "Mars/Olympus")


def test_every_zone_of_this_machine_that_has_a_place_is_known() -> None:
    known = {name for name in available_timezones() if find_zone(name.upper()) == name}
    assert available_timezones() - known <= {"Factory", "localtime"}


@pytest.mark.parametrize(
    ("typed", "zone"), [("new york", "America/New_York"), ("cest", BERLIN), ("tokio", "Asia/Tokyo")]
)
def test_guesses_the_zone_that_was_meant(typed: str, zone: str) -> None:
    assert closest_zone(typed) == zone


def moments(schedule: Schedule, start: datetime, count: int) -> list[datetime]:
    found = []
    moment: datetime | None = start
    for _ in range(count):
        assert moment is not None
        moment = schedule.next_after(moment)
        assert moment is not None
        found.append(moment)
    return found


def local(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %z}"


def test_instant_and_off_have_no_next_time() -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    assert Schedule.parse("instant", BERLIN).next_after(now) is None
    assert Schedule.parse("off", BERLIN).next_after(now) is None


def test_weekdays_leave_the_weekend_out() -> None:
    friday = datetime(2026, 3, 6, 7, 59, tzinfo=UTC)
    assert [local(moment, BERLIN) for moment in moments(Schedule.parse("daily", BERLIN), friday, 2)] == [
        "2026-03-06 09:00 +0100",
        "2026-03-09 09:00 +0100",
    ]


def test_the_moment_itself_is_not_after_itself() -> None:
    nine = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
    assert Schedule.parse("daily", BERLIN).next_after(nine) == datetime(2026, 3, 5, 8, 0, tzinfo=UTC)


def test_weekly_keeps_its_wall_clock_time_over_the_change() -> None:
    start = datetime(2026, 3, 22, tzinfo=UTC)
    assert [local(moment, BERLIN) for moment in moments(Schedule.parse("weekly mon 09:00", BERLIN), start, 2)] == [
        "2026-03-23 09:00 +0100",
        "2026-03-30 09:00 +0200",
    ]


def test_a_time_that_does_not_exist_is_the_first_one_after() -> None:
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    schedule = Schedule.parse("daily 02:30 every day", BERLIN)
    assert [local(moment, BERLIN) for moment in moments(schedule, start, 2)] == [
        "2026-03-29 03:00 +0200",
        "2026-03-30 02:30 +0200",
    ]


def test_a_time_that_exists_twice_is_taken_once() -> None:
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    schedule = Schedule.parse("daily 02:30 every day", BERLIN)
    assert [local(moment, BERLIN) for moment in moments(schedule, start, 2)] == [
        "2026-10-25 02:30 +0200",
        "2026-10-26 02:30 +0100",
    ]


def test_a_gap_that_ends_at_midnight_moves_the_time_into_the_next_day() -> None:
    # In Greenland the clocks go from 23:00 on Saturday to 00:00 on Sunday.
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    schedule = Schedule.parse("daily 23:30 every day", "America/Nuuk")
    assert [local(moment, "America/Nuuk") for moment in moments(schedule, start, 2)] == [
        "2026-03-29 00:00 -0100",
        "2026-03-29 23:30 -0100",
    ]


def test_a_day_that_was_left_out_has_no_digest() -> None:
    start = datetime(2011, 12, 29, 0, tzinfo=UTC)
    schedule = Schedule.parse("daily 09:00 every day", "Pacific/Apia")
    assert [local(moment, "Pacific/Apia")[:10] for moment in moments(schedule, start, 3)] == [
        "2011-12-29",
        "2011-12-31",
        "2012-01-01",
    ]
    friday = Schedule.parse("weekly fri 09:00", "Pacific/Apia").next_after(datetime(2011, 12, 27, tzinfo=UTC))
    assert friday is not None
    assert local(friday, "Pacific/Apia")[:10] == "2012-01-06"


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    start=st.integers(0, 45 * 365 * 24).map(lambda hours: datetime(1995, 1, 1, tzinfo=UTC) + timedelta(hours=hours)),
    at=st.times().map(lambda value: value.replace(second=0, microsecond=0, tzinfo=None)),
    weekly=st.none() | st.integers(0, 6),
    weekdays=st.booleans(),
)
def test_once_on_each_chosen_day_of_a_year(
    zone: str, start: datetime, at: time, weekly: int | None, weekdays: bool
) -> None:
    days = frozenset({weekly}) if weekly is not None else frozenset(range(5)) if weekdays else EVERY_DAY
    schedule = Schedule(ScheduleKind.DAILY if weekly is None else ScheduleKind.WEEKLY, zone, at, days)
    found = moments(schedule, start, 60 if weekly is not None else 300)
    assert found == sorted(set(found))
    place = ZoneInfo(zone)
    # The digest of a day is the one at its time, or the first after the gap that swallowed its time.
    for moment in found:
        wall = moment.astimezone(place)
        second_before = (moment - timedelta(seconds=1)).astimezone(place)
        after_gap = wall.utcoffset() != second_before.utcoffset()
        assert after_gap or (wall.time() == at and wall.weekday() in days)
    by_day = {moment.astimezone(place).date() for moment in found if moment.astimezone(place).time() == at}
    first, last = found[0].astimezone(place).date(), found[-1].astimezone(place).date()
    expected = {first + timedelta(days=offset) for offset in range((last - first).days + 1)}
    for day in {day for day in expected if day.weekday() in days} - by_day:
        wall = datetime.combine(day, at)
        assert wall.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) != wall


CHANGES = [
    (BERLIN, date(2026, 3, 29)),
    (BERLIN, date(2026, 10, 25)),
    ("America/Nuuk", date(2026, 3, 28)),
    ("America/Nuuk", date(2026, 10, 24)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Asia/Beirut", date(2026, 3, 29)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/Sao_Paulo", date(2018, 2, 17)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Africa/Casablanca", date(2026, 2, 15)),
]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_around_each_change_the_clock_on_the_wall_agrees(zone: str, day: date) -> None:
    """The moment is the first minute at which the wall clock shows the time or has passed it: found by walking."""
    place = ZoneInfo(zone)
    for offset in (-1, 0, 1):
        noon = datetime.combine(day + timedelta(days=offset), time(12), UTC)
        minutes = [noon + timedelta(minutes=minute) for minute in range(-48 * 60, 48 * 60)]
        walls = [(minute, minute.astimezone(place).replace(tzinfo=None)) for minute in minutes]
        exists = any(wall.date() == noon.date() for _, wall in walls)
        for at in (time(hour, minute) for hour in range(24) for minute in (0, 30)):
            wanted = datetime.combine(noon.date(), at)
            walked = next(minute for minute, wall in walls if wall >= wanted)
            assert moment_on(noon.date(), at, place) == (walked if exists else None)
