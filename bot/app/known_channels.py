"""Channels as the command line names them: ``slack/T1/C1``, platform, workspace and channel."""

from __future__ import annotations

from bot.commands.saying import quoted
from bot.errors import ConfigError
from bot.models import Channel, ChannelRef
from bot.ports import Store
from bot.wording import listed

PLATFORMS = ("slack", "discord", "console")
"""The platforms whose channels have watches of their own."""

_MOST_NAMED = 10


def channel_path(ref: ChannelRef) -> str:
    """``slack/T1/C1``."""
    return f"{ref.platform}/{ref.workspace}/{ref.channel}"


async def channels_in_use(store: Store) -> list[Channel]:
    """Every channel with a watch or something waiting, by platform. Raises StoreError."""
    return [channel for platform in PLATFORMS for channel in await store.channels(platform)]


async def named_channel(store: Store, typed: str) -> Channel:
    """The stored channel of that name. Raises ConfigError, which lists those that there are, and StoreError."""
    parts = typed.split("/")
    if len(parts) == 3 and all(parts) and (found := await store.channel(ChannelRef(*parts))) is not None:
        return found
    raise ConfigError([f"--channel: there is no channel {quoted(typed, 80)}. {await channel_hint(store)}"])


async def channel_hint(store: Store) -> str:
    """What can be named, in a sentence. Raises StoreError."""
    known = await channels_in_use(store)
    if not known:
        return "The bot knows a channel from its first `/papers watch` on."
    named = [f"{channel_path(channel.ref)} ({quoted(channel.name, 40)})" for channel in known[:_MOST_NAMED]]
    rest = len(known) - len(named)
    return f"There is {listed([*named, *([f'{rest:,} more'] if rest else [])])}."
