"""Many workspaces over HTTP: installation, signatures, tokens that expire, removal; nobody sees another's."""

from __future__ import annotations

import asyncio
import io
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
import pytest
from cryptography.fernet import Fernet

from adapters.slack import OAuthSettings
from adapters.slack.errors import SlackError
from adapters.slack.identity import channel_ref
from adapters.web import WebServer
from bot.clock import SystemClock
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import Bot, running, shown, stand_in
from tests.standins.slack import SIGNING_SECRET, SlackStandIn, sign
from tests.standins.slack_oauth import CLIENT_ID, CLIENT_SECRET

# slack_sdk still makes the header of an installation by a class of aiohttp's that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

KEY = Fernet.generate_key().decode()


@dataclass
class Site:
    """A bot that serves HTTP, and a browser."""

    bot: Bot
    url: str
    browser: aiohttp.ClientSession

    async def begin(self) -> str:
        """Open the page of installation; returns the state that it sends along."""
        async with self.browser.get(f"{self.url}/slack/install") as answer:
            page = await answer.text()
        (link,) = re.findall(r'href="(https://slack.com/oauth/v2/authorize[^"]*)"', page)
        query = parse_qs(urlsplit(link.replace("&amp;", "&")).query)
        assert query["client_id"] == [CLIENT_ID]
        assert "chat:write" in query["scope"][0]
        return str(query["state"][0])

    async def come_back(self, **query: str) -> tuple[int, str]:
        # The cookie is meant for https; the browser of this test brings it on its own.
        async with self.browser.get(f"{self.url}/slack/oauth_redirect", params=query) as answer:
            return answer.status, await answer.text()

    async def install(self, team: str) -> None:
        state = await self.begin()
        code = self.bot.slack.oauth.code(self.bot.slack.teams[team])
        status, page = await self.come_back(code=code, state=state)
        assert (status, "paperroute is installed" in page) == (200, True)

    async def send(self, body: str, headers: dict[str, str]) -> tuple[int, str]:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self.browser.post(f"{self.url}/slack/events", data=body.encode(), headers=kind | headers) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def serving(slack: SlackStandIn, folder: Path, **more: Any) -> AsyncIterator[Site]:
    oauth = OAuthSettings(CLIENT_ID, "https://papers.lab.example", CLIENT_SECRET, (KEY,))
    values: dict[str, Any] = {"bot_token": "", "app_token": "", "signing_secret": SIGNING_SECRET, "oauth": oauth}

    async def ready() -> bool:
        return True

    async with running(slack, folder, **(values | more)) as bot:
        server = WebServer("127.0.0.1", 0, routes=bot.chat.routes, ready=ready)
        await server.start()
        url = f"http://127.0.0.1:{server.port}"
        slack.events_url = f"{url}/slack/events"
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[url])
        try:
            async with aiohttp.ClientSession(cookie_jar=jar) as browser:
                yield Site(bot, url, browser)
        finally:
            await server.stop()


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with stand_in() as slack:
        slack.add_team("T0TWO", "xoxb-two", enterprise="E0ORG")
        yield slack


@pytest.fixture
async def site(slack: SlackStandIn, tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(slack, tmp_path) as site:
        yield site


async def test_workspaces_install_and_see_their_own(site: Site, slack: SlackStandIn) -> None:
    refused = await slack.command("watch RLHF")
    await slack.until(lambda: refused.responses)
    assert "not installed in this workspace" in shown(refused.responses[0])
    await site.install("T0LAB")
    await site.install("T0TWO")
    await site.bot.announce([make_paper("2603.00001", title="Something else")])
    await site.bot.say("watch RLHF")
    await site.bot.say("watch diffusion", team="T0TWO")
    ours, theirs = channel_ref("T0LAB", "C0READING"), channel_ref("E0ORG:T0TWO", "C0READING")
    assert [watch.typed for watch in await site.bot.store.watches(ours)] == ["RLHF"]
    assert [watch.typed for watch in await site.bot.store.watches(theirs)] == ["diffusion"]
    await site.bot.announce([make_paper("2603.00002", title="On RLHF"), make_paper("2603.00003", title="On diffusion")])
    await site.bot.post()
    first = "".join(shown(message.body) for message in slack.team.channels["C0READING"].messages)
    second = "".join(shown(message.body) for message in slack.teams["T0TWO"].channels["C0READING"].messages)
    assert "On RLHF" in first
    assert "On RLHF" not in second
    assert "On diffusion" in second
    saved = await site.bot.say("save 1")
    top = await site.bot.say("top all", team="T0TWO")
    assert "Saved" in shown(saved.responses[0])
    assert "Nobody saved" in shown(top.responses[0])


async def test_a_command_about_payload_is_heard(site: Site) -> None:
    """Bolt takes a body with that word in it for something else."""
    await site.install("T0LAB")
    done = await site.bot.say("preview payload")
    assert done.acknowledged is not None
    assert "payload" in shown(done.responses[0])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1"},
        sign("token=x", secret="another"),
        sign("token=x", at=time.time() - 600),
        sign("token=y"),
    ],
)
async def test_forged_late_and_altered_requests_are_refused(site: Site, headers: dict[str, str]) -> None:
    status, _ = await site.send("token=x", headers)
    assert status == 401


async def test_slacks_check_of_the_address_is_answered(site: Site) -> None:
    body = '{"type":"url_verification","challenge":"abc"}'
    status, text = await site.send(body, sign(body) | {"Content-Type": "application/json"})
    assert (status, "abc" in text) == (200, True)


@pytest.mark.parametrize("body", ["[1]", "{", "payload=%5B1%5D", "payload={", "\u00ff" * 10])
async def test_bodies_that_are_none_of_slacks_do_no_harm(site: Site, body: str) -> None:
    status, text = await site.send(body, sign(body))
    assert status in (200, 400, 401, 404)
    assert "Traceback" not in text


async def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    async with site.browser.post(f"{site.url}/slack/events", data=io.BytesIO(b"x" * 2_000_000)) as answer:
        assert answer.status == 413


async def test_a_state_is_ours_young_and_used_once(site: Site, slack: SlackStandIn) -> None:
    state = await site.begin()
    code = slack.oauth.code(slack.team)
    assert (await site.come_back(code=code, state="forged"))[0] == 400
    assert (await site.come_back(code=code))[0] == 400
    status, page = await site.come_back(error="access_denied", state=state)
    assert (status, "cancelled" in page) == (200, True)
    assert (await site.come_back(code=code, state=state))[0] == 200
    status, page = await site.come_back(code=slack.oauth.code(slack.team), state=state)
    assert status in (400, 401)
    assert "again" in page
    fresh = await site.begin()
    status, page = await site.come_back(code="wrong", state=fresh)
    assert status == 401
    assert "wrong" not in page


async def test_another_browser_cannot_finish_an_installation(site: Site, slack: SlackStandIn) -> None:
    state = await site.begin()
    async with aiohttp.ClientSession() as stranger:
        query = urlencode({"code": slack.oauth.code(slack.team), "state": state})
        async with stranger.get(f"{site.url}/slack/oauth_redirect?{query}") as answer:
            assert answer.status == 400


async def test_a_removed_app_is_forgotten_and_a_new_installation_goes_on(site: Site, slack: SlackStandIn) -> None:
    await site.install("T0LAB")
    await site.bot.say("watch RLHF")
    slack.team.trouble = "account_inactive"
    for event in ("tokens_revoked", "app_uninstalled"):
        await slack.event({"type": event, "tokens": {"bot": ["U0PAPERS"]}})
    ref = channel_ref("T0LAB", "C0READING")

    async def state(paused: bool) -> bool:
        channel = await site.bot.store.channel(ref)
        return channel is not None and bool(channel.paused) is paused

    await until(lambda: state(True))

    async def forgotten() -> bool:
        return await site.bot.store.installed("slack") == []

    await until(forgotten)
    await site.install("T0LAB")
    await until(lambda: state(False))


async def test_no_token_stands_in_the_file_or_the_log(
    slack: SlackStandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="adapters")
    async with serving(slack, tmp_path) as site:
        await site.install("T0LAB")
        await site.bot.say("list")
        token = slack.team.token
    for content in [file.read_bytes() for file in await asyncio.to_thread(lambda: list(tmp_path.iterdir()))]:
        assert token.encode() not in content
        assert b"xoxe-refresh" not in content
    assert token not in caplog.text
    assert CLIENT_SECRET not in caplog.text


async def test_four_commands_at_a_tokens_end_make_one_refresh(slack: SlackStandIn, tmp_path: Path) -> None:
    clock = Later()
    async with serving(slack, tmp_path, clock=clock) as site:
        await site.install("T0LAB")
        await site.bot.say("list")
        old = slack.team.token
        clock.ahead = timedelta(hours=11, minutes=45)
        done = await asyncio.gather(*(slack.command("list") for _ in range(4)))
        await slack.until(lambda: all(each.responses for each in done))
        assert slack.oauth.refreshed == 1
        assert slack.team.token != old


async def test_an_installation_that_another_key_sealed_is_as_none(slack: SlackStandIn, tmp_path: Path) -> None:
    async with serving(slack, tmp_path) as site:
        await site.install("T0LAB")
    other = OAuthSettings(CLIENT_ID, "https://papers.lab.example", CLIENT_SECRET, (Fernet.generate_key().decode(),))
    async with serving(slack, tmp_path, oauth=other) as site:
        with pytest.raises(SlackError, match="not installed"):
            await site.bot.chat.api.credentials("T0LAB")
    both = OAuthSettings(CLIENT_ID, "https://x.example", CLIENT_SECRET, (other.secret_keys[0], KEY))
    async with serving(slack, tmp_path, oauth=both) as site:
        assert (await site.bot.chat.api.credentials("T0LAB")).name == "paperroute"


class Later(SystemClock):
    """The system's clock, so much ahead."""

    ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead
