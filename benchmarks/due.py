"""Nine o'clock in the busiest time zone: 30,000 of 100,000 channels are due, in 10,000 workspaces.

Found, composed and handed to a platform that takes everything at once, so that what is measured is the program's own
work. A digest has about five papers. Meanwhile members type commands, and a paper is brought into a channel now and
then, which is to be posted before the digests that wait.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import sqlite_utils

from benchmarks.crowd import BUSIEST, Crowd, crowd
from benchmarks.filling import MEMBER, open_with_papers
from benchmarks.material import PAPERS_A_DAY, papers
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.app.running import favour_the_loop
from bot.channel_schedule import Schedule
from bot.composing import SLICE, Composer
from bot.delivery import Dispatcher
from bot.digest import post_key
from bot.fan_out import fan_out
from bot.models import Batch, ChannelRef, Cursor, Entry, MessageRef, Paper, Post, PostKind, PostLimits
from bot.ports import Handler
from storage.sqlite import SqliteStore

SIZE = Crowd(watches=200_000, channels=100_000, workspaces=10_000, queries=60_000)
ANNOUNCED = 700
"""Papers; with these watches a digest has about five of them."""
LIMITS = PostLimits(papers=10, characters=10_000, overhead=40)
COMPOSED_ALONE = 20_000
"""So many channels are composed for before anything is sent, to see how fast that is by itself."""


class NineOClock:
    """A clock that stood at ``moment`` when it was made."""

    def __init__(self, moment: datetime) -> None:
        self._moment, self._begun = moment, time.monotonic()

    def now(self) -> datetime:
        return self._moment + timedelta(seconds=time.monotonic() - self._begun)

    def monotonic(self) -> timedelta:
        return self.now() - self._moment

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class EagerChat:
    """A platform that takes every post as it comes. ``sent`` has the keys and when each was taken."""

    platform = SIZE.platform
    limits = LIMITS

    def __init__(self) -> None:
        self.sent: dict[str, float] = {}

    async def start(self, handler: Handler) -> None:
        """Nothing is heard here."""

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        self.sent[post.key] = time.perf_counter()
        return MessageRef(channel, f"m{len(self.sent)}")

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        return MessageRef(channel, "m0") if post.key in self.sent else None

    async def close(self) -> None:
        """Nothing is open."""


async def prepared(path: Path, moment: datetime) -> tuple[SqliteStore, list[Paper]]:
    """A store in which the channels that post instantly have their posts behind them, and the others before them."""
    made = papers(2 * PAPERS_A_DAY, moment.date())
    before, day = made[:PAPERS_A_DAY], made[PAPERS_A_DAY:]
    await (await open_with_papers(path, before)).close()
    await asyncio.to_thread(crowd, path, SIZE, moment - timedelta(seconds=1))
    store = await SqliteStore.open(path)
    new = day[:ANNOUNCED]
    evening = NineOClock(moment - timedelta(hours=9))
    await store.record(Batch(tuple(new), Cursor("read"), announced=len(new)), evening.now())
    await fan_out(store, evening)
    await store.add_papers(day[ANNOUNCED:])
    await Composer(store, {SIZE.platform: LIMITS}, NineOClock(moment - timedelta(hours=8))).due()
    await store._database.write(_sent_in_the_evening)
    return store, day[ANNOUNCED:]


def _sent_in_the_evening(db: sqlite_utils.Database) -> None:
    db.execute("UPDATE posts SET state = 'sent'")
    db.execute("UPDATE channels SET ready_at = NULL")
    db.execute("UPDATE workspaces SET ready_at = NULL")


async def found_in(store: SqliteStore, moment: datetime) -> float:
    """How many milliseconds it takes to find the next slice of those that are due, the quickest of five times."""
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        await store.due_channels((SIZE.platform,), moment, SLICE)
        taken.append((time.perf_counter() - begun) * 1000)
    return round(min(taken), 1)


async def compose_alone(store: SqliteStore, clock: NineOClock) -> dict[str, float]:
    """Messages of digests composed a second of processor time, and how long the event loop was held."""
    composer = Composer(store, {SIZE.platform: LIMITS}, clock)
    slices = 0

    async def between() -> bool:
        nonlocal slices
        slices += 1
        return slices * SLICE < COMPOSED_ALONE

    before = await store._database.read(_entries)
    cpu, begun = time.process_time(), time.perf_counter()
    async with watched_loop() as loop:
        posts = await composer.due(between)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - begun
    entries = await store._database.read(_entries) - before
    return {
        "papers_a_message": round(entries / posts, 1),
        "messages": posts,
        "messages_a_second": round(posts / cpu),
        "channels_a_second": round(slices * SLICE / cpu),
        "compose_wall_seconds": round(wall, 1),
        "compose_loop_held_ms": round(loop.longest * 1000),
    }


def _entries(db: sqlite_utils.Database) -> int:
    return int(db.execute("SELECT count(*) FROM entries").fetchone()[0])


@asynccontextmanager
async def brought(
    store: SqliteStore, chat: EagerChat, clock: NineOClock, extra: list[Paper], wake: asyncio.Event
) -> AsyncIterator[dict[str, list[float]]]:
    """Inside the block a member reads a list and another brings a paper, ten times a second; how long each takes."""
    taken: dict[str, list[float]] = {"commands": [], "brought": []}
    asked: dict[str, float] = {}

    async def bring() -> None:
        for number, paper in enumerate(extra):
            ref = ChannelRef(SIZE.platform, f"T{number * 7 % SIZE.workspaces + 1:05}", "papers")
            known = await store.channels(SIZE.platform, ref.workspace)
            begun = time.perf_counter()
            await store.watches(known[0].ref)
            taken["commands"].append(time.perf_counter() - begun)
            key = post_key(known[0].ref, PostKind.CARD, (), clock.now(), paper.id)
            asked[key] = time.perf_counter()
            card = Post(key, known[0].ref, PostKind.CARD, "brought", (Entry(0, paper),))
            await store.bring(card, MEMBER, clock.now(), since=clock.now(), most=10**6)
            wake.set()
            await asyncio.sleep(0.1)

    bringing = asyncio.create_task(bring())
    try:
        yield taken
    finally:
        bringing.cancel()
        await asyncio.gather(bringing, return_exceptions=True)
        taken["brought"] = [chat.sent[key] - at for key, at in asked.items() if key in chat.sent]


async def deliver(store: SqliteStore, clock: NineOClock, extra: list[Paper]) -> dict[str, float]:
    """Send all that is left to be sent, a third of it not composed yet."""
    chat, wake = EagerChat(), asyncio.Event()
    dispatcher = Dispatcher(store, [chat], clock, random=Random(1))

    async def waking() -> None:
        while True:
            await wake.wait()
            wake.clear()
            dispatcher.wake()

    cpu, begun = time.process_time(), time.perf_counter()
    tasks = [asyncio.create_task(dispatcher.run()), asyncio.create_task(waking())]
    async with watched_loop() as loop, brought(store, chat, clock, extra, wake) as taken:
        while not dispatcher.sent or await store.next_attempt([SIZE.platform]) is not None:  # noqa: ASYNC110  as in drain
            await asyncio.sleep(0.5)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - begun
    await dispatcher.stop()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "sent": len(chat.sent),
        "sent_a_second": round(len(chat.sent) / wall),
        "send_cpu_ms": round(1000 * cpu / len(chat.sent), 2),
        "send_loop_held_ms": round(loop.longest * 1000),
        "command_p99_ms": round(1000 * statistics.quantiles(taken["commands"], n=100)[98]),
        "brought_median_ms": round(1000 * statistics.median(taken["brought"])),
        "brought_p99_ms": round(1000 * statistics.quantiles(taken["brought"], n=100)[98]),
    }


async def measure(folder: Path) -> None:
    moment = Schedule.from_canonical(BUSIEST).next_after(datetime.now(UTC))
    assert moment is not None
    begun = time.perf_counter()
    store, extra = await prepared(folder / "due.db", moment)
    prepared_seconds = round(time.perf_counter() - begun, 1)
    favour_the_loop()
    try:
        clock = NineOClock(moment)
        due = len(await store.due_channels((SIZE.platform,), clock.now(), SIZE.channels))
        found_ms = await found_in(store, clock.now())
        composed = await compose_alone(store, clock)
        delivered = await deliver(store, clock, extra)
    finally:
        await store.close()
    report(
        channels=SIZE.channels,
        due=due,
        prepared_seconds=prepared_seconds,
        found_ms=found_ms,
        **composed,
        **delivered,
        peak_mb=round(peak_megabytes()),
    )


def main() -> None:
    logging.disable(logging.INFO)
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
