"""What Slack allows in a time, and how it is kept.

Slack counts requests a method and workspace (https://docs.slack.dev/apis/web-api/rate-limits/). A 429 with its
Retry-After stops that method in that workspace and nothing else: ``Gate`` remembers until when. Methods that are called
in rows, such as reading a history back page by page, keep the distance that their tier asks for: ``Pace``. Both go by
the time that passes: a clock that is set forward must not open a gate early.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from bot.ports import Clock

WORKSPACE_INTERVAL = 0.255
"""Seconds between two posts in a workspace: 235 a minute. Slack allows "several hundred messages per minute" without
saying how many; 240 is taken for that, less what a hurried post or a slow network may shift into the same minute."""

CHANNEL_INTERVAL = 1.0
"""Seconds between two posts in a channel: https://docs.slack.dev/reference/methods/chat.postMessage/#rate_limiting."""

TIERS: Mapping[str, float] = MappingProxyType(
    {
        "conversations.history": 1.25,
        "conversations.replies": 1.25,
        "conversations.info": 1.25,
        "conversations.list": 3.1,
        "reactions.get": 1.25,
        "users.info": 0.65,
    }
)
"""Seconds between two calls of a method in a workspace: a little more than its tier asks for, as networks hurry."""

# A Retry-After counts whole seconds, and Slack's clock is not ours.
_MARGIN = 0.25
# Past moments are swept out when there are more than this.
_SWEEP = 1_000

_Key = tuple[str, str]


class Gate:
    """Until when a method must not be called in a workspace."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shut: dict[_Key, timedelta] = {}

    def left(self, workspace: str, method: str) -> float:
        """The seconds for which the method must not be called there; 0 when it may be."""
        until = self._shut.get((workspace, method))
        return 0.0 if until is None else max(0.0, (until - self._clock.monotonic()).total_seconds())

    def shut(self, workspace: str, method: str, seconds: float) -> float:
        """A Retry-After was received; returns the seconds until the gate opens. The longest of several holds."""
        now = self._clock.monotonic()
        if len(self._shut) >= _SWEEP:
            self._shut = {key: until for key, until in self._shut.items() if until > now}
        until = now + timedelta(seconds=min(seconds, 86_400.0) + _MARGIN)
        key = (workspace, method)
        self._shut[key] = max(until, self._shut.get(key, until))
        return (self._shut[key] - now).total_seconds()

    @property
    def known(self) -> int:
        """How many moments are remembered."""
        return len(self._shut)


class Pace:
    """Keeps calls of a method in a workspace at the distance of its tier; those who wait go in turn."""

    def __init__(self, clock: Clock, tiers: Mapping[str, float] = TIERS) -> None:
        self._clock = clock
        self._tiers = tiers
        self._free: dict[_Key, timedelta] = {}

    async def turn(self, workspace: str, method: str) -> None:
        """Wait until the method may be called there, and take that turn."""
        interval = self._tiers.get(method, 0.0)
        if interval <= 0:
            return
        now = self._clock.monotonic()
        if len(self._free) >= _SWEEP:
            self._free = {key: free for key, free in self._free.items() if free > now}
        key = (workspace, method)
        mine = max(now, self._free.get(key, now))
        self._free[key] = mine + timedelta(seconds=interval)
        while (wait := (mine - self._clock.monotonic()).total_seconds()) > 0:
            await self._clock.sleep(wait)

    @property
    def known(self) -> int:
        """How many moments are remembered."""
        return len(self._free)
