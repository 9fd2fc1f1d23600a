"""A digest to each of 2,000 Discord channels in 500 servers on two shards: how fast, beside the allowed rate.

The program's own adapter, dispatcher and store post to a stand-in in a process of its own, which counts as Discord
does: five messages in five seconds a channel, fifty requests a second over all.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections import Counter
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from adapters.discord import DiscordChat, DiscordSettings
from adapters.discord.buttons import key_of
from adapters.discord.identity import channel_ref
from benchmarks.material import papers
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.app.running import favour_the_loop, spare_what_stays
from bot.clock import SystemClock
from bot.commands import Commands
from bot.composing import Composer
from bot.delivery import Dispatcher
from bot.inbox import Inbox
from bot.models import Batch, Channel, Cursor, Layout, MemberRef
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.commands_kit import FakeSource
from tests.standins.discord import TOKEN, DiscordStandIn
from tests.standins.discord_limits import GLOBAL
from tests.store_kit import record

SERVERS, CHANNELS, SHARDS = 500, 4, 2
POSTS = SERVERS * CHANNELS
PAPERS = 10
MEMBER = MemberRef("discord", "1", "2", "bench")


def server(number: int) -> int:
    return (10_000 + number) << 22


def channel(number: int, place: int) -> int:
    return 50_000_000 + number * 10 + place


# The stand-in


async def _serve(pipe: Connection) -> None:
    async with DiscordStandIn(shards=SHARDS) as town:
        town.guilds.clear()
        for number in range(SERVERS):
            town.add_guild(server(number), f"Lab {number}")
            for place in range(CHANNELS):
                town.add_channel(channel(number, place), f"papers-{place}", server(number))
        await asyncio.to_thread(pipe.send, town.url)
        await asyncio.to_thread(pipe.recv)
        keys: Counter[str] = Counter()
        for guild in town.guilds.values():
            for each in guild.channels.values():
                for message in each.messages.values():
                    keys.update({key_of(button["custom_id"]) for row in message.body["components"]
                                 for button in row["components"] if "custom_id" in button})  # fmt: skip
        await asyncio.to_thread(pipe.send, (len(keys), max(keys.values()), town.limits.refused))


def serve(pipe: Connection) -> None:
    """The stand-in, until it is asked what it saw."""
    asyncio.run(_serve(pipe))


# The program


async def fill(store: SqliteStore, chat: DiscordChat, clock: SystemClock) -> int:
    """Let each channel be owed a digest, and compose them; returns the number of posts."""
    made = tuple(papers(PAPERS, datetime.now(UTC).date()))
    await record(store, Batch(made[:1], Cursor("before")), {}, clock.now())
    query = Query.parse("cat:cs.*")
    for number in range(SERVERS):
        for place in range(CHANNELS):
            ref = channel_ref(server(number), channel(number, place))
            await store.open_channel(Channel(ref, f"papers-{place}", "instant UTC", Layout.DIGEST, clock.now()))
            await store.add_watch(ref, query, "cat:cs.*", MEMBER, clock.now(), most=100)
    matches = {key: [paper.id for paper in made[1:]] async for block in store.queries() for key in block.numbers}
    await record(store, Batch(made[1:], Cursor("now"), announced=PAPERS - 1), matches, clock.now())
    return await Composer(store, {"discord": chat.limits}, clock).due()


async def measure(pipe: Connection, folder: Path) -> None:
    clock = SystemClock()
    url = await asyncio.to_thread(pipe.recv)
    store = await SqliteStore.open(folder / "bench.db")
    chat = DiscordChat(DiscordSettings(TOKEN, url), store, clock, loaded=spare_what_stays)
    dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
    source = FakeSource()
    commands = Commands(store, source, clock, wake=dispatcher.wake, default_zone="UTC")
    try:
        posts = await fill(store, chat, clock)
        await chat.start(Inbox(commands, store, source, clock, wake=dispatcher.wake))
        begun = time.monotonic()
        async with watched_loop() as loop:
            running = asyncio.create_task(dispatcher.run())
            while dispatcher.sent < posts:  # noqa: ASYNC110  nobody tells of it, and a moment more does not matter
                await asyncio.sleep(0.05)
            taken = time.monotonic() - begun
        await dispatcher.stop()
        await running
    finally:
        await chat.close()
        await store.close()
    await asyncio.to_thread(pipe.send, "tell")
    arrived, most, refused = await asyncio.to_thread(pipe.recv)
    if (arrived, most) != (posts, 1) or posts != POSTS:
        raise RuntimeError(f"{posts} posts, of which {arrived} arrived, one of them {most} times")
    report(
        posts=posts,
        channels=POSTS,
        servers=SERVERS,
        shards=SHARDS,
        seconds=round(taken, 1),
        percent=round(100 * posts / GLOBAL / taken, 1),
        refused=len(refused),
        loop_held_ms=round(loop.longest * 1000),
        peak_mb=round(peak_megabytes()),
    )


def main() -> None:
    here, there = multiprocessing.Pipe()
    town = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    town.start()
    there.close()
    favour_the_loop()
    with TemporaryDirectory() as folder:
        asyncio.run(measure(here, Path(folder)))
    town.join()


if __name__ == "__main__":
    main()
