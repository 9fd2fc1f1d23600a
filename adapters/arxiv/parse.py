"""A result of the ``arxiv`` package as a Paper, or nothing when it is only half a paper."""

from __future__ import annotations

import re
from datetime import UTC

import arxiv

from bot.models import Paper

_ENTRY_ID = re.compile(
    r"https?://[^/]+/abs/(?:(?P<new>\d{4}\.\d{4,5})|(?P<archive>[a-z-]+)(?:\.[A-Z]{2})?/(?P<number>\d{7}))"
    r"(?:v(?P<version>[1-9]\d{0,3}))?",
    re.ASCII,
)
_PAPER_ID = re.compile(r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}", re.ASCII)

# Whatever is made of a text, however often, takes time and room that grow with it. The longest real ones have 250,
# 3,500, 60 and 400 characters, 5,000 authors and 15 categories.
LONGEST_TITLE = 1_000
LONGEST_ABSTRACT = 10_000
LONGEST_NAME = 200
LONGEST_REMARK = 2_000
MOST_AUTHORS = 20_000
MOST_CATEGORIES = 100


def is_paper_id(text: str) -> bool:
    """Whether arXiv would take it for an id without version; one that it would not spoils a whole request."""
    return _PAPER_ID.fullmatch(text) is not None


def to_paper(result: arxiv.Result) -> Paper | None:
    """The paper, without a listing day. None when its id, title, abstract, authors or primary category is not there.

    White space in texts is collapsed to single blanks; the primary category comes first. What is longer than anything
    real is cut, with an ellipsis where it is a text.
    """
    match = _ENTRY_ID.fullmatch(result.entry_id.strip())
    title, abstract = _clean(result.title, LONGEST_TITLE), _clean(result.summary, LONGEST_ABSTRACT)
    authors = tuple(name for author in result.authors[:MOST_AUTHORS] if (name := _clean(author.name, LONGEST_NAME)))
    primary = _clean(result.primary_category, LONGEST_NAME)
    if not (match and title and abstract and authors and primary):
        return None
    others = (_clean(category, LONGEST_NAME) for category in result.categories[:MOST_CATEGORIES])
    return Paper(
        id=match["new"] or f"{match['archive']}/{match['number']}",
        version=int(match["version"] or 1),
        title=title,
        abstract=abstract,
        authors=authors,
        categories=tuple(dict.fromkeys([primary, *filter(None, others)])),
        published=result.published.astimezone(UTC),
        updated=result.updated.astimezone(UTC),
        comment=_clean(result.comment, LONGEST_REMARK) or None,
        doi=_clean(result.doi, LONGEST_REMARK) or None,
        journal_ref=_clean(result.journal_ref, LONGEST_REMARK) or None,
    )


def _clean(text: str | None, most: int) -> str:
    clean = " ".join((text or "").split())
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"
