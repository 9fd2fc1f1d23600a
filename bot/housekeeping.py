"""Keeping the store from growing for ever, and quick.

In slices with pauses in between, so that commands and posts never wait behind a long transaction:

- papers that were announced longer ago than ``keep`` and were never owed, posted or saved leave the archive;
- deliveries of papers whose month is long over are packed: a paper still comes once a channel for ever;
- posts made as long ago forget which words matched; reactions still find their papers;
- the full-text index is merged, and what is free in the file is given back.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.ports import Clock, KeepingStore, PaperStore
from bot.wording import count

logger = logging.getLogger(__name__)

SLICE = 200
PAUSE = 0.2

# The pictures of a channel look back twelve weeks.
RECENT = timedelta(days=120)
DELIVERIES = 1_000
POSTS = 100
SHORT_PAUSE = 0.02


async def prune(store: PaperStore, clock: Clock, keep: timedelta, *, at_once: int = SLICE) -> int:
    """Prune once, ``at_once`` papers in a slice; returns how many went. Raises StoreError.

    What went before an error or a cancellation stays gone.
    """
    before = (clock.now() - keep).date()
    gone = 0
    while slice_ := await store.prune_papers(before, at_once):
        gone += slice_
        await clock.sleep(PAUSE)
    if gone:
        logger.info("Pruned %s announced before %s.", count(gone, "paper"), before)
    return gone


async def tidy(store: KeepingStore, clock: Clock, *, at_once: int = DELIVERIES) -> None:
    """Pack, thin, merge and give back, once, with ``at_once`` deliveries or posts in a slice. Raises StoreError."""
    before = clock.now() - RECENT
    after = 0
    while (reached := await store.pack(before.date(), after, at_once)) is not None:
        after = reached
        await clock.sleep(SHORT_PAUSE)
    while await store.thin_posts(before, min(at_once, POSTS)):
        await clock.sleep(SHORT_PAUSE)
    await _exhaust(store.merge_index, clock)
    await _exhaust(store.give_back, clock)


async def _exhaust(step: Callable[[], Awaitable[bool]], clock: Clock) -> None:
    while await step():
        await clock.sleep(SHORT_PAUSE)
