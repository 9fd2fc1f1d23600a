"""Channels whose time has come, one after the other, however many they are and whatever becomes due meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.models import Channel, ChannelRef

Due = Callable[[int], Awaitable[Sequence[Channel]]]
"""At most so many of the channels that are due now, those that have waited longest first."""


async def each_due(due: Due, compose: Callable[[Channel], Awaitable[int]], *, at_once: int = 100) -> int:
    """Let ``compose`` do its work for every channel that is due, once; returns the sum of what that gives.

    One that is due again at once has its turn in the next call, so that this one ends. ``at_once`` are read in one go.
    Raises what the two raise.
    """
    total = 0
    done: set[ChannelRef] = set()
    while fresh := [channel for channel in await due(len(done) + at_once) if channel.ref not in done]:
        done.update(channel.ref for channel in fresh)
        for channel in fresh:
            total += await compose(channel)
    return total
