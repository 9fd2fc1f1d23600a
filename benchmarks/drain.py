"""Ten posts to each of 1,000 Slack channels in 50 workspaces: how fast they go out, beside what Slack allows.

The program's own dispatcher, store and client post to a stand-in in a process of its own, which counts as Slack does
and refuses what comes too fast. Some workspaces are told to wait a few seconds in the middle; the time that a workspace
was told to wait is not counted against it.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from adapters.slack.api import Credentials, WebApi
from adapters.slack.identity import channel_ref
from adapters.slack.posting import Posting
from adapters.slack.posts import CHARACTERS, OVERHEAD, PAPERS
from adapters.slack.rates import CHANNEL_INTERVAL, WORKSPACE_INTERVAL
from benchmarks.material import papers
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.app.running import favour_the_loop
from bot.clock import SystemClock
from bot.composing import Composer
from bot.delivery import Dispatcher
from bot.models import Batch, Channel, Cursor, Layout, MemberRef, PostLimits
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.slack_delivery_kit import Nth, PostingChat
from tests.standins.slack import SlackStandIn
from tests.standins.slack_faults import Kind
from tests.standins.slack_limits import WORKSPACE_A_MINUTE
from tests.store_kit import record

WORKSPACES = 50
CHANNELS = 20
POSTS = 10
TOLD_TO_WAIT = 10
SECONDS_TO_WAIT = 3
METHOD = "chat.postMessage"
LIMITS = PostLimits(PAPERS, CHARACTERS, OVERHEAD, CHANNEL_INTERVAL, WORKSPACE_INTERVAL)
MEMBER = MemberRef("slack", "T0", "U0BENCH", "bench")


def team(number: int) -> str:
    return f"T{number:03}"


def token(name: str) -> str:
    return f"xoxb-{name}"


def channel(place: int) -> str:
    return f"C{place:03}"


# The stand-in


@dataclass(frozen=True)
class Seen:
    """What the stand-in saw: when the last post of each workspace came, how many posts twice, how many refused."""

    last: dict[str, float]
    posts: int
    twice: int
    requests: int
    too_early: int


async def _serve(pipe: Connection) -> None:
    async with SlackStandIn() as slack:
        for number in range(WORKSPACES):
            slack.add_team(team(number), token(team(number)))
            for place in range(CHANNELS):
                slack.add_channel(channel(place), f"papers-{place}", team(number))
        for number in range(TOLD_TO_WAIT):
            slack.faults.append(
                Nth(Kind.RATELIMITED, METHOD, team(number), seconds=SECONDS_TO_WAIT, nth=20 + 10 * number)
            )
        await asyncio.to_thread(pipe.send, slack.api_url)
        await asyncio.to_thread(pipe.recv)
        await asyncio.to_thread(pipe.send, _seen(slack))


def _seen(slack: SlackStandIn) -> Seen:
    keys: Counter[str] = Counter()
    last: dict[str, float] = {}
    for known in slack.teams.values():
        for each in known.channels.values():
            keys.update(message.metadata["event_payload"]["key"] for message in each.messages if message.metadata)
    for asked in slack.asked(METHOD):
        last[asked.team] = max(asked.at, last.get(asked.team, 0.0))
    return Seen(
        last=last,
        posts=len(keys),
        twice=sum(times - 1 for times in keys.values()),
        requests=len(slack.asked(METHOD)),
        too_early=len(slack.too_early),
    )


def serve(pipe: Connection) -> None:
    """The stand-in, until it is asked what it saw."""
    asyncio.run(_serve(pipe))


# The program


class Tokens:
    """The app is installed everywhere."""

    async def credentials(self, workspace: str) -> Credentials:
        """As ``adapters.slack.api.Tokens``."""
        return Credentials(token(workspace), bot="B0PAPERS", user="U0PAPERS", name="paperroute")


async def fill(store: SqliteStore, clock: SystemClock) -> int:
    """Let each channel be owed a digest and the cards of its thread, and compose them; returns the number of posts."""
    made = tuple(papers(POSTS, datetime.now(UTC).date()))
    await record(store, Batch(made[:1], Cursor("before")), {}, clock.now())
    query = Query.parse("cat:cs.*")
    for number in range(WORKSPACES):
        for place in range(CHANNELS):
            ref = channel_ref(team(number), channel(place))
            await store.open_channel(Channel(ref, f"papers-{place}", "instant UTC", Layout.THREAD, clock.now()))
            await store.add_watch(ref, query, "cat:cs.*", MEMBER, clock.now(), most=100)
    matches = {key: [paper.id for paper in made[1:]] async for block in store.queries() for key in block.numbers}
    await record(store, Batch(made[1:], Cursor("now"), announced=POSTS - 1), matches, clock.now())
    return await Composer(store, {"slack": LIMITS}, clock).due()


async def drain(url: str, store: SqliteStore, clock: SystemClock, posts: int) -> tuple[float, float]:
    """Deliver everything; returns when that began, and how long the event loop was held at most, in seconds."""
    api = WebApi(Tokens(), base_url=url, clock=clock)
    await api.open()
    dispatcher = Dispatcher(store, [PostingChat(Posting(api, clock), LIMITS)], clock, random=Random(1))
    begun = time.monotonic()
    async with watched_loop() as loop:
        running = asyncio.create_task(dispatcher.run())
        while dispatcher.sent < posts:  # noqa: ASYNC110  nobody tells of it, and a moment more does not matter
            await asyncio.sleep(0.2)
    await dispatcher.stop()
    await running
    await api.close()
    return begun, loop.longest


async def measure(url: str, pipe: Connection, folder: Path) -> None:
    clock = SystemClock()
    store = await SqliteStore.open(folder / "bench.db")
    try:
        filling = time.perf_counter()
        posts = await fill(store, clock)
        filled = time.perf_counter() - filling
        cpu = time.process_time()
        begun, held = await drain(url, store, clock, posts)
        cpu = time.process_time() - cpu
    finally:
        await store.close()
    await asyncio.to_thread(pipe.send, "tell")
    seen: Seen = await asyncio.to_thread(pipe.recv)
    if (seen.posts, seen.twice) != (posts, 0) or posts != WORKSPACES * CHANNELS * POSTS:
        raise RuntimeError(f"{posts} posts, of which {seen.posts} arrived, {seen.twice} twice")
    shares = {name: allowed(name) / (last - begun) for name, last in seen.last.items()}
    report(
        posts=posts,
        channels=WORKSPACES * CHANNELS,
        workspaces=WORKSPACES,
        filled_seconds=round(filled, 1),
        wall_seconds=round(max(seen.last.values()) - begun, 1),
        percent=round(100 * statistics.mean(shares.values()), 1),
        least_percent=round(100 * min(shares.values()), 1),
        refused=seen.requests - posts,
        told_to_wait=TOLD_TO_WAIT,
        too_early=seen.too_early,
        cpu_seconds=round(cpu, 1),
        loop_held_ms=round(held * 1000),
        peak_mb=round(peak_megabytes()),
    )


def allowed(name: str) -> float:
    """The seconds that a workspace's posts take at the rate that Slack allows, waiting included."""
    waiting = SECONDS_TO_WAIT if name in {team(number) for number in range(TOLD_TO_WAIT)} else 0
    return CHANNELS * POSTS * 60 / WORKSPACE_A_MINUTE + waiting


def main() -> None:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    favour_the_loop()
    with TemporaryDirectory() as folder:
        asyncio.run(measure(here.recv(), here, Path(folder)))
    server.join()


if __name__ == "__main__":
    main()
