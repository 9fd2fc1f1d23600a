"""What the bot must be allowed to do in a channel, each with its reason; and what is missing.

https://docs.discord.com/developers/topics/permissions
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.wording import listed


@dataclass(frozen=True, slots=True)
class Needed:
    """``attribute`` is discord.py's name of the permission, ``name`` what Discord's own settings call it."""

    attribute: str
    name: str
    why: str


NEEDED = (
    Needed("view_channel", "View Channel", "seeing the channels that it posts to"),
    Needed("send_messages", "Send Messages", "posting digests, cards and notices"),
    Needed("embed_links", "Embed Links", "showing papers as embeds, their titles as links"),
    Needed("create_public_threads", "Create Public Threads", "a thread for the cards below a digest"),
    Needed("send_messages_in_threads", "Send Messages in Threads", "posting the cards in it"),
    Needed("read_message_history", "Read Message History", "looking up whether a post arrived"),
    Needed("attach_files", "Attach Files", "giving exports as files"),
)

_TO_POST = ("view_channel", "send_messages", "embed_links")
_TO_LOOK_UP = ("read_message_history",)
_IN_THREAD = ("view_channel", "send_messages_in_threads", "embed_links")


def value() -> int:
    """All of them as Discord's bit set, for the invite link."""
    return discord.Permissions(**{each.attribute: True for each in NEEDED}).value


def missing(allowed: discord.Permissions) -> list[Needed]:
    """Those that are not granted, in their order."""
    return [each for each in NEEDED if not getattr(allowed, each.attribute)]


def blocking(allowed: discord.Permissions, *, thread: bool = False) -> list[Needed]:
    """Those without which nothing can be posted in a channel, or in a thread of it."""
    names = _IN_THREAD if thread else _TO_POST
    return [each for each in NEEDED if each.attribute in names and not getattr(allowed, each.attribute)]


def for_looking_up(allowed: discord.Permissions) -> list[Needed]:
    """Those without which it stays unknown whether a post arrived, where that was not answered."""
    return [each for each in NEEDED if each.attribute in _TO_LOOK_UP and not getattr(allowed, each.attribute)]


def remedy(needed: Sequence[Needed]) -> str:
    """A sentence that says what to grant."""
    names = listed([f'"{each.name}"' for each in needed])
    return f"Allow its role {names} in this channel: Edit Channel > Permissions."
