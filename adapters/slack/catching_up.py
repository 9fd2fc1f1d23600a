"""Reactions that were made while nobody listened, read from recent posts.

Slack delivers an event again for some minutes only. So at the start, and after a long interruption, the posts of the
last weeks are read back with their reactions, and each is handed to the core as seen rather than told. What a member
took back since stays taken back. What Slack does not give at once is tried for some minutes, after all others.

Channel by channel, a workspace's at a third of the pace that Slack allows: looking up posts must not wait for this.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters.slack.errors import SlackError
from adapters.slack.history import History
from adapters.slack.identity import PLATFORM, member_ref, message_ref
from adapters.slack.parts import Parts
from adapters.slack.payloads import text_in
from adapters.slack.reactions import moment, plain_name
from bot.conversation import Reaction, RecentPost
from bot.models import ChannelRef
from bot.wording import channel_text, count

logger = logging.getLogger(__name__)

PAUSE = 4.0
"""Seconds between two channels or threads of a workspace."""

_PATIENCE = (0.0, 5.0, 30.0, 120.0)
"""Seconds to wait before the channels of a workspace are read that could not be before."""
_BEFORE = timedelta(seconds=60)
_LATER = frozenset({"connection", "proxy", "timeout", "ratelimited"})
"""What says nothing of the channel."""


async def catch_up(parts: Parts, pause: float = PAUSE) -> None:
    """Read the reactions of recent posts, all workspaces of a block at the same time. Raises nothing but defects."""
    begun, whole = parts.clock.now(), True
    async for block in parts.handler.recent_posts(PLATFORM, begun):
        whole &= await _block(parts, pause, block)
    if whole:
        await parts.handler.reactions_read(PLATFORM, begun)


async def _block(parts: Parts, pause: float, posts: Sequence[RecentPost]) -> bool:
    """Read a block; False when some of it may be read later."""
    channels: dict[ChannelRef, list[RecentPost]] = defaultdict(list)
    for post in posts:
        channels[post.message.channel].append(post)
    workspaces: dict[str, list[ChannelRef]] = defaultdict(list)
    for channel in channels:
        workspaces[channel.workspace].append(channel)
    if not channels:
        return True
    logger.info("Reading the reactions of %s.", count(len(channels), "channel"))
    async with asyncio.TaskGroup() as group:
        work = [
            group.create_task(_workspace(parts, pause, {ref: channels[ref] for ref in refs}))
            for refs in workspaces.values()
        ]
    return all(task.result() for task in work)


async def _workspace(parts: Parts, pause: float, channels: dict[ChannelRef, list[RecentPost]]) -> bool:
    """Read the channels of a workspace; False when some may be read later."""
    history = History(parts.api, parts.clock)
    for patience in _PATIENCE:
        await parts.clock.sleep(patience)
        for channel, posts in list(channels.items()):
            if await _read(parts, pause, history, channel, posts):
                del channels[channel]
            await parts.clock.sleep(pause)
        if not channels:
            return True
    logger.warning("The reactions of %s could not be read: Slack is in trouble.", count(len(channels), "channel"))
    return False


async def _read(parts: Parts, pause: float, history: History, channel: ChannelRef, posts: Sequence[RecentPost]) -> bool:
    """Read one channel; False when that may work later. What was handed over before may be so again."""
    wanted = {post.message.message for post in posts}
    # A message whose answer was lost may be older by days than the moment at which it was found again.
    oldest = min(moment(post.message.message) or post.sent_at for post in posts) - _BEFORE
    for thread in ("", *dict.fromkeys(post.thread.message for post in posts if post.thread is not None)):
        if thread:
            await parts.clock.sleep(pause)
        try:
            async for page in history.pages(channel.workspace, channel.channel, oldest=oldest, thread=thread):
                for message in page.messages:
                    if (ts := text_in(message, "ts")) in wanted:
                        wanted.discard(ts)
                        await _hand_over(parts, channel, message)
                if not wanted:
                    return True
        except SlackError as error:
            logger.info("The reactions in %s could not be read: %s", channel_text(channel), error)
            if error.retry_after:
                await parts.clock.sleep(error.retry_after)
            if error.ambiguous or error.code in _LATER:
                return False
            # A thread that is gone takes no other with it.
            if not thread:
                return True
    return True


async def _hand_over(parts: Parts, channel: ChannelRef, message: Mapping[str, Any]) -> None:
    if not message.get("reactions"):
        return
    ts = text_in(message, "ts")
    bot = await parts.api.credentials(channel.workspace)
    for reaction in await _complete(parts, channel, ts, message.get("reactions")):
        name = plain_name(text_in(reaction, "name"))
        users = reaction.get("users")
        for user in users if isinstance(users, list) else ():
            if isinstance(user, str) and user != bot.user:
                await parts.handler.reaction(
                    Reaction(
                        message=message_ref(channel.workspace, channel.channel, ts),
                        member=member_ref(channel.workspace, user),
                        added=True,
                        name=name,
                        at=moment(ts),
                        seen=True,
                    )
                )


async def _complete(parts: Parts, channel: ChannelRef, ts: str, reactions: object) -> list[Mapping[str, Any]]:
    """The reactions of a message with all their users; histories cut long lists short."""
    given = [each for each in reactions if isinstance(each, Mapping)] if isinstance(reactions, list) else []
    if all(each.get("count") == len(each.get("users") or ()) for each in given):
        return given
    answer = await parts.api.call(channel.workspace, "reactions.get", channel=channel.channel, timestamp=ts, full=True)
    message = answer.get("message")
    found = message.get("reactions") if isinstance(message, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else given
