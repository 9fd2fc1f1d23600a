"""Members of workspaces: time zone, name, whether they manage it, as far as Slack tells them (scope users:read)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.slack.api import SlackApi
from adapters.slack.cache import Cache
from adapters.slack.errors import SlackError
from adapters.slack.identity import enterprise_and_team
from adapters.slack.payloads import text_in
from bot.ports import Clock

logger = logging.getLogger(__name__)

_REMEMBERED = 24 * 3600.0
_UNANSWERED = 300.0
_MOST = 10_000
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Member:
    """``zone`` is an IANA name or None; ``team``: the team they belong to, which in shared channels may be another.

    ``administers``: an admin or owner of the workspace that was asked.
    """

    name: str
    zone: str | None
    team: str
    administers: bool = False


_NOBODY = Member("", None, "")
_RANKS = ("is_admin", "is_owner", "is_primary_owner")


class Members:
    """Asks Slack about members, each at most once a day. Never raises: what is not known is empty."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._known: Cache[tuple[str, str], Member] = Cache(clock, seconds=_REMEMBERED, most=_MOST)
        self._unknown: Cache[tuple[str, str], Member] = Cache(clock, seconds=_UNANSWERED, most=_MOST)

    async def zone(self, workspace: str, user: str) -> str | None:
        """The member's time zone."""
        return (await self._member(workspace, user)).zone

    async def name(self, workspace: str, user: str) -> str:
        """What others call them."""
        return (await self._member(workspace, user)).name

    async def team(self, workspace: str, user: str) -> str:
        """The id of the team that they belong to."""
        return (await self._member(workspace, user)).team

    async def administers(self, workspace: str, user: str) -> bool:
        """Whether they are an admin or owner of the workspace; False for what Slack does not say."""
        return (await self._member(workspace, user)).administers

    async def _member(self, workspace: str, user: str) -> Member:
        key = (workspace, user)
        known = self._known.get(key) or self._unknown.get(key)
        if known is not None:
            return known
        try:
            answer = await self._api.call(workspace, "users.info", timeout=_TIMEOUT, user=user)
        except SlackError as error:
            logger.debug("Slack did not say who %s is: %s", user, error)
            return self._unknown.put(key, _NOBODY)
        found = answer.get("user")
        name = text_in(found, "profile", "display_name") or text_in(found, "profile", "real_name")
        return self._known.put(
            key,
            Member(
                name or text_in(found, "name"),
                text_in(found, "tz") or None,
                text_in(found, "team_id"),
                _administers(found, workspace),
            ),
        )


def _administers(found: object, workspace: str) -> bool:
    """What ``users.info`` says of a member. Whoever comes from elsewhere, as shared channels have them, may be an admin
    there and is none here."""
    if not isinstance(found, Mapping) or found.get("is_stranger") is True or found.get("deleted") is True:
        return False
    home = text_in(found, "team_id")
    return (not home or home in enterprise_and_team(workspace)) and any(found.get(rank) is True for rank in _RANKS)
