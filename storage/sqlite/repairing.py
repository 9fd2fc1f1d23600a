"""What can be read of a damaged store, as a new one.

The damaged file is only read (``pages``). The new file is made by the migrations that the damaged one has had, and each
row that can be read and makes sense (types, dates, references) is put into it. Then what can be made again from other
rows is: counters, listing days, the full-text index, queries from what their watchers typed, deliveries from the posts
that show them. A paper of which only its number is left gets a row that says so and is asked for again like any number
that the source did not answer for.

The report says for each table how many rows were kept and how many were lost; that number comes from the table's
indexes and is unknown where none of them is whole. A delivery is never taken for "not posted yet" on account of a loss.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import sqlite_utils

from bot.errors import StoreError, StoreNewerError
from storage.sqlite import migrations, piecing
from storage.sqlite.columns import Columns, columns_of
from storage.sqlite.faults import translated
from storage.sqlite.pages import PageError, Pages, Row, Tree

MADE_AGAIN = frozenset({"days", "_sqlite_migrations", "sqlite_sequence"})
"""Tables that follow from others, besides those of the full-text index."""

_BATCH = 5_000


@dataclass(slots=True)
class Saved:
    """What became of a table: rows ``kept``, and ``lost``, None where nobody can know how many."""

    table: str
    kept: int = 0
    lost: int | None = 0


@dataclass(slots=True)
class Report:
    """``tables`` by name; ``notes`` are sentences; ``log_lost``: what was written last stood in a log that cannot be
    read."""

    tables: dict[str, Saved] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    log_lost: bool = False

    @property
    def complete(self) -> bool:
        """Whether nothing was lost."""
        return not self.log_lost and all(saved.lost == 0 for saved in self.tables.values())


@dataclass(slots=True)
class _Place:
    """Where a table and its indexes are in the damaged file."""

    root: int = 0
    indexes: list[int] = field(default_factory=list)


def rescue(damaged: Path, made: Path, now: datetime) -> Report:
    """Fill the empty file ``made`` with what can be read of ``damaged``, which nobody has open. Blocks.

    Raises StoreNewerError, StoreError when there is nothing that could be read.
    """
    report = Report()
    with translated(damaged), damaged.open("rb") as file:
        try:
            pages = _pages(file, damaged, report)
            places, steps, whole = _catalogue(pages)
        except PageError as error:
            raise _nothing(damaged, str(error)) from error
        if set(steps) - set(migrations.STEPS):
            raise StoreNewerError(
                f"The database {damaged} was written by a later version of paperroute.",
                path=str(damaged),
                hint="Install that version again.",
            )
        with translated(made), closing(sqlite3.connect(made, isolation_level=None)) as connection:
            db = sqlite_utils.Database(connection, execute_plugins=False)
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            last = max(steps, default=migrations.STEPS[-1])
            migrations.MIGRATIONS.apply(db, stop_before=migrations.STEPS[migrations.STEPS.index(last) + 1 :][:1])
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            with db.atomic():
                _fill(db, pages, places, report, whole=whole)
                if not any(saved.kept for saved in report.tables.values()):
                    raise _nothing(damaged, "none of its tables was found")
                piecing.together(db, report.notes, now, state_damaged=report.tables["state"].lost != 0)
            for saved in report.tables.values():
                kept = piecing.count_kept(db, saved.table)
                if saved.lost is not None:
                    # What had to go since what it refers to is lost, or came back from elsewhere.
                    saved.lost = max(0, saved.lost + saved.kept - kept)
                saved.kept = kept
    return report


def _nothing(damaged: Path, why: str) -> StoreError:
    return StoreError(
        f"Nothing of the database {damaged} can be read: {why}.",
        path=str(damaged),
        hint="`paperroute restore` puts a backup in its place.",
    )


def _pages(file: BinaryIO, damaged: Path, report: Report) -> Pages:
    log = damaged.with_name(damaged.name + "-wal")
    try:
        return Pages(file, log)
    except PageError:
        if not log.exists():
            raise
    report.log_lost = True
    return Pages(file, None)


def _catalogue(pages: Pages) -> tuple[dict[str, _Place], list[str], bool]:
    """Where everything is, which migrations the file has had, and whether both are known for certain."""
    places: dict[str, _Place] = {}
    tree = Tree(1)
    for rows in pages.rows(tree):
        for _, values in rows:
            match values:
                case ["table", str(), str(table), int(root), str()] if root:
                    places.setdefault(table, _Place()).root = root
                case ["index", str(), str(table), int(root), sql] if not (isinstance(sql, str) and " WHERE " in sql):
                    places.setdefault(table, _Place()).indexes.append(root)
                case _:
                    continue
    steps: list[str] = []
    if noted := places.get("_sqlite_migrations"):
        for rows in pages.rows(Tree(noted.root)):
            steps += [name for _, values in rows for name in values if isinstance(name, str) and name[:4].isdigit()]
    return places, [step for step in steps if len(step) == 4], not tree.damaged


def _fill(db: sqlite_utils.Database, pages: Pages, places: dict[str, _Place], report: Report, *, whole: bool) -> None:
    """Put every row into its table."""
    damaged: dict[str, Columns] = {}
    tables = [
        str(name)
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid").fetchall()
        if name not in MADE_AGAIN and not name.startswith(("full_text", "sqlite_"))
    ]
    for table in tables:
        columns = columns_of(db, table)
        saved = report.tables[table] = Saved(table)
        place = places.get(table)
        if place is None or not place.root:
            if not whole:
                saved.lost = None
                damaged[table] = columns
            continue
        tree = Tree(place.root)
        for rows in pages.rows(tree):
            saved.kept += _put(db, columns, rows)
        expected = _expected(pages, place)
        if tree.damaged:
            damaged[table] = columns
            saved.lost = None if expected is None else max(0, expected - saved.kept)
        else:
            saved.lost = max(tree.rows, expected or 0) - saved.kept
    _adopt(db, pages, damaged, report)


def _expected(pages: Pages, place: _Place) -> int | None:
    """How many rows a table had, by an index of all its rows that is whole."""
    numbers = []
    for root in place.indexes:
        tree = Tree(root)
        for _ in pages.rows(tree):
            pass
        if not tree.damaged:
            numbers.append(tree.rows)
    return max(numbers, default=None)


def _adopt(db: sqlite_utils.Database, pages: Pages, damaged: dict[str, Columns], report: Report) -> None:
    """Give pages to which the way is lost to the one damaged table that all of their rows fit."""
    if not damaged:
        return
    for index, rows in pages.orphans():
        fitting = [
            table
            for table, columns in damaged.items()
            if columns.without_rowid == index and all(columns.fitted(row) is not None for row in rows)
        ]
        if len(fitting) == 1:
            saved = report.tables[fitting[0]]
            kept = _put(db, damaged[fitting[0]], rows)
            saved.kept += kept
            if saved.lost is not None:
                saved.lost = max(0, saved.lost - kept)


def _put(db: sqlite_utils.Database, columns: Columns, rows: Iterable[Row]) -> int:
    """Insert the rows that make sense and are not there yet; returns how many."""
    fitted = [values for row in rows if (values := columns.fitted(row)) is not None]
    before = db.conn.total_changes
    for start in range(0, len(fitted), _BATCH):
        db.conn.executemany(columns.insert, fitted[start : start + _BATCH])
    return db.conn.total_changes - before
