"""Who is who on Discord: how guilds, channels, members and messages become the core's references.

A workspace is a guild. A card stands in a thread, and threads are channels to Discord; since a message's id is unique
over all of Discord, its reference names the channel whose watch brought it. A thread that was begun from a message has
that message's id.
"""

from __future__ import annotations

from bot.models import ChannelRef, MemberRef, MessageRef

PLATFORM = "discord"


def channel_ref(guild: int, channel: int) -> ChannelRef:
    return ChannelRef(PLATFORM, str(guild), str(channel))


def member_ref(guild: int, user: int, name: str = "") -> MemberRef:
    return MemberRef(PLATFORM, str(guild), str(user), name)


def message_ref(channel: ChannelRef, message: int) -> MessageRef:
    return MessageRef(channel, str(message))
