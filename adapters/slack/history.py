"""A channel's messages read back, page by page, at the pace that Slack allows.

https://docs.slack.dev/reference/methods/conversations.history and conversations.replies. Some apps are given 15
messages a minute; whoever reads on later hands in the cursor of the page that was not reached.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.slack.api import SlackApi
from adapters.slack.errors import SlackError
from adapters.slack.rates import Pace
from bot.ports import Clock

PAGE = 200
_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Page:
    """Some messages as Slack gives them; ``cursor`` leads to the next page, empty after the last one."""

    messages: tuple[dict[str, Any], ...]
    cursor: str


class History:
    """Reads back what stands in channels."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._pace = Pace(clock)

    async def pages(
        self, workspace: str, channel: str, *, oldest: datetime | None, thread: str = "", cursor: str = ""
    ) -> AsyncIterator[Page]:
        """The pages from ``oldest`` on (None: all), from ``cursor`` on; of a thread, given its first message.

        Raises SlackError.
        """
        method = "conversations.replies" if thread else "conversations.history"
        while True:
            await self._pace.turn(workspace, method)
            answer = await self._api.call(
                workspace,
                method,
                timeout=_TIMEOUT,
                channel=channel,
                ts=thread or None,
                oldest=None if oldest is None else f"{oldest.timestamp():.6f}",
                inclusive=True,
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor or None,
            )
            page = _page(answer, method, workspace)
            yield page
            if not page.cursor or page.cursor == cursor:
                return
            cursor = page.cursor


def _page(answer: dict[str, Any], method: str, workspace: str) -> Page:
    messages = answer.get("messages")
    if not isinstance(messages, list):
        raise SlackError("unreadable", method=method, workspace=workspace)
    metadata = answer.get("response_metadata")
    cursor = metadata.get("next_cursor") if isinstance(metadata, dict) else ""
    return Page(tuple(message for message in messages if isinstance(message, dict)), str(cursor or ""))
