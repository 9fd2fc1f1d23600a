"""Caches of what is worked out of papers, for as long as the same papers are told to many channels.

That is one round of composing. They are emptied after it: kept for the next day they would hold tens of megabytes of
papers that nobody asks for again. They are emptied when a paper is written, too, in whatever thread that is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_emptied: list[Callable[[], None]] = []


def cached_for_a_round(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """``functools.lru_cache`` for a function of papers, or of their texts, with room for ``most`` results."""

    def decorated(function: Callable[P, T]) -> Callable[P, T]:
        cached = lru_cache(maxsize=most)(function)
        _emptied.append(cached.cache_clear)
        return cast("Callable[P, T]", cached)

    return decorated


def dict_for_a_round() -> dict[Any, Any]:
    """A dict that is emptied as well."""
    kept: dict[Any, Any] = {}
    _emptied.append(kept.clear)
    return kept


def empty_caches() -> None:
    """Let go of all papers: nobody needs them for now, or some have changed."""
    for clear in _emptied:
        clear()
