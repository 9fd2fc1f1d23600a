"""The archive: papers and their versions, search and back-tests, pruning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import islice

import sqlite_utils

from bot.errors import CommandError
from bot.models import ArchiveSpan, BackTest, Paper
from bot.paper_id import ordinal
from bot.query import Query
from storage.sqlite import days, full_text
from storage.sqlite.database import Database
from storage.sqlite.values import (
    ORDINAL,
    RECORDED,
    count,
    day_column,
    list_column,
    moment_column,
    text_column,
    to_paper,
)

_PUT = """
    INSERT INTO papers (ordinal, id, version, announced, recorded, published, updated, categories, authors, title,
                        abstract, comment, doi, journal_ref)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (ordinal) DO UPDATE SET
        version = excluded.version, announced = excluded.announced, recorded = excluded.recorded,
        published = excluded.published, updated = excluded.updated, categories = excluded.categories,
        authors = excluded.authors, title = excluded.title, abstract = excluded.abstract,
        comment = excluded.comment, doi = excluded.doi, journal_ref = excluded.journal_ref
"""


def put(db: sqlite_utils.Database, papers: Sequence[Paper], *, recorded: bool) -> int:
    """Store papers that are new or not older than what is stored; returns how many were new or changed.

    Having been read from the id sequence (``recorded``) stays with a paper, and so does a listing day once it has one.
    The day that the sequence gives takes the place of one that was guessed for a paper brought in before: a watch goes
    by it.
    """
    latest: dict[int, Paper] = {}
    for paper in papers:
        number = ordinal(paper.id)
        if number not in latest or latest[number].version <= paper.version:
            latest[number] = _clean(paper)
    stored = _stored(db, list(latest))
    changed: list[tuple[int, Paper, bool]] = []
    for number, paper in latest.items():
        if number not in stored:
            changed.append((number, paper, recorded))
            continue
        old, was_recorded = stored[number]
        first, second = (paper, old) if recorded and not was_recorded else (old, paper)
        day = first.announced or second.announced
        new = replace(paper if paper.version >= old.version else old, announced=day)
        if new != old or (recorded and not was_recorded):
            changed.append((number, new, recorded or was_recorded))
    replaced = [(number, stored[number]) for number, _, _ in changed if number in stored]
    full_text.remove(db, ((number, old) for number, (old, _) in replaced))
    days.count_out(db, ((old.announced, was_recorded) for _, (old, was_recorded) in replaced))
    db.conn.executemany(_PUT, (_row(*change) for change in changed))
    db.conn.executemany(
        "INSERT OR IGNORE INTO versions (paper, version, updated) VALUES (?, ?, ?)",
        ((number, paper.version, moment_column(paper.updated)) for number, paper, _ in changed),
    )
    full_text.add(db, ((number, paper) for number, paper, _ in changed))
    days.count_in(db, ((number, paper.announced, known) for number, paper, known in changed))
    return len(changed)


def by_ordinal(db: sqlite_utils.Database, number: int) -> Paper | None:
    """The paper of that number."""
    row = db.execute("SELECT * FROM papers WHERE ordinal = ?", (number,)).fetchone()
    return None if row is None else to_paper(row)


def find(db: sqlite_utils.Database, paper_id: str) -> tuple[int, Paper] | None:
    """A paper with its number; None if it is not in the archive or its id is none."""
    try:
        number = ordinal(paper_id)
    except CommandError:
        return None
    paper = by_ordinal(db, number)
    return None if paper is None else (number, paper)


def keep(db: sqlite_utils.Database, papers: Sequence[int]) -> None:
    """Never prune these."""
    db.conn.executemany("INSERT OR IGNORE INTO kept (paper) VALUES (?)", ((paper,) for paper in papers))


def _stored(db: sqlite_utils.Database, numbers: list[int]) -> dict[int, tuple[Paper, bool]]:
    found: dict[int, tuple[Paper, bool]] = {}
    for number in numbers:
        row = db.execute("SELECT * FROM papers WHERE ordinal = ?", (number,)).fetchone()
        if row is not None:
            found[number] = (to_paper(row), bool(row[RECORDED]))
    return found


def _clean(paper: Paper) -> Paper:
    """The paper as SQLite can hold it, so that what is compared and indexed is what is stored."""
    return replace(
        paper,
        title=text_column(paper.title),
        abstract=text_column(paper.abstract),
        authors=tuple(map(text_column, paper.authors)),
        categories=tuple(map(text_column, paper.categories)),
        comment=None if paper.comment is None else text_column(paper.comment),
        doi=None if paper.doi is None else text_column(paper.doi),
        journal_ref=None if paper.journal_ref is None else text_column(paper.journal_ref),
    )


def _row(number: int, paper: Paper, recorded: bool) -> tuple[object, ...]:
    return (
        number,
        paper.id,
        paper.version,
        day_column(paper.announced),
        int(recorded),
        moment_column(paper.published),
        moment_column(paper.updated),
        list_column(paper.categories),
        list_column(paper.authors),
        paper.title,
        paper.abstract,
        paper.comment,
        paper.doi,
        paper.journal_ref,
    )


def search(
    db: sqlite_utils.Database, query: Query, *, limit: int, offset: int, since: date | None, until: date | None
) -> list[Paper]:
    start = count(offset)
    numbers = list(islice(full_text.hits(db, query.root, days.span(db, since, until)), start, start + count(limit)))
    return [paper for number in numbers if (paper := by_ordinal(db, number)) is not None]


def back_test(db: sqlite_utils.Database, query: Query, since: date | None) -> BackTest:
    archive = days.archive_span(db)
    if archive.first is None or archive.last is None:
        return BackTest(0, None, None, 0)
    start = archive.first if since is None else max(since, archive.first)
    found = full_text.count_hits(db, query.root, days.span(db, start, archive.last))
    return BackTest(found, start, archive.last, days.days_between(db, start, archive.last))


def prune(db: sqlite_utils.Database, announced_before: date, limit: int) -> int:
    rows = db.execute(
        "SELECT * FROM papers p WHERE p.announced < ? AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.paper = p.ordinal)"
        " ORDER BY p.announced LIMIT ?",
        (day_column(announced_before), count(limit)),
    ).fetchall()
    gone = [(int(row[ORDINAL]), to_paper(row), bool(row[RECORDED])) for row in rows]
    full_text.remove(db, ((number, paper) for number, paper, _ in gone))
    days.count_out(db, ((paper.announced, recorded) for _, paper, recorded in gone))
    db.conn.executemany("DELETE FROM papers WHERE ordinal = ?", ((number,) for number, _, _ in gone))
    # What was read of them, and of papers that never came into the archive.
    db.execute(
        "DELETE FROM signals WHERE paper IN (SELECT s.paper FROM signals s WHERE s.read_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM papers p WHERE p.ordinal = s.paper) ORDER BY s.read_at LIMIT ?)",
        (day_column(announced_before), count(limit)),
    )
    return len(gone)


class Papers:
    """``bot.ports.PaperStore``."""

    _database: Database

    async def paper(self, paper_id: str) -> Paper | None:
        found = await self._database.read(lambda db: find(db, paper_id))
        return None if found is None else found[1]

    async def add_papers(self, papers: Sequence[Paper]) -> int:
        return await self._database.write(lambda db: put(db, papers, recorded=False))

    async def search(
        self, query: Query, *, limit: int, offset: int = 0, since: date | None = None, until: date | None = None
    ) -> list[Paper]:
        return await self._database.read(
            lambda db: search(db, query, limit=limit, offset=offset, since=since, until=until)
        )

    async def back_test(self, query: Query, *, since: date | None) -> BackTest:
        return await self._database.read(lambda db: back_test(db, query, since))

    async def archive_span(self) -> ArchiveSpan:
        return await self._database.read(days.archive_span)

    async def prune_papers(self, announced_before: date, limit: int) -> int:
        return await self._database.write(lambda db: prune(db, announced_before, limit))
