"""What is owed to channels, and the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.conversation import RecentPost
from bot.models import (
    Backlog,
    Channel,
    ChannelRef,
    ChannelStatus,
    Composed,
    Delivery,
    Entry,
    Figures,
    MemberRef,
    MessageRef,
    OutboxItem,
    Paper,
    Post,
    Posted,
    Receipt,
    Waiting,
)


class PostStore(Protocol):
    """Deliveries and the outbox. Raises StoreError. State changes are guarded: a False says somebody was faster."""

    async def due_channels(self, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
        """These platforms' channels, not paused, whose ``next_due`` has come: those that post instantly, then the
        others, longest due first. An indexed query."""
        ...

    async def waiting(self, ref: ChannelRef, limit: int = 10_000, *, settled: bool = False) -> list[Delivery]:
        """What is owed to the channel and not in a post yet, newest id first; ``settled`` leaves out the papers that
        are being fanned out, since no receipt counts them yet."""
        ...

    async def fanning_out(self) -> bool:
        """Whether papers were recorded that are not owed to all who want them yet."""
        ...

    async def receipt(self, ref: ChannelRef) -> tuple[Receipt, int]:
        """The receipt since the channel's last one (``matched`` 0) and the number of the poll it reaches to: the last
        one before papers that are still being fanned out."""
        ...

    async def all_waiting(self, refs: Sequence[ChannelRef], limit: int, together: int) -> tuple[list[Waiting], int]:
        """What the first of these channels are to be composed from, in their order and all of one moment, and how many
        of ``refs`` that is about: as many as have at most ``together`` papers, but one channel in any case.

        At most ``limit`` settled papers a channel, newest id first. The unknown and the paused are left out.
        """
        ...

    async def put_digests(self, digests: Sequence[Composed], now: datetime) -> list[bool]:
        """Store what was composed for channels, as ``put_posts`` does for one, in one transaction.

        For each whether it was stored; besides the reasons of ``put_posts``, it is not where the channel's schedule,
        layout, sort, pause or proposals have been changed meanwhile. Without posts, the channel moves on in silence.
        """
        ...

    async def set_due(self, ref: ChannelRef, next_due: datetime | None) -> None:
        """Set when the channel's next digest is composed. An instant channel for which something waits stays due."""
        ...

    async def put_posts(
        self, ref: ChannelRef, posts: Sequence[Post], *, receipted: int, next_due: datetime | None, now: datetime
    ) -> bool:
        """Store composed posts, tie their deliveries to them, move the channel on: one transaction.

        An entry with ``because`` and no delivery is given to the channel by this, as its delivery of that paper.
        False, and nothing stored, when one of the deliveries is not waiting any more, or such an entry's paper has
        come to be owed or posted. ``next_due`` as in ``set_due``.
        """
        ...

    async def unposted(self, ref: ChannelRef, limit: int) -> list[str]:
        """The ids of papers that were announced since the channel's last receipt and are neither owed to it nor
        in one of its posts, nor dismissed or saved there; newest first."""
        ...

    async def put_notice(self, post: Post, now: datetime) -> bool:
        """Store a notice; False when that key is stored already."""
        ...

    async def bring(self, post: Post, by: MemberRef, now: datetime, *, since: datetime, most: int) -> Posted | None:
        """Store the card of a paper of the archive that a member brought, as the channel's delivery of that paper: one
        transaction. What waits of it is taken along, and no watch brings it again.

        Posted, and nothing stored, when the channel was given the paper before. If the card dies, the paper is owed
        again as any other, with what the card said as its note. Raises CommandError when the member has brought
        ``most`` papers since then, with all of their accounts.
        """
        ...

    async def claim(
        self,
        platforms: Sequence[str],
        now: datetime,
        limit: int,
        *,
        interval: float = 0.0,
        most: int | None = None,
    ) -> list[OutboxItem]:
        """Take posts that may be sent now: ``pending → sending``, first attempt stamped, committed before returning.

        At most one post a channel; none of a channel that has one in ``sending`` or ``uncertain``, or is paused
        (notices go out all the same); parts in order; a threaded post only when its parent was sent, whose message is
        then in ``post.thread``. Workspaces take turns, and what is not bulk goes first, but for one turn in eight.
        With an ``interval`` in seconds one post of a workspace at a time, and the next one that much later: a claim
        that comes late is made up for by the next one, which is then early by at most half of the interval. None of a
        workspace that has ``most`` posts in ``sending``.
        """
        ...

    async def sent(self, key: str, message: MessageRef, now: datetime, *, interval: float = 0.0) -> bool:
        """``sending | uncertain → sent``. What waits in the channel is not claimed for another ``interval`` seconds."""
        ...

    async def retry(self, key: str, at: datetime, error: str) -> bool:
        """``sending | uncertain → pending``, not to be claimed before ``at``."""
        ...

    async def uncertain(self, key: str, at: datetime, error: str) -> bool:
        """``sending | uncertain → uncertain``, to be looked up at ``at``; at ``bot.outcome.NEVER`` it stays so, and
        holds nothing else of its channel up."""
        ...

    async def dead(self, key: str, error: str, now: datetime) -> bool:
        """``sending | uncertain → dead``: never sent; its deliveries are owed again when the channel is resumed."""
        ...

    async def postpone_workspace(self, platform: str, workspace: str, until: datetime) -> None:
        """No post of that workspace is claimed before ``until``."""
        ...

    async def interrupted(self, platforms: Sequence[str]) -> int:
        """At start: every ``sending`` post of a process that died becomes ``uncertain``; returns how many."""
        ...

    async def uncertain_posts(self, platforms: Sequence[str], now: datetime, limit: int) -> list[OutboxItem]:
        """Uncertain posts whose look-up time has come."""
        ...

    async def post_of(self, message: MessageRef) -> Post | None:
        """The sent post behind a message, with its entries."""
        ...

    def recent_posts(self, platform: str, since: datetime, batch: int = 500) -> AsyncIterator[list[RecentPost]]:
        """The posts with papers that were sent since then, streamed in blocks: those of ``batch`` channels or fewer,
        channel by channel, newest first. A block may be empty."""
        ...

    async def latest_entries(self, ref: ChannelRef, limit: int = 50) -> list[Entry]:
        """The entries of the channel's latest sent digest (all of its parts), or of its latest cards."""
        ...

    async def posted(self, ref: ChannelRef, *, limit: int) -> list[Paper]:
        """The papers that the channel was sent, each once: the latest digest's first, in it the newest id first."""
        ...

    async def next_attempt(self, platforms: Sequence[str], after: datetime | None = None) -> datetime | None:
        """When the next pending or uncertain post may be tried; None when there is none.

        With ``after``, workspaces and uncertain posts whose moment has come by then are left out.
        """
        ...

    async def backlog(self) -> Backlog:
        """How the outbox stands, over all channels."""
        ...

    async def channel_status(self, ref: ChannelRef) -> ChannelStatus: ...

    async def figures(self, ref: ChannelRef, weeks: Sequence[date], query: str | None = None) -> Figures:
        """The channel in these weeks (Mondays, consecutive, oldest first); with a canonical ``query`` as far as that
        one watch goes: its matches, and the saves of these. Watches without a match are listed with zeros."""
        ...
