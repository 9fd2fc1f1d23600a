"""`paperroute status`: what the store says of polls, posts and channels."""

from __future__ import annotations

import asyncio
import logging
import sys
from datetime import UTC, datetime, timedelta

from bot.config import Config
from bot.errors import StoreError
from bot.logs import set_up_logging
from bot.wording import count
from storage.sqlite import SqliteStore

# A process that gives a sign of life each minute and has been silent for so long is not serving.
HEALTHY = timedelta(minutes=3)


def status(config: Config, *, healthy_only: bool) -> int:
    """Prints a few lines; with ``healthy_only`` just says whether a process serves the store, by the status 0 or 1.

    Raises StoreError.
    """
    set_up_logging(config.log, default_level=logging.WARNING, secrets=config.secrets)
    return asyncio.run(_status(config, healthy_only=healthy_only))


async def open_read_only(config: Config) -> SqliteStore:
    """The store beside the process that serves it. Raises StoreError, also when there is none yet."""
    if not await asyncio.to_thread(config.database.exists):
        raise StoreError(
            f"There is no database {config.database} yet; `paperroute run` makes it.", path=str(config.database)
        )
    return await SqliteStore.open(config.database, read_only=True)


async def _status(config: Config, *, healthy_only: bool) -> int:
    now = datetime.now(UTC)
    store = await open_read_only(config)
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
