"""The composition root: the only module that knows everybody.

Builds the parts from the settings, runs them until the input ends or a signal comes, and takes them down in an order
that loses nothing: no new polls, what is being sent finishes, the platforms close, the store closes last.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tqdm import tqdm

from adapters.arxiv import ArxivSource
from adapters.console import ConsoleChat, wants_colour
from bot.categories import CATEGORIES
from bot.clock import SystemClock
from bot.commands import Commands
from bot.commands.table import COMMANDS
from bot.config import PLATFORM_TOKENS, Config
from bot.delivery import Dispatcher
from bot.errors import ConfigError, StoreError
from bot.housekeeping import prune
from bot.inbox import Inbox
from bot.logs import set_up_logging
from bot.models import Progress
from bot.ports import Chat, Store
from bot.schedule import Jobs
from bot.supervision import report, supervise
from bot.watcher import PollResult, Watcher
from bot.wording import count, number
from storage.sqlite import SqliteStore

logger = logging.getLogger(__name__)

# A process that gives a sign of life each minute and has been silent for so long is not serving.
HEALTHY = timedelta(minutes=3)


def run(config: Config) -> int:
    """Serve every platform whose tokens are set; with none set, the console. Returns the exit status."""
    _refuse_tokens(config)
    if _standard_input_is_shut():
        names = ", ".join(" with ".join(names) for names in PLATFORM_TOKENS)
        mistake = (
            f"No platform's tokens are set ({names}) and standard input is closed, so there is nobody to talk to:"
            " start it in a terminal or pipe commands into it."
        )
        raise ConfigError([mistake])
    return console(config)


def console(config: Config) -> int:
    """Serve the terminal, or commands on a pipe, until their end. Returns the exit status."""
    interactive = not _standard_input_is_shut() and sys.stdin.isatty() and sys.stdout.isatty()
    set_up_logging(config.log, default_level=logging.WARNING, secrets=config.secrets)
    return _run_until_stopped(partial(_converse, config, interactive))


def poll(config: Config) -> int:
    """One poll, deliver what is due, exit: 0, or 1 when arXiv could not be read to the end."""
    set_up_logging(config.log, default_level=logging.ERROR, secrets=config.secrets)
    return _run_until_stopped(partial(_poll_once, config))


def status(config: Config, *, healthy_only: bool) -> int:
    """What the store says; with ``healthy_only`` just whether a process serves it: 0 or 1."""
    set_up_logging(config.log, default_level=logging.WARNING, secrets=config.secrets)
    return asyncio.run(_status(config, healthy_only=healthy_only))


@dataclass(frozen=True, slots=True)
class Parts:
    """What is running."""

    store: Store
    dispatcher: Dispatcher
    watcher: Watcher
    inbox: Inbox


@asynccontextmanager
async def _assembled(
    config: Config, chats: Sequence[Chat], progress: Callable[[Progress], None]
) -> AsyncIterator[Parts]:
    """The parts, wired, with the platforms started; platforms and store are closed at the end."""
    clock = SystemClock()
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
        dispatcher = Dispatcher(store, chats, clock, random=Random())  # noqa: S311  spreads retries, guards nothing
        watcher = Watcher(source, store, clock, on_owed=lambda _: dispatcher.wake(), progress=progress)
        commands = Commands(store, source, clock, wake=dispatcher.wake, default_zone=config.timezone)
        inbox = Inbox(commands, store, source, clock, wake=dispatcher.wake)
        for chat in chats:
            stack.push_async_callback(chat.close)
            await chat.start(inbox)
        yield Parts(store, dispatcher, watcher, inbox)


async def _converse(config: Config, interactive: bool, stop: asyncio.Event) -> int:
    """The console's life: poll and deliver beside the conversation; at the end of a pipe, what waits goes out."""
    clock = SystemClock()
    chat = _console_chat(config, interactive=interactive)
    polled = asyncio.Event()
    with _Bar() as bar:
        progress = chat.show_progress if interactive else bar.show
        async with _assembled(config, [chat], progress) as parts:

            async def poll_once() -> None:
                try:
                    await parts.watcher.poll()
                finally:
                    polled.set()

            jobs = Jobs(
                poll=poll_once,
                beat=lambda: parts.store.beat(clock.now()),
                housekeeping=lambda: prune(parts.store, clock, config.keep),
                interval=config.poll_interval,
            )
            jobs.start()
            delivering = asyncio.create_task(supervise("Delivering", parts.dispatcher.run, clock))
            try:
                # A script's `+1` means the digest that its line before asked for.
                conversation = chat.converse(None if interactive else partial(_settle, parts.dispatcher))
                if await _unless(stop, conversation) and not interactive and not chat.gone:
                    await _unless(stop, _finish(parts, chat.platform, polled))
            finally:
                await jobs.stop()
                await parts.dispatcher.stop()
                # It may be waiting out a defect; what was under way has been settled by now.
                delivering.cancel()
                await asyncio.gather(delivering, return_exceptions=True)
    return 0


async def _settle(dispatcher: Dispatcher) -> None:
    """Let what commands brought about be posted."""
    try:
        await dispatcher.drain(patience=0.0)
    except StoreError as error:
        report("Delivering", error)


async def _finish(parts: Parts, platform: str, polled: asyncio.Event) -> None:
    """A pipe has ended: what its watches are owed goes out now, since nobody will be there at the channel's time."""
    channels = await parts.store.channels(platform)
    if any([await parts.store.watches(channel.ref) for channel in channels]):
        await polled.wait()
    await parts.dispatcher.drain(everything=True)


async def _poll_once(config: Config, stop: asyncio.Event) -> int:
    _refuse_tokens(config)
    chat = _console_chat(config, interactive=False)
    result = PollResult()
    with _Bar() as bar:
        async with _assembled(config, [chat], bar.show) as parts:

            async def poll_and_deliver() -> None:
                nonlocal result
                result = await parts.watcher.poll()
                await parts.dispatcher.drain()

            try:
                done = await _unless(stop, poll_and_deliver())
            finally:
                await parts.dispatcher.stop()
    if result.failure:
        sys.stderr.write(f"paperroute: {result.failure}\n")
        return 1
    if done:
        past = f"{count(result.backfilled, 'paper')} put into the archive, " if result.backfilled else ""
        sys.stderr.write(
            f"paperroute: {past}{number(result.announced)} announced, {number(result.checked)} checked, "
            f"{number(result.matched)} matched.\n"
        )
    return 0


async def _status(config: Config, *, healthy_only: bool) -> int:
    now = datetime.now(UTC)
    if not await asyncio.to_thread(config.database.exists):
        raise StoreError(
            f"There is no database {config.database} yet; `paperroute run` makes it.", path=str(config.database)
        )
    store = await SqliteStore.open(config.database, read_only=True)
    try:
        beat = await store.last_beat()
        healthy = beat is not None and abs(now - beat) <= HEALTHY
        if healthy_only:
            return 0 if healthy else 1
        polls = await store.poll_status()
        span = await store.archive_span()
    finally:
        await store.close()
    lines = [
        f"Store: {config.database}",
        f"arXiv: {config.arxiv_api_shown}",
        f"Archive: {count(span.papers, 'paper')}" + (f", announced {span.first} to {span.last}" if span.first else ""),
        f"Last sign of life: {_moment(beat)}" + ("" if healthy else " (nothing serves this store now)"),
        f"Last poll that reached the top: {_moment(polls.last_success)}",
    ]
    if polls.backfilling:
        lines.append("The archive is still being filled.")
    if polls.missing:
        lines.append(f"Asked for again: {count(polls.missing, 'number')} that arXiv gave no paper for yet")
    if polls.failure:
        lines.append(f"Last failure: {_moment(polls.last_failure)}: {polls.failure}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def _refuse_tokens(config: Config) -> None:
    """A token without an adapter would be ignored in silence."""
    if config.tokens:
        names = ", ".join(config.tokens)
        raise ConfigError([f"{names} cannot be used: this version serves the console only; unset it to go on."])


def _standard_input_is_shut() -> bool:
    try:
        return os.path.samestat(os.fstat(0), Path(os.devnull).stat())
    except OSError:
        return True


def _console_chat(config: Config, *, interactive: bool) -> ConsoleChat:
    def beside(suffix: str) -> Path:
        return config.database.with_name(config.database.name + suffix)

    try:
        member = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        member = "you"
    return ConsoleChat(
        output=sys.stdout,
        stdin=0,
        transcript=beside(".console"),
        history=beside(".history"),
        clock=SystemClock(),
        member=member,
        interactive=interactive,
        commands=[name for info in COMMANDS for name in (info.name, *info.aliases)],
        categories=list(CATEGORIES),
        colour=wants_colour(sys.stdout, os.environ),
    )


class _Bar:
    """A progress bar on standard error where that is a terminal, nothing elsewhere."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Draw the bar as far as ``progress``; it is removed when complete."""
        if self._bar is None:
            self._bar = tqdm(total=progress.total, desc="filling the archive", unit="papers", disable=None, leave=False)
        self._bar.total = progress.total
        self._bar.update(progress.done - self._bar.n)
        if progress.done >= progress.total:
            self._bar.close()


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Do ``work`` and return True; when ``stop`` comes first, cancel it and return False."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
            return True
        return False
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def _run_until_stopped(life: Callable[[asyncio.Event], Coroutine[Any, Any, int]]) -> int:
    """Run ``life`` with an event that SIGTERM, SIGINT and a closed terminal set.

    Unlike ``asyncio.run`` it does not wait for worker threads: a request to arXiv may hang in one for a minute.
    """
    loop = asyncio.new_event_loop()
    try:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(name, stop.set)
        return loop.run_until_complete(life(stop))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
