"""Lengths of time as people write them in settings: `90s`, `30m`, `1h`, `7d`, `2w`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d{1,7})\s*([smhdw])", re.IGNORECASE)


def parse_duration(text: str) -> timedelta:
    """`1h` as a timedelta; `0` needs no unit. Raises ValueError for anything else."""
    text = text.strip()
    if text == "0":
        return timedelta()
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return timedelta(seconds=int(found[1]) * _UNITS[found[2].lower()])
