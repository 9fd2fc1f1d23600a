"""A store with very many watches, written straight into its tables: what the store's own doors would take hours for.

By default 1,000,000 watches on 300,000 distinct queries in 100,000 channels of 10,000 workspaces. Some queries are
watched by thousands of channels and most by one or two, as words are used; one workspace has a hundredth of all
channels, the others about the same number each. Three channels in ten get a digest at 09:00 in the busiest time zone,
one in ten posts instantly, the others are spread over zones and hours.

By itself it fills a file: ``python -m benchmarks.crowd FILE [WATCHES]``.
"""

from __future__ import annotations

import itertools
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.material import queries
from benchmarks.measuring import peak_megabytes, report
from benchmarks.straight import straight
from bot.channel_schedule import Schedule
from bot.query import Query
from storage.sqlite.values import moment_column, moment_or_none

BUSIEST = "daily 09:00 every day America/New_York"
INSTANT = "instant UTC"
_ZONES = ("UTC", "Europe/Berlin", "Europe/London", "Asia/Tokyo", "Asia/Kolkata", "America/Los_Angeles")
_OTHERS = [
    f"daily {hour:02}:{minute:02} weekdays {zone}" for hour in (7, 8, 10, 16) for minute in (0, 30) for zone in _ZONES
]
_SCHEDULES = [schedule for other in _OTHERS for schedule in (*[BUSIEST] * 3, INSTANT, *[other] * 6)]


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many of each; there are at least as many watches as queries, and as many channels as workspaces."""

    watches: int = 1_000_000
    channels: int = 100_000
    workspaces: int = 10_000
    queries: int = 300_000
    platform: str = "slack"

    @classmethod
    def of(cls, watches: int) -> Crowd:
        """A crowd of the same shape with so many watches."""
        return cls(watches, watches // 10, max(1, watches // 100), watches * 3 // 10)


def crowd(path: Path, size: Crowd, now: datetime) -> None:
    """Write the crowd into the store at ``path``, made where there is none, which has no channels yet.

    Watches begin with the archive's last listing day. ``now``: from when on schedules are reckoned.
    """
    with straight(path) as db:
        _write_channels(db, size, now)
        _write_watches(db, size, now)


def _write_channels(db: sqlite3.Connection, size: Crowd, now: datetime) -> None:
    numbers = range(1, size.workspaces + 1)
    db.executemany(
        "INSERT INTO workspaces (id, platform, workspace) VALUES (?, ?, ?)",
        ((number, size.platform, f"T{number:05}") for number in numbers),
    )
    db.executemany(
        "INSERT INTO members (id, workspace_id, member, name) VALUES (?, ?, ?, ?)",
        ((number, number, f"U{number:05}", f"member {number}") for number in numbers),
    )
    (latest,) = db.execute("SELECT coalesce(max(id), 0) FROM polls").fetchone()
    due = {text: moment_or_none(Schedule.from_canonical(text).next_after(now)) for text in set(_SCHEDULES)}
    made = moment_column(now)
    db.executemany(
        "INSERT INTO channels (id, workspace_id, channel, name, schedule, layout, made_at, next_due, receipted)"
        " VALUES (?, ?, ?, ?, ?, 'digest', ?, ?, ?)",
        (
            (number, workspace, f"C{number:06}", f"papers-{number}", schedule, made, due[schedule], latest)
            for number, workspace, schedule in zip(
                range(1, size.channels + 1), workspaces(size), itertools.cycle(_SCHEDULES), strict=False
            )
        ),
    )


def workspaces(size: Crowd) -> Iterator[int]:
    """The workspace of each channel: the first one has a hundredth of all."""
    large = min(size.channels // 100, size.channels - size.workspaces)
    return itertools.chain(itertools.repeat(1, large), itertools.cycle(range(1, size.workspaces + 1)))


def _write_watches(db: sqlite3.Connection, size: Crowd, now: datetime) -> None:
    parsed = [Query.parse(text) for text in queries(size.queries + size.queries // 50)]
    distinct = list({query.canonical: query for query in parsed}.values())[: size.queries]
    watched = list(watchings(size, len(distinct)))
    times = Counter(query for _, query in watched)
    db.executemany(
        "INSERT INTO queries (id, canonical, compiled, watches) VALUES (?, ?, ?, ?)",
        ((number, query.canonical, query.compiled, times[number]) for number, query in enumerate(distinct, 1)),
    )
    (day,) = db.execute("SELECT max(day) FROM days WHERE recorded > 0").fetchone()
    members = dict(db.execute("SELECT id, workspace_id FROM channels"))
    since, made = day or now.date().isoformat(), moment_column(now)
    db.executemany(
        "INSERT INTO watches (channel_id, query_id, typed, made_by, made_at, since) VALUES (?, ?, ?, ?, ?, ?)",
        ((channel, query, distinct[query - 1].canonical, members[channel], made, since) for channel, query in watched),
    )


def watchings(size: Crowd, distinct: int) -> Iterator[tuple[int, int]]:
    """Pairs of a channel and a query, each once, as many as there are watches: each query has one at least."""
    random = Random(11)
    weights = list(itertools.accumulate(1 / (rank + 20) for rank in range(distinct)))
    each = -(-size.watches // size.channels)
    left, fresh = size.watches, iter(range(1, distinct + 1))
    for channel in range(1, size.channels + 1):
        wanted = min(each, left)
        mine = set(itertools.islice(fresh, -(-distinct * each // size.watches)))
        while len(mine) < min(wanted, distinct):
            mine.update(random.choices(range(1, distinct + 1), cum_weights=weights, k=wanted - len(mine)))
        left -= len(mine)
        yield from ((channel, query) for query in sorted(mine))


def main(path: Path, watches: int) -> None:
    begun = time.process_time()
    crowd(path, Crowd.of(watches), datetime.now(UTC))
    report(
        watches=watches,
        cpu_seconds=round(time.process_time() - begun, 1),
        file_mb=round(path.stat().st_size / 1e6),
        peak_mb=round(peak_megabytes()),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else Crowd().watches)
