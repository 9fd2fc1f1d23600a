"""A result of the ``arxiv`` package as a Paper, or nothing when it is only half a paper."""

from __future__ import annotations

import re
from datetime import UTC

import arxiv

from bot.models import Paper

_ENTRY_ID = re.compile(
    r"https?://[^/]+/abs/(?:(?P<new>\d{4}\.\d{4,5})|(?P<archive>[a-z-]+)(?:\.[A-Z]{2})?/(?P<number>\d{7}))"
    r"(?:v(?P<version>\d+))?",
    re.ASCII,
)
_PAPER_ID = re.compile(r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}", re.ASCII)


def is_paper_id(text: str) -> bool:
    """Whether arXiv would take it for an id without version; one that it would not spoils a whole request."""
    return _PAPER_ID.fullmatch(text) is not None


def to_paper(result: arxiv.Result) -> Paper | None:
    """The paper, without a listing day. None when its id, title, abstract, authors or primary category is not there.

    White space in texts is collapsed to single blanks; the primary category comes first.
    """
    match = _ENTRY_ID.fullmatch(result.entry_id.strip())
    title, abstract = _clean(result.title), _clean(result.summary)
    authors = tuple(name for author in result.authors if (name := _clean(author.name)))
    primary = _clean(result.primary_category)
    if not (match and title and abstract and authors and primary):
        return None
    others = (_clean(category) for category in result.categories)
    return Paper(
        id=match["new"] or f"{match['archive']}/{match['number']}",
        version=int(match["version"] or 1),
        title=title,
        abstract=abstract,
        authors=authors,
        categories=tuple(dict.fromkeys([primary, *filter(None, others)])),
        published=result.published.astimezone(UTC),
        updated=result.updated.astimezone(UTC),
        comment=_clean(result.comment) or None,
        doi=_clean(result.doi) or None,
        journal_ref=_clean(result.journal_ref) or None,
    )


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())
