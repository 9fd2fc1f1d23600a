"""What was measured as a table, and whether it is as it has to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean

from benchmarks.chaos.table import Row
from benchmarks.soak.account import Account
from benchmarks.soak.growth import TOLERANCE, Growth
from benchmarks.soak.life import Lived
from benchmarks.soak.month import Month
from benchmarks.soak.sampling import Sample
from bot.schedule import BEAT, HOUSEKEEPING, HOUSEKEEPING_DELAY

FLAT = 0.05
WAL_MB = 68.0
"""The store lets its log keep 64 MiB (``journal_size_limit``)."""

WARM_UP = 8
"""Days in which caches of bounded size fill (``bot.digest`` remembers thousands of matches with their papers), until
after the second Monday. The first of the weeks that are compared begins behind them."""

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Soaked:
    """All that a soak found. ``watches`` and ``channels``: how many; ``growth``: what the store was given."""

    month: Month
    channels: int
    watches: int
    lived: Lived
    account: Account
    growth: Growth


def rows(soaked: Soaked) -> list[Row]:
    """The rows, those of delivery first. Weeks are compared where there are two of them behind the warm-up."""
    found = _delivery_rows(soaked)
    samples = soaked.lived.samples[WARM_UP:]
    if len(samples) >= 2 * _WEEK:
        found += _week_rows(samples[:_WEEK], samples[-_WEEK:])
        cold = fmean(each.resident for each in soaked.lived.samples[:WARM_UP])
        found.append(Row(f"– mean of the {WARM_UP} days before, from a cold start", f"{cold:.1f} MB"))
    return found + _file_rows(soaked) + _job_rows(soaked) + _end_rows(soaked.lived)


def _delivery_rows(soaked: Soaked) -> list[Row]:
    made, month = soaked.account, soaked.month
    papers = sum(each.papers for each in month.announcements)
    return [
        Row("simulated days; channels, watches, time zones",
            f"{month.days}; {soaked.channels:,}, {soaked.watches:,}, {made.zones}"),
        Row("papers announced, in so many announcements", f"{papers:,} in {len(month.announcements)}"),
        Row("messages posted, notices among them", f"{made.messages:,}, {made.notices:,}"),
        Row("digests due", f"{made.digests:,}"),
        Row("– whole at their minute", f"{made.at_its_minute:,}", "100 %", made.at_its_minute != made.digests),
        Row("– due within a day of a change of clocks", f"{made.changed:,}"),
        Row("papers owed", f"{made.owed:,}"),
        Row("– posted once", f"{made.once:,}", "100 %", made.once != made.owed),
        *[
            Row(f"– {what}", str(len(found)), "0", bool(found))
            for what, found in (
                ("lost", made.lost),
                ("posted twice", made.twice),
                ("early", made.early),
                ("late by a minute or more", made.late),
                ("posted and not owed", made.unasked),
            )
        ],
        Row("cards in threads; missing or too many", f"{made.cards:,}; {made.cards_missing}", "none",
            made.cards_missing > 0),
    ]  # fmt: skip


def _week_rows(first: Sequence[Sample], last: Sequence[Sample]) -> list[Row]:
    before, after = fmean(each.resident for each in first), fmean(each.resident for each in last)
    change = after / before - 1

    def most(of: Callable[[Sample], int]) -> tuple[int, int]:
        return max(map(of, first)), max(map(of, last))

    held = [
        Row(f"{what} at the end of a day, most in the first and in the last week", f"{early}, {late}", "no more",
            late > early)
        for what, (early, late) in (
            ("tasks", most(lambda each: each.tasks)),
            ("sockets", most(lambda each: each.sockets)),
            ("other open files", most(lambda each: each.files)),
        )
    ]  # fmt: skip
    return [
        Row("resident memory, mean of the first week after warming up and of the last week",
            f"{before:.1f} MB, {after:.1f} MB ({change:+.1%})", "within 5 %", abs(change) > FLAT),
        Row("– with what the allocator keeps free",
            f"{fmean(each.untrimmed for each in first):.1f} MB, {fmean(each.untrimmed for each in last):.1f} MB"),
        *held,
    ]  # fmt: skip


def _file_rows(soaked: Soaked) -> list[Row]:
    before, after = soaked.lived.file_mb
    grown, computed = after - before, soaked.growth.megabytes
    away = grown / computed - 1
    return [
        Row("growth of the file, computed and measured", f"{computed:.1f} MB, {grown:.1f} MB ({away:+.1%})",
            f"within {TOLERANCE:.0%}", abs(away) > TOLERANCE),
        Row("largest write-ahead log", f"{soaked.lived.wal_mb:.1f} MB", f"≤ {WAL_MB:.0f} MB",
            soaked.lived.wal_mb > WAL_MB),
    ]  # fmt: skip


def _job_rows(soaked: Soaked) -> list[Row]:
    month, lived = soaked.month, soaked.lived
    lasted = month.end - month.start
    polls, beats = -(-lasted // timedelta(hours=1)), -(-lasted // BEAT)
    first, *daily = lived.housekeeping or [month.end]
    hours = {(each.hour, each.minute) for each in daily}
    right = (
        first - month.start == HOUSEKEEPING_DELAY
        and len(daily) == month.days
        and hours == {(HOUSEKEEPING.hour, HOUSEKEEPING.minute)}
    )
    return [
        Row("polls, signs of life", f"{lived.begun['The poll']:,}, {lived.begun['The sign of life']:,}",
            f"{polls:,}, {beats:,}", (lived.begun["The poll"], lived.begun["The sign of life"]) != (polls, beats)),
        Row("housekeeping at its hour", f"{len(daily)} times", f"{month.days} times, 04:40 UTC", not right),
        Row("warnings in the log", str(lived.complained), "0", lived.complained > 0),
    ]  # fmt: skip


def _end_rows(lived: Lived) -> list[Row]:
    tasks, sockets, files = lived.left
    return [
        Row("left after the end: tasks, sockets, other files", f"{tasks}, {sockets}, {files}", "0, 0, 0",
            any(lived.left)),
        Row("processor time of the program", f"{lived.cpu_seconds:.0f} s in {lived.wall_seconds:.0f} s"),
    ]  # fmt: skip
