"""What Slack and Discord hand over, with parts missing, of another kind, huge or hostile: the bot goes on serving.

Everything goes through the real adapters and clients, on the wire of the stand-ins. After each handful of damaged
payloads a member uses a whole command and is answered, and no defect was logged.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import logging
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest import compose
from tests import discord_kit, slack_kit
from tests.defects import noted
from tests.factories import make_paper
from tests.standins.discord import ANN, GUILD, READING
from tests.standins.slack import TEAM
from tests.strategies import damaged, strange_texts
from tests.thoroughness import examples

PAPERS = [make_paper("2603.00001", title="On RLHF"), make_paper("2603.00002", title="More RLHF")]
_numbers = itertools.count(1)

_WHO = {"team": {"id": TEAM, "domain": "lab"}, "user": {"id": "U0ANN", "username": "ann", "team_id": TEAM}}
_WHERE = {"channel": {"id": "C0READING", "name": "reading"}, "container": {"channel_id": "C0READING"}}


def _command(text: str) -> dict[str, Any]:
    return {
        "command": "/papers", "text": text, "team_id": TEAM, "channel_id": "C0READING", "channel_name": "reading",
        "user_id": "U0ANN", "user_name": "ann", "trigger_id": "1.2.3",
    }  # fmt: skip


def _action(**action: Any) -> dict[str, Any]:
    return {"type": "block_actions", "actions": [action], "trigger_id": "1.2", **_WHO, **_WHERE}


def _event(**event: Any) -> dict[str, Any]:
    known = [{"team_id": TEAM, "user_id": "U0BOT", "is_bot": True, "enterprise_id": None}]
    return {"type": "event_callback", "team_id": TEAM, "event": event, "event_id": "Ev1", "authorizations": known}


_FORM = {
    "id": "V1", "hash": "1", "type": "modal", "callback_id": "watch", "private_metadata": '{"channel": "C0READING"}',
    "state": {"values": {"query": {"query": {"value": "RLHF"}}, "schedule": {"schedule": {"value": "instant"}}}},
}  # fmt: skip
_ITEM = {"type": "message", "channel": "C0READING", "ts": "1.000001"}
SLACK: list[tuple[str, dict[str, Any]]] = [
    ("slash_commands", _command("search RLHF <@U0ANN> <#C0READING|x> &lt;")),
    ("slash_commands", _command("watch")),
    ("interactive", _action(type="overflow", action_id="paper", selected_option={"value": "save:2603.00001"})),
    ("interactive", _action(type="button", action_id="page.more", value="list page:2")),
    ("interactive", _action(type="button", action_id="home.unsave", value="2603.00001")),
    ("interactive", _action(type="plain_text_input", action_id="query", block_id="query") | {"view": _FORM}),
    ("interactive", {"type": "view_submission", "view": _FORM, "trigger_id": "1.2", **_WHO}),
    ("events_api", _event(type="reaction_added", user="U0ANN", reaction="one", item=_ITEM, event_ts="1.2")),
    ("events_api", _event(type="channel_rename", channel={"id": "C0READING", "name": "papers", "created": 1})),
    ("events_api", _event(type="channel_unarchive", channel="C0READING", user="U0ANN")),
    ("events_api", _event(type="member_joined_channel", channel="C0READING", user="U0BOT", team=TEAM)),
    ("events_api", _event(type="app_home_opened", user="U0ANN", tab="home", channel="D1")),
]  # fmt: skip


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_damaged_payloads_of_slack_leave_the_bot_serving(runner: asyncio.Runner, tmp_path: Path) -> None:
    stack = AsyncExitStack()

    async def begin() -> slack_kit.Bot:
        slack = await stack.enter_async_context(slack_kit.stand_in())
        bot = await stack.enter_async_context(slack_kit.running(slack, tmp_path, limited=False))
        await bot.say("watch RLHF")
        await bot.announce(PAPERS)
        return bot

    bot = runner.run(begin())

    @examples(4, long=1_500)
    @given(st.lists(st.sampled_from(SLACK).flatmap(_of_slack), min_size=3, max_size=8))
    def serves(payloads: list[tuple[str, Any]]) -> None:
        runner.run(send(payloads))

    async def send(payloads: list[tuple[str, Any]]) -> None:
        for kind, payload in payloads:
            answered_at = bot.slack.interaction("U0ANN", "C0READING").url
            if isinstance(payload, dict) and kind != "events_api":
                payload.setdefault("response_url", answered_at)
            body = {"envelope_id": f"damaged-{next(_numbers)}", "type": kind, "payload": payload}
            await bot.slack.sockets.open[0].send_json(body)
        done = await bot.say("help")
        assert "/papers watch" in slack_kit.shown(done.responses[0])
        defects.none()

    try:
        with noted() as defects:
            serves()
    finally:
        runner.run(stack.aclose())


def _of_slack(sample: tuple[str, dict[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    kind, payload = sample
    return damaged(payload).map(lambda hurt: (kind, hurt))


def _options(name: str, **values: Any) -> dict[str, Any]:
    options = [{"name": key, "type": 3, "value": value} for key, value in values.items()]
    return {"id": "1", "name": "papers", "type": 1, "options": [{"name": name, "type": 1, "options": options}]}


def _focused(name: str, **values: Any) -> dict[str, Any]:
    data = _options(name, **values)
    data["options"][0]["options"][0]["focused"] = True
    return data


# By kind: a command, completion, a button.
DISCORD: list[tuple[int, dict[str, Any]]] = [
    (2, _options("search", query="RLHF")),
    (2, _options("save", papers="2603.00001")),
    (2, _options("saved", whose="channel", format="bibtex") | {"resolved": {"users": {"1": {"username": "x"}}}}),
    (4, _focused("watch", query="RL")),
    (4, _focused("unwatch", query="")),
    (3, {"custom_id": "paper:save:2603.00001:", "component_type": 2}),
    (3, {"custom_id": "command:list page:2:", "component_type": 2}),
]


def _below(kind: int) -> dict[str, Any]:
    """A button stands below a message."""
    if kind != 3:
        return {}
    author = {"id": "1", "username": "paperroute", "discriminator": "0", "avatar": None, "bot": True}
    message: dict[str, Any] = {
        "id": "77", "channel_id": str(READING), "author": author, "content": "x", "timestamp": "2026-03-04T12:00:00Z",
        "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [], "mention_roles": [],
        "attachments": [], "embeds": [], "pinned": False, "type": 0,
    }  # fmt: skip
    return {"message": message}


def _interaction(kind: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": "5", "application_id": "1", "type": kind, "data": data, "guild_id": str(GUILD), "token": "t",
        "version": 1, "channel_id": str(READING),
        "channel": {"id": str(READING), "type": 0, "name": "reading", "permissions": "0"},
        "member": {"user": _USER, "roles": ["3"], "permissions": "8", "joined_at": None, "flags": 0, "nick": "Ann"},
        "app_permissions": "8", "locale": "de", "entitlements": [], "attachment_size_limit": 1,
        "authorizing_integration_owners": {"0": str(GUILD)}, "context": 0, **_below(kind),
    }  # fmt: skip


_USER = {"id": str(ANN), "username": "ann", "discriminator": "0", "avatar": None, "global_name": "Ann"}
_FILE = {"id": "9", "filename": "w.opml", "size": 9, "url": "http://127.0.0.1:9/w", "proxy_url": "http://127.0.0.1:9/w"}
_PLACE = {"guild_id": str(GUILD), "channel_id": str(READING), "message_id": "78"}
_REACTION = {"user_id": str(ANN), "emoji": {"id": None, "name": "🔖"}, "burst": False, "type": 0, **_PLACE}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    *[("INTERACTION_CREATE", _interaction(kind, data)) for kind, data in DISCORD],
    ("INTERACTION_CREATE", _interaction(2, _options("import", file="9") | {"resolved": {"attachments": {"9": _FILE}}})),
    ("INTERACTION_CREATE", _interaction(2, _options("saved", whose="1") | {"resolved": {"members": {"1": {}}}})),
    ("INTERACTION_CREATE", _interaction(5, {"custom_id": "form", "components": []})),
    ("MESSAGE_REACTION_ADD", _REACTION | {"member": {"user": _USER, "roles": [], "joined_at": None, "flags": 0}}),
    ("MESSAGE_REACTION_REMOVE", _REACTION),
    ("CHANNEL_CREATE", {"id": "41", "guild_id": str(GUILD), "type": 0, "name": "new", "position": 1}),
    ("THREAD_CREATE", {"id": "42", "guild_id": str(GUILD), "parent_id": str(READING), "type": 11, "name": "x"}),
    ("AN_EVENT_OF_THE_FUTURE", {"id": "1"}),
]  # fmt: skip


@st.composite
def _of_another_shape(draw: st.DrawFn, sample: tuple[str, dict[str, Any]]) -> tuple[str, Any]:
    """Anything in it is damaged, or what discord.py hands on as it is. Without a token there is nobody to answer."""
    name, event = sample
    if "data" in event and draw(st.booleans()):
        return name, event | {"data": draw(damaged(event["data"]))}
    hurt = draw(damaged(event))
    return name, hurt | {"token": "t"} if isinstance(hurt, dict) and "token" in hurt else hurt


def test_damaged_payloads_of_discord_leave_the_bot_serving(runner: asyncio.Runner, tmp_path: Path) -> None:
    stack = AsyncExitStack()

    async def begin() -> discord_kit.Bot:
        discord = await stack.enter_async_context(discord_kit.stand_in())
        bot = await stack.enter_async_context(discord_kit.running(discord, tmp_path, limited=False))
        await bot.say("watch", query="RLHF")
        await bot.announce(PAPERS)
        return bot

    bot = runner.run(begin())

    @examples(4, long=1_500)
    @given(
        st.lists(st.sampled_from(DISCORD).flatmap(_of_discord), min_size=3, max_size=8),
        st.lists(st.sampled_from(EVENTS).flatmap(_of_another_shape), max_size=4),
    )
    def serves(payloads: list[tuple[int, Any]], events: list[tuple[str, Any]]) -> None:
        runner.run(send(payloads, events))

    async def send(payloads: list[tuple[int, Any]], events: list[tuple[str, Any]]) -> None:
        sent = [
            asyncio.create_task(bot.discord._interact(kind, data, ANN, READING, GUILD, **_below(kind)))
            for kind, data in payloads
        ]
        for name, event in events:
            await bot.discord.gateway.tell(GUILD, name, event)
        done = await bot.say("help")
        assert "/papers watch" in discord_kit.shown(done.reply)
        for task in sent:
            task.cancel()
        await asyncio.gather(*sent, return_exceptions=True)
        assert bot.discord.gateway.connections == 1
        defects.none()

    try:
        with noted() as defects:
            serves()
    finally:
        runner.run(stack.aclose())


@st.composite
def _of_discord(draw: st.DrawFn, sample: tuple[int, dict[str, Any]]) -> tuple[int, Any]:
    """Damaged where a member or an old version of ours has a say: values, names and ids."""
    kind, data = sample
    data = copy.deepcopy(data)
    if "custom_id" in data:
        data["custom_id"] = draw(strange_texts(8) | st.sampled_from(BUTTONS))
        return kind, data
    for option in data["options"]:
        option["name"] = draw(st.sampled_from([option["name"], option["name"], "explode", "", "channel"]))
        for each in option["options"]:
            each["value"] = draw(
                strange_texts(12) | st.sampled_from([each["value"], 10**30, -1, 1.5, True, "x" * 6_000])
            )
            each["name"] = draw(st.sampled_from([each["name"], each["name"], "query", "", "\u202e"]))
    return kind, data


BUTTONS = [
    "paper:save:2603.00001:",
    "paper:explode:1:",
    "paper:save:../../etc:",
    "command:pause:",
    "command:list page:9:",
]


def test_a_defect_would_be_noticed() -> None:
    with noted() as defects:
        try:
            compose(None, [None], None, None, None)  # type: ignore[arg-type, list-item]
        except AttributeError:
            logging.getLogger("library").exception("a listener failed")
    with pytest.raises(AssertionError, match="AttributeError"):
        defects.none()
