"""What happens to channels and workspaces: paused with the reason, re-keyed, resumed; never lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.slack.identity import channel_ref
from bot.models import Channel
from tests.delivery_kit import until
from tests.factories import make_paper
from tests.slack_kit import READING, Bot, running, shown, stand_in
from tests.standins.slack import TEAM


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as slack, running(slack, tmp_path) as bot:
        await bot.announce([make_paper("2603.00001", title="Something else")])
        await bot.say("watch RLHF")
        yield bot


async def known(bot: Bot, channel: str = "C0READING") -> Channel | None:
    return await bot.store.channel(channel_ref(TEAM, channel))


async def paused(bot: Bot, words: str, channel: str = "C0READING") -> None:
    """Wait until the channel is paused with these words, or resumed when there are none."""

    async def so() -> bool:
        found = await known(bot, channel)
        return found is not None and (words in found.paused if words else not found.paused)

    await until(so)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ("channel_archive", "archived"),
        ("group_archive", "archived"),
        ("channel_left", "/invite @paperroute"),
        ("group_left", "/invite @paperroute"),
        ("channel_deleted", "deleted"),
        ("group_deleted", "deleted"),
    ],
)
async def test_a_lost_channel_waits_with_the_reason_and_goes_on_when_the_bot_is_back(
    bot: Bot, event: str, words: str
) -> None:
    for _ in range(2):
        assert await bot.slack.event({"type": event, "channel": "C0READING"})
    await paused(bot, words)
    await bot.announce([make_paper("2603.00002", title="On RLHF")])
    await bot.post()
    assert not bot.slack.asked("chat.postMessage")
    bot_user = bot.slack.team.bot_user
    await bot.slack.event({"type": "member_joined_channel", "user": "U0BOB", "channel": "C0READING"})
    await bot.slack.event({"type": "member_joined_channel", "user": bot_user, "channel": "C0READING"})
    await paused(bot, "")
    await bot.post()
    assert any("On RLHF" in shown(message.body) for message in bot.slack.team.channels["C0READING"].messages)


async def test_an_unarchived_channel_goes_on_where_the_bot_still_is(bot: Bot) -> None:
    await bot.slack.event({"type": "channel_archive", "channel": "C0READING"})
    await paused(bot, "archived")
    bot.slack.team.channels["C0READING"].members.remove(bot.slack.team.bot_user)
    await bot.slack.event({"type": "channel_unarchive", "channel": "C0READING"})
    await paused(bot, "is not in this channel")
    bot.slack.team.channels["C0READING"].members.add(bot.slack.team.bot_user)
    await bot.slack.event({"type": "channel_unarchive", "channel": "C0READING"})
    await paused(bot, "")


async def test_a_new_name_comes_as_an_object(bot: Bot) -> None:
    await bot.slack.event({"type": "channel_rename", "channel": {"id": "C0READING", "name": "papers", "created": 1}})

    async def renamed() -> bool:
        found = await known(bot)
        return found is not None and found.name == "papers"

    await until(renamed)


async def test_a_new_id_takes_everything_along(bot: Bot) -> None:
    await bot.slack.event({"type": "channel_id_changed", "old_channel_id": "C0READING", "new_channel_id": "C0NEW"})

    async def moved() -> bool:
        return await known(bot, "C0NEW") is not None

    await until(moved)
    assert await known(bot) is None
    assert [watch.typed for watch in await bot.store.watches(channel_ref(TEAM, "C0NEW"))] == ["RLHF"]


@pytest.mark.parametrize("order", [("app_uninstalled", "tokens_revoked"), ("tokens_revoked", "app_uninstalled")])
async def test_a_removed_app_pauses_the_workspace_in_either_order(bot: Bot, order: tuple[str, str]) -> None:
    bot.slack.add_channel("C0OTHER", "other")
    await bot.say("watch RLHF", channel="C0OTHER")
    for event in order:
        assert await bot.slack.event({"type": event, "tokens": {"bot": ["U0PAPERS"], "oauth": []}})
    for channel in ("C0READING", "C0OTHER"):
        await paused(bot, "Install it again", channel)


async def test_a_members_revoked_token_is_none_of_its_business(bot: Bot) -> None:
    await bot.slack.event({"type": "tokens_revoked", "tokens": {"oauth": ["U0ANN"], "bot": []}})
    await bot.slack.event({"type": "tokens_revoked"})
    await bot.slack.event({"type": "channel_rename", "channel": {"id": "C0READING", "name": "then"}})

    async def renamed() -> bool:
        found = await known(bot)
        return found is not None and found.name == "then"

    await until(renamed)
    await paused(bot, "")


async def test_events_that_say_nothing_or_of_nothing_known_change_nothing(bot: Bot) -> None:
    for event in (
        {"type": "channel_archive"},
        {"type": "channel_rename", "channel": {"id": "C0READING"}},
        {"type": "channel_id_changed", "old_channel_id": "C0READING"},
        {"type": "channel_left", "channel": "C0UNKNOWN"},
        {"type": "member_joined_channel"},
        {"type": "team_join"},
    ):
        assert await bot.slack.event(event, attempts=1), event
    await paused(bot, "")


async def test_a_members_pause_outlives_an_invitation(bot: Bot) -> None:
    await bot.say("pause summer")
    await bot.slack.event({"type": "channel_left", "channel": "C0READING"})
    bot_user = bot.slack.team.bot_user
    await bot.slack.event({"type": "member_joined_channel", "user": bot_user, "channel": "C0READING"})
    await bot.slack.event({"type": "channel_rename", "channel": {"id": "C0READING", "name": "later"}})

    async def renamed() -> bool:
        found = await known(bot)
        return found is not None and found.name == "later"

    await until(renamed)
    await paused(bot, "paused by ann: summer")
    assert READING.channel == "C0READING"


async def test_an_event_that_is_told_again_undoes_nothing_that_came_after_it(bot: Bot) -> None:
    told = [
        ({"type": "channel_archive", "channel": "C0READING"}, "Ev1", "archived"),
        ({"type": "app_uninstalled"}, "Ev2", "Install it again"),
    ]
    for event, identity, words in told:
        await bot.slack.event(event, event_id=identity)
        await paused(bot, words)
        user = bot.slack.team.bot_user
        await bot.slack.event({"type": "member_joined_channel", "user": user, "channel": "C0READING"})
        await paused(bot, "")
    for event, identity, _ in told:
        await bot.slack.event(event, event_id=identity)
    await bot.slack.event({"type": "channel_rename", "channel": {"id": "C0READING", "name": "later"}})

    async def renamed() -> bool:
        found = await known(bot)
        return found is not None and found.name == "later"

    await until(renamed)
    await paused(bot, "")
