"""What `paperroute doctor` finds out: one finding for each thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """``subject`` is what was looked at, ``said`` what was seen there; ``remedy``, empty when all is well, says what to
    do, as a sentence."""

    subject: str
    said: str
    remedy: str = ""

    @property
    def well(self) -> bool:
        return not self.remedy
