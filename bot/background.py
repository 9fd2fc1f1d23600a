"""Work that outlives the acknowledgement of what brought it about: every task has an owner that awaits it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.errors import PaperrouteError

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Work:
    """Tasks under way. What one of them raises is logged: a sentence for what was foreseen, else the traceback."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, what: str, work: Coroutine[Any, Any, T]) -> asyncio.Task[T | None] | None:
        """Run ``work`` beside everything else; ``what`` names it in the log. Nothing is begun after ``drain``.

        The task gives the result, None where ``work`` raised.
        """
        if self._closed:
            work.close()
            return None
        task = asyncio.create_task(self._run(what, work), name=what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, grace: float) -> None:
        """Begin nothing more, give what is under way ``grace`` seconds, then cancel it; all has ended on return."""
        self._closed = True
        tasks = set(self._tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=grace)
        for task in late:
            logger.warning("Cut off at the end: %s.", task.get_name())
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, what: str, work: Coroutine[Any, Any, T]) -> T | None:
        try:
            return await work
        except PaperrouteError as error:
            logger.warning("%s failed: %s", what, error)
        except Exception:
            logger.exception("%s failed unexpectedly.", what)
        return None
