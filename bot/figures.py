"""A channel's figures in words and in characters; what a picture of them shows is decided here as well. Pure.

``lines_of`` chooses the watches that are shown by themselves: at most six lines, the ones with most matches, the rest
summed. ``drawn`` is for places without pictures, ``alt_text`` for people who hear one.

    ▁▂▁▃▅█▂▁▃▂▁▄ `RLHF`: 4 this week, 12 at most, 41 in all
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.models import Figures
from bot.wording import MONTHS, count, number

MOST_LINES = 6
_LONGEST_LABEL = 60
_BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a picture: a name, which may be a watch's ``query``, and a number for each week."""

    name: str
    values: tuple[int, ...]
    query: bool = False


def mondays(first: date, weeks: int) -> tuple[date, ...]:
    """So many Mondays, from that of the week of ``first`` on."""
    monday = first - timedelta(days=first.weekday())
    return tuple(monday + timedelta(weeks=week) for week in range(weeks))


def heading(figures: Figures, what: str) -> str:
    """``The last 12 weeks of reading``."""
    return f"The last {count(len(figures.weeks), 'week')} of {what or 'this channel'}"


def lines_of(figures: Figures) -> list[Series]:
    """The watches as they are shown, those with most matches first."""
    ranked = sorted(figures.watches, key=lambda watch: -sum(watch.matches))
    alone = ranked if len(ranked) <= MOST_LINES else ranked[: MOST_LINES - 1]
    rest = ranked[len(alone) :]
    lines = [Series(_label(watch.query), watch.matches, query=True) for watch in alone]
    if rest:
        together = tuple(sum(values) for values in zip(*(watch.matches for watch in rest), strict=True))
        lines.append(Series(f"{len(rest)} other watches", together))
    return lines


def drawn(figures: Figures, title: str) -> str:
    """The figures as lines of text, in which back-quotes stand around queries."""
    return "\n".join(
        [
            f"{title}, a column a week, {_span(figures.weeks)}:",
            "",
            "Papers that matched a watch",
            *map(_row, lines_of(figures)),
            "",
            "Matched, against what arXiv announced",
            _row(Series("matched", figures.matched)),
            _row(Series("announced", figures.announced)),
            "",
            "Saved here",
            _row(Series("saves", figures.saves)),
        ]
    )


def alt_text(figures: Figures, title: str) -> str:
    """The picture in plain words, at most a thousand characters."""
    watches = "; ".join(_said(series) for series in lines_of(figures))
    parts = [
        f"{title}, {_span(figures.weeks)}, in three charts.",
        f"Papers that matched a watch, week by week: {watches}.",
        f"Announced by arXiv: {number(sum(figures.announced))}; of these {number(sum(figures.matched))} matched.",
        f"Saves: {_said(Series('', figures.saves))}.",
    ]
    text = " ".join(parts)
    return text if len(text) <= 1_000 else text[:999].rstrip() + "…"


def _row(series: Series) -> str:
    most = max(series.values, default=0)
    bars = "".join(_block(value, most) for value in series.values)
    last = series.values[-1] if series.values else 0
    name = f"`{series.name}`" if series.query else series.name
    return f"{bars} {name}: {number(last)} this week, {number(most)} at most, {number(sum(series.values))} in all"


def _said(series: Series) -> str:
    most, last = max(series.values, default=0), series.values[-1] if series.values else 0
    name = f"{series.name} " if series.name else ""
    return f"{name}{number(sum(series.values))} in all, at most {number(most)} a week, {number(last)} this week"


def _block(value: int, most: int) -> str:
    if value <= 0:
        return _NOTHING
    return _BLOCKS[-(-value * len(_BLOCKS) // most) - 1]


def _label(query: str) -> str:
    """A query, cut where it is long; it never holds a back-quote that would end what it stands in."""
    line = query.replace("`", "'")
    return line if len(line) <= _LONGEST_LABEL else line[: _LONGEST_LABEL - 1].rstrip() + "…"


def _span(weeks: Sequence[date]) -> str:
    first, last = weeks[0], weeks[-1] + timedelta(days=6)
    return f"{first.day} {_month(first)} to {last.day} {_month(last)}"


def _month(day: date) -> str:
    return f"{MONTHS[day.month - 1]} {day.year}"
