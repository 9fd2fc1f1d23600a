"""From which posts on reactions are to be read back, so that none is lost in a time without events.

Reactions count on posts of the last two weeks; on older ones they are rare, and reading them back takes a request a
thread. But a post may grow old while nobody listens: so the two weeks are counted from the last moment up to which
everything was read or heard, which is noted for each platform. It moves on when all was read back, and while events
come after that, a day behind them: events of one workspace say nothing of another one's that are late.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.ports import Clock, Store

RECENT = timedelta(days=14)
LONGEST = timedelta(days=42)
"""So old a post is not read back, however long nobody listened."""

_BEHIND = timedelta(days=1)
_NOTED_EACH = timedelta(days=1)


class ReadBack:
    """Keeps that moment for each platform."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._begun: dict[str, datetime] = {}
        self._noted: dict[str, datetime] = {}

    async def begin(self, platform: str, now: datetime) -> datetime:
        """Reading back begins; returns the moment from which on posts are worth it. Raises StoreError."""
        self._begun[platform] = now
        self._noted.pop(platform, None)
        noted = await self._store.note(_note(platform))
        # A note from the future was written by a clock that has been set right since.
        known = now if noted is None else min(now, datetime.fromisoformat(noted))
        return max(known - RECENT, now - LONGEST)

    async def end(self, platform: str, begun: datetime) -> None:
        """All was read back since what began then. Raises StoreError.

        Another reading that began later has a gap of its own to close, and the last word.
        """
        if self._begun.get(platform) == begun:
            await self._put(platform, begun)

    async def heard(self, platform: str) -> None:
        """An event came, so that the platform is listened to. Raises StoreError."""
        noted, now = self._noted.get(platform), self._clock.now()
        if noted is not None and now - noted >= _BEHIND + _NOTED_EACH:
            await self._put(platform, now - _BEHIND)

    async def _put(self, platform: str, moment: datetime) -> None:
        await self._store.put_note(_note(platform), moment.isoformat())
        self._noted[platform] = moment


def _note(platform: str) -> str:
    return f"reactions read back: {platform}"
