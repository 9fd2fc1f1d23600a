"""A store with very many papers, written straight into its tables, the full-text index included."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import sqlite_utils

from adapters.arxiv.state import Position
from benchmarks.material import listed
from benchmarks.straight import straight
from bot.models import Paper
from bot.paper_id import ordinal
from storage.sqlite import days, full_text, papers, state
from storage.sqlite.days import Origin
from storage.sqlite.papers import Stored

AT_ONCE = 20_000

Words = dict[str, tuple[str, ...]]
"""What the full-text index has of a paper, by its abstract: texts repeat."""


def archive(path: Path, wanted: int, last_day: date) -> None:
    """Write so many papers (see ``benchmarks.material.papers``) into the store at ``path``, whose archive is empty.

    They have been read from the id sequence, and the store's cursor says so.
    """
    made = listed(wanted, last_day)
    known: Words = {}
    with straight(path) as connection:
        db = sqlite_utils.Database(connection)
        full_text.gather(db)
        while part := list(itertools.islice(made, AT_ONCE)):
            _write(db, part, known)
            month, _, number = part[-1].id.partition(".")
        full_text.settle(db)
        state.put(db, "cursor", Position({month: int(number)}).cursor().state)
        state.put(db, "backfilling", "0")


def _write(db: sqlite_utils.Database, part: Sequence[Paper], known: Words) -> None:
    """As ``papers.write`` does, except that no text is taken to words twice."""
    known.update({paper.abstract: full_text._row(0, paper)[1:] for paper in part if paper.abstract not in known})
    stored = [Stored(ordinal(paper.id), paper, Origin(recorded=True, imported=False)) for paper in part]
    rows = [papers._row(each) for each in stored]
    db.conn.executemany(papers._PUT, rows)
    db.conn.executemany(
        "INSERT INTO versions (paper, version, updated) VALUES (?, 1, ?)",
        ((row[0], row[papers._UPDATED]) for row in rows),
    )
    categories = {category for paper in part for category in paper.categories}
    db.conn.executemany("INSERT OR IGNORE INTO categories (name) VALUES (?)", zip(categories, strict=True))
    db.conn.executemany(full_text._ADD, ((each.number, *known[each.paper.abstract]) for each in stored))
    days.count_in(db, ((each.number, each.paper.announced, each.origin) for each in stored))
