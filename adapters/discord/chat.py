"""``bot.ports.Chat`` on Discord."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from adapters.discord.answering import Answering
from adapters.discord.client import PaperrouteClient, nobody_waits
from adapters.discord.connection import Connection
from adapters.discord.identity import PLATFORM
from adapters.discord.instructions import invitation
from adapters.discord.pacing import Pace
from adapters.discord.parts import Parts
from adapters.discord.posting import Posting
from adapters.discord.posts import CHARACTERS_A_DIGEST, OVERHEAD, PAPERS
from adapters.discord.settings import DiscordSettings
from bot.background import Work
from bot.measuring import NoMeter
from bot.models import ChannelRef, FoundPost, MessageRef, Post, PostLimits
from bot.ports import Clock, Handler, Meter, NoteStore
from bot.precedence import Precedence

logger = logging.getLogger(__name__)

GRACE = 2.0
"""Seconds that work under way has at the end."""

GUILD_PATIENCE = 2.0
"""Seconds without a further server after which all of them have been told of."""

CHANNEL_INTERVAL = 1.0
SETTLE = 5.0
"""Seconds after which a post whose answer was lost is sent again with its nonce, or looked for."""


class DiscordChat:
    """Discord as a platform, with one token for all servers that the bot is in.

    Without ``listen`` it only posts: for one round by hand. ``loaded`` is called when all is there that Discord tells
    of its servers, also when it tells that anew.
    """

    platform = PLATFORM
    limits = PostLimits(
        papers=PAPERS,
        characters=CHARACTERS_A_DIGEST,
        overhead=OVERHEAD,
        interval=CHANNEL_INTERVAL,
        settle=SETTLE,
    )

    def __init__(
        self,
        settings: DiscordSettings,
        notes: NoteStore,
        clock: Clock,
        *,
        listen: bool = True,
        guild_patience: float = GUILD_PATIENCE,
        meter: Meter | None = None,
        loaded: Callable[[], None] = nobody_waits,
    ) -> None:
        self._meter = meter or NoMeter()
        self._settings = settings
        self._notes = notes
        self._clock = clock
        precedence = Precedence()
        self._work = Work(precedence)
        self._answering = Answering(precedence)
        self._pace = Pace(clock)
        self._parts: Parts | None = None
        self._connection = Connection(settings.token, self._make_client, clock)
        self._listen = listen
        self._guild_patience = guild_patience
        self._loaded = loaded
        self._posting = Posting(lambda: self._connection.client, clock)

    @property
    def ready(self) -> bool:
        """Whether everything that members do is heard."""
        return self._connection.connected

    async def failed(self) -> str:
        """Wait until Discord refuses to serve for good, and say why."""
        if self._connection.failure is None:
            raise RuntimeError("start() comes first")
        return await asyncio.shield(self._connection.failure)

    async def start(self, handler: Handler) -> None:
        """As ``Chat``: logged in, connected and ready. Raises ConfigError for a refused token."""
        if self._listen:
            self._parts = Parts(
                lambda: self._connection.client, handler, self._clock, self._work, self._meter, self._answering
            )
        await self._connection.start()
        client = self._connection.client
        if not client.guilds:
            logger.warning("The bot is in no server yet. %s", invitation(client.application_id))

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """As ``Chat``."""
        return await self._posting.send(channel, post)

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """As ``Chat``."""
        return await self._posting.find(channel, post)

    async def posts_since(self, channel: ChannelRef, since: datetime) -> list[FoundPost]:
        """As ``ReadsBack``."""
        return await self._posting.posts_since(channel, since)

    async def close(self) -> None:
        """As ``Chat``; again changes nothing."""
        await self._work.drain(GRACE)
        await self._connection.stop()

    def _make_client(self) -> PaperrouteClient:
        client = PaperrouteClient(
            self._settings,
            self._notes,
            self._clock,
            self._pace,
            guild_patience=self._guild_patience,
            loaded=self._loaded,
        )
        client.parts = self._parts
        return client
