"""`paperroute poll`: one poll, deliver what is due, exit; for cron."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterable
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
    platforms: list[str] = []

    def make_chats(store: Store) -> list[Chat]:
        made = chats_of(config, store, listen=False) or [console_chat(config, interactive=False)]
        platforms.extend(chat.platform for chat in made)
        return [*made, *mail_of(config, store, served=False)]

    result = PollResult()
    with ProgressBar() as bar:
        async with assembled(config, stop, make_chats, bar.show) as parts:

            async def poll_and_deliver() -> None:
                nonlocal result
                result = await parts.watcher.poll()
                if parts.signals is not None:
                    await parts.signals.read_if_due()
                if await _proposes(parts.store, platforms):
                    # Nothing else makes the index where no process stays.
                    await parts.relatives.refresh()
                await parts.after_restore.once()
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


async def _proposes(store: Store, platforms: Iterable[str]) -> bool:
    """Whether the digests of some channel end with similar papers."""
    channels = [channel for platform in platforms for channel in await store.channels(platform)]
    return any(channel.similar for channel in channels)
