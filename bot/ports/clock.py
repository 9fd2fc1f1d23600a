"""Time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time, brought in from outside so that tests are exact."""

    def now(self) -> datetime:
        """The present moment, UTC. Whoever keeps the machine may set it, forth or back."""
        ...

    def monotonic(self) -> timedelta:
        """The time since some moment, which only passes: for waits that no setting of the clock may change."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a test's clock returns when it is moved on."""
        ...
