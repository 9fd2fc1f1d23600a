"""What Discord answers to a post, and what that means: for good, later, or perhaps stored. On the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import DeliveryError
from bot.models import PostKind
from tests.chat_contract import make_entry, make_post
from tests.discord_kit import CHANNEL, Bot, running, stand_in
from tests.standins.discord import READING

POST = make_post(CHANNEL, PostKind.DIGEST, make_entry(1))
CARD = make_post(CHANNEL, PostKind.CARD, make_entry(1))
ROUTE = f"POST /channels/{READING}/messages"


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        yield bot


async def refused(bot: Bot) -> DeliveryError:
    """What sending ends with."""
    with pytest.raises(DeliveryError) as raised:
        await bot.chat.send(CHANNEL, POST)
    return raised.value


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, 50001, "View Channel"),
        (403, 50013, "Send Messages"),
        (403, 0, "Send Messages"),
        (403, 50007, "in a channel instead"),
        (400, 50008, "text channel or a forum"),
        (400, 40067, "switch the demand off"),
        (403, 160005, "Unlock it"),
    ],
)
async def test_what_is_refused_for_good_is_asked_once_and_has_a_remedy(
    bot: Bot, status: int, code: int, remedy: str
) -> None:
    bot.discord.fail(ROUTE, status, times=9, code=code)
    error = await refused(bot)
    assert (error.permanent, error.ambiguous, error.ends_channel, error.thread_gone) == (True, False, False, False)
    assert remedy in error.remedy
    assert bot.discord.requests.count(ROUTE) == 1


async def test_a_channel_that_is_gone_is_ended(bot: Bot) -> None:
    bot.discord.fail(ROUTE, 404, code=10003)
    error = await refused(bot)
    assert error.ends_channel
    assert not error.ambiguous


async def test_what_discord_does_not_like_is_tried_plainly_once_and_then_our_defect(bot: Bot) -> None:
    bot.discord.fail(ROUTE, 400, times=9, code=50035)
    error = await refused(bot)
    assert error.permanent
    assert "50035" in error.message
    assert "report" in error.remedy
    assert bot.discord.requests.count(ROUTE) == 2


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("status", [503, 0, -2])
async def test_an_answer_that_is_lost_may_have_been_one(bot: Bot, status: int, stored: bool) -> None:
    """discord.py asks again neither after a 503 nor after a broken connection, and calls the latter no error of its."""
    bot.discord.fail(ROUTE, status, stored=stored)
    error = await refused(bot)
    assert (error.permanent, error.ambiguous) == (False, True)
    assert bot.discord.requests.count(ROUTE) == 1
    assert len(bot.messages()) == stored


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_after_other_server_errors_discord_py_asks_again_with_the_same_nonce(bot: Bot, status: int) -> None:
    bot.discord.fail(ROUTE, status, stored=True)
    sent = await bot.chat.send(CHANNEL, POST)
    assert bot.discord.requests.count(ROUTE) == 2
    assert [str(message.id) for message in bot.messages()] == [sent.message]


@pytest.mark.parametrize(
    ("status", "banned", "wait"),
    [(401, False, 300.0), (429, True, 600.0)],
)
async def test_what_concerns_all_of_discord_stops_the_whole_server_for_long(
    bot: Bot, status: int, banned: bool, wait: float
) -> None:
    bot.discord.fail(ROUTE, status, times=9, banned=banned)
    error = await refused(bot)
    assert (error.permanent, error.ambiguous, error.workspace_wide) == (False, False, True)
    assert error.retry_after == wait
    assert bot.discord.requests.count(ROUTE) == 1


async def test_where_nobody_listens_nothing_was_stored(bot: Bot) -> None:
    await bot.discord.__aexit__(None, None, None)
    error = await refused(bot)
    assert (error.permanent, error.ambiguous) == (False, False)


async def test_a_post_carries_its_key_as_a_nonce_that_discord_is_to_enforce(bot: Bot) -> None:
    await bot.chat.send(CHANNEL, POST)
    await bot.chat.send(CHANNEL, CARD)
    for message, post in zip(bot.messages(), (POST, CARD), strict=True):
        assert message.body["nonce"] == post.key
        assert len(post.key) == 24
        assert message.body["enforce_nonce"] is True
