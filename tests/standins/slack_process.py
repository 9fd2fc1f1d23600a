"""The stand-in of Slack as a process of its own: for whole programs, for benchmarks, and to be played with by hand.

`python -m tests.standins.slack_process --port 9001`, then start paperroute with the settings that it prints.
``/control/…`` takes JSON: ``command`` (text, user, channel), ``click`` (value), ``react`` (name, ts, user, added),
``fail`` (kind, method, times, seconds), ``drop``, ``freeze``, ``serve`` (url: where HTTP requests go) and ``consent``,
which gives the code of an installation; ``/control/state`` gives out what stands where, and
``/control/page`` shows a channel.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import signal
import sys
from typing import Any

from aiohttp import web

from tests.standins.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn
from tests.standins.slack_faults import Kind


class Controls:
    """What can be asked of a stand-in over HTTP."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack

    def routes(self) -> list[web.RouteDef]:
        """To be added to the stand-in's own."""
        return [
            web.post("/control/{what}", self._do),
            web.get("/control/state", self._state),
            web.get("/control/page", self._page),
            web.get("/control/messages", self._messages),
        ]

    async def _do(self, request: web.Request) -> web.Response:
        asked: dict[str, Any] = await request.json() if request.can_read_body else {}
        slack = self._slack
        match request.match_info["what"]:
            case "command":
                done = await slack.command(**asked)
                patience = 10.0
                if asked.get("text", "").strip() != "watch":
                    await slack.until(lambda: done.responses, patience)
                return web.json_response({"acknowledged": done.acknowledged, "responses": done.responses})
            case "click":
                action = {"type": "overflow", "action_id": "paper", "selected_option": {"value": asked.pop("value")}}
                done = await slack.click(action, **asked)
                return web.json_response({"acknowledged": done.acknowledged})
            case "react":
                await slack.react(**asked)
            case "fail":
                slack.fail(Kind[asked.pop("kind")], **asked)
            case "drop":
                await slack.sockets.drop()
            case "serve":
                slack.events_url = asked["url"]
            case "consent":
                return web.json_response({"code": slack.oauth.code(slack.team)})
            case "freeze":
                slack.sockets.frozen = bool(asked.get("frozen", True))
            case _:
                return web.json_response({"error": "unknown"}, status=404)
        return web.json_response({"ok": True})

    async def _state(self, _: web.Request) -> web.Response:
        """Messages by team and channel, with the keys of posts; files, windows, requests that came too early."""
        state = {
            "connected": len(self._slack.sockets.open),
            "too_early": len(self._slack.too_early),
            "teams": {
                team.id: {
                    "channels": {
                        channel.id: [
                            {"ts": m.ts, "thread": m.thread_ts, "text": m.body.get("text", ""), "key": _key(m.metadata)}
                            for m in channel.messages
                            if not m.deleted
                        ]
                        for channel in team.channels.values()
                    },
                    "files": {
                        file["name"]: (file["content"] or b"").decode("utf-8", "replace")
                        for file in team.files.values()
                    },
                    "views": list(team.views.values()),
                    "ephemerals": team.ephemerals,
                }
                for team in self._slack.teams.values()
            },
        }
        return web.json_response(state)

    async def _messages(self, _: web.Request) -> web.Response:
        """The bodies of a channel's messages."""
        return web.json_response([message.body for message in self._slack.team.channels["C0READING"].messages])

    async def _page(self, request: web.Request) -> web.Response:
        """A channel for a browser, roughly."""
        channel = self._slack.team.channels[request.query.get("channel", "C0READING")]
        rows = "".join(
            f"<p style='margin-left:{2 if m.thread_ts else 0}em'><small>{m.ts}</small><br>"
            f"{html.escape(json.dumps(m.body.get('blocks') or m.body.get('text'), ensure_ascii=False))}</p>"
            for m in channel.messages
        )
        return web.Response(text=f"<h1>#{html.escape(channel.name)}</h1>{rows}", content_type="text/html")


def _key(metadata: dict[str, Any] | None) -> str:
    return str(metadata["event_payload"].get("key", "")) if metadata else ""


async def serve(port: int, *, enforce: bool) -> None:
    """Serve until a signal comes."""
    slack = SlackStandIn(port=port)
    slack.limits.enforced = enforce
    slack.more_routes = Controls(slack).routes()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with slack:
        settings = {"SLACK_API_URL": slack.api_url, "SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
        sys.stdout.write("".join(f"{name}={value}\n" for name, value in settings.items()))
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
