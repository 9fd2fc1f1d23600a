"""The rates that Slack allows, and what it says to whoever exceeds them.

https://docs.slack.dev/apis/web-api/rate-limits/: a method is counted a workspace in a window of a minute; posting is
allowed once a second a channel, short bursts apart, and "several hundred" times a minute a workspace.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass

WORKSPACE_A_MINUTE = 240
CHANNEL_SECONDS = 1.0
BURST = 3
"""So many messages a channel may be ahead of one a second."""

TIERS = {
    "conversations.list": 20,
    "conversations.info": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "chat.update": 50,
    "reactions.add": 50,
    "reactions.get": 50,
    "users.conversations": 50,
    "users.info": 100,
    "views.open": 100,
    "views.update": 100,
    "views.push": 100,
    "views.publish": 100,
    "chat.postEphemeral": 100,
}
_MINUTE = 60.0


@dataclass(frozen=True)
class TooEarly:
    """A request that came although a Retry-After had been given and had not passed."""

    team: str
    method: str
    seconds: float


class Limits:
    """Counts requests. ``now``: seconds that only rise."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._windows: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._channels: dict[tuple[str, str], float] = {}
        self._shut: dict[tuple[str, str], float] = {}
        self.too_early: list[TooEarly] = []
        self.enforced = True

    def refuse(self, team: str, method: str, retry_after: float) -> int:
        """Shut a method for a workspace; returns the Retry-After to send."""
        self._shut[team, method] = self._now() + retry_after
        return math.ceil(retry_after)

    def retry_after(self, team: str, method: str, channel: str = "") -> int | None:
        """The Retry-After to answer a request with; None when it is allowed."""
        now = self._now()
        left = self._shut.get((team, method), now) - now
        if left > 0:
            self.too_early.append(TooEarly(team, method, left))
            return math.ceil(left)
        if not self.enforced:
            return None
        allowed = WORKSPACE_A_MINUTE if method == "chat.postMessage" else TIERS.get(method)
        if allowed is not None:
            window = self._windows[team, method]
            while window and window[0] <= now - _MINUTE:
                window.popleft()
            if len(window) >= allowed:
                return self.refuse(team, method, max(1.0, math.ceil(window[0] + _MINUTE - now)))
            window.append(now)
        if method == "chat.postMessage":
            free = max(self._channels.get((team, channel), 0.0), now - BURST * CHANNEL_SECONDS)
            if free > now:
                return self.refuse(team, method, 1.0)
            self._channels[team, channel] = free + CHANNEL_SECONDS
        return None
