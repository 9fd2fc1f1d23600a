"""What came of each watch: papers posted for it, counted as they are sent, and whether anybody saved one."""

from __future__ import annotations

import json
from datetime import datetime

import sqlite_utils

from bot.models import ChannelRef, Tally
from storage.sqlite.database import Database
from storage.sqlite.people import team_of
from storage.sqlite.values import count, moment_column
from storage.sqlite.watches import WATCH, to_watch

_SAVED = """
    SELECT EXISTS (
        SELECT 1 FROM json_each(:team) t JOIN members m ON m.workspace_id = t.value JOIN saves s ON s.member_id = m.id
        WHERE NOT s.taken_back
        AND EXISTS (SELECT 1 FROM matches x WHERE x.paper = s.paper AND x.query_id = :query)
        AND (EXISTS (SELECT 1 FROM deliveries d WHERE d.channel_id = :channel AND d.paper = s.paper AND d.state = 1)
             OR EXISTS (SELECT 1 FROM had h WHERE h.channel_id = :channel
                        AND h.month = s.paper / 1000000 AND h.number = s.paper % 1000000))
    )
"""


def count_posted(db: sqlite_utils.Database, post: int) -> None:
    """Count the papers of a post that was sent for the watches that wanted them when it was composed."""
    db.execute(
        "UPDATE watches SET posted = posted + new.papers FROM ("
        "  SELECT p.channel_id AS channel, q.id AS query, count(*) AS papers"
        "  FROM posts p JOIN entries e ON e.post_id = p.id JOIN json_each(e.queries) j"
        "  JOIN queries q ON q.canonical = j.value"
        "  WHERE p.id = ? AND p.thread_of IS NULL AND e.owed = 1 GROUP BY q.id"
        ") new WHERE watches.channel_id = new.channel AND watches.query_id = new.query AND watches.ended_at IS NULL",
        (post,),
    )


def tallies(db: sqlite_utils.Database, least: int, made_before: datetime, limit: int) -> list[Tally]:
    rows = db.execute(
        "SELECT w.id, w.posted, w.query_id, w.channel_id, s.platform, s.workspace, c.channel FROM watches w"
        " JOIN channels c ON c.id = w.channel_id JOIN workspaces s ON s.id = c.workspace_id"
        " WHERE w.judged = 0 AND w.ended_at IS NULL AND w.posted >= ? AND w.made_at <= ? AND c.paused = ''"
        " ORDER BY w.posted DESC, w.id LIMIT ?",
        (least, moment_column(made_before), count(limit)),
    ).fetchall()
    found = []
    for watch, posted, query, channel, *place in rows:
        team = json.dumps(team_of(db, place[0], place[1]))
        (saved,) = db.execute(_SAVED, {"team": team, "query": query, "channel": channel}).fetchone()
        made = to_watch(ChannelRef(*place), db.execute(WATCH + "WHERE w.id = ?", (watch,)).fetchone())
        found.append(Tally(made, posted, bool(saved)))
    return found


def judged(db: sqlite_utils.Database, watch: int) -> bool:
    return bool(db.execute("UPDATE watches SET judged = 1 WHERE id = ? AND judged = 0", (watch,)).rowcount)


class Tallies:
    """The part of ``bot.ports.WatchStore`` about what came of watches."""

    _database: Database

    async def tallies(self, *, least: int, made_before: datetime, limit: int) -> list[Tally]:
        return await self._database.read(lambda db: tallies(db, least, made_before, limit))

    async def judged(self, watch: int) -> bool:
        return await self._database.write(lambda db: judged(db, watch))
