"""E-mail as a platform: addresses are its channels. Nobody speaks to the bot here; members do so where they are."""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Sequence

from aiohttp import web

from adapters.email.letters import CHARACTERS, OVERHEAD, PAPERS, code_letter
from adapters.email.posting import Posting
from adapters.email.settings import EmailSettings
from adapters.email.submission import Submission, tls_context
from adapters.email.unsubscribing import Links, link_key, routes
from bot.errors import DeliveryError
from bot.mailing import PLATFORM, MailStore
from bot.models import ChannelRef, MessageRef, Post, PostLimits
from bot.pacing import within
from bot.ports import Clock, Handler

CODE_PATIENCE = 60.0
"""Seconds in which a code is mailed, while somebody waits for the answer."""


class EmailChat:
    """Fulfils ``bot.ports.Chat`` and ``bot.mailing.Mailer``."""

    platform = PLATFORM
    limits = PostLimits(papers=PAPERS, characters=CHARACTERS, overhead=OVERHEAD, settle=1.0, threads=False)

    def __init__(self, settings: EmailSettings, store: MailStore, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._links: Links | None = None
        self._submission: Submission | None = None
        self._posting: Posting | None = None
        self._routes: Sequence[web.RouteDef] = ()

    @property
    def routes(self) -> Sequence[web.RouteDef]:
        """What a web server serves: the way to unsubscribe, where people can reach it."""
        return self._routes

    async def start(self, handler: Handler) -> None:
        """As ``Chat``. The server is not asked for anything: it may be down today. Raises StoreError."""
        tls = await asyncio.to_thread(tls_context, self._settings)
        links = Links(self._settings.public_url, await link_key(self._store))
        self._submission = Submission(self._settings, tls)
        self._posting = Posting(self._settings, self._store, self._clock, self._submission, links.url)
        if self._settings.public_url:
            self._routes = routes(links, handler, self._store)

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """As ``Chat``."""
        return await self._started().send(channel, post)

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """As ``Chat``."""
        return await self._started().find(channel, post)

    async def send_code(self, address: str, code: str, asked_on: str) -> None:
        """As ``Mailer``."""
        if self._submission is None:
            raise DeliveryError("E-mail is not ready yet.")
        identity = base64.b32encode(secrets.token_bytes(15)).decode("ascii").lower()
        letter = code_letter(address, code, asked_on, identity=identity, settings=self._settings, now=self._clock.now())
        try:
            await within(self._clock, CODE_PATIENCE, self._submission.submit(address, letter, _nothing))
        except TimeoutError:
            raise DeliveryError("The mail server does not answer.") from None

    async def close(self) -> None:
        """As ``Chat``: every connection belongs to what is being sent, and ends with it."""

    def _started(self) -> Posting:
        if self._posting is None:
            raise RuntimeError("start() comes first")
        return self._posting


async def _nothing() -> None:
    """Codes are written down nowhere: one that got lost is asked for again."""
