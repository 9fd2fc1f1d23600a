"""Keeping the archive from growing for ever.

Papers that were announced longer ago than ``keep`` and were never owed, posted or saved leave the archive, in slices
with pauses in between, so that commands and posts never wait behind a long transaction.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.ports import Clock, PaperStore
from bot.wording import count

logger = logging.getLogger(__name__)

SLICE = 200
PAUSE = 0.2


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
