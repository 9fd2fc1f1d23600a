"""Where something happened, and what is watched there.

A thread that the bot began below a digest, or as a post of a forum, belongs to the channel whose watch brought it; any
other thread is a place of its own, with watches of its own.
"""

from __future__ import annotations

from typing import Any

import discord

from adapters.discord.identity import channel_ref, member_ref
from bot.models import ChannelRef, MemberRef


def watched(client: discord.Client, guild: int, channel: int, place: object = None) -> ChannelRef:
    """The channel that is meant by something that happened in ``channel``; ``place`` is it, where it is known."""
    found = client.get_channel(channel) or place
    if isinstance(found, discord.Thread) and client.user is not None and found.owner_id == client.user.id:
        return channel_ref(guild, found.parent_id)
    return channel_ref(guild, channel)


def caller(interaction: discord.Interaction[Any]) -> MemberRef:
    """Who did it, by the name that others see."""
    return member_ref(interaction.guild_id or 0, interaction.user.id, interaction.user.display_name)


def permissions_in(client: discord.Client, channel: int) -> discord.Permissions | None:
    """What the bot may do in a channel; None when Discord does not tell of it."""
    place = client.get_channel(channel)
    if not isinstance(place, discord.abc.GuildChannel | discord.Thread) or place.guild.me is None:
        return None
    return place.permissions_for(place.guild.me)
