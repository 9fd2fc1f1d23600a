"""The poll: fetch → record → fan out.

One poll at a time; whoever asks for one while another is under way gets that one's result. Each batch of the source is
recorded in one transaction with its cursor, so a poll that fails or is cancelled part of the way keeps what it
recorded, and the next one goes on from there. What was recorded is then owed to all who want it (``bot.fan_out``): at
the end, so that the queries are asked once for all papers, in between where there are many, and first of all where an
earlier process was killed meanwhile. Papers of a back-fill are recorded only: nothing of them is owed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.errors import SourceError, StoreError
from bot.fan_out import STEPS, fan_out
from bot.measuring import NoMeter
from bot.models import Batch, Progress
from bot.ports import Clock, Meter, PaperSource, Store
from bot.wording import count, number

logger = logging.getLogger(__name__)

# So many missing numbers are asked again in one poll.
MOST_MISSING = 400


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll found.

    ``announced`` numbers of the sequence were covered, ``checked`` of them read, ``matched`` papers wanted by some
    watch, ``late`` papers read that had been missing, ``missing`` numbers newly found to be missing, ``backfilled``
    papers of the past put into the archive, ``owed`` times that an instant channel got something to post. ``failure``
    is the sentence that says why the poll ended early, empty when it came to its end.
    """

    announced: int = 0
    checked: int = 0
    matched: int = 0
    late: int = 0
    missing: int = 0
    backfilled: int = 0
    owed: int = 0
    failure: str = ""


def _ignore(*_: object) -> None:
    """Nobody wants to know."""


class Watcher:
    """Polls ``source`` into ``store``. ``on_owed`` is called when a poll ends by which something is owed to an instant
    channel."""

    def __init__(
        self,
        source: PaperSource,
        store: Store,
        clock: Clock,
        *,
        on_owed: Callable[[], None] = _ignore,
        progress: Callable[[Progress], None] = _ignore,
        meter: Meter | None = None,
    ) -> None:
        self._meter = meter or NoMeter()
        self._source = source
        self._store = store
        self._clock = clock
        self._on_owed = on_owed
        self._progress = progress
        self._polling = asyncio.Lock()
        self._finished = 0
        self._last = PollResult()
        # The first poll is news as well: it says that arXiv can be read.
        self._troubled = True

    async def poll(self) -> PollResult:
        """Read the source to its present top. A source that fails is a result, not an exception. Raises StoreError."""
        finished = self._finished
        async with self._polling:
            if self._finished == finished:
                self._last = await self._poll()
                self._finished += 1
            return self._last

    async def _poll(self) -> PollResult:
        result = PollResult()
        try:
            result = await self._fan_out(result)
            try:
                cursor = await self._store.cursor()
                missing = await self._store.missing(self._clock.now(), MOST_MISSING)
                unmatched = 0
                async with _closing(self._source.new_papers(cursor, missing, self._progress)) as batches:
                    async for batch in batches:
                        result = await self._take(batch, result)
                        unmatched += len(batch.papers)
                        if unmatched >= STEPS.papers:
                            result, unmatched = await self._fan_out(result), 0
            except SourceError as error:
                result = replace(result, failure=str(error))
            except StoreError:
                raise  # where nothing can be kept, the failure cannot be kept either
            except Exception:
                # A defect. `status` must not go on saying that all is well, and what was read before is owed.
                await self._store.poll_failed(
                    self._clock.now(), "The poll ended with an unexpected error; see the log."
                )
                result = await self._fan_out(result)
                raise
            result = await self._fan_out(result)
        finally:
            # At the end, so that an instant channel gets the papers of a poll together.
            if result.owed:
                self._on_owed()
        self._meter.polled(result.announced, result.checked, result.matched, result.late, failed=bool(result.failure))
        if result.failure:
            await self._store.poll_failed(self._clock.now(), result.failure)
            logger.warning("The poll ended early: %s %s", result.failure, _summary(result))
        else:
            await self._store.poll_succeeded(self._clock.now())
            # arXiv announces once a day; that nothing is new in any other hour is no news.
            news = result.announced or result.late or result.missing or result.backfilled or self._troubled
            logger.log(logging.INFO if news else logging.DEBUG, "Polled: %s", _summary(result))
        self._troubled = bool(result.failure)
        return result

    async def _take(self, batch: Batch, result: PollResult) -> PollResult:
        """Record a batch."""
        owed = await self._store.record(batch, self._clock.now())
        if batch.backfill:
            return replace(result, backfilled=result.backfilled + len(batch.papers), owed=result.owed + owed)
        return replace(
            result,
            announced=result.announced + batch.announced,
            checked=result.checked + len(batch.papers) - len(batch.late),
            late=result.late + len(batch.late),
            missing=result.missing + len(batch.missing),
            owed=result.owed + owed,
        )

    async def _fan_out(self, result: PollResult) -> PollResult:
        """Owe what was recorded."""
        done = await fan_out(self._store, self._clock)
        return replace(result, matched=result.matched + done.matched, owed=result.owed + done.instant)


def _summary(result: PollResult) -> str:
    past = f", {count(result.backfilled, 'paper')} of the past" if result.backfilled else ""
    return (
        f"{number(result.announced)} announced, {number(result.checked)} checked, {number(result.matched)} matched, "
        f"{number(result.late)} late, {number(result.missing)} missing{past}."
    )


@asynccontextmanager
async def _closing(batches: AsyncIterator[Batch]) -> AsyncIterator[AsyncIterator[Batch]]:
    """Close a generator at once when the poll ends early, not whenever it is collected."""
    try:
        yield batches
    finally:
        if isinstance(batches, AsyncGenerator):
            await batches.aclose()
