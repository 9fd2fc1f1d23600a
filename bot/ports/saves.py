"""Saves, the lists made of them, and the papers followed for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.models import Channel, ChannelRef, Followed, Follower, FollowUp, MemberRef, Paper, Post, Ranked, Save


class TopStore(Protocol):
    """The weekly tops of channels. Raises StoreError."""

    async def set_top(
        self, ref: ChannelRef, schedule: str, next_due: datetime | None, by: MemberRef, now: datetime
    ) -> None:
        """Set when the channel gets its weekly top; an empty ``schedule`` and None end it. Written to the audit log."""
        ...

    async def due_tops(self, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
        """These platforms' channels, not paused, whose ``top_next_due`` has come, longest due first; an indexed
        query."""
        ...

    async def put_top(
        self, channel: Channel, posts: Sequence[Post], *, next_due: datetime | None, now: datetime
    ) -> bool:
        """Store the posts of a top, or none, and move the channel on: one transaction. No paper is delivered by that.

        False, and nothing stored, when the channel's top was composed or changed since ``channel`` was read, or the
        channel is paused.
        """
        ...

    async def unseen(self, platform: str, workspace: str, paper_ids: Sequence[str]) -> list[str]:
        """Those of the papers that no channel of the workspace's team was posted and nobody of it saved, in order."""
        ...


class SaveStore(Protocol):
    """The library. Raises StoreError. Saving twice or taking back what is not there changes nothing.

    ``now`` of a save or of one taken back is when the member did so: of two, the later one holds, in whichever order
    they arrive. Linked accounts (``LinkStore``) are one member here, though each save stays with its account.
    """

    async def save(self, member: MemberRef, channel: ChannelRef, paper_id: str, now: datetime) -> bool:
        """False when that member had it already, with whichever account; it is then this account's as well, so that
        unlinking loses nothing. The paper must be in the archive."""
        ...

    async def unsave(self, member: MemberRef, paper_id: str, now: datetime) -> bool:
        """Take it back from all accounts of the member; False when none of them had it."""
        ...

    async def saved_by(
        self, member: MemberRef, *, limit: int, offset: int = 0, seen_by: MemberRef | None = None
    ) -> list[Save]:
        """A member's saves, latest first, a paper once (its latest save).

        ``seen_by``: somebody else, who sees what was saved in workspaces of their own team only.
        """
        ...

    async def saved_in(self, channel: ChannelRef, *, limit: int, offset: int = 0) -> list[Save]:
        """The saves made in a channel, a paper once (its first save), latest first."""
        ...

    async def top(self, platform: str, workspace: str, *, since: datetime | None, limit: int) -> list[Ranked]:
        """The papers of a workspace's team by members who saved them since then, most first, then newest."""
        ...

    async def dismiss(self, channel: ChannelRef, member: MemberRef, paper_id: str, now: datetime) -> int:
        """Count a "not for us"; returns how many papers the channel has dismissed."""
        ...

    async def dismissed(self, channel: ChannelRef, *, limit: int) -> list[Paper]:
        """The papers that the channel has dismissed, latest first."""
        ...

    async def save_reactions(self, platform: str, workspace: str) -> tuple[str, ...] | None:
        """The names of the reactions that save in a workspace; None while it has not set its own."""
        ...

    async def set_save_reactions(
        self, platform: str, workspace: str, names: Sequence[str] | None, by: MemberRef, now: datetime
    ) -> None:
        """Set them; None goes back to the default ones."""
        ...

    async def first_time(self, event: str, now: datetime) -> bool:
        """Remember a platform event; False when it was handled before. Remembered for at least a day."""
        ...


class FollowStore(Protocol):
    """Saved papers that are asked for again (``bot.following``). Raises StoreError."""

    async def followed(self, now: datetime, limit: int) -> list[Followed]:
        """Saved papers whose next check has come, longest due first."""
        ...

    async def followers(self, paper_id: str) -> list[Follower]:
        """The channels in which a paper was saved and has been posted."""
        ...

    async def follow_up(self, checked: Sequence[FollowUp], notices: Sequence[Post], now: datetime) -> None:
        """Note what papers are like now and put notices into the outbox, those that are not there yet: one
        transaction."""
        ...
