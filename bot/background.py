"""Work that outlives the acknowledgement of what brought it about: every task has an owner that awaits it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from bot.errors import PaperrouteError
from bot.precedence import Precedence

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Work:
    """Tasks under way. What one of them raises is logged: a sentence for what was foreseen, else the traceback.

    They begin behind what is urgent (``precedence``).
    """

    def __init__(self, precedence: Precedence | None = None) -> None:
        self._precedence = precedence or Precedence()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, what: str, work: Coroutine[Any, Any, T], *, urgent: bool = False) -> asyncio.Task[T | None] | None:
        """Run ``work`` beside everything else; ``what`` names it in the log. Nothing is begun after ``drain``.

        The task gives the result, None where ``work`` raised. ``urgent``: something urgent waits for it.
        """
        if self._closed:
            work.close()
            return None
        task = asyncio.create_task(self._run(what, work, urgent=urgent), name=what)
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

    async def _run(self, what: str, work: Coroutine[Any, Any, T], *, urgent: bool) -> T | None:
        try:
            if not urgent:
                await self._precedence.behind()
            return await work
        except PaperrouteError as error:
            logger.warning("%s failed: %s", what, error)
        except Exception:
            logger.exception("%s failed unexpectedly.", what)
        finally:
            # It may have been cut off before its turn came, and nothing else ends a coroutine that was never begun.
            work.close()
        return None
