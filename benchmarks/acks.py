"""How soon commands are acknowledged while a poll of 1,300 papers goes on: on Slack 200 in flight, on Discord 100.

`python -m benchmarks.acks slack` or `discord`. The program's own adapter, core and store listen with the real client;
the platform and arXiv are stand-ins in processes of their own. An acknowledgement is timed where the platform would:
from sending the command to its receipt.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import statistics
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, cast

from adapters.arxiv import ArxivSource
from adapters.discord import DiscordChat, DiscordSettings
from adapters.slack import SlackChat, SlackSettings
from benchmarks import poll
from benchmarks.filling import add_watches
from benchmarks.material import PAPERS_A_DAY, queries
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.app.running import favour_the_loop
from bot.clock import SystemClock
from bot.commands import Commands
from bot.delivery import Dispatcher
from bot.inbox import Inbox
from bot.ports import Store
from bot.watcher import Watcher
from storage.sqlite import SqliteStore
from tests.standins import discord
from tests.standins.slack import APP_TOKEN, BOT_TOKEN, SlackStandIn
from tests.standins.slack import Interaction as SlackInteraction

IN_FLIGHT = {"slack": 200, "discord": 100}
WATCHES = 10_000
EACH = 20
"""Commands of a member: more in a minute would be refused."""
LEAST = 1_000
SLACK_COMMANDS = (
    "list", "preview diffusion OR flow", "search language model", "status", "saved", "top all", "help query",
)  # fmt: skip
DISCORD_COMMANDS: tuple[tuple[str, dict[str, str]], ...] = (
    ("list", {}), ("preview", {"query": "diffusion OR flow"}), ("search", {"query": "language model"}),
    ("status", {}), ("saved", {}), ("top", {"period": "all"}), ("help", {"topic": "query"}),
)  # fmt: skip


async def _serve_slack(pipe: Connection) -> None:
    async with SlackStandIn() as slack:
        slack.limits.enforced = False
        texts, numbers = itertools.cycle(SLACK_COMMANDS), itertools.count()

        async def command() -> float | None:
            done = await slack.command(next(texts), user=f"U0{next(numbers) // EACH}")
            # The command stays in flight until it is answered.
            await slack.until(partial(_responded, done), 60)
            return done.acknowledged

        await _members(pipe, slack.api_url, command, IN_FLIGHT["slack"])


async def _serve_discord(pipe: Connection) -> None:
    async with discord.DiscordStandIn() as town:
        town.limits.enforced = False
        asked, numbers = itertools.cycle(DISCORD_COMMANDS), itertools.count(discord.ANN * EACH)

        async def command() -> float | None:
            name, options = next(asked)
            who = next(numbers) // EACH
            done = await town.command(name, user=who, **cast("dict[str, Any]", options))
            await town.until(partial(_said, done), 60)
            return done.acknowledged

        await _members(pipe, town.url, command, IN_FLIGHT["discord"])


async def _members(pipe: Connection, url: str, command: Callable[[], Awaitable[float | None]], many: int) -> None:
    """Busy members, from the first word of the pipe until the second, which is answered with what was timed."""
    taken: list[float | None] = []
    await asyncio.to_thread(pipe.send, url)
    await asyncio.to_thread(pipe.recv)
    over = asyncio.ensure_future(asyncio.to_thread(pipe.recv))

    async def member() -> None:
        while not over.done() or len(taken) < LEAST:
            taken.append(await command())

    await asyncio.gather(*(member() for _ in range(many)))
    await over
    await asyncio.to_thread(pipe.send, taken)
    await asyncio.to_thread(pipe.recv)


def _responded(done: SlackInteraction) -> bool:
    return bool(done.responses)


def _said(done: discord.Interaction) -> bool:
    return any(body.get("content") or body.get("embeds") for body in done.replies)


def serve(platform: str, pipe: Connection) -> None:
    """The platform's side."""
    asyncio.run((_serve_slack if platform == "slack" else _serve_discord)(pipe))


def make_chat(platform: str, url: str, store: Store, clock: SystemClock) -> SlackChat | DiscordChat:
    if platform == "slack":
        return SlackChat(SlackSettings(api_url=url, bot_token=BOT_TOKEN, app_token=APP_TOKEN), store, clock)
    return DiscordChat(DiscordSettings(discord.TOKEN, url), store, clock)


async def measure(platform: str, town: Connection, arxiv: Connection, folder: Path) -> None:
    clock = SystemClock()
    url, arxiv_url = await asyncio.to_thread(town.recv), await asyncio.to_thread(arxiv.recv)
    store = await SqliteStore.open(folder / "bench.db")
    source = ArxivSource(api_url=arxiv_url, delay=0.0, contact="", backfill=timedelta(days=1), clock=clock)
    watcher = Watcher(source, store, clock)
    chat = make_chat(platform, url, store, clock)
    dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
    commands = Commands(store, source, clock, wake=dispatcher.wake, default_zone="UTC")
    try:
        await watcher.poll()
        await add_watches(store, queries(WATCHES))
        await chat.start(Inbox(commands, store, source, clock, wake=dispatcher.wake))
        await asyncio.to_thread(arxiv.send, "announce")
        await asyncio.to_thread(arxiv.recv)
        async with watched_loop() as loop:
            await asyncio.to_thread(town.send, "go")
            result = await watcher.poll()
            await asyncio.to_thread(town.send, "over")
            taken: list[float | None] = await asyncio.to_thread(town.recv)
        await asyncio.to_thread(arxiv.send, "count")
        await asyncio.to_thread(arxiv.recv)
    finally:
        await chat.close()
        await asyncio.to_thread(town.send, "end")
        source.close()
        await store.close()
    if result.failure or result.checked != PAPERS_A_DAY:
        raise RuntimeError(f"the poll went wrong: {result}")
    if missed := taken.count(None):
        raise RuntimeError(f"{missed} commands were not acknowledged in time")
    milliseconds = [each * 1000 for each in taken if each is not None]
    report(
        commands=len(milliseconds),
        in_flight=IN_FLIGHT[platform],
        papers=result.checked,
        p50_ms=round(statistics.median(milliseconds)),
        p99_ms=round(statistics.quantiles(milliseconds, n=100)[98]),
        most_ms=round(max(milliseconds)),
        loop_held_ms=round(loop.longest * 1000),
        peak_mb=round(peak_megabytes()),
    )


def main(platform: str) -> None:
    context = multiprocessing.get_context("spawn")
    town, town_there = multiprocessing.Pipe()
    arxiv, arxiv_there = multiprocessing.Pipe()
    servers = [
        context.Process(target=serve, args=(platform, town_there), daemon=True),
        context.Process(target=poll.serve, args=(arxiv_there,), daemon=True),
    ]
    for server in servers:
        server.start()
    favour_the_loop()
    with TemporaryDirectory() as folder:
        asyncio.run(measure(platform, town, arxiv, Path(folder)))
    arxiv.send("stop")
    for server in servers:
        server.join()


if __name__ == "__main__":
    main(sys.argv[1])
