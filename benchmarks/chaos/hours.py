"""Fast time that the platforms and the program agree on, across processes and restarts.

It is reckoned from CLOCK_MONOTONIC, which all processes of a machine share.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class Hours:
    """``origin``: the Unix time at the monotonic moment ``begun``; since then time passes ``times`` as fast.

    ``skipped``: seconds that were left out, for everybody: a night in which nothing ran.
    """

    origin: float
    begun: float
    times: float
    skipped: float = 0.0

    @classmethod
    def from_now_on(cls, times: float) -> Hours:
        return cls(time.time(), time.monotonic(), times)

    def seconds(self) -> float:
        """Now as a Unix time."""
        return self.origin + self.skipped + (time.monotonic() - self.begun) * self.times

    def until(self, moment: str) -> float:
        """The seconds until the next "08:01", or "mon 09:01"."""
        *weekday, clock = moment.split()
        hour, minute = clock.split(":")
        now = self.now()
        then = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        while then <= now or (weekday and f"{then:%a}".lower() != weekday[0]):
            then += timedelta(days=1)
        return (then - now).total_seconds()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)
