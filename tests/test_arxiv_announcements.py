"""arXiv's schedule, the dating of papers along the sequence, and the sequence itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.arxiv import announcements
from adapters.arxiv.announcements import EASTERN, earliest_listing_day, next_listing_day, silence
from adapters.arxiv.dating import Dating
from adapters.arxiv.sequence import Number, month_after, month_of, numbers
from bot.models import Paper

MOMENTS = st.integers(0, 14 * 366 * 24 * 60).map(
    lambda minutes: datetime(2021, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


def eastern(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=EASTERN)


@pytest.mark.parametrize(
    ("submitted", "listed"),
    [
        (eastern(2026, 3, 2, 13, 59), date(2026, 3, 3)),  # Monday before the cut-off: Monday evening
        (eastern(2026, 3, 2, 14, 0), date(2026, 3, 4)),
        (eastern(2026, 3, 5, 15), date(2026, 3, 9)),  # Thursday afternoon to Friday 14:00: Sunday evening
        (eastern(2026, 3, 6, 13), date(2026, 3, 9)),
        (eastern(2026, 3, 6, 15), date(2026, 3, 10)),  # Friday afternoon: Monday evening
        (eastern(2026, 3, 8, 9), date(2026, 3, 10)),
        (eastern(2026, 11, 25, 15), date(2026, 11, 30)),  # before Thanksgiving: Friday's cut-off, Sunday evening
        (eastern(2026, 7, 2, 15), date(2026, 7, 7)),  # Friday is a holiday, so no announcement on Sunday
    ],
)
def test_the_earliest_listing_day_follows_the_published_schedule(submitted: datetime, listed: date) -> None:
    assert earliest_listing_day(submitted) == listed


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (eastern(2026, 3, 4), ""),  # Wednesday
        (eastern(2026, 3, 6, 19, 59), ""),  # Friday, listed with Thursday evening
        (eastern(2026, 3, 6, 20), "weekend"),
        (eastern(2026, 3, 8, 19), "weekend"),
        (eastern(2026, 3, 8, 20), ""),  # Sunday's announcement
        (eastern(2026, 11, 27), "arXiv holiday (Thanksgiving)"),
        (eastern(2026, 7, 6), "arXiv holiday (Independence Day)"),  # Sunday evening after Friday's holiday
        (eastern(2027, 1, 2, 9), "weekend"),
    ],
)
def test_silence_is_explained(now: datetime, reason: str) -> None:
    assert silence(now) == reason


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2026, 12, 29), "winter break"),
        (date(2026, 5, 25), ""),  # arXiv announces on Memorial Day
        (date(2027, 1, 1), "New Year's Day"),
        (date(2027, 1, 18), "Martin Luther King Day"),
        (date(2027, 6, 18), "Juneteenth"),  # a Saturday, kept on Friday
        (date(2027, 7, 5), "Independence Day"),  # a Sunday, kept on Monday
        (date(2027, 9, 6), "Labor Day"),
        (date(2027, 11, 25), "Thanksgiving"),
        (date(2027, 12, 24), "winter break"),
        (date(2027, 12, 28), ""),
    ],
)
def test_holidays_are_those_published_or_else_those_that_recur(day: date, name: str) -> None:
    assert announcements.holiday(day) == name


def test_announcements_before_and_after_a_moment() -> None:
    friday = eastern(2026, 3, 6, 12)
    assert announcements.last_announcement(friday) == eastern(2026, 3, 5, 20)
    assert announcements.next_announcement(friday) == eastern(2026, 3, 8, 20)
    at_the_hour = eastern(2026, 3, 8, 20)
    assert announcements.last_announcement(at_the_hour) == at_the_hour
    assert announcements.next_announcement(at_the_hour) == eastern(2026, 3, 9, 20)
    assert announcements.last_announcement(friday).tzinfo is UTC


@given(MOMENTS)
def test_the_next_announcement_is_the_one_after_the_last(now: datetime) -> None:
    last, following = announcements.last_announcement(now), announcements.next_announcement(now)
    assert last <= now < following
    assert announcements.last_announcement(following) == following
    assert announcements.next_announcement(last) == following
    assert timedelta(hours=22) < following - last <= timedelta(days=6)


@given(MOMENTS)
def test_a_paper_makes_the_first_announcement_after_its_cut_off(published: datetime) -> None:
    listed = earliest_listing_day(published)
    assert published < announcements.cut_off_of(listed)
    assert next_listing_day(listed - timedelta(days=1)) == listed
    before = max(day for back in range(1, 15) if (day := next_listing_day(listed - timedelta(days=back))) < listed)
    assert published >= announcements.cut_off_of(before)


NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TUESDAY = date(2026, 3, 10)


def test_a_straggler_takes_the_day_of_the_papers_before_it() -> None:
    dating = Dating.first(eastern(2026, 3, 9, 12), NOW)
    assert dating.day == TUESDAY
    assert dating.next(eastern(2026, 3, 3, 9), NOW).day == TUESDAY


def test_a_fall_after_the_cut_off_begins_the_next_announcement() -> None:
    dating = Dating.first(eastern(2026, 3, 9, 13, 58), NOW)
    following = dating.next(eastern(2026, 3, 3, 9), NOW)
    assert following.day == date(2026, 3, 11)
    assert following.latest == eastern(2026, 3, 3, 9)


def test_no_paper_is_dated_beyond_the_last_announcement() -> None:
    tuesday_noon = eastern(2026, 3, 10, 12)
    dating = Dating.first(eastern(2026, 3, 9, 13, 58), tuesday_noon)
    assert dating.next(eastern(2026, 3, 3, 9), tuesday_noon).day == TUESDAY
    early = dating.next(eastern(2026, 3, 10, 11), tuesday_noon)
    assert early.day == TUESDAY
    assert early.latest == eastern(2026, 3, 10, 11)
    assert Dating.first(eastern(2027, 1, 1), tuesday_noon).day == TUESDAY


@given(st.lists(MOMENTS, min_size=1, max_size=30), MOMENTS)
def test_listing_days_never_fall_along_the_sequence(published: list[datetime], now: datetime) -> None:
    dating = Dating.first(published[0], now)
    for moment in published[1:]:
        following = dating.next(moment, now)
        assert following.day >= dating.day
        dating = following


def test_most_real_papers_get_their_true_listing_day(real_papers: list[Paper]) -> None:
    # Outside these months the sample is too thin to show where an announcement begins.
    sample = sorted((paper for paper in real_papers if "2505" <= paper.id[:4] <= "2602"), key=lambda paper: paper.id)
    dating = Dating.first(sample[0].published, NOW)
    known = agreeing = 0
    for paper in sample:
        dating = dating.next(paper.published, NOW)
        if paper.announced:
            known += 1
            agreeing += dating.day == paper.announced
    assert known > 20_000
    assert agreeing / known > 0.975


def test_months_and_numbers() -> None:
    assert month_after("2512") == "2601"
    assert month_after("2601", -1) == "2512"
    assert month_after("9912") == "0001"
    assert month_of(datetime(2026, 3, 1, 3, tzinfo=UTC)) == "2602"  # still February at arXiv
    assert Number("2603", 7).id == "2603.00007"
    assert Number("1412", 7).id == "1412.0007"
    assert Number.parse("2603.00007") == Number("2603", 7)
    assert Number("2512", 99_999) < Number("2601", 1)
    assert Number.parse("hep-th/9901001") is None
    assert Number.parse("2613.00001") is None
    assert [number.number for number in numbers("2603", (0, 1, 99_999, 100_000))] == [1, 99_999]
