"""A slice of the soak (``benchmarks.soak``), and whether its account tells right from wrong."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from benchmarks.soak.account import Account, Owed, account
from benchmarks.soak.archive import stand_in
from benchmarks.soak.crowd import PLATFORMS, Place, Town
from benchmarks.soak.growth import Growth
from benchmarks.soak.life import Lived, live
from benchmarks.soak.month import AUTUMN, SPRING, ZONES, Month, Times, next_of, schedules
from benchmarks.soak.platforms import Ledger, Line, read
from benchmarks.soak.sampling import Sample
from benchmarks.soak.soaking import filled, looked_over
from benchmarks.soak.table import Soaked, rows
from benchmarks.soak.virtual import VirtualClock, VirtualLoop
from bot.channel_schedule import Schedule
from bot.models import ChannelRef, Layout, Post, PostKind
from bot.query import Query

START = datetime(2026, 3, 2, tzinfo=UTC)
PLACE = Place(ChannelRef("slack", "T1", "C1"), schedules("Europe/Berlin")[0], Layout.DIGEST, (0,))
NINE = datetime(2026, 3, 3, 8, tzinfo=UTC)


def small_town() -> Town:
    """A channel of each platform for each schedule in zones whose clocks change, and in one whose do not."""
    zones = ("America/New_York", "America/Los_Angeles", "Asia/Kolkata")
    every = [times for zone in zones for times in dict.fromkeys(schedules(zone))]
    layouts = (Layout.DIGEST, Layout.DIGEST, Layout.THREAD, Layout.DIGEST, Layout.CARDS)
    places = [
        Place(
            ChannelRef(PLATFORMS[number % 2], f"T{number // 8}", f"C{number}"),
            times,
            layouts[number % len(layouts)],
            (number % 3,) if number % 9 else (0, 2),
        )
        for number, times in enumerate(every)
    ]
    return Town(places, [Query.parse(text) for text in ("cat:cs.CL", "cat:cs.*", "cat:math.* OR cat:stat.*")])


def test_days_around_a_change_of_clocks_pass_with_every_digest_at_its_minute(tmp_path: Path) -> None:
    month, everybody, database = Month(date(2026, 3, 8), 2, share=0.05), small_town(), tmp_path / "paperroute.db"
    with stand_in(month) as url:
        filled(month, database, url, everybody)
        lived = live(month, database, url)
    soaked = looked_over(month, database, everybody, lived)
    assert [row for row in rows(soaked) if row.missed and not row.what.startswith("growth")] == []
    assert soaked.account.changed > 10
    assert soaked.account.owed > 100


@pytest.mark.parametrize("first", [SPRING, AUTUMN])
def test_both_ways_to_reckon_a_schedules_moments_agree(first: date) -> None:
    month = Month(first)
    for zone in ZONES[::2] if first is SPRING else ZONES[1::2]:
        for times in dict.fromkeys(schedules(zone)):
            schedule, moment, found = Schedule.from_canonical(times.text), month.start - timedelta(seconds=1), []
            while (following := schedule.next_after(moment)) is not None and following < month.end:
                found.append(moment := following)
            assert month.moments(times) == found, times.text


def test_a_month_has_two_changes_of_clocks_and_an_evening_without_announcement() -> None:
    for first, changes in (
        (SPRING, (date(2026, 3, 8), date(2026, 3, 29))),
        (AUTUMN, (date(2026, 11, 1), date(2026, 10, 25))),
    ):
        month = Month(first)
        for zone, day in zip(("America/New_York", "Europe/Berlin"), changes, strict=True):
            assert day in month.changes(zone)
        assert len(month.announcements) in (20, 21)
        shown = {each.at.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M") for each in month.announcements}
        assert shown == {"20:05"}


def test_time_jumps_only_while_nobody_works() -> None:
    clock = VirtualClock(START)
    seen: list[datetime] = []

    async def work() -> None:
        sleeping = asyncio.create_task(clock.sleep(3_600))
        await asyncio.to_thread(time.sleep, 0.01)
        seen.append(clock.now())
        process = await asyncio.create_subprocess_exec("true")
        await process.wait()
        seen.append(clock.now())
        await sleeping
        seen.append(clock.now())

    loop = VirtualLoop(clock)
    try:
        loop.run_until_complete(work())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()
    assert seen == [START, START, START + timedelta(hours=1)]


def test_sleepers_wake_in_order_and_those_who_were_cancelled_never() -> None:
    clock = VirtualClock(START)
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(f"{name} {(clock.now() - START).total_seconds():.0f}")

    async def work() -> None:
        tasks = [asyncio.create_task(sleep(name, seconds)) for name, seconds in (("b", 2), ("a", 1), ("c", 3))]
        await sleep("now", 0)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    loop = VirtualLoop(clock)
    try:
        loop.run_until_complete(work())
    finally:
        loop.close()
    assert woken == ["now 0", "a 1", "c 3"]


def test_what_was_posted_can_be_read_and_looked_up(tmp_path: Path) -> None:
    post = Post("key", PLACE.ref, PostKind.NOTICE, text="A word.")
    with Ledger(tmp_path / "ledger") as ledger:
        assert ledger.find(PLACE.ref, "key") is None
        number = ledger.write(NINE, PLACE.ref, post)
        assert ledger.find(PLACE.ref, "key") == number
    assert list(read(tmp_path / "ledger")) == [Line(NINE, PLACE.ref, "key", PostKind.NOTICE, False, ())]


def posted(*times: datetime, paper: str = "1", threaded: bool = False) -> list[Line]:
    return [Line(at, PLACE.ref, "key", PostKind.DIGEST, threaded, (paper,)) for at in times]


def compared(*lines: Line, place: Place = PLACE) -> Account:
    return account(Month(), Town([place], []), Owed({PLACE.ref: {"1": NINE}}), lines)


def test_the_account_tells_right_from_wrong() -> None:
    good = compared(*posted(NINE + timedelta(seconds=59)))
    assert (good.once, good.at_its_minute, good.digests) == (1, 1, 1)
    late = compared(*posted(NINE + timedelta(minutes=1)))
    assert (len(late.late), late.at_its_minute, late.once) == (1, 0, 1)
    assert len(compared(*posted(NINE - timedelta(seconds=1))).early) == 1
    assert len(compared(*posted(NINE, NINE)).twice) == 1
    assert len(compared().lost) == 1
    assert len(compared(*posted(NINE), *posted(NINE, paper="2")).unasked) == 1
    place = Place(PLACE.ref, PLACE.times, Layout.THREAD, (0,))
    assert compared(*posted(NINE), place=place).cards_missing == 1
    assert compared(*posted(NINE), *posted(NINE, threaded=True), place=place).cards_missing == 0


def sampled(resident: float, tasks: int = 7) -> Sample:
    return Sample(START, resident, resident, tasks, 4, 2, 15, 1.0, 1.0)


def test_the_table_says_what_is_not_as_it_has_to_be() -> None:
    month = Month()
    housekeeping = [month.start + timedelta(minutes=10)]
    housekeeping += [START + timedelta(days=day, hours=4, minutes=40) for day in range(30)]

    def missed(last: Sample | None = None, grown: float = 1.0, **changes: Any) -> list[str]:
        values: dict[str, Any] = {
            "samples": [*[sampled(50.0)] * 8, *[sampled(100.0)] * 15, *[last or sampled(104.0)] * 7],
            "begun": Counter({"The poll": 720, "The sign of life": 43_193}),
            "housekeeping": housekeeping,
            "file_mb": (0.0, grown),
        }
        lived = Lived(**(values | changes))
        soaked = Soaked(month, 1, 1, lived, compared(*posted(NINE)), Growth(345, 0, 0, 0, 0))
        return [row.what for row in rows(soaked) if row.missed]

    assert missed() == []
    assert missed(last=sampled(106.0)) == [
        "resident memory, mean of the first week after warming up and of the last week"
    ]
    assert missed(last=sampled(100.0, 8)) == ["tasks at the end of a day, most in the first and in the last week"]
    assert missed(grown=1.2) == ["growth of the file, computed and measured"]
    assert missed(begun=Counter({"The poll": 719})) == ["polls, signs of life"]
    assert missed(housekeeping=housekeeping[:-1]) == ["housekeeping at its hour"]
    assert missed(complained=1) == ["warnings in the log"]
    assert missed(left=(1, 0, 0)) == ["left after the end: tasks, sockets, other files"]
    assert missed(wal_mb=69.0) == ["largest write-ahead log"]


def test_the_next_moment_is_behind_the_one_that_is_asked_about() -> None:
    assert next_of([START, NINE], START) == NINE
    assert next_of([START, NINE], NINE) is None
    assert Month().moments(Times("off", "UTC")) == []
