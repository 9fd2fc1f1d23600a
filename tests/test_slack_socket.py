"""Socket Mode stays alive: warnings, drops, refused handshakes, an outage; and a bad token ends it at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from slack_bolt.async_app import AsyncApp

from adapters.slack.api import Credentials
from adapters.slack.bolt import make_app
from adapters.slack.socket import LOOK, Socket
from bot.errors import ConfigError
from tests.standins.clock import FakeClock
from tests.standins.slack import APP_TOKEN, SlackStandIn
from tests.standins.slack_faults import Kind


async def credentials_of(workspace: str) -> Credentials:
    return Credentials("xoxb-lab-token", "B0PAPERS", "U0PAPERS", "paperroute")


class Ears:
    """An app that notes which commands it hears."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.heard: list[str] = []
        self.app: AsyncApp = make_app(slack.api_url, credentials_of, "", FakeClock())

        @self.app.command("/papers")
        async def papers(ack, body) -> None:  # type: ignore[no-untyped-def]
            await ack()
            self.heard.append(body["text"])


@asynccontextmanager
async def listening(
    slack: SlackStandIn, clock: FakeClock, token: str = APP_TOKEN, ping: float = 10.0
) -> AsyncIterator[tuple[Socket, Ears]]:
    ears = Ears(slack)
    reconnected.clear()
    socket = Socket(
        ears.app, token, slack.api_url, clock, on_reconnected=lambda: reconnected.append(clock.now()), ping=ping
    )
    await socket.start()
    try:
        yield socket, ears
    finally:
        await socket.stop()


reconnected: list[object] = []


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        yield slack


async def looks(clock: FakeClock, seconds: float) -> None:
    """Let the watchdog look for so long."""
    for _ in range(int(seconds / LOOK)):
        await clock.advance(LOOK)
        await asyncio.sleep(0)


async def test_what_is_said_is_heard(slack: SlackStandIn, clock: FakeClock) -> None:
    async with listening(slack, clock) as (socket, ears):
        assert socket.connected is True
        assert (await slack.command("list")).acknowledged is not None
        assert ears.heard == ["list"]
    await slack.sockets.disconnected()


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("invalid_auth", "is not (or no longer) valid"),
        ("not_allowed_token_type", "of another kind"),
        ("token_revoked", "was revoked"),
        ("missing_scope", "lacks the scope connections:write"),
    ],
)
async def test_a_bad_app_token_ends_at_once_in_a_sentence(
    slack: SlackStandIn, clock: FakeClock, trouble: str, said: str
) -> None:
    slack.app_token_trouble = trouble
    with pytest.raises(ConfigError) as caught:
        async with listening(slack, clock):
            pass
    (mistake,) = caught.value.mistakes
    assert said in mistake
    assert mistake.startswith("SLACK_APP_TOKEN")
    assert APP_TOKEN not in mistake
    assert slack.sockets.handshakes == 0


async def test_an_unreachable_slack_is_waited_for_at_the_start(slack: SlackStandIn, clock: FakeClock) -> None:
    slack.fail(Kind.ERROR_BEFORE, "apps.connections.open", times=2)
    ears = Ears(slack)
    socket = Socket(ears.app, APP_TOKEN, slack.api_url, clock, on_reconnected=lambda: None)
    starting = asyncio.create_task(socket.start())
    try:
        async with asyncio.timeout(20):
            while not starting.done():
                await clock.advance(1)
                await asyncio.sleep(0.01)  # the requests travel in real time
        await starting
        assert socket.connected
    finally:
        await socket.stop()


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_slacks_notice_of_an_end_leads_to_a_new_connection(
    slack: SlackStandIn, clock: FakeClock, reason: str
) -> None:
    async with listening(slack, clock) as (_, ears):
        await slack.sockets.say_disconnect(reason)
        await slack.sockets.connected_for_the(2)
        assert (await slack.command("after")).acknowledged is not None
        assert ears.heard == ["after"]


async def test_a_connection_that_stays_deaf_is_replaced_with_a_new_ticket(
    slack: SlackStandIn, clock: FakeClock
) -> None:
    """The SDK would go on with the ticket of the refused handshakes for ever."""
    async with listening(slack, clock) as (socket, ears):
        slack.sockets.refusing = True
        await slack.sockets.drop()
        await looks(clock, 65)
        slack.sockets.refusing = False
        async with asyncio.timeout(30):
            while not (socket.connected and slack.sockets.open):
                await clock.advance(LOOK)
                await asyncio.sleep(0.01)  # the handshake travels in real time
        assert (await slack.command("after")).acknowledged is not None
        assert ears.heard == ["after"]


async def test_after_an_outage_of_an_hour_somebody_is_told(slack: SlackStandIn, clock: FakeClock) -> None:
    async with listening(slack, clock) as (socket, _):
        outage = slack.fail(Kind.ERROR_BEFORE, "apps.connections.open", times=1_000_000)
        slack.sockets.refusing = True
        await slack.sockets.drop()
        begun = clock.now()
        async with asyncio.timeout(30):
            while clock.now() - begun < timedelta(hours=1):
                await clock.advance(30)
                await asyncio.sleep(0.001)
        assert not reconnected
        outage.times, slack.sockets.refusing = 0, False
        async with asyncio.timeout(30):
            while not reconnected:
                await clock.advance(30)
                await asyncio.sleep(0.01)
        assert socket.connected


async def test_a_token_that_is_withdrawn_later_is_said_and_tried_again(
    slack: SlackStandIn, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(slack, clock) as (socket, _):
        slack.app_token_trouble = "invalid_auth"
        slack.sockets.refusing = True
        await slack.sockets.drop()
        async with asyncio.timeout(30):
            while "SLACK_APP_TOKEN is not" not in caplog.text:
                await clock.advance(LOOK)
                await asyncio.sleep(0.01)
        slack.app_token_trouble, slack.sockets.refusing = "", False
        async with asyncio.timeout(30):
            while not (socket.connected and slack.sockets.open):
                await clock.advance(30)
                await asyncio.sleep(0.01)
    assert APP_TOKEN not in caplog.text


async def test_stopping_twice_is_fine_and_leaves_no_task(slack: SlackStandIn, clock: FakeClock) -> None:
    before = asyncio.all_tasks()
    async with listening(slack, clock) as (socket, _):
        pass
    await socket.stop()
    await slack.sockets.disconnected()
    ours = {task for task in asyncio.all_tasks() - before if "slack" in repr(task.get_coro()) and not task.done()}
    assert not ours


async def test_a_frozen_connection_is_noticed_and_replaced(slack: SlackStandIn, clock: FakeClock) -> None:
    async with listening(slack, clock, ping=0.25) as (_, ears):
        slack.sockets.frozen = True
        await slack.sockets.connected_for_the(2)
        slack.sockets.frozen = False
        await slack.sockets.connected_for_the(2)
        async with asyncio.timeout(20):
            while (await slack.command("after")).acknowledged is None:
                continue
        assert "after" in ears.heard
