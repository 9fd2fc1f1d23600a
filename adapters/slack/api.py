"""One way to Slack's Web API for every part of the adapter: tokens, timeouts, Retry-After, errors.

``WebApi`` sends each request once. It never repeats one of its own accord: slack_sdk's retry handlers would post again
after an answer that was lost on its way (https://github.com/slackapi/java-slack-sdk/issues/852 on why that doubles), so
what is to be tried again is decided by whoever called. All requests share one session with bounded connections; a
session given to slack_sdk makes its own timeout ineffective, so each call is limited here, by the clock.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import SlackError, answered, translated
from adapters.slack.rates import Gate
from bot.pacing import within
from bot.ports import Clock
from bot.proxies import proxy_for

# Room for all posts under way and for the answers to people beside them.
CONNECTIONS = 200
# At debug level slack_sdk writes whole messages, and the proxy with its password.
_sdk_logger = logging.getLogger("slack_sdk.quiet")
_sdk_logger.setLevel(logging.INFO)
# Behind the limits of the calls, should a clock stand still: none is longer.
_LONGEST = aiohttp.ClientTimeout(total=120.0, sock_connect=10.0)
_UPLOAD_TIMEOUT = 60.0


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

    async def call(
        self,
        workspace: str,
        method: str,
        *,
        timeout: float = 15.0,  # noqa: ASYNC109  by our clock, which asyncio.timeout is not
        **arguments: Any,
    ) -> dict[str, Any]:
        """The answer to ``method`` (https://docs.slack.dev/reference/methods). Raises SlackError.

        Nothing is sent before a Retry-After of that method and workspace has passed: "ratelimited" is raised at once,
        with the seconds that are left. Arguments that are lists or dicts go out as JSON; None is left out.
        """
        ...

    async def credentials(self, workspace: str) -> Credentials:
        """Who the bot is in that workspace. Raises SlackError."""
        ...

    async def respond(
        self,
        response_url: str,
        message: dict[str, Any],
        *,
        timeout: float = 10.0,  # noqa: ASYNC109  as above
    ) -> None:
        """Post to a response_url. Raises SlackError."""
        ...

    async def upload(
        self, workspace: str, channel: str, name: str, content: bytes, comment: str = "", *, alt: str = ""
    ) -> None:
        """Share a file in a channel that the bot is in; ``alt``: a picture in words. Raises SlackError."""
        ...


class Wire:
    """Requests with a token, as they are: no waiting, no repeating. ``base_url`` ends with a slash."""

    def __init__(self, base_url: str, clock: Clock) -> None:
        self._base_url = base_url
        self._clock = clock
        self._session: aiohttp.ClientSession
        self._client: AsyncWebClient

    async def open(self) -> None:
        """Get ready; to be closed again. Raises ConfigError for a proxy that cannot be used."""
        proxy = proxy_for(self._base_url)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
            timeout=_LONGEST,
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._client = AsyncWebClient(
            base_url=self._base_url, session=self._session, retry_handlers=[], logger=_sdk_logger
        )
        # The client has looked for a proxy itself, in its own way.
        self._client.proxy = proxy

    async def close(self) -> None:
        """Give the connections back."""
        await self._session.close()

    async def call(
        self, token: str, method: str, arguments: dict[str, Any], *, workspace: str, patience: float
    ) -> dict[str, Any]:
        """The answer to a method. Raises SlackError."""
        # Form data are what every method takes: those that read take no JSON.
        data = {name: _form(value) for name, value in arguments.items() if value is not None}
        headers = {"Authorization": f"Bearer {token}"}

        async def ask() -> dict[str, Any]:
            answer = await self._client.api_call(method, data=data, headers=headers)
            if not isinstance(answer.data, dict):
                raise SlackError("unreadable", method=method, workspace=workspace, ambiguous=True)
            return answer.data

        with translated(method, workspace):
            return await within(self._clock, patience, ask())

    async def post(self, url: str, name: str, *, workspace: str, patience: float, **body: Any) -> None:
        """Send ``json`` or ``data`` to an address that Slack gave; ``name`` stands for it in errors. No token goes out.

        Raises SlackError.
        """

        async def send() -> None:
            async with self._session.post(url, proxy=proxy_for(url), allow_redirects=False, **body) as answer:
                text = await answer.text(errors="replace")
                parsed = _parsed(text)
                if answer.status != 200 or (isinstance(parsed, dict) and parsed.get("ok") is False):
                    raise answered(answer.status, answer.headers, parsed, method=name, workspace=workspace)

        with translated(name, workspace):
            await within(self._clock, patience, send())


class WebApi:
    """``SlackApi`` on the network, between ``open`` and ``close``."""

    def __init__(self, tokens: Tokens, *, base_url: str, clock: Clock) -> None:
        self._tokens = tokens
        self._wire = Wire(base_url, clock)
        self._gate = Gate(clock)

    async def open(self) -> None:
        """Get ready to send. Raises ConfigError for a proxy that cannot be used."""
        await self._wire.open()

    async def close(self) -> None:
        """Give the connections back. What is under way is broken off."""
        await self._wire.close()

    async def call(
        self,
        workspace: str,
        method: str,
        *,
        timeout: float = 15.0,  # noqa: ASYNC109  by our clock, which asyncio.timeout is not
        **arguments: Any,
    ) -> dict[str, Any]:
        token = (await self._tokens.credentials(workspace)).token
        # Asked last: others may have been told to wait while this one waited for its token.
        if left := self._gate.left(workspace, method):
            raise SlackError("ratelimited", method=method, workspace=workspace, retry_after=left)
        try:
            return await self._wire.call(token, method, arguments, workspace=workspace, patience=timeout)
        except SlackError as error:
            if error.code == "ratelimited":
                error.retry_after = self._gate.shut(workspace, method, error.retry_after or 0.0)
            raise

    async def credentials(self, workspace: str) -> Credentials:
        return await self._tokens.credentials(workspace)

    async def respond(
        self,
        response_url: str,
        message: dict[str, Any],
        *,
        timeout: float = 10.0,  # noqa: ASYNC109  as above
    ) -> None:
        await self._wire.post(response_url, "response_url", workspace="", patience=timeout, json=message)

    async def upload(
        self, workspace: str, channel: str, name: str, content: bytes, comment: str = "", *, alt: str = ""
    ) -> None:
        place = await self.call(
            workspace, "files.getUploadURLExternal", filename=name, length=len(content), alt_txt=alt or None
        )
        url, file = place.get("upload_url"), place.get("file_id")
        if not isinstance(url, str) or not isinstance(file, str):
            raise SlackError("unreadable", method="files.getUploadURLExternal", workspace=workspace)
        await self._wire.post(url, "upload_url", workspace=workspace, patience=_UPLOAD_TIMEOUT, data=content)
        await self.call(
            workspace,
            "files.completeUploadExternal",
            timeout=30.0,
            files=[{"id": file, "title": name}],
            channel_id=channel,
            initial_comment=comment or None,
        )


def _form(value: Any) -> str:
    """A value as a form's field. Half a surrogate pair, which no request can carry, becomes a question mark."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict, tuple)) else str(value)
    return text.encode("utf-8", "replace").decode("utf-8")


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
