"""The archive: papers, what is known of them, and how far their sources have been read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.models import (
    ArchiveSpan,
    BackTest,
    Batch,
    ChannelRef,
    Cursor,
    FanOut,
    Imported,
    Missing,
    Owed,
    Paper,
    PaperText,
    PollStatus,
    Signal,
    Trending,
)
from bot.query import Query


class PaperStore(Protocol):
    """The archive. Raises StoreError."""

    async def paper(self, paper_id: str) -> Paper | None: ...

    async def add_papers(self, papers: Sequence[Paper]) -> int:
        """Put papers into the archive without delivering them (a shown or saved paper from outside the archive).

        A newer version replaces the stored one; an older one changes nothing. Returns how many were new or replaced.
        """
        ...

    async def search(
        self, query: Query, *, limit: int, offset: int = 0, since: date | None = None, until: date | None = None
    ) -> list[Paper]:
        """The papers that match, newest id first; by listing day, ``since`` and ``until`` included."""
        ...

    async def back_test(self, query: Query, *, since: date | None) -> BackTest:
        """How many papers of the archive match, counted from ``since`` (None: its beginning) to its last day."""
        ...

    async def archive_span(self) -> ArchiveSpan: ...

    async def texts(self, *, after: str = "", limit: int) -> list[PaperText]:
        """The texts of the papers that follow ``after`` in the order of ids; "" is before the first one."""
        ...

    async def texts_of(self, paper_ids: Sequence[str]) -> list[PaperText]:
        """The texts of those of these papers that the archive has."""
        ...

    async def prune_papers(self, announced_before: date, limit: int) -> int:
        """Remove at most ``limit`` papers that were never owed, posted or saved; returns how many went."""
        ...


class ImportStore(Protocol):
    """Bulk imports into the archive, each known by a name of its own. Raises StoreError."""

    async def begin_import(self, name: str) -> str:
        """Get ready; returns the bookmark of an import of that name that was interrupted, else an empty text."""
        ...

    async def import_papers(
        self, name: str, parts: Iterable[Sequence[Paper]], bookmark: Callable[[Imported], str]
    ) -> Imported:
        """Store papers, and the ``bookmark`` made of what all of them brought, in one transaction.

        ``parts`` may be read as they are asked for, in another thread; what they raise passes, and nothing is stored.
        A newer version replaces what the archive has; the same version gives it the comment, DOI, journal reference
        and listing day that it lacks. None of them is owed to a channel, and none is ever pruned.
        """
        ...

    async def end_import(self, name: str, *, complete: bool) -> None:
        """Come back to ordinary work; forget the bookmark of an import that is ``complete``."""
        ...


class SignalStore(Protocol):
    """What the community makes of papers. Raises StoreError."""

    async def put_signals(self, signals: Sequence[Signal], now: datetime) -> list[ChannelRef]:
        """Store signals, in place of earlier ones of the same papers, whether or not the archive has these.

        In the same transaction a paper is owed to each channel with a watch that waits for as many upvotes as it now
        has, unless it was announced more than ``UPVOTE_DAYS`` before ``now``; once a channel for ever, also beside
        watches that do not wait. Instant channels become due at once and are returned.
        """
        ...

    async def signals(self, paper_ids: Sequence[str]) -> dict[str, Signal]:
        """The signals of those of these papers that have one, by id."""
        ...

    async def trending(
        self,
        platform: str,
        workspace: str,
        *,
        since: date,
        query: Query | None,
        save_weight: int,
        limit: int,
        offset: int = 0,
    ) -> list[Trending]:
        """The papers announced from ``since`` on (that match) by their upvotes and ``save_weight`` for each member of
        the workspace's team who saved them, most first, then newest; papers with neither are left out."""
        ...

    async def rated(self, *, since: date, limit: int) -> list[Trending]:
        """The papers announced from ``since`` on that have upvotes, most first, then newest; saves are not counted."""
        ...

    async def count_upvoted(self, query: Query, *, since: date, upvotes: int) -> int:
        """How many papers of the archive announced from ``since`` on match and have so many upvotes."""
        ...


class CursorStore(Protocol):
    """How far the source was read, and what polling found. Raises StoreError."""

    async def cursor(self) -> Cursor | None: ...

    async def missing(self, now: datetime, limit: int) -> list[Missing]:
        """Missing numbers that should be asked again now: new ones at every poll, older ones less often."""
        ...

    async def record(self, batch: Batch, now: datetime) -> int:
        """Store a batch in one transaction: papers, missing, cursor, and that its papers are to be fanned out unless it
        is history.

        When the cursor leaves the back-fill, watches without ``since`` get the archive's last day, and its matching
        papers are owed to them; instant channels among theirs become due at once and are counted in what is returned.
        """
        ...

    async def fan_out(self, most: int) -> FanOut | None:
        """The fan-out that is under way, also since an earlier process; else a new one of the longest recorded papers,
        as many whole batches as have no more than ``most``, or one. None when no paper is to be fanned out."""
        ...

    async def put_matches(self, matches: Mapping[int, Sequence[str]], reached: int) -> None:
        """Store matches of the fan-out under way, query number → paper ids, in one transaction with the number of the
        last query that was asked. In the order of query numbers; what is stored twice is stored once."""
        ...

    async def owe_next(self, now: datetime, most: int) -> Owed:
        """The next step of the fan-out under way, whose matches are all stored, in one transaction: about ``most``
        deliveries, to whole channels.

        A delivery is owed to each channel with a watch on a matching query whose ``since`` is not after the paper's
        listing day, once for ever. Instant channels become due at once. With the last step the papers count as settled
        (``PostStore.receipt``).
        """
        ...

    async def poll_failed(self, now: datetime, reason: str) -> None: ...

    async def poll_succeeded(self, now: datetime) -> None: ...

    async def poll_status(self) -> PollStatus: ...

    async def beat(self, now: datetime) -> None:
        """A sign of life, for `paperroute status --healthy`."""
        ...

    async def last_beat(self) -> datetime | None: ...
