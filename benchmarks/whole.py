"""A large file: `python -m benchmarks.whole FILE [PAPERS WATCHES DELIVERIES SAVES]`.

By default 1,001,000 papers of 770 listing days with full text, 1,000,000 watches in 100,000 channels of 10,000
workspaces (``benchmarks.crowd``), 50 million deliveries and 2 million saves: 4 GB, written straight into its tables in
some two minutes. Deliveries are spread evenly over the channels and months; those of old months are packed as
housekeeping leaves them. Says what a delivery takes in the file.

Each channel has one digest. A real file has one for each ten deliveries or so, 4 GB more, which is looked at by channel
and message only. Texts of papers repeat where more are wanted than there are.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlite_utils

from benchmarks.archive import archive
from benchmarks.crowd import Crowd, crowd
from benchmarks.material import PAPERS_A_DAY
from benchmarks.measuring import peak_megabytes, report
from benchmarks.packing import put_digests, sizes
from benchmarks.straight import straight
from bot.housekeeping import RECENT
from storage.sqlite.values import moment_column

MONTH = 1_000_000
"""An ordinal is the month of the paper's id times this, plus its number there."""


HOURS = 18_000
"""So long ago is the first save."""


@dataclass(frozen=True, slots=True)
class Whole:
    """How many of each."""

    papers: int = 770 * PAPERS_A_DAY
    watches: int = 1_000_000
    deliveries: int = 50_000_000
    saves: int = 2_000_000


def whole(path: Path, size: Whole, now: datetime) -> int:
    """Make the file; returns how many deliveries there are: the wanted ones, or fewer."""
    archive(path, size.papers, now.date() - timedelta(days=1))
    crowd(path, Crowd.of(size.watches), now)
    with straight(path) as db:
        db.execute("INSERT INTO kept (paper) SELECT ordinal FROM papers")
        made = _write_deliveries(db, size.deliveries, now)
        _write_saves(db, size.saves, now)
    return made


def _write_deliveries(db: sqlite3.Connection, wanted: int, now: datetime) -> int:
    months = db.execute(
        "SELECT ordinal / ?, max(ordinal % ?) FROM papers GROUP BY 1 ORDER BY 1", (MONTH, MONTH)
    ).fetchall()
    (channels,) = db.execute("SELECT count(*) FROM channels").fetchone()
    papers = sum(number for _, number in months)
    before = int(f"{now - RECENT:%Y%m}")
    given: dict[int, _Given] = {}
    upto = done = 0
    for month, number in months:
        upto += number
        here = wanted * upto // papers // channels - done
        given[month], done = _Given(month, number, here), done + here
    db.executemany(
        "INSERT INTO packed (channel_id, month, papers) VALUES (?, ?, ?)",
        (
            (channel, month, each.packed(channel))
            for channel in range(1, channels + 1)
            for month, each in given.items()
            if month < before
        ),
    )
    db.executemany(
        "INSERT INTO deliveries (channel_id, paper, state, late) VALUES (?, ?, 1, 0)",
        (
            (channel, paper)
            for channel in range(1, channels + 1)
            for month, each in given.items()
            if month >= before
            for paper in each.papers(channel)
        ),
    )
    newest = given[months[-1][0]]
    put_digests(
        sqlite_utils.Database(db),
        0,
        [(channel, newest.papers(channel)) for channel in range(1, channels + 1)],
        moment_column(now - timedelta(days=1)),
    )
    return int(channels) * sum(each.wanted for each in given.values())


class _Given:
    """Papers of a month for each channel: ``wanted`` of ``number``, or all, at even distances, from another one on."""

    def __init__(self, month: int, number: int, wanted: int) -> None:
        self.month, self.wanted = month, min(wanted, number)
        distance = max(1, number // max(1, wanted))
        self._numbers = [range(1 + first, number + 1, distance)[:wanted] for first in range(distance)]
        self._packed = [json.dumps(list(numbers), separators=(",", ":")) for numbers in self._numbers]

    def packed(self, channel: int) -> str:
        return self._packed[channel * 7919 % len(self._packed)]

    def papers(self, channel: int) -> list[int]:
        return [self.month * MONTH + number for number in self._numbers[channel * 7919 % len(self._numbers)]]


def _write_saves(db: sqlite3.Connection, wanted: int, now: datetime) -> None:
    """As many for each member as for any other; nothing newer is to be looked for today."""
    moments = [moment_column(now - timedelta(hours=hours)) for hours in range(HOURS, 0, -1)]
    papers = [paper for (paper,) in db.execute("SELECT ordinal FROM papers ORDER BY ordinal")]
    channels = dict(db.execute("SELECT workspace_id, min(id) FROM channels GROUP BY 1"))
    members = db.execute("SELECT id, workspace_id FROM members ORDER BY id").fetchall()
    db.executemany(
        "INSERT INTO saves (member_id, paper, channel_id, saved_at) VALUES (?, ?, ?, ?)",
        (
            (member, papers[place], channels[workspace], moments[place * HOURS // len(papers)])
            for member, workspace in members
            for place in _saved(papers, member, wanted // len(members))
        ),
    )
    db.execute(
        "INSERT INTO followed (paper, version, published, withdrawn, next_check)"
        " SELECT paper, 1, 0, 0, ? FROM saves GROUP BY paper",
        (moment_column(now + timedelta(days=7)),),
    )


def _saved(papers: Sequence[int], member: int, wanted: int) -> range:
    distance = max(1, len(papers) // max(1, wanted))
    return range(member * 7919 % distance, len(papers), distance)[:wanted]


def main(path: Path, *numbers: int) -> None:
    begun = time.perf_counter()
    size = Whole(*numbers)
    deliveries = whole(path, size, datetime.now(UTC))
    taken = time.perf_counter() - begun
    with sqlite3.connect(path) as connection:
        bytes_taken = sizes(sqlite_utils.Database(connection))["deliveries"]
        posts, saves = connection.execute(
            "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM saves)"
        ).fetchone()
    report(
        papers=size.papers,
        watches=size.watches,
        deliveries=deliveries,
        saves=saves,
        posts=posts,
        delivery_bytes=round(bytes_taken / max(1, deliveries), 1),
        seconds=round(taken),
        file_mb=round(path.stat().st_size / 1e6),
        peak_mb=round(peak_megabytes()),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
