"""arXiv's id sequence: ``YYMM.NNNNN``, handed out at announcement, without re-use, from 1 in each month.

Source: arXiv help, "Understanding the arXiv identifier" (four digits until 1412, five since 1501).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from adapters.arxiv.announcements import EASTERN

LAST_NUMBER = 99_999

_NEW_STYLE = re.compile(r"(\d{2}(?:0[1-9]|1[0-2]))\.(\d{4,5})", re.ASCII)
_FIVE_DIGITS_SINCE = "1501"


@dataclass(frozen=True, slots=True, order=True)
class Number:
    """A place in the sequence; numbers are ordered as they were handed out. 0 stands before a month's first."""

    month: str
    number: int

    @property
    def id(self) -> str:
        width = 5 if self.month >= _FIVE_DIGITS_SINCE else 4
        return f"{self.month}.{self.number:0{width}d}"

    @classmethod
    def parse(cls, paper_id: str) -> Number | None:
        """The place of a paper's id (without version); None for an old-style id, which has none."""
        match = _NEW_STYLE.fullmatch(paper_id)
        return cls(match[1], int(match[2])) if match else None


def numbers(month: str, places: Iterable[int]) -> Iterator[Number]:
    """The numbers of a month at the places, without those that cannot exist."""
    return (Number(month, place) for place in places if 1 <= place <= LAST_NUMBER)


def month_of(moment: datetime) -> str:
    """The month, as ids write it, in which a moment falls at arXiv."""
    return f"{moment.astimezone(EASTERN):%y%m}"


def month_after(month: str, count: int = 1) -> str:
    """The month ``count`` months later, or earlier when it is negative."""
    months = int(month[:2]) * 12 + int(month[2:]) - 1 + count
    return f"{months // 12 % 100:02d}{months % 12 + 1:02d}"
