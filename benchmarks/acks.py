"""How soon Slack's commands are acknowledged: 200 in flight at any time, while a poll of 1,300 papers goes on.

The program's own adapter, core and store listen on the real Socket Mode client; Slack and arXiv are stand-ins in
processes of their own. An acknowledgement is timed where Slack would: from sending the command to its receipt.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import statistics
from datetime import timedelta
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from adapters.arxiv import ArxivSource
from adapters.slack import SlackChat, SlackSettings
from benchmarks import poll
from benchmarks.filling import add_watches
from benchmarks.material import PAPERS_A_DAY, queries
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.app.running import spare_what_stays
from bot.clock import SystemClock
from bot.commands import Commands
from bot.delivery import Dispatcher
from bot.inbox import Inbox
from bot.watcher import Watcher
from storage.sqlite import SqliteStore
from tests.standins.slack import APP_TOKEN, BOT_TOKEN, Interaction, SlackStandIn

IN_FLIGHT = 200
WATCHES = 10_000
LEAST = 1_000
COMMANDS = ("list", "preview diffusion OR flow", "search language model", "status", "saved", "top all", "help query")


async def _serve(pipe: Connection) -> None:
    taken: list[float | None] = []
    async with SlackStandIn() as slack:
        slack.limits.enforced = False
        await asyncio.to_thread(pipe.send, slack.api_url)
        await asyncio.to_thread(pipe.recv)
        texts = itertools.cycle(COMMANDS)
        over = asyncio.ensure_future(asyncio.to_thread(pipe.recv))

        async def member() -> None:
            while not over.done() or len(taken) < LEAST:
                done = await slack.command(next(texts))
                taken.append(done.acknowledged)
                # The command stays in flight until it is answered.
                await slack.until(partial(_answered, done), 60)

        await asyncio.gather(*(member() for _ in range(IN_FLIGHT)))
        await over
        await asyncio.to_thread(pipe.send, taken)
        await asyncio.to_thread(pipe.recv)


def _answered(done: Interaction) -> bool:
    return bool(done.responses)


def serve(pipe: Connection) -> None:
    """Slack with 200 busy members, from the first word until the second."""
    asyncio.run(_serve(pipe))


async def measure(slack: Connection, arxiv: Connection, folder: Path) -> None:
    clock = SystemClock()
    slack_url, arxiv_url = await asyncio.to_thread(slack.recv), await asyncio.to_thread(arxiv.recv)
    store = await SqliteStore.open(folder / "bench.db")
    source = ArxivSource(api_url=arxiv_url, delay=0.0, contact="", backfill=timedelta(days=1), clock=clock)
    watcher = Watcher(source, store, clock)
    settings = SlackSettings(api_url=slack_url, bot_token=BOT_TOKEN, app_token=APP_TOKEN)
    chat = SlackChat(settings, store, clock)
    dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
    commands = Commands(store, source, clock, wake=dispatcher.wake, default_zone="UTC")
    try:
        await watcher.poll()
        await add_watches(store, queries(WATCHES))
        await chat.start(Inbox(commands, store, source, clock, wake=dispatcher.wake))
        await asyncio.to_thread(arxiv.send, "announce")
        await asyncio.to_thread(arxiv.recv)
        async with watched_loop() as loop:
            await asyncio.to_thread(slack.send, "go")
            result = await watcher.poll()
            await asyncio.to_thread(slack.send, "over")
            taken: list[float | None] = await asyncio.to_thread(slack.recv)
        await asyncio.to_thread(arxiv.send, "count")
        await asyncio.to_thread(arxiv.recv)
    finally:
        await chat.close()
        await asyncio.to_thread(slack.send, "end")
        source.close()
        await store.close()
    if result.failure or result.checked != PAPERS_A_DAY:
        raise RuntimeError(f"the poll went wrong: {result}")
    if missed := taken.count(None):
        raise RuntimeError(f"{missed} commands were not acknowledged in time")
    milliseconds = [each * 1000 for each in taken if each is not None]
    report(
        commands=len(milliseconds),
        in_flight=IN_FLIGHT,
        papers=result.checked,
        p50_ms=round(statistics.median(milliseconds)),
        p99_ms=round(statistics.quantiles(milliseconds, n=100)[98]),
        most_ms=round(max(milliseconds)),
        loop_held_ms=round(loop.longest * 1000),
        peak_mb=round(peak_megabytes()),
    )


def main() -> None:
    context = multiprocessing.get_context("spawn")
    slack, slack_there = multiprocessing.Pipe()
    arxiv, arxiv_there = multiprocessing.Pipe()
    servers = [
        context.Process(target=serve, args=(slack_there,), daemon=True),
        context.Process(target=poll.serve, args=(arxiv_there,), daemon=True),
    ]
    for server in servers:
        server.start()
    spare_what_stays()
    with TemporaryDirectory() as folder:
        asyncio.run(measure(slack, arxiv, Path(folder)))
    arxiv.send("stop")
    for server in servers:
        server.join()


if __name__ == "__main__":
    main()
