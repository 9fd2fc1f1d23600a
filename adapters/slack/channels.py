"""Channels of workspaces as Slack describes them: name, membership, kind."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.slack.api import SlackApi
from adapters.slack.cache import Cache
from adapters.slack.errors import SlackError
from adapters.slack.payloads import text_in
from bot.ports import Clock

_REMEMBERED = 60.0
_MOST = 10_000
_TIMEOUT = 8.0


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """What kind of conversation it is. The id's first letter says nothing: private channels begin with C as well."""

    name: str
    is_member: bool
    is_private: bool = False
    is_im: bool = False
    is_ext_shared: bool = False
    is_archived: bool = False


class Channels:
    """Asks Slack about channels, and remembers for a minute."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._known: Cache[tuple[str, str], ChannelInfo] = Cache(clock, seconds=_REMEMBERED, most=_MOST)

    async def info(self, workspace: str, channel: str) -> ChannelInfo | None:
        """None: Slack does not let the bot know of it, as of private channels that it is not in. Raises SlackError."""
        key = (workspace, channel)
        if (known := self._known.get(key)) is not None:
            return known
        try:
            answer = await self._api.call(workspace, "conversations.info", timeout=_TIMEOUT, channel=channel)
        except SlackError as error:
            if error.code == "channel_not_found":
                return None
            raise
        found = answer.get("channel")
        if not isinstance(found, dict):
            raise SlackError("unreadable", method="conversations.info", workspace=workspace)
        return self._known.put(
            key,
            ChannelInfo(
                name=text_in(found, "name"),
                is_member=found.get("is_member") is True,
                is_private=found.get("is_private") is True,
                is_im=found.get("is_im") is True,
                is_ext_shared=found.get("is_ext_shared") is True,
                is_archived=found.get("is_archived") is True,
            ),
        )

    async def reachable(self, workspace: str, channel: str) -> bool:
        """Whether the bot can post there: it is in the channel, or it is its own direct messages. Raises SlackError."""
        if not channel.startswith("D"):
            info = await self.info(workspace, channel)
            return info is not None and info.is_member and not info.is_archived
        # Asking what a direct message is needs one more scope; its history is there for its two people only.
        try:
            await self._api.call(workspace, "conversations.history", timeout=_TIMEOUT, channel=channel, limit=1)
        except SlackError as error:
            if error.code in {"channel_not_found", "not_in_channel"}:
                return False
            raise
        return True

    def forget(self, workspace: str, channel: str) -> None:
        """What was known of it may have changed."""
        self._known.forget((workspace, channel))
