"""Reactions as they are told: those on the bot's own messages go to the core.

What is added tells who wrote the message, so others' messages cost nothing; what is taken away does not, and the core
knows its posts.
"""

from __future__ import annotations

import logging

import discord

from adapters.discord.identity import member_ref, message_ref
from adapters.discord.parts import Parts
from adapters.discord.places import watched
from bot.conversation import Reaction
from bot.reactions import name_of

logger = logging.getLogger(__name__)


async def reacted(parts: Parts, event: discord.RawReactionActionEvent, *, added: bool) -> None:
    """Hand a reaction to the core; a hint goes to the member's direct messages. Raises what discord.py raises."""
    client = parts.client()
    if event.guild_id is None or client.user is None or event.user_id == client.user.id:
        return
    if added and (event.message_author_id != client.user.id or (event.member is not None and event.member.bot)):
        return
    channel = watched(client, event.guild_id, event.channel_id)
    reply = await parts.handler.reaction(
        Reaction(
            message=message_ref(channel, event.message_id),
            member=member_ref(event.guild_id, event.user_id, event.member.display_name if event.member else ""),
            added=added,
            name=name_of(event.emoji.name or ""),
            at=parts.clock.now(),
        )
    )
    if reply is not None:
        await _hint(client, event.user_id, reply.text)


async def _hint(client: discord.Client, user: int, text: str) -> None:
    try:
        place = await client.create_dm(discord.Object(user))
        await place.send(text, allowed_mentions=discord.AllowedMentions.none())
    except discord.Forbidden:
        logger.debug("A member takes no direct messages.")
