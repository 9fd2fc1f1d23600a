from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.slack.api import Credentials
from adapters.slack.errors import SlackError
from adapters.slack.tokens import JoinedTokens, SingleToken
from tests.standins.canned import CannedServer, http
from tests.standins.clock import FakeClock

TOKEN = "xoxb-1-open-sesame"
BOT = {"ok": True, "team_id": "T1", "user_id": "U1", "user": "daily_papers", "bot_id": "B1", "app_id": "A1"}


async def verified(clock: FakeClock, **facts: Any) -> SingleToken:
    async with CannedServer(http(json.dumps(BOT | facts))) as server:
        tokens = await SingleToken.verify(server.url, TOKEN, clock=clock)
        assert server.requests[0].startswith("POST /api/auth.test HTTP/1.1")
        assert f"Bearer {TOKEN}" in server.requests[0]
    return tokens


async def test_a_token_says_whose_it_is(clock: FakeClock) -> None:
    tokens = await verified(clock)
    assert tokens.workspace == "T1"
    assert await tokens.credentials("T1") == Credentials(TOKEN, bot="B1", user="U1", name="daily_papers", app="A1")


async def test_no_other_workspace_is_served(clock: FakeClock) -> None:
    tokens = await verified(clock)
    for workspace in ("T2", "E1:T1", ""):
        with pytest.raises(SlackError) as caught:
            await tokens.credentials(workspace)
        assert (caught.value.code, caught.value.permanent) == ("not_installed", True)


async def test_a_workspace_of_an_enterprise(clock: FakeClock) -> None:
    tokens = await verified(clock, enterprise_id="E1", is_enterprise_install=False)
    assert tokens.workspace == "E1:T1"
    assert (await tokens.credentials("E1:T1")).token == TOKEN
    with pytest.raises(SlackError):
        await tokens.credentials("E1:T2")


async def test_a_token_for_a_whole_enterprise(clock: FakeClock) -> None:
    tokens = await verified(clock, team_id="E1", enterprise_id="E1", is_enterprise_install=True)
    assert tokens.workspace == "E1:"
    for workspace in ("E1:", "E1:T1", "E1:T2"):
        assert (await tokens.credentials(workspace)).token == TOKEN
    for workspace in ("T1", "E2:T1"):
        with pytest.raises(SlackError):
            await tokens.credentials(workspace)


async def test_a_token_of_a_person_is_refused(clock: FakeClock) -> None:
    with pytest.raises(SlackError) as caught:
        await verified(clock, bot_id=None)
    assert (caught.value.code, caught.value.permanent) == ("not_allowed_token_type", True)


async def test_a_token_of_nowhere(clock: FakeClock) -> None:
    with pytest.raises(SlackError) as caught:
        await verified(clock, team_id=None)
    assert caught.value.code == "unreadable"


async def test_a_token_that_is_refused(clock: FakeClock) -> None:
    async with CannedServer(http('{"ok": false, "error": "invalid_auth"}')) as server:
        with pytest.raises(SlackError) as caught:
            await SingleToken.verify(server.url, TOKEN, clock=clock)
    assert (caught.value.code, caught.value.permanent) == ("invalid_auth", True)
    assert "sesame" not in str(caught.value)


def test_credentials_do_not_show_their_token() -> None:
    assert "sesame" not in repr(Credentials(TOKEN, bot="B1", user="U1", name="paperroute"))


class Broken:
    """Tokens that cannot be had."""

    async def credentials(self, workspace: str) -> Credentials:
        raise SlackError("token_expired", method="oauth.v2.access", workspace=workspace, permanent=True)


async def test_tokens_side_by_side(clock: FakeClock) -> None:
    first, second = await verified(clock), await verified(clock, team_id="T2", user="papers")
    joined = JoinedTokens(first, second)
    assert (await joined.credentials("T1")).name == "daily_papers"
    assert (await joined.credentials("T2")).name == "papers"
    with pytest.raises(SlackError) as caught:
        await joined.credentials("T3")
    assert caught.value.code == "not_installed"


async def test_only_what_is_not_installed_is_asked_of_the_second(clock: FakeClock) -> None:
    with pytest.raises(SlackError) as caught:
        await JoinedTokens(Broken(), await verified(clock)).credentials("T1")
    assert caught.value.code == "token_expired"
