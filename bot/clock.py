"""The wall clock, as the core takes it in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """``bot.ports.Clock`` on the machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
