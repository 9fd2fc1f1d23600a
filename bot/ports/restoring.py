"""What has to be found out after a store was put back from a copy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from bot.models import ChannelRef, FoundPost, Restored


class RestoreStore(Protocol):
    """Channels that are held after a restore. Raises StoreError."""

    async def restored(self) -> Restored | None:
        """That the store was put back from a copy, until every channel was released; else None."""
        ...

    async def release(self, ref: ChannelRef, found: Sequence[FoundPost] | None, now: datetime) -> int:
        """Hold a channel no longer: one transaction.

        The posts ``found`` in its history since the copy was taken are stored as sent, those that are known left as
        they are; their papers are never owed again. None: the history can never be read, and whatever waits becomes a
        post that is uncertain for good. Returns how many papers that concerns.
        """
        ...


@runtime_checkable
class ReadsBack(Protocol):
    """A chat that can say what it posted: platforms with a history."""

    async def posts_since(self, channel: ChannelRef, since: datetime) -> Sequence[FoundPost]:
        """Our posts with papers in a channel since then, oldest first; what stands in threads is left out.

        Raises UnreadableError, DeliveryError.
        """
        ...
