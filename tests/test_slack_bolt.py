"""The app leaves nothing unanswered and reads nothing from the environment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp

from adapters.slack.api import Credentials
from adapters.slack.bolt import make_app
from adapters.slack.errors import SlackError
from adapters.slack.socket import Socket
from bot.background import Work
from bot.precedence import Precedence
from tests.standins.clock import FakeClock
from tests.standins.slack import APP_TOKEN, SlackStandIn


async def credentials_of(workspace: str) -> Credentials:
    if workspace != "T0LAB":
        raise SlackError("not_installed", method="auth.test", workspace=workspace)
    return Credentials("xoxb-lab-token", "B0PAPERS", "U0PAPERS", "paperroute")


@asynccontextmanager
async def connected(slack: SlackStandIn, app: AsyncApp) -> AsyncIterator[None]:
    socket = Socket(app, APP_TOKEN, slack.api_url, FakeClock(), on_reconnected=lambda: None)
    await socket.start()
    try:
        yield
    finally:
        await socket.stop()


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        yield slack


def payload(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": "T0LAB", "event": {"type": kind, **more}, "event_id": "Ev1"}


@pytest.mark.parametrize("kind", ["message", "team_join", "an_event_of_next_year"])
async def test_an_event_without_a_listener_is_acknowledged(slack: SlackStandIn, kind: str) -> None:
    async with connected(slack, make_app(slack.api_url, credentials_of, "", FakeClock())):
        assert await slack.sockets.deliver("events_api", payload(kind)) is not None


@pytest.mark.parametrize(
    "body",
    [
        {"type": "block_actions", "actions": [{"type": "button", "action_id": "of.another.version"}]},
        {"type": "view_submission", "view": {"type": "modal", "callback_id": "of.another.version"}},
        {"type": "view_closed", "view": {"type": "modal", "callback_id": "of.another.version"}},
        {"type": "shortcut", "callback_id": "never.asked.for"},
        {"type": "something new"},
    ],
)
async def test_so_is_whatever_else_slack_sends(slack: SlackStandIn, body: dict[str, Any]) -> None:
    team = {"team": {"id": "T0LAB"}, "user": {"id": "U0ANN"}}
    async with connected(slack, make_app(slack.api_url, credentials_of, "", FakeClock())):
        assert await slack.sockets.deliver("interactive", body | team) is not None


async def test_work_begins_behind_the_requests_that_came_before_it(
    slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.precedence.LONGEST", 60)
    turns = Precedence()
    work, order = Work(turns), list[str]()
    heard, go_on = asyncio.Event(), asyncio.Event()
    app = make_app(slack.api_url, credentials_of, "", FakeClock(), precedence=turns)

    @app.command("/papers")
    async def papers(ack: AsyncAck, body: dict[str, Any]) -> None:
        if body["text"] == "slow":
            heard.set()
            await go_on.wait()
        await ack()
        order.append(f"{body['text']} acknowledged")
        work.start("A command", carry_out(body["text"]))

    async def carry_out(text: str) -> None:
        order.append(f"{text} carried out")

    async with connected(slack, app):
        slow = asyncio.create_task(slack.command("slow"))
        await heard.wait()
        await slack.command("quick")
        assert order == ["quick acknowledged"]
        go_on.set()
        await slow
        await work.drain(60)
    assert order[:2] == ["quick acknowledged", "slow acknowledged"]
    assert set(order[2:]) == {"quick carried out", "slow carried out"}


async def test_a_defect_is_logged_and_acknowledged(slack: SlackStandIn, caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(slack.api_url, credentials_of, "", FakeClock())

    @app.event("message")
    async def broken() -> None:
        raise ValueError("oops")

    async with connected(slack, app):
        assert await slack.sockets.deliver("events_api", payload("message")) is not None
    assert "met a defect" in caplog.text


@pytest.mark.parametrize("event", [None, 7, []])
async def test_what_bolt_cannot_read_is_logged_and_acknowledged(
    slack: SlackStandIn, caplog: pytest.LogCaptureFixture, event: object
) -> None:
    async with connected(slack, make_app(slack.api_url, credentials_of, "", FakeClock())):
        odd = {"type": "event_callback", "team_id": "T0LAB", "event": event, "event_id": "Ev1"}
        assert await slack.sockets.deliver("events_api", odd) is not None
    assert [record.name for record in caplog.records if record.levelname == "ERROR"] == ["adapters.slack.bolt"]


async def test_a_workspace_without_the_app_is_told_so(slack: SlackStandIn) -> None:
    slack.add_team("T0TWO", "xoxb-two")
    heard = asyncio.Event()
    app = make_app(slack.api_url, credentials_of, "", FakeClock())

    @app.command("/papers")
    async def papers(ack: AsyncAck) -> None:
        heard.set()
        await ack()

    async with connected(slack, app):
        done = await slack.command("list", team="T0TWO")
        assert done.acknowledged is not None
        assert not heard.is_set()


async def test_a_client_id_in_the_environment_changes_nothing(
    slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "secret",
        "SLACK_SIGNING_SECRET": "signing",
        "SLACK_BOT_TOKEN": "xoxb-of-somebody-else",
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    app = make_app(slack.api_url, credentials_of, "", FakeClock())
    tokens: list[str | None] = []

    @app.command("/papers")
    async def papers(ack: AsyncAck, context: dict[str, Any]) -> None:
        tokens.append(context.get("bot_token"))
        await ack()

    async with connected(slack, app):
        assert (await slack.command("list")).acknowledged is not None
    assert tokens == ["xoxb-lab-token"]
    assert app.oauth_flow is None
    assert {name: os.environ[name] for name in found} == found
