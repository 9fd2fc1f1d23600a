"""Digests by e-mail: what the core, the store and the e-mail adapter say to each other about them.

An address is a channel of the platform ``email`` like any other: its posts go through the outbox, once each. It has no
watches of its own. It is the *mirror* of a source channel: whatever the source's watches are owed is owed to it as
well, with a schedule, deliveries and a receipt of its own. Its workspace is an opaque word, the same for all addresses
of a source, so that nobody reads from it where it belongs.

A source that its platform reports as lost takes its mirrors along until it is regained, and one that has ended ends
them; a member's `pause` is about the channel and leaves the mail alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.models import Channel, ChannelRef, MemberRef

PLATFORM = "email"


@dataclass(frozen=True, slots=True)
class MailRequest:
    """What a member asked for and has not confirmed yet. ``schedule`` is canonical, ``address`` in its one spelling."""

    member: MemberRef
    source: ChannelRef
    address: str
    schedule: str


@dataclass(frozen=True, slots=True)
class MailSubscription:
    """An address that gets a copy of what ``source`` is owed.

    ``channel`` is the address as a channel, ``member`` who set it up, ``source_name`` the source's name, which a
    stranger may have chosen.
    """

    channel: Channel
    source: ChannelRef
    source_name: str
    member: MemberRef

    @property
    def address(self) -> str:
        return self.channel.ref.channel


class Mailer(Protocol):
    """Sends what must not stand in the store: codes that confirm an address."""

    async def send_code(self, address: str, code: str, asked_on: str) -> None:
        """Mail a code. ``asked_on`` names the platform on which somebody asked for it. Raises DeliveryError."""
        ...


class SubscriptionStore(Protocol):
    """Who gets what by e-mail. Raises StoreError. Every change is written to the audit log."""

    async def add_mail_code(
        self, digest: bytes, request: MailRequest, now: datetime, *, ends: datetime, since: datetime, most: int
    ) -> None:
        """Keep a code by its digest, and count the mail that brings it.

        Raises CommandError when ``most`` such mails went to the address or were asked for by the member since then.
        """
        ...

    async def find_mail_code(
        self, digest: bytes, by: MemberRef, now: datetime, *, since: datetime, most: int
    ) -> MailRequest | None:
        """What ``by`` confirms with the code; None for a wrong one, which is counted against them.

        Raises CommandError, whatever the code, when ``by`` has entered ``most`` wrong ones since then.
        """
        ...

    async def subscribe(
        self, digest: bytes, by: MemberRef, now: datetime, *, next_due: datetime | None, workspace: str, most: int
    ) -> MailSubscription | None:
        """Use a code up: from now on the address is owed what its source is, the latest announcement included.

        ``workspace`` is the opaque word for a source that has no address yet. None, and nothing changed, when the code
        is not open any more. Raises CommandError when the member has ``most`` other addresses.
        """
        ...

    async def mail_subscriptions(self, member: MemberRef) -> list[MailSubscription]:
        """What the member set up and has not ended, oldest first."""
        ...

    async def mirrors(self, source: ChannelRef) -> list[MailSubscription]:
        """The addresses of a channel, oldest first."""
        ...

    async def mail_subscription(self, channel: ChannelRef) -> MailSubscription | None:
        """The subscription of an address as a channel; None when there is none or it has ended."""
        ...

    async def end_subscription(self, channel: ChannelRef, by: MemberRef | None, now: datetime) -> bool:
        """End it: what waits is withdrawn, what is in the outbox does not go out. False when there is none such."""
        ...


async def end_mirrors(store: SubscriptionStore, source: ChannelRef, now: datetime) -> None:
    """End what a channel that is gone for good was mailed to. Raises StoreError."""
    for mirror in await store.mirrors(source):
        await store.end_subscription(mirror.channel.ref, None, now)


class MailStore(Protocol):
    """What the e-mail adapter keeps. Raises StoreError.

    Mail cannot be looked up where it was sent to. So the moment before a message becomes the server's is written down,
    and what came of it after that.
    """

    async def mail_subscription(self, channel: ChannelRef) -> MailSubscription | None:
        """As in SubscriptionStore."""
        ...

    async def mail_begun(self, key: str, now: datetime) -> None:
        """The end of the post's message is about to be sent. Remembered for at least 60 days."""
        ...

    async def mail_ended(self, key: str, *, taken: bool) -> None:
        """The server took the message, or surely did not."""
        ...

    async def mail_taken(self, key: str) -> bool | None:
        """Whether the server has the post; None: nobody knows."""
        ...

    async def note(self, name: str) -> str | None:
        """As in NoteStore."""
        ...

    async def put_note(self, name: str, text: str) -> None:
        """As in NoteStore."""
        ...
