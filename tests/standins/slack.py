"""A stand-in of Slack on loopback: Web API, Socket Mode, signed requests, response addresses, files.

It speaks the protocol of the real clients and enforces the documented limits; what it was asked is in ``requests``, and
requests that came before a Retry-After had passed in ``too_early``. Tests play the members: ``command``, ``click``,
``react`` and so on deliver what Slack would, through the socket or, when ``events_url`` is set, as signed requests.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.standins.slack_blocks import check_message
from tests.standins.slack_faults import Fault, Kind
from tests.standins.slack_limits import Limits, TooEarly
from tests.standins.slack_methods import Methods
from tests.standins.slack_oauth import OAuth
from tests.standins.slack_socket import Sockets
from tests.standins.slack_state import Channel, Ids, Refusal, Stamps, Team, User

TEAM = "T0LAB"
BOT_TOKEN = "xoxb-lab-token"
APP_TOKEN = "xapp-lab-token"
SIGNING_SECRET = "stand-in-signing-secret"
TRIGGER_SECONDS = 3.0
RESPONSE_USES, RESPONSE_SECONDS = 5, 1800.0
REDELIVERIES = (0.0, 60.0, 300.0)
"""Seconds after which an event that was not acknowledged is delivered again."""


@dataclass(frozen=True)
class Asked:
    """A request to the Web API."""

    team: str
    method: str
    arguments: dict[str, Any]
    at: float


@dataclass
class Interaction:
    """Something a member did: how long the acknowledgement took (None: none came in time), and what came back."""

    team: str
    user: str
    channel: str
    acknowledged: float | None = None
    ack: dict[str, Any] = field(default_factory=dict)
    responses: list[dict[str, Any]] = field(default_factory=list)
    deleted: bool = False
    made: float = field(default_factory=time.monotonic)
    url: str = ""


class SlackStandIn:
    """An async context manager; ``api_url`` is where it serves.

    ``meanwhile`` is awaited when a call of the Web API has come in, and once more when it was carried out and is about
    to be answered: with the method, and whether it is done. Where it raises ConnectionResetError at first, nothing
    is done.
    """

    def __init__(self, *, now: Callable[[], float] = time.time, port: int = 0) -> None:
        self._port = port
        self.more_routes: list[web.RouteDef] = []
        self._ids = Ids()
        self._stamps = Stamps(now)
        self._now = now
        self.teams: dict[str, Team] = {}
        self.app_token = APP_TOKEN
        self.faults: list[Fault] = []
        self.requests: list[Asked] = []
        self.limits = Limits(now)
        self.methods = Methods(self._stamps, self._ids, self._use_trigger)
        self.sockets = Sockets()
        self.oauth = OAuth()
        self.events_url = ""
        self.app_token_trouble = ""
        self.redeliver = REDELIVERIES
        self.hung = asyncio.Event()
        self.meanwhile: Callable[[str, bool], Awaitable[None]] | None = None
        self._triggers: dict[str, tuple[str, float]] = {}
        self._interactions: dict[str, Interaction] = {}
        self._changed = asyncio.Condition()
        self._stopped = asyncio.Event()
        self._delivering: set[asyncio.Task[Any]] = set()
        self.add_team(TEAM, BOT_TOKEN)

    @property
    def too_early(self) -> list[TooEarly]:
        return self.limits.too_early

    @property
    def team(self) -> Team:
        """The first workspace."""
        return self.teams[TEAM]

    def add_team(self, team: str, token: str, *, enterprise: str | None = None) -> Team:
        """A workspace with the app installed, ann, who is an admin, bob, and the channel C0READING with everybody."""
        made = Team(team, f"Team {team}", token, enterprise)
        for user in (User("U0ANN", "ann", admin=True), User("U0BOB", "bob", "America/New_York")):
            made.users[user.id] = user
        made.users[made.bot_user] = User(made.bot_user, made.bot_name, bot=True)
        made.channels["C0READING"] = Channel("C0READING", "reading", members={*made.users})
        self.teams[team] = made
        return made

    def add_channel(self, channel: str, name: str, team: str = TEAM, *, member: bool = True, **more: Any) -> Channel:
        """A channel with every member, and the bot if ``member``."""
        known = self.teams[team]
        members = {user for user in known.users if member or user != known.bot_user}
        known.channels[channel] = Channel(channel, name, members=members, **more)
        return known.channels[channel]

    async def __aenter__(self) -> SlackStandIn:
        application = web.Application(client_max_size=50_000_000)
        application.router.add_post("/api/{method}", self._serve)
        application.router.add_get("/api/{method}", self._serve)
        application.router.add_get("/socket", self.sockets.serve)
        application.router.add_post("/respond/{name}", self._respond)
        application.router.add_route("*", "/upload/{team}/{file}", self._upload)
        application.add_routes(self.more_routes)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}/"
        self.api_url = f"{self.url}api/"
        self.methods.base_url = self.url
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopped.set()
        for task in list(self._delivering):
            task.cancel()
        await asyncio.gather(*self._delivering, return_exceptions=True)
        await self.sockets.close()
        await self._runner.cleanup()

    # The Web API

    def fail(self, kind: Kind, method: str = "", *, team: str = "", times: int = 1, **more: Any) -> Fault:
        """Let something go wrong with the next calls."""
        fault = Fault(kind, method, team, times, **more)
        self.faults.append(fault)
        return fault

    def asked(self, method: str) -> list[Asked]:
        """The requests for one method so far."""
        return [each for each in self.requests if each.method == method]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.content_type == "application/json":
            arguments = dict(await request.json())
        else:
            arguments = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        arguments = dict(request.query) | arguments
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(arguments.pop("token", ""))
        try:
            if method == "apps.connections.open":
                return await self._connections_open(token)
            if method == "oauth.v2.access":
                return web.json_response({"ok": True, **self.oauth.access(_with_basic(request, arguments))})
            team = self._owner(token)
            return await self._call(request, team, method, arguments)
        except Refusal as refusal:
            return web.json_response({"ok": False, "error": refusal.code, **refusal.more})

    async def _connections_open(self, token: str) -> web.Response:
        if fault := next((each for each in self.faults if each.meets("", "apps.connections.open")), None):
            fault.times -= 1
            if fault.kind is Kind.RATELIMITED:
                return web.json_response(
                    {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(int(fault.seconds))}
                )
            if fault.kind is Kind.REFUSAL:
                raise Refusal(fault.code)
            return web.Response(status=503, text="unavailable")
        if self.app_token_trouble or token != self.app_token:
            raise Refusal(self.app_token_trouble or "invalid_auth")
        ticket = self.sockets.ticket()
        return web.json_response({"ok": True, "url": f"{self.url.replace('http', 'ws', 1)}socket?ticket={ticket}"})

    def _owner(self, token: str) -> Team:
        for team in self.teams.values():
            if token and hmac.compare_digest(token, team.token):
                if team.trouble:
                    raise Refusal(team.trouble)
                return team
        raise Refusal("invalid_auth" if token else "not_authed")

    async def _call(
        self, request: web.Request, team: Team, method: str, arguments: dict[str, Any]
    ) -> web.StreamResponse:
        self.requests.append(Asked(team.id, method, arguments, time.monotonic()))
        wait = self.limits.retry_after(team.id, method, str(arguments.get("channel", "")))
        fault = None if wait is not None else next((each for each in self.faults if each.meets(team.id, method)), None)
        if fault is not None:
            fault.times -= 1
            if fault.kind is Kind.RATELIMITED:
                wait = self.limits.refuse(team.id, method, fault.seconds)
            elif fault.kind is Kind.REFUSAL:
                raise Refusal(fault.code)
            elif not fault.kind.done:
                return await self._break(request, fault.kind, b"")
        if wait is not None:
            return web.json_response(
                {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": str(wait)}
            )
        if self.meanwhile is not None:
            try:
                await self.meanwhile(method, False)
            except ConnectionResetError:
                return await self._break(request, Kind.RESET_BEFORE, b"")
        answer = {"ok": True, **self.methods.call(team, method, arguments)}
        await self._tell()
        if self.meanwhile is not None:
            await self.meanwhile(method, True)
        if fault is not None:
            return await self._break(request, fault.kind, json.dumps(answer).encode())
        return web.json_response(answer, headers={"X-OAuth-Scopes": ",".join(sorted(team.scopes))})

    async def _break(self, request: web.Request, kind: Kind, answer: bytes) -> web.StreamResponse:
        if kind in (Kind.ERROR_BEFORE, Kind.ERROR_AFTER):
            return web.Response(status=503 if kind is Kind.ERROR_BEFORE else 500, text="oops")
        if kind in (Kind.INTERNAL_AFTER, Kind.FATAL_AFTER):
            code = "internal_error" if kind is Kind.INTERNAL_AFTER else "fatal_error"
            return web.json_response({"ok": False, "error": code})
        if kind is Kind.HTML_AFTER:
            return web.Response(text="<html>Slack is down</html>", content_type="text/html")
        if kind in (Kind.HANG_BEFORE, Kind.HANG_AFTER):
            self.hung.set()
            await self._stopped.wait()
        elif kind is Kind.CUT_AFTER:
            response = web.StreamResponse(headers={"Content-Length": str(len(answer))})
            await response.prepare(request)
            await response.write(answer[: len(answer) // 2])
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    async def _upload(self, request: web.Request) -> web.Response:
        file = self.teams[request.match_info["team"]].files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        content = await request.read()
        if len(content) != file["length"]:
            return web.Response(status=400)
        file["content"] = content
        return web.Response(text=f"OK - {len(content)}")

    async def _respond(self, request: web.Request) -> web.Response:
        interaction = self._interactions.get(request.match_info["name"])
        if interaction is None or time.monotonic() - interaction.made > RESPONSE_SECONDS:
            return web.Response(status=404, text="expired_url")
        if len(interaction.responses) >= RESPONSE_USES:
            return web.Response(status=404, text="used_url")
        message = await request.json()
        if not message.get("delete_original"):
            if not message.get("text") and not message.get("blocks"):
                return web.Response(status=400, text="no_text")
            if (code := check_message(message.get("text", ""), message.get("blocks") or [])) is not None:
                return web.json_response({"ok": False, "error": code})
        interaction.responses.append(message)
        team = self.teams[interaction.team]
        if message.get("response_type") == "in_channel" and (channel := team.channels.get(interaction.channel)):
            self.methods.store(team, channel, {k: v for k, v in message.items() if k in ("text", "blocks")})
        await self._tell()
        return web.json_response({"ok": True})

    # Waiting

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], object], patience: float = 20.0) -> None:
        """Wait until ``condition`` holds; it is asked again whenever something happened here."""
        async with asyncio.timeout(patience), self._changed:
            await self._changed.wait_for(lambda: bool(condition()))

    # What members do

    def trigger(self, team: str) -> str:
        name = self._ids.next("trigger.")
        self._triggers[name] = (team, time.monotonic())
        return name

    def _use_trigger(self, team: Team, name: str) -> None:
        owner, made = self._triggers.pop(name, ("", 0.0))
        if owner != team.id:
            raise Refusal("invalid_trigger_id" if not owner else "not_found")
        if time.monotonic() - made > TRIGGER_SECONDS:
            raise Refusal("expired_trigger_id")

    def interaction(self, user: str, channel: str, team: str = TEAM) -> Interaction:
        """Something that can be responded to."""
        name = self._ids.next("response")
        made = Interaction(team, user, channel, url=f"{self.url}respond/{name}")
        self._interactions[name] = made
        return made

    async def command(
        self, text: str, *, user: str = "U0ANN", channel: str = "C0READING", team: str = TEAM, **changes: Any
    ) -> Interaction:
        """A member types `/papers …`; returns when it was acknowledged or the three seconds are over."""
        known = self.teams[team]
        made = self.interaction(user, channel, team)
        place = known.channels.get(channel)
        name = "directmessage" if place and place.direct else "privategroup" if place and place.private else ""
        payload = {
            "token": "verification",
            "team_id": team,
            "team_domain": "lab",
            "channel_id": channel,
            "channel_name": name or (place.name if place else "unknown"),
            "user_id": user,
            "user_name": known.users[user].name if user in known.users else "somebody",
            "command": "/papers",
            "text": text,
            "api_app_id": known.app_id,
            "is_enterprise_install": "false",
            "response_url": made.url,
            "trigger_id": self.trigger(team),
            **({"enterprise_id": known.enterprise} if known.enterprise else {}),
            **changes,
        }
        return await self._interact("slash_commands", payload, made)

    async def click(
        self, action: dict[str, Any], *, user: str = "U0ANN", channel: str = "C0READING", team: str = TEAM, **more: Any
    ) -> Interaction:
        """A member uses a block's element: ``action`` as Slack describes it, ``more`` for message, view, container."""
        made = self.interaction(user, channel, team)
        payload = self._interactive(team, user, "block_actions", actions=[action], **more)
        if "view" not in more:
            payload |= {"channel": {"id": channel, "name": "reading"}, "response_url": made.url}
        return await self._interact("interactive", payload, made)

    async def submit(self, view: dict[str, Any], *, user: str = "U0ANN", team: str = TEAM) -> Interaction:
        """A member submits a window, whose ``state`` is in ``view``."""
        made = self.interaction(user, "", team)
        payload = self._interactive(team, user, "view_submission", view=view)
        done = await self._interact("interactive", payload, made)
        if done.ack.get("response_action") == "update":
            self.methods.keep_view(self.teams[team], done.ack["view"], view["id"])
            await self._tell()
        return done

    def _interactive(self, team: str, user: str, kind: str, **more: Any) -> dict[str, Any]:
        known = self.teams[team]
        return {
            "type": kind,
            "team": {
                "id": team,
                "domain": "lab",
                **({"enterprise_id": known.enterprise} if known.enterprise else {}),
            },
            "enterprise": {"id": known.enterprise, "name": "Org"} if known.enterprise else None,
            "user": {"id": user, "username": known.users[user].name, "team_id": team},
            "api_app_id": known.app_id,
            "trigger_id": self.trigger(team),
            "is_enterprise_install": False,
            **more,
        }

    async def _interact(self, kind: str, payload: dict[str, Any], made: Interaction) -> Interaction:
        begun = time.monotonic()
        ack = await self._deliver(kind, payload)
        if ack is not None:
            made.acknowledged = time.monotonic() - begun
            made.ack = ack
        return made

    async def react(
        self,
        name: str,
        ts: str,
        *,
        user: str = "U0ANN",
        channel: str = "C0READING",
        team: str = TEAM,
        added: bool = True,
        tell: bool = True,
    ) -> None:
        """A member adds a reaction to a message, or takes it away; the app hears of it unless ``tell`` is off."""
        message = self.teams[team].channels[channel].message(ts)
        assert message is not None
        users = message.reactions.setdefault(name, [])
        if added and user not in users:
            users.append(user)
        elif not added and user in users:
            users.remove(user)
        if tell:
            await self.event(
                {
                    "type": "reaction_added" if added else "reaction_removed",
                    "user": user,
                    "reaction": name,
                    "item_user": message.body.get("user"),
                    "item": {"type": "message", "channel": channel, "ts": ts},
                    "event_ts": self._stamps.next(),
                },
                team=team,
            )

    async def event(
        self, event: dict[str, Any], *, team: str = TEAM, event_id: str = "", attempts: int | None = None
    ) -> bool:
        """Deliver an event until it is acknowledged, as often as Slack does; whether it was."""
        known = self.teams[team]
        body = {
            "type": "event_callback",
            "team_id": team,
            "api_app_id": known.app_id,
            "event": event,
            "event_id": event_id or self._ids.next("Ev"),
            "event_time": int(self._now()),
            "authorizations": [
                {
                    "enterprise_id": known.enterprise,
                    "team_id": team,
                    "user_id": known.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
        }
        waits = (None, *self.redeliver)[: attempts or len(self.redeliver) + 1]
        for attempt, wait in enumerate(waits):
            if wait:
                await asyncio.sleep(wait)
            if await self._deliver("events_api", body, retry=attempt) is not None:
                return True
        return False

    async def _deliver(self, kind: str, payload: dict[str, Any], retry: int = 0) -> dict[str, Any] | None:
        if self.events_url:
            return await self._request(kind, payload, retry)
        more = {"retry_attempt": retry, "retry_reason": "timeout"} if kind == "events_api" else {}
        return await self.sockets.deliver(kind, payload, **more)

    async def _request(self, kind: str, payload: dict[str, Any], retry: int) -> dict[str, Any] | None:
        if kind == "events_api":
            body, media = json.dumps(payload), "application/json"
        else:
            form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body, media = urlencode(form), "application/x-www-form-urlencoded"
        headers = sign(body) | {"Content-Type": media}
        if retry:
            headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
                session.post(self.events_url, data=body.encode(), headers=headers) as answer,
            ):
                text = await answer.text()
                if answer.status != 200:
                    return None
                return json.loads(text) if text.startswith("{") else {}
        except (aiohttp.ClientError, TimeoutError):
            return None


def _with_basic(request: web.Request, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the client's id and secret, which may come as a header."""
    header = request.headers.get("Authorization", "")
    if not header.startswith("Basic "):
        return arguments
    basic = aiohttp.BasicAuth.decode(header)
    return {"client_id": basic.login, "client_secret": basic.password} | arguments


def sign(body: str, *, secret: str = SIGNING_SECRET, at: float | None = None) -> dict[str, str]:
    """The headers that prove that a request is Slack's: https://docs.slack.dev/authentication/verifying-requests."""
    moment = str(int(time.time() if at is None else at))
    signature = hmac.new(secret.encode(), f"v0:{moment}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": moment, "X-Slack-Signature": f"v0={signature}"}
