"""Tokens that come from the settings, and how they stand beside those of installed workspaces."""

from __future__ import annotations

from typing import Any

from adapters.slack.api import Credentials, Tokens, Wire
from adapters.slack.errors import SlackError
from adapters.slack.identity import enterprise_and_team, workspace_of
from bot.clock import SystemClock
from bot.ports import Clock

_TIMEOUT = 15.0


class SingleToken:
    """``Tokens`` of one bot token. ``workspace``: where it belongs, ``E1:`` where it serves a whole enterprise."""

    def __init__(self, workspace: str, credentials: Credentials) -> None:
        self.workspace = workspace
        self._credentials = credentials

    @classmethod
    async def verify(cls, base_url: str, token: str, *, clock: Clock | None = None) -> SingleToken:
        """Ask Slack whose token it is (https://docs.slack.dev/reference/methods/auth.test).

        Raises SlackError, and ConfigError for a proxy that cannot be used.
        """
        wire = Wire(base_url, clock or SystemClock())
        await wire.open()
        try:
            answer = await wire.call(token, "auth.test", {}, workspace="", patience=_TIMEOUT)
        finally:
            await wire.close()
        return cls(*_identified(answer, token))

    async def credentials(self, workspace: str) -> Credentials:
        """As ``Tokens``."""
        if not self._serves(workspace):
            raise SlackError("not_installed", method="auth.test", workspace=workspace, permanent=True)
        return self._credentials

    def _serves(self, workspace: str) -> bool:
        enterprise, team = enterprise_and_team(self.workspace)
        if enterprise is not None and team is None:
            return enterprise_and_team(workspace)[0] == enterprise
        return workspace == self.workspace


class JoinedTokens:
    """``Tokens`` that asks one after the other."""

    def __init__(self, first: Tokens, second: Tokens) -> None:
        self._first = first
        self._second = second

    async def credentials(self, workspace: str) -> Credentials:
        """As ``Tokens``; the second is asked about what is not installed with the first."""
        try:
            return await self._first.credentials(workspace)
        except SlackError as error:
            if error.code != "not_installed":
                raise
        return await self._second.credentials(workspace)


def _identified(answer: dict[str, Any], token: str) -> tuple[str, Credentials]:
    """The workspace and the bot that an answer of auth.test names. Raises SlackError where it is no bot's."""
    if not answer.get("bot_id"):
        raise SlackError("not_allowed_token_type", method="auth.test", workspace="", permanent=True)
    enterprise, team = answer.get("enterprise_id"), answer.get("team_id")
    # Of a token for a whole enterprise, Slack names the enterprise as the team as well.
    if answer.get("is_enterprise_install"):
        team = None
    if not (enterprise or team):
        raise SlackError("unreadable", method="auth.test", workspace="", ambiguous=True)
    return workspace_of(enterprise, team), Credentials(
        token,
        bot=str(answer["bot_id"]),
        user=str(answer.get("user_id") or ""),
        name=str(answer.get("user") or ""),
        app=str(answer.get("app_id") or ""),
    )
