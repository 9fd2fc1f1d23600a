"""The installation of the app by other workspaces: Slack's OAuth flow (https://docs.slack.dev/authentication/installing-with-oauth).

The state that travels through Slack is sealed, ten minutes valid, bound to the browser by a cookie, and used once.
"""

from __future__ import annotations

import hashlib
import html
import logging
import secrets
from collections.abc import Awaitable, Callable

from cryptography.fernet import Fernet, InvalidToken
from slack_bolt.oauth.async_callback_options import AsyncCallbackOptions, AsyncFailureArgs, AsyncSuccessArgs
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.identity import workspace_of
from adapters.slack.installations import SlackInstallations
from adapters.slack.manifest import INSTALL_PATH, REDIRECT_PATH
from adapters.slack.scopes import BOT_SCOPES
from adapters.slack.settings import OAuthSettings
from bot.ports import Clock, InstallationStore
from bot.proxies import proxy_for

STATE_SECONDS = 600
_TIMEOUT = 15

_REASONS = {
    "access_denied": "The installation was cancelled.",
    "invalid_browser": "Start the installation again in this browser, with cookies allowed.",
    "invalid_state": "This link was used already or is older than ten minutes. Start the installation again.",
    "invalid_code": "Slack did not confirm the installation. Start it again.",
    "missing_code": "Slack did not confirm the installation. Start it again.",
}


class States(AsyncOAuthStateStore):
    """States that need no table: sealed with a key, and remembered once used."""

    def __init__(self, store: InstallationStore, key: str, clock: Clock) -> None:
        self._store = store
        self._fernet = Fernet(key)
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return logging.getLogger(__name__)

    async def async_issue(self, *_: object, **__: object) -> str:
        """A fresh state."""
        now = int(self._clock.now().timestamp())
        return self._fernet.encrypt_at_time(secrets.token_bytes(16), now).decode("ascii")

    async def async_consume(self, state: str) -> bool:
        """Whether the state is ours, young, and used for the first time."""
        now = self._clock.now()
        try:
            self._fernet.decrypt_at_time(state, ttl=STATE_SECONDS, current_time=int(now.timestamp()))
        except (InvalidToken, TypeError, ValueError):
            return False
        return await self._store.first_time(f"oauth state {hashlib.sha256(state.encode()).hexdigest()}", now)


def make_flow(
    settings: OAuthSettings,
    installations: SlackInstallations,
    states: States,
    api_url: str,
    on_installed: Callable[[str], Awaitable[None]],
) -> AsyncOAuthFlow:
    """The flow; ``on_installed`` is told the workspace before the member sees that it worked."""

    async def success(args: AsyncSuccessArgs) -> BoltResponse:
        made = args.installation
        await on_installed(workspace_of(made.enterprise_id, None if made.is_enterprise_install else made.team_id))
        said = "Type /invite @paperroute in a channel, then /papers watch RLHF."
        return _page(200, "paperroute is installed", said)

    async def failure(args: AsyncFailureArgs) -> BoltResponse:
        said = _REASONS.get(args.reason, "Something went wrong. Start the installation again.")
        return _page(args.suggested_status_code, "paperroute was not installed", said)

    client = AsyncWebClient(base_url=api_url, timeout=_TIMEOUT, retry_handlers=[])
    client.proxy = proxy_for(api_url)
    return AsyncOAuthFlow(
        client=client,
        settings=AsyncOAuthSettings(
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            scopes=list(BOT_SCOPES),
            user_scopes=[],
            redirect_uri=settings.public_url + REDIRECT_PATH,
            install_path=INSTALL_PATH,
            redirect_uri_path=REDIRECT_PATH,
            installation_store=installations,
            state_store=states,
            state_expiration_seconds=STATE_SECONDS,
            callback_options=AsyncCallbackOptions(success=success, failure=failure),
        ),
    )


def _page(status: int, title: str, said: str) -> BoltResponse:
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><h1>{html.escape(title)}</h1><p>{html.escape(said)}</p>"
    )
    return BoltResponse(status=status, body=body, headers={"Content-Type": "text/html; charset=utf-8"})
