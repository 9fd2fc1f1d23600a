"""Papers as JSON, for programs: ``{"papers": [...]}`` with these keys for each paper, always all of them.

id (text, without version), version (number), title, abstract, authors (list), categories (list, the primary one first),
published, updated (moments as ISO 8601 in UTC), announced (day as ISO 8601 or null), comment, doi, journal_ref (text or
null), url, pdf. Texts are as arXiv has them, LaTeX and all. Keys keep their names and meanings; new ones may be added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bot.formats.fields import once
from bot.models import Paper


def json_document(papers: Iterable[Paper]) -> str:
    """A JSON document of the papers."""
    return json.dumps({"papers": [_object(paper) for paper in once(papers)]}, ensure_ascii=False, indent=2) + "\n"


def _object(paper: Paper) -> dict[str, Any]:
    return {
        "id": paper.id,
        "version": paper.version,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "categories": list(paper.categories),
        "published": _moment(paper.published),
        "updated": _moment(paper.updated),
        "announced": paper.announced.isoformat() if paper.announced else None,
        "comment": paper.comment,
        "doi": paper.doi,
        "journal_ref": paper.journal_ref,
        "url": paper.abstract_url,
        "pdf": paper.pdf_url,
    }


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
