"""Channels that the bot is not in: what works there, and what to type so that posts can come.

Everything works there but posting. The channel waits, paused with that reason, until the bot is invited.
"""

from __future__ import annotations

from dataclasses import replace

from adapters.slack.errors import SlackError
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin
from bot.commands.saying import lines
from bot.conversation import ChannelChange, ChannelChangeKind, Reply


async def channel_name(parts: Parts, origin: Origin) -> str:
    """The channel's name; of private ones Slack tells a command only that they are."""
    if origin.channel_name == "directmessage":
        return "direct messages"
    if origin.channel_name not in ("", "privategroup"):
        return origin.channel_name
    try:
        info = await parts.channels.info(origin.workspace, origin.channel)
    except SlackError:
        return ""
    return info.name if info else ""


async def with_invitation(parts: Parts, origin: Origin, reply: Reply) -> Reply:
    """The reply, and where the bot cannot post what it promises, what to do about that."""
    if not reply.public or reply.error:
        return reply
    try:
        reachable = await parts.channels.reachable(origin.workspace, origin.channel)
        name = (await parts.api.credentials(origin.workspace)).name
    except SlackError:
        # Not known at present. Posting will show, and pauses the channel with the remedy.
        return reply
    if reachable:
        await parts.handler.channel_changed(ChannelChange(ChannelChangeKind.REGAINED, origin.channel_ref))
        return reply
    if origin.direct or origin.channel_name.startswith("mpdm-"):
        reason = f"@{name} cannot post into a conversation between people."
        remedy = f"Use a channel, or your direct messages with @{name}."
    else:
        reason = f"@{name} is not in this channel."
        remedy = f"Type `/invite @{name}`."
    change = ChannelChange(ChannelChangeKind.LOST, origin.channel_ref, reason=f"{reason} {remedy}")
    await parts.handler.channel_changed(change)
    return replace(reply, footer=lines(reply.footer, f"{reason} {remedy} What matches meanwhile is kept."))
