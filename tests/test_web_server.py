"""The web server: health, readiness, nothing said of itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from adapters.web import WebServer
from bot.errors import ConfigError, StoreError


class Readiness:
    """Answers as told."""

    def __init__(self) -> None:
        self.answer: bool | Exception = True

    async def __call__(self) -> bool:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def hello(_: web.Request) -> web.Response:
    return web.Response(text="hello")


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_health_and_readiness(browser: aiohttp.ClientSession) -> None:
    readiness = Readiness()
    ready: Callable[[], Awaitable[bool]] = readiness
    server = WebServer("127.0.0.1", 0, routes=[web.get("/hello", hello)], ready=ready)
    await server.start()
    url = f"http://127.0.0.1:{server.port}"

    async def get(path: str) -> tuple[int, str]:
        async with browser.get(url + path) as answer:
            assert answer.headers["Server"] == "paperroute"
            assert answer.headers["X-Frame-Options"] == "DENY"
            return answer.status, await answer.text()

    try:
        assert await get("/healthz") == (200, "alive\n")
        assert await get("/readyz") == (200, "ready\n")
        readiness.answer = False
        assert await get("/readyz") == (503, "not ready\n")
        readiness.answer = StoreError("The disk is full.", path="x")
        assert await get("/readyz") == (503, "not ready\n")
        assert await get("/hello") == (200, "hello")
        assert (await get("/nothing"))[0] == 404
        assert (await get("/healthz"))[0] == 200
    finally:
        await server.stop()
    await server.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await get("/healthz")


async def test_an_address_in_use_is_a_sentence() -> None:
    first = WebServer("127.0.0.1", 0, routes=[], ready=Readiness())
    await first.start()
    try:
        second = WebServer("127.0.0.1", first.port, routes=[], ready=Readiness())
        with pytest.raises(ConfigError) as caught:
            await second.start()
        (mistake,) = caught.value.mistakes
        assert f"127.0.0.1:{first.port}" in mistake
        assert "PAPERROUTE_WEB" in mistake
    finally:
        await first.stop()
    await asyncio.sleep(0)
