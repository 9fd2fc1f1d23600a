"""`paperroute doctor` on Discord: what is amiss, and the remedy, without changing anything."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.discord.doctor import examine
from adapters.discord.permissions import NEEDED, Needed
from bot.diagnosis import Finding
from bot.models import Channel, ChannelRef, Layout
from tests.discord_kit import CHANNEL, CLOCK, running, settings, shown, stand_in
from tests.standins.discord import GUILD, READING, TOKEN, DiscordStandIn
from tests.standins.discord_state import (
    ATTACH_FILES,
    CREATE_THREADS,
    EMBED_LINKS,
    READ_HISTORY,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    THREAD,
    VIEW_CHANNEL,
)

KNOWN = Channel(CHANNEL, "reading", "daily 09:00 UTC", Layout.THREAD, datetime(2026, 3, 4, tzinfo=UTC))
BITS = {
    "view_channel": VIEW_CHANNEL,
    "send_messages": SEND_MESSAGES,
    "embed_links": EMBED_LINKS,
    "create_public_threads": CREATE_THREADS,
    "send_messages_in_threads": SEND_IN_THREADS,
    "read_message_history": READ_HISTORY,
    "attach_files": ATTACH_FILES,
}


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with stand_in() as discord:
        yield discord


async def found(discord: DiscordStandIn, *channels: Channel, **changes: str) -> list[Finding]:
    return [each async for each in examine(settings(discord, **changes), channels, CLOCK, guild_patience=0.05)]


async def of_channel(discord: DiscordStandIn, channel: Channel = KNOWN) -> Finding:
    *_, last = await found(discord, channel)
    return last


async def test_all_is_well_and_nothing_is_changed(discord: DiscordStandIn) -> None:
    token, intents, channel = await found(discord, KNOWN)
    assert token.said == "is valid; the bot is paperroute, in 1 server"
    assert "none is privileged" in intents.said
    assert channel == Finding("Channel #reading (Lab)", "can be posted to and read back")
    assert all(each.well for each in (token, intents, channel))
    assert {each.partition(" ")[0] for each in discord.requests} == {"GET"}
    assert not discord.gateway.open


@pytest.mark.parametrize("needed", NEEDED, ids=lambda needed: needed.attribute)
async def test_a_permission_that_is_missing_has_its_reason_and_its_remedy(
    discord: DiscordStandIn, needed: Needed, tmp_path: Path
) -> None:
    discord.channel(READING).denied = BITS[needed.attribute]
    finding = await of_channel(discord)
    assert not finding.well
    assert f'"{needed.name}" ({needed.why})' in finding.said
    assert finding.remedy.startswith("Allow its role ")
    assert f'"{needed.name}"' in finding.remedy
    assert finding.remedy.endswith("in this channel: Edit Channel > Permissions.")
    async with running(discord, tmp_path) as bot:
        said = shown((await bot.say("doctor")).reply)
    assert f'"{needed.name}" is missing; it is for {needed.why}.' in said
    assert finding.remedy in said


async def test_several_are_named_together(discord: DiscordStandIn) -> None:
    discord.channel(READING).denied = EMBED_LINKS | READ_HISTORY
    finding = await of_channel(discord)
    assert finding.remedy == (
        'Allow its role "Embed Links" and "Read Message History" in this channel: Edit Channel > Permissions.'
    )


async def test_what_is_not_there_and_what_is_only_out_of_order(discord: DiscordStandIn) -> None:
    gone = await of_channel(discord, replace(KNOWN, ref=ChannelRef("discord", str(GUILD), "77"), name="old"))
    assert (gone.subject, gone.well) == ("Channel #old (Lab)", False)
    assert "not there" in gone.said
    elsewhere = await of_channel(discord, replace(KNOWN, ref=ChannelRef("discord", "99", str(READING))))
    assert "not in its server" in elsewhere.said
    assert "Invite it again" in elsewhere.remedy
    assert (await of_channel(discord, replace(KNOWN, paused="a holiday."))).said.endswith("paused (a holiday)")
    discord.guild.available = False
    outage = await of_channel(discord)
    assert "outage" in outage.said
    assert outage.remedy == "Try again later."


@pytest.mark.parametrize(("archived", "locked", "said"), [(True, False, "read back"), (False, True, "is locked")])
async def test_threads_that_sleep_are_fine_and_locked_ones_are_not(
    discord: DiscordStandIn, archived: bool, locked: bool, said: str
) -> None:
    discord.add_channel(4_500, "a talk", type=THREAD, parent=READING, archived=archived, locked=locked)
    finding = await of_channel(discord, replace(KNOWN, ref=ChannelRef("discord", str(GUILD), "4500"), name="a talk"))
    assert said in finding.said
    assert finding.well is archived


@pytest.mark.parametrize(
    ("status", "said"), [(404, "not there"), (403, "View Channel"), (503, "could not be looked at")]
)
async def test_a_place_that_has_to_be_asked_for_may_not_be_told(
    discord: DiscordStandIn, status: int, said: str
) -> None:
    discord.add_channel(4_500, "a talk", type=THREAD, parent=READING, archived=True)
    discord.fail("GET /channels/4500", status)
    finding = await of_channel(discord, replace(KNOWN, ref=ChannelRef("discord", str(GUILD), "4500")))
    assert said in finding.said
    assert finding.remedy


async def test_a_token_or_intents_that_discord_refuses(discord: DiscordStandIn) -> None:
    (finding,) = await found(discord, KNOWN, token="wrong")
    assert finding.subject == "DISCORD_TOKEN"
    assert "Reset Token" in finding.remedy
    assert "wrong" not in finding.remedy + finding.said
    discord.gateway.close_code = 4014
    (finding,) = await found(discord, KNOWN)
    assert "intents" in finding.remedy
    assert TOKEN not in finding.remedy


async def test_a_discord_that_cannot_be_reached(discord: DiscordStandIn) -> None:
    discord.fail("GET /users/@me", 503, times=1_000)
    (finding,) = await found(discord, KNOWN)
    assert finding == Finding(
        "Discord", "cannot be reached.", "Check the network, HTTPS_PROXY and DISCORD_API_URL, then try again."
    )
