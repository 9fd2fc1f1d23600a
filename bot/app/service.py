"""`paperroute run`: serve every platform whose tokens are set, until a signal comes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from adapters.web import WebServer
from bot import __version__
from bot.app.assembly import Parts, assembled, at_work
from bot.app.platforms import CanFail, Served, are_ready, chats_of, mail_of
from bot.app.progress_bar import ProgressBar
from bot.app.running import run_until_stopped
from bot.app.terminal import console, standard_input_is_shut
from bot.config import PLATFORM_TOKENS, Config
from bot.errors import ConfigError
from bot.logs import set_up_logging
from bot.ports import Chat, Store

if TYPE_CHECKING:
    from adapters.web.metrics import Metrics

logger = logging.getLogger(__name__)


def run(config: Config) -> int:
    """With no platform's tokens set, the console. Returns the exit status. Raises ConfigError, StoreError."""
    if config.slack is not None or config.discord is not None:
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
    metrics = _metrics(config)

    def make_chats(store: Store) -> list[Chat]:
        chats.extend([*chats_of(config, store, listen=True, meter=metrics), *mail_of(config, store, served=True)])
        return chats

    with ProgressBar() as bar:
        async with (
            assembled(config, stop, make_chats, bar.show, metrics) as parts,
            at_work(config, parts, parts.watcher.poll),
            _counting_defects(metrics),
            _web(config, chats, parts, metrics),
        ):
            logger.info("Serving %s.", " and ".join(chat.platform for chat in chats))
            said = await _until_stopped(stop, chats)
            logger.info("Stopping.")
    if said:
        raise ConfigError([said])
    return 0


def _metrics(config: Config) -> Metrics | None:
    """Who counts for ``/metrics``, where that is asked for: its library takes a tenth of a second to load."""
    if config.metrics_token is None:
        return None
    from adapters.web.metrics import Metrics  # noqa: PLC0415  see above

    return Metrics(config.metrics_token.value, __version__)


@contextlib.asynccontextmanager
async def _counting_defects(metrics: Metrics | None) -> AsyncIterator[None]:
    """Where there are metrics, what nobody foresaw is counted as long as the block lasts."""
    root = logging.getLogger()
    if metrics is not None:
        root.addHandler(metrics.defects)
    try:
        yield
    finally:
        if metrics is not None:
            root.removeHandler(metrics.defects)


async def _until_stopped(stop: asyncio.Event, chats: Sequence[Chat]) -> str:
    """Wait for a signal, or for a platform that does not serve any more; why that is so, empty for a signal."""
    stopping = asyncio.ensure_future(stop.wait())
    failing = [asyncio.ensure_future(chat.failed()) for chat in chats if isinstance(chat, CanFail)]
    try:
        await asyncio.wait([stopping, *failing], return_when=asyncio.FIRST_COMPLETED)
        return next((each.result() for each in failing if each.done()), "")
    finally:
        for task in (stopping, *failing):
            task.cancel()
        await asyncio.gather(stopping, *failing, return_exceptions=True)


@contextlib.asynccontextmanager
async def _web(config: Config, chats: Sequence[Chat], parts: Parts, metrics: Metrics | None) -> AsyncIterator[None]:
    """The web server, where one is asked for, as long as the block lasts."""
    if config.web is None:
        yield
        return

    async def ready() -> bool:
        await parts.store.last_beat()
        return are_ready(chats)

    host, port = config.web
    routes = [route for chat in chats if isinstance(chat, Served) for route in chat.routes]
    if metrics is not None:
        routes += metrics.routes(parts.store.backlog)
    server = WebServer(host, port, routes=routes, ready=ready)
    await server.start()
    try:
        yield
    finally:
        await server.stop()
