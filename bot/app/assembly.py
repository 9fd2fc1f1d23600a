"""The parts of a running process, wired; and their way down.

They are taken down in an order that loses nothing: no new polls, what is being sent finishes, the platforms close, the
store closes last.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Protocol

from adapters.arxiv import ArxivSource
from adapters.console import CHANNEL
from adapters.huggingface import HuggingFaceSource
from adapters.plots import ProcessPlotter
from adapters.tfidf import FileIndex
from bot.after_restore import AfterRestore
from bot.app.platforms import Mails
from bot.app.running import StoppedError, unless
from bot.clock import SystemClock
from bot.commands import Commands
from bot.config import Config
from bot.delivery import Dispatcher
from bot.following import follow
from bot.housekeeping import prune, tidy
from bot.inbox import Inbox
from bot.member_limits import MemberLimits
from bot.models import Progress
from bot.ports import Chat, Clock, Meter, PaperSource, Store
from bot.schedule import Job, Jobs
from bot.signals import SignalReader
from bot.similar import Relatives
from bot.supervision import supervise
from bot.watch_review import review
from bot.watcher import Watcher
from bot.weekly_top import by_community
from storage.sqlite import SqliteStore


@dataclass(frozen=True, slots=True)
class Parts:
    """What is running, and the clock that it runs by. ``signals`` is None where they are switched off."""

    clock: Clock
    store: Store
    source: PaperSource
    dispatcher: Dispatcher
    watcher: Watcher
    inbox: Inbox
    signals: SignalReader | None
    relatives: Relatives
    after_restore: AfterRestore


class Timed(Protocol):
    """What runs by a timetable, as ``bot.schedule.Jobs`` does."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


class MakeJobs(Protocol):
    """Makes that of three coroutine functions, as ``bot.schedule.Jobs``."""

    def __call__(self, poll: Job, beat: Job, housekeeping: Job, *, interval: timedelta) -> Timed: ...


@asynccontextmanager
async def assembled(
    config: Config,
    stop: asyncio.Event,
    make_chats: Callable[[Store], Sequence[Chat]],
    progress: Callable[[Progress], None],
    meter: Meter | None = None,
    *,
    clock: Clock | None = None,
) -> AsyncIterator[Parts]:
    """The parts with the platforms started; platforms and store are closed at the end. ``clock``: the machine's when
    there is none.

    Raises StoppedError when ``stop`` came before the platforms were ready, and whatever keeps one from starting.
    """
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        store = await SqliteStore.open(config.database)
        stack.push_async_callback(store.close)
        source = ArxivSource(
            api_url=config.arxiv_api_url.value,
            delay=config.arxiv_delay,
            contact=config.contact,
            backfill=config.backfill,
            clock=clock,
        )
        stack.callback(source.close)
        chats = make_chats(store)
        index = FileIndex(config.database.with_name(config.database.name + ".similar"), clock)
        relatives = Relatives(store, index, clock)
        after_restore = AfterRestore(store, chats, clock)
        await after_restore.begin()
        dispatcher = Dispatcher(
            store,
            chats,
            clock,
            random=Random(),  # noqa: S311  spreads retries, guards nothing
            rated=by_community(store) if config.signals is not None else None,
            propose=relatives.proposals,
            held=after_restore.held,
            meter=meter,
        )
        watcher = Watcher(source, store, clock, on_owed=dispatcher.wake, progress=progress, meter=meter)
        mailer = next((chat for chat in chats if isinstance(chat, Mails)), None)
        signals: SignalReader | None = None
        if config.signals is not None:
            community = HuggingFaceSource(config.signals.api_url, contact=config.contact, clock=clock)
            stack.push_async_callback(community.close)
            signals = SignalReader(community, store, clock, on_owed=lambda _: dispatcher.wake())
        commands = Commands(
            store,
            source,
            clock,
            wake=dispatcher.wake,
            default_zone=config.timezone,
            signals=signals is not None,
            mailer=mailer,
            relatives=relatives,
            plotter=ProcessPlotter(clock),
        )
        # Whoever sits at the console runs the program, and pipes scripts of hundreds of lines into it.
        limits = MemberLimits(clock, exempt=(CHANNEL.platform,))
        inbox = Inbox(commands, store, source, clock, wake=dispatcher.wake, limits=limits)
        # The mailer first: as soon as a platform has started, a member may ask for a code.
        for chat in sorted(chats, key=lambda chat: chat is not mailer):
            stack.push_async_callback(chat.close)
            if not await unless(stop, chat.start(inbox)):
                raise StoppedError
        yield Parts(clock, store, source, dispatcher, watcher, inbox, signals, relatives, after_restore)


async def keep_house(parts: Parts, keep: timedelta) -> None:
    """What is done once a day. ``keep``: how long papers stay that nobody was given. Raises StoreError, SourceError."""
    await prune(parts.store, parts.clock, keep)
    await tidy(parts.store, parts.clock)
    await review(parts.store, parts.clock, wake=parts.dispatcher.wake)
    await parts.relatives.refresh()
    await follow(parts.store, parts.source, parts.clock, wake=parts.dispatcher.wake)


@asynccontextmanager
async def at_work(
    config: Config, parts: Parts, poll: Callable[[], Awaitable[object]], make_jobs: MakeJobs = Jobs
) -> AsyncIterator[None]:
    """Polls, signals, housekeeping and delivery, as long as the block lasts; ``poll`` does one poll."""
    clock = parts.clock
    jobs = make_jobs(
        poll=poll,
        beat=lambda: parts.store.beat(clock.now()),
        housekeeping=lambda: keep_house(parts, config.keep),
        interval=config.poll_interval,
    )
    jobs.start()
    delivering = asyncio.create_task(supervise("Delivering", parts.dispatcher.run, clock))
    reading = [asyncio.create_task(supervise("Reading signals", parts.signals.run, clock))] if parts.signals else []
    reading.append(
        asyncio.create_task(
            supervise("Reading back what was posted", lambda: parts.after_restore.run(parts.dispatcher.wake), clock)
        )
    )
    try:
        yield
    finally:
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        await jobs.stop()
        await parts.dispatcher.stop()
        # It may be waiting out a defect; what was under way has been settled by now.
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
