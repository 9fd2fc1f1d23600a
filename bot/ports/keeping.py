"""Keeping the store small and quick."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol


class KeepingStore(Protocol):
    """Housekeeping in slices: each method is one short transaction. Raises StoreError."""

    async def pack(self, before: date, after: int, most: int) -> int | None:
        """Keep in as little room as possible which papers of the months before that of ``before`` the channels were
        given: about ``most`` deliveries, from where an earlier slice ended (``after``, 0 to begin).

        Returns where the next slice begins, None when there is none. A packed delivery counts for ever like any other.
        """
        ...

    async def thin_posts(self, before: datetime, most: int) -> int:
        """Forget of posts made before that moment all but what reactions, saves and threads need: which paper has which
        number. At most ``most`` posts, each once; returns how many."""
        ...

    async def merge_index(self) -> bool:
        """Merge a little of the full-text index; whether there is more to merge."""
        ...

    async def give_back(self) -> bool:
        """Give a little of what is free in the file back to the system; whether there is more to give."""
        ...
