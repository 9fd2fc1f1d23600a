"""Is an answer whole? And a result as a paper."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import arxiv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.arxiv.feed import MAX_DEPTH, MAX_ENTRY_BYTES, UnsoundError, screen
from adapters.arxiv.parse import (
    LONGEST_ABSTRACT,
    LONGEST_NAME,
    LONGEST_REMARK,
    LONGEST_TITLE,
    MOST_AUTHORS,
    is_paper_id,
    to_paper,
)
from tests.factories import make_paper
from tests.standins.arxiv_atom import entry, error_feed, feed

TWO = [entry(make_paper("2603.00001")), entry(make_paper("2603.00002"))]


def body(entries: list[str], *, total: int | None = None, start: int = 0) -> bytes:
    return feed(entries, total=len(entries) if total is None else total, start=start, size=200).encode()


def test_a_whole_page_passes_unchanged() -> None:
    page = screen(body(TWO), page_size=200)
    assert page.body == body(TWO)
    assert page.entries == 2
    assert not page.short


def test_a_page_in_the_middle_of_many_passes() -> None:
    assert screen(body(TWO, total=50, start=10), start=10, page_size=2).entries == 2


def test_no_results_are_an_answer_too() -> None:
    assert screen(body([]), page_size=200).entries == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"Rate exceeded.", "XML is broken in line 1"),
        (b"", "XML is broken"),
        (b"<html><body/></html>", "not an Atom feed"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "no totalResults"),
        (body(TWO)[:-40], "XML is broken"),
        (body(TWO).replace(b"<feed", b'<!DOCTYPE feed [<!ENTITY a "b">]><feed'), "document type"),
        (body(TWO, total=0), "2 of 0"),
        (body(TWO, total=3), "2 of 3"),
        (body([], total=3), "0 of 3"),
        (body([], total=300), "empty, but promises 300"),
        (body(TWO, start=10), "begins at 10 and not at 0"),
        (body(TWO).replace(b">2</opensearch:totalResults", b">two</opensearch:totalResults"), "no totalResults"),
        (error_feed("incorrect id format for abc").encode(), "error message"),
        (body(TWO).decode().encode("utf-16"), "UTF-16"),
        (body(TWO).replace(b"UTF-8", b"no-such-thing", 1), "an encoding that cannot be read"),
        (body(TWO).replace(b"UTF-8", b"shift-jis", 1), "an encoding that cannot be read"),
        (body([f"{'<a>' * MAX_DEPTH}{'</a>' * MAX_DEPTH}"]), "nested too deeply"),
        (body(TWO).replace(b"careful", b"caref\xff\xfeul"), "XML is broken"),
    ],
)
def test_what_is_not_whole_is_refused(answer: bytes, reason: str) -> None:
    with pytest.raises(UnsoundError, match=reason):
        screen(answer, page_size=200)


def test_a_page_with_more_than_it_promises_is_refused() -> None:
    with pytest.raises(UnsoundError, match="2 entries from 300 on, but promises 301"):
        screen(body(TWO, total=301, start=300), start=300, page_size=2)


def test_a_short_page_of_whole_entries_can_be_accepted_but_never_an_empty_one() -> None:
    with pytest.raises(UnsoundError) as caught:
        screen(body(TWO, total=3), page_size=200)
    assert caught.value.short
    page = screen(body(TWO, total=3), page_size=200, accept_short=True)
    assert page.short
    assert page.entries == 2
    with pytest.raises(UnsoundError) as caught:
        screen(body([], total=3), page_size=200, accept_short=True)
    assert not caught.value.short


@pytest.mark.parametrize(
    "unreadable",
    [
        entry(make_paper("2603.00009"), published="yesterday"),
        entry(make_paper("2603.00009"), published="0001-01-01T00:00:00Z"),
        entry(make_paper("2603.00009")).replace("<published>", "<publisher>").replace("</published>", "</publisher>"),
        entry(make_paper("2603.00009")).replace("<id>", "<id><b/>"),
        "<entry/>",
        entry(make_paper("2603.00009", abstract="x" * MAX_ENTRY_BYTES)),
    ],
    ids=["no date", "no time zone holds it", "absent date", "no id", "empty", "endless"],
)
def test_an_unreadable_entry_is_cut_out_and_the_others_stay(unreadable: str) -> None:
    page = screen(body([TWO[0], unreadable, TWO[1]]), page_size=200)
    assert page.entries == 2
    assert page.body.split() == body(TWO, total=3).split()


@given(st.data())
def test_no_damage_gets_papers_through_that_are_not_whole(data: st.DataObject) -> None:
    """Whatever is cut out of an answer: it is refused, or what is left of it reads as some of the true papers."""
    whole = body([entry(make_paper(f"2603.0000{number}", title="Émile's <α> & co")) for number in range(1, 6)])
    start = data.draw(st.integers(0, len(whole)))
    damaged = whole[:start] + whole[data.draw(st.integers(start, len(whole))) :]
    try:
        page = screen(damaged, page_size=200)
    except UnsoundError:
        return
    results = arxiv._feed.parse(page.body).results
    assert len(results) == page.entries


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_a_reason(junk: bytes) -> None:
    with pytest.raises(UnsoundError, match=r"^it"):
        screen(junk, page_size=200)


def result(**changes: Any) -> arxiv.Result:
    moment = datetime(2026, 3, 3, 15, tzinfo=UTC)
    values: dict[str, Any] = {
        "entry_id": "http://arxiv.org/abs/2603.00001v3",
        "updated": moment,
        "published": moment,
        "title": " A  title\nin lines ",
        "authors": [arxiv.Result.Author(" Ada \n Post "), arxiv.Result.Author("")],
        "summary": "\n An abstract.\n",
        "comment": " ",
        "journal_ref": None,
        "doi": "10.1000/x",
        "primary_category": "cs.CL",
        "categories": ["cs.LG", "cs.CL", ""],
    }
    return arxiv.Result(**(values | changes))


def test_a_result_becomes_a_paper() -> None:
    paper = to_paper(result())
    assert paper is not None
    assert (paper.id, paper.version) == ("2603.00001", 3)
    assert paper.title == "A title in lines"
    assert paper.abstract == "An abstract."
    assert paper.authors == ("Ada Post",)
    assert paper.categories == ("cs.CL", "cs.LG")
    assert (paper.comment, paper.doi, paper.journal_ref) == (None, "10.1000/x", None)
    assert paper.announced is None


@pytest.mark.parametrize(
    ("entry_id", "expected"),
    [
        ("http://arxiv.org/abs/hep-th/9901001v2", ("hep-th/9901001", 2)),
        ("https://export.arxiv.org/abs/math.GT/0309136v1", ("math/0309136", 1)),
        ("http://arxiv.org/abs/2603.00001", ("2603.00001", 1)),
        ("http://arxiv.org/abs/0704.0001v1", ("0704.0001", 1)),
    ],
)
def test_ids_of_every_style_are_read(entry_id: str, expected: tuple[str, int]) -> None:
    paper = to_paper(result(entry_id=entry_id))
    assert paper is not None
    assert (paper.id, paper.version) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"authors": []},
        {"authors": [arxiv.Result.Author(" ")]},
        {"primary_category": ""},
        {"title": " "},
        {"summary": ""},
        {"entry_id": "http://arxiv.org/api/errors#nothing"},
        {"entry_id": "http://arxiv.org/abs/2603.00v1"},
        {"entry_id": "http://arxiv.org/abs/2603.00001v0"},
        {"entry_id": "http://arxiv.org/abs/2603.00001v" + "9" * 5_000},
    ],
)
def test_half_a_result_is_no_paper(changes: dict[str, Any]) -> None:
    assert to_paper(result(**changes)) is None


def test_what_is_longer_than_anything_real_is_cut() -> None:
    many = [arxiv.Result.Author("Ada " + "x" * 5_000)] * (MOST_AUTHORS + 1)
    long = "word " * 100_000
    paper = to_paper(result(title=long, summary=long, comment=long, authors=many, categories=[long] * 500))
    assert paper is not None
    assert paper.title.endswith("word word…")
    assert len(paper.title) == LONGEST_TITLE
    assert len(paper.abstract) == LONGEST_ABSTRACT
    assert len(paper.comment or "") == LONGEST_REMARK
    assert len(paper.authors) == MOST_AUTHORS
    assert len(paper.authors[0]) == LONGEST_NAME
    assert len(paper.categories) == 2


@pytest.mark.parametrize("text", ["2603.00001", "0704.0001", "hep-th/9901001", "math.GT/0309136"])
def test_ids_that_arxiv_takes(text: str) -> None:
    assert is_paper_id(text)


@pytest.mark.parametrize(
    "text", ["", "abc", "2613.00001", "2603.00001v2", "2603.1", "x,y", "hep-th/9913001", "２603.00001"]
)
def test_ids_that_would_spoil_a_request(text: str) -> None:
    assert not is_paper_id(text)


def test_recorded_answers_are_read_as_what_they_are(data: Path) -> None:
    expected = {
        "id_list_old_style_affiliations.xml": ["astro-ph/0601001"],
        "id_list_one_unknown_one_known.xml": ["1707.08567"],
        "id_list_single.xml": ["1605.08386"],
        "id_list_title_is_0.xml": ["2104.12255"],
        "id_list_unknown_id_empty_200.xml": [],
        "legacy_2016_search.xml": ["1311.6008"],
    }
    for record in json.loads((data / "atom" / "index.json").read_text()):
        recorded = (data / "atom" / record["file"]).read_bytes()
        if record["status"] != 200:
            with pytest.raises(UnsoundError, match="error message"):
                screen(recorded)
            continue
        page = screen(recorded, start=10 if "start10" in record["file"] else 0)
        papers = [to_paper(result) for result in arxiv._feed.parse(page.body).results]
        assert None not in papers
        assert len(papers) == page.entries
        if record["file"] in expected:
            assert [paper.id for paper in papers if paper] == expected[record["file"]]
