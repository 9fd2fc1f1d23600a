"""What Discord's stand-in is made of: one application, guilds with their channels, the gateway, the limits.

Interactions, messages and the API's front are built upon it; they tell it when something happened.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from tests.standins.discord_gateway import Gateway
from tests.standins.discord_limits import Limits, check_message
from tests.standins.discord_state import (
    ANN,
    BOB,
    BOT,
    OWNER,
    UNKNOWN_CHANNEL,
    Attachment,
    Channel,
    Guild,
    Refusal,
    Snowflakes,
    user,
)

TOKEN = "MTAwMA.stand-in.discord-token"
APPLICATION = 1_000
GUILD = 3_000 << 22
READING = 4_001


class Town:
    """Guilds, the first of which has a channel; ``gateway`` knows nothing else of them than what it is told.

    ``now`` gives seconds since 1970.
    """

    url = ""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.now = now
        self.snowflakes = Snowflakes(now)
        self.limits = Limits(now)
        self.attachments: dict[int, Attachment] = {}
        self.guilds: dict[int, Guild] = {}
        self.commands: list[dict[str, Any]] = []
        self.gateway = Gateway(self._ready, TOKEN, now)
        self._changed = asyncio.Condition()
        self.add_guild(GUILD, "Lab", READING)

    @property
    def guild(self) -> Guild:
        """The first one."""
        return self.guilds[GUILD]

    def add_guild(self, identity: int, name: str, channel: int = 0) -> Guild:
        """A guild with ann, who may manage it, bob, and the text channel ``channel`` named reading."""
        made = Guild(identity, name, members={OWNER: "owner", ANN: "ann", BOB: "bob"})
        if channel:
            made.channels[channel] = Channel(channel, "reading", identity)
        self.guilds[identity] = made
        return made

    def add_channel(self, identity: int, name: str, guild: int = GUILD, **more: Any) -> Channel:
        made = self.guilds[guild].channels[identity] = Channel(identity, name, guild, **more)
        return made

    def channel(self, identity: int) -> Channel:
        """Raises Refusal."""
        for guild in self.guilds.values():
            # In an outage nothing of a guild is to be had.
            if identity in guild.channels and not guild.gone and guild.available:
                return guild.channels[identity]
        raise Refusal(*UNKNOWN_CHANNEL)

    async def tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], object], patience: float = 20.0) -> None:
        """Wait until ``condition`` holds; it is asked again whenever something happened here."""
        async with asyncio.timeout(patience), self._changed:
            await self._changed.wait_for(lambda: bool(condition()))

    def _ready(self, shard: int, shards: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        mine = [each for each in self.guilds.values() if (each.id >> 22) % shards == shard and not each.gone]
        ready = {
            "v": 10,
            "user": user(BOT),
            "guilds": [{"id": str(each.id), "unavailable": True} for each in mine],
            "application": {"id": str(APPLICATION), "flags": 0},
            "private_channels": [],
            "relationships": [],
        }
        return ready, [each.shown() for each in mine if each.available]


def check(body: dict[str, Any], files: int) -> None:
    """Raises Refusal for a message that Discord does not take."""
    if (wrong := check_message(body, files)) is not None:
        raise Refusal(400, 50006 if wrong.startswith("Cannot") else 50035, f"Invalid Form Body: {wrong}")
