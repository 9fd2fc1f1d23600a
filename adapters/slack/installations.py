"""Installations of the app: slack_sdk's installation store over ours, sealed.

One installation a workspace is kept, the latest: its bot is the same whoever installed it, and no member's token is
asked for. What is kept is JSON sealed with Fernet (https://cryptography.io/en/latest/fernet/); with several keys the
first one seals and all of them open, so that keys can be exchanged.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.models.bot import Bot
from slack_sdk.oauth.installation_store.models.installation import Installation

from adapters.slack.identity import PLATFORM, workspace_of
from bot.errors import ConfigError
from bot.ports import Clock, InstallationStore

_BOT = ("bot_token", "bot_id", "bot_user_id", "bot_scopes", "bot_refresh_token", "bot_token_expires_at")


class Seal:
    """Seals and opens with ``keys``, the first of which seals. Raises ConfigError for what is no key."""

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise ConfigError(
                ["PAPERROUTE_SECRET_KEY is no key: `paperroute setup slack` prints a fresh one."]
            ) from None

    def seal(self, values: dict[str, Any]) -> bytes:
        return self._fernet.encrypt(json.dumps(values).encode("utf-8"))

    def open(self, sealed: bytes) -> dict[str, Any] | None:
        """None for what was sealed with a key that is not here."""
        try:
            opened = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            return None
        return opened if isinstance(opened, dict) else None


class SlackInstallations(AsyncInstallationStore):
    """Every method of slack_sdk's store; each raises StoreError."""

    def __init__(self, store: InstallationStore, seal: Seal, clock: Clock) -> None:
        self._store = store
        self._seal = seal
        self._clock = clock

    @property
    def logger(self) -> logging.Logger:
        return logging.getLogger(__name__)

    async def async_save(self, installation: Installation) -> None:
        await self._put(installation)

    async def async_save_bot(self, bot: Bot) -> None:
        known = await self.async_find_installation(enterprise_id=bot.enterprise_id, team_id=bot.team_id)
        if known is None:
            known = Installation(
                app_id=bot.app_id,
                enterprise_id=bot.enterprise_id,
                team_id=bot.team_id,
                user_id="",
                is_enterprise_install=bot.is_enterprise_install,
            )
        for name in _BOT:
            setattr(known, name, getattr(bot, name))
        await self._put(known)

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        found = await self.async_find_installation(
            enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
        )
        return None if found is None else found.to_bot()

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        sealed = await self._store.installation(PLATFORM, _key(enterprise_id, team_id, is_enterprise_install))
        if sealed is None:
            return None
        values = self._seal.open(sealed)
        if values is None:
            self.logger.error("The installation of %s cannot be opened: PAPERROUTE_SECRET_KEY lacks its key.", team_id)
            return None
        found = Installation(**values)
        return None if user_id is not None and found.user_id != user_id else found

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self._store.remove_installation(PLATFORM, workspace_of(enterprise_id, team_id), "")

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        found = await self.async_find_installation(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)
        if found is not None:
            await self._store.remove_installation(PLATFORM, workspace_of(enterprise_id, team_id), "")

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self._store.remove_installation(PLATFORM, workspace_of(enterprise_id, team_id))

    async def _put(self, installation: Installation) -> None:
        workspace = _key(installation.enterprise_id, installation.team_id, installation.is_enterprise_install)
        sealed = self._seal.seal(_values(installation))
        await self._store.put_installation(PLATFORM, workspace, "", sealed, self._clock.now())


def _key(enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None) -> str:
    return workspace_of(enterprise_id, None if is_enterprise_install else team_id)


def _values(installation: Installation) -> dict[str, Any]:
    """The arguments that make the installation again, as JSON can hold them."""
    values: dict[str, Any] = installation.to_dict()
    # Members' tokens are not asked for; if Slack should send one, it is not kept.
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if not name.startswith(("user_token", "user_refresh", "user_scopes"))
    }
