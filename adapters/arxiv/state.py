"""How far the walk has come: what ``Cursor.state`` holds for arXiv, as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from adapters.arxiv.dating import Dating
from adapters.arxiv.sequence import Number
from bot.errors import SourceError
from bot.models import Cursor

FORMAT = 1
_OPEN_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Backfill:
    """The history still to be read: up to ``top``, ``done`` of about ``total`` numbers so far."""

    top: Number
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Position:
    """The place of the walk.

    ``marks``: for each open month the last number that was passed. ``known``: for each month the highest number that is
    known to be a paper, where it is above the mark. ``dating`` is None until a paper was read; ``checked`` is the time
    of the last check against a plain search.
    """

    marks: dict[str, int]
    known: dict[str, int] = field(default_factory=dict)
    dating: Dating | None = None
    checked: datetime | None = None
    backfill: Backfill | None = None

    @property
    def open_months(self) -> list[str]:
        return sorted(self.marks)

    @property
    def newest(self) -> Number:
        """The high-water mark: the last number passed in the newest month that has begun."""
        month = max(self.marks)
        return Number(month, self.marks[month])

    def mark(self, month: str) -> int:
        return self.marks[month]

    def known_in(self, month: str) -> int:
        return max(self.known.get(month, 0), self.marks.get(month, 0))

    @property
    def unpassed(self) -> bool:
        """Whether papers are known in open months that the walk has not passed."""
        return any(self.known_in(month) > mark for month, mark in self.marks.items())

    @property
    def known_later(self) -> bool:
        """Whether papers are known in months that have not been opened."""
        return any(month > self.newest.month for month in self.known)

    def knowing(self, papers: Iterable[Number]) -> Position:
        """With these papers known to exist; those of months long closed are left aside."""
        known = dict(self.known)
        for paper in papers:
            if paper.month >= min(self.marks) and paper.number > max(
                known.get(paper.month, 0), self.marks.get(paper.month, 0)
            ):
                known[paper.month] = paper.number
        return replace(self, known=known)

    def passing(self, last: Number, count: int) -> Position:
        """With ``count`` more numbers passed, up to ``last``."""
        known = dict(self.known)
        if known.get(last.month, 0) <= last.number:
            known.pop(last.month, None)
        backfill = self.backfill
        if backfill is not None:
            done = backfill.done + count
            backfill = None if last >= backfill.top else replace(backfill, done=done, total=max(backfill.total, done))
        return replace(self, marks={**self.marks, last.month: last.number}, known=known, backfill=backfill)

    def opening(self, month: str) -> Position:
        """With ``month`` begun; only the latest few months stay open."""
        marks = dict(sorted({**self.marks, month: 0}.items())[-_OPEN_MONTHS:])
        return replace(self, marks=marks, known={m: n for m, n in self.known.items() if m >= min(marks)})

    def cursor(self) -> Cursor:
        """The position as the store keeps it."""
        state: dict[str, Any] = {"format": FORMAT, "marks": self.marks, "known": self.known}
        if self.dating:
            state["dating"] = [self.dating.day.isoformat(), self.dating.latest.isoformat()]
        if self.checked:
            state["checked"] = self.checked.isoformat()
        if self.backfill:
            top = self.backfill.top
            state["backfill"] = [top.month, top.number, self.backfill.done, self.backfill.total]
        return Cursor(json.dumps(state, separators=(",", ":"), sort_keys=True), backfilling=self.backfill is not None)

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """The position that a cursor holds. Raises SourceError when it is not one of this format."""
        try:
            return _position(json.loads(cursor.state))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SourceError(
                "The stored place in arXiv's id sequence cannot be read; was it written by a later paperroute?",
                permanent=True,
            ) from error


def _position(state: dict[str, Any]) -> Position:
    marks = {str(month): int(number) for month, number in state["marks"].items()}
    if state["format"] != FORMAT or not marks:
        raise ValueError("another format")
    dating = checked = backfill = None
    if "dating" in state:
        day, latest = state["dating"]
        dating = Dating(date.fromisoformat(day), datetime.fromisoformat(latest))
    if "checked" in state:
        checked = datetime.fromisoformat(state["checked"])
    if "backfill" in state:
        month, number, done, total = state["backfill"]
        backfill = Backfill(Number(str(month), int(number)), int(done), int(total))
    known = {str(month): int(number) for month, number in state["known"].items()}
    return Position(marks, known, dating, checked, backfill)
