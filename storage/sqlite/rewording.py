"""Makes again what was made by an earlier normaliser or compiler: the full-text index and the compiled queries.

``bot.text.NORMALIZER_VERSION`` rises when any text gets other words than before. The index then holds words that
nobody asks for any more, so it is emptied and filled in slices, each a transaction; a start that is interrupted goes on
where it was. It happens before the store is in use: about three minutes for a million papers, once an upgrade.
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


def reword(db: sqlite_utils.Database, words: int = NORMALIZER_VERSION, programs: int = COMPILER_VERSION) -> None:
    """Bring the index and the compiled queries to the present normaliser and compiler, where they are not."""
    if state.get(db, _INDEX) != str(words):
        _make_index(db, str(words))
    if state.get(db, _PROGRAMS) != f"{words}.{programs}":
        with db.atomic():
            _recompile(db)
            state.put(db, _PROGRAMS, f"{words}.{programs}")


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


def _recompile(db: sqlite_utils.Database) -> None:
    for number, canonical in db.execute("SELECT id, canonical FROM queries").fetchall():
        try:
            query = Query.parse(canonical)
        except QueryError as error:
            logger.warning("The watched query `%s` cannot be read any more and finds nothing: %s", canonical, error)
            db.execute("UPDATE queries SET compiled = x'' WHERE id = ?", (number,))
            continue
        db.execute("UPDATE queries SET compiled = ? WHERE id = ?", (query.compiled, number))
        # Its spelling may be another now, unless another query has that one already.
        db.execute("UPDATE OR IGNORE queries SET canonical = ? WHERE id = ?", (query.canonical, number))
