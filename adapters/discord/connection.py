"""The connection to Discord: a client that is watched, and made anew when it stays deaf.

discord.py reconnects by itself. It has ways of not coming back: a server error from the address for resuming is tried
for ever (Rapptz/discord.py issue 10511), and a client that was closed stays closed. So a client of which a shard has
not been connected for some minutes is replaced by a new one; discord.py limits identifying itself, and so does the
pause.

A token that is refused, and the gateway's codes 4004 and 4010 to 4014, mean that trying again is of no use: at the
start they are a ConfigError, later ``failure`` tells of them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp
import discord

from bot.errors import ConfigError
from bot.pacing import within
from bot.ports import Clock
from bot.supervision import report, supervise
from bot.wording import count

logger = logging.getLogger(__name__)

LOOK = 5.0
"""Seconds between two looks at the shards."""
DEAF = timedelta(minutes=5)
"""A client of which a shard has not been connected for so long is replaced."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_PATIENCE = 30.0
_READY = 120.0
_CODES = {
    4004: "DISCORD_TOKEN is refused by Discord's gateway: reset it on your application's page, and set it anew.",
    4010: "Discord refuses this bot's number of shards (code 4010); please report it.",
    4011: "This bot is in so many servers that Discord wants more shards (code 4011): restart paperroute.",
    4012: "Discord no longer serves this version of its gateway (code 4012): install a newer version of paperroute.",
    4013: "Discord knows other intents than this version asks for (code 4013): install a newer version of paperroute.",
    4014: "Discord does not allow this bot its intents (code 4014); paperroute needs none that must be switched on.",
}
_REFUSED = (
    'DISCORD_TOKEN is refused by Discord: copy the token from your application\'s page under "Bot" ("Reset Token");'
    " `paperroute setup discord` says more."
)

MakeClient = Callable[[], discord.AutoShardedClient]


class Connection:
    """Owns the client."""

    def __init__(self, token: str, make_client: MakeClient, clock: Clock) -> None:
        self._token = token
        self._make_client = make_client
        self._clock = clock
        self._client: discord.AutoShardedClient | None = None
        self._running: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._seen: datetime | None = None
        self.failure: asyncio.Future[str] | None = None

    @property
    def client(self) -> discord.AutoShardedClient:
        """The present client."""
        if self._client is None:
            raise RuntimeError("start() comes first")
        return self._client

    @property
    def connected(self) -> bool:
        """Whether every shard is connected, so that everything is heard."""
        client = self._client
        if client is None or client.is_closed() or not client.is_ready():
            return False
        return all(not shard.is_closed() for shard in client.shards.values())

    async def start(self) -> None:
        """Return when ready; an unreachable Discord is waited for. Raises ConfigError for a token it refuses."""
        self.failure = asyncio.get_running_loop().create_future()
        await self._begin()
        self._seen = self._clock.now()
        watching = supervise("Watching Discord's gateway", self._watch, self._clock)
        self._watching = asyncio.create_task(watching, name="Watching Discord's gateway")

    async def stop(self) -> None:
        """Hang up; again changes nothing."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        await self._hang_up()

    async def _begin(self) -> None:
        """A client that is logged in and ready, however long that takes. Raises ConfigError."""
        pause = _SHORTEST_PAUSE
        while True:
            try:
                await self._try()
            except discord.LoginFailure:
                raise ConfigError([_REFUSED]) from None
            except discord.PrivilegedIntentsRequired:
                raise ConfigError([_CODES[4014]]) from None
            except discord.ConnectionClosed as error:
                if error.code in _CODES:
                    raise ConfigError([_CODES[error.code]]) from None
                reason = f"the gateway closed with {error.code}"
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                reason = type(error).__name__
            except Exception as error:  # noqa: BLE001  what Discord said at the start was not understood
                report("Connecting to Discord", error)
                reason = type(error).__name__
            else:
                return
            await self._hang_up()
            logger.warning("Discord cannot be reached (%s); trying again in %.0f s.", reason, pause)
            await self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _try(self) -> None:
        client = self._client = self._make_client()
        await within(self._clock, _PATIENCE, client.login(self._token))
        self._running = asyncio.create_task(client.connect(), name="Discord's gateway")
        ready = asyncio.create_task(client.wait_until_ready())
        try:
            await within(self._clock, _READY, _either(self._running, ready))
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)
        if self._running.done():
            self._running.result()
            raise ConnectionError("the gateway ended")

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(LOOK)
            now = self._clock.now()
            if self._running is not None and self._running.done():
                if (said := _final(self._running)) is not None:
                    self._fail(said)
                    return
                await self._replace(f"has ended{_why(self._running)}")
            elif self.connected:
                self._seen = now
            elif self._seen is None or now - self._seen >= DEAF:
                await self._replace(f"has been deaf for {count(int(DEAF.total_seconds() // 60), 'minute')}")

    async def _replace(self, what: str) -> None:
        logger.warning("Discord's gateway %s; connecting anew.", what)
        await self._hang_up()
        try:
            await self._begin()
        except ConfigError as error:
            self._fail(str(error))
            return
        self._seen = self._clock.now()

    def _fail(self, said: str) -> None:
        if self.failure is not None and not self.failure.done():
            self.failure.set_result(said)

    async def _hang_up(self) -> None:
        client = self._client
        running, self._running = self._running, None
        if client is not None and not client.is_closed():
            try:
                await within(self._clock, _PATIENCE, client.close())
            except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
                logger.debug("The old connection did not close well: %s", type(error).__name__)
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def _either(*tasks: asyncio.Task[None]) -> None:
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


def _why(task: asyncio.Task[None]) -> str:
    """What a client ended with, as said in the log."""
    error = None if task.cancelled() else task.exception()
    return "" if error is None else f" ({type(error).__name__})"


def _final(task: asyncio.Task[None]) -> str | None:
    """Why trying again is of no use; None where it may be of some."""
    error = None if task.cancelled() else task.exception()
    if isinstance(error, discord.PrivilegedIntentsRequired):
        return _CODES[4014]
    return _CODES.get(error.code) if isinstance(error, discord.ConnectionClosed) else None
