"""What happens to guilds and channels, told to the core with the reason and the remedy.

Each of these says what is the case now, so saying it twice changes nothing. A guild that Discord calls unavailable has
an outage; nothing is concluded from that.
"""

from __future__ import annotations

import logging

import discord

from adapters.discord.errors import TROUBLE, UNLOCK
from adapters.discord.identity import PLATFORM, channel_ref
from adapters.discord.parts import Parts
from adapters.discord.permissions import blocking, remedy
from bot.conversation import ChannelChange, ChannelChangeKind, WorkspaceChange
from bot.models import Channel
from bot.wording import channel_text

logger = logging.getLogger(__name__)

REMOVED = "The bot was removed from this server. Invite it again to go on: `paperroute setup discord` prints the link."
LOCKED = f"This thread is locked. {UNLOCK}"
DELETED = "This channel was deleted on Discord."


async def guild_removed(parts: Parts, guild: int) -> None:
    """The bot is in it no more."""
    await parts.handler.workspace_changed(WorkspaceChange(PLATFORM, str(guild), REMOVED))


async def guild_joined(parts: Parts, guild: discord.Guild) -> None:
    """The bot is in it (again): what waits there for it goes on, where it may post."""
    await parts.handler.workspace_changed(WorkspaceChange(PLATFORM, str(guild.id)))
    await compare(parts, guild)


async def channel_deleted(parts: Parts, guild: int, channel: int) -> None:
    change = ChannelChange(ChannelChangeKind.ENDED, channel_ref(guild, channel), reason=DELETED)
    await parts.handler.channel_changed(change)


async def compare(parts: Parts, guild: discord.Guild | None = None) -> None:
    """Compare what the core knows of channels with what Discord says; of one guild, or of all."""
    client = parts.client()
    removed: set[str] = set()
    async for block in parts.handler.channels(PLATFORM, None if guild is None else str(guild.id)):
        for channel in block:
            workspace = channel.ref.workspace
            found = client.get_guild(int(workspace))
            if found is None and workspace not in removed:
                removed.add(workspace)
                await guild_removed(parts, int(workspace))
            elif found is not None and not found.unavailable:
                await _compare_channel(parts, found, channel)


async def _compare_channel(parts: Parts, guild: discord.Guild, channel: Channel) -> None:
    place = guild.get_channel_or_thread(int(channel.ref.channel))
    kinds = ChannelChangeKind
    if place is None:
        if await _is_archived_thread(parts, channel):
            return
        await channel_deleted(parts, guild.id, int(channel.ref.channel))
        return
    if place.name != channel.name:
        await parts.handler.channel_changed(ChannelChange(kinds.RENAMED, channel.ref, name=place.name))
    allowed = place.permissions_for(guild.me)
    needed = blocking(allowed, thread=isinstance(place, discord.Thread))
    if needed:
        reason = f"The bot may not post in this channel. {remedy(needed)}"
        await parts.handler.channel_changed(ChannelChange(kinds.LOST, channel.ref, reason=reason))
    elif isinstance(place, discord.Thread) and place.locked and not allowed.manage_threads:
        await parts.handler.channel_changed(ChannelChange(kinds.LOST, channel.ref, reason=LOCKED))
    elif channel.paused:
        await parts.handler.channel_changed(ChannelChange(kinds.REGAINED, channel.ref))


async def _is_archived_thread(parts: Parts, channel: Channel) -> bool:
    """Whether a place that the gateway did not tell of is there: threads that are archived are left out there."""
    try:
        await parts.client().fetch_channel(int(channel.ref.channel))
    except discord.NotFound:
        return False
    except (discord.HTTPException, *TROUBLE) as error:
        logger.info("Whether %s is there could not be seen (%s).", channel_text(channel.ref), type(error).__name__)
    return True
