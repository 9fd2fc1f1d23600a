"""What a restored store learns from Discord: our posts since a moment, with the papers that their buttons name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import UnreadableError
from bot.models import MessageRef, Post, PostKind
from bot.ports import ReadsBack
from tests.chat_contract import make_entry, make_post
from tests.delivery_kit import until
from tests.discord_kit import CHANNEL, CLOCK, Bot, running, stand_in
from tests.standins.discord import GUILD, READING
from tests.standins.discord_state import FORUM, OTHER_BOT, READ_HISTORY, Message


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        yield bot


def made(kind: PostKind, *numbers: int, thread: MessageRef | None = None) -> Post:
    return make_post(CHANNEL, kind, *map(make_entry, numbers), thread=thread, text=str(numbers))


async def send(bot: Bot, post: Post) -> MessageRef:
    return await bot.chat.send(CHANNEL, post)


async def test_posts_come_back_with_key_and_papers_in_order(bot: Bot) -> None:
    assert isinstance(bot.chat, ReadsBack)
    await send(bot, made(PostKind.DIGEST, 9))
    CLOCK.skip(3 * 3_600)
    since = CLOCK.now()
    digest, card = made(PostKind.DIGEST, 7, 2, 5), made(PostKind.CARD, 3)
    sent = [await send(bot, post) for post in (digest, card)]
    # A notice has no papers, and a card in a thread repeats its digest.
    await send(bot, made(PostKind.NOTICE))
    await send(bot, made(PostKind.CARD, 7, thread=sent[0]))
    found = await bot.chat.posts_since(CHANNEL, since)
    assert [(post.message, post.key, post.papers) for post in found] == [
        (sent[0], digest.key, ("2603.00007", "2603.00002", "2603.00005")),
        (sent[1], card.key, ("2603.00003",)),
    ]
    assert all(abs(post.at - CLOCK.now()) < timedelta(minutes=1) for post in found)


async def test_a_weekly_top_gives_nothing(bot: Bot) -> None:
    since = CLOCK.now()
    for heading in ("Top of the week · Monday 9 March 2026", "Top since Monday 2 March 2026"):
        top = replace(made(PostKind.DIGEST, 1, len(heading)), heading=heading)
        await send(bot, top)
    assert len(bot.messages()) == 2
    assert await bot.chat.posts_since(CHANNEL, since) == []


async def test_more_than_a_page_is_read_and_others_do_not_count(bot: Bot) -> None:
    since = CLOCK.now()
    place = bot.discord.channel(READING)
    first = await send(bot, made(PostKind.DIGEST, 1, 2))
    body = bot.messages()[0].body
    for number in range(230):
        copied = Message(int(first.message) + number + 1, READING, OTHER_BOT, dict(body))
        place.messages[copied.id] = copied
    last = await send(bot, made(PostKind.CARD, 3))
    assert [post.message for post in await bot.chat.posts_since(CHANNEL, since)] == [first, last]


async def test_in_a_forum_the_first_message_of_each_post_counts(tmp_path: Path) -> None:
    async with stand_in() as discord:
        discord.guild.channels[READING].type = FORUM
        async with running(discord, tmp_path) as bot:
            since = CLOCK.now()
            digest = made(PostKind.DIGEST, 1, 2)
            sent = await send(bot, digest)
            await send(bot, made(PostKind.CARD, 1, thread=sent))
            other = await send(bot, made(PostKind.CARD, 4))
            found = await bot.chat.posts_since(CHANNEL, since)
            assert [(post.message, post.papers) for post in found] == [
                (sent, ("2603.00001", "2603.00002")),
                (other, ("2603.00004",)),
            ]


async def test_a_history_that_may_not_be_read_is_said(bot: Bot) -> None:
    bot.discord.channel(READING).denied = READ_HISTORY
    await bot.discord.gateway.tell(GUILD, "CHANNEL_UPDATE", bot.discord.channel(READING).shown())

    async def refused() -> bool:
        try:
            await bot.chat.posts_since(CHANNEL, CLOCK.now())
        except UnreadableError as error:
            return "Read Message History" in str(error)
        return False

    # The client hears of the change in its own time.
    await until(refused)
