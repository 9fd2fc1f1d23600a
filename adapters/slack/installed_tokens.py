"""The tokens of installed workspaces, refreshed in time.

A refresh token can be used once (https://docs.slack.dev/authentication/using-token-rotation), so a workspace's refresh
happens under one lock, and the new pair is stored before anybody is given the new token.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from datetime import timedelta

from slack_sdk.oauth.installation_store.models.installation import Installation

from adapters.slack.api import Credentials, Wire
from adapters.slack.cache import Cache
from adapters.slack.errors import SlackError
from adapters.slack.identity import enterprise_and_team
from adapters.slack.installations import SlackInstallations
from adapters.slack.tokens import SingleToken
from bot.ports import Clock

logger = logging.getLogger(__name__)

EARLY = timedelta(minutes=30)
"""A token is refreshed when it has no longer than this to live; Slack gives twelve hours."""

_REMEMBERED = 3600.0
_MOST = 10_000
_TIMEOUT = 15.0


class InstalledTokens:
    """``Tokens`` of the workspaces that installed the app."""

    def __init__(
        self, installations: SlackInstallations, *, client_id: str, client_secret: str, base_url: str, clock: Clock
    ) -> None:
        self._installations = installations
        self._client = (client_id, client_secret)
        self._base_url = base_url
        self._clock = clock
        self._known: Cache[str, tuple[Credentials, float | None]] = Cache(clock, seconds=_REMEMBERED, most=_MOST)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def credentials(self, workspace: str) -> Credentials:
        """As ``Tokens``."""
        if (known := self._fresh(workspace)) is not None:
            return known
        async with self._locks[workspace]:
            # Whoever had the lock before may have done it.
            if (known := self._fresh(workspace)) is not None:
                return known
            installation = await self._find(workspace)
            if installation is None or not installation.bot_token:
                raise SlackError("not_installed", method="auth.test", workspace=workspace, permanent=True)
            if self._expires_soon(installation.bot_token_expires_at) and installation.bot_refresh_token:
                installation = await self._refreshed(workspace, installation)
            token = str(installation.bot_token)
            identified = await SingleToken.verify(self._base_url, token, clock=self._clock)
            credentials = await identified.credentials(identified.workspace)
            self._known.put(workspace, (credentials, installation.bot_token_expires_at))
            return credentials

    def forget(self, workspace: str) -> None:
        """The installation may have changed."""
        self._known.forget(workspace)

    def _fresh(self, workspace: str) -> Credentials | None:
        known = self._known.get(workspace)
        return None if known is None or self._expires_soon(known[1]) else known[0]

    def _expires_soon(self, at: float | None) -> bool:
        return at is not None and self._clock.now().timestamp() + EARLY.total_seconds() >= at

    async def _find(self, workspace: str) -> Installation | None:
        """The workspace's own installation, else that of its enterprise as a whole."""
        enterprise, team = enterprise_and_team(workspace)
        found = await self._installations.async_find_installation(enterprise_id=enterprise, team_id=team)
        if found is None and enterprise and team:
            found = await self._installations.async_find_installation(
                enterprise_id=enterprise, team_id=None, is_enterprise_install=True
            )
        return found

    async def _refreshed(self, workspace: str, installation: Installation) -> Installation:
        """With a new pair of tokens, stored. Raises SlackError."""
        wire = Wire(self._base_url, self._clock)
        await wire.open()
        client_id, client_secret = self._client
        try:
            answer = await wire.call(
                "",
                "oauth.v2.access",
                {
                    "client_id": client_id,
                    "client_secret": client_secret,
                    "grant_type": "refresh_token",
                    "refresh_token": installation.bot_refresh_token,
                },
                workspace=workspace,
                patience=_TIMEOUT,
            )
        finally:
            await wire.close()
        token, refresh, lives = answer.get("access_token"), answer.get("refresh_token"), answer.get("expires_in")
        if not (isinstance(token, str) and isinstance(refresh, str) and isinstance(lives, int)):
            raise SlackError("unreadable", method="oauth.v2.access", workspace=workspace)
        installation.bot_token = token
        installation.bot_refresh_token = refresh
        installation.bot_token_expires_at = int(self._clock.now().timestamp()) + lives
        await self._installations.async_save(installation)
        logger.debug("Refreshed the token of the workspace %s.", workspace)
        return installation
