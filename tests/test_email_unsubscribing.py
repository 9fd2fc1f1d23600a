"""One click unsubscribes (RFC 8058), over HTTP: a page for people and filters, a POST that does it, forged links."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from adapters.email import EmailChat
from adapters.email.unsubscribing import PATH, Links, link_key
from adapters.web import WebServer
from bot.mailing import MailSubscription
from bot.models import ChannelRef, PostKind
from tests.chat_contract import make_entry, make_post
from tests.commands_kit import Room, numbered, open_room
from tests.email_kit import SENDER, settings, subscribe
from tests.factories import CHANNEL
from tests.standins.clock import FakeClock
from tests.standins.smtp import MailServer, mail_server

PUBLIC = "https://papers.lab.example"
FORM = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as made:
        yield made


@pytest.fixture
async def mine(room: Room) -> MailSubscription:
    return await subscribe(room.store, room.clock.now())


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as running:
        yield running


@pytest.fixture
async def chat(server: MailServer, room: Room) -> EmailChat:
    made = EmailChat(settings(server, public_url=PUBLIC), room.store, room.clock)
    await made.start(room.inbox)
    return made


@pytest.fixture
async def here(chat: EmailChat) -> AsyncIterator[str]:
    """Where a reverse proxy for the public address would lead."""

    async def ready() -> bool:
        return True

    web = WebServer("127.0.0.1", 0, routes=chat.routes, ready=ready)
    await web.start()
    yield f"http://127.0.0.1:{web.port}"
    await web.stop()


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def link_of(chat: EmailChat, server: MailServer, mine: MailSubscription) -> str:
    """The link in a mail's header."""
    await chat.send(mine.channel.ref, make_post(mine.channel.ref, PostKind.DIGEST, make_entry(1)))
    message = server.mails[-1].message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link, mailto = (part.strip(" <>") for part in message["List-Unsubscribe"].split(","))
    assert mailto == f"mailto:{SENDER}?subject=unsubscribe%20w7q2"
    assert link.startswith(f"{PUBLIC}{PATH}/")
    assert mine.address not in link
    assert link in server.mails[-1].part("plain")
    assert f'href="{link}"' in server.mails[-1].part("html")
    return str(link)


async def test_looking_changes_nothing_and_one_click_ends_it(
    room: Room, chat: EmailChat, server: MailServer, mine: MailSubscription, here: str, browser: aiohttp.ClientSession
) -> None:
    await room.announce(numbered(1))
    await room.say("watch study")
    url = (await link_of(chat, server, mine)).replace(PUBLIC, here)
    async with browser.get(url) as answer:
        page = await answer.text()
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert "script" not in page
        assert f"No more papers to {mine.address}?" in page
        assert '<form method="post">' in page
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
    assert await room.store.mail_subscription(mine.channel.ref) is not None
    for _ in range(2):
        async with browser.post(url, data=FORM, allow_redirects=False) as answer:
            assert answer.status == 200
            assert "Unsubscribed" in await answer.text()
        assert await room.store.mail_subscription(mine.channel.ref) is None
    async with browser.get(url) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert f"Nothing more of this comes to {mine.address}." in page
        assert "Already unsubscribed" in page
        assert "<form" not in page
    assert await room.store.waiting(mine.channel.ref) == []
    assert "You get nothing by e-mail yet." in await room.told("email")


async def test_a_post_of_any_kind_does_it(
    room: Room, chat: EmailChat, server: MailServer, mine: MailSubscription, here: str, browser: aiohttp.ClientSession
) -> None:
    url = (await link_of(chat, server, mine)).replace(PUBLIC, here)
    for data in (FORM, aiohttp.FormData(FORM, default_to_multipart=True), None):
        await subscribe(room.store, room.clock.now())
        async with browser.get(url) as answer:
            assert "<form" in await answer.text(), "subscribed anew, it asks again"
        async with browser.post(url, data=data) as answer:
            assert answer.status == 200
        assert await room.store.mail_subscription(mine.channel.ref) is None


async def test_other_subscriptions_stay(
    room: Room, chat: EmailChat, server: MailServer, mine: MailSubscription, here: str, browser: aiohttp.ClientSession
) -> None:
    other = await subscribe(room.store, room.clock.now(), "you@lab.example")
    url = (await link_of(chat, server, mine)).replace(PUBLIC, here)
    async with browser.post(url, data=FORM) as answer:
        assert answer.status == 200
    assert [each.address for each in await room.store.mirrors(CHANNEL)] == [other.address]


async def test_a_link_that_is_not_ours_does_nothing(
    room: Room, chat: EmailChat, server: MailServer, mine: MailSubscription, here: str, browser: aiohttp.ClientSession
) -> None:
    url = (await link_of(chat, server, mine)).replace(PUBLIC, here)
    forged = Links(here, "cGFwZXJyb3V0ZSBwYXBlcnJvdXRlIHBhcGVycm91dGU=").url(mine.channel.ref)
    ours = (f"{url[:-9]}{'A' * 9}", url[:-20], url + "A" * 2_000)
    for wrong in (*ours, forged, f"{here}{PATH}/x", f"{here}{PATH}/%00%ff"):
        for method in ("GET", "POST"):
            async with browser.request(method, wrong) as answer:
                assert answer.status == 404
    assert await room.store.mail_subscription(mine.channel.ref) is not None


async def test_links_live_as_long_as_the_store(room: Room) -> None:
    ref = ChannelRef("email", "w7q2", "me@lab.example")
    made = Links(PUBLIC, await link_key(room.store)).url(ref)
    token = made.rpartition("/")[2]
    assert Links(PUBLIC, await link_key(room.store)).channel(token) == ref
    assert Links("", await link_key(room.store)).url(ref) == ""


async def test_a_store_that_fails_is_not_a_success(
    room: Room, chat: EmailChat, server: MailServer, mine: MailSubscription, here: str, browser: aiohttp.ClientSession
) -> None:
    url = (await link_of(chat, server, mine)).replace(PUBLIC, here)
    await room.store.close()
    async with browser.get(url) as answer:
        assert answer.status == 200
        assert "<form" in await answer.text()
    async with browser.post(url, data=FORM) as answer:
        assert answer.status == 503
        assert "That did not work" in await answer.text()


async def test_without_a_public_address_nothing_is_served(room: Room, server: MailServer) -> None:
    made = EmailChat(settings(server), room.store, room.clock)
    await made.start(room.inbox)
    assert list(made.routes) == []
