"""CSL-JSON: the rules of the public schema, exact items, hostile text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.formats.bibtex import bibtex
from bot.formats.csl import csl_json
from bot.models import Paper
from tests.factories import make_paper

TEXTS = {"title", "container-title", "publisher", "DOI", "URL", "keyword", "note", "abstract", "version"}
PARTS_OF_NAMES = {"family", "given", "suffix", "literal"}


def items(papers: list[Paper]) -> list[dict[str, Any]]:
    """The items of a file, each held against the schema's rules for what we use of it."""
    read = json.loads(csl_json(papers).encode("utf-8", "replace"))
    assert isinstance(read, list)
    for item in read:
        assert set(item) <= TEXTS | {"id", "type", "author", "issued", "number"}
        assert {"id", "type"} <= set(item)
        assert item["type"] in {"article", "article-journal"}
        assert all(isinstance(item[name], str) and item[name] for name in {"id", "number", *TEXTS} & set(item))
        for name in item.get("author", []):
            assert set(name) <= PARTS_OF_NAMES
            assert all(isinstance(part, str) for part in name.values())
        (parts,) = item["issued"]["date-parts"]
        assert len(parts) == 3
        assert all(type(part) is int for part in parts)
    return list(read)


def test_a_preprint_and_a_published_paper() -> None:
    assert items([make_paper()]) == [
        {
            "id": "post2026study",
            "type": "article",
            "title": "A study of careful delivery",
            "author": [{"family": "Post", "given": "Ada"}, {"family": "Café", "given": "Émile"}],
            "issued": {"date-parts": [[2026, 3, 3]]},
            "publisher": "arXiv",
            "number": "arXiv:2603.00001",
            "version": "1",
            "URL": "https://arxiv.org/abs/2603.00001",
            "keyword": "cs.CL, cs.LG",
            "abstract": "We deliver every letter exactly once and count the steps.",
        }
    ]
    (item,) = items(
        [make_paper(title=r"On $\alpha$", journal_ref="J. Post 4 (2026) 1", doi="10.1000/p.4", comment="9 pages")]
    )
    assert (item["type"], item["container-title"], item["DOI"]) == (
        "article-journal",
        "J. Post 4 (2026) 1",
        "10.1000/p.4",
    )
    assert (item["title"], item["note"]) == ("On α", "9 pages")
    assert "publisher" not in item
    assert items([]) == []


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Jan van der Brief", {"family": "van der Brief", "given": "Jan"}),
        ("Ada B. Post Jr.", {"family": "Post", "given": "Ada B.", "suffix": "Jr."}),
        ("The Letter Collaboration", {"literal": "The Letter Collaboration"}),
        ("Post, Ada, and others", {"literal": "Post, Ada, and others"}),
        ("李 明", {"literal": "李 明"}),
    ],
)
def test_names_come_in_parts_where_these_are_known(name: str, parts: dict[str, str]) -> None:
    assert items([make_paper(authors=(name, "\u200b"))])[0]["author"] == [parts]


def test_no_text_is_carried_out_by_a_citation_processor() -> None:
    hostile = '<i>x</i> <span style="font-variant:small-caps">y</span> a<b and c>d <SUP>2</SUP>'
    (item,) = items([make_paper(title=hostile, abstract=hostile, authors=(hostile,), comment=hostile)])
    assert item["title"] == '‹i›x‹/i› ‹span style="font-variant:small-caps"›y‹/span› a‹b and c›d ‹SUP›2‹/SUP›'
    assert items([make_paper(title="2 < i > 1")])[0]["title"] == "2 < i > 1"


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), min_size=1, max_size=3), st.text(max_size=30))
def test_every_paper_is_there_with_the_key_of_its_bibtex(titles: list[str], other: str) -> None:
    papers = [
        make_paper(f"2603.{n:05}", title=title, authors=(other,), journal_ref=other, comment=other)
        for n, title in enumerate(titles)
    ]
    read = items([*papers, papers[0]])
    assert [item["number"] for item in read] == [f"arXiv:{paper.id}" for paper in papers]
    entries = bibtex(papers)
    assert all(f"{{{item['id']}," in entries for item in read)
