"""A chat platform, and who handles what comes from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import Protocol

from bot.conversation import Button, ChannelChange, Command, Home, Reaction, RecentPost, Reply, WorkspaceChange
from bot.models import Channel, ChannelRef, MemberRef, MessageRef, Post, PostLimits


class Handler(Protocol):
    """What a platform hands to the core. No method raises: mistakes come back as a Reply."""

    def admit(self, member: MemberRef) -> Reply | None:
        """Count something that a member begins; a Reply, for that member only, where it is too much and is not to be
        done. At once and from memory: to be asked before anything is looked up or fetched.

        Commands and buttons count by themselves; a command for which this was asked says that it is ``admitted``.
        """
        ...

    async def command(self, command: Command) -> Reply: ...

    async def reaction(self, reaction: Reaction) -> Reply | None:
        """None: nothing to say. A Reply is for that member only."""
        ...

    async def button(self, button: Button) -> Reply: ...

    async def channel_changed(self, change: ChannelChange) -> None: ...

    async def workspace_changed(self, change: WorkspaceChange) -> None:
        """Pause all channels of a lost workspace with its reason; resume those of a regained one."""
        ...

    async def home(self, member: MemberRef, visible: Collection[ChannelRef]) -> Home:
        """What a member sees at home; of the workspace's channels only those in ``visible``."""
        ...

    def channels(self, platform: str, workspace: str | None = None) -> AsyncIterator[list[Channel]]:
        """The channels in use of the platform, or of one workspace, in blocks: for comparing with what the platform
        says of them."""
        ...

    def recent_posts(self, platform: str, now: datetime) -> AsyncIterator[list[RecentPost]]:
        """The posts whose reactions are worth reading after a time without events, in blocks; those of a channel are
        in one block. Reading them begins now, when events come already."""
        ...

    async def reactions_read(self, platform: str, begun: datetime) -> None:
        """The reactions of the posts that were asked for then were handed over, all that can be read."""
        ...


class Chat(Protocol):
    """A chat platform."""

    platform: str
    limits: PostLimits

    async def start(self, handler: Handler) -> None:
        """Begin to take commands and to be able to send; returns when both work. Raises ConfigError, DeliveryError."""
        ...

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """Post it, once. Raises DeliveryError; any other exception counts as ambiguous."""
        ...

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """Look the post up by its key in the channel's history.

        Raises UnreadableError, or NoHistoryError where there is none, and DeliveryError.
        """
        ...

    async def close(self) -> None:
        """Finish what is under way and stop."""
        ...
