"""The poll: fetch → match → record.

One poll at a time; whoever asks for one while another is under way gets that one's result. Each batch of the source is
matched and recorded in one transaction with its cursor, so a poll that fails or is cancelled part of the way keeps what
it recorded, and the next one goes on from there. Papers of a back-fill are recorded without being matched: nothing of
them is owed.

Queries are streamed from the store and matched in a worker thread; the event loop stays free.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from bot.errors import SourceError, StoreError
from bot.matching import PaperIndex
from bot.models import Batch, ChannelRef, Progress
from bot.ports import Clock, PaperSource, Store
from bot.wording import count, number

logger = logging.getLogger(__name__)

# So many missing numbers are asked again in one poll.
MOST_MISSING = 400


@dataclass(frozen=True, slots=True)
class PollResult:
    """What a poll found.

    ``announced`` numbers of the sequence were covered, ``checked`` of them read, ``matched`` papers wanted by some
    watch, ``late`` papers read that had been missing, ``missing`` numbers newly found to be missing, ``backfilled``
    papers of the past put into the archive, ``owed`` instant channels that got something to post. ``failure`` is the
    sentence that says why the poll ended early, empty when it came to its end.
    """

    announced: int = 0
    checked: int = 0
    matched: int = 0
    late: int = 0
    missing: int = 0
    backfilled: int = 0
    owed: tuple[ChannelRef, ...] = ()
    failure: str = ""


def _ignore(_: object) -> None:
    """Nobody wants to know."""


class Watcher:
    """Polls ``source`` into ``store``. ``on_owed`` is told, when a poll ends, which instant
    channels something is owed to."""

    def __init__(
        self,
        source: PaperSource,
        store: Store,
        clock: Clock,
        *,
        on_owed: Callable[[Sequence[ChannelRef]], None] = _ignore,
        progress: Callable[[Progress], None] = _ignore,
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._on_owed = on_owed
        self._progress = progress
        self._polling = asyncio.Lock()
        self._finished = 0
        self._last = PollResult()

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
            cursor = await self._store.cursor()
            missing = await self._store.missing(self._clock.now(), MOST_MISSING)
            async with _closing(self._source.new_papers(cursor, missing, self._progress)) as batches:
                async for batch in batches:
                    result = await self._take(batch, result)
        except SourceError as error:
            result = replace(result, failure=str(error))
        except StoreError:
            raise  # where nothing can be kept, the failure cannot be kept either
        except Exception:
            # A defect. `status` must not go on saying that all is well.
            await self._store.poll_failed(self._clock.now(), "The poll ended with an unexpected error; see the log.")
            raise
        finally:
            # At the end, so that an instant channel gets the papers of a poll together.
            if result.owed:
                self._on_owed(result.owed)
        if result.failure:
            await self._store.poll_failed(self._clock.now(), result.failure)
            logger.warning("The poll ended early: %s %s", result.failure, _summary(result))
        else:
            await self._store.poll_succeeded(self._clock.now())
            logger.info("Polled: %s", _summary(result))
        return result

    async def _take(self, batch: Batch, result: PollResult) -> PollResult:
        """Match a batch and record it."""
        if batch.backfill:
            owed = await self._store.record(batch, {}, self._clock.now())
            return replace(result, backfilled=result.backfilled + len(batch.papers), owed=_joined(result.owed, owed))
        matches = await self._matches(batch)
        owed = await self._store.record(batch, matches, self._clock.now())
        return replace(
            result,
            announced=result.announced + batch.announced,
            checked=result.checked + len(batch.papers) - len(batch.late),
            matched=result.matched + len({paper for papers in matches.values() for paper in papers}),
            late=result.late + len(batch.late),
            missing=result.missing + len(batch.missing),
            owed=_joined(result.owed, owed),
        )

    async def _matches(self, batch: Batch) -> dict[int, list[str]]:
        """Query number → ids of the batch's papers that match it."""
        matches: dict[int, list[str]] = {}
        if batch.papers:
            index = await asyncio.to_thread(PaperIndex, batch.papers)
            async for block in self._store.queries():
                matches.update(await asyncio.to_thread(_match, index, block))
        return matches


def _joined(owed: Sequence[ChannelRef], more: Sequence[ChannelRef]) -> tuple[ChannelRef, ...]:
    return tuple(dict.fromkeys((*owed, *more)))


def _match(index: PaperIndex, queries: Sequence[tuple[int, bytes]]) -> list[tuple[int, list[str]]]:
    return list(index.match(queries))


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
