"""Discord's API and gateway on loopback, as strict as Discord, for the real discord.py client.

It has one application whose bot is in some guilds. Members act through ``command``, ``press``, ``complete`` and
``react``; what the bot said stands in ``guild.channels`` and in the interactions.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.standins.discord_gateway import Gateway
from tests.standins.discord_limits import Limits, check_commands, check_message
from tests.standins.discord_state import (
    ANN,
    BOB,
    BOT,
    CREATE_THREADS,
    EMBED_LINKS,
    FORUM,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    OWNER,
    READ_HISTORY,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    TEXT,
    THREAD,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Message,
    Refusal,
    Snowflakes,
    emoji,
    role,
    user,
)

TOKEN = "MTAwMA.stand-in.discord-token"
APPLICATION = 1_000
GUILD = 3_000 << 22
READING = 4_001
ACK_SECONDS = 3.0
NONCE_SECONDS = 180.0
EPHEMERAL = 64
_DIRECT = 1_000_000


@dataclass
class Fault:
    """Happens to the next ``times`` requests whose "METHOD /path" contains ``route``.

    ``stored``: it was done all the same. ``status`` 0: the connection is cut; -1: no answer comes.
    """

    route: str
    status: int
    times: int = 1
    stored: bool = False
    code: int = 0
    message: str = "trouble"
    retry_after: float = 1.0


@dataclass
class Interaction:
    """What a member did, and what came back: ``replies`` are bodies, the first one that of the acknowledgement.

    ``acknowledged``: seconds until it was, None when it was not in time. ``kind`` is the callback's type.
    """

    id: int
    token: str
    user: int
    guild: int
    channel: int
    acknowledged: float | None = None
    kind: int = 0
    replies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    edited: int = 0
    began: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def reply(self) -> dict[str, Any]:
        """What the member reads in the end."""
        return self.replies[-1] if self.replies else {}

    @property
    def ephemeral(self) -> bool:
        return any(reply.get("flags", 0) & EPHEMERAL for reply in self.replies[:1])


class DiscordStandIn:
    """An async context manager; ``url`` is the API's address, ``gateway.url`` the gateway's."""

    def __init__(self, *, now: Callable[[], float] = time.time, port: int = 0, shards: int = 1) -> None:
        self._port = port
        self._now = now
        self.shards = shards
        self.snowflakes = Snowflakes(now)
        self.limits = Limits(now)
        self.guilds: dict[int, Guild] = {}
        self.direct: dict[int, list[dict[str, Any]]] = {}
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.commands: list[dict[str, Any]] = []
        self.command_writes = 0
        self.gateway = Gateway(self._ready, TOKEN)
        self.more_routes: list[web.RouteDef] = []
        self.intents_allowed = 1 << 22
        self._interactions: dict[str, Interaction] = {}
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self._numbers = itertools.count(1)
        self._changed = asyncio.Condition()
        self._stopped = asyncio.Event()
        self.hung = asyncio.Event()
        self.add_guild(GUILD, "Lab", READING)

    @property
    def guild(self) -> Guild:
        """The first one."""
        return self.guilds[GUILD]

    def add_guild(self, identity: int, name: str, channel: int = 0) -> Guild:
        """A guild with ann, who may manage it, bob, and the text channel ``channel`` named reading."""
        made = Guild(identity, name, members={OWNER: "owner", ANN: "ann", BOB: "bob"})
        if channel:
            made.channels[channel] = Channel(channel, "reading", identity)
        self.guilds[identity] = made
        return made

    def add_channel(self, identity: int, name: str, guild: int = GUILD, **more: Any) -> Channel:
        made = self.guilds[guild].channels[identity] = Channel(identity, name, guild, **more)
        return made

    def channel(self, identity: int) -> Channel:
        """Raises Refusal."""
        for guild in self.guilds.values():
            if identity in guild.channels and not guild.gone:
                return guild.channels[identity]
        raise Refusal(*UNKNOWN_CHANNEL)

    async def __aenter__(self) -> DiscordStandIn:
        application = web.Application(client_max_size=30_000_000)
        application.router.add_route("*", "/api/{path:.*}", self._serve)
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

    # The API

    def fail(self, route: str, status: int, times: int = 1, **more: Any) -> Fault:
        """Let something go wrong with the next requests of a route, such as "POST /channels"."""
        fault = Fault(route, status, times, **more)
        self.faults.append(fault)
        return fault

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["path"].removeprefix("v10/")
        asked = f"{request.method} {path}"
        self.requests.append(asked)
        fault = next((each for each in self.faults if each.times > 0 and each.route in asked), None)
        headers: dict[str, str] = {}
        try:
            if fault is not None:
                fault.times -= 1
                if not fault.stored:
                    return await self._break(request, fault)
            if not path.startswith(("/interactions/", "/webhooks/")):
                if request.headers.get("Authorization") != f"Bot {TOKEN}":
                    raise Refusal(401, 0, "401: Unauthorized")
                if (wait := self.limits.overall(asked)) is not None:
                    return _too_many(wait, overall=True)
            body, files = await _read(request)
            parts = path.strip("/").split("/")
            if request.method == "POST" and parts[0] == "channels" and parts[2:] == ["messages"]:
                wait, headers = self.limits.messages(int(parts[1]))
                if wait is not None:
                    return _too_many(wait, headers)
            answer = await self._answer(request, parts, body, files)
        except Refusal as refusal:
            return _json({"message": refusal.message, "code": refusal.code}, headers, refusal.status)
        finally:
            await self._tell()
        if fault is not None:
            return await self._break(request, fault)
        if answer is None:
            return web.Response(status=204, headers=headers)
        return _json(answer, headers)

    async def _break(self, request: web.Request, fault: Fault) -> web.StreamResponse:
        if fault.status == 429:
            return _too_many(fault.retry_after, {"X-RateLimit-Remaining": "0"})
        if fault.status > 0:
            return _json({"message": fault.message, "code": fault.code}, {}, fault.status)
        if fault.status < 0:
            self.hung.set()
            await self._stopped.wait()
        if request.transport is not None:
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
                return await self._callback(token, body, files)
            case [method, "webhooks", _, token, *rest]:
                return self._webhook(method, token, rest, body, files)
            case ["POST", "users", "@me", "channels"]:
                who = int(body["recipient_id"])
                return {"id": str(_DIRECT + who), "type": 1, "recipients": [user(who)]}
            case ["POST", "channels", direct, "messages"] if int(direct) >= _DIRECT and int(direct) < _DIRECT * 2:
                _check(body, len(files))
                self.direct.setdefault(int(direct) - _DIRECT, []).append(body)
                return Message(self.snowflakes.next(), int(direct), BOT, body).shown()
            case ["GET", "guilds", guild]:
                return self.guilds[int(guild)].shown()
            case ["GET", "guilds", guild, "threads", "active"]:
                found = [each for each in self.guilds[int(guild)].channels.values() if each.type == THREAD]
                return {"threads": [each.shown() for each in found if not each.archived], "members": []}
            case ["GET", "guilds", guild, "members", who]:
                return self.guilds[int(guild)].member(int(who))
            case [method, "channels", channel, *rest]:
                return await self._channel(request, method, int(channel), rest, body, files)
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

    async def _channel(
        self, request: web.Request, method: str, identity: int, rest: list[str], body: Any, files: dict[str, bytes]
    ) -> Any:
        channel = self.channel(identity)
        guild = self.guilds[channel.guild]
        allowed = guild.bot_permissions(channel)
        if not allowed & VIEW_CHANNEL:
            raise Refusal(*MISSING_ACCESS)
        match [method, *rest]:
            case ["GET"]:
                return channel.shown()
            case ["POST", "messages"]:
                return await self._post(channel, guild, body, files)
            case ["GET", "messages"]:
                # Without the permission Discord says that there is nothing, not that it will not tell.
                return self._history(channel, request) if allowed & READ_HISTORY else []
            case ["GET", "messages", message]:
                if not allowed & READ_HISTORY:
                    raise Refusal(*MISSING_ACCESS)
                return self._message(channel, int(message)).shown()
            case ["PATCH", "messages", message]:
                found = self._message(channel, int(message))
                _check(body, 0)
                found.body |= body
                return found.shown()
            case ["POST", "messages", message, "threads"]:
                return await self._start_thread(channel, guild, body, int(message))
            case ["POST", "threads"]:
                return await self._forum_post(channel, guild, body)
            case ["GET", "threads", "archived", "public"]:
                found_threads = [
                    each for each in guild.channels.values() if each.parent == channel.id and each.archived
                ]
                return {"threads": [each.shown() for each in found_threads], "members": [], "has_more": False}
            case ["GET", "messages", message, "reactions", name]:
                users = self._message(channel, int(message)).reactions.get(unquote(name), [])
                after = int(request.query.get("after", 0))
                most = int(request.query.get("limit", 25))
                return [user(each) for each in sorted(users) if each > after][:most]
        raise Refusal(404, 0, "404: Not Found")

    def _message(self, channel: Channel, identity: int) -> Message:
        found = channel.messages.get(identity)
        if found is None or found.deleted:
            raise Refusal(*UNKNOWN_MESSAGE)
        return found

    def _history(self, channel: Channel, request: web.Request) -> list[dict[str, Any]]:
        most = int(request.query.get("limit", 50))
        found = sorted(each for each, message in channel.messages.items() if not message.deleted)
        if (after := request.query.get("after")) is not None:
            found = [each for each in found if each > int(after)][:most]
        elif (before := request.query.get("before")) is not None:
            found = [each for each in found if each < int(before)][-most:]
        else:
            found = found[-most:]
        return [channel.messages[each].shown() for each in reversed(found)]

    async def _post(self, channel: Channel, guild: Guild, body: Any, files: dict[str, bytes]) -> Any:
        allowed = guild.bot_permissions(channel)
        if channel.type == FORUM:
            raise Refusal(400, 50008, "Cannot send messages in a non-text channel")
        if not allowed & (SEND_IN_THREADS if channel.type == THREAD else SEND_MESSAGES):
            raise Refusal(*MISSING_PERMISSIONS)
        if channel.locked:
            raise Refusal(403, 160005, "Thread is locked")
        _check(body, len(files))
        if body.get("embeds") and not allowed & EMBED_LINKS:
            body = {**body, "embeds": []}
            _check(body, len(files))
        nonce = str(body.get("nonce") or "")
        if nonce and body.get("enforce_nonce"):
            made, known = self._nonces.get((channel.id, nonce), (0.0, None))
            if known is not None and self._now() - made < NONCE_SECONDS:
                return known.shown() | {"nonce": nonce}
        message = self.store(channel, body, nonce=nonce)
        self._nonces[channel.id, nonce] = (self._now(), message)
        return message.shown() | {"nonce": nonce}

    def store(self, channel: Channel, body: dict[str, Any], author: int = BOT, nonce: str = "") -> Message:
        """Put a message into a channel."""
        message = Message(self.snowflakes.next(), channel.id, author, body, nonce)
        channel.archived = False
        channel.messages[message.id] = message
        return message

    async def _start_thread(self, channel: Channel, guild: Guild, body: Any, message: int) -> Any:
        self._message(channel, message)
        if not guild.bot_permissions(channel) & CREATE_THREADS:
            raise Refusal(*MISSING_PERMISSIONS)
        if message in guild.channels:
            raise Refusal(400, 160004, "A thread has already been created for this message")
        return await self._thread(channel, guild, body, message)

    async def _thread(self, channel: Channel, guild: Guild, body: Any, identity: int) -> Any:
        if not 1 <= len(body.get("name") or "") <= 100:
            raise Refusal(400, 50035, "Invalid Form Body: name")
        made = Channel(identity, body["name"], guild.id, THREAD, parent=channel.id, owner=BOT)
        guild.channels[identity] = made
        await self.gateway.tell(guild.id, "THREAD_CREATE", made.shown() | {"newly_created": True})
        return made.shown()

    async def _forum_post(self, channel: Channel, guild: Guild, body: Any) -> Any:
        if channel.type != FORUM:
            raise Refusal(400, 50024, "Cannot execute action on this channel type")
        if not guild.bot_permissions(channel) & SEND_MESSAGES:
            raise Refusal(*MISSING_PERMISSIONS)
        if channel.needs_tag and not body.get("applied_tags"):
            raise Refusal(400, 40067, "A tag is required to create a forum post in this channel")
        _check(body.get("message") or {}, 0)
        identity = self.snowflakes.next()
        thread = await self._thread(channel, guild, body, identity)
        message = Message(identity, identity, BOT, body["message"])
        guild.channels[identity].messages[identity] = message
        return thread | {"message": message.shown()}

    # Interactions

    async def _callback(self, token: str, body: Any, files: dict[str, bytes]) -> Any:
        made = self._interactions.get(token)
        if made is None or time.monotonic() - made.began > ACK_SECONDS:
            raise Refusal(404, 10062, "Unknown interaction")
        if made.kind:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        data = body.get("data") or {}
        if body["type"] in (4, 7):
            _check(data, len(files))
        if body["type"] == 8 and (len(data.get("choices") or []) > 25 or _long_choice(data)):
            raise Refusal(400, 50035, "Invalid Form Body: choices")
        made.kind = body["type"]
        made.acknowledged = time.monotonic() - made.began
        made.replies.append(data)
        made.files |= files
        made.done.set()
        resource = {"type": body["type"]}
        if body["type"] in (4, 5):
            resource["message"] = self._response_message(made, data)
        return {
            "interaction": {"id": str(made.id), "type": 2, "response_message_loading": False},
            "resource": resource,
        }

    def _response_message(self, made: Interaction, body: dict[str, Any]) -> dict[str, Any]:
        return Message(self.snowflakes.next(), made.channel, BOT, body).shown()

    def _webhook(self, method: str, token: str, rest: list[str], body: Any, files: dict[str, bytes]) -> Any:
        made = self._interactions.get(token)
        if made is None:
            raise Refusal(404, 50027, "Invalid Webhook Token")
        if not made.kind:
            raise Refusal(404, 10015, "Unknown Webhook")
        if method == "DELETE":
            made.replies.append({"deleted": True})
            return None
        _check(body, len(files))
        made.files |= files
        made.replies.append(body)
        made.edited += bool(rest)
        return self._response_message(made, body)

    # Waiting

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], object], patience: float = 20.0) -> None:
        """Wait until ``condition`` holds; it is asked again whenever something happened here."""
        async with asyncio.timeout(patience), self._changed:
            await self._changed.wait_for(lambda: bool(condition()))

    # What members do

    async def command(
        self, name: str, *, user: int = ANN, channel: int = READING, guild: int = GUILD, **options: Any
    ) -> Interaction:
        """A member uses `/papers name …`; returns when it was acknowledged or the three seconds are over."""
        chosen = [{"name": key, "type": _option_type(value), "value": value} for key, value in options.items()]
        data = {
            "id": "1",
            "name": "papers",
            "type": 1,
            "options": self._chosen(name, chosen),
            **self._resolved(options),
        }
        return await self._interact(2, data, user, channel, guild)

    async def complete(
        self, name: str, option: str, typed: str, *, user: int = ANN, channel: int = READING, guild: int = GUILD
    ) -> list[str]:
        """What is offered while a member types an option."""
        field = {"name": option, "type": 3, "value": typed, "focused": True}
        data = {"id": "1", "name": "papers", "type": 1, "options": self._chosen(name, [field])}
        made = await self._interact(4, data, user, channel, guild)
        return [choice["value"] for choice in made.reply.get("choices", [])]

    def _chosen(self, name: str, options: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A subcommand with its options, within its group where the bot has told one."""
        chosen = [{"name": name, "type": 1, "options": options}]
        for command in self.commands:
            for each in command.get("options") or []:
                if each["type"] == 2 and name in [member["name"] for member in each["options"]]:
                    return [{"name": each["name"], "type": 2, "options": chosen}]
        return chosen

    async def press(
        self, custom_id: str, message: Message | None = None, *, user: int = ANN, guild: int = GUILD, channel: int = 0
    ) -> Interaction:
        """A member presses a button under ``message``."""
        place = message.channel if message else channel or READING
        shown = (message or Message(self.snowflakes.next(), place, BOT, {"content": "x"})).shown()
        data = {"custom_id": custom_id, "component_type": 2}
        return await self._interact(3, data, user, place, guild, message=shown)

    async def _interact(
        self, kind: int, data: dict[str, Any], who: int, channel: int, guild: int, **more: Any
    ) -> Interaction:
        known = self.guilds[guild]
        place = known.channels[channel]
        number = next(self._numbers)
        made = Interaction(self.snowflakes.next(), f"token-{number}", who, guild, channel, began=time.monotonic())
        self._interactions[made.token] = made
        payload = {
            "id": str(made.id),
            "application_id": str(APPLICATION),
            "type": kind,
            "data": data,
            "guild_id": str(guild),
            "guild": {"id": str(guild), "locale": "en-US", "features": []},
            "channel_id": str(channel),
            "channel": place.shown() | {"permissions": str(known.permissions_of(who))},
            "member": known.member(who) | {"permissions": str(known.permissions_of(who))},
            "token": made.token,
            "version": 1,
            "app_permissions": str(known.bot_permissions(place)),
            "locale": "de",
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild)},
            "context": 0,
            "attachment_size_limit": 10_000_000,
            **more,
        }
        await self.gateway.tell(guild, "INTERACTION_CREATE", payload)
        try:
            await asyncio.wait_for(made.done.wait(), ACK_SECONDS)
        except TimeoutError:
            made.acknowledged = None
        return made

    def _resolved(self, options: dict[str, Any]) -> dict[str, Any]:
        members = [value for value in options.values() if isinstance(value, int) and value in (OWNER, ANN, BOB)]
        roles = [value for value in options.values() if isinstance(value, int) and value in self.guild.roles]
        if not members and not roles:
            return {}
        return {
            "resolved": {
                "roles": {str(each): role(each, "Readers") for each in roles},
                "users": {str(each): user(each) for each in members},
                "members": {str(each): self.guild.member(each) | {"permissions": "0"} for each in members},
            }
        }

    async def react(
        self, message: Message, name: str, *, user: int = ANN, added: bool = True, tell: bool = True
    ) -> None:
        """A member reacts, or takes it back; with ``tell`` the bot hears of it."""
        users = message.reactions.setdefault(name, [])
        if added:
            users.append(user)
        elif user in users:
            users.remove(user)
        channel = self.channel(message.channel)
        event = {
            "user_id": str(user),
            "channel_id": str(message.channel),
            "message_id": str(message.id),
            "guild_id": str(channel.guild),
            "emoji": emoji(name),
            "burst": False,
            "type": 0,
        }
        if added:
            event |= {"member": self.guilds[channel.guild].member(user), "message_author_id": str(message.author)}
        if tell:
            await self.gateway.tell(channel.guild, f"MESSAGE_REACTION_{'ADD' if added else 'REMOVE'}", event)

    # The gateway's first words

    def _ready(self, shard: int, shards: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        mine = [each for each in self.guilds.values() if (each.id >> 22) % shards == shard and not each.gone]
        ready = {
            "v": 10,
            "user": user(BOT),
            "guilds": [{"id": str(each.id), "unavailable": True} for each in mine],
            "application": {"id": str(APPLICATION), "flags": 0},
            "private_channels": [],
            "relationships": [],
        }
        return ready, [each.shown() for each in mine if each.available]


def _check(body: dict[str, Any], files: int) -> None:
    if (wrong := check_message(body, files)) is not None:
        raise Refusal(400, 50006 if wrong.startswith("Cannot") else 50035, f"Invalid Form Body: {wrong}")


def _long_choice(data: dict[str, Any]) -> bool:
    return any(
        not 1 <= len(choice["name"]) <= 100 or len(str(choice["value"])) > 100 for choice in data["choices"] or []
    )


def _option_type(value: object) -> int:
    if isinstance(value, bool):
        return 5
    if isinstance(value, int):
        return 6 if value in (OWNER, ANN, BOB) else 8
    return 3


def _too_many(wait: float, headers: dict[str, str] | None = None, *, overall: bool = False) -> web.Response:
    body = {"message": "You are being rate limited.", "retry_after": round(wait, 3), "global": overall}
    told = {"Via": "1.1 google", "Retry-After": str(int(wait) + 1)} | (headers or {})
    if overall:
        told["X-RateLimit-Global"] = "true"
    return _json(body, told, 429)


def _json(value: Any, headers: dict[str, str], status: int = 200) -> web.Response:
    # The client takes nothing for JSON whose content type says more than that.
    return web.Response(
        body=json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json", **headers}
    )


async def _read(request: web.Request) -> tuple[Any, dict[str, bytes]]:
    if request.content_type == "application/json":
        return await request.json(), {}
    if request.content_type != "multipart/form-data":
        return {}, {}
    body: Any = {}
    files: dict[str, bytes] = {}
    async for part in await request.multipart():
        name, content = part.name, bytes(await part.read())  # type: ignore[union-attr]
        if name == "payload_json":
            body = json.loads(content)
        else:
            files[part.filename or name or "file"] = content  # type: ignore[union-attr]
    return body, files


__all__ = ["ANN", "APPLICATION", "BOB", "BOT", "GUILD", "OWNER", "READING", "TEXT", "TOKEN", "DiscordStandIn"]
