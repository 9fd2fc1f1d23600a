"""What the runner and the launcher say to each other: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.chaos.hours import Hours

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class Order:
    """One life of the program.

    ``strike``: kill it before or after the ``nth`` commit of this method of the store, as (method, side, nth).
    ``jumps``: so many seconds after its start its clock goes wrong by so many seconds, until the next entry.
    ``log``: where its output goes; ``notes``: where it writes which methods committed, and a strike.
    """

    environment: dict[str, str]
    hours: Hours
    log: str
    notes: str
    strike: tuple[str, str, int] | None = None
    jumps: tuple[tuple[float, float], ...] = ()
    housekeeping: bool = False
    arguments: tuple[str, ...] = field(default=("run",))

    def line(self) -> str:
        return json.dumps(asdict(self)) + "\n"

    @classmethod
    def read(cls, line: str) -> Order:
        found: dict[str, Any] = json.loads(line)
        found["hours"] = Hours(**found["hours"])
        found["strike"] = tuple(found["strike"]) if found["strike"] else None
        found["jumps"] = tuple((at, by) for at, by in found["jumps"])
        found["arguments"] = tuple(found["arguments"])
        return cls(**found)
