"""The stand-in is as strict as Slack: a test that passes against it means something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.standins.clock import FakeClock
from tests.standins.slack import APP_TOKEN, BOT_TOKEN, TEAM, SlackStandIn
from tests.standins.slack_blocks import check_message, check_view
from tests.standins.slack_faults import Kind
from tests.standins.slack_limits import BURST, WORKSPACE_A_MINUTE, Limits
from tests.standins.slack_oauth import CLIENT_ID, CLIENT_SECRET


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go"} | changes


def option(**changes: Any) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": "One"}, "value": "1"} | changes


def overflow(*options: dict[str, Any]) -> dict[str, Any]:
    return section("x", accessory={"type": "overflow", "action_id": "menu", "options": list(options)})


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3_000)],
        [section("x")] * 50,
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}],
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 10}],
        [{"type": "actions", "elements": [button(action_id=str(number)) for number in range(25)]}],
        [{"type": "actions", "elements": [button(value="x" * 2_000, url="https://arxiv.org/abs/1")]}],
        [overflow(*[option()] * 5)],
        [section("x", fields=[{"type": "mrkdwn", "text": "x" * 2_000}] * 3)],
        [{"type": "divider"}],
        [],
    ],
)
def test_what_slack_takes(blocks: list[dict[str, Any]]) -> None:
    assert check_message("text", blocks) is None


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x" * 3_001)],
        [section("")],
        [section("x")] * 51,
        [{"type": "section"}],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
        [{"type": "context", "elements": []}],
        [{"type": "actions", "elements": [button(action_id=str(number)) for number in range(26)]}],
        [{"type": "actions", "elements": [button(), button()]}],
        [{"type": "actions", "elements": [button(value="x" * 2_001)]}],
        [{"type": "actions", "elements": [button(text={"type": "plain_text", "text": "x" * 76})]}],
        [{"type": "actions", "elements": [button(url="javascript:alert(1)")]}],
        [{"type": "actions", "elements": [button(action_id="x" * 256)]}],
        [overflow(*[option()] * 6)],
        [overflow(option(value="x" * 151))],
        [overflow(option(url="ftp://x"))],
        [section("x", fields=[{"type": "mrkdwn", "text": "x" * 2_001}])],
        [section("x", block_id="same"), section("y", block_id="same")],
        [section("x", block_id="x" * 256)],
        [{"type": "input"}],
        [{"type": "unknown"}],
        ["text"],
    ],
)
def test_what_slack_refuses(blocks: list[Any]) -> None:
    assert check_message("text", blocks) == "invalid_blocks"


def test_the_undocumented_limit_over_all_blocks() -> None:
    assert check_message("text", [section("x" * 2_640)] * 5) is None
    assert check_message("text", [section("x" * 2_641)] * 5) == "msg_blocks_too_long"
    assert check_message("x" * 40_001, []) == "msg_too_long"


def view(**changes: Any) -> dict[str, Any]:
    return {"type": "modal", "title": {"type": "plain_text", "text": "Title"}, "blocks": [section("x")]} | changes


FIELD = {
    "type": "input",
    "label": {"type": "plain_text", "text": "Field"},
    "element": {"type": "plain_text_input", "action_id": "field"},
}


def test_windows_have_their_own_limits() -> None:
    submit = {"type": "plain_text", "text": "Send"}
    assert check_view(view(blocks=[section("x")] * 100)) is None
    assert check_view(view(blocks=[FIELD], submit=submit)) is None
    assert check_view({"type": "home", "blocks": []}) is None
    for wrong in (
        view(blocks=[section("x")] * 101),
        view(blocks=[FIELD]),
        view(blocks=None),
        view(type="message"),
        view(title={"type": "plain_text", "text": "x" * 25}),
        view(private_metadata="x" * 3_001),
        view(callback_id="x" * 256),
    ):
        assert check_view(wrong) == "invalid_arguments"


async def test_rates_hold_a_method_workspace_and_channel() -> None:
    clock = FakeClock()
    limits = Limits(lambda: clock.now().timestamp())
    assert [limits.retry_after("T1", "conversations.list") for _ in range(21)] == [None] * 20 + [60]
    assert limits.retry_after("T2", "conversations.list") is None
    assert limits.retry_after("T1", "conversations.info") is None
    await clock.advance(59)
    assert limits.retry_after("T1", "conversations.list") == 1
    assert [(early.team, early.method) for early in limits.too_early] == [("T1", "conversations.list")]
    await clock.advance(1)
    assert limits.retry_after("T1", "conversations.list") is None


async def test_posting_is_once_a_second_a_channel_bursts_apart() -> None:
    clock = FakeClock()
    limits = Limits(lambda: clock.now().timestamp())
    allowed = [limits.retry_after("T1", "chat.postMessage", "C1") for _ in range(BURST + 2)]
    assert allowed == [None] * (BURST + 1) + [1]
    await clock.advance(1)
    assert limits.retry_after("T1", "chat.postMessage", "C1") is None
    for number in range(WORKSPACE_A_MINUTE - BURST - 3):
        assert limits.retry_after("T1", "chat.postMessage", f"C{number + 2}") is None
    assert limits.retry_after("T1", "chat.postMessage", "C0") is not None


class Client:
    """Plain requests, without any of the SDK's kindness."""

    def __init__(self, slack: SlackStandIn, session: aiohttp.ClientSession) -> None:
        self._slack = slack
        self._session = session

    async def call(self, method: str, token: str = BOT_TOKEN, **arguments: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.post(self._slack.api_url + method, json=arguments, headers=headers) as answer:
            found: dict[str, Any] = await answer.json()
            return found | {"status": answer.status}


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        yield slack


@pytest.fixture
async def client(slack: SlackStandIn) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(slack, session)


async def test_tokens_and_scopes_are_checked(slack: SlackStandIn, client: Client) -> None:
    assert (await client.call("auth.test", token="xoxb-wrong"))["error"] == "invalid_auth"
    assert (await client.call("auth.test", token=""))["error"] == "not_authed"
    slack.team.scopes -= {"users:read"}
    refused = await client.call("users.info", user="U0ANN")
    assert (refused["error"], refused["needed"]) == ("missing_scope", "users:read")
    assert (await client.call("conversations.nonsense"))["error"] == "unknown_method"
    slack.team.trouble = "account_inactive"
    assert (await client.call("auth.test"))["error"] == "account_inactive"


async def test_channels_refuse_like_slacks(slack: SlackStandIn, client: Client) -> None:
    slack.add_channel("C0PAST", "past", archived=True)
    slack.add_channel("C0AWAY", "away", member=False)
    errors = [
        (await client.call("chat.postMessage", channel=channel, text="x")).get("error")
        for channel in ("C0READING", "C0PAST", "C0AWAY", "C0NONE")
    ]
    assert errors == [None, "is_archived", "not_in_channel", "channel_not_found"]
    assert (await client.call("chat.postMessage", channel="C0READING"))["error"] == "no_text"


async def test_there_is_no_idempotency(client: Client) -> None:
    first = await client.call("chat.postMessage", channel="C0READING", text="x")
    second = await client.call("chat.postMessage", channel="C0READING", text="x")
    assert first["ts"] < second["ts"]


async def test_history_gives_metadata_only_to_those_who_ask(client: Client) -> None:
    metadata = {"event_type": "post", "event_payload": {"key": "k"}}
    await client.call("chat.postMessage", channel="C0READING", text="x", metadata=metadata)
    plain = await client.call("conversations.history", channel="C0READING")
    asked = await client.call("conversations.history", channel="C0READING", include_all_metadata=True)
    assert "event_payload" not in str(plain["messages"])
    assert asked["messages"][0]["metadata"] == metadata


async def test_a_fault_that_stores_has_stored(slack: SlackStandIn, client: Client) -> None:
    slack.fail(Kind.INTERNAL_AFTER, method="chat.postMessage")
    slack.fail(Kind.ERROR_BEFORE, method="chat.postMessage")
    assert (await client.call("chat.postMessage", channel="C0READING", text="x"))["error"] == "internal_error"
    with pytest.raises(aiohttp.ContentTypeError):
        await client.call("chat.postMessage", channel="C0READING", text="x")
    assert len(slack.team.channels["C0READING"].messages) == 1


async def test_a_trigger_opens_one_window_of_its_workspace(slack: SlackStandIn, client: Client) -> None:
    slack.add_team("T0TWO", "xoxb-two")
    trigger = slack.trigger(TEAM)
    assert (await client.call("views.open", trigger_id=trigger, view=view()))["ok"]
    assert (await client.call("views.open", trigger_id=trigger, view=view()))["error"] == "invalid_trigger_id"
    foreign = slack.trigger("T0TWO")
    assert not (await client.call("views.open", trigger_id=foreign, view=view()))["ok"]


async def test_a_response_url_takes_five_answers(slack: SlackStandIn) -> None:
    made = slack.interaction("U0ANN", "C0READING")
    async with aiohttp.ClientSession() as session:
        statuses = []
        for _ in range(6):
            async with session.post(made.url, json={"text": "x"}) as answer:
                statuses.append(answer.status)
    assert statuses == [200] * 5 + [404]


async def test_a_ticket_opens_one_socket(slack: SlackStandIn) -> None:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {APP_TOKEN}"}) as session:
        async with session.post(f"{slack.api_url}apps.connections.open") as answer:
            url = (await answer.json())["url"]
        async with session.ws_connect(url) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(url)


async def test_a_code_and_a_refresh_token_are_good_for_once(slack: SlackStandIn, client: Client) -> None:
    asked = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    code = slack.oauth.code(slack.team)
    assert (await client.call("oauth.v2.access", code=code, client_id=CLIENT_ID))["error"] == "bad_client_secret"
    given = await client.call("oauth.v2.access", code=code, **asked)
    assert given["access_token"] == slack.team.token != BOT_TOKEN
    assert (await client.call("oauth.v2.access", code=code, **asked))["error"] == "invalid_code"
    refresh = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    assert (await client.call("oauth.v2.access", **refresh, **asked))["ok"]
    assert (await client.call("oauth.v2.access", **refresh, **asked))["error"] == "invalid_refresh_token"
