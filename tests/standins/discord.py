"""Discord's API and gateway on loopback, as strict as Discord, for the real discord.py client.

It has one application whose bot is in some guilds. Members act through ``command``, ``press``, ``complete`` and
``react``; what the bot said stands in ``guild.channels`` and in the interactions.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from typing import Any

from aiohttp import web

from tests.standins.discord_http import Fault, as_json, read, too_many
from tests.standins.discord_interactions import EPHEMERAL, Interaction, Interactions
from tests.standins.discord_limits import check_commands
from tests.standins.discord_messages import Messages
from tests.standins.discord_state import ANN, BOB, BOT, OWNER, TEXT, THREAD, Message, Refusal, user
from tests.standins.discord_town import APPLICATION, GUILD, READING, TOKEN, check

DIRECT = 1_000_000
"""Added to a member's id, their direct messages with the bot."""


class DiscordStandIn(Messages, Interactions):
    """An async context manager; ``url`` is the API's address, ``gateway.url`` the gateway's.

    ``meanwhile`` is awaited when a request has come in, and once more when it was carried out and is about to be
    answered: with "METHOD /path", and whether it is done. Where it raises ConnectionResetError at first, nothing
    is done.
    """

    def __init__(self, *, now: Callable[[], float] = time.time, port: int = 0, shards: int = 1) -> None:
        super().__init__(now)
        self._port = port
        self.shards = shards
        self.direct: dict[int, list[dict[str, Any]]] = {}
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.command_writes = 0
        self.more_routes: list[web.RouteDef] = []
        self._stopped = asyncio.Event()
        self.hung = asyncio.Event()
        self.meanwhile: Callable[[str, bool], Awaitable[None]] | None = None

    async def __aenter__(self) -> DiscordStandIn:
        application = web.Application(client_max_size=30_000_000)
        application.router.add_route("*", "/api/{path:.*}", self._serve)
        application.router.add_get("/attachments/{id}/{name}", self._attachment)
        application.router.add_get("/gateway/", self.gateway.serve)
        application.router.add_get("/gateway", self.gateway.serve)
        application.add_routes(self.more_routes)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/api/v10"
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped.set()
        await self.gateway.close()
        await self._runner.cleanup()

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(f"GET {request.path}")
        fault = self._fault(f"GET {request.path}")
        await self.tell()
        if fault is not None:
            return await self._break(request, fault)
        found = self.attachments.get(int(request.match_info["id"]))
        return web.Response(body=found.content) if found else web.Response(status=404)

    def _fault(self, asked: str) -> Fault | None:
        """What is to go wrong with a request, used up by asking."""
        found = next((each for each in self.faults if each.times > 0 and each.route in asked), None)
        if found is not None:
            found.times -= 1
        return found

    def fail(self, route: str, status: int, times: int = 1, **more: Any) -> Fault:
        """Let something go wrong with the next requests of a route, such as "POST /channels"."""
        fault = Fault(route, status, times, **more)
        self.faults.append(fault)
        return fault

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"].removeprefix("v10/")
        asked = f"{request.method} {path}"
        self.requests.append(asked)
        fault = self._fault(asked)
        headers: dict[str, str] = {}
        try:
            if fault is not None and not fault.stored:
                return await self._break(request, fault)
            if not path.startswith(("/interactions/", "/webhooks/")):
                if request.headers.get("Authorization") != f"Bot {TOKEN}":
                    raise Refusal(401, 0, "401: Unauthorized")
                if (wait := self.limits.overall(asked)) is not None:
                    return too_many(wait, overall=True)
            body, files = await read(request)
            parts = path.strip("/").split("/")
            if request.method == "POST" and parts[0] == "channels" and parts[2:] == ["messages"]:
                wait, headers = self.limits.messages(int(parts[1]))
                if wait is not None:
                    return too_many(wait, headers)
            if self.meanwhile is not None:
                try:
                    await self.meanwhile(asked, False)
                except ConnectionResetError:
                    return await self._break(request, Fault(asked, 0))
            answer = await self._answer(request, parts, body, files)
            if self.meanwhile is not None:
                await self.meanwhile(asked, True)
        except Refusal as refusal:
            return as_json({"message": refusal.message, "code": refusal.code}, headers, refusal.status)
        finally:
            await self.tell()
        if fault is not None:
            return await self._break(request, fault)
        if answer is None:
            return web.Response(status=204, headers=headers)
        return as_json(answer, headers)

    async def _break(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.banned:
            return web.Response(status=fault.status, text="You are being blocked from accessing our API temporarily")
        if fault.status == 429:
            return too_many(fault.retry_after, {"X-RateLimit-Remaining": "0"})
        if fault.status > 0:
            return as_json({"message": fault.message, "code": fault.code}, {}, fault.status)
        if fault.status == -1:
            self.hung.set()
            await self._stopped.wait()
        if request.transport is not None:
            if fault.status == -2:
                # Not to linger is to send a reset instead of an end.
                socket: Any = request.transport.get_extra_info("socket")
                socket.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
            request.transport.abort()
        return web.Response()

    async def _answer(self, request: web.Request, parts: list[str], body: Any, files: dict[str, bytes]) -> Any:
        match [request.method, *parts]:
            case ["GET", "users", "@me"]:
                return user(BOT) | {"verified": True, "mfa_enabled": False, "flags": 0}
            case ["GET", "oauth2", "applications", "@me"] | ["GET", "applications", "@me"]:
                return self._application()
            case ["GET", "gateway", "bot"]:
                limit = {"total": 1000, "remaining": 999, "reset_after": 1000, "max_concurrency": 16}
                return {"url": self.gateway.url, "shards": self.shards, "session_start_limit": limit}
            case ["PUT", "applications", _, "commands"]:
                if (wrong := check_commands(body)) is not None:
                    raise Refusal(400, 50035, f"Invalid Form Body: {wrong}")
                self.command_writes += 1
                self.commands = [
                    each | {"id": str(number), "application_id": str(APPLICATION), "version": "1"}
                    for number, each in enumerate(body, 1)
                ]
                return self.commands
            case ["GET", "applications", _, "commands"]:
                return self.commands
            case ["POST", "interactions", _, token, "callback"]:
                return await self.callback(token, body, files)
            case [method, "webhooks", _, token, *rest]:
                return self.webhook(method, token, rest, body, files)
            case ["POST", "users", "@me", "channels"]:
                who = int(body["recipient_id"])
                return {"id": str(DIRECT + who), "type": 1, "recipients": [user(who)]}
            case ["POST", "channels", direct, "messages"] if int(direct) >= DIRECT and int(direct) < DIRECT * 2:
                check(body, len(files))
                self.direct.setdefault(int(direct) - DIRECT, []).append(body)
                return Message(self.snowflakes.next(), int(direct), BOT, body).shown()
            case ["GET", "guilds", guild]:
                return self.guilds[int(guild)].shown()
            case ["GET", "guilds", guild, "threads", "active"]:
                found = [each for each in self.guilds[int(guild)].channels.values() if each.type == THREAD]
                return {"threads": [each.shown() for each in found if not each.archived], "members": []}
            case ["GET", "guilds", guild, "members", who]:
                return self.guilds[int(guild)].member(int(who))
            case [method, "channels", channel, *rest]:
                return await self.channels(request, method, int(channel), rest, body, files)
        raise Refusal(404, 0, "404: Not Found")

    def _application(self) -> dict[str, Any]:
        return {
            "id": str(APPLICATION),
            "name": "paperroute",
            "icon": None,
            "description": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "summary": "",
            "verify_key": "0" * 64,
            "flags": 0,
            "owner": user(OWNER),
            "team": None,
            "approximate_guild_count": len(self.guilds),
        }


__all__ = [
    "ANN", "APPLICATION", "BOB", "BOT", "DIRECT", "EPHEMERAL", "GUILD", "OWNER", "READING", "TEXT", "TOKEN",
    "DiscordStandIn", "Interaction",
]  # fmt: skip
