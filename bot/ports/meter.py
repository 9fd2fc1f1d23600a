"""Who counts what the process does, for those who watch over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Meter(Protocol):
    """Counts. No method raises or waits. Nothing in it names a workspace, a channel, a member or a query."""

    def polled(self, announced: int, seen: int, matched: int, late: int, *, failed: bool) -> None:
        """A poll ended: so many numbers covered, papers read and checked, papers wanted, papers read late."""
        ...

    def posted(self, platform: str, lags: Sequence[float]) -> None:
        """A post was sent; ``lags``: for each of its papers, the seconds since its announcement."""
        ...

    def retried(self, platform: str) -> None:
        """A post was refused for now and will be tried again."""
        ...

    def uncertain(self, platform: str) -> None:
        """Whether a post was taken is not known."""
        ...

    def dead(self, platform: str) -> None:
        """A post was given up."""
        ...

    def acknowledged(self, platform: str, seconds: float) -> None:
        """A member's command or click was acknowledged so long after it had arrived."""
        ...
