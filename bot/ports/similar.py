"""Papers that are like others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.models import Paper, PaperText, Similar


class Terms(Protocol):
    """The words of the archive and what each weighs, as they were when the index was made. May read a file: to be
    used off the event loop."""

    made_at: datetime
    papers: int

    def weight(self, word: str) -> float:
        """What a normalised word weighs: the rarer, the more; 0 for one that tells nothing or is not known."""
        ...

    def near(self, vector: Mapping[str, float], limit: int) -> list[str]:
        """The ids of the papers whose words are nearest to this vector, nearest first, more or less."""
        ...


class TermIndex(Protocol):
    """The archive's words, counted now and then."""

    def terms(self) -> Terms | None:
        """The index as it is, None when there is none that can be read. Reads a file: to be called off the loop."""
        ...

    async def rebuild(self, texts: AsyncIterator[Sequence[PaperText]], now: datetime) -> int:
        """Make the index anew, in a process of its own; returns of how many papers. Raises WorkerError, and what
        ``texts`` raises; the index that is there then stays."""
        ...


class SimilarPapers(Protocol):
    """Papers that are like others."""

    async def like(self, paper: Paper, limit: int) -> list[Similar] | None:
        """The papers of the archive most like ``paper``, nearest first; None while there is no index.
        Raises StoreError."""
        ...

    def expected(self, now: datetime) -> datetime:
        """When the next index is made."""
        ...
