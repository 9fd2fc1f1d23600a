"""How the outbox stands, over all channels: a part of the store."""

from __future__ import annotations

import sqlite_utils

from bot.models import Backlog
from bot.outcome import NEVER
from storage.sqlite import state
from storage.sqlite.database import Database
from storage.sqlite.values import moment_column, to_moment_or_none


def backlog(db: sqlite_utils.Database) -> Backlog:
    def figure(sql: str) -> int:
        return int(db.execute(sql, {"never": moment_column(NEVER)}).fetchone()[0])

    # Each condition is that of a partial index, or begins with it.
    waiting = figure("SELECT count(*) FROM deliveries WHERE state = 0")
    unsent = figure(
        "SELECT count(*) FROM posts p JOIN entries e ON e.post_id = p.id AND e.owed = 1"
        " WHERE p.state = 'pending' AND p.thread_of IS NULL"
    )
    return Backlog(
        owed=waiting + unsent,
        pending=figure("SELECT count(*) FROM posts WHERE state = 'pending' AND attempts = 0"),
        retry=figure("SELECT count(*) FROM posts WHERE state = 'pending' AND attempts > 0"),
        sending=figure("SELECT count(*) FROM posts WHERE state = 'sending'"),
        uncertain=figure("SELECT count(*) FROM posts WHERE state = 'uncertain' AND not_before < :never"),
        unknown=figure("SELECT count(*) FROM posts WHERE state = 'uncertain' AND not_before = :never"),
        paused=figure("SELECT count(*) FROM channels WHERE paused <> ''"),
        missing=figure("SELECT count(*) FROM missing"),
        last_poll=to_moment_or_none(state.get(db, "last success")),
    )


class Backlogs:
    """The part of ``bot.ports.PostStore`` that says how the outbox stands."""

    _database: Database

    async def backlog(self) -> Backlog:
        return await self._database.read(backlog)
