"""Discord's gateway on the stand-in's side: identify, heartbeats, resume, dispatched events.

https://docs.discord.com/developers/events/gateway. Events of a session are kept, so that a resume replays what was
missed. Everything goes out compressed in one zlib stream a connection, as the client asks for it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

HEARTBEAT_MILLISECONDS = 41_250
ROUND_TRIP = 0.05
"""Seconds to the answer of a heartbeat. discord.py 2.7 notes only after sending when it did so; an answer without any
way to go was there before that, and was told as "Can't keep up, … 41.3s behind"
(https://github.com/Rapptz/discord.py/pull/10448)."""
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
"""Members, presences, message contents."""


@dataclass
class Session:
    """What a shard has been told, by its sequence numbers; ``socket`` is None while it is not connected."""

    id: str
    shard: int
    shards: int
    events: list[dict[str, Any]] = field(default_factory=list)
    socket: Connection | None = None


class Connection:
    """One socket with its stream."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse) -> None:
        compressed = request.query.get("compress") == "zlib-stream"
        self.socket = socket
        self._request = request
        self._stream = zlib.compressobj() if compressed else None

    def cut(self) -> None:
        """Break the connection off."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def send(self, payload: dict[str, Any]) -> None:
        if self.socket.closed:
            return
        text = json.dumps(payload)
        try:
            if self._stream is None:
                await self.socket.send_str(text)
            else:
                data = self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)
                await self.socket.send_bytes(data)
        except ConnectionResetError:
            return


class Gateway:
    """``refusing``: handshakes are refused; ``frozen``: heartbeats are not answered and nothing is sent.

    ``asked``: the operations that were asked for. ``close_code``: what the next identify is answered with instead of
    READY.
    """

    def __init__(
        self,
        ready: Callable[[int, int], tuple[dict[str, Any], list[dict[str, Any]]]],
        token: str,
        now: Callable[[], float],
    ) -> None:
        self._ready = ready
        self._token = token
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self.refusing = 0
        self.frozen = False
        self.close_code = 0
        self.identified: list[dict[str, Any]] = []
        self.identified_at: list[float] = []
        self.asked: set[int] = set()
        self._now = now
        self.resumed = 0
        self.connections = 0
        self.all_connections: set[Connection] = set()
        self._numbers = itertools.count(1)
        self._changed = asyncio.Event()

    @property
    def open(self) -> list[Session]:
        """The sessions that are connected, by shard."""
        return sorted((each for each in self.sessions.values() if each.socket), key=lambda session: session.shard)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A connection's life."""
        if self.refusing > 0:
            self.refusing -= 1
            return web.Response(status=503)
        socket = web.WebSocketResponse(autoping=True, max_msg_size=0)
        try:
            await socket.prepare(request)
        except ConnectionResetError:
            # aiohttp would want to close a socket that was never opened, and say so with a traceback.
            return web.Response()
        self.connections += 1
        connection = Connection(request, socket)
        self.all_connections.add(connection)
        await connection.send({"op": 10, "d": {"heartbeat_interval": HEARTBEAT_MILLISECONDS}})
        session: Session | None = None
        beating = False
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                payload = json.loads(message.data)
                self.asked.add(payload["op"])
                if payload["op"] == 1 and not self.frozen:
                    # The first one comes with the greeting, and nothing is to wait for it.
                    if beating:
                        await asyncio.sleep(ROUND_TRIP)
                    beating = True
                    await connection.send({"op": 11})
                elif payload["op"] == 2:
                    session = await self._identify(connection, payload["d"])
                elif payload["op"] == 6:
                    session = await self._resume(connection, payload["d"])
        finally:
            self.all_connections.discard(connection)
            if session is not None and session.socket is connection:
                session.socket = None
            self._changed.set()
        return socket

    async def _identify(self, connection: Connection, asked: dict[str, Any]) -> Session | None:
        self.identified.append(asked)
        self.identified_at.append(self._now())
        code = self.close_code or (4004 if asked["token"] != self._token else 0)
        if not code and asked["intents"] & PRIVILEGED:
            code = 4014
        if code:
            await connection.socket.close(code=code)
            return None
        shard, shards = asked.get("shard") or [0, 1]
        number = next(self._numbers)
        session = self.sessions[f"session-{number}"] = Session(f"session-{number}", shard, shards, socket=connection)
        ready, guilds = self._ready(shard, shards)
        ready |= {"session_id": session.id, "resume_gateway_url": self.url, "shard": [shard, shards]}
        await self._dispatch(session, "READY", ready)
        for guild in guilds:
            await self._dispatch(session, "GUILD_CREATE", guild)
        self._changed.set()
        return session

    async def _resume(self, connection: Connection, asked: dict[str, Any]) -> Session | None:
        session = self.sessions.get(asked["session_id"])
        if session is None:
            await connection.send({"op": 9, "d": False})
            return None
        session.socket = connection
        self.resumed += 1
        for event in [event for event in session.events if event["s"] > asked["seq"]]:
            await connection.send(event)
        await self._dispatch(session, "RESUMED", {})
        self._changed.set()
        return session

    async def _dispatch(self, session: Session, name: str, data: dict[str, Any]) -> None:
        event = {"op": 0, "t": name, "s": len(session.events) + 1, "d": data}
        session.events.append(event)
        if session.socket is not None and not self.frozen:
            await session.socket.send(event)

    async def tell(self, guild: int, name: str, data: dict[str, Any]) -> None:
        """Dispatch an event to the sessions of the guild's shard, connected or not."""
        for session in list(self.sessions.values()):
            if (guild >> 22) % session.shards == session.shard:
                await self._dispatch(session, name, data)

    async def drop(self, code: int = 1006) -> None:
        """Cut every connection; with another code, close it."""
        for session in self.open:
            session.socket = None
        for connection in list(self.all_connections):
            if code == 1006:
                connection.cut()
            else:
                await connection.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        """Discord's own way of ending a connection."""
        for session in self.open:
            if session.socket is not None:
                await session.socket.send({"op": 7, "d": None})

    def forget(self) -> None:
        """No session can be resumed any more."""
        self.sessions.clear()

    async def connected(self, shards: int = 1, connections: int = 1) -> None:
        """Wait until so many shards are connected, and so many connections have been made."""
        while len(self.open) < shards or self.connections < connections:
            self._changed.clear()
            await self._changed.wait()

    async def disconnected(self) -> None:
        """Wait until no session is connected."""
        while self.open:
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> None:
        for session in self.open:
            if session.socket is not None:
                await session.socket.socket.close(code=1000)
