"""Slack as a chat platform: what its parts are, how they begin and how they end.

``start`` checks the tokens, opens the way in (the socket, or the routes that a web server serves) and reads the
reactions that came while nobody listened. ``close`` shuts the way in first, lets what is under way end, and hangs up
last.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow

from adapters.slack import buttons, changes, commands, home, reactions, watch_form
from adapters.slack.access import Access
from adapters.slack.api import SlackApi
from adapters.slack.bolt import make_app
from adapters.slack.catching_up import PAUSE, catch_up
from adapters.slack.channels import Channels
from adapters.slack.http import routes
from adapters.slack.identity import PLATFORM
from adapters.slack.members import Members
from adapters.slack.oauth import States, make_flow
from adapters.slack.parts import Parts
from adapters.slack.posting import Posting
from adapters.slack.posts import CHARACTERS, OVERHEAD, PAPERS
from adapters.slack.rates import CHANNEL_INTERVAL, WORKSPACE_INTERVAL
from adapters.slack.settings import SlackSettings
from adapters.slack.socket import Socket
from bot.background import Work
from bot.conversation import WorkspaceChange
from bot.measuring import NoMeter
from bot.models import ChannelRef, FoundPost, MessageRef, Post, PostLimits
from bot.ports import Clock, Handler, InstallationStore, Meter
from bot.precedence import Precedence

logger = logging.getLogger(__name__)

GRACE = 2.0
"""Seconds for commands under way when the process stops; it has five in all."""


class SlackChat:
    """``bot.ports.Chat`` for Slack. Without ``listen`` it only posts and looks up, as `paperroute poll` needs it.

    ``pause``: seconds between two requests that read reactions back.
    """

    platform = PLATFORM
    limits = PostLimits(
        papers=PAPERS,
        characters=CHARACTERS,
        overhead=OVERHEAD,
        interval=CHANNEL_INTERVAL,
        workspace_interval=WORKSPACE_INTERVAL,
    )

    def __init__(
        self,
        settings: SlackSettings,
        store: InstallationStore,
        clock: Clock,
        *,
        listen: bool = True,
        pause: float = PAUSE,
        meter: Meter | None = None,
    ) -> None:
        self._meter = meter or NoMeter()
        self._settings = settings
        self._store = store
        self._clock = clock
        self._listen = listen
        self._pause = pause
        self._access = Access(settings, store, clock)
        self._precedence = Precedence()
        self._work = Work(self._precedence)
        self._posting: Posting | None = None
        self._socket: Socket | None = None
        self._routes: list[web.RouteDef] = []

    @property
    def ready(self) -> bool:
        """Whether Slack's requests can come in."""
        return self._posting is not None and (self._socket is None or self._socket.connected)

    @property
    def api(self) -> SlackApi:
        """The Web API, once started."""
        return self._access.api

    @property
    def routes(self) -> list[web.RouteDef]:
        """What a web server is to serve for Slack, once started; empty where the socket is the only way in."""
        return self._routes

    async def start(self, handler: Handler) -> None:
        """Check the tokens, then listen. Waits until Slack can be reached. Raises ConfigError for a refused token."""
        await self._access.open(patiently=True)
        self._posting = Posting(self._access.api, self._clock)
        if not self._listen:
            return
        parts = Parts(
            api=self._access.api,
            handler=handler,
            clock=self._clock,
            work=self._work,
            members=Members(self._access.api, self._clock),
            channels=Channels(self._access.api, self._clock),
            uninstalled=self._access.forget,
            first_time=self._first_time,
        )
        app = make_app(
            self._settings.api_url,
            self._access.tokens.credentials,
            self._settings.signing_secret,
            self._clock,
            lambda seconds: self._meter.acknowledged(PLATFORM, seconds),
            precedence=self._precedence,
        )
        for module in (commands, buttons, reactions, changes, watch_form, home):
            module.register(app, parts)
        await self._open_ways_in(app, parts)
        self._work.start("Reading reactions that came meanwhile", catch_up(parts, self._pause))

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """As ``Chat``."""
        return await self._started().send(channel, post)

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """As ``Chat``."""
        return await self._started().find(channel, post)

    async def posts_since(self, channel: ChannelRef, since: datetime) -> list[FoundPost]:
        """As ``ReadsBack``."""
        return await self._started().posts_since(channel, since)

    async def close(self) -> None:
        """As ``Chat``; again changes nothing."""
        if self._socket is not None:
            await self._socket.stop()
        await self._work.drain(GRACE)
        await self._access.close()

    async def _first_time(self, workspace: str, event: str) -> bool:
        return await self._store.first_time(json.dumps(["slack change", workspace, event]), self._clock.now())

    def _started(self) -> Posting:
        if self._posting is None:
            raise RuntimeError("start() comes first")
        return self._posting

    async def _open_ways_in(self, app: AsyncApp, parts: Parts) -> None:
        if self._settings.signing_secret:
            self._routes = routes(app, self._flow(parts))
        if self._settings.app_token:

            def caught_up() -> None:
                parts.work.start("Reading reactions that came meanwhile", catch_up(parts, self._pause))

            self._socket = Socket(
                app, self._settings.app_token, self._settings.api_url, self._clock, on_reconnected=caught_up
            )
            await self._socket.start()

    def _flow(self, parts: Parts) -> AsyncOAuthFlow | None:
        oauth, installations = self._settings.oauth, self._access.installations
        if oauth is None or installations is None:
            return None

        async def installed(workspace: str) -> None:
            if self._access.installed is not None:
                self._access.installed.forget(workspace)
            logger.info("The app was installed in the workspace %s.", workspace)
            await parts.handler.workspace_changed(WorkspaceChange(PLATFORM, workspace))

        states = States(self._store, oauth.secret_keys[0], self._clock)
        return make_flow(oauth, installations, states, self._settings.api_url, installed)
