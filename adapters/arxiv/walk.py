"""The walk along the id sequence: every decision, no request. ``adapters.arxiv.source`` acts on them.

New papers are found as numbers above a high-water mark, because ids are handed out at announcement; asking by date of
submission loses one paper in seven (announced more than three days later) to one in seventy (more than fourteen).

A request asks for the next numbers of a month, then *strides* beyond them, so that unused numbers do not end the walk,
then the beginning of the months that follow. From an answer it follows

- how far the sequence certainly reaches: ``known``, by any paper that came, however far ahead;
- which numbers are passed now: those asked one by one, up to the highest known. A number that is passed and gave no
  whole paper is missing, and will be asked again. Nothing above the highest known paper is ever passed;
- whether the month is at its end: nothing came, twice if the sequence goes on in a later month.

An answer that is empty or has gaps by a fault can therefore delay papers, but not lose them: months stay open (their
ends are looked at again) until two more have begun, and a month is never left out because its first numbers did not
come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.arxiv.sequence import LAST_NUMBER, Number, month_after, numbers
from adapters.arxiv.state import Position

REQUEST_SIZE = 200
STRIDES = (100, 200, 500, 1000, 2000)

_FIRST_LOOK = 50
_DENSE = 150
_OPEN_TAIL = 10
_NEXT_MONTH = 10
_MONTHS_AHEAD = 8

# Nearly every number is a paper; answers to long lists of ids have come with a third left out (arxiv.py issue #15).
_THIN = 0.95

# A longer stretch of numbers without a paper is walked through once, not twice: what it may hide is asked again anyway.
_LONG_GAP = 2000


@dataclass(frozen=True, slots=True)
class Request:
    """``dense`` numbers of a month, asked one by one, and numbers ``ahead`` that only show where the sequence goes.

    ``quiet``: few of the month's next numbers are among them, as most often there is nothing new.
    """

    month: str
    dense: tuple[Number, ...]
    ahead: tuple[Number, ...]
    quiet: bool = False

    @property
    def ids(self) -> list[str]:
        return [number.id for number in (*self.dense, *self.ahead)]


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an answer: the numbers ``passed`` by it, in order, the new position, and whether to go on.

    ``again``: the answer was suspiciously thin, so the same numbers should be asked once more and both answers be put
    together before anything is passed.
    """

    position: Position
    passed: tuple[Number, ...] = ()
    again: bool = False
    finished: bool = False


def plan(position: Position, horizon: str, *, first: bool) -> Request:
    """What to ask next. ``horizon`` is the present month; ``first``: nothing is known yet of what is new."""
    month = _month_to_walk(position)
    mark = position.mark(month)
    gap = position.known_in(month) - mark
    if gap > _DENSE:
        return Request(month, _after(month, mark, REQUEST_SIZE, position), ())
    quiet = first and not position.unpassed
    length = _FIRST_LOOK if quiet else _DENSE
    dense = _after(month, mark, length, position)
    ahead = [*numbers(month, (mark + stride for stride in STRIDES if stride > length))]
    following = _following(position.newest.month, horizon, room=_MONTHS_AHEAD * _NEXT_MONTH)
    if quiet:
        ahead += _tails(position, room=REQUEST_SIZE - len(dense) - len(ahead) - len(following))
    ahead += following[: REQUEST_SIZE - len(dense) - len(ahead)]
    return Request(month, dense, tuple(ahead), quiet)


def decide(position: Position, request: Request, found: Mapping[str, object], *, asked_twice: bool) -> Step:
    """What the papers ``found`` (by id) in answer to ``request`` mean. Pure; the position is not changed in place."""
    came = [number for number in (*request.dense, *request.ahead) if number.id in found]
    position = position.knowing(came)
    top = position.known_in(request.month)
    passed = tuple(number for number in request.dense if number.number <= top)
    if passed:
        thin = sum(number.id in found for number in passed) < _THIN * len(passed)
        if thin and not asked_twice and top - position.mark(request.month) <= _LONG_GAP:
            return Step(position, again=True)
        return Step(position.passing(passed[-1], len(passed)), passed)
    if position.unpassed or (position.known_later and request.quiet):
        # Another open month goes on, or the backfill is complete and its month goes on behind it; and no month is left
        # for a later one before more of its next numbers were looked at.
        return Step(position)
    if not position.known_later:
        return Step(position, finished=True)
    if not asked_twice:
        return Step(position, again=True)
    return Step(position.opening(month_after(position.newest.month)))


def _month_to_walk(position: Position) -> str:
    """The earliest open month in which papers are known that were not passed, or else the newest month."""
    for month in position.open_months:
        if position.known_in(month) > position.mark(month):
            return month
    return position.newest.month


def _after(month: str, mark: int, length: int, position: Position) -> tuple[Number, ...]:
    end = mark + length
    if position.backfill and position.backfill.top.month == month:
        # A batch is either history or news.
        end = min(end, position.backfill.top.number)
    return tuple(numbers(month, range(mark + 1, min(end, LAST_NUMBER) + 1)))


def _tails(position: Position, room: int) -> list[Number]:
    """The numbers after the ends of the other open months: as many as there is room for."""
    others = position.open_months[:-1]
    ahead: list[Number] = []
    for count, other in enumerate(others):
        length = max(_OPEN_TAIL, (room - len(ahead)) // (len(others) - count) - len(STRIDES))
        tail = position.mark(other)
        strides = (tail + stride for stride in STRIDES if stride > length)
        ahead += numbers(other, (*range(tail + 1, tail + length + 1), *strides))
    return ahead


def _following(newest: str, horizon: str, room: int) -> list[Number]:
    """The beginnings of the months after ``newest``, up to the present one: after a long pause there are several."""
    ahead: list[Number] = []
    for count in range(1, _MONTHS_AHEAD + 1):
        month = month_after(newest, count)
        if count > 1 and month > horizon:
            break
        places = range(1, _NEXT_MONTH + 1) if count > 1 else (*range(1, _NEXT_MONTH + 1), *STRIDES)
        ahead += numbers(month, places)
    return ahead[:room]
