"""One way to Slack's Web API for every part of the adapter: tokens, timeouts, Retry-After, errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Credentials:
    """A workspace's bot: its token, and who it is there. ``bot``: its bot id, ``user``: its user id, ``name``: as
    members mention it."""

    token: str
    bot: str
    user: str
    name: str
    app: str = ""

    def __repr__(self) -> str:
        return f"Credentials(bot={self.bot!r}, user={self.user!r}, name={self.name!r})"


class Tokens(Protocol):
    """Whose bot is whose."""

    async def credentials(self, workspace: str) -> Credentials:
        """Valid ones, refreshed if need be. Raises SlackError ("not_installed" where the app is not installed)."""
        ...


class SlackApi(Protocol):
    """Calls of the Web API on behalf of a workspace's bot."""

    async def call(self, workspace: str, method: str, *, timeout: float = 15.0, **arguments: Any) -> dict[str, Any]:
        """The answer to ``method`` (https://docs.slack.dev/reference/methods). Raises SlackError.

        Nothing is sent before a Retry-After of that method and workspace has passed: "ratelimited" is raised at once,
        with the seconds that are left. Arguments that are lists or dicts go out as JSON; None is left out.
        """
        ...

    async def credentials(self, workspace: str) -> Credentials:
        """Who the bot is in that workspace. Raises SlackError."""
        ...

    async def respond(self, response_url: str, message: dict[str, Any], *, timeout: float = 10.0) -> None:
        """Post to a response_url. Raises SlackError."""
        ...

    async def upload(self, workspace: str, channel: str, name: str, content: bytes, comment: str = "") -> None:
        """Share a file in a channel that the bot is in. Raises SlackError."""
        ...
