"""Reactions that were made while nobody listened, read from recent posts.

Discord tells of nothing twice. So whenever a shard is ready anew, the posts of the last weeks are read back with their
reactions, and each is handed to the core as seen rather than told. What a member took back since stays taken back. The
connection that has just been made may break again: what cannot be read is tried for some minutes, after all others.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta

import discord

from adapters.discord.errors import TROUBLE
from adapters.discord.identity import PLATFORM, member_ref, message_ref
from adapters.discord.parts import Parts
from bot.conversation import Reaction, RecentPost
from bot.models import ChannelRef
from bot.reactions import name_of
from bot.wording import channel_text, count

logger = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds between two channels: posting must not wait for this."""

_PATIENCE = (0.0, 5.0, 30.0, 120.0)
"""Seconds to wait before the channels are read that could not be before."""
_BEFORE = timedelta(seconds=60)
_MOST_MESSAGES = 2_000
_MOST_USERS = 1_000


async def catch_up(parts: Parts, pause: float = PAUSE) -> None:
    """Read the reactions of recent posts, channel by channel. Raises nothing but defects."""
    begun, whole = parts.clock.now(), True
    async for block in parts.handler.recent_posts(PLATFORM, begun):
        whole &= await _block(parts, pause, block)
    if whole:
        await parts.handler.reactions_read(PLATFORM, begun)


async def _block(parts: Parts, pause: float, recent: Sequence[RecentPost]) -> bool:
    """Read a block; False when some of it may be read later."""
    channels: dict[ChannelRef, list[RecentPost]] = defaultdict(list)
    for post in recent:
        # One that a member deleted at once has no id.
        if post.message.message.isdigit() and (post.thread is None or post.thread.message.isdigit()):
            channels[post.message.channel].append(post)
    if not channels:
        return True
    logger.info("Reading the reactions of %s.", count(len(channels), "channel"))
    for patience in _PATIENCE:
        await parts.clock.sleep(patience)
        for channel, posts in list(channels.items()):
            if await _read(parts, channel, posts):
                del channels[channel]
            await parts.clock.sleep(pause)
        if not channels:
            return True
    logger.warning("The reactions of %s could not be read: Discord is in trouble.", count(len(channels), "channel"))
    return False


async def _read(parts: Parts, channel: ChannelRef, posts: Sequence[RecentPost]) -> bool:
    """Read one channel; False when that may work later. What was handed over before may be so again."""
    wanted = {int(post.message.message) for post in posts}
    # A message whose answer was lost may be older by days than the moment at which it was found again.
    since = discord.utils.time_snowflake(min(map(discord.utils.snowflake_time, wanted)) - _BEFORE)
    for place in _places(parts, channel, posts):
        try:
            await _read_place(parts, channel, place, wanted, since)
        except TROUBLE as error:
            logger.info("The reactions in %s cannot be read now (%s).", channel_text(channel), type(error).__name__)
            return False
        except discord.HTTPException as error:
            logger.info("The reactions in %s could not be read (code %s).", channel_text(channel), error.code)
            # A thread that is gone takes no other with it.
            if place == int(channel.channel):
                return True
        if not wanted:
            return True
    return True


def _places(parts: Parts, channel: ChannelRef, posts: Sequence[RecentPost]) -> Iterable[int]:
    """Where posts of a channel may stand: in it and in its threads."""
    threads = [int(post.thread.message) for post in posts if post.thread is not None]
    if not isinstance(parts.client().get_channel(int(channel.channel)), discord.ForumChannel):
        return dict.fromkeys([int(channel.channel), *threads])
    return dict.fromkeys([*threads, *(int(post.message.message) for post in posts if post.thread is None)])


async def _read_place(parts: Parts, channel: ChannelRef, place: int, wanted: set[int], since: int) -> None:
    """Hand over what stands in a channel or thread; what was found is ``wanted`` no more."""
    messageable = parts.client().get_partial_messageable(place, guild_id=int(channel.workspace))
    # The newest first: where members talk much, what is beyond the limit are the oldest posts.
    async for message in messageable.history(limit=_MOST_MESSAGES):
        if message.id < since:
            return
        if message.id in wanted:
            await _hand_over(parts, channel, message)
            wanted.discard(message.id)
            if not wanted:
                return


async def _hand_over(parts: Parts, channel: ChannelRef, message: discord.Message) -> None:
    me = parts.client().user
    for reaction in message.reactions:
        name = reaction.emoji if isinstance(reaction.emoji, str) else reaction.emoji.name
        async for user in reaction.users(limit=_MOST_USERS):
            if user.bot or (me is not None and user.id == me.id):
                continue
            await parts.handler.reaction(
                Reaction(
                    message=message_ref(channel, message.id),
                    member=member_ref(int(channel.workspace), user.id, user.display_name),
                    added=True,
                    name=name_of(name),
                    at=message.created_at,
                    seen=True,
                )
            )
