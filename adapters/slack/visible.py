"""Which channels a member may know of: a public one that the bot is in, and any that they are in themselves.

A channel's id in a button or a form says nothing of who may see it: it goes out to Slack and comes back from a member.
"""

from __future__ import annotations

from collections.abc import Collection

from adapters.slack.identity import channel_ref
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin, text_in
from bot.models import ChannelRef

_TYPES = "public_channel,private_channel"
_PAGE = 500
_MOST_PAGES = 20


async def visible_channels(parts: Parts, origin: Origin) -> Collection[ChannelRef]:
    """The channels that a member may know of. Raises SlackError."""
    own = await _conversations(parts, origin.workspace, None)
    theirs = await _conversations(parts, origin.workspace, origin.user)
    known = {channel for channel, private in own.items() if not private} | set(theirs)
    return {channel_ref(origin.workspace, channel) for channel in known}


async def _conversations(parts: Parts, workspace: str, user: str | None) -> dict[str, bool]:
    """The channels of a member, or of the bot, with whether they are private."""
    found: dict[str, bool] = {}
    cursor = None
    for _ in range(_MOST_PAGES):
        answer = await parts.api.call(
            workspace, "users.conversations", types=_TYPES, limit=_PAGE, user=user, cursor=cursor
        )
        for channel in answer.get("channels") or ():
            if name := text_in(channel, "id"):
                found[name] = channel.get("is_private") is not False
        cursor = text_in(answer, "response_metadata", "next_cursor")
        if not cursor:
            break
    return found


async def may_know(parts: Parts, origin: Origin) -> bool:
    """Whether ``origin``'s member may know of its channel; of one that the bot cannot see, nobody does here.

    Raises SlackError.
    """
    info = await parts.channels.info(origin.workspace, origin.channel)
    if info is None or info.is_im:
        return False
    return not info.is_private or origin.channel_ref in await visible_channels(parts, origin)
