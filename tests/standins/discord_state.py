"""What the stand-in of Discord remembers: guilds with channels, threads, members and messages, shown as its API does.

Nothing here speaks a protocol. Ids are snowflakes: milliseconds since 2015, shifted, with a counter below
(https://docs.discord.com/developers/reference#snowflakes).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

EPOCH = 1_420_070_400_000

BOT = 1_000
OTHER_BOT = 1_001
OWNER, ANN, BOB = 2_001, 2_002, 2_003

TEXT, FORUM, THREAD = 0, 15, 11

VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
MANAGE_CHANNELS = 1 << 4
MANAGE_GUILD = 1 << 5
ADD_REACTIONS = 1 << 6
EMBED_LINKS = 1 << 14
ATTACH_FILES = 1 << 15
READ_HISTORY = 1 << 16
CREATE_THREADS = 1 << 35
SEND_IN_THREADS = 1 << 38
EVERYTHING = (
    VIEW_CHANNEL
    | SEND_MESSAGES
    | ADD_REACTIONS
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_HISTORY
    | CREATE_THREADS
    | SEND_IN_THREADS
)
"""What @everyone, and so the bot, may do where nothing else is said."""


class Refusal(Exception):  # noqa: N818  what Discord says, not a defect
    """An answer that is an error: the HTTP status, Discord's code and its words."""

    def __init__(self, status: int, code: int, message: str) -> None:
        self.status = status
        self.code = code
        self.message = message
        super().__init__(f"{status} {code} {message}")


UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
MISSING_ACCESS = (403, 50001, "Missing Access")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")


class Snowflakes:
    """Ids that rise with ``now`` (seconds since 1970)."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._count = 0

    def next(self) -> int:
        self._count += 1
        return (int(self._now() * 1000) - EPOCH << 22) | (self._count & 0x3FFFFF)


@dataclass(frozen=True)
class Attachment:
    """A file given with a command; ``size`` is what Discord says that it has."""

    id: int
    name: str
    content: bytes
    size: int


@dataclass
class Message:
    """``body`` is what was posted; ``reactions``: users by emoji."""

    id: int
    channel: int
    author: int
    body: dict[str, Any]
    nonce: str = ""
    reactions: dict[str, list[int]] = field(default_factory=dict)
    deleted: bool = False

    def shown(self) -> dict[str, Any]:
        """As Discord gives it out: the nonce is not kept."""
        made = datetime.fromtimestamp(((self.id >> 22) + EPOCH) / 1000, UTC).isoformat()
        return {
            "id": str(self.id),
            "type": 0,
            "channel_id": str(self.channel),
            "author": user(self.author),
            "content": self.body.get("content") or "",
            "timestamp": made,
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": self.body.get("embeds") or [],
            "components": self.body.get("components") or [],
            "flags": self.body.get("flags", 0),
            "pinned": False,
            "reactions": [
                {"count": len(users), "me": False, "me_burst": False, "burst_colors": [], "emoji": emoji(name),
                 "count_details": {"burst": 0, "normal": len(users)}}
                for name, users in self.reactions.items() if users
            ],
        }  # fmt: skip


@dataclass
class Channel:
    """``denied``: permissions that the bot lacks here. A thread has a ``parent`` and an ``owner``.

    ``tags``: those of a forum; a thread's are the ids of ``applied``.
    """

    id: int
    name: str
    guild: int
    type: int = TEXT
    denied: int = 0
    parent: int | None = None
    owner: int | None = None
    archived: bool = False
    locked: bool = False
    needs_tag: bool = False
    tags: list[dict[str, Any]] = field(default_factory=list)
    applied: tuple[str, ...] = ()
    messages: dict[int, Message] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        base = {
            "id": str(self.id),
            "type": self.type,
            "name": self.name,
            "guild_id": str(self.guild),
            "position": 0,
            "nsfw": False,
            "parent_id": str(self.parent) if self.parent else None,
            "rate_limit_per_user": 0,
        }
        if self.type == THREAD:
            return base | {
                "owner_id": str(self.owner or OWNER),
                "message_count": len(self.messages),
                "member_count": 1,
                "total_message_sent": len(self.messages),
                "thread_metadata": {
                    "archived": self.archived,
                    "auto_archive_duration": 1440,
                    "archive_timestamp": "2026-03-04T12:00:00+00:00",
                    "locked": self.locked,
                    "create_timestamp": "2026-03-04T12:00:00+00:00",
                },
            }
        overwrites = [{"id": str(BOT), "type": 1, "allow": "0", "deny": str(self.denied)}] if self.denied else []
        return base | {
            "permission_overwrites": overwrites,
            "topic": None,
            "last_message_id": None,
            "available_tags": self.tags,
            "default_auto_archive_duration": 1440,
            "flags": 1 << 4 if self.needs_tag else 0,
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
        }


@dataclass
class Guild:
    """A server with the bot in it. ``managers``: members who may manage channels and the server."""

    id: int
    name: str
    channels: dict[int, Channel] = field(default_factory=dict)
    members: dict[int, str] = field(default_factory=dict)
    managers: set[int] = field(default_factory=lambda: {OWNER, ANN})
    roles: dict[int, set[int]] = field(default_factory=dict)
    permissions: int = EVERYTHING
    available: bool = True
    gone: bool = False

    def shown(self) -> dict[str, Any]:
        threads = [channel for channel in self.channels.values() if channel.type == THREAD and not channel.archived]
        channels = [channel for channel in self.channels.values() if channel.type != THREAD]
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "owner_id": str(OWNER),
            "roles": [role(self.id, "@everyone", self.permissions), *(role(each, "role") for each in self.roles)],
            "emojis": [],
            "stickers": [],
            "features": [],
            "channels": [channel.shown() for channel in channels],
            "threads": [thread.shown() for thread in threads],
            "members": [self.member(BOT)],
            "member_count": len(self.members) + 1,
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "large": False,
            "unavailable": False,
            "joined_at": "2026-01-01T00:00:00+00:00",
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "premium_tier": 0,
            "nsfw_level": 0,
            "preferred_locale": "en-US",
            "system_channel_flags": 0,
            "afk_timeout": 60,
        }

    def member(self, who: int) -> dict[str, Any]:
        """A member as events carry them."""
        roles = [str(each) for each, members in self.roles.items() if who in members]
        return {
            "user": user(who),
            "nick": None,
            "roles": roles,
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        }

    def bot_permissions(self, channel: Channel) -> int:
        """What the bot may do in a channel; in a thread, what it may in the channel that it belongs to."""
        place = self.channels.get(channel.parent, channel) if channel.parent else channel
        return self.permissions & ~place.denied

    def permissions_of(self, who: int) -> int:
        """What a member may do."""
        return self.permissions | (MANAGE_CHANNELS | MANAGE_GUILD if who in self.managers else 0)


_NAMES = {BOT: "paperroute", OWNER: "owner", ANN: "ann", BOB: "bob"}


def user(who: int) -> dict[str, Any]:
    name = _NAMES.get(who, f"user{who}")
    return {
        "id": str(who),
        "username": name,
        "discriminator": "0",
        "global_name": name.title(),
        "avatar": None,
        "bot": who in (BOT, OTHER_BOT),
    }


def role(identity: int, name: str, permissions: int = 0) -> dict[str, Any]:
    return {
        "id": str(identity),
        "name": name,
        "permissions": str(permissions),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def emoji(name: str) -> dict[str, Any]:
    return {"id": None, "name": name}
