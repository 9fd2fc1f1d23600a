"""Keeping long-running work alive: it is started again when it fails, ever more patiently, and says why in the log."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.errors import PaperrouteError
from bot.ports import Clock

logger = logging.getLogger(__name__)

SHORTEST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
# Work that went well for so long starts with a short pause again.
_GOOD_RUN = timedelta(minutes=5)


def report(work: str, error: Exception) -> None:
    """Log a failure: a sentence for one that was foreseen, with the traceback for a defect."""
    if isinstance(error, PaperrouteError):
        logger.warning("%s failed: %s", work, error)
    else:
        logger.error("%s failed unexpectedly.", work, exc_info=error)


async def supervise(work: str, run: Callable[[], Awaitable[None]], clock: Clock) -> None:
    """Run ``run`` until it returns; when it raises, report that and run it again after 1, 2, 4 … 60 seconds.

    ``work`` names it in the log, as the beginning of a sentence. Cancelling ends it.
    """
    pause = SHORTEST_PAUSE
    while True:
        begun = clock.now()
        try:
            await run()
        except Exception as error:  # noqa: BLE001  whatever it is, the work has to go on
            report(work, error)
        else:
            return
        if clock.now() - begun >= _GOOD_RUN:
            pause = SHORTEST_PAUSE
        await clock.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
