"""Discord does what every chat platform must do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord import DiscordChat
from bot.models import ChannelRef
from bot.ports import Chat
from tests.chat_contract import ChatContract, UnusedHandler
from tests.discord_kit import CHANNEL, CLOCK, settings, shown, stand_in
from tests.store_kit import open_store


class TestDiscord(ChatContract):
    """Discord as the stand-in shows it."""

    @pytest.fixture
    async def chat(self, tmp_path: Path) -> AsyncIterator[Chat]:
        async with stand_in() as discord, open_store(tmp_path) as store:
            self.discord = discord
            chat = DiscordChat(settings(discord), store, CLOCK, guild_patience=0.05)
            await chat.start(UnusedHandler())
            yield chat
            await chat.close()

    @pytest.fixture
    def channel(self) -> ChannelRef:
        return CHANNEL

    def shown(self, chat: Chat) -> str:
        channels = self.discord.guild.channels.values()
        return "\n".join(shown(message.body) for channel in channels for message in channel.messages.values())

    def harmless(self, shown: str) -> None:
        outside = re.sub(r"`[^`\n]*`", "", re.sub(r"https://arxiv\.org/\S+", "", shown))
        assert "`" not in outside
        assert not re.search(r"<[@#:]|\]\(|@everyone|@here|\|\||~~", outside)
        for formatted in ("*bold*", "_italic_", "\n> quote", "\n# heading", "\n1. list"):
            assert formatted not in outside
