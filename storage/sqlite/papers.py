"""The archive: papers and their versions, search and back-tests, pruning."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import islice

import sqlite_utils

from bot.errors import CommandError
from bot.models import ArchiveSpan, BackTest, Paper
from bot.paper_caches import dict_for_a_round, empty_caches
from bot.paper_id import ordinal
from bot.query import Query
from storage.sqlite import days, full_text
from storage.sqlite.database import Database
from storage.sqlite.days import Origin
from storage.sqlite.values import (
    ORDINAL,
    RECORDED,
    count,
    day_column,
    json_list,
    list_column,
    moment_column,
    text_column,
    to_paper,
)

_PUT = """
    INSERT INTO papers (ordinal, id, version, announced, recorded, imported, published, updated, categories, authors,
                        title, abstract, comment, doi, journal_ref)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (ordinal) DO UPDATE SET
        version = excluded.version, announced = excluded.announced, recorded = excluded.recorded,
        imported = excluded.imported, published = excluded.published, updated = excluded.updated,
        categories = excluded.categories, authors = excluded.authors, title = excluded.title,
        abstract = excluded.abstract, comment = excluded.comment, doi = excluded.doi,
        journal_ref = excluded.journal_ref
"""


_UPDATED = 7  # its place there


def put(db: sqlite_utils.Database, papers: Sequence[Paper], *, recorded: bool) -> int:
    """Store papers that are new or not older than what is stored; returns how many were new or changed.

    Having been read from the id sequence (``recorded``) stays with a paper, and so does a listing day once it has one.
    The day that the sequence gives takes the place of one that was guessed for a paper brought in before: a watch goes
    by it.
    """
    latest = newest(papers)
    stored = stored_among(db, list(latest))
    changed: list[Stored] = []
    for number, paper in latest.items():
        if number not in stored:
            changed.append(Stored(number, paper, Origin(recorded, imported=False)))
            continue
        old, origin = stored[number].paper, stored[number].origin
        first, second = (paper, old) if recorded and not origin.recorded else (old, paper)
        day = first.announced or second.announced
        new = replace(paper if paper.version >= old.version else old, announced=day)
        if new != old or (recorded and not origin.recorded):
            changed.append(Stored(number, new, replace(origin, recorded=recorded or origin.recorded)))
    write(db, changed, [stored[each.number] for each in changed if each.number in stored])
    return len(changed)


@dataclass(frozen=True, slots=True)
class Stored:
    """A paper with its ordinal and how it came into the archive."""

    number: int
    paper: Paper
    origin: Origin


def newest(papers: Sequence[Paper]) -> dict[int, Paper]:
    """The papers by ordinal, as the store can hold them; of one that comes twice the newest version, or the last."""
    latest: dict[int, Paper] = {}
    for paper in papers:
        number = ordinal(paper.id)
        if number not in latest or latest[number].version <= paper.version:
            latest[number] = _clean(paper)
    return latest


def stored_among(db: sqlite_utils.Database, numbers: Sequence[int]) -> dict[int, Stored]:
    """Those of the papers that the archive has."""
    rows = db.execute(
        "SELECT p.imported, p.* FROM json_each(?) wanted CROSS JOIN papers p ON p.ordinal = wanted.value",
        (json.dumps(numbers),),
    )
    found = (Stored(row[1 + ORDINAL], to_paper(row[1:]), Origin(bool(row[1 + RECORDED]), bool(row[0]))) for row in rows)
    return {each.number: each for each in found}


def write(db: sqlite_utils.Database, changed: Sequence[Stored], replaced: Sequence[Stored]) -> None:
    """Store papers as they are now, those ``replaced`` in place of what they were."""
    empty_caches()
    full_text.remove(db, ((old.number, old.paper) for old in replaced))
    days.count_out(db, ((old.paper.announced, old.origin) for old in replaced))
    rows = [_row(new) for new in changed]
    db.conn.executemany(_PUT, rows)
    db.conn.executemany(
        "INSERT OR IGNORE INTO versions (paper, version, updated) VALUES (?, ?, ?)",
        [(row[0], row[2], row[_UPDATED]) for row in rows],
    )
    full_text.add(db, ((new.number, new.paper) for new in changed))
    categories = {category for new in changed for category in new.paper.categories}
    db.conn.executemany("INSERT OR IGNORE INTO categories (name) VALUES (?)", zip(categories, strict=True))
    days.count_in(db, ((new.number, new.paper.announced, new.origin) for new in changed))


def by_ordinal(db: sqlite_utils.Database, number: int) -> Paper | None:
    """The paper of that number."""
    row = db.execute("SELECT * FROM papers WHERE ordinal = ?", (number,)).fetchone()
    return None if row is None else to_paper(row)


# The papers of a day are owed to channel after channel.
_several: dict[tuple[sqlite_utils.Database, int], Paper] = dict_for_a_round()
_MOST_KEPT = 2_000


def several(db: sqlite_utils.Database, numbers: Collection[int]) -> dict[int, Paper]:
    """The papers of these numbers."""
    # Another thread may empty the dict at any moment: what was found there once is not looked for again.
    found = {number: paper for number in numbers if (paper := _several.get((db, number))) is not None}
    unknown = [number for number in numbers if number not in found]
    rows = db.execute(
        "SELECT p.* FROM json_each(?) n CROSS JOIN papers p ON p.ordinal = n.value", (json_list(unknown),)
    )
    read = {row[ORDINAL]: to_paper(row) for row in rows}
    _several.update({(db, number): paper for number, paper in read.items()})
    if len(_several) > _MOST_KEPT:
        _several.clear()
    return found | read


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


def _clean(paper: Paper) -> Paper:
    """The paper as SQLite can hold it, so that what is compared and indexed is what is stored."""
    texts = (paper.title, paper.abstract, paper.comment or "", paper.doi or "", paper.journal_ref or "")
    if "".join((*texts, *paper.authors, *paper.categories)).isascii():
        return paper
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


def _row(stored: Stored) -> tuple[object, ...]:
    paper = stored.paper
    published = moment_column(paper.published)
    return (
        stored.number,
        paper.id,
        paper.version,
        day_column(paper.announced),
        stored.origin.recorded,
        stored.origin.imported,
        published,
        published if paper.updated is paper.published else moment_column(paper.updated),
        _categories_column(paper.categories),
        list_column(paper.authors),
        paper.title,
        paper.abstract,
        paper.comment,
        paper.doi,
        paper.journal_ref,
    )


_categories_column = lru_cache(maxsize=4_096)(list_column)


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
    start, number = days.covered(db, archive.first if since is None else max(since, archive.first), archive.last)
    found = full_text.count_hits(db, query.root, days.span(db, start, archive.last))
    return BackTest(found, start, archive.last, number)


def prune(db: sqlite_utils.Database, announced_before: date, limit: int) -> int:
    rows = db.execute(
        "SELECT * FROM papers p WHERE p.announced < ? AND p.imported = 0"
        " AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.paper = p.ordinal)"
        " AND NOT EXISTS (SELECT 1 FROM fan_out f WHERE f.paper = p.ordinal) ORDER BY p.announced LIMIT ?",
        (day_column(announced_before), count(limit)),
    ).fetchall()
    gone = [Stored(int(row[ORDINAL]), to_paper(row), Origin(bool(row[RECORDED]), imported=False)) for row in rows]
    full_text.remove(db, ((old.number, old.paper) for old in gone))
    days.count_out(db, ((old.paper.announced, old.origin) for old in gone))
    db.conn.executemany("DELETE FROM papers WHERE ordinal = ?", ((old.number,) for old in gone))
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
        return await self._database.write(lambda db: prune(db, announced_before, limit), apart=True)
