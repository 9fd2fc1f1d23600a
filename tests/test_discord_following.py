"""What is new about a saved paper is told once, in the thread where its post stands on Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.following import follow
from tests.discord_kit import CLOCK, Bot, running, shown, stand_in
from tests.factories import make_paper
from tests.standins.discord import GUILD, READING
from tests.standins.discord_state import FORUM, THREAD, Channel

PAPERS = [make_paper(f"2603.0000{number}", title=f"On RLHF {number}") for number in (1, 2)]
NEWS = "Version 2 of “On RLHF 2” is out (Thursday 12 March 2026): https://arxiv.org/abs/2603.00002"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        yield bot


async def posted(bot: Bot, layout: str, channel: int = READING) -> None:
    """The papers stand in the channel and the second one is saved."""
    await bot.say("watch", query="RLHF", channel=channel)
    await bot.say("layout", layout=layout, channel=channel)
    await bot.announce(PAPERS)
    await bot.post()
    await bot.say("save", papers="2603.00002", channel=channel)


async def revised(bot: Bot) -> None:
    """The second paper has a new version, which is seen on two days."""
    new = replace(PAPERS[1], version=2, updated=datetime(2026, 3, 12, tzinfo=UTC))
    bot.source.known = {new.id: new}
    for _ in range(2):
        await follow(bot.store, bot.source, bot.clock, wake=bot.dispatcher.wake)
        await bot.post()
        assert await bot.store.followed(bot.clock.now(), 9) == []
        CLOCK.skip(86_400)


def told(bot: Bot) -> list[int]:
    """The channels and threads in which the news stands, a message each."""
    return [
        channel.id
        for channel in bot.discord.guild.channels.values()
        for message in channel.messages.values()
        if NEWS in shown(message.body)
    ]


def threads(bot: Bot) -> list[Channel]:
    return [channel for channel in bot.discord.guild.channels.values() if channel.parent == READING]


@pytest.mark.parametrize("archived", [False, True])
async def test_beside_the_card_in_the_thread_of_its_digest_even_if_that_is_archived(bot: Bot, archived: bool) -> None:
    await posted(bot, "thread")
    (thread,) = threads(bot)
    if archived:
        thread.archived = True
        await bot.discord.gateway.tell(GUILD, "THREAD_UPDATE", thread.shown())
    await revised(bot)
    assert told(bot) == [thread.id]
    assert not thread.archived


async def test_in_a_thread_of_its_own_below_a_lone_card(bot: Bot) -> None:
    await posted(bot, "cards")
    assert not threads(bot)
    await revised(bot)
    (thread,) = threads(bot)
    assert "On RLHF 2" in shown(bot.discord.channel(READING).messages[thread.id].body)
    assert told(bot) == [thread.id]


async def test_in_the_papers_own_post_of_a_forum(bot: Bot) -> None:
    bot.discord.channel(READING).type = FORUM
    await bot.discord.gateway.tell(GUILD, "CHANNEL_DELETE", bot.discord.channel(READING).shown() | {"type": 0})
    await bot.discord.gateway.tell(GUILD, "CHANNEL_CREATE", bot.discord.channel(READING).shown())
    await posted(bot, "cards")
    (thread,) = [each for each in threads(bot) if each.name == "On RLHF 2"]
    await revised(bot)
    assert told(bot) == [thread.id]


@pytest.mark.parametrize("archived", [False, True])
async def test_in_the_members_own_thread_that_watches(bot: Bot, archived: bool) -> None:
    talk = bot.discord.add_channel(4_500, "a talk", type=THREAD, parent=READING)
    await bot.discord.gateway.tell(GUILD, "THREAD_CREATE", talk.shown())
    await posted(bot, "thread", channel=talk.id)
    if archived:
        talk.archived = True
        await bot.discord.gateway.tell(GUILD, "THREAD_UPDATE", talk.shown())
    await revised(bot)
    assert told(bot) == [talk.id]
