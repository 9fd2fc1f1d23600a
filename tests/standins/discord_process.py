"""The stand-in of Discord as a process of its own: for whole programs, for benchmarks, and to be played with by hand.

`python -m tests.standins.discord_process --port 9003`, then start paperroute with the settings that it prints.
``/control/…`` takes JSON: ``command`` (name, options, user, channel, guild), ``press`` (label, message), ``react``
(emoji, message, user, added), ``fail`` (route, status, stored, times), ``drop`` (forget: no session can be resumed,
refuse: so many handshakes), ``channel`` (id, name, type, denied), which makes one; ``/control/state`` gives out what
stands where.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from typing import Any

from aiohttp import web

from tests.standins.discord import GUILD, TOKEN, DiscordStandIn, Interaction
from tests.standins.discord_state import Message


class Controls:
    """What can be asked of a stand-in over HTTP."""

    def __init__(self, discord: DiscordStandIn) -> None:
        self._discord = discord

    def routes(self) -> list[web.RouteDef]:
        """To be added to the stand-in's own."""
        return [web.post("/control/{what}", self._do), web.get("/control/state", self._state)]

    async def _do(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json() if request.can_read_body else {}
        discord = self._discord
        match request.match_info["what"]:
            case "command":
                options = asked.pop("options", {})
                return await self._answered(await discord.command(**asked, **options))
            case "press":
                message = self._message(asked["message"])
                identity = next(
                    button["custom_id"]
                    for row in message.body["components"]
                    for button in row["components"]
                    if button.get("label") == asked["label"]
                )
                return await self._answered(await discord.press(identity, message))
            case "react":
                await discord.react(self._message(asked.pop("message")), asked.pop("emoji"), **asked)
            case "fail":
                discord.fail(asked.pop("route"), asked.pop("status"), **asked)
            case "drop":
                discord.gateway.refusing = int(asked.get("refuse", 0))
                if asked.get("forget"):
                    discord.gateway.forget()
                await discord.gateway.drop()
            case "channel":
                made = discord.add_channel(asked.pop("id"), asked.pop("name"), **asked)
                await discord.gateway.tell(GUILD, "CHANNEL_CREATE", made.shown())
            case _:
                return web.json_response({"error": "unknown"}, status=404)
        return web.json_response({"ok": True})

    async def _answered(self, made: Interaction) -> web.Response:
        await self._discord.until(
            lambda: any(body.get("content") or body.get("embeds") or body.get("deleted") for body in made.replies), 10
        )
        files = {name: content.decode("utf-8", "replace") for name, content in made.files.items()}
        return web.json_response({"acknowledged": made.acknowledged, "replies": made.replies, "files": files})

    def _message(self, identity: str) -> Message:
        for guild in self._discord.guilds.values():
            for channel in guild.channels.values():
                if int(identity) in channel.messages:
                    return channel.messages[int(identity)]
        raise web.HTTPNotFound

    async def _state(self, _: web.Request) -> web.Response:
        """Messages by channel, threads included; how many shards are connected; what was asked too often."""
        state = {
            "connected": len(self._discord.gateway.open),
            "refused": self._discord.limits.refused,
            "channels": {
                str(channel.id): [
                    {"id": str(message.id), "ids": _ids(message.body), "text": json.dumps(message.body)}
                    for message in channel.messages.values()
                ]
                for guild in self._discord.guilds.values()
                for channel in guild.channels.values()
            },
        }
        return web.json_response(state)


def _ids(body: dict[str, Any]) -> list[str]:
    rows = body.get("components") or []
    return [button.get("custom_id", "") for row in rows for button in row["components"]]


async def serve(port: int, *, enforce: bool) -> None:
    """Serve until a signal comes."""
    discord = DiscordStandIn(port=port)
    discord.limits.enforced = enforce
    discord.more_routes = Controls(discord).routes()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with discord:
        sys.stdout.write(f"DISCORD_API_URL={discord.url}\nDISCORD_TOKEN={TOKEN}\n")
        sys.stdout.flush()
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--unlimited", action="store_true", help="do not enforce rates")
    chosen = parser.parse_args()
    asyncio.run(serve(chosen.port, enforce=not chosen.unlimited))


if __name__ == "__main__":
    main()
