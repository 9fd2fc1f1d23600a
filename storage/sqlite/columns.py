"""The columns of a table, and whether a row that was read from a damaged file makes sense in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlite_utils

from bot.errors import CommandError
from bot.paper_id import ordinal
from storage.sqlite.pages import BROKEN, Row, Value

_KINDS: dict[str, tuple[type, ...]] = {"INTEGER": (int,), "TEXT": (str,), "BLOB": (bytes,)}
_MOMENTS = frozenset(
    {"at", "made_at", "saved_at", "dismissed_at", "ended_at", "finished_at", "first_attempt", "not_before", "next_due"}
    | {"top_next_due", "ready_at", "last_posted", "published", "updated", "first_missed", "last_asked", "ends_at"}
    | {"begun_at", "read_at", "installed_at", "next_check"}
)
_DAYS = frozenset({"announced", "since", "day"})
_JSON = frozenset({"categories", "authors", "words", "queries", "keywords", "names", "receipt", "signal", "papers"})


@dataclass(frozen=True, slots=True)
class Column:
    """``key``: its place in the primary key, from 1; 0 for none."""

    name: str
    kind: str
    needed: bool
    has_default: bool
    key: int


@dataclass(frozen=True, slots=True)
class Columns:
    """A table's columns as ``stored`` (the key first in tables WITHOUT ROWID); ``insert`` takes a value for each."""

    table: str
    stored: tuple[Column, ...]
    without_rowid: bool
    insert: str
    defaults: tuple[Value, ...]

    def fitted(self, row: Row) -> list[Value] | None:
        """The row's values, with what later migrations added; None when it cannot be a row of this table."""
        rowid, values = row
        if len(values) > len(self.stored) or not values or (rowid is None) != self.without_rowid:
            return None
        fitted: list[Value] = []
        for place, column in enumerate(self.stored):
            if place >= len(values):
                # Columns that were added later are not in the rows that were there before.
                if column.needed and not column.has_default:
                    return None
                fitted.append(self.defaults[place])
                continue
            value = values[place]
            if column.key and not self.without_rowid and column.kind == "INTEGER" and value is None:
                value = rowid
            if not _makes_sense(column, value):
                return None
            fitted.append(value)
        return None if self.table == "papers" and not _is_paper(self.stored, fitted) else fitted


def columns_of(db: sqlite_utils.Database, table: str) -> Columns:
    """The columns of a table of the new file."""
    info = db.execute("SELECT name, type, [notnull], dflt_value, pk FROM pragma_table_info(?)", (table,)).fetchall()
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    without_rowid = "WITHOUT ROWID" in sql.upper()
    columns = [
        Column(name, kind.upper(), bool(need) or bool(key), dflt is not None, key)
        for name, kind, need, dflt, key in info
    ]
    defaults = {name: _default(dflt) for name, _, _, dflt, _ in info}
    if without_rowid:
        keys = sorted((column for column in columns if column.key), key=lambda column: column.key)
        columns = [*keys, *(column for column in columns if not column.key)]
    names = ", ".join(f"[{column.name}]" for column in columns)
    marks = ", ".join("?" * len(columns))
    insert = f"INSERT OR IGNORE INTO [{table}] ({names}) VALUES ({marks})"  # noqa: S608  names of our own schema
    return Columns(table, tuple(columns), without_rowid, insert, tuple(defaults[column.name] for column in columns))


def _default(written: str | None) -> Value:
    if written is None or written.upper() == "NULL":
        return None
    return written[1:-1] if written.startswith("'") else int(written)


def _makes_sense(column: Column, value: Value) -> bool:
    if value is None:
        return not column.needed
    if value is BROKEN or not isinstance(value, _KINDS.get(column.kind, (int, str, bytes))):
        return False
    if not isinstance(value, str) or (value == "" and column.name in _MOMENTS | _DAYS):
        return True
    try:
        if column.name in _MOMENTS:
            datetime.fromisoformat(value)
        elif column.name in _DAYS:
            date.fromisoformat(value)
        elif column.name in _JSON:
            return isinstance(json.loads(value), list)
    except ValueError:
        return False
    return True


def _is_paper(columns: Sequence[Column], values: Sequence[Value]) -> bool:
    """Whether number and id of a paper are one another's."""
    named = {column.name: value for column, value in zip(columns, values, strict=True)}
    try:
        return ordinal(str(named["id"])) == named["ordinal"]
    except CommandError:
        return False
