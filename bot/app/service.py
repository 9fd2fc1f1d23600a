"""`paperroute run`: serve every platform whose tokens are set, until a signal comes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from functools import partial

from adapters.slack import SlackChat
from adapters.web import WebServer
from bot.app.assembly import Parts, assembled, at_work
from bot.app.platforms import chats_of, refuse_unserved
from bot.app.progress_bar import ProgressBar
from bot.app.running import run_until_stopped
from bot.app.terminal import console, standard_input_is_shut
from bot.config import PLATFORM_TOKENS, Config
from bot.errors import ConfigError
from bot.logs import set_up_logging
from bot.ports import Chat, Store

logger = logging.getLogger(__name__)


def run(config: Config) -> int:
    """With no platform's tokens set, the console. Returns the exit status. Raises ConfigError, StoreError."""
    refuse_unserved(config)
    if config.slack is not None:
        set_up_logging(config.log, default_level=logging.INFO, secrets=config.secrets)
        return run_until_stopped(partial(_serve, config))
    if standard_input_is_shut():
        names = ", ".join(" with ".join(names) for names in PLATFORM_TOKENS)
        mistake = (
            f"No platform's tokens are set ({names}) and standard input is closed, so there is nobody to talk to:"
            " start it in a terminal or pipe commands into it."
        )
        raise ConfigError([mistake])
    return console(config)


async def _serve(config: Config, stop: asyncio.Event) -> int:
    chats: list[Chat] = []

    def make_chats(store: Store) -> list[Chat]:
        chats.extend(chats_of(config, store, listen=True))
        return chats

    with ProgressBar() as bar:
        async with (
            assembled(config, stop, make_chats, bar.show) as parts,
            at_work(config, parts, parts.watcher.poll),
            _web(config, chats, parts),
        ):
            logger.info("Serving %s.", ", ".join(chat.platform for chat in chats))
            await stop.wait()
            logger.info("Stopping.")
    return 0


@contextlib.asynccontextmanager
async def _web(config: Config, chats: Sequence[Chat], parts: Parts) -> AsyncIterator[None]:
    """The web server, where one is asked for, as long as the block lasts."""
    if config.web is None:
        yield
        return
    served = [chat for chat in chats if isinstance(chat, SlackChat)]

    async def ready() -> bool:
        await parts.store.last_beat()
        return all(chat.ready for chat in served)

    host, port = config.web
    server = WebServer(host, port, routes=[route for chat in served for route in chat.routes], ready=ready)
    await server.start()
    try:
        yield
    finally:
        await server.stop()
