"""`/papers import` with a file on Discord: fetched from where Discord says it is, or said to be wanting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.discord_kit import CHANNEL, Bot, running, shown, stand_in


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    async with stand_in() as discord, running(discord, tmp_path) as bot:
        yield bot


async def watched(bot: Bot) -> list[str]:
    return [watch.typed for watch in await bot.store.watches(CHANNEL)]


async def test_what_export_gave_is_taken_in_again(bot: Bot) -> None:
    await bot.say("watch", query='"chain of thought"')
    given = (await bot.say("export")).files["paperroute-channel.json"]
    await bot.say("unwatch", query="1")
    done = await bot.say("import", file=bot.discord.attach("channel.json", given))
    assert not done.ephemeral
    assert "1 watch made." in shown(done.reply)
    assert await watched(bot) == ['"chain of thought"']


async def test_a_query_a_line_and_every_mistake_is_named(bot: Bot) -> None:
    done = await bot.say("import", file=bot.discord.attach("list.txt", b'RLHF\n"open\n'))
    assert done.ephemeral
    assert "Nothing was imported:" in shown(done.reply)
    assert "Line 2" in shown(done.reply)
    assert await watched(bot) == []


async def test_too_large_a_file_is_not_fetched(bot: Bot) -> None:
    done = await bot.say("import", file=bot.discord.attach("all.json", b"RLHF", size=200_001))
    assert done.ephemeral
    assert shown(done.reply) == "The file `all.json` is too large: at most 200 kB are read."
    assert not [each for each in bot.discord.requests if "/attachments/" in each]


@pytest.mark.parametrize("status", [404, 403, 500, 503, 0, -1])
async def test_a_file_that_cannot_be_had_is_said_in_a_sentence(
    bot: Bot, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    fault = bot.discord.fail("GET /attachments/", status, times=2)  # a cut connection is tried anew by aiohttp
    done = await bot.say("import", file=bot.discord.attach("list.txt", b"RLHF"))
    await bot.discord.until(lambda: shown(done.reply))
    fault.times = 0
    assert shown(done.reply) == (
        "The file `list.txt` could not be fetched from Discord. Attach it again, or try again in a minute."
    )
    assert await watched(bot) == []
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    again = await bot.say("import", file=bot.discord.attach("list.txt", b"RLHF"))
    assert "1 watch made." in shown(again.reply)
