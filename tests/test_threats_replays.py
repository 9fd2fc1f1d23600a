"""Requests of Slack that are caught and sent again while their signature holds: each does what it does once."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from adapters.slack.identity import channel_ref
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import shown, stand_in
from tests.standins.slack import Interaction, SlackStandIn, sign
from tests.test_slack_http import Site, serving

# slack_sdk still makes the header of an installation by a class of aiohttp's that is on its way out.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

READING = channel_ref("T0LAB", "C0READING")
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with stand_in() as slack:
        yield slack


@pytest.fixture
async def site(slack: SlackStandIn, tmp_path: Path) -> AsyncIterator[Site]:
    async with serving(slack, tmp_path) as site:
        await site.install("T0LAB")
        await site.bot.announce([make_paper("2603.00001", title="On RLHF")])
        yield site


class Caught:
    """A command as somebody on the way saw it: body and signature."""

    def __init__(self, site: Site, text: str, number: int) -> None:
        self._site = site
        self.made: Interaction = site.bot.slack.interaction("U0ANN", "C0READING", "T0LAB")
        self._body = urlencode(
            {
                "token": "verification",
                "team_id": "T0LAB",
                "channel_id": "C0READING",
                "channel_name": "reading",
                "user_id": "U0ANN",
                "user_name": "ann",
                "command": "/papers",
                "text": text,
                "response_url": self.made.url,
                "trigger_id": f"{number}.caught",
            }
        )
        self._headers = sign(self._body)

    async def send(self, **headers: str) -> int:
        return (await self._site.send(self._body, self._headers | headers))[0]

    async def answered(self) -> str:
        assert await self.send() == 200
        await self._site.bot.slack.until(lambda: self.made.responses)
        return shown(self.made.responses[0])


async def test_a_command_that_is_sent_again_is_carried_out_once(site: Site) -> None:
    commands = [
        Caught(site, text, number) for number, text in enumerate(("watch RLHF", "pause", "resume", "unwatch 1"))
    ]
    for command in commands:
        assert "cannot" not in await command.answered()
    assert "Watching" in await Caught(site, "watch RLHF", 9).answered()
    for command in commands:
        assert await command.send() == 200
    assert "RLHF" in await Caught(site, "list", 10).answered()
    channel = await site.bot.store.channel(READING)
    assert channel is not None
    assert not channel.paused
    assert [watch.typed for watch in await site.bot.store.watches(READING)] == ["RLHF"]
    assert [len(command.made.responses) for command in commands] == [1, 1, 1, 1]
    # With another time the signature does not hold, and with its own no longer than five minutes.
    later = str(int(time.time()) + 1)
    assert await commands[1].send(**{"X-Slack-Request-Timestamp": later}) == 401


async def test_a_code_is_made_once_however_often_its_request_is_sent(site: Site) -> None:
    command = Caught(site, "link me", 1)
    first = await command.answered()
    assert "/papers link" in first
    for _ in range(3):
        await command.send()
    await Caught(site, "list", 2).answered()
    assert len(command.made.responses) == 1


async def test_a_removal_that_is_sent_again_forgets_no_new_installation(site: Site) -> None:
    await Caught(site, "watch RLHF", 1).answered()
    body = json.dumps(
        {
            "type": "event_callback",
            "team_id": "T0LAB",
            "event": {"type": "app_uninstalled"},
            "event_id": "Ev0CAUGHT",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": "T0LAB", "user_id": "U0PAPERS", "is_bot": True}],
        }
    )
    headers = sign(body) | JSON
    assert (await site.send(body, headers))[0] == 200

    async def forgotten() -> bool:
        return await site.bot.store.installed("slack") == []

    await until(forgotten)
    await site.install("T0LAB")
    assert (await site.send(body, headers))[0] == 200
    # Were it heard, it would have been done before a command that comes after it is answered.
    for number in range(2, 5):
        assert "RLHF" in await Caught(site, "list", number).answered()
    assert await site.bot.store.installed("slack") == ["T0LAB"]
    channel = await site.bot.store.channel(READING)
    assert channel is not None
    assert not channel.paused
