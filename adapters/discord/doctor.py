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
from adapters.discord.errors import TROUBLE, UNLOCK
from adapters.discord.instructions import invitation
from adapters.discord.pacing import Pace
from adapters.discord.permissions import NEEDED, Needed, missing, remedy
from adapters.discord.settings import DiscordSettings
from bot.diagnosis import Finding
from bot.errors import ConfigError
from bot.models import Channel
from bot.pacing import within
from bot.ports import Clock
from bot.wording import count, listed

PATIENCE = 30.0

Place = discord.abc.GuildChannel | discord.Thread


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
        if not client.guilds:
            yield Finding("Servers", "the bot is in none.", invitation(client.application_id))
        yield Finding("Intents", "guilds and reactions are given; none is privileged")
        for channel in channels:
            yield await _examine_channel(client, channel)
    finally:
        await connection.stop()


async def _examine_channel(client: discord.Client, channel: Channel) -> Finding:
    guild = client.get_guild(int(channel.ref.workspace))
    subject = f"Channel #{channel.name or channel.ref.channel} ({guild.name if guild else channel.ref.workspace})"
    if guild is None:
        return Finding(
            subject, "the bot is not in its server.", "Invite it again: `paperroute setup discord` prints the link."
        )
    if guild.unavailable:
        return Finding(subject, "its server has an outage.", "Try again later.")
    try:
        place = await _place(client, guild, int(channel.ref.channel))
    except discord.NotFound:
        return Finding(subject, "is not there (any more).", "End its watches: `/papers unwatch …`.")
    except discord.Forbidden:
        return _lacking(subject, NEEDED[:1])
    except (discord.HTTPException, *TROUBLE) as error:
        return Finding(subject, f"could not be looked at ({type(error).__name__}).", "Try again later.")
    return _examine_place(subject, channel, place, place.permissions_for(guild.me))


def _examine_place(subject: str, channel: Channel, place: Place, allowed: discord.Permissions) -> Finding:
    lacking = missing(allowed)
    if lacking:
        return _lacking(subject, lacking)
    if isinstance(place, discord.Thread) and place.locked and not allowed.manage_threads:
        return Finding(subject, "is locked.", UNLOCK)
    paused = f"; paused ({channel.paused.rstrip('.')})" if channel.paused else ""
    return Finding(subject, f"can be posted to and read back{paused}")


def _lacking(subject: str, needed: Sequence[Needed]) -> Finding:
    named = listed([f'"{each.name}" ({each.why})' for each in needed])
    return Finding(subject, f"lacks {named}.", remedy(needed))


async def _place(client: discord.Client, guild: discord.Guild, channel: int) -> Place:
    """The channel; threads that are archived are not told of and have to be asked for.

    Raises what discord.py raises.
    """
    found = guild.get_channel_or_thread(channel) or await client.fetch_channel(channel)
    if isinstance(found, discord.abc.PrivateChannel):
        raise TypeError("a server's channel cannot be private")
    return found
