"""Whose turn it is: posts of a channel in order, channels of a workspace by the clock, workspaces one after the other.

A channel has two queues, its notices and its papers; each goes out in the order it was stored, the first one that
cannot go yet holding up those behind it. While one of its posts is being sent or is uncertain nothing else of the
channel goes, unless it will stay uncertain for ever; while it is paused notices alone do, and of those only what is
said to the channel itself: a word about a paper, in the paper's thread, waits like papers do. ``channels.ready_at``
says when the next post of a channel may be claimed. It follows from the posts, and ``settle`` brings it up to date
after every change, so that claiming looks at channels that are ready and at nothing else, however many posts wait.
``workspaces.not_before`` does the same for a workspace: it waits after a Retry-After, and between two posts where its
platform limits posts a workspace. A workspace that waits so has no post claimed, and keeps no other from being served.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlite_utils

from bot.outcome import NEVER
from storage.sqlite.values import moment_column, to_moment_or_none

_UNBOUNDED = 1_000_000_000
_NEVER = moment_column(NEVER)

_NEXT_NOTICE = """
    SELECT p.id, p.not_before FROM posts p
    WHERE p.channel_id = ? AND p.state = 'pending' AND p.kind = 'notice' AND (p.thread_of IS NULL OR NOT ?)
      AND (p.thread_of IS NULL OR (SELECT t.state FROM posts t WHERE t.id = p.thread_of) = 'sent')
    ORDER BY p.id LIMIT 1
"""
# A threaded card stands behind its digest in the same queue, so the digest was sent when the card's turn comes.
_NEXT_PAPERS = """
    SELECT p.id, p.not_before FROM posts p
    WHERE p.channel_id = ? AND p.state = 'pending' AND p.kind <> 'notice'
    ORDER BY p.id LIMIT 1
"""


def settle(db: sqlite_utils.Database, channel: int) -> None:
    """Bring ``ready_at`` of a channel up to date."""
    moments = [not_before for _, not_before in _heads(db, channel)]
    db.execute("UPDATE channels SET ready_at = ? WHERE id = ?", (min(moments, default=None), channel))


def put_off(db: sqlite_utils.Database, channel: int, until: datetime) -> None:
    """Let the next posts of a channel go at ``until`` or later; ``settle`` has to follow."""
    heads = [post for post, _ in _heads(db, channel)]
    db.execute(
        "UPDATE posts SET not_before = max(not_before, ?) WHERE id IN (SELECT value FROM json_each(?))",
        (moment_column(until), json.dumps(heads)),
    )


def _heads(db: sqlite_utils.Database, channel: int) -> list[tuple[int, str]]:
    """The first posts of the channel's queues that are not held up, with the moments from which they may go."""
    (paused,) = db.execute("SELECT paused <> '' FROM channels WHERE id = ?", (channel,)).fetchone()
    blocked = db.execute(
        "SELECT 1 FROM posts WHERE channel_id = ? AND state IN ('sending', 'uncertain') AND not_before < ? LIMIT 1",
        (channel, _NEVER),
    ).fetchone()
    if blocked is not None:
        return []
    heads = [db.execute(_NEXT_NOTICE, (channel, paused)).fetchone()]
    if not paused:
        heads.append(db.execute(_NEXT_PAPERS, (channel,)).fetchone())
    return [head for head in heads if head is not None]


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
    names = json.dumps(list(platforms))
    claimed: list[int] = []
    while len(claimed) < limit:
        workspaces = db.execute(
            "SELECT w.id, w.not_before FROM workspaces w"
            " WHERE w.platform IN (SELECT value FROM json_each(?)) AND w.not_before <= ?"
            " AND EXISTS (SELECT 1 FROM channels c WHERE c.workspace_id = w.id AND c.ready_at <= ?)"
            " AND w.id NOT IN (SELECT c.workspace_id FROM posts p JOIN channels c ON c.id = p.channel_id"
            "  WHERE p.state = 'sending' GROUP BY c.workspace_id HAVING count(*) >= ?)"
            " ORDER BY w.served, w.id LIMIT ?",
            (names, moment, moment, _UNBOUNDED if most is None else most, limit - len(claimed)),
        ).fetchall()
        if not workspaces:
            break
        for workspace, not_before in workspaces:
            claimed.append(_claim_one(db, workspace, moment))
            if interval:
                _put_off_workspace(db, workspace, to_moment_or_none(not_before or None), now, interval)
    return claimed


def _put_off_workspace(
    db: sqlite_utils.Database, workspace: int, due: datetime | None, now: datetime, interval: timedelta
) -> None:
    """Let a workspace's next post follow ``interval`` after this one was ``due``: lateness must not add up."""
    earliest = now + interval / 2
    following = earliest if due is None else max(due + interval, earliest)
    db.execute("UPDATE workspaces SET not_before = ? WHERE id = ?", (moment_column(following), workspace))


def _claim_one(db: sqlite_utils.Database, workspace: int, moment: str) -> int:
    """Claim the next post of a workspace that has a channel ready."""
    (channel,) = db.execute(
        "SELECT id FROM channels WHERE workspace_id = ? AND ready_at <= ? ORDER BY ready_at, id LIMIT 1",
        (workspace, moment),
    ).fetchone()
    post = min(number for number, not_before in _heads(db, channel) if not_before <= moment)
    db.execute(
        "UPDATE posts SET state = 'sending', attempts = attempts + 1, first_attempt = coalesce(first_attempt, ?),"
        " not_before = ? WHERE id = ?",
        (moment, moment, post),
    )
    db.execute("UPDATE channels SET ready_at = NULL WHERE id = ?", (channel,))
    db.execute("UPDATE workspaces SET served = (SELECT max(served) + 1 FROM workspaces) WHERE id = ?", (workspace,))
    return post


def next_attempt(db: sqlite_utils.Database, platforms: Sequence[str], after: datetime | None) -> datetime | None:
    """When the next post may be claimed or looked up; what could be by the moment ``after`` is left out."""
    names, past = json.dumps(list(platforms)), "" if after is None else moment_column(after)
    (ready,) = db.execute(
        "SELECT min(moment) FROM (SELECT max(w.not_before, (SELECT min(c.ready_at) FROM channels c"
        "  WHERE c.workspace_id = w.id AND c.ready_at IS NOT NULL)) AS moment"
        " FROM workspaces w WHERE w.platform IN (SELECT value FROM json_each(?))) WHERE moment > ?",
        (names, past),
    ).fetchone()
    (uncertain,) = db.execute(
        "SELECT min(p.not_before) FROM posts p JOIN channels c ON c.id = p.channel_id"
        " JOIN workspaces w ON w.id = c.workspace_id"
        " WHERE p.state = 'uncertain' AND p.not_before > ? AND p.not_before < ?"
        " AND w.platform IN (SELECT value FROM json_each(?))",
        (past, _NEVER, names),
    ).fetchone()
    return to_moment_or_none(min((moment for moment in (ready, uncertain) if moment is not None), default=None))
