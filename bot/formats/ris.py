"""Papers as RIS, which Zotero, EndNote, Mendeley and JabRef read; written by rispy.

A line of RIS is a tag of two characters, two spaces, a hyphen and a value, and ``ER`` ends a paper. Every value is made
one line first, so no title can add a tag or end its paper. A paper with a journal reference is JOUR, any other UNPB
(unpublished), under which managers keep preprints. Lines end with CR LF, as the format asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rispy.writer import RisWriter

from bot.formats.fields import clean, doi_of, once, surname_first
from bot.models import Paper
from bot.text import readable


class _Writer(RisWriter):  # type: ignore[misc] # rispy has no annotations
    NEWLINE = "\r\n"

    def set_header(self, _count: int) -> str:
        """No number above each paper: it is no part of the format."""
        return ""


def ris(papers: Iterable[Paper]) -> str:
    """A RIS file of the papers; empty without papers."""
    references = [_reference(paper) for paper in once(papers)]
    return str(_Writer().formats(references)) if references else ""


def _reference(paper: Paper) -> dict[str, Any]:
    journal = _value(paper.journal_ref or "")
    comment = _value(paper.comment or "")
    published = paper.published
    values: dict[str, Any] = {
        "type_of_reference": "JOUR" if journal else "UNPB",
        "title": _value(paper.title),
        # The format forbids the asterisk in authors and keywords.
        "authors": [surname_first(name) for name in map(_plain, paper.authors) if name],
        "year": f"{published:%Y}",
        "date": f"{published:%Y/%m/%d}",
        "journal_name": journal,
        "doi": doi_of(paper),
        "accession_number": f"arXiv:{paper.id}",
        "publisher": "" if journal else "arXiv",
        "keywords": [_plain(category) for category in paper.categories],
        "abstract": _value(paper.abstract),
        "notes": [comment] if comment else [],
        "urls": [paper.abstract_url],
        "file_attachments1": paper.pdf_url,
    }
    return {name: value for name, value in values.items() if value}


def _value(text: str) -> str:
    return clean(readable(text))


def _plain(text: str) -> str:
    return clean(readable(text).replace("*", ""))
