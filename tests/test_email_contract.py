"""E-mail does what every chat platform must do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.models import ChannelRef
from bot.ports import Chat
from tests.chat_contract import NOW, ChatContract
from tests.email_kit import settings, started, subscribe
from tests.standins.clock import FakeClock
from tests.standins.smtp import mail_server
from tests.store_kit import open_store

TAGS = {
    "html", "head", "meta", "title", "style", "body", "div", "p", "h1", "h2", "span", "a"
}  # fmt: skip


class Reader(HTMLParser):
    """What a reader of mail makes of it: tags, addresses, text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


class TestEmail(ChatContract):
    """A real mail server on loopback."""

    @pytest.fixture
    async def chat(self, tmp_path: Path) -> AsyncIterator[Chat]:
        async with mail_server() as server, open_store(tmp_path) as store:
            self.server = server
            self.channel_ref = (await subscribe(store, NOW)).channel.ref
            async with started(settings(server), store, FakeClock(NOW)) as chat:
                yield chat

    @pytest.fixture
    async def channel(self, chat: Chat) -> ChannelRef:
        return self.channel_ref

    def shown(self, chat: Chat) -> str:
        mails = self.server.mails
        return "\n".join(mail.part("plain") + Reader(mail.part("html")).text for mail in mails)

    def harmless(self, shown: str) -> None:
        assert not set("\x00\x07\x1b\x9b\u202e\u2066\ufeff") & set(shown)
        for mail in self.server.mails:
            read = Reader(mail.part("html"))
            assert set(read.tags) <= TAGS
            assert read.attributes <= {"lang", "charset", "name", "content", "class", "style", "href"}
            assert {urlsplit(link).hostname for link in read.links} <= {"arxiv.org"}
            assert mail.recipient == "me@lab.example"
            assert set(mail.message.keys()) == {
                "List-Unsubscribe", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id",
                "MIME-Version", "Content-Type",
            }  # fmt: skip
            assert max(len(line) for line in mail.content.split(b"\r\n")) <= 998
            assert mail.content.isascii()
