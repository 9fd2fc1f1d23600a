"""One team on Slack and Discord: both real adapters over one store, joined by a code and parted again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.discord import DiscordChat
from tests import discord_kit, slack_kit
from tests.factories import make_paper
from tests.standins.discord import BOB, GUILD, DiscordStandIn

ONE, TWO = "2603.00001", "2603.00002"


@dataclass
class Team:
    """A Slack workspace and a Discord server with the same core behind them."""

    slack: slack_kit.Bot
    discord: DiscordStandIn
    chat: DiscordChat

    async def on_slack(self, text: str, user: str = "U0ANN") -> str:
        """What Slack shows to a command."""
        return "\n".join([slack_kit.shown(response) for response in (await self.slack.say(text, user=user)).responses])

    async def on_discord(self, name: str, **options: Any) -> str:
        """The same on Discord; Ann may manage the server, Bob not."""
        done = await self.discord.command(name, **options)
        await self.discord.until(lambda: any(discord_kit.answered(reply) for reply in done.replies))
        return discord_kit.shown(done.reply)


@pytest.fixture
async def team(tmp_path: Path) -> AsyncIterator[Team]:
    async with (
        slack_kit.stand_in() as slack,
        discord_kit.stand_in() as discord,
        slack_kit.running(slack, tmp_path) as bot,
    ):
        chat = DiscordChat(discord_kit.settings(discord), bot.store, bot.clock, guild_patience=0.05)
        await chat.start(bot.inbox)
        try:
            await bot.announce([make_paper(ONE, title="On letters"), make_paper(TWO, title="On parcels")])
            yield Team(bot, discord, chat)
        finally:
            await chat.close()


def code_in(said: str) -> str:
    found = re.search(r"/papers link ([A-Z0-9-]{14})", said)
    assert found is not None, said
    return found[1]


async def test_two_workspaces_share_what_they_saved_and_part_without_loss(team: Team) -> None:
    await team.on_slack("watch letters")
    await team.on_discord("watch", query="parcels")
    await team.on_slack(f"save {ONE}")
    await team.on_discord("save", papers=f"{ONE} {TWO}")
    assert "2 saves" not in await team.on_slack("top") + await team.on_discord("top")

    code = code_in(await team.on_slack("link"))
    assert "Only somebody who may manage this workspace" in await team.on_discord("link", code=code, user=BOB)
    assert "This workspace is now one team with Slack `T0LAB`" in await team.on_discord("link", code=code)
    assert "That code is not valid" in await team.on_discord("link", code=code)
    for said in (await team.on_slack("top"), await team.on_discord("top")):
        assert "2 saves" in said
        assert "On parcels" in said
    # Each channel keeps its watches, and whose list is whose.
    assert "parcels" not in await team.on_slack("list")
    assert "letters" not in await team.on_discord("list")
    assert "On parcels" not in await team.on_slack("saved")

    assert "Only somebody who may manage" in await team.on_discord("unlink", user=BOB)
    assert "no longer one team with Slack `T0LAB`" in await team.on_discord("unlink")
    for said in (await team.on_slack("top"), await team.on_discord("top")):
        assert "2 saves" not in said
        assert "On letters" in said
    assert "On parcels" not in await team.on_slack("top")
    assert "On parcels" in await team.on_discord("saved")


async def test_a_code_of_discord_is_entered_on_slack_too(team: Team) -> None:
    assert "Only somebody who may manage this workspace" in await team.on_discord("link", user=BOB)
    code = code_in(await team.on_discord("link"))
    assert f"This workspace is now one team with Discord `{GUILD}`" in await team.on_slack(f"link {code}")
    assert f"one team with Discord `{GUILD}`" in await team.on_slack("link")


async def test_a_member_with_two_accounts_has_one_list_until_they_are_parted(team: Team) -> None:
    code = code_in(await team.on_slack("link me"))
    assert "`ann` on Slack `T0LAB`" in await team.on_discord("link", code=code)

    await team.on_slack(f"save {ONE}")
    assert "On letters" in await team.on_discord("saved")
    assert "You had saved" in await team.on_discord("save", papers=ONE)
    assert "On letters" not in await team.on_discord("saved", user=BOB)
    await team.on_discord("save", papers=TWO)
    assert "On parcels" in await team.on_slack("saved")

    assert "no longer linked with `ann` on Slack `T0LAB`" in await team.on_discord("unlink", what="me")
    assert "On letters" in await team.on_slack("saved")
    assert "On parcels" not in await team.on_slack("saved")
    assert "On parcels" in await team.on_discord("saved")
