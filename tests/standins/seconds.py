"""A monotonic clock by hand, for code that waits in a thread."""

from __future__ import annotations


class Seconds:
    """``sleep`` moves ``monotonic`` on at once and remembers for how long it was asked to."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
