"""An address that gets a channel's digest from a real mail server on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from adapters.email import EmailChat, EmailSettings
from bot.mailing import MailRequest, MailSubscription
from bot.models import Channel, ChannelRef, Layout, MemberRef
from bot.ports import Clock, Store
from tests.chat_contract import UnusedHandler
from tests.factories import ANN, CHANNEL
from tests.standins.smtp import MailServer

ADDRESS = "me@lab.example"
SENDER = "papers@lab.example"


def settings(server: MailServer, **changes: Any) -> EmailSettings:
    """Settings for a server on loopback, without TLS."""
    values: dict[str, Any] = {
        "host": "127.0.0.1", "port": server.port, "sender": SENDER, "sender_name": "Papers", "starttls": False
    }  # fmt: skip
    return EmailSettings(**(values | changes))


async def subscribe(
    store: Store,
    now: datetime,
    address: str = ADDRESS,
    *,
    by: MemberRef = ANN,
    source: ChannelRef = CHANNEL,
    name: str = "reading",
    schedule: str = "daily 08:00 every day UTC",
    next_due: datetime | None = None,
    workspace: str = "w7q2",
    most: int = 5,
) -> MailSubscription:
    """A confirmed subscription of a channel that is made where needed."""
    await store.open_channel(Channel(source, name, "off UTC", Layout.THREAD, now))
    digest = f"{address} {source}".encode()
    await store.add_mail_code(
        digest,
        MailRequest(by, source, address, schedule),
        now,
        ends=now + timedelta(minutes=30),
        since=now - timedelta(days=1),
        most=1_000,
    )
    made = await store.subscribe(digest, by, now, next_due=next_due, workspace=workspace, most=most)
    assert made is not None
    return made


@asynccontextmanager
async def started(settings: EmailSettings, store: Store, clock: Clock) -> AsyncIterator[EmailChat]:
    """E-mail, ready to send."""
    chat = EmailChat(settings, store, clock)
    await chat.start(UnusedHandler())
    try:
        yield chat
    finally:
        await chat.close()
