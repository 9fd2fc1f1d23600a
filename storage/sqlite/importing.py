"""Bulk import: papers into the archive by the thousand, each step with a bookmark of how far the file was read.

A step is one transaction, so after a kill the bookmark says exactly what is stored. What the archive has already is
kept, whether it came from arXiv's API or from an earlier import: a newer version replaces it, the same version gives it
what it lacks (comment, DOI, journal reference, listing day). Imported papers are history: they are never owed to a
channel, unless the id sequence comes to them later, and never pruned.

While an import is under way the full-text index collects more before it writes and merges nothing, which costs a third
less; housekeeping merges it later. The first start of anything else sets that right again, if the import was killed
(``full_text.settle``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import sqlite_utils

from bot.models import Imported, Paper
from storage.sqlite import full_text, papers, state
from storage.sqlite.database import Database
from storage.sqlite.days import Origin
from storage.sqlite.papers import Stored

_IMPORTED = Origin(recorded=False, imported=True)
_BOOKMARK = "bookmark of import "


def put(db: sqlite_utils.Database, batch: Sequence[Paper]) -> Imported:
    """Store imported papers; returns how many were new and how many took the place of an older version."""
    latest = papers.newest(batch)
    stored = papers.stored_among(db, list(latest))
    # In the order of their numbers, or the full-text index would have to write at each step back.
    changed = [_merged(number, latest[number], stored.get(number)) for number in sorted(latest)]
    replaced = [stored[each.number] for each in changed if each.number in stored and each != stored[each.number]]
    gone = {old.number for old in replaced}
    written = [each for each in changed if each.number in gone or each.number not in stored]
    papers.write(db, written, replaced)
    newer = sum(old.paper.version < latest[old.number].version for old in replaced)
    return Imported(new=len(written) - len(replaced), newer=newer)


def _merged(number: int, paper: Paper, stored: Stored | None) -> Stored:
    """An imported paper and what the archive has of it, as one."""
    if stored is None:
        return Stored(number, paper, _IMPORTED)
    old, origin = stored.paper, replace(stored.origin, imported=True)
    announced = old.announced or paper.announced
    if paper.version > old.version:
        return Stored(number, replace(paper, announced=announced), origin)
    if paper.version < old.version:
        return Stored(number, replace(old, announced=announced), origin)
    kept = replace(
        old,
        announced=announced,
        comment=old.comment or paper.comment,
        doi=old.doi or paper.doi,
        journal_ref=old.journal_ref or paper.journal_ref,
    )
    return Stored(number, kept, origin)


class Imports:
    """``bot.ports.ImportStore``."""

    _database: Database

    async def begin_import(self, name: str) -> str:
        def begin(db: sqlite_utils.Database) -> str:
            full_text.gather(db)
            return state.get(db, _BOOKMARK + name) or ""

        return await self._database.write(begin)

    async def import_papers(
        self, name: str, parts: Iterable[Sequence[Paper]], bookmark: Callable[[Imported], str]
    ) -> Imported:
        def step(db: sqlite_utils.Database) -> Imported:
            new = newer = 0
            for part in parts:
                stored = put(db, part)
                new += stored.new
                newer += stored.newer
            brought = Imported(new, newer)
            state.put(db, _BOOKMARK + name, bookmark(brought))
            return brought

        return await self._database.write(step, apart=True)

    async def end_import(self, name: str, *, complete: bool) -> None:
        def end(db: sqlite_utils.Database) -> None:
            full_text.settle(db)
            if complete:
                state.drop(db, _BOOKMARK + name)

        await self._database.write(end)
