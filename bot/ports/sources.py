"""Where papers and the community's signals come from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.models import Batch, Cursor, Missing, Paper, Progress, Signal


class PaperSource(Protocol):
    """Where papers come from."""

    def new_papers(
        self, cursor: Cursor | None, missing: Sequence[Missing], progress: Callable[[Progress], None]
    ) -> AsyncIterator[Batch]:
        """Walk from ``cursor`` (None: the first start) to the present top, asking the ``missing`` again.

        Each batch carries the cursor to store with it; the walk goes on from there after a crash. Raises SourceError.
        """
        ...

    async def paper(self, paper_id: str) -> Paper | None:
        """One paper by its id without version, None if arXiv has none. Raises SourceError."""
        ...

    async def papers(self, paper_ids: Sequence[str]) -> list[Paper]:
        """Those of these papers that there are, as they are now; asked slowly, for housekeeping. Raises SourceError."""
        ...

    def last_announcement(self, now: datetime) -> datetime:
        """When the latest announcement at or before ``now`` was due."""
        ...

    def next_announcement(self, now: datetime) -> datetime:
        """When the next announcement after ``now`` is due."""
        ...

    def silence(self, now: datetime) -> str:
        """Why no announcement is to be expected on the evening before ``now``'s listing day ("weekend", "arXiv
        holiday (Thanksgiving)"); empty when one is."""
        ...


class SignalSource(Protocol):
    """Where the community's signals come from."""

    async def signals(self, day: date) -> list[Signal]:
        """The signals of the papers that the community took up on a day (UTC), each paper once.

        Raises SourceError; a permanent one is about that day alone.
        """
        ...
