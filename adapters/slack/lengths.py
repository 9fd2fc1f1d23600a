"""How texts share a room that is too small for all of them: short ones stay whole, the longest give way."""

from __future__ import annotations

from collections.abc import Sequence


def fair_lengths(lengths: Sequence[int], room: int) -> list[int]:
    """The most that each may have, together at most ``room``; those below the common bound keep all."""
    left, many = room, len(lengths)
    bound = 0
    for length in sorted(lengths):
        if length * many > left:
            bound = left // many
            break
        left -= length
        many -= 1
        bound = length
    return [min(length, bound) for length in lengths]
