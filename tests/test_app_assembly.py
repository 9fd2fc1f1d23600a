"""How the parts are put together: in which order platforms start."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.app.assembly import assembled
from bot.config import Config
from bot.models import MemberRef
from bot.ports import Handler
from tests.standins.chat import MemoryChat


class Noted(MemoryChat):
    """A platform that notes when it starts."""

    def __init__(self, platform: str, started: list[str]) -> None:
        super().__init__(platform)
        self._started = started

    async def start(self, handler: Handler) -> None:
        await super().start(handler)
        self._started.append(self.platform)


class NotedMail(Noted):
    """The same for one that mails codes."""

    async def send_code(self, address: str, code: str, asked_on: str) -> None:
        raise AssertionError("nobody asked")


async def test_mail_is_ready_before_members_can_ask_for_it(tmp_path: Path) -> None:
    started: list[str] = []
    chats = [Noted("slack", started), Noted("discord", started), NotedMail("email", started)]
    config = Config(database=tmp_path / "papers.db", signals=None)
    async with assembled(config, asyncio.Event(), lambda _: chats, lambda _: None):
        assert started == ["email", "slack", "discord"]


async def test_members_of_a_platform_are_limited_and_whoever_sits_at_the_console_is_not(tmp_path: Path) -> None:
    config = Config(database=tmp_path / "papers.db", signals=None)
    async with assembled(config, asyncio.Event(), lambda _: [], lambda _: None) as parts:
        for platform, limited in (("slack", True), ("discord", True), ("console", False)):
            member = MemberRef(platform, "local", "ann")
            replies = [parts.inbox.admit(member) for _ in range(100)]
            assert any(replies) is limited, platform
