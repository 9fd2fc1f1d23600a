"""Channels whose time has come, some after others, however many they are and whatever becomes due meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.models import Channel, ChannelRef

Due = Callable[[int], Awaitable[Sequence[Channel]]]
"""At most so many of the channels that are due now, those that have waited longest first."""

Between = Callable[[], Awaitable[bool]]
"""Work of somebody else; False when there is to be no more of ours."""


async def go_on() -> bool:
    """Nothing is to be done between."""
    return True


async def each_due(
    due: Due,
    compose: Callable[[Sequence[Channel]], Awaitable[int]],
    *,
    at_once: int = 100,
    between: Between = go_on,
) -> int:
    """Let ``compose`` do its work for every channel that is due, once, ``at_once`` or fewer at a time; returns the sum
    of what that gives. ``between`` has its turn after each time.

    One that is due again at once has its turn in the next call, so that this one ends. Raises what the three raise.
    """
    total = 0
    done: set[ChannelRef] = set()
    # Most are due no more when they were composed for; those that are stand before the others when asked again.
    still: set[ChannelRef] = set()
    while found := await due(len(still) + at_once):
        fresh = [channel for channel in found if channel.ref not in done]
        again = {channel.ref for channel in found} & done - still
        if not fresh and not again:
            break
        still |= again
        if not fresh:
            continue
        done.update(channel.ref for channel in fresh)
        total += await compose(fresh)
        if not await between():
            break
    return total
