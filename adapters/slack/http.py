"""Slack's requests over HTTP: commands, events and interactivity at one address, and the pages of an installation.

Bolt verifies each request's signature and its time. What it cannot do is read a command whose text has the word
"payload" in it: it takes the body for something else. So bodies are read here.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.request.async_internals import build_async_context
from slack_bolt.request.async_request import AsyncBoltRequest

from adapters.slack.manifest import EVENTS_PATH, INSTALL_PATH, REDIRECT_PATH

FORM = "application/x-www-form-urlencoded"


def routes(app: AsyncApp, flow: AsyncOAuthFlow | None) -> list[web.RouteDef]:
    """What a web server serves for Slack; without ``flow`` nobody can install the app there."""

    async def events(request: web.Request) -> web.Response:
        try:
            read = await _read(request)
        except ValueError:
            return web.Response(status=400)
        return await to_aiohttp_response(await app.async_dispatch(read))

    served = [web.post(EVENTS_PATH, events)]
    if flow is not None:
        made = flow

        async def install(request: web.Request) -> web.Response:
            return await to_aiohttp_response(await made.handle_installation(await _read(request)))

        async def redirect(request: web.Request) -> web.Response:
            return await to_aiohttp_response(await made.handle_callback(await _read(request)))

        served += [web.get(INSTALL_PATH, install), web.get(REDIRECT_PATH, redirect)]
    return served


async def _read(request: web.Request) -> AsyncBoltRequest:
    """Raises ValueError for a body that is none of Slack's."""
    body = await request.text()
    try:
        read = AsyncBoltRequest(body=body, query=request.query_string, headers=dict(request.headers.items()))
    except (AttributeError, TypeError) as error:
        # Bolt takes for granted that what is JSON is an object.
        raise ValueError(type(error).__name__) from None
    if body and not read.body and request.content_type == FORM:
        read.body = dict(parse_qsl(body, keep_blank_values=True))
        read.context = build_async_context(AsyncBoltContext({}), read.body)
    return read
