"""`paperroute console`: the conversation in a terminal or on a pipe, beside polls and delivery."""

from __future__ import annotations

import asyncio
import getpass
import logging
import os
import sys
from functools import partial
from pathlib import Path

from adapters.console import ConsoleChat, wants_colour
from bot.app.assembly import Parts, assembled, at_work
from bot.app.platforms import mail_of
from bot.app.progress_bar import ProgressBar
from bot.app.running import run_until_stopped, unless
from bot.categories import CATEGORIES
from bot.clock import SystemClock
from bot.commands.table import COMMANDS
from bot.config import Config
from bot.delivery import Dispatcher
from bot.errors import StoreError
from bot.logs import set_up_logging
from bot.ports import Chat, Store
from bot.supervision import report


def console(config: Config) -> int:
    """Serve the terminal, or commands on a pipe, until their end. Returns the exit status."""
    interactive = not standard_input_is_shut() and sys.stdin.isatty() and sys.stdout.isatty()
    set_up_logging(config.log, default_level=logging.WARNING, secrets=config.secrets)
    return run_until_stopped(partial(_converse, config, interactive))


async def _converse(config: Config, interactive: bool, stop: asyncio.Event) -> int:
    """Poll and deliver beside the conversation; at the end of a pipe, what waits goes out."""
    chat = console_chat(config, interactive=interactive)
    polled = asyncio.Event()
    with ProgressBar() as bar:
        progress = chat.show_progress if interactive else bar.show

        def make_chats(store: Store) -> list[Chat]:
            return [chat, *mail_of(config, store, served=False)]

        async with assembled(config, stop, make_chats, progress) as parts:

            async def poll_once() -> None:
                try:
                    await parts.watcher.poll()
                finally:
                    polled.set()

            async with at_work(config, parts, poll_once):
                # A script's `+1` means the digest that its line before asked for.
                conversation = chat.converse(None if interactive else partial(_settle, parts.dispatcher))
                if await unless(stop, conversation) and not interactive and not chat.gone:
                    await unless(stop, _finish(parts, chat.platform, polled))
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


def standard_input_is_shut() -> bool:
    """Whether nobody can type anything: standard input is closed or the null device."""
    try:
        return os.path.samestat(os.fstat(0), Path(os.devnull).stat())
    except OSError:
        return True


def user_name() -> str:
    """Who runs the program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "you"


def console_chat(config: Config, *, interactive: bool) -> ConsoleChat:
    """The console with its files beside the database."""

    def beside(suffix: str) -> Path:
        return config.database.with_name(config.database.name + suffix)

    return ConsoleChat(
        output=sys.stdout,
        stdin=0,
        transcript=beside(".console"),
        history=beside(".history"),
        clock=SystemClock(),
        member=user_name(),
        interactive=interactive,
        commands=[name for info in COMMANDS for name in (info.name, *info.aliases)],
        categories=list(CATEGORIES),
        colour=wants_colour(sys.stdout, os.environ),
    )
