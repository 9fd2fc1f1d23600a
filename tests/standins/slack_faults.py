"""What can go wrong between an app and Slack's Web API, on demand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """When it happens: BEFORE nothing was done, AFTER it was done and the answer is lost or wrong."""

    RATELIMITED = "429 with Retry-After"
    ERROR_BEFORE = "a 503, nothing done"
    ERROR_AFTER = "a 500 after it was done"
    INTERNAL_AFTER = "internal_error after it was done"
    FATAL_AFTER = "fatal_error after it was done"
    RESET_BEFORE = "the connection is cut, nothing done"
    RESET_AFTER = "the connection is cut after it was done"
    HANG_BEFORE = "no answer, nothing done"
    HANG_AFTER = "no answer after it was done"
    HTML_AFTER = "a page instead of JSON, after it was done"
    CUT_AFTER = "half an answer after it was done"
    REFUSAL = "an error of Slack's, nothing done"

    @property
    def done(self) -> bool:
        """Whether the method is carried out all the same."""
        return self.name.endswith("_AFTER")


@dataclass
class Fault:
    """Happens to the next ``times`` calls of ``method`` (empty: any) in ``team`` (empty: any)."""

    kind: Kind
    method: str = ""
    team: str = ""
    times: int = 1
    seconds: float = 1.0
    code: str = ""

    def meets(self, team: str, method: str) -> bool:
        return self.times > 0 and self.method in ("", method) and self.team in ("", team)
