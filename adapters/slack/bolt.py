"""The AsyncApp: what it is made of, and what becomes of requests that nobody listens for.

Each request is acknowledged by its listener first and worked on afterwards (``bot.background``). What has no
listener is acknowledged all the same: Slack would deliver it again, and switches off an app that leaves most of its
events unanswered. Nothing is read from the environment: bolt takes a client id found there for a wish to do OAuth.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.api import Credentials
from adapters.slack.errors import SlackError
from adapters.slack.identity import workspace_of
from bot.ports import Clock
from bot.precedence import Precedence

logger = logging.getLogger(__name__)

# At "debug" bolt and its socket write down whole payloads: what members typed, and where they can be answered. Left to
# itself, bolt takes the level of the root.
_bolt_logger = logging.getLogger("slack_bolt")
_bolt_logger.setLevel(logging.INFO)

_READ_BY_BOLT = (
    "SLACK_BOT_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_VERIFICATION_TOKEN",
    "SLACK_CLIENT_ID",
    "SLACK_CLIENT_SECRET",
)


class _TimedApp(AsyncApp):
    """Says after each request how long its acknowledgement took, and leaves one of another shape than Bolt knows.

    Bolt's handler of errors reads the body once more, and fails as what it was to handle did.
    """

    clock: Clock
    acknowledged: Callable[[float], None]
    precedence: Precedence

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        begun = self.clock.now()
        try:
            async with self.precedence.first():
                response = await super().async_dispatch(req)
        except Exception as error:
            where = error.__traceback__ and error.__traceback__.tb_next
            logger.exception("A request could not be read and was left.", exc_info=error.with_traceback(where))
            response = BoltResponse(status=200, body="")
        self.acknowledged((self.clock.now() - begun).total_seconds())
        return response


def _nobody_counts(_: float) -> None:
    """Nobody asks for figures."""


def make_app(
    api_url: str,
    credentials_of: Callable[[str], Awaitable[Credentials]],
    signing_secret: str,
    clock: Clock,
    acknowledged: Callable[[float], None] = _nobody_counts,
    *,
    precedence: Precedence | None = None,
) -> AsyncApp:
    """An app without listeners. ``credentials_of`` a workspace raises SlackError where the app is not installed.

    ``signing_secret`` may be empty where requests come through the socket alone. ``acknowledged`` is told the seconds
    that each request took to be. ``precedence``: where requests are urgent until then.
    """

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        try:
            known = await credentials_of(workspace_of(enterprise_id, team_id))
        except SlackError as error:
            logger.warning("A request of the workspace %s was left: %s", workspace_of(enterprise_id, team_id), error)
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_id=known.bot,
            bot_user_id=known.user,
            bot_token=known.token,
        )

    with _hidden(_READ_BY_BOLT):
        app = _TimedApp(
            name="paperroute",
            logger=_bolt_logger,
            client=AsyncWebClient(base_url=api_url, retry_handlers=[]),
            # None, for "not installed", is among what bolt handles, though its annotation leaves it out.
            authorize=cast("Callable[..., Awaitable[AuthorizeResult]]", authorize),
            signing_secret=signing_secret or "unused",
            raise_error_for_unhandled_request=True,
            user_facing_authorize_error_message="paperroute is not installed in this workspace (any more).",
        )
    app.clock, app.acknowledged, app.precedence = clock, acknowledged, precedence or Precedence()
    app.error(_acknowledge)
    return app


async def _acknowledge(error: Exception, body: dict[str, Any]) -> BoltResponse:
    if isinstance(error, BoltUnhandledRequestError):
        logger.debug("Nothing listens for a request of type %s.", body.get("type"))
    else:
        logger.error("A request of type %s met a defect.", body.get("type"), exc_info=error)
    return BoltResponse(status=200, body="")


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Without these environment variables; to be left before anything else can run."""
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
