"""The watches of channels."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from bot.models import Channel, ChannelRef, ChannelSettings, Layout, MemberRef, QueryBlock, Sort, Tally, Watch
from bot.query import Query


class WatchStore(Protocol):
    """Channels with their settings and watches. Raises StoreError. Every change is written to the audit log."""

    async def channel(self, ref: ChannelRef) -> Channel | None: ...

    async def open_channel(self, channel: Channel) -> Channel:
        """The stored channel of ``channel.ref``; made from ``channel`` if there is none yet. A new name is kept."""
        ...

    async def set_schedule(
        self, ref: ChannelRef, schedule: str, next_due: datetime | None, by: MemberRef, now: datetime
    ) -> None: ...

    async def set_layout(self, ref: ChannelRef, layout: Layout, by: MemberRef, now: datetime) -> None: ...

    async def set_sort(self, ref: ChannelRef, sort: Sort, by: MemberRef, now: datetime) -> None: ...

    async def set_similar(self, ref: ChannelRef, on: bool, by: MemberRef, now: datetime) -> None: ...

    async def set_paused(self, ref: ChannelRef, reason: str, by: MemberRef | None, now: datetime) -> bool:
        """Pause with a reason, or resume with an empty one; False when it was so already. ``by`` None: the bot."""
        ...

    async def move_channel(self, ref: ChannelRef, to: ChannelRef, now: datetime) -> None:
        """Give a channel a new identity; its watches, deliveries and posts go along."""
        ...

    async def channels(self, platform: str, workspace: str | None = None) -> list[Channel]:
        """Every channel of a platform, or of one of its workspaces, that has a watch or something waiting."""
        ...

    def all_channels(
        self, platform: str, workspace: str | None = None, batch: int = 500
    ) -> AsyncIterator[list[Channel]]:
        """The same, streamed in blocks: there may be a hundred thousand."""
        ...

    async def add_watch(
        self, ref: ChannelRef, query: Query, typed: str, by: MemberRef, now: datetime, *, most: int, upvotes: int = 0
    ) -> Watch | None:
        """Make a watch; None when the channel already watches that canonical query, with whatever ``upvotes``.

        ``since`` becomes the archive's last listing day, and the archive's papers of that day that match are owed at
        once; during the first back-fill it stays None and both happen when the back-fill is complete.
        With ``upvotes``, a paper is owed when it has so many (``SignalStore.put_signals``).
        Raises CommandError when the channel has ``most`` watches already.
        """
        ...

    async def take_in(
        self,
        channel: Channel,
        watches: Sequence[tuple[Query, str, int]],
        settings: ChannelSettings,
        by: MemberRef,
        now: datetime,
        *,
        most: int,
    ) -> tuple[int, int]:
        """Open ``channel`` and make a watch of each query, with what was typed and its upvotes, as ``add_watch`` does,
        or ``change_watch`` where it is there; then set the settings. One transaction: all of it, or nothing when it
        raises.

        Returns how many watches were made, and how many changed.
        Raises CommandError when the channel would have more than ``most`` watches.
        """
        ...

    async def change_watch(
        self, ref: ChannelRef, canonical: str, typed: str, by: MemberRef, now: datetime, *, upvotes: int
    ) -> Watch | None:
        """Let a watch wait for other upvotes; None when there is none such, or it does already.

        What is waiting for its sake alone and has too few is withdrawn until it has enough. With fewer than before,
        what has enough is owed at once; with 0, the papers of the archive's last listing day are.
        """
        ...

    async def end_watch(self, ref: ChannelRef, canonical: str, by: MemberRef, now: datetime) -> Watch | None:
        """End a watch; None when there is none such. What is waiting for its sake alone is withdrawn."""
        ...

    async def watches(self, ref: ChannelRef) -> list[Watch]:
        """The channel's watches, oldest first."""
        ...

    async def tallies(self, *, least: int, made_before: datetime, limit: int) -> list[Tally]:
        """Watches that were made by then, for which ``least`` papers or more were posted, and which were not judged.

        Those that had most posted come first; none of a paused channel. An indexed query. Papers are counted when
        their post was sent, those brought by members are not.
        """
        ...

    async def judged(self, watch: int) -> bool:
        """What came of the watch has been looked at, for ever; False when it was so already."""
        ...

    def queries(self, batch: int = 20_000, *, after: int = 0) -> AsyncIterator[QueryBlock]:
        """The distinct queries that some watch has, in the order of their numbers, from the one that follows ``after``
        on; streamed in blocks."""
        ...
