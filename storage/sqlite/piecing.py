"""The rows that were saved from a damaged store, pieced together: what can be made again is, what is left hanging goes.

Each step says in a note what it did where that is more than arithmetic.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlite_utils

from bot.errors import CommandError, QueryError
from bot.paper_id import OLD_ARCHIVES, ordinal
from bot.query import Query
from bot.wording import count
from storage.sqlite import rewording, state
from storage.sqlite.values import moment_column

_GONE = "This paper's title was lost with a damaged file and is being fetched again"
_LONG_AGO = "1991-08-14T00:00:00.000000"
_FIRST_NEW, _FIVE_DIGITS = 200704, 201501


def count_kept(db: sqlite_utils.Database, table: str) -> int:
    """The rows of a table, without those that only hold the place of lost ones."""
    held = {"papers": " WHERE title <> :gone", "members": " WHERE member NOT LIKE 'lost %'"}.get(table, "")
    return int(db.execute(f"SELECT count(*) FROM [{table}]{held}", {"gone": _GONE}).fetchone()[0])  # noqa: S608


def together(db: sqlite_utils.Database, notes: list[str], now: datetime, *, state_damaged: bool) -> None:
    """Bring the tables into agreement. ``state_damaged``: rows of the table of single values are lost."""
    tables = {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    _makers(db)
    _queries(db, notes)
    _posted(db, tables, notes)
    _papers(db, tables, notes, now)
    _threads(db)
    _drop_hanging(db)
    _numbers(db)
    if state_damaged and state.get(db, "cursor") is None:
        notes.append(
            "How far arXiv was read is lost: the next start begins as a first one does, and what was announced in"
            " between is put into the archive without being posted."
        )
    # The full-text index and the compiled queries are made at the next opening.
    rewording.forget(db)


def _makers(db: sqlite_utils.Database) -> None:
    """A watch stays when nobody knows any more whose it was."""
    db.execute(
        "INSERT INTO members (id, workspace_id, member, name)"
        " SELECT w.made_by, c.workspace_id, 'lost ' || w.made_by, ''"
        " FROM watches w JOIN channels c ON c.id = w.channel_id"
        " WHERE NOT EXISTS (SELECT 1 FROM members m WHERE m.id = w.made_by) GROUP BY w.made_by"
    )


def _queries(db: sqlite_utils.Database, notes: list[str]) -> None:
    """A query that is lost follows from what was typed for a watch of it."""
    lost = db.execute(
        "SELECT w.query_id, min(w.typed) FROM watches w"
        " WHERE NOT EXISTS (SELECT 1 FROM queries q WHERE q.id = w.query_id) GROUP BY w.query_id"
    ).fetchall()
    made = 0
    for number, typed in lost:
        try:
            canonical = Query.parse(typed).canonical
        except QueryError:
            continue
        made += db.execute(
            "INSERT OR IGNORE INTO queries (id, canonical, compiled) VALUES (?, ?, x'')", (number, canonical)
        ).rowcount
    if made:
        notes.append(f"{count(made, 'query', 'queries')} made again from what was typed.")


def _posted(db: sqlite_utils.Database, tables: Collection[str], notes: list[str]) -> None:
    """What stands in a post that did not die was delivered, or is on its way."""
    db.execute("CREATE TEMP TABLE given (channel_id INTEGER, paper INTEGER, PRIMARY KEY (channel_id, paper))")
    if "packed" in tables:
        db.execute("INSERT INTO given SELECT channel_id, month * 1000000 + number FROM had")
    made = db.execute(
        "INSERT INTO deliveries (channel_id, paper, state, late) SELECT DISTINCT p.channel_id, e.paper, 1, e.late"
        " FROM entries e JOIN posts p ON p.id = e.post_id WHERE e.owed = 1 AND p.state <> 'dead'"
        " AND NOT EXISTS (SELECT 1 FROM given g WHERE g.channel_id = p.channel_id AND g.paper = e.paper)"
        " ON CONFLICT (channel_id, paper) DO UPDATE SET state = 1 WHERE state = 0"
    ).rowcount
    db.execute("DROP TABLE given")
    if made > 0:
        notes.append(f"{count(made, 'delivery', 'deliveries')} made again from the posts that show them.")
    (unknown,) = db.execute(
        "SELECT count(*) FROM deliveries d WHERE d.state = 1 AND NOT EXISTS (SELECT 1 FROM entries e"
        " JOIN posts p ON p.id = e.post_id AND p.channel_id = d.channel_id WHERE e.paper = d.paper)"
    ).fetchone()
    if unknown:
        was = "was in a post that is" if unknown == 1 else "were in posts that are"
        notes.append(f"{count(unknown, 'delivery', 'deliveries')} {was} lost; nothing of that is sent again.")


def _papers(db: sqlite_utils.Database, tables: Collection[str], notes: list[str], now: datetime) -> None:
    """A paper that is referred to must be there; its number says which it is."""
    referring = ("deliveries", "entries", "saves", "dismissals", "followed", "brought")
    for table in referring:
        if table in tables:
            db.execute(f"INSERT OR IGNORE INTO kept (paper) SELECT paper FROM {table}")  # noqa: S608  named above
    lost = db.execute(
        "SELECT k.paper FROM kept k WHERE NOT EXISTS (SELECT 1 FROM papers p WHERE p.ordinal = k.paper)"
    ).fetchall()
    made = 0
    for (number,) in lost:
        paper_id = id_of(number)
        if paper_id is None:
            continue
        made += 1
        db.execute(
            "INSERT INTO papers (ordinal, id, version, announced, recorded, published, updated, categories, authors,"
            " title, abstract) VALUES (?, ?, 1, NULL, 0, ?, ?, '[]', '[]', ?, '')",
            (number, paper_id, _LONG_AGO, _LONG_AGO, _GONE),
        )
        db.execute(
            "INSERT OR IGNORE INTO missing (id, announced, first_missed, last_asked, asked, poll)"
            " VALUES (?, NULL, ?, ?, 0, 0)",
            (paper_id, moment_column(now), moment_column(now - timedelta(days=1))),
        )
    if made:
        notes.append(f"{count(made, 'paper')} that somebody was sent or saved will be fetched again.")


def id_of(number: int) -> str | None:
    """The arXiv id whose ordinal this is; None when there is no such id."""
    when, rest = divmod(number, 1_000_000)
    year_and_month = f"{when % 10_000:04}"
    if when >= _FIRST_NEW:
        candidate = f"{year_and_month}.{rest:0{5 if when >= _FIVE_DIGITS else 4}}"
    else:
        archive, rest = divmod(rest, 1_000)
        if archive >= len(OLD_ARCHIVES):
            return None
        candidate = f"{OLD_ARCHIVES[archive]}/{year_and_month}{rest:03}"
    try:
        return candidate if ordinal(candidate) == number else None
    except CommandError:
        return None


def _threads(db: sqlite_utils.Database) -> None:
    """A post whose thread is lost: sent, it stands somewhere; else it has no place any more."""
    gone = "thread_of IS NOT NULL AND thread_of NOT IN (SELECT id FROM posts)"
    db.execute(f"UPDATE posts SET state = 'dead' WHERE state NOT IN ('sent', 'dead') AND {gone}")  # noqa: S608
    db.execute(f"UPDATE posts SET thread_of = NULL WHERE {gone}")  # noqa: S608


def _drop_hanging(db: sqlite_utils.Database) -> None:
    """Take out what refers to something that is lost, until nothing does."""
    tables = [str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    references = {
        table: db.execute("SELECT [from], [table], [to] FROM pragma_foreign_key_list(?)", (table,)).fetchall()
        for table in tables
    }
    dropped = True
    while dropped:
        dropped = False
        for table, columns in references.items():
            for column, other, key in columns:
                cursor = db.execute(
                    f"DELETE FROM [{table}] WHERE [{column}] IS NOT NULL"  # noqa: S608  names of our own schema
                    f" AND [{column}] NOT IN (SELECT [{key or 'rowid'}] FROM [{other}])"
                )
                dropped = dropped or cursor.rowcount > 0


def _numbers(db: sqlite_utils.Database) -> None:
    """Counters and sums."""
    db.execute(
        "UPDATE queries SET watches ="
        " (SELECT count(*) FROM watches w WHERE w.query_id = queries.id AND w.ended_at IS NULL)"
    )
    columns = {name for (name,) in db.execute("SELECT name FROM pragma_table_info('days')")}
    imported = ", imported" if "imported" in columns else ""
    summed = ", sum(imported)" if imported else ""
    db.execute(
        f"INSERT INTO days (day, papers, recorded, lowest, highest{imported})"  # noqa: S608  one of two words above
        f" SELECT coalesce(announced, ''), count(*), sum(recorded), min(ordinal), max(ordinal){summed}"
        " FROM papers GROUP BY coalesce(announced, '')"
    )
    db.execute("UPDATE channels SET receipted = min(receipted, (SELECT coalesce(max(id), 0) FROM polls))")
