"""A digest of 50 papers to each of 200 addresses that are due at the same minute: how long the event loop is held.

The program's own adapter, dispatcher and store hand the mails to a real mail server in a process of its own. Composing
is part of what is measured.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from adapters.email import EmailChat, EmailSettings
from benchmarks.material import papers
from benchmarks.measuring import peak_megabytes, report, watched_loop
from bot.app.running import favour_the_loop
from bot.clock import SystemClock
from bot.delivery import Dispatcher
from bot.mailing import MailRequest
from bot.models import Batch, Channel, ChannelRef, Cursor, Layout, MemberRef
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.chat_contract import UnusedHandler
from tests.standins.smtp import mail_server

ADDRESSES = 200
PAPERS = 50
WATCH = "cat:cs.* OR model OR learning"
SOURCE = ChannelRef("console", "local", "terminal")
MEMBER = MemberRef("console", "local", "bench", "bench")


async def _serve(pipe: Connection) -> None:
    async with mail_server() as server:
        await asyncio.to_thread(pipe.send, server.port)
        await asyncio.to_thread(pipe.recv)
        sizes = [len(mail.content) for mail in server.mails]
        await asyncio.to_thread(pipe.send, (len({mail.recipient for mail in server.mails}), len(sizes), max(sizes)))


def serve(pipe: Connection) -> None:
    """The mail server, until it is asked what came."""
    asyncio.run(_serve(pipe))


async def fill(store: SqliteStore, now: datetime) -> None:
    """Let each address be owed the same papers now."""
    made = tuple(papers(PAPERS + 1, now.date()))
    await store.record(Batch(made[:1], Cursor("before")), now)
    await store.open_channel(Channel(SOURCE, "reading", "off UTC", Layout.DIGEST, now))
    for number in range(ADDRESSES):
        digest = f"{number}".encode()
        asked = MailRequest(MEMBER, SOURCE, f"reader{number}@lab.example", "daily 08:00 every day UTC")
        await store.add_mail_code(digest, asked, now, ends=datetime.max.replace(tzinfo=now.tzinfo), since=now, most=999)
        await store.subscribe(digest, MEMBER, now, next_due=now, workspace="bench", most=ADDRESSES)
    await store.add_watch(SOURCE, Query.parse(WATCH), WATCH, MEMBER, now, most=1)
    matches = {key: [paper.id for paper in made[1:]] async for block in store.queries() for key in block.numbers}
    await store.record(Batch(made[1:], Cursor("now"), announced=PAPERS), now)
    while await store.fan_out(PAPERS) is not None:
        await store.put_matches(matches, max(matches))
        while not (await store.owe_next(now, PAPERS)).finished:
            continue


async def measure(pipe: Connection, folder: Path) -> None:
    clock = SystemClock()
    port = await asyncio.to_thread(pipe.recv)
    store = await SqliteStore.open(folder / "bench.db")
    settings = EmailSettings(
        host="127.0.0.1",
        port=port,
        sender="papers@lab.example",
        starttls=False,
        public_url="https://papers.lab.example",
    )
    chat = EmailChat(settings, store, clock)
    dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
    try:
        await fill(store, clock.now())
        await chat.start(UnusedHandler())
        begun, used = time.monotonic(), time.process_time()
        async with watched_loop() as loop:
            await dispatcher.drain()
        taken, used = time.monotonic() - begun, time.process_time() - used
        await dispatcher.stop()
    finally:
        await chat.close()
        await store.close()
    await asyncio.to_thread(pipe.send, "tell")
    addresses, mails, longest = await asyncio.to_thread(pipe.recv)
    if addresses != ADDRESSES:
        raise RuntimeError(f"{addresses} addresses of {ADDRESSES} got something")
    report(
        addresses=ADDRESSES,
        papers=PAPERS,
        mails=mails,
        largest_kb=round(longest / 1000),
        seconds=round(taken, 1),
        cpu_seconds=round(used, 1),
        loop_held_ms=round(loop.longest * 1000),
        peak_mb=round(peak_megabytes()),
    )


def main() -> None:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    server.start()
    there.close()
    favour_the_loop()
    with TemporaryDirectory() as folder:
        asyncio.run(measure(here, Path(folder)))
    server.join()


if __name__ == "__main__":
    main()
