"""Access to Slack's Web API with the tokens that the settings give: one workspace's, the installed ones', or both."""

from __future__ import annotations

import logging

from adapters.slack.api import Tokens, WebApi
from adapters.slack.errors import SlackError
from adapters.slack.identity import PLATFORM
from adapters.slack.installations import Seal, SlackInstallations
from adapters.slack.installed_tokens import InstalledTokens
from adapters.slack.settings import SlackSettings
from adapters.slack.tokens import JoinedTokens, SingleToken
from bot.errors import ConfigError
from bot.ports import Clock, InstallationStore

logger = logging.getLogger(__name__)

_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class Access:
    """``api`` and ``tokens`` can be used between ``open`` and ``close``. ``store``: where installations are, if any."""

    api: WebApi
    tokens: Tokens

    def __init__(self, settings: SlackSettings, store: InstallationStore | None, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._own: SingleToken | None = None
        self._opened = False
        self.installations: SlackInstallations | None = None
        self.installed: InstalledTokens | None = None

    async def open(self, *, patiently: bool = False) -> None:
        """Check the bot token and get ready.

        Raises SlackError; ``patiently`` waits for a Slack that cannot be reached, and raises ConfigError for a token
        that it refuses.
        """
        tokens: list[Tokens] = []
        if self._settings.bot_token:
            self._own = await (self._verified_in_the_end() if patiently else self._verified())
            tokens.append(self._own)
        if self._settings.oauth is not None and self._store is not None:
            oauth = self._settings.oauth
            self.installations = SlackInstallations(self._store, Seal(oauth.secret_keys), self._clock)
            self.installed = InstalledTokens(
                self.installations,
                client_id=oauth.client_id,
                client_secret=oauth.client_secret,
                base_url=self._settings.api_url,
                clock=self._clock,
            )
            tokens.append(self.installed)
        if not tokens:
            raise ConfigError(["Slack needs SLACK_BOT_TOKEN: see `paperroute setup slack`."])
        self.tokens = tokens[0] if len(tokens) == 1 else JoinedTokens(*tokens)
        self.api = WebApi(self.tokens, base_url=self._settings.api_url, clock=self._clock)
        await self.api.open()
        self._opened = True

    async def workspaces(self) -> list[str]:
        """The workspaces that are served."""
        own = [self._own.workspace] if self._own is not None else []
        installed = await self._store.installed(PLATFORM) if self.installed is not None and self._store else []
        return list(dict.fromkeys([*own, *installed]))

    async def forget(self, workspace: str) -> None:
        """A workspace removed the app: its installation is removed as well. Raises StoreError."""
        if self.installed is not None and self._store is not None:
            await self._store.remove_installation(PLATFORM, workspace)
            self.installed.forget(workspace)

    async def close(self) -> None:
        """Hang up; again changes nothing."""
        if self._opened:
            self._opened = False
            await self.api.close()

    async def _verified(self) -> SingleToken:
        return await SingleToken.verify(self._settings.api_url, self._settings.bot_token, clock=self._clock)

    async def _verified_in_the_end(self) -> SingleToken:
        pause = _SHORTEST_PAUSE
        while True:
            try:
                return await self._verified()
            except SlackError as error:
                if error.permanent:
                    raise ConfigError([_refused(error.code)]) from None
                logger.warning("Slack cannot be reached (%s); trying again in %.0f s.", error.code, pause)
                await self._clock.sleep(max(pause, error.retry_after or 0.0))
            pause = min(pause * 2, _LONGEST_PAUSE)


def _refused(code: str) -> str:
    return (
        f"SLACK_BOT_TOKEN is refused by Slack ({code}): copy the Bot User OAuth Token from your app's page under"
        ' "OAuth & Permissions"; `paperroute setup slack` says more.'
    )
