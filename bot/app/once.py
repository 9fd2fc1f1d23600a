"""`paperroute poll`: one poll, deliver what is due, exit; for cron."""

from __future__ import annotations

import asyncio
import logging
import sys
from functools import partial

from bot.app.assembly import assembled
from bot.app.platforms import chats_of, mail_of
from bot.app.progress_bar import ProgressBar
from bot.app.running import run_until_stopped, unless
from bot.app.terminal import console_chat
from bot.config import Config
from bot.logs import set_up_logging
from bot.ports import Chat, Store
from bot.watcher import PollResult
from bot.wording import count, number


def poll(config: Config) -> int:
    """Returns 0, or 1 when arXiv could not be read to the end. Raises ConfigError, StoreError, DeliveryError."""
    set_up_logging(config.log, default_level=logging.ERROR, secrets=config.secrets)
    return run_until_stopped(partial(_poll_once, config))


async def _poll_once(config: Config, stop: asyncio.Event) -> int:
    def make_chats(store: Store) -> list[Chat]:
        chats = chats_of(config, store, listen=False) or [console_chat(config, interactive=False)]
        return [*chats, *mail_of(config, store, served=False)]

    result = PollResult()
    with ProgressBar() as bar:
        async with assembled(config, stop, make_chats, bar.show) as parts:

            async def poll_and_deliver() -> None:
                nonlocal result
                result = await parts.watcher.poll()
                if parts.signals is not None:
                    await parts.signals.read_if_due()
                await parts.dispatcher.drain()

            try:
                done = await unless(stop, poll_and_deliver())
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
