"""A bounded memory of answers that stay true for a while."""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from bot.ports import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Remembers at most ``most`` values, each for ``seconds``; the one that was put first goes first."""

    def __init__(self, clock: Clock, *, seconds: float, most: int) -> None:
        self._clock = clock
        self._while = timedelta(seconds=seconds)
        self._most = most
        self._kept: dict[K, tuple[datetime, V]] = {}

    def get(self, key: K) -> V | None:
        """The value, None when there is none or it is too old."""
        found = self._kept.get(key)
        if found is None or self._clock.now() >= found[0] + self._while:
            return None
        return found[1]

    def put(self, key: K, value: V) -> V:
        """Remember ``value``, and give it back."""
        self._kept.pop(key, None)
        self._kept[key] = (self._clock.now(), value)
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
        return value

    def forget(self, key: K) -> None:
        self._kept.pop(key, None)
