"""How far a source has been read, and what a step of reading brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from bot.models.papers import Paper


@dataclass(frozen=True, slots=True)
class Missing:
    """A number of the id sequence that could not be read yet. ``announced``: the listing day it belongs to."""

    id: str
    announced: date | None
    first_missed: datetime
    last_asked: datetime
    asked: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source has been read. ``state`` belongs to the source and is opaque to everybody else.

    ``backfilling``: the papers read so far are history for the archive; nothing of them is delivered yet.
    """

    state: str
    backfilling: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """One step of reading a source: recorded whole, with its cursor, or not at all; a fan-out then owes its papers.

    ``papers``: read for the first time, in id order. ``announced``: how many numbers of the sequence this step covers
    (papers of it plus newly missing ones). ``missing``: numbers below the top that gave no paper. ``late``: ids among
    ``papers`` that had been missing before. ``asked``: formerly missing ids asked again without success. ``dropped``:
    formerly missing ids given up. ``backfill``: history, not news.
    """

    papers: tuple[Paper, ...]
    cursor: Cursor
    announced: int = 0
    missing: tuple[Missing, ...] = ()
    late: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class FanOut:
    """Papers that were recorded and are on their way to all who want them. The matches of the queries up to the number
    ``reached`` are stored already."""

    papers: tuple[Paper, ...]
    reached: int = 0


@dataclass(frozen=True, slots=True)
class Owed:
    """What a step of a fan-out did: ``deliveries`` that are owed by it, ``instant`` channels that became due.
    ``finished``: it was the last one."""

    deliveries: int = 0
    instant: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill has come, in papers."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class ArchiveSpan:
    """What the archive holds: number of papers, first and last listing day (None when empty)."""

    papers: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What a step of a bulk import brought: papers new to the archive, and newer versions of papers it had."""

    new: int = 0
    newer: int = 0


@dataclass(frozen=True, slots=True)
class PollStatus:
    """The polls as a whole: the last success and, where the last try failed, when and why; numbers still missing."""

    last_success: datetime | None
    last_failure: datetime | None
    failure: str
    missing: int
    backfilling: bool
