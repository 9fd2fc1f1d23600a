"""What Discord tells in another shape than discord.py or the adapter knows costs itself alone, and is in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.defects import noted
from tests.delivery_kit import until
from tests.discord_kit import Bot, running, shown, stand_in
from tests.standins.clock import QuickClock
from tests.standins.discord import ANN, GUILD, READING, DiscordStandIn

LEFT = "could not be read and was left"


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with stand_in() as discord:
        yield discord


@pytest.fixture
async def bot(discord: DiscordStandIn, tmp_path: Path) -> AsyncIterator[Bot]:
    async with running(discord, tmp_path) as bot:
        yield bot


async def test_an_event_that_cannot_be_read_is_left_and_nothing_else(
    bot: Bot, discord: DiscordStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    events: list[tuple[str, dict[str, Any]]] = [
        ("INTERACTION_CREATE", {"id": "5", "type": 2, "data": {}}),
        ("MESSAGE_REACTION_ADD", {"guild_id": str(GUILD)}),
        ("CHANNEL_CREATE", {"id": "3", "guild_id": str(GUILD), "type": 0}),
        ("CHANNEL_CREATE", {"id": "4", "guild_id": str(GUILD), "type": 0}),
    ]
    for name, event in events:
        await discord.gateway.tell(GUILD, name, event)
    assert "/papers watch" in shown((await bot.say("help")).reply)
    assert discord.gateway.connections == 1
    assert caplog.text.count(LEFT) == 4
    assert caplog.text.count("Traceback") == 3, "once for each kind"


async def test_a_gateway_that_makes_no_sense_is_left_for_a_new_connection(
    discord: DiscordStandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(discord, tmp_path, clock=QuickClock(100)) as bot:
        # While the new connection is being made, the answer makes no sense, either.
        fault = discord.fail("GET /gateway/bot", 200)
        (session,) = discord.gateway.open
        assert session.socket is not None
        await session.socket.send({"op": 10, "d": {}})
        await discord.gateway.connected(connections=2)
        await until(lambda: _ready(bot))
        assert fault.times == 0
        assert "/papers watch" in shown((await bot.say("help")).reply)
    assert "Discord's gateway has ended (KeyError); connecting anew." in caplog.text
    assert "Connecting to Discord failed unexpectedly." in caplog.text


async def _ready(bot: Bot) -> bool:
    await asyncio.sleep(0)
    return bot.chat.ready


OTHERWISE: list[tuple[Any, str]] = [
    ("x", "not known"),
    ({"name": "papers", "options": True}, "not known"),
    ({"name": "papers", "options": [3, {"name": "search", "options": True}]}, "needs a query"),
    ({"name": "papers", "options": [{"name": "search", "options": {"name": "query"}}]}, "needs a query"),
]  # fmt: skip


def _with(name: str, resolved: Any, **values: str) -> dict[str, Any]:
    options = [{"name": key, "type": 3, "value": value} for key, value in values.items()]
    return {"name": "papers", "options": [{"name": name, "options": options}], "resolved": resolved}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        *OTHERWISE,
        (_with("saved", [1], whose="1"), "`1` names nobody"),
        (_with("saved", {"members": [1], "users": {"1": 2}}, whose="1"), "`1` names nobody"),
        (_with("import", {"attachments": [1]}, file="9"), "nothing to import"),
        (_with("import", {"attachments": {"9": {"id": "9", "size": 1}}}, file="9"), "nothing to import"),
    ],
)
async def test_what_is_of_another_kind_in_a_command_is_missing(bot: Bot, data: Any, said: str) -> None:
    with noted() as defects:
        done = await bot.discord._interact(2, data, ANN, READING, GUILD)
        assert said in shown(done.reply)
        defects.none()


async def test_a_completion_that_comes_too_late_is_no_defect(
    bot: Bot, discord: DiscordStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    discord.fail("/callback", 404, code=10062)
    completing = asyncio.create_task(discord.complete("watch", "query", "RL"))
    await discord.until(lambda: any("/callback" in asked for asked in discord.requests))
    assert "/papers watch" in shown((await bot.say("help")).reply)
    completing.cancel()
    await asyncio.gather(completing, return_exceptions=True)
    assert "A completion came too late" in caplog.text
    assert "Traceback" not in caplog.text
