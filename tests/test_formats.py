"""RIS, CSV, JSON and Markdown: exact text of small files, and hostile text that changes nothing but itself."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.formats import FORMATS, find_format
from bot.formats.csv import COLUMNS, csv_table
from bot.formats.fields import doi_of, surname_first
from bot.formats.json import json_document
from bot.formats.markdown import markdown
from bot.formats.ris import ris
from bot.models import Paper
from tests.factories import make_paper

HOSTILE = "\r\nER  - \r\n\r\nTY  - JOUR\nTI  - Forged\x85AU  - Nobody\u2028PY  - 1066\x0b\x0c\x1c\u202e"
PUBLISHED = make_paper(
    title=r"Careful $\alpha$-delivery", journal_ref="J. Post 4 (2026) 1", doi="10.1000/p.4", comment="9 pages"
)


def cells(papers: list[Paper]) -> list[dict[str, str]]:
    text = csv_table(papers)
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def shown(text: str) -> list[str]:
    """Each item of a Markdown list as a renderer shows it: its texts, without mark-up; nothing else may be there."""
    found = []
    for token in MarkdownIt("gfm-like", {"linkify": False}).parse(text):
        assert token.type in {
            "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open",
            "paragraph_close", "inline",
        }  # fmt: skip
        if token.type == "inline":
            inside = token.children or []
            assert {each.type for each in inside} <= {"text", "text_special", "link_open", "link_close"}
            found.append("".join(each.content for each in inside))
    return found


def test_formats_are_found_by_their_names() -> None:
    assert find_format("BibTeX") is find_format("bib") is FORMATS["bibtex"]
    assert find_format("md") is FORMATS["markdown"]
    assert find_format("moss") is None


def test_ris_of_a_preprint_and_of_a_published_paper() -> None:
    assert ris([make_paper()]) == (
        "TY  - UNPB\r\nTI  - A study of careful delivery\r\nAU  - Post, Ada\r\nAU  - Café, Émile\r\nPY  - 2026\r\n"
        "DA  - 2026/03/03\r\nAN  - arXiv:2603.00001\r\nPB  - arXiv\r\nKW  - cs.CL\r\nKW  - cs.LG\r\n"
        "AB  - We deliver every letter exactly once and count the steps.\r\n"
        "UR  - https://arxiv.org/abs/2603.00001\r\nL1  - https://arxiv.org/pdf/2603.00001\r\nER  - \r\n"
    )
    (entry,) = rispy.loads(ris([PUBLISHED]))
    assert (entry["type_of_reference"], entry["title"]) == ("JOUR", "Careful α-delivery")
    assert (entry["journal_name"], entry["doi"], entry["notes"]) == ("J. Post 4 (2026) 1", "10.1000/p.4", ["9 pages"])
    assert "publisher" not in entry
    assert ris([]) == ""


def test_no_text_adds_a_tag_or_a_paper_to_ris() -> None:
    hostile = make_paper(
        title=f"A{HOSTILE}", abstract=HOSTILE, authors=(f"Ada{HOSTILE}", "*"), comment=HOSTILE, journal_ref=HOSTILE
    )
    text = ris([hostile, make_paper("2603.00002"), make_paper("2603.00002")])
    entries = rispy.loads(text)
    assert [entry["accession_number"] for entry in entries] == ["arXiv:2603.00001", "arXiv:2603.00002"]
    assert text.count("\n") == text.count("\r\n") == len(text.splitlines())
    assert sum(line.startswith("TI  - ") for line in text.splitlines()) == 2
    assert "Forged" in entries[0]["title"]
    assert "*" not in text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Post", "Post, Ada"),
        ("Jan van der Brief", "van der Brief, Jan"),
        ("Ada B. Post Jr.", "Post, Ada B., Jr."),
        ("Ada Post, Jr.", "Ada Post, Jr."),
        ("Plato", "Plato"),
        ("von Brief", "Brief, von"),
        ("The Letter Collaboration", "The Letter Collaboration"),
        ("李 明", "李 明"),
        ("", ""),
    ],
)
def test_surnames_come_first_where_they_are_known(name: str, expected: str) -> None:
    assert surname_first(name) == expected


def test_csv_has_a_heading_and_a_line_for_each_paper() -> None:
    assert csv_table([]) == "\ufeff" + ",".join(COLUMNS) + "\r\n"
    (row,) = cells([PUBLISHED, PUBLISHED])
    assert row == {
        "arxiv": "arXiv:2603.00001",
        "version": "1",
        "title": "Careful α-delivery",
        "authors": "Ada Post; Émile Café",
        "categories": "cs.CL cs.LG",
        "published": "2026-03-03",
        "updated": "2026-03-03",
        "announced": "2026-03-04",
        "doi": "10.1000/p.4",
        "journal_ref": "J. Post 4 (2026) 1",
        "comment": "9 pages",
        "url": "https://arxiv.org/abs/2603.00001",
        "pdf": "https://arxiv.org/pdf/2603.00001",
        "abstract": "We deliver every letter exactly once and count the steps.",
    }
    assert cells([make_paper(announced=None)])[0]["announced"] == ""


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t=", "\r\n=", "\u200b=", " =", "＝", "＋", "－", "＠"], ids=ascii
)
def test_no_cell_of_csv_is_a_formula(start: str) -> None:
    text = start + 'HYPERLINK("https://evil.example";"a,b")'
    row = cells([make_paper(title=text, authors=(text,), comment=text, journal_ref=text, doi=text, abstract=text)])[0]
    for column in ("title", "authors", "comment", "journal_ref", "doi", "abstract"):
        assert row[column].startswith("'")
        assert 'HYPERLINK("https://evil.example";"a,b")' in row[column]


def test_json_has_every_key_and_the_texts_as_they_are() -> None:
    berlin = datetime(2026, 3, 3, 16, tzinfo=timezone(timedelta(hours=1)))
    text = json_document([make_paper(title='$\\alpha$ "quoted"\n\x00', published=berlin, announced=None)])
    assert json.loads(text) == {
        "papers": [
            {
                "id": "2603.00001",
                "version": 1,
                "title": '$\\alpha$ "quoted"\n\x00',
                "abstract": "We deliver every letter exactly once and count the steps.",
                "authors": ["Ada Post", "Émile Café"],
                "categories": ["cs.CL", "cs.LG"],
                "published": "2026-03-03T15:00:00Z",
                "updated": "2026-03-03T15:00:00Z",
                "announced": None,
                "comment": None,
                "doi": None,
                "journal_ref": None,
                "url": "https://arxiv.org/abs/2603.00001",
                "pdf": "https://arxiv.org/pdf/2603.00001",
            }
        ]
    }
    assert json.loads(json_document([])) == {"papers": []}


def test_markdown_is_a_list_of_links() -> None:
    assert markdown([PUBLISHED]) == (
        "- [Careful α-delivery](https://arxiv.org/abs/2603.00001) · Ada Post and Émile Café · cs.CL · 2026-03-03 · "
        "J. Post 4 (2026) 1 · [DOI](<https://doi.org/10.1000/p.4>) · [PDF](https://arxiv.org/pdf/2603.00001)\n"
    )
    assert markdown([]) == ""


@pytest.mark.parametrize(
    "title",
    [
        "a](https://evil.example) | [b", "![x](y)", "**bold** _it_ ~~gone~~", "`code", "<script>alert(1)</script>",
        "<https://evil.example>", "&lt; &amp;", "\\] \\", "# heading", "1. one | two", "@ann #1", "[^1]: note",
        "https://evil.example www.evil.example",
    ],
)  # fmt: skip
def test_markdown_shows_titles_as_they_are(title: str) -> None:
    plain = " ".join(title.split())
    (item,) = shown(markdown([make_paper(title=title, authors=(title,), journal_ref=title)]))
    # What looks like LaTeX (a backslash, a brace) is made readable before.
    if "\\" not in title and "^" not in title and "~" not in title:
        assert item == f"{plain} · {plain} · cs.CL · 2026-03-03 · {plain} · PDF"


def test_nothing_in_markdown_becomes_a_link_by_itself() -> None:
    text = markdown([make_paper(title="see https://evil.example or WWW.evil.example")])
    assert r"https\://evil.example or WWW\.evil.example" in text


def test_a_title_of_nothing_still_shows_the_paper() -> None:
    assert shown(markdown([make_paper(title="\u200b", authors=())])) == ["2603.00001 · cs.CL · 2026-03-03 · PDF"]


def test_only_sound_dois_are_given() -> None:
    assert doi_of(make_paper(doi="10.1000/a 10.1000/b")) == "10.1000/a"
    assert doi_of(make_paper(doi="10.1000/x) [y](z")) == "10.1000/x)"
    assert doi_of(make_paper(doi='10.1000/"x"')) == ""
    (item,) = shown(markdown([make_paper(doi="10.1000/(a)<b>[c]")]))
    assert "DOI" in item


_hostile = st.text(max_size=40) | st.text(alphabet="\r\n\t -=+@|[]()<>`*_\\$&#!\"',;{}AETRY~", max_size=60)


@given(titles=st.lists(_hostile, min_size=1, max_size=3), other=_hostile)
def test_every_paper_is_there_whatever_its_text(titles: list[str], other: str) -> None:
    values: dict[str, Any] = {"abstract": other, "authors": (other, "Ada Post"), "comment": other, "journal_ref": other}
    papers = [make_paper(f"2603.{n:05}", title=title, **values) for n, title in enumerate(titles)]
    ids = [paper.id for paper in papers]

    def read_back(text: str) -> str:
        return text.encode("utf-8", "replace").decode()

    entries = rispy.loads(read_back(ris(papers)))
    assert [entry["accession_number"] for entry in entries] == [f"arXiv:{paper_id}" for paper_id in ids]
    rows = cells(papers)
    assert [row["arxiv"] for row in rows] == [f"arXiv:{paper_id}" for paper_id in ids]
    assert not any(str(cell).startswith(tuple("=+-@\t\r\n")) for row in rows for cell in row.values())
    objects = json.loads(read_back(json_document(papers)))["papers"]
    assert [each["id"] for each in objects] == ids
    assert len(shown(read_back(markdown(papers)))) == len(papers)


def test_dates_are_utc_days() -> None:
    late = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    assert cells([make_paper(published=late)])[0]["published"] == "2026-01-01"
