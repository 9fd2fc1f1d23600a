"""Slack does what every chat platform must do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack import SlackChat
from bot.models import ChannelRef
from bot.ports import Chat
from tests.chat_contract import ChatContract, UnusedHandler
from tests.slack_kit import CLOCK, READING, settings, shown, stand_in
from tests.store_kit import open_store

# What of Slack's own mark-up we write ourselves: links to arXiv, bold titles, keycaps, code.
_OURS = re.compile(r"<https://arxiv\.org/[^|>]*\|[^<>]*>|:[a-z_]+:")


class TestSlack(ChatContract):
    """Slack as the stand-in shows it."""

    @pytest.fixture
    async def chat(self, tmp_path: Path) -> AsyncIterator[Chat]:
        async with stand_in() as slack, open_store(tmp_path) as store:
            slack.limits.enforced = False
            self.slack = slack
            chat = SlackChat(settings(slack), store, CLOCK)
            await chat.start(UnusedHandler())
            yield chat
            await chat.close()

    @pytest.fixture
    def channel(self) -> ChannelRef:
        return READING

    def shown(self, chat: Chat) -> str:
        messages = self.slack.team.channels[READING.channel].messages
        return "\n".join(shown(message.body) for message in messages)

    def harmless(self, shown: str) -> None:
        assert not re.search(r"[<>]", _OURS.sub("", shown)), "nothing in angle brackets but our links"
        outside = re.sub(r"`[^`\n]*`", "", _OURS.sub("", shown))
        assert "`" not in outside
        for formatted in ("*bold*", "_italic_", "~struck~", "\n> quote", "\n&gt; quote"):
            assert formatted not in outside
