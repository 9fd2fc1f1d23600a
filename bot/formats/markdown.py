"""Papers as a Markdown list, an item each: the linked title, the authors, category, day, journal, DOI and PDF.

LaTeX becomes readable Unicode, and whatever Markdown and its common dialects (CommonMark, GitHub's tables, strikes and
formulas) would take for mark-up is escaped with a backslash, so that a renderer shows each text as it is:
https://spec.commonmark.org/current/#backslash-escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.formats.fields import clean, doi_of, once
from bot.models import Paper
from bot.text import readable
from bot.wording import authors_line

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~$&^@!]")
_ADDRESS = re.compile(r"(?i)(?<=\w)(?=://)|(?<=\bwww)(?=\.)")
_MOST_AUTHORS = 10


def markdown(papers: Iterable[Paper]) -> str:
    """A Markdown list of the papers; empty without papers."""
    return "".join(f"- {_item(paper)}\n" for paper in once(papers))


def _item(paper: Paper) -> str:
    parts = [
        f"[{escaped(paper.title) or paper.id}]({paper.abstract_url})",
        authors_line([escaped(name) for name in paper.authors], _MOST_AUTHORS),
        escaped(paper.primary_category),
        f"{paper.published:%Y-%m-%d}",
        escaped(paper.journal_ref or ""),
        f"[DOI](<https://doi.org/{_address(doi)}>)" if (doi := doi_of(paper)) else "",
        f"[PDF]({paper.pdf_url})",
    ]
    return " · ".join(part for part in parts if part)


def escaped(text: str) -> str:
    """A stranger's text as Markdown that shows it as it is, on one line."""
    marked = _MARKS.sub(r"\\\g<0>", clean(readable(text)))
    return _ADDRESS.sub(r"\\", marked)


def _address(doi: str) -> str:
    return doi.replace("<", "%3C").replace(">", "%3E")
