"""Hugging Face's Daily Papers API on loopback: a list for each day, pages, and the ways in which it goes wrong.

As the real one it answers 400 for a day after ``today`` and for what is no date, takes ``limit`` from 1 to 100 (50
without), counts pages ``p`` from 0, and leaves fields out that a paper does not have.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import deque
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import TracebackType
from typing import Any

from aiohttp import web


class Kind(StrEnum):
    """What can go wrong."""

    HTML = "html"  # a page for people, with status 200
    HTML_AS_JSON = "html as json"  # the same, under JSON's type
    TRUNCATED = "truncated"  # JSON that ends in its middle
    BROKEN_OFF = "broken off"  # fewer bytes than were announced
    TRUNCATED_GZIP = "truncated gzip"
    HUGE = "huge"  # JSON without an end
    BOMB = "bomb"  # little on the wire, much when unpacked
    OTHER_SHAPE = "other shape"  # JSON, but not a list of papers
    BUSY = "busy"  # 429
    DOWN = "down"  # 500
    MISSING = "missing"  # 404
    HANG = "hang"  # no answer
    STALL = "stall"  # the beginning of an answer, and no more
    AWAY = "away"  # a redirect to another host
    CIRCLE = "circle"  # a redirect to itself
    MOVED = "moved"  # a redirect to where the answer is


@dataclass
class Fault:
    """``kind`` for the next ``times`` requests; ``retry_after`` is a header's text."""

    kind: Kind
    times: int = 1
    retry_after: str = ""


def element(paper_id: str, upvotes: int, *, comments: int = 0, **inner: Any) -> dict[str, Any]:
    """A paper as the API gives it; ``inner``: further fields of its ``paper``."""
    return {
        "paper": {
            "id": paper_id,
            "authors": [{"_id": "0", "name": "Ada Post", "hidden": False}],
            "publishedAt": "2026-03-03T15:00:00.000Z",
            "title": "A study of careful delivery",
            "summary": "We deliver every letter exactly once.",
            "upvotes": upvotes,
            **inner,
        },
        "publishedAt": "2026-03-03T10:00:00.000Z",
        "title": "A study of careful delivery",
        "summary": "We deliver every letter exactly once.",
        "numComments": comments,
        "isAuthorParticipating": False,
    }


class HuggingFaceStandIn:
    """``days``: the elements of each day. ``asked``: the queries of all requests; ``agents``: who asked."""

    def __init__(self, today: date = date(2026, 3, 4)) -> None:
        self.today = today
        self.days: dict[date, list[Any]] = {}
        self.faults: deque[Fault] = deque()
        self.asked: list[dict[str, str]] = []
        self.agents: set[str] = set()
        self._asked = asyncio.Condition()
        self._over = asyncio.Event()
        self._runner: web.AppRunner
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    async def __aenter__(self) -> HuggingFaceStandIn:
        app = web.Application()
        app.router.add_get("/api/daily_papers", self._answer)
        app.router.add_get("/api/moved", self._daily)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        await self._runner.cleanup()

    async def until(self, requests: int) -> None:
        """Wait until so many requests came."""
        async with self._asked:
            await self._asked.wait_for(lambda: len(self.asked) >= requests)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        self.agents.add(request.headers.get("User-Agent", ""))
        async with self._asked:
            self._asked.notify_all()
        if self.faults:
            fault = self.faults[0]
            fault.times -= 1
            if fault.times <= 0:
                self.faults.popleft()
            return await self._break(request, fault)
        return await self._daily(request)

    async def _daily(self, request: web.Request) -> web.StreamResponse:
        try:
            day = date.fromisoformat(request.query["date"])
            limit, page = int(request.query.get("limit", "50")), int(request.query.get("p", "0"))
        except (KeyError, ValueError):
            return _refusal(400, "wrong query")
        if day > self.today or not 1 <= limit <= 100 or page < 0:
            return _refusal(400, "out of range")
        return web.json_response(self.days.get(day, [])[page * limit : (page + 1) * limit])

    async def _break(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        whole = json.dumps([element("2603.00001", 9)]).encode()
        match fault.kind:
            case Kind.HTML | Kind.HTML_AS_JSON:
                media = "text/html" if fault.kind is Kind.HTML else "application/json"
                return web.Response(text="<html><title>Sorry</title></html>", content_type=media)
            case Kind.TRUNCATED:
                return web.Response(body=whole[: len(whole) // 2], content_type="application/json")
            case Kind.OTHER_SHAPE:
                return web.json_response({"papers": [element("2603.00001", 9)]})
            case Kind.BUSY | Kind.DOWN | Kind.MISSING:
                status = {Kind.BUSY: 429, Kind.DOWN: 500, Kind.MISSING: 404}[fault.kind]
                return _refusal(status, "no", fault.retry_after)
            case Kind.AWAY | Kind.CIRCLE | Kind.MOVED:
                where = {Kind.AWAY: "http://127.0.0.2:9/api/", Kind.CIRCLE: "daily_papers?again"}
                target = where.get(fault.kind, f"/api/moved?{request.query_string}")
                if fault.kind is Kind.CIRCLE:
                    self.faults.appendleft(fault)
                return web.Response(status=307, headers={"Location": target})
            case Kind.TRUNCATED_GZIP | Kind.BOMB:
                packed = gzip.compress(b"[" + b" " * 20_000_000 if fault.kind is Kind.BOMB else whole)
                body = packed if fault.kind is Kind.BOMB else packed[: len(packed) // 2]
                return web.Response(body=body, content_type="application/json", headers={"Content-Encoding": "gzip"})
            case Kind.HANG:
                await self._over.wait()
                return web.Response()
            case _:
                return await self._stream(request, fault.kind, whole)

    async def _stream(self, request: web.Request, kind: Kind, whole: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if kind is Kind.BROKEN_OFF:
            response.content_length = len(whole)
        await response.prepare(request)
        try:
            await response.write(whole[: len(whole) // 2])
            while kind is Kind.HUGE:
                await response.write(b" " * 100_000)
            if kind is Kind.STALL:
                await self._over.wait()
        except ConnectionError:
            return response
        if request.transport is not None:
            request.transport.close()
        return response


def _refusal(status: int, error: str, retry_after: str = "") -> web.Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return web.json_response({"error": error}, status=status, headers=headers)
