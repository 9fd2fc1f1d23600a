"""Whose turn it is: posts of a channel in order, channels of a workspace by the clock, workspaces one after the other.

A channel has two queues, its notices and its papers; each goes out in the order it was stored, the first one that
cannot go yet holding up those behind it. While one of its posts is being sent or is uncertain nothing else of the
channel goes, unless it will stay uncertain for ever; while it is paused notices alone do, and of those only what is
said to the channel itself: a word about a paper, in the paper's thread, waits like papers do.

What was composed by the clock is bulk, since at nine in the morning it is for thousands of channels at once. Everything
else goes before it, in its own workspace and in all others, but for one turn in eight, so that a flood of instant posts
does not hold back the digests for ever.

``channels.ready_at`` and ``bulk_at`` say when the next post of a channel may be claimed, ``workspaces.ready_at`` and
``bulk_at`` are the earliest of a workspace's channels. They follow from the posts, and ``settle`` brings them up to
date after every change, so that claiming looks at what is ready and at nothing else, however many posts wait and
channels and workspaces there are. ``workspaces.not_before`` holds a whole workspace: it waits after a Retry-After, and
between two posts where its platform limits posts a workspace. A workspace that waits so has no post claimed, and keeps
no other from being served.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlite_utils

from bot.outcome import NEVER
from storage.sqlite.values import json_list, moment_column, to_moment_or_none

_NEVER = moment_column(NEVER)

# A threaded card stands behind its digest in the same queue, so the digest was sent when the card's turn comes.
_HEADS = """
    SELECT c.id, n.id, n.not_before, n.bulk, p.id, p.not_before, p.bulk
    FROM json_each(?) j CROSS JOIN channels c ON c.id = j.value
    LEFT JOIN posts n ON n.id = (
        SELECT x.id FROM posts x INDEXED BY posts_pending
        WHERE x.channel_id = c.id AND x.state = 'pending' AND x.kind = 'notice'
          AND (x.thread_of IS NULL
               OR (c.paused = '' AND (SELECT t.state FROM posts t WHERE t.id = x.thread_of) = 'sent'))
        ORDER BY x.id LIMIT 1
    )
    LEFT JOIN posts p ON c.paused = '' AND p.id = (
        SELECT x.id FROM posts x INDEXED BY posts_pending
        WHERE x.channel_id = c.id AND x.state = 'pending' AND x.kind <> 'notice' ORDER BY x.id LIMIT 1
    )
    WHERE NOT EXISTS (SELECT 1 FROM posts o INDEXED BY posts_open WHERE o.channel_id = c.id
                      AND o.state IN ('sending', 'uncertain') AND o.not_before < ?)
"""

# Of so many turns one is for bulk first.
_BULK_TURN = 8
_LANES = ("ready_at", "bulk_at")

_EARLIEST = """
    ready_at = (SELECT min(c.ready_at) FROM channels c
                WHERE c.workspace_id = workspaces.id AND c.ready_at IS NOT NULL),
    bulk_at = (SELECT min(c.bulk_at) FROM channels c
               WHERE c.workspace_id = workspaces.id AND c.bulk_at IS NOT NULL)
"""
_SETTLE_WORKSPACE = f"UPDATE workspaces SET {_EARLIEST} WHERE id = ?"  # noqa: S608  from above
_SERVED = f"""
    UPDATE workspaces SET served = (SELECT max(served) + 1 FROM workspaces), {_EARLIEST} WHERE id = ?
"""  # noqa: S608  likewise

_Head = tuple[int, str, int]
"""A post, the moment from which it may go, whether it is bulk."""


def settle(db: sqlite_utils.Database, channel: int) -> None:
    """Bring up to date when the next posts of a channel, and so of its workspace, may be claimed."""
    settle_all(db, [channel])


def settle_all(db: sqlite_utils.Database, channels: Sequence[int]) -> None:
    """The same for many channels."""
    known = _heads(db, channels)
    db.conn.executemany(
        "UPDATE channels SET ready_at = ?, bulk_at = ? WHERE id = ?",
        [(*_moments(known.get(channel, ())), channel) for channel in channels],
    )
    rows = db.execute(
        "SELECT DISTINCT c.workspace_id FROM json_each(?) j CROSS JOIN channels c ON c.id = j.value",
        (json_list(channels),),
    )
    db.conn.executemany(_SETTLE_WORKSPACE, rows.fetchall())


def _moments(heads: Sequence[_Head]) -> list[str | None]:
    """When the next post of each lane may be claimed."""
    earliest: list[str | None] = [None, None]
    for _, at, lane in heads:
        known = earliest[lane]
        earliest[lane] = at if known is None else min(known, at)
    return earliest


def settle_workspace(db: sqlite_utils.Database, workspace: int) -> None:
    """Bring up to date when the next posts of a workspace may be claimed, whose channels are."""
    db.execute(_SETTLE_WORKSPACE, (workspace,))


def put_off(db: sqlite_utils.Database, channel: int, until: datetime) -> None:
    """Let the next posts of a channel go at ``until`` or later; ``settle`` has to follow."""
    db.conn.executemany(
        "UPDATE posts SET not_before = max(not_before, ?) WHERE id = ?",
        [(moment_column(until), post) for post, _, _ in _heads(db, [channel]).get(channel, ())],
    )


def hurry(db: sqlite_utils.Database, channels: Sequence[int]) -> None:
    """Let what waits in channels' outboxes be bulk no more: something urgent is about to stand behind it."""
    db.conn.executemany(
        "UPDATE posts INDEXED BY posts_pending SET bulk = 0 WHERE channel_id = ? AND state = 'pending' AND bulk = 1",
        [(channel,) for channel in channels],
    )


def _heads(db: sqlite_utils.Database, channels: Sequence[int]) -> dict[int, list[_Head]]:
    """The first posts of the channels' queues that are not held up."""
    rows = db.execute(_HEADS, (json_list(channels), _NEVER))
    return {row[0]: [head for head in (row[1:4], row[4:7]) if head[0] is not None] for row in rows}


def claim(
    db: sqlite_utils.Database,
    platforms: Sequence[str],
    now: datetime,
    limit: int,
    *,
    interval: timedelta,
    most: int | None,
) -> list[int]:
    """Move at most ``limit`` posts from pending to sending and return their numbers, in the order of their turns."""
    moment = moment_column(now)
    under_way = _under_way(db)
    claimed: list[int] = []
    while len(claimed) < limit:
        full = [workspace for workspace, posts in under_way.items() if most is not None and posts >= most]
        turn = _turn(db, platforms, moment, full)
        if turn is None:
            break
        lane, workspace, not_before = turn
        claimed.append(_claim_one(db, lane, workspace, moment))
        under_way[workspace] += 1
        if interval:
            _put_off_workspace(db, workspace, to_moment_or_none(not_before or None), now, interval)
    return claimed


def _under_way(db: sqlite_utils.Database) -> Counter[int]:
    """How many posts of each workspace are being sent."""
    rows = db.execute(
        "SELECT c.workspace_id, count(*) FROM posts p JOIN channels c ON c.id = p.channel_id"
        " WHERE p.state = 'sending' GROUP BY c.workspace_id"
    )
    return Counter(dict(rows.fetchall()))


def _turn(
    db: sqlite_utils.Database, platforms: Sequence[str], moment: str, full: Sequence[int]
) -> tuple[int, int, str] | None:
    """Whose turn it is: the lane, the workspace, and since when it might have been served."""
    (turns,) = db.execute("SELECT coalesce(max(served), 0) FROM workspaces").fetchone()
    for lane in (1, 0) if turns % _BULK_TURN == _BULK_TURN - 1 else (0, 1):
        found = [
            row
            for platform in platforms
            if (row := db.execute(_NEXT_WORKSPACE[lane], (platform, moment, moment, json_list(full))).fetchone())
        ]
        if found:
            _, workspace, not_before = min(found)
            return lane, workspace, not_before
    return None


_NEXT_WORKSPACE = tuple(
    f"SELECT served, id, not_before FROM workspaces WHERE platform = ? AND {lane} <= ? AND not_before <= ?"  # noqa: S608
    " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY served LIMIT 1"
    for lane in _LANES
)
_NEXT_CHANNEL = tuple(
    f"SELECT id FROM channels WHERE workspace_id = ? AND {lane} <= ? ORDER BY {lane}, id LIMIT 1"  # noqa: S608
    for lane in _LANES
)


def _put_off_workspace(
    db: sqlite_utils.Database, workspace: int, due: datetime | None, now: datetime, interval: timedelta
) -> None:
    """Let a workspace's next post follow ``interval`` after this one was ``due``: lateness must not add up."""
    earliest = now + interval / 2
    following = earliest if due is None else max(due + interval, earliest)
    db.execute("UPDATE workspaces SET not_before = ? WHERE id = ?", (moment_column(following), workspace))


def _claim_one(db: sqlite_utils.Database, lane: int, workspace: int, moment: str) -> int:
    """Claim the next post of a workspace that has a channel ready in that lane."""
    (channel,) = db.execute(_NEXT_CHANNEL[lane], (workspace, moment)).fetchone()
    heads = _heads(db, [channel])[channel]
    post = min(number for number, at, bulk in heads if bulk == lane and at <= moment)
    db.execute(
        "UPDATE posts SET state = 'sending', attempts = attempts + 1, first_attempt = coalesce(first_attempt, ?),"
        " not_before = ? WHERE id = ?",
        (moment, moment, post),
    )
    # Nothing else of the channel goes before this one has ended.
    db.execute("UPDATE channels SET ready_at = NULL, bulk_at = NULL WHERE id = ?", (channel,))
    db.execute(_SERVED, (workspace,))
    return post


def next_attempt(db: sqlite_utils.Database, platforms: Sequence[str], after: datetime | None) -> datetime | None:
    """When the next post may be claimed or looked up; what could be by the moment ``after`` is left out."""
    names, past = json_list(platforms), "" if after is None else moment_column(after)
    ready = [
        moment
        for platform in platforms
        for (moment,) in db.execute(
            "SELECT min(turn_at) FROM workspaces WHERE platform = ? AND turn_at > ?", (platform, past)
        )
    ]
    (uncertain,) = db.execute(
        "SELECT min(p.not_before) FROM posts p JOIN channels c ON c.id = p.channel_id"
        " JOIN workspaces w ON w.id = c.workspace_id"
        " WHERE p.state = 'uncertain' AND p.not_before > ? AND p.not_before < ?"
        " AND w.platform IN (SELECT value FROM json_each(?))",
        (past, _NEVER, names),
    ).fetchone()
    return to_moment_or_none(min((moment for moment in (*ready, uncertain) if moment is not None), default=None))
