"""The console does what every chat platform must do."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.console import CHANNEL, ConsoleChat
from bot.models import ChannelRef
from bot.ports import Chat
from tests.chat_contract import ChatContract, UnusedHandler
from tests.standins.clock import FakeClock


class TestConsole(ChatContract):
    """The console as a pipe sees it."""

    @pytest.fixture
    async def chat(self, tmp_path: Path) -> AsyncIterator[Chat]:
        self.output = io.StringIO()
        chat = ConsoleChat(
            output=self.output,
            stdin=-1,
            transcript=tmp_path / "transcript",
            clock=FakeClock(),
            member="ann",
            interactive=False,
        )
        await chat.start(UnusedHandler())
        yield chat
        await chat.close()

    @pytest.fixture
    def channel(self) -> ChannelRef:
        return CHANNEL

    def shown(self, chat: Chat) -> str:
        return self.output.getvalue()

    def harmless(self, shown: str) -> None:
        categories = {unicodedata.category(character) for character in shown if character != "\n"}
        assert not categories & {"Cc", "Cf", "Cs"}
