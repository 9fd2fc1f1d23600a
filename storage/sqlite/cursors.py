"""How far the source was read, and what is missing: one transaction a batch."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlite_utils

from bot.models import Batch, Cursor, Missing, PollStatus
from bot.paper_id import ordinal
from storage.sqlite import channels, days, fanning, owing, papers, receipts, state
from storage.sqlite.database import Database
from storage.sqlite.values import (
    day_column,
    moment_column,
    to_day,
    to_moment,
    to_moment_or_none,
)

# A number missed up to so long ago is asked again this long after it was asked last.
_ASKED_AGAIN = (
    (timedelta(days=2), timedelta(0)),
    (timedelta(days=7), timedelta(hours=6)),
    (timedelta.max, timedelta(days=1)),
)


def backfilling(db: sqlite_utils.Database) -> bool:
    """Whether the archive's first back-fill is under way."""
    return state.get(db, "backfilling") == "1"


def record(db: sqlite_utils.Database, batch: Batch, now: datetime) -> int:
    filled = (batch.backfill or backfilling(db)) and not batch.cursor.backfilling
    before = receipts.latest(db)
    papers.put(db, batch.papers, recorded=True)
    poll = receipts.add(db, batch, now)
    _note_missing(db, batch, poll, now)
    state.put(db, "cursor", batch.cursor.state)
    state.put(db, "backfilling", str(int(batch.cursor.backfilling)))
    if not batch.backfill:
        fanning.add(db, batch, before)
    last = days.last_day(db)
    if filled and last is not None:
        receipts.backfill_ends(db, last)
    if batch.cursor.backfilling or last is None:
        return 0
    return _give_first_day(db, last, now)


def _note_missing(db: sqlite_utils.Database, batch: Batch, poll: int, now: datetime) -> None:
    for missing in batch.missing:
        db.execute(
            "INSERT INTO missing (id, announced, first_missed, last_asked, asked, poll) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET last_asked = excluded.last_asked, asked = excluded.asked",
            (
                missing.id,
                day_column(missing.announced),
                moment_column(missing.first_missed),
                moment_column(missing.last_asked),
                missing.asked,
                poll,
            ),
        )
    moment = moment_column(now)
    db.conn.executemany(
        "UPDATE missing SET asked = asked + 1, last_asked = ? WHERE id = ?", ((moment, gone) for gone in batch.asked)
    )
    db.conn.executemany(
        "INSERT OR IGNORE INTO found_late (paper, missed, found)"
        " VALUES (?, coalesce((SELECT poll FROM missing WHERE id = ?), 0), ?)",
        ((ordinal(late), late, poll or receipts.latest(db)) for late in batch.late),
    )
    found = [(paper.id,) for paper in batch.papers] + [(dropped,) for dropped in batch.dropped]
    db.conn.executemany("DELETE FROM missing WHERE id = ?", found)


def _give_first_day(db: sqlite_utils.Database, last: date, now: datetime) -> int:
    """Give watches made before the archive was filled its last day; returns how many instant channels are owed it."""
    unset = db.execute(
        "SELECT w.id, w.channel_id FROM watches w JOIN queries q ON q.id = w.query_id"
        " WHERE w.ended_at IS NULL AND w.since IS NULL AND q.compiled <> x'' ORDER BY w.id"
    ).fetchall()
    instant: set[int] = set()
    for watch, channel in unset:
        db.execute("UPDATE watches SET since = ? WHERE id = ?", (day_column(last), watch))
        if owing.owe_watch(db, watch, now) and channels.by_number(db, channel).schedule.startswith("instant"):
            instant.add(channel)
    return len(instant)


def missing(db: sqlite_utils.Database, now: datetime, limit: int) -> list[Missing]:
    rows = db.execute(
        "SELECT id, announced, first_missed, last_asked, asked FROM missing ORDER BY last_asked, first_missed, id"
    )
    due: list[Missing] = []
    for row in rows:
        if len(due) >= limit:
            break
        one = Missing(row[0], to_day(row[1]), to_moment(row[2]), to_moment(row[3]), row[4])
        pause = next(pause for age, pause in _ASKED_AGAIN if now - one.first_missed <= age)
        if now - one.last_asked >= pause:
            due.append(one)
    return due


def poll_status(db: sqlite_utils.Database) -> PollStatus:
    (numbers,) = db.execute("SELECT count(*) FROM missing").fetchone()
    return PollStatus(
        last_success=to_moment_or_none(state.get(db, "last success")),
        last_failure=to_moment_or_none(state.get(db, "last failure")),
        failure=state.get(db, "failure") or "",
        missing=int(numbers),
        backfilling=backfilling(db),
    )


def poll_failed(db: sqlite_utils.Database, now: datetime, reason: str) -> None:
    state.put(db, "last failure", moment_column(now))
    state.put(db, "failure", reason)


def poll_succeeded(db: sqlite_utils.Database, now: datetime) -> None:
    state.put(db, "last success", moment_column(now))
    state.put(db, "last failure", "")
    state.put(db, "failure", "")


class Cursors:
    """``bot.ports.CursorStore``."""

    _database: Database

    async def cursor(self) -> Cursor | None:
        def work(db: sqlite_utils.Database) -> Cursor | None:
            text = state.get(db, "cursor")
            return None if text is None else Cursor(text, backfilling(db))

        return await self._database.read(work)

    async def missing(self, now: datetime, limit: int) -> list[Missing]:
        return await self._database.read(lambda db: missing(db, now, limit))

    async def record(self, batch: Batch, now: datetime) -> int:
        return await self._database.write(lambda db: record(db, batch, now), apart=True)

    async def poll_failed(self, now: datetime, reason: str) -> None:
        await self._database.write(lambda db: poll_failed(db, now, reason))

    async def poll_succeeded(self, now: datetime) -> None:
        await self._database.write(lambda db: poll_succeeded(db, now))

    async def poll_status(self) -> PollStatus:
        return await self._database.read(poll_status)

    async def beat(self, now: datetime) -> None:
        await self._database.write(lambda db: state.put(db, "beat", moment_column(now)))

    async def last_beat(self) -> datetime | None:
        return await self._database.read(lambda db: to_moment_or_none(state.get(db, "beat")))
