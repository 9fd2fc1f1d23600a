"""Papers as CSL-JSON, which Zotero, pandoc and citation processors read: a list with an item for each paper.

The properties and their types are those of the public schema (https://github.com/citation-style-language/schema,
``csl-data.json``); whatever a paper has not is left out. An item's id is the key that the BibTeX of the same papers
has, so that a text can be moved from the one to the other. A paper with a journal reference is an article-journal, any
other an article, which in CSL stands for preprints.

Citation processors carry out a few HTML-like tags inside of texts
(https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html). arXiv's texts have none that are meant so, and the
brackets of what looks like one are changed to ‹ and ›.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC
from typing import Any

from bot.formats.bibtex import citation_keys
from bot.formats.fields import clean, doi_of, once, surname_first
from bot.models import Paper
from bot.text import readable

_TAG = re.compile(r"<(/?(?:i|b|sc|sub|sup|span)(?:\s[^<>]*)?)>", re.IGNORECASE)


def csl_json(papers: Iterable[Paper]) -> str:
    """A CSL-JSON list of the papers."""
    chosen = once(papers)
    keys = citation_keys(chosen)
    return json.dumps([_item(paper, keys[paper.id]) for paper in chosen], ensure_ascii=False, indent=2) + "\n"


def _item(paper: Paper, key: str) -> dict[str, Any]:
    journal = _text(paper.journal_ref or "")
    published = paper.published.astimezone(UTC)
    values: dict[str, Any] = {
        "id": key,
        "type": "article-journal" if journal else "article",
        "title": _text(paper.title),
        "author": [_name(name) for name in map(_text, paper.authors) if name],
        "issued": {"date-parts": [[published.year, published.month, published.day]]},
        "container-title": journal,
        "publisher": "" if journal else "arXiv",
        "number": f"arXiv:{paper.id}",
        "version": str(paper.version),
        "DOI": doi_of(paper),
        "URL": paper.abstract_url,
        "keyword": ", ".join(_text(category) for category in paper.categories),
        "note": _text(paper.comment or ""),
        "abstract": _text(paper.abstract),
    }
    return {name: value for name, value in values.items() if value}


def _name(name: str) -> dict[str, str]:
    """A clean name in its parts; whole where they are not known."""
    family, *others = surname_first(name).split(", ")
    if not others or "," in name:
        return {"literal": name}
    return dict(zip(("family", "given", "suffix"), (family, *others), strict=False))


def _text(text: str) -> str:
    return _TAG.sub("‹\\1›", clean(readable(text)))
