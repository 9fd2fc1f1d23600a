"""What the stand-in of Slack remembers: workspaces with their members, channels, messages, files and windows.

Ids look like Slack's. Nothing here speaks a protocol; ``tests.standins.slack_methods`` does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ALL_SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "reactions:read",
        "channels:read",
        "groups:read",
        "channels:history",
        "groups:history",
        "im:history",
        "users:read",
        "files:write",
    }
)


class Refusal(Exception):  # noqa: N818  what Slack says, not a defect
    """An answer with ``ok: false``."""

    def __init__(self, code: str, **more: Any) -> None:
        self.code = code
        self.more = more
        super().__init__(code)


@dataclass
class User:
    id: str
    name: str
    zone: str = "Europe/Berlin"
    team: str = ""
    bot: bool = False
    admin: bool = False
    owner: bool = False
    primary_owner: bool = False


@dataclass
class Message:
    """``body`` is what history gives out; ``metadata`` only to those who ask for it."""

    ts: str
    body: dict[str, Any]
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    deleted: bool = False


@dataclass
class Channel:
    id: str
    name: str
    private: bool = False
    direct: bool = False
    archived: bool = False
    shared: bool = False
    refuses: str = ""
    members: set[str] = field(default_factory=set)
    messages: list[Message] = field(default_factory=list)

    def message(self, ts: str) -> Message | None:
        return next((each for each in self.messages if each.ts == ts and not each.deleted), None)


@dataclass
class Team:
    """A workspace with the app installed: ``token`` is its bot token, ``trouble`` why that is refused."""

    id: str
    name: str
    token: str
    enterprise: str | None = None
    bot_id: str = "B0PAPERS"
    bot_user: str = "U0PAPERS"
    bot_name: str = "paperroute"
    app_id: str = "A0PAPERS"
    scopes: set[str] = field(default_factory=lambda: set(ALL_SCOPES))
    trouble: str = ""
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    ephemerals: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    homes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def user(self, user: str) -> User:
        if user not in self.users:
            raise Refusal("user_not_found")
        return self.users[user]

    def direct_channel(self, user: str) -> Channel:
        """The direct messages between the bot and a member."""
        self.user(user)
        name = "D" + user[1:]
        if name not in self.channels:
            self.channels[name] = Channel(name, "", direct=True, members={user, self.bot_user})
        return self.channels[name]

    def visible(self, channel: str) -> Channel:
        """A channel as the bot may know it. Raises Refusal."""
        found = self.channels.get(channel)
        if found is None or ((found.private or found.direct) and self.bot_user not in found.members):
            raise Refusal("channel_not_found")
        return found

    def entered(self, channel: str) -> Channel:
        """A channel that the bot is in. Raises Refusal."""
        found = self.visible(channel)
        if self.bot_user not in found.members:
            raise Refusal("not_in_channel")
        return found


class Stamps:
    """Timestamps of messages, each later than the one before; ``now`` gives seconds since 1970."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> str:
        self._last = max(self._last + 1, int(self._now() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"


class Ids:
    """Ids with a letter in front."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def next(self, letter: str) -> str:
        return f"{letter}{next(self._numbers):09}"
