"""A page of daily papers in the manner of DailyArXiv (https://github.com/zezhishao/DailyArXiv), in Markdown.

A heading and the moment of the last update, then a section for each query with a table of its latest papers: title
(linked), date, abstract (folded), comment. With several channels there is a part for each, headed by its name. A table
needs GitHub's dialect (https://github.github.com/gfm/#tables-extension-), and folding HTML's ``details``.

A row is one line whatever the paper holds, and everything of a stranger's is escaped, pipes too, so that a renderer
shows each row with its four cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.formats.fields import once
from bot.formats.markdown import escaped
from bot.models import Paper

ROWS = 100
"""The most papers in a section."""

_HEADING = "| Title | Date | Abstract | Comment |\n| --- | --- | --- | --- |\n"


@dataclass(frozen=True, slots=True)
class Section:
    """A query as its maker typed it, and its papers, latest first; those after the first ``ROWS`` are left out."""

    query: str
    papers: Sequence[Paper]


@dataclass(frozen=True, slots=True)
class Part:
    """The sections of one channel. ``name`` is shown above them; empty on a page of a single channel."""

    name: str
    sections: Sequence[Section]


def daily_page(parts: Iterable[Part], updated: datetime, zone: str) -> str:
    """The page; ``updated`` is aware and shown as it is in ``zone``, an IANA name."""
    return daily_head(updated, zone) + "".join(daily_part(part) for part in parts)


def daily_head(updated: datetime, zone: str) -> str:
    """The page's beginning, behind which parts follow."""
    return f"# Daily papers\n\nLast update: {updated.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({escaped(zone)})\n"


def daily_part(part: Part) -> str:
    """One channel's part of the page."""
    name = f"\n## {escaped(part.name)}\n" if part.name else ""
    level = "###" if part.name else "##"
    sections = "".join(f"\n{level} {escaped(each.query)}\n\n{_table(each.papers)}" for each in part.sections)
    return name + (sections or "\nNothing is watched yet.\n")


def _table(papers: Sequence[Paper]) -> str:
    rows = [_row(paper) for paper in once(papers)[:ROWS]]
    return f"{_HEADING}{''.join(rows)}" if rows else "No papers yet.\n"


def _row(paper: Paper) -> str:
    cells = (
        f"**[{escaped(paper.title) or paper.id}]({paper.abstract_url})**",
        f"{paper.published:%Y-%m-%d}",
        f"<details><summary>Show</summary>{escaped(paper.abstract)}</details>",
        escaped(paper.comment or ""),
    )
    return f"| {' | '.join(cells)} |\n"
