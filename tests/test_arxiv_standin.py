"""The stand-in is as the real API is: shapes, grammar, windows, and a replay with dense numbers."""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import arxiv
import pytest
import requests

from bot.models import Paper
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn
from tests.standins.arxiv_atom import Asked, BadRequestError, entry, error_feed, feed, matching
from tests.standins.arxiv_replay import Replay, main, renumber

LINK = '  <link href="https://arxiv.org/api/query" type="application/atom+xml"/>\n'

PAPERS = {
    paper.id: paper
    for paper in (
        make_paper("2603.00001", categories=("cs.CL",), published=datetime(2026, 3, 1, tzinfo=UTC), version=2),
        make_paper("2603.00002", categories=("math.CO", "cs.LG"), published=datetime(2026, 3, 2, tzinfo=UTC)),
        make_paper("2603.00003", categories=("hep-th",), title="Owls", published=datetime(2026, 3, 3, tzinfo=UTC)),
        make_paper("hep-th/9901001", categories=("hep-th",), published=datetime(1999, 1, 1, tzinfo=UTC)),
    )
}


def found(**parameters: str) -> list[str]:
    return [paper.id for paper in matching(Asked.of(parameters), PAPERS)]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("cat:cs.CL", [1]),
        ("cat:cs", []),
        ("cat:cs.*", [1, 2]),
        ("ti:owls", [3]),
        ("owls cat:cs.CL", [1, 3]),  # a missing operator means OR
        ("cat:cs.LG AND cat:math.CO", [2]),
        ("cat:cs.CL AND ti:owls OR cat:cs.*", [1]),  # grouping is right-associative
        ("(cat:cs.CL AND ti:owls) OR cat:cs.LG", [2]),
        ("cat:cs.* ANDNOT cat:cs.LG", [1]),
        ("cat:cs.CL and cat:cs.LG", [1, 2, 3]),  # and is a word, which all three abstracts have
        ("submittedDate:[20260302 TO 20260302]", [2]),
        ("lastUpdatedDate:[202603020000 TO 202603030000]", [2, 3]),
        ("all:* AND submittedDate:[20260101 TO 20270101]", [1, 2, 3]),
        ('abs:"every letter"', [1, 2, 3]),
        ("colour:red", []),
    ],
)
def test_the_query_grammar_is_the_apis(query: str, ids: list[int]) -> None:
    new_style = [text for text in found(search_query=query, max_results="10") if text.startswith("2603")]
    assert new_style == [f"2603.0000{number}" for number in ids]


@pytest.mark.parametrize(
    "parameters",
    [
        {"search_query": "(cat:cs.CL"},
        {"search_query": "cat:cs.CL AND"},
        {"search_query": "cat:cs.CL )"},
        {"search_query": "submittedDate:[now TO then]"},
        {"search_query": "submittedDate:[20261301 TO 20261302]"},
        {"id_list": "2603.00001,abc"},
        {"start": "one"},
        {"max_results": "2001"},
        {"start": "9900", "max_results": "200"},
    ],
)
def test_what_the_api_refuses(parameters: dict[str, str]) -> None:
    with pytest.raises(BadRequestError):
        found(**parameters)


def test_ids_with_and_without_version() -> None:
    assert found(id_list="2603.00001v2,2603.00002v2,hep-th/9901001,2603.00009,2603.00001") == [
        "2603.00001",
        "hep-th/9901001",
    ]
    assert found(id_list="2603.00001,2603.00003", search_query="ti:owls") == ["2603.00003"]
    assert found() == []


def test_the_order_is_by_submission_where_asked() -> None:
    newest = found(search_query="cat:hep-th", sortBy="submittedDate", sortOrder="descending")
    assert newest == ["2603.00003", "hep-th/9901001"]
    assert found(search_query="cat:hep-th", sortBy="lastUpdatedDate", sortOrder="ascending")[-1] == newest[-1]


def test_a_paper_comes_back_from_the_package_as_it_went_in() -> None:
    paper = make_paper(title="On <α> & β\x0b", comment="9 pages", doi="10.1/x", journal_ref="J. 1", version=4)
    (result,) = arxiv._feed.parse(feed([entry(paper)], total=1, start=0, size=10).encode()).results
    assert result.get_short_id() == "http://arxiv.org/abs/2603.00001v4".rpartition("/")[2]
    assert result.title == "On <α> & β"
    assert (result.comment, result.doi, result.journal_ref) == ("9 pages", "10.1/x", "J. 1")
    assert [author.name for author in result.authors] == list(paper.authors)
    assert result.categories == list(paper.categories)
    assert result.pdf_url == "https://arxiv.org/pdf/2603.00001v4"


def test_feeds_have_the_shape_of_recorded_ones(data: Path) -> None:
    def names(text: str) -> list[str]:
        return [line.split(">")[0].split()[0].strip("</") for line in text.splitlines() if line.strip().startswith("<")]

    recorded = (data / "atom" / "id_list_single.xml").read_text()
    paper = make_paper(categories=("math.CO", "math.ST"), comment="20 pages")
    assert names(feed([entry(paper)], total=1, start=0, size=100)) == names(recorded)
    refused = (data / "atom" / "id_list_bad_id_error_400.xml").read_text()
    # The real one has no link of its own.
    assert names(error_feed("incorrect id format for abc").replace(LINK, "")) == names(refused)


def some_days() -> list[Paper]:
    return [
        make_paper("2602.01000", announced=date(2026, 3, 2), published=datetime(2026, 2, 27, 15, tzinfo=UTC)),
        make_paper("2601.05000", announced=date(2026, 3, 2), published=datetime(2026, 1, 27, 15, tzinfo=UTC)),
        make_paper("2603.00700", announced=date(2026, 3, 3), published=datetime(2026, 3, 2, 15, tzinfo=UTC)),
        make_paper("2603.00900", announced=None, published=datetime(2026, 3, 3, 15, tzinfo=UTC)),
    ]


def test_renumbering_makes_the_sequence_dense_and_keeps_dates() -> None:
    numbered = renumber(some_days())
    # Monday's listing was announced on 1 March, a Sunday.
    assert [paper.id for paper in numbered] == ["2603.00001", "2603.00002", "2603.00003", "2603.00004"]
    assert [paper.published.day for paper in numbered] == [27, 27, 2, 3]
    assert numbered[0].published < numbered[1].published
    assert numbered[3].announced == date(2026, 3, 4)


def test_a_replay_announces_day_by_day() -> None:
    stand_in = ArxivStandIn()
    replay = Replay(stand_in, some_days())
    replay.until(date(2026, 3, 2))
    assert len(stand_in.papers) == 2
    assert replay.advance() == {"day": "2026-03-03", "papers": 1, "last": "2603.00003", "days_left": 1, "requests": 0}
    replay.advance()
    assert replay.advance() == replay.status()
    assert len(stand_in.papers) == 4


def test_by_hand_it_serves_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "papers.jsonl.gz"
    with gzip.open(path, "wt") as lines:
        for paper in some_days():
            lines.write(json.dumps(asdict(paper), default=str) + "\n")
    stopped = threading.Event()
    arguments = ["--data", str(path), "--day", "2026-03-02", "--since", "2026-01-01"]
    server = threading.Thread(
        target=main, args=(arguments,), kwargs={"stopped": stopped, "ready": (ready := threading.Event())}
    )
    server.start()
    try:
        assert ready.wait(10)
        url = capsys.readouterr().out.split()[0]
        control = url.replace("/api/query", "/control")
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(f"{control}/advance", timeout=10).json()["day"] == "2026-03-03"
            assert "2603.00003v1" in session.get(f"{url}?id_list=2603.00003", timeout=10).text
            assert session.get(f"{control}/status", timeout=10).json()["requests"] == 1
    finally:
        # Python's end would wait for the thread.
        stopped.set()
        server.join()
