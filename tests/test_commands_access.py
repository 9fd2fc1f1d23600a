"""Who may change what a channel watches, where a platform knows who may manage a channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands.access import CHANGING
from bot.commands.table import COMMANDS
from bot.conversation import Command, Reply
from bot.models import ChannelRef
from tests.commands_kit import Room
from tests.factories import ANN, CHANNEL
from tests.standins.clock import FakeClock
from tests.store_kit import open_store

ELSEWHERE = ChannelRef("console", "elsewhere", "terminal")


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_store(tmp_path) as store:
        yield Room(store, FakeClock())


async def say(room: Room, text: str, channel: ChannelRef = CHANNEL, **more: Any) -> Reply:
    member = ANN if channel is CHANNEL else type(ANN)("console", channel.workspace, "ann", "ann")
    return await room.inbox.command(Command(channel, member, text, **more))


def test_every_command_that_changes_something_is_guarded() -> None:
    assert {info.name for info in COMMANDS} >= CHANGING


async def test_where_the_platform_knows_no_such_right_everybody_may(room: Room) -> None:
    assert not (await say(room, "watch RLHF")).error
    reply = await say(room, "access everyone")
    assert reply.text == "On this platform every member may change what a channel watches."


@pytest.mark.parametrize("text", ["watch RLHF", "Subscribe RLHF", "unwatch 1", "schedule off", "pause", "import RLHF"])
async def test_at_first_those_who_may_manage_the_channel(room: Room, text: str) -> None:
    reply = await say(room, text, manages=False)
    assert reply.error
    assert reply.text == (
        "Members who may manage a channel alone can do that here."
        " Ask one of them, or somebody who may manage the server to type `/papers access everyone`."
    )
    assert not (await say(room, "watch RLHF", manages=True)).error


@pytest.mark.parametrize("text", ["list", "preview RLHF", "search RLHF", "saved", "top", "status", "help"])
async def test_looking_and_saving_are_for_everybody(room: Room, text: str) -> None:
    assert "alone can do that" not in (await say(room, text, manages=False)).text


async def test_a_server_lets_everybody_and_takes_it_back(room: Room) -> None:
    reply = await say(room, "access everyone", manages=True, administers=True)
    assert reply.public
    assert reply.text == "From now on, what a channel watches is changed by everybody."
    assert not (await say(room, "watch RLHF", manages=False)).error
    assert (await say(room, "watch RLHF", ELSEWHERE, manages=False)).error, "another server"
    await say(room, "access managers", manages=True, administers=True)
    assert (await say(room, "watch tides", manages=False)).error


async def test_a_role_may(room: Room) -> None:
    await say(room, "access role:77:Paper `Readers`", manages=True, administers=True)
    shown = (await say(room, "access", manages=False)).text
    assert "members of the role `Paper 'Readers'`, and members who may manage a channel" in shown
    assert not (await say(room, "watch RLHF", manages=False, roles=("12", "77"))).error
    refused = await say(room, "watch tides", manages=False, roles=("7", "777"))
    assert refused.error
    assert "Members of the role `" in refused.text or "members of the role `" in refused.text.lower()


async def test_setting_it_is_for_those_who_may_manage_the_server(room: Room) -> None:
    assert (await say(room, "access everyone", manages=True)).error
    assert (await say(room, "access everyone", manages=False)).error
    assert (await say(room, "watch RLHF", manages=False)).error


@pytest.mark.parametrize("typed", ["nobody", "role", "role:", "role:a b:x", "role:" + "9" * 31, "everyone else"])
async def test_what_is_nobody_is_refused(room: Room, typed: str) -> None:
    reply = await say(room, f"access {typed}", manages=True, administers=True)
    assert reply.error
    assert "is nobody." in reply.text
