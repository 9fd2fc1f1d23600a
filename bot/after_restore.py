"""After a restore: what was posted since the copy was taken is read back before anything is composed.

The store that was put back would owe those papers again. So its channels are held, each until

1. a poll has reached the source's top after the restore, and what it recorded is owed: only then the archive has the
   papers in question;
2. the channel's history since the copy was taken was read, and what stands there was taken into the store.

A history that cannot be read for now (permission taken away, platform down) is asked for again at growing intervals;
the channel waits, since a guess could post everything twice. A channel that is gone is let go: the next post to it says
so. Where a platform has no history at all, what waits is never sent, and `status` shows it as uncertain.

Where no restore took place this costs one question at the start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from bot.errors import DeliveryError, PaperrouteError, UnreadableError
from bot.models import ChannelRef, FoundPost, Restored
from bot.pacing import within
from bot.ports import Chat, Clock, ReadsBack, Store
from bot.wording import channel_text, count

logger = logging.getLogger(__name__)

_TIMEOUT = 6 * 3600.0
"""Seconds for one history: some apps are given one page a minute. Each request has a limit of its own."""

_AT_ONCE = 8

_POLLED = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 6 * 3600.0

Held = Callable[[ChannelRef], datetime | None]
"""The moment of the restore on account of which nothing is composed for a channel; None for most channels."""


def nobody_held(_: ChannelRef) -> None:
    """No store was put back."""
    return


class AfterRestore:
    """Releases the channels of ``chats``."""

    def __init__(self, store: Store, chats: Sequence[Chat], clock: Clock) -> None:
        self._store = store
        self._chats = {chat.platform: chat for chat in chats}
        self._clock = clock
        self._restored: Restored | None = None
        self._held: set[ChannelRef] = set()

    async def begin(self) -> None:
        """To be called before anything is composed. Raises StoreError."""
        self._restored = await self._store.restored()
        if self._restored is not None:
            self._held = {ref for ref in self._restored.held if ref.platform in self._chats}
        if self._held:
            logger.warning(
                "The database was restored from a backup: %s until what was posted since is read back.",
                count(len(self._held), "channel waits", "channels wait"),
            )

    def held(self, ref: ChannelRef) -> datetime | None:
        """As ``Held``."""
        return self._restored.at if self._restored is not None and ref in self._held else None

    async def run(self, wake: Callable[[], None]) -> None:
        """Release every channel, ``wake`` after some were; returns when none is held any more. Raises StoreError."""
        while self._held and not await self._polled():
            await self._clock.sleep(_POLLED)
        pause = _FIRST_PAUSE
        while self._held:
            before = len(self._held)
            await self.once()
            if len(self._held) < before:
                wake()
            if self._held:
                await self._clock.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def once(self) -> None:
        """Try each channel that is held, if the source was read since the restore. Raises StoreError."""
        if not self._held or not await self._polled():
            return
        free = asyncio.Semaphore(_AT_ONCE)

        async def workspace(refs: Sequence[ChannelRef]) -> None:
            # Each has a rate of its own, and one that is slow keeps no other waiting.
            async with free:
                for ref in refs:
                    await self._try(ref)

        async with asyncio.TaskGroup() as group:
            for _, refs in groupby(sorted(self._held), key=lambda ref: (ref.platform, ref.workspace)):
                group.create_task(workspace(list(refs)))

    async def _polled(self) -> bool:
        success = (await self._store.poll_status()).last_success
        if await self._store.fanning_out():
            return False
        return self._restored is not None and success is not None and success > self._restored.at

    async def _try(self, ref: ChannelRef) -> None:
        try:
            found = await self._read(ref)
        except UnreadableError as error:
            logger.warning("%s waits, since what was posted there cannot be read back. %s", channel_text(ref), error)
            return
        except DeliveryError as error:
            if not error.permanent:
                logger.warning("%s waits: %s", channel_text(ref), error)
                return
            found = []
        except TimeoutError:
            logger.warning("%s waits: reading back what was posted there took too long.", channel_text(ref))
            return
        except PaperrouteError:
            raise
        except Exception:
            logger.exception("Reading back %s failed unexpectedly.", channel_text(ref))
            return
        papers = await self._store.release(ref, found, self._clock.now())
        self._held.discard(ref)
        if found is None and papers:
            logger.warning(
                "%s for %s may have been posted already, which cannot be found out; not sent again.",
                count(papers, "paper"),
                channel_text(ref),
            )
        elif papers:
            logger.info("%s turned out to be posted in %s.", count(papers, "paper"), channel_text(ref))

    async def _read(self, ref: ChannelRef) -> Sequence[FoundPost] | None:
        chat = self._chats[ref.platform]
        if not isinstance(chat, ReadsBack) or self._restored is None:
            return None
        since = self._restored.since - timedelta(seconds=chat.limits.settle)
        return await within(self._clock, _TIMEOUT, chat.posts_since(ref, since))
