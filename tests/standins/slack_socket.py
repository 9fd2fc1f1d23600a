"""Socket Mode on the stand-in's side: tickets, connections, envelopes and their acknowledgements.

A ticket opens one connection, within 30 seconds. Each payload goes to one of the connections that are open. What is not
acknowledged in time counts as failed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from contextlib import suppress
from typing import Any

from aiohttp import WSMsgType, web

ACK_SECONDS = 3.0
TICKET_SECONDS = 30.0


class Sockets:
    """``refusing``: handshakes are refused; ``frozen``: nothing is answered, not even a ping."""

    def __init__(self) -> None:
        self.open: list[web.WebSocketResponse] = []
        self.refusing = False
        self.frozen = False
        self.opened = 0
        self.handshakes = 0
        self._tickets: dict[str, float] = {}
        self._numbers = itertools.count(1)
        self._acks: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._changed = asyncio.Event()

    def ticket(self) -> str:
        """A ticket for one connection."""
        name = f"ticket-{next(self._numbers)}"
        self._tickets[name] = time.monotonic() + TICKET_SECONDS
        return name

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A connection's life."""
        self.handshakes += 1
        valid = self._tickets.pop(request.query.get("ticket", ""), 0.0) > time.monotonic()
        if self.refusing or not valid:
            return web.Response(status=403)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        self.opened += 1
        await socket.send_json({"type": "hello", "num_connections": len(self.open) + 1})
        self.open.append(socket)
        self._changed.set()
        try:
            async for message in socket:
                if self.frozen:
                    continue
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self._acknowledged(json.loads(message.data))
        finally:
            if socket in self.open:
                self.open.remove(socket)
            self._changed.set()
        return socket

    def _acknowledged(self, answer: dict[str, Any]) -> None:
        waiting = self._acks.pop(answer.get("envelope_id", ""), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer.get("payload") or {})

    async def connected(self, least: int = 1) -> None:
        """Wait until so many connections are open."""
        while len(self.open) < least:
            self._changed.clear()
            await self._changed.wait()

    async def connected_for_the(self, time: int) -> None:
        """Wait until a connection is open, and so many have been made."""
        while not self.open or self.opened < time:
            self._changed.clear()
            await self._changed.wait()

    async def disconnected(self) -> None:
        """Wait until no connection is open."""
        while self.open:
            self._changed.clear()
            await self._changed.wait()

    async def deliver(self, kind: str, payload: dict[str, Any], **more: Any) -> dict[str, Any] | None:
        """The payload of the acknowledgement; None when there was no connection or no acknowledgement in time."""
        if not self.open or self.frozen:
            return None
        number = next(self._numbers)
        socket = self.open[number % len(self.open)]
        envelope = f"envelope-{number}"
        waiting: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._acks[envelope] = waiting
        body = {"envelope_id": envelope, "type": kind, "payload": payload, "accepts_response_payload": True, **more}
        try:
            await socket.send_json(body)
            return await asyncio.wait_for(waiting, ACK_SECONDS)
        except (TimeoutError, ConnectionError):
            return None
        finally:
            self._acks.pop(envelope, None)

    async def say_disconnect(self, reason: str) -> None:
        """Tell every connection that it will end: "warning", "refresh_requested" or "link_disabled"."""
        for socket in list(self.open):
            # Who has just been killed need not be told.
            with suppress(ConnectionResetError):
                await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink"}})

    async def drop(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self.open):
            transport = socket._req.transport if socket._req is not None else None
            if transport is not None:
                transport.abort()
        await self.disconnected()

    async def close(self) -> None:
        """End every connection."""
        for socket in list(self.open):
            await socket.close()
