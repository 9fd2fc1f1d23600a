"""Socket Mode's life: a connection that is watched, and made anew when it is not there.

The SDK's client reconnects by itself, on Slack's warnings and when a connection breaks. It has two ways of staying deaf
for ever: an app token that is refused makes its first connection try again without end, and after failed handshakes it
goes on with a ticket that has expired (python-slack-sdk issues 1110 and 1701). So the token is tried first, by
``apps.connections.open``; and a client that has not been connected for a minute is replaced by a new one with a new
ticket, more and more slowly, without giving up.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import Wire
from adapters.slack.errors import SlackError
from bot.errors import ConfigError
from bot.pacing import within
from bot.ports import Clock
from bot.proxies import proxy_for
from bot.supervision import supervise
from bot.wording import count

logger = logging.getLogger(__name__)

PING = 10.0
"""Seconds between two pings; four without an answer end a connection."""
LOOK = 5.0
"""Seconds between two looks at the connection."""
DEAF = timedelta(seconds=60)
"""A client that has not been connected for so long is replaced."""
MISSED = timedelta(minutes=3)
"""After a longer interruption events may be gone: Slack repeats an event at once, after one and after five minutes."""

_OPEN = "apps.connections.open"
_PATIENCE = 20.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
_REFUSALS = {
    "invalid_auth": "is not (or no longer) valid",
    "not_authed": "is empty",
    "not_allowed_token_type": "is a token of another kind",
    "account_inactive": "belongs to a workspace or app that was deleted",
    "token_revoked": "was revoked",
    "token_expired": "has expired",
    "missing_scope": "lacks the scope connections:write",
    "forbidden_team": "belongs to another workspace",
    "app_not_found": "belongs to an app that was deleted",
}


class Socket:
    """Keeps ``app`` connected. ``on_reconnected`` is called after an interruption that may have swallowed events."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        base_url: str,
        clock: Clock,
        *,
        on_reconnected: Callable[[], None],
        ping: float = PING,
    ) -> None:
        self._app = app
        self._token = app_token
        self._base_url = base_url
        self._clock = clock
        self._on_reconnected = on_reconnected
        self._ping = ping
        self._client: SocketModeClient | None = None
        self._watching: asyncio.Task[None] | None = None
        self._seen: datetime | None = None

    @property
    def connected(self) -> bool:
        """Whether requests can come in at present."""
        client = self._client
        session = None if client is None else client.current_session
        return client is not None and session is not None and not (client.closed or client.stale or session.closed)

    async def start(self) -> None:
        """Return when connected; an unreachable Slack is waited for. Raises ConfigError for a token it refuses."""
        self._client = await self._connection()
        self._seen = self._clock.now()
        watching = supervise("Watching Slack's socket", self._watch, self._clock)
        self._watching = asyncio.create_task(watching, name="Watching the socket")

    async def stop(self) -> None:
        """Hang up; again changes nothing."""
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        client, self._client = self._client, None
        if client is not None:
            await _hang_up(client)

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(LOOK)
            now = self._clock.now()
            if self._client is not None and await self._client.is_connected():
                self._note(now)
            elif self._seen is None or now - self._seen >= DEAF:
                await self._replace()

    async def _replace(self) -> None:
        """A new client in the place of one that stays deaf."""
        logger.warning(
            "Slack's socket has been deaf for %s; connecting anew.", count(int(DEAF.total_seconds()), "second")
        )
        client, self._client = self._client, None
        if client is not None:
            await _hang_up(client)
        while self._client is None:
            try:
                self._client = await self._connection()
            except ConfigError as error:
                # It was good at the start, so somebody changed something, and may change it back.
                logger.error("Slack cannot be listened to: %s", error)  # noqa: TRY400  a sentence says it all
                await self._clock.sleep(_LONGEST_PAUSE)
        self._note(self._clock.now())

    def _note(self, now: datetime) -> None:
        interrupted = self._seen is not None and now - self._seen > MISSED
        self._seen = now
        if interrupted:
            logger.info("Slack's socket is back after an interruption.")
            self._on_reconnected()

    async def _connection(self) -> SocketModeClient:
        """A connected client, however long it takes. Raises ConfigError."""
        pause = _SHORTEST_PAUSE
        while True:
            try:
                return await self._connect()
            except SlackError as error:
                if error.code in _REFUSALS:
                    raise ConfigError([_refused(error.code)]) from None
                reason = error.code
                pause = max(pause, error.retry_after or 0.0)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                reason = type(error).__name__
            logger.warning("Slack's socket cannot be reached (%s); trying again in %.0f s.", reason, pause)
            await self._clock.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _connect(self) -> SocketModeClient:
        web = AsyncWebClient(base_url=self._base_url, timeout=int(_PATIENCE), retry_handlers=[])
        web.proxy = proxy_for(self._base_url)
        url = await self._ticket()
        handler = AsyncSocketModeHandler(self._app, self._token, web_client=web, ping_interval=self._ping)
        client = handler.client
        assert isinstance(client, SocketModeClient)  # noqa: S101  the handler says so less exactly
        # The client has looked for a proxy itself, in its own way.
        client.proxy = web.proxy
        client.wss_uri = url
        try:
            await within(self._clock, _PATIENCE, client.connect())  # type: ignore[no-untyped-call]  # the SDK lacks the annotation
        except BaseException:
            await _hang_up(client)
            raise
        return client

    async def _ticket(self) -> str:
        """The address of a socket, good for one connection. Raises SlackError."""
        wire = Wire(self._base_url, self._clock)
        await wire.open()
        try:
            answer = await wire.call(self._token, _OPEN, {}, workspace="", patience=_PATIENCE)
        finally:
            await wire.close()
        url = answer.get("url")
        if not isinstance(url, str):
            raise SlackError("unreadable", method=_OPEN, workspace="")
        return url


def _refused(code: str) -> str:
    return (
        f"SLACK_APP_TOKEN {_REFUSALS[code]} (Slack answers {code}):"
        ' make one under "Basic Information" > "App-Level Tokens"; `paperroute setup slack` says more.'
    )


async def _hang_up(client: SocketModeClient) -> None:
    """Close a client, and wait for the tasks that it only cancels."""
    tasks = [client.message_processor, client.current_session_monitor, client.message_receiver]
    client.closed = True
    try:
        await asyncio.wait_for(client.close(), 5.0)  # type: ignore[no-untyped-call]  # as above
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        logger.debug("The old socket did not close well: %s", type(error).__name__)
    for task in tasks:
        if task is not None:
            task.cancel()
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
    if not client.aiohttp_client_session.closed:
        await client.aiohttp_client_session.close()
