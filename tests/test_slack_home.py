"""The Home tab: who may see what, and what its buttons do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from adapters.slack.identity import channel_ref, member_ref
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import READING, Bot, running, shown, stand_in
from tests.standins.slack import TEAM

ANN = member_ref(TEAM, "U0ANN")


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as slack, running(slack, tmp_path) as bot:
        await bot.announce([make_paper("2603.00001", title="Something else")])
        await bot.say("watch RLHF")
        secret = slack.add_channel("C0SECRET", "secret", private=True)
        await bot.say("watch secrets", channel="C0SECRET")
        secret.members.discard("U0BOB")
        yield bot


async def home(bot: Bot, user: str = "U0ANN") -> str:
    bot.slack.team.homes.pop(user, None)
    await bot.slack.event({"type": "app_home_opened", "user": user, "tab": "home", "channel": "D1"})
    await bot.slack.until(lambda: user in bot.slack.team.homes)
    return shown(bot.slack.team.homes[user])


def press(action: str, value: str, *, menu: bool = False) -> dict[str, Any]:
    if menu:
        return {"type": "overflow", "action_id": action, "selected_option": {"value": value}}
    return {"type": "button", "action_id": action, "value": value}


async def test_a_private_channel_is_shown_to_its_members_only(bot: Bot) -> None:
    assert "secrets" in await home(bot, "U0ANN")
    said = await home(bot, "U0BOB")
    assert "RLHF" in said
    assert "secret" not in said


async def test_other_workspaces_and_the_other_tab_show_nothing(bot: Bot) -> None:
    bot.slack.team.homes.clear()
    assert await bot.slack.event({"type": "app_home_opened", "user": "U0ANN", "tab": "messages"})
    assert "#reading" in await home(bot)


async def test_a_channel_is_paused_and_resumed(bot: Bot) -> None:
    await home(bot)
    await bot.slack.click(press("home.pause", "C0READING"), view={"id": "V1", "type": "home"})
    await bot.slack.until(lambda: "Paused: paused by ann" in shown(bot.slack.team.homes["U0ANN"]))
    await bot.slack.click(press("home.resume", "C0READING"), view={"id": "V1", "type": "home"})
    await bot.slack.until(lambda: "Paused" not in shown(bot.slack.team.homes["U0ANN"]))


async def test_a_watch_is_ended(bot: Bot) -> None:
    (watch,) = await bot.store.watches(READING)
    await home(bot)
    await bot.slack.click(press("home.unwatch", f"C0READING:{watch.id}", menu=True), view={"id": "V1"})
    await bot.slack.until(lambda: "RLHF" not in shown(bot.slack.team.homes["U0ANN"]))
    assert await bot.store.watches(READING) == []


async def test_a_channel_that_may_not_be_seen_cannot_be_changed(bot: Bot) -> None:
    secret = channel_ref(TEAM, "C0SECRET")
    (watch,) = await bot.store.watches(secret)
    for action, value in (("home.pause", "C0SECRET"), ("home.unwatch", f"C0SECRET:{watch.id}"), ("home.what", "x")):
        menu = action == "home.unwatch"
        await bot.slack.click(press(action, value, menu=menu), user="U0BOB", view={"id": "V1"})
    await bot.slack.until(lambda: "U0BOB" in bot.slack.team.homes)
    channel = await bot.store.channel(secret)
    assert channel is not None
    assert not channel.paused
    assert len(await bot.store.watches(secret)) == 1


async def test_saved_papers_can_be_read_taken_back_and_exported(bot: Bot) -> None:
    await bot.announce([make_paper("2603.00002", title="On RLHF")])
    await bot.say("save 2603.00002")
    assert "On RLHF" in await home(bot)
    bot.slack.team.views.clear()
    await bot.slack.click(press("home.saved", "abstract:2603.00002", menu=True), view={"id": "V1"})
    await bot.slack.until(lambda: any("deliver every letter" in shown(view) for view in bot.slack.team.views.values()))
    await bot.slack.click(press("home.export", "bibtex"), view={"id": "V1"})
    await bot.slack.until(lambda: any(file.get("channel") for file in bot.slack.team.files.values()))
    await bot.slack.click(press("home.saved", "unsave:2603.00002", menu=True), view={"id": "V1"})

    async def gone() -> bool:
        return not await bot.store.saved_by(ANN, limit=1)

    await until(gone)
    await bot.slack.click(press("home.export.ris", "ris"), view={"id": "V1"})
    await bot.slack.until(
        lambda: any("no papers" in shown(each.body) for each in bot.slack.team.direct_channel("U0ANN").messages)
    )


async def test_a_watch_is_added_in_a_channel_that_is_chosen(bot: Bot) -> None:
    bot.slack.team.views.clear()
    await bot.slack.click(press("home.add", "new"), view={"id": "V1", "type": "home"})
    await bot.slack.until(lambda: bot.slack.team.views)
    (view,) = bot.slack.team.views.values()
    values = {
        "query": {"query": {"value": "diffusion"}},
        "schedule": {"schedule": {"value": ""}},
        "channel": {"channel": {"selected_conversation": "C0READING"}},
    }
    await bot.slack.submit(view | {"state": {"values": values}})
    await bot.slack.until(lambda: "Watching" in shown(bot.slack.team.views[view["id"]]))
    assert [watch.typed for watch in await bot.store.watches(READING)] == ["RLHF", "diffusion"]
    assert any("Watching" in shown(message.body) for message in bot.slack.team.channels["C0READING"].messages)


@pytest.mark.parametrize("channel", ["C0SECRET", "C0NOWHERE", "D0ANN"])
async def test_no_watch_is_made_in_a_channel_that_its_member_may_not_know(bot: Bot, channel: str) -> None:
    bot.slack.add_channel("C0NOWHERE", "nowhere", private=True, member=False)
    bot.slack.team.views.clear()
    await bot.slack.click(press("home.add", "new"), user="U0BOB", view={"id": "V1", "type": "home"})
    await bot.slack.until(lambda: bot.slack.team.views)
    (view,) = bot.slack.team.views.values()
    before = len(await bot.store.watches(channel_ref(TEAM, channel)))
    values = {
        "query": {"query": {"value": "diffusion"}},
        "schedule": {"schedule": {"value": "instant"}},
        "channel": {"channel": {"selected_conversation": channel}},
    }
    await bot.slack.submit(view | {"state": {"values": values}}, user="U0BOB")
    await bot.slack.until(lambda: _is_refused(shown(bot.slack.team.views[view["id"]])))
    assert len(await bot.store.watches(channel_ref(TEAM, channel))) == before
    known = await bot.store.channel(channel_ref(TEAM, channel))
    assert known is None or known.schedule != "instant"


def _is_refused(said: str) -> bool:
    return "has to be yours" in said or "Something went wrong" in said


async def test_a_button_that_is_delivered_again_undoes_nothing_that_came_after_it(bot: Bot) -> None:
    pressed: dict[str, Any] = {"trigger_id": "one.press", "view": {"id": "V1", "type": "home"}}
    await home(bot)
    await bot.slack.click(press("home.pause", "C0READING"), **pressed)
    await bot.slack.until(lambda: "Paused: paused by ann" in shown(bot.slack.team.homes["U0ANN"]))
    await bot.slack.click(press("home.resume", "C0READING"), view={"id": "V1", "type": "home"})
    await bot.slack.until(lambda: "Paused" not in shown(bot.slack.team.homes["U0ANN"]))
    bot.slack.team.homes.clear()
    await bot.slack.click(press("home.pause", "C0READING"), **pressed)
    await bot.slack.until(lambda: "U0ANN" in bot.slack.team.homes)
    assert "Paused" not in shown(bot.slack.team.homes["U0ANN"])
