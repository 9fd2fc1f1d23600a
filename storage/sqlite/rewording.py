"""Makes again what was made by an earlier normaliser or compiler: the full-text index and the compiled queries.

``bot.text.NORMALIZER_VERSION`` rises when any text gets other words than before, ``bot.query_compiler.VERSION`` when
any query gets another compiled form. The index then holds words that nobody asks for any more, so it is emptied and
filled; queries are read and compiled again from their canonical forms. Both are done in slices, each a transaction; a
start that is interrupted goes on where it was.

It happens in the store's own thread, before the store is in use, once an upgrade: about three minutes for a million
papers, and half a minute for 300,000 queries.
"""

from __future__ import annotations

import logging

import sqlite_utils

from bot.errors import QueryError
from bot.query import Query
from bot.query_compiler import VERSION as COMPILER_VERSION
from bot.text import NORMALIZER_VERSION
from storage.sqlite import full_text, state
from storage.sqlite.values import ORDINAL, to_paper

logger = logging.getLogger(__name__)

SLICE = 2_000

_INDEX = "index made with words"
_UNDER_WAY = "index being made with words"
_REACHED = "index made up to"
_PROGRAMS = "queries compiled with"
_COMPILING = "queries being compiled with"
_COMPILED = "queries compiled up to"


def reword(db: sqlite_utils.Database, words: int = NORMALIZER_VERSION, programs: int = COMPILER_VERSION) -> None:
    """Bring the index and the compiled queries to the present normaliser and compiler, where they are not."""
    if state.get(db, _INDEX) != str(words):
        _make_index(db, str(words))
    if state.get(db, _PROGRAMS) != f"{words}.{programs}":
        _compile(db, f"{words}.{programs}")


def forget(db: sqlite_utils.Database) -> None:
    """Let the next ``reword`` make everything again."""
    for name in (_INDEX, _UNDER_WAY, _REACHED, _PROGRAMS):
        if state.get(db, name) is not None:
            state.put(db, name, "")


def _make_index(db: sqlite_utils.Database, words: str) -> None:
    if db.execute("SELECT 1 FROM papers LIMIT 1").fetchone() is not None:
        logger.info("Making the full-text index again for this version; this happens once.")
    with db.atomic():
        if state.get(db, _UNDER_WAY) != words:
            full_text.clear(db)
            state.put(db, _UNDER_WAY, words)
            state.put(db, _REACHED, "0")
    while _next_slice(db):
        pass
    with db.atomic():
        state.put(db, _INDEX, words)
        state.put(db, _UNDER_WAY, "")


def _next_slice(db: sqlite_utils.Database) -> bool:
    """Index some more papers; False when there are no more."""
    with db.atomic():
        rows = db.execute(
            "SELECT * FROM papers WHERE ordinal > ? ORDER BY ordinal LIMIT ?",
            (int(state.get(db, _REACHED) or 0), SLICE),
        ).fetchall()
        full_text.add(db, ((row[ORDINAL], to_paper(row)) for row in rows))
        if rows:
            state.put(db, _REACHED, str(rows[-1][ORDINAL]))
    return bool(rows)


def _compile(db: sqlite_utils.Database, version: str) -> None:
    if db.execute("SELECT 1 FROM queries LIMIT 1").fetchone() is not None:
        logger.info("Compiling the watched queries again for this version; this happens once.")
    with db.atomic():
        if state.get(db, _COMPILING) != version:
            state.put(db, _COMPILING, version)
            state.put(db, _COMPILED, "0")
    while _compile_slice(db):
        pass
    with db.atomic():
        state.put(db, _PROGRAMS, version)
        state.put(db, _COMPILING, "")


def _compile_slice(db: sqlite_utils.Database) -> bool:
    """Compile some more queries; False when there are no more."""
    with db.atomic():
        rows = db.execute(
            "SELECT id, canonical FROM queries WHERE id > ? ORDER BY id LIMIT ?",
            (int(state.get(db, _COMPILED) or 0), SLICE),
        ).fetchall()
        for number, canonical in rows:
            _compile_one(db, number, canonical)
        if rows:
            state.put(db, _COMPILED, str(rows[-1][0]))
    return bool(rows)


def _compile_one(db: sqlite_utils.Database, number: int, canonical: str) -> None:
    try:
        query = Query.parse(canonical)
    except QueryError as error:
        logger.warning("The watched query `%s` cannot be read any more and finds nothing: %s", canonical, error)
        db.execute("UPDATE queries SET compiled = x'' WHERE id = ?", (number,))
        return
    db.execute("UPDATE queries SET compiled = ? WHERE id = ?", (query.compiled, number))
    if query.canonical != canonical:
        # Its spelling is another now, unless another query has that one already.
        db.execute("UPDATE OR IGNORE queries SET canonical = ? WHERE id = ?", (query.canonical, number))
