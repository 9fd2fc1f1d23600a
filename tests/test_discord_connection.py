"""The connection stays alive: drops, refused handshakes, sessions that were forgotten; a bad token ends it at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.discord import DiscordChat
from adapters.discord.connection import Connection
from adapters.discord.doctor import examine
from adapters.discord.errors import TROUBLE
from adapters.discord.identity import member_ref
from bot.errors import ConfigError
from tests.chat_contract import UnusedHandler
from tests.delivery_kit import until
from tests.discord_kit import CHANNEL, CLOCK, Bot, running, settings, shown, stand_in
from tests.factories import make_paper
from tests.standins.clock import QuickClock
from tests.standins.discord import ANN, APPLICATION, GUILD, READING, TOKEN, DiscordStandIn
from tests.store_kit import open_store


@pytest.fixture
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with stand_in() as discord:
        yield discord


@pytest.fixture
async def bot(discord: DiscordStandIn, tmp_path: Path) -> AsyncIterator[Bot]:
    async with running(discord, tmp_path) as bot:
        await bot.say("watch", query="RLHF")
        yield bot


async def started(discord: DiscordStandIn, folder: Path, **changes: object) -> None:
    async with open_store(folder) as store:
        chat = DiscordChat(settings(discord, **changes), store, CLOCK, guild_patience=0.05)
        try:
            await chat.start(UnusedHandler())
        finally:
            await chat.close()


async def test_a_refused_token_ends_at_once_in_a_sentence(discord: DiscordStandIn, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        await started(discord, tmp_path, token="wrong")
    assert "DISCORD_TOKEN is refused by Discord" in str(refused.value)
    assert "wrong" not in str(refused.value)
    assert discord.gateway.connections == 0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (4004, "DISCORD_TOKEN"),
        (4010, "number of shards"),
        (4011, "more shards"),
        (4012, "newer version"),
        (4013, "intents"),
        (4014, "none that must be"),
    ],
)
async def test_codes_that_trying_again_does_not_help_end_it_too(
    discord: DiscordStandIn, tmp_path: Path, code: int, said: str
) -> None:
    discord.gateway.close_code = code
    with pytest.raises(ConfigError) as refused:
        await started(discord, tmp_path)
    assert said in str(refused.value)
    assert len(discord.gateway.identified) == 1


async def test_an_unreachable_discord_is_waited_for_at_the_start(discord: DiscordStandIn, tmp_path: Path) -> None:
    discord.fail("GET /users/@me", 503, times=2)
    await started(discord, tmp_path)
    assert discord.requests.count("GET /users/@me") == 3


async def test_a_bot_in_no_server_is_given_its_own_invitation(
    discord: DiscordStandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    discord.guild.gone = True
    await started(discord, tmp_path)
    link = f"https://discord.com/oauth2/authorize?client_id={APPLICATION}&scope=bot+applications.commands"
    assert link in caplog.text
    found = [finding async for finding in examine(settings(discord), [], CLOCK, guild_patience=0.05)]
    (servers,) = [finding for finding in found if finding.remedy]
    assert servers.subject == "Servers"
    assert link in servers.remedy


async def test_least_is_asked_for(bot: Bot, discord: DiscordStandIn) -> None:
    (identified,) = discord.gateway.identified
    assert identified["intents"] == 1025
    assert identified["token"] == TOKEN
    # No members are asked for (8), beside heartbeats and identifying.
    assert discord.gateway.asked <= {1, 2}


async def test_after_a_drop_the_session_is_resumed_and_nothing_is_missed(bot: Bot, discord: DiscordStandIn) -> None:
    await discord.gateway.drop()
    done = asyncio.create_task(discord.command("list"))
    await discord.gateway.connected(connections=2)
    assert (await done).acknowledged is not None
    assert discord.gateway.resumed == 1
    assert len(discord.gateway.identified) == 1


async def test_discords_wish_to_reconnect_is_followed(bot: Bot, discord: DiscordStandIn) -> None:
    await discord.gateway.ask_to_reconnect()
    await discord.gateway.connected(connections=2)
    assert (await bot.say("list")).acknowledged is not None


@pytest.mark.parametrize("why", ["the session was forgotten", "a connection was refused"])
async def test_what_happened_before_a_new_session_is_made_up_for(bot: Bot, discord: DiscordStandIn, why: str) -> None:
    await bot.announce([make_paper(title="On RLHF")])
    await bot.post()
    card = next(message for channel in discord.guild.channels.values() if channel.parent
                for message in channel.messages.values())  # fmt: skip
    if why == "a connection was refused":
        # AutoShardedClient then identifies itself anew, though it could resume.
        discord.gateway.refusing = 1
    else:
        discord.gateway.forget()
    await discord.react(card, "🔖", tell=False)
    discord.channel(READING).name = "papers"
    await discord.gateway.drop()
    await discord.gateway.connected(connections=2)
    await until(lambda: _saved(bot))
    await until(lambda: _named(bot, "papers"))
    assert len(discord.gateway.identified) == 2
    assert discord.command_writes == 1


async def test_reactions_are_read_though_the_connection_breaks_meanwhile(
    bot: Bot, discord: DiscordStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await bot.announce([make_paper(title="On RLHF")])
    await bot.post()
    card = next(message for channel in discord.guild.channels.values() if channel.parent
                for message in channel.messages.values())  # fmt: skip
    discord.gateway.forget()
    await discord.react(card, "🔖", tell=False)
    fault = discord.fail("GET /channels", 0, times=2)
    await discord.gateway.drop()
    await until(lambda: _saved(bot))
    assert fault.times == 0
    assert "Traceback" not in caplog.text
    assert caplog.text.count("Reading the reactions of 1 channel") == 1


async def test_a_request_of_a_client_that_was_replaced_meanwhile_is_trouble(bot: Bot) -> None:
    replaced = bot.chat._connection.client
    await replaced.close()
    with pytest.raises(TROUBLE):
        await replaced.fetch_channel(READING)


async def _saved(bot: Bot) -> bool:
    return bool(await bot.store.saved_by(member_ref(GUILD, ANN), limit=1))


async def _named(bot: Bot, name: str) -> bool:
    channel = await bot.store.channel(CHANNEL)
    return channel is not None and channel.name == name


async def test_a_client_that_stays_deaf_is_replaced(discord: DiscordStandIn, tmp_path: Path) -> None:
    loaded: list[int] = []

    def note() -> None:
        loaded.append(len(chat._connection.client.guilds))

    async with open_store(tmp_path) as store:
        chat = DiscordChat(settings(discord), store, QuickClock(400), guild_patience=0.05, loaded=note)
        await chat.start(UnusedHandler())
        try:
            assert chat.ready
            await until(lambda: _counted(loaded, 1))
            discord.gateway.refusing = 1_000_000
            discord.gateway.forget()
            first = list(discord.requests).count("GET /users/@me")
            await discord.gateway.drop()
            await discord.until(lambda: discord.requests.count("GET /users/@me") > first)
            discord.gateway.refusing = 0
            await discord.gateway.connected(connections=2)
            await until(lambda: _ready(chat))
            await until(lambda: _counted(loaded, 2))
            assert loaded == [1, 1]
        finally:
            await chat.close()


async def _counted(loaded: list[int], times: int) -> bool:
    await asyncio.sleep(0)
    return len(loaded) == times


async def _ready(chat: DiscordChat) -> bool:
    await asyncio.sleep(0)
    return chat.ready


async def test_a_token_that_is_reset_later_is_told_of(discord: DiscordStandIn, tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        chat = DiscordChat(settings(discord), store, QuickClock(100), guild_patience=0.05)
        await chat.start(UnusedHandler())
        try:
            failed = asyncio.create_task(chat.failed())
            discord.gateway.close_code = 4004
            discord.gateway.forget()
            await discord.gateway.drop()
            assert "DISCORD_TOKEN" in await asyncio.wait_for(failed, 20)
        finally:
            await chat.close()


async def test_stopping_twice_is_fine_and_leaves_no_task(discord: DiscordStandIn, tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with open_store(tmp_path) as store:
        chat = DiscordChat(settings(discord), store, CLOCK, guild_patience=0.05)
        await chat.start(UnusedHandler())
        await chat.close()
        await chat.close()
    ours = {task for task in asyncio.all_tasks() - before if "Discord" in task.get_name()}
    assert not ours
    assert not Connection(TOKEN, lambda: None, CLOCK).connected  # type: ignore[arg-type, return-value]


class TestGuilds:
    """What happens to servers and channels."""

    async def paused(self, bot: Bot) -> str:
        channel = await bot.store.channel(CHANNEL)
        assert channel is not None
        return channel.paused

    async def is_paused(self, bot: Bot) -> bool:
        return bool(await self.paused(bot))

    async def goes_on(self, bot: Bot) -> bool:
        return not await self.paused(bot)

    async def test_an_outage_is_no_removal(self, bot: Bot, discord: DiscordStandIn) -> None:
        await discord.gateway.tell(GUILD, "GUILD_DELETE", {"id": str(GUILD), "unavailable": True})
        await discord.gateway.tell(GUILD, "GUILD_CREATE", discord.guild.shown())
        assert (await bot.say("list")).acknowledged is not None
        assert await self.paused(bot) == ""
        assert len(await bot.store.watches(CHANNEL)) == 1

    async def test_an_outage_at_the_start_is_none_either(self, discord: DiscordStandIn, tmp_path: Path) -> None:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
        discord.guild.available = False
        async with running(discord, tmp_path) as bot:
            await bot.chat._work.drain(5)  # what is compared at the start
            assert await self.paused(bot) == ""
        discord.guild.available = True
        async with running(discord, tmp_path) as bot:
            await bot.announce([make_paper(title="On RLHF")])
            await bot.post()
            assert [message for message in bot.messages() if "On RLHF" in shown(message.body)]

    async def test_a_removed_bot_waits_with_the_reason_and_goes_on_when_it_is_back(
        self, bot: Bot, discord: DiscordStandIn
    ) -> None:
        await discord.gateway.tell(GUILD, "GUILD_DELETE", {"id": str(GUILD)})
        await until(lambda: self.is_paused(bot))
        assert "removed from this server" in await self.paused(bot)
        joined = {name: value for name, value in discord.guild.shown().items() if name != "unavailable"}
        await discord.gateway.tell(GUILD, "GUILD_CREATE", joined)
        await until(lambda: self.goes_on(bot))
        assert len(await bot.store.watches(CHANNEL)) == 1

    async def test_a_removal_while_the_bot_was_down_is_noticed(self, discord: DiscordStandIn, tmp_path: Path) -> None:
        async with running(discord, tmp_path) as bot:
            await bot.say("watch", query="RLHF")
        discord.guild.gone = True
        discord.add_guild((GUILD >> 22) + 7 << 22, "Another", 4_900)
        async with running(discord, tmp_path) as bot:
            await until(lambda: self.is_paused(bot))
            assert "removed from this server" in await self.paused(bot)

    async def test_a_renamed_and_a_deleted_channel(self, bot: Bot, discord: DiscordStandIn) -> None:
        discord.channel(READING).name = "papers"
        await discord.gateway.tell(GUILD, "CHANNEL_UPDATE", discord.channel(READING).shown())
        await until(lambda: _named(bot, "papers"))
        await discord.gateway.tell(GUILD, "CHANNEL_DELETE", discord.channel(READING).shown())
        await until(lambda: self.is_paused(bot))
        assert "deleted" in await self.paused(bot)


async def test_two_shards_serve_their_own_servers(tmp_path: Path) -> None:
    async with stand_in(shards=2) as discord:
        other = (GUILD >> 22) + 1 << 22
        discord.add_guild(other, "Other", 4_901)
        async with running(discord, tmp_path) as bot:
            assert [session.shard for session in discord.gateway.open] == [0, 1]
            first, second = discord.gateway.identified_at
            assert second - first >= 5, "Discord lets one in five seconds identify itself"
            for guild, channel in ((GUILD, READING), (other, 4_901)):
                done = await bot.say("watch", query="RLHF", guild=guild, channel=channel)
                assert "Watching" in shown(done.reply)
            await bot.announce([make_paper(title="On RLHF")])
            await bot.post()
            for channel in (READING, 4_901):
                assert sum("On RLHF" in shown(message.body) for message in bot.messages(channel)) == 1


async def test_the_gateway_can_be_elsewhere(discord: DiscordStandIn, tmp_path: Path) -> None:
    real = discord.gateway.url
    discord.gateway.url = "ws://127.0.0.1:9/nowhere/"
    async with running(discord, tmp_path, gateway_url=real):
        assert discord.gateway.connections == 1
