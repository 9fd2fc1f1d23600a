"""A small web server: health, readiness, and the routes of whoever needs some.

``/healthz`` answers as long as the process lives; ``/readyz`` whether it can do its work. It is meant to stand behind a
reverse proxy that speaks TLS.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from bot.errors import ConfigError, PaperrouteError

logger = logging.getLogger(__name__)

BODY = 1_000_000
"""Bytes of a request's body; Slack's largest are far below."""

_READY_SECONDS = 5.0
_SHUTDOWN_SECONDS = 2.0


class WebServer:
    """Serves ``routes`` beside its own between ``start`` and ``stop``. ``ready`` may raise PaperrouteError for no."""

    def __init__(
        self, host: str, port: int, *, routes: Sequence[web.RouteDef], ready: Callable[[], Awaitable[bool]]
    ) -> None:
        self._host = host
        self._port = port
        self._routes = routes
        self._ready = ready
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port that is served, also where 0 asked for any."""
        if self._runner is None or not self._runner.addresses:
            return self._port
        return int(self._runner.addresses[0][1])

    async def start(self) -> None:
        """Begin to serve. Raises ConfigError where the address cannot be used."""
        application = web.Application(client_max_size=BODY)
        application.add_routes([web.get("/healthz", _healthy), web.get("/readyz", self._readiness), *self._routes])
        application.on_response_prepare.append(_say_nothing_of_ourselves)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self.stop()
            reason = error.strerror or str(error)
            address = f"{self._host}:{self._port}"
            mistake = f"PAPERROUTE_WEB names {address}, which cannot be served ({reason}): name another one."
            raise ConfigError([mistake]) from None
        logger.info("Serving HTTP at %s:%d.", self._host, self.port)

    async def stop(self) -> None:
        """Finish what is being answered, then serve nothing more; again changes nothing."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _readiness(self, _: web.Request) -> web.Response:
        try:
            ready = await asyncio.wait_for(self._ready(), _READY_SECONDS)
        except (PaperrouteError, TimeoutError) as error:
            logger.warning("Not ready: %s", str(error) or type(error).__name__)
            ready = False
        return web.Response(status=200 if ready else 503, text="ready\n" if ready else "not ready\n")


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="alive\n")


async def _say_nothing_of_ourselves(_: web.Request, response: web.StreamResponse) -> None:
    """No version for strangers, and no page of ours inside another."""
    response.headers["Server"] = "paperroute"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Cache-Control"] = "no-store"
