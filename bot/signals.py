"""The community's signals, read by the hour and attached to papers. They are an ornament: papers come without them.

A round asks ``SignalSource`` for each of the last 14 days (UTC), today first, with a pause between two requests, and
stores each day's answer as it comes. Rounds follow each other by the hour; when the last one began is noted, so that
neither a restart nor a defect asks more often. What a source refuses for good is that day's alone; after a failure for
now the round is given up, and the next one comes by the hour or after the time that the source named, whichever is
later. A failure is logged when it begins and when it ends, not at each round.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.errors import SourceError
from bot.models import ChannelRef
from bot.ports import Clock, NoteStore, SignalSource, SignalStore
from bot.wording import count

logger = logging.getLogger(__name__)

DAYS = 14
INTERVAL = timedelta(hours=1)
PAUSE = 2.0
"""Seconds between two requests."""
LONGEST_WAIT = timedelta(days=1)
"""A source that names a longer time is not believed."""

_LAST_ROUND = "signals read"


class Shelf(SignalStore, NoteStore, Protocol):
    """The parts of the store that are used here."""


class SignalReader:
    """Reads ``source`` into ``store``. ``on_owed`` is told which instant channels something is owed to."""

    def __init__(
        self,
        source: SignalSource,
        store: Shelf,
        clock: Clock,
        *,
        on_owed: Callable[[Sequence[ChannelRef]], None] = lambda _: None,
    ) -> None:
        self._source = source
        self._store = store
        self._clock = clock
        self._on_owed = on_owed
        self._failing = False

    async def run(self) -> None:
        """Rounds without end. Raises StoreError."""
        while True:
            await self._clock.sleep(max(0.0, (await self._due() - self._clock.now()).total_seconds()))
            asked = await self.read()
            if asked is not None:
                await self._clock.sleep(asked)

    async def read_if_due(self) -> None:
        """One round, unless the last one began within the hour. Raises StoreError."""
        if await self._due() <= self._clock.now():
            await self.read()

    async def read(self) -> float | None:
        """One round; the seconds that the source asks to be left alone for, if it does. Raises StoreError."""
        await self._store.put_note(_LAST_ROUND, self._clock.now().isoformat())
        today = self._clock.now().date()
        papers, answers = 0, 0
        failure: SourceError | None = None
        for back in range(DAYS):
            if back:
                await self._clock.sleep(PAUSE)
            try:
                signals = await self._source.signals(today - timedelta(days=back))
            except SourceError as error:
                failure = error
                if error.permanent:
                    continue
                break
            answers += 1
            papers += len(signals)
            if owed := await self._store.put_signals(signals, self._clock.now()):
                self._on_owed(owed)
        # One day that is refused while others are answered is no outage.
        self._report(failure if failure and not (failure.permanent and answers) else None, papers)
        asked = failure.retry_after if failure else None
        return None if asked is None else min(max(asked, 0.0), LONGEST_WAIT.total_seconds())

    async def _due(self) -> datetime:
        noted = await self._store.note(_LAST_ROUND)
        last = datetime.fromisoformat(noted) if noted else None
        # A note from the future was written by a clock that has been set right since.
        return self._clock.now() if last is None or last > self._clock.now() else last + INTERVAL

    def _report(self, failure: SourceError | None, papers: int) -> None:
        if failure is not None and not self._failing:
            logger.warning("The community's signals cannot be read at present; papers come without them. %s", failure)
        if failure is None and self._failing:
            logger.info("The community's signals can be read again.")
        self._failing = failure is not None
        logger.debug("Read the signals of %s.", count(papers, "paper"))
