"""`paperroute doctor` for Discord: token, intents, and whether each channel with watches can be posted to and read
back.

Nothing is posted and nothing changed, the commands included: a connection is made for a moment, which a token or
intents that Discord refuses do not survive.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import discord

from adapters.discord.client import PaperrouteClient
from adapters.discord.connection import Connection
from adapters.discord.pacing import Pace
from adapters.discord.permissions import missing, remedy
from adapters.discord.settings import DiscordSettings
from bot.diagnosis import Finding
from bot.errors import ConfigError
from bot.models import Channel
from bot.pacing import within
from bot.ports import Clock
from bot.wording import count, listed

PATIENCE = 30.0


async def examine(
    settings: DiscordSettings, channels: Sequence[Channel], clock: Clock, *, guild_patience: float = 2.0
) -> AsyncIterator[Finding]:
    """A finding for the token, the intents and each channel."""

    def make_client() -> PaperrouteClient:
        return PaperrouteClient(settings, None, clock, Pace(clock), guild_patience=guild_patience)

    connection = Connection(settings.token, make_client, clock)
    try:
        try:
            await within(clock, PATIENCE, connection.start())
        except ConfigError as error:
            yield Finding("DISCORD_TOKEN", "Discord does not serve it.", " ".join(error.mistakes))
            return
        except TimeoutError:
            remedy_ = "Check the network, HTTPS_PROXY and DISCORD_API_URL, then try again."
            yield Finding("Discord", "cannot be reached.", remedy_)
            return
        client = connection.client
        name = client.user.name if client.user else "?"
        yield Finding("DISCORD_TOKEN", f"is valid; the bot is {name}, in {count(len(client.guilds), 'server')}")
        yield Finding("Intents", "guilds and reactions are given; none is privileged")
        for channel in channels:
            yield _examine_channel(client, channel)
    finally:
        await connection.stop()


def _examine_channel(client: discord.Client, channel: Channel) -> Finding:
    guild = client.get_guild(int(channel.ref.workspace))
    subject = f"Channel #{channel.name or channel.ref.channel} ({guild.name if guild else channel.ref.workspace})"
    if guild is None:
        return Finding(
            subject, "the bot is not in its server.", "Invite it again: `paperroute setup discord` prints the link."
        )
    if guild.unavailable:
        return Finding(subject, "its server has an outage.", "Try again later.")
    place = guild.get_channel_or_thread(int(channel.ref.channel))
    if place is None:
        return Finding(subject, "is not there (any more), or archived.", "End its watches, or open it again.")
    lacking = missing(place.permissions_for(guild.me))
    if lacking:
        named = listed([f'"{each.name}" ({each.why})' for each in lacking])
        return Finding(subject, f"lacks {named}.", remedy(lacking))
    paused = f"; paused ({channel.paused.rstrip('.')})" if channel.paused else ""
    return Finding(subject, f"can be posted to and read back{paused}")
