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
    written = [text for part in parts for text in _part(part)]
    moment = updated.astimezone(ZoneInfo(zone))
    head = f"# Daily papers\n\nLast update: {moment:%Y-%m-%d %H:%M} ({escaped(zone)})\n"
    return "\n".join([head, *(written or ["Nothing is watched yet.\n"])])


def _part(part: Part) -> Iterable[str]:
    level = "##"
    if part.name:
        yield f"## {escaped(part.name)}\n"
        level = "###"
    for section in part.sections:
        rows = [_row(paper) for paper in once(section.papers)[:ROWS]]
        table = f"{_HEADING}{''.join(rows)}" if rows else "No papers yet.\n"
        yield f"{level} {escaped(section.query)}\n\n{table}"


def _row(paper: Paper) -> str:
    cells = (
        f"**[{escaped(paper.title) or paper.id}]({paper.abstract_url})**",
        f"{paper.published:%Y-%m-%d}",
        f"<details><summary>Show</summary>{escaped(paper.abstract)}</details>",
        escaped(paper.comment or ""),
    )
    return f"| {' | '.join(cells)} |\n"
