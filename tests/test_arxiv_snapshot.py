"""Records of arXiv's bulk metadata, and which listing day they are given."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.arxiv.parse import MOST_AUTHORS
from adapters.arxiv.snapshot import RecordError, Snapshot, is_record
from bot.models import Paper
from bot.paper_id import ordinal
from tests.snapshot_kit import created, line, record

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
FIRST = datetime(2007, 4, 2, 15, tzinfo=UTC)


def read(content: bytes) -> Paper:
    return Snapshot(NOW).paper(content)


def test_a_record_is_a_paper() -> None:
    assert read(line(doi="10.1/x", **{"journal-ref": "J. 1"})) == Paper(
        id="0704.0001",
        version=1,
        title="A study of careful delivery",
        abstract="We deliver every letter exactly once.",
        authors=("Ada Post", "Émile Café Jr."),
        categories=("hep-th", "math.CO"),
        published=FIRST,
        updated=FIRST,
        comment="12 pages",
        doi="10.1/x",
        journal_ref="J. 1",
        announced=date(2007, 4, 3),
    )


def test_the_last_version_counts_and_the_first_dates() -> None:
    versions = [
        {"version": "v1", "created": "Sat, 31 Mar 2007 02:26:18 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ]
    paper = read(line(versions=versions))
    assert paper.version == 2
    assert paper.published == datetime(2007, 3, 31, 2, 26, 18, tzinfo=UTC)
    assert paper.updated == datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("hep-th/9901001", "hep-th/9901001"),
        ("math.GT/0309136", "math/0309136"),
        ("0704.0001v2", "0704.0001"),
        ("2603.01234", "2603.01234"),
    ],
)
def test_ids_of_both_schemes(written: str, expected: str) -> None:
    assert read(line(written)).id == expected


def test_without_lists_of_names_the_one_text_is_parted() -> None:
    written = "Ada Post (Royal Mail, London), \\'Emile Caf\\'e and Bo Li"
    assert read(line(authors=written, authors_parsed=[])).authors == ("Ada Post", "Émile Café", "Bo Li")


def test_control_characters_and_white_space_are_blanks() -> None:
    paper = read(line(title="A\u0000\u001b[2J \t study\u0085", comments=" \n "))
    assert paper.title == "A [2J study"
    assert paper.comment is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"nonsense", "it is not JSON"),
        (b'{"id": "0704.0001', "it is not JSON"),
        (b"[" * 100_000, "it is not the record of a paper"),
        (b"\xff\xfe{\x00", "it is not JSON"),
        (b"[]", "it is not the record of a paper"),
        (b'{"id": "0704.0001"}', "`title` is missing"),
        (line(title=None), "`title` is not the text that it should be"),
        (line(title=7), "`title` is not the text that it should be"),
        (line(versions="v1"), "`versions` is not the list that it should be"),
        (json.dumps(record() | {"journal-ref": 7}).encode(), "`journal-ref` is not the text that it should be"),
        (line(authors_parsed=[["Post", 7, ""]]), "`authors_parsed` is not the text that it should be"),
        (line(title=" \n"), "`title` is empty"),
        (line(abstract=""), "`abstract` is empty"),
        (line(categories=""), "`categories` is empty"),
        (line("x" * 500), "is not an arXiv id"),
        (line("hep-th/9913001"), "`hep-th/9913001` is not an arXiv id"),
        (line(versions=[]), "`versions` is empty"),
        (line(versions=[{"version": "v1", "created": "yesterday"}]), "`versions` has something else than"),
        (line(versions=[{"version": "vx", "created": created(FIRST)}]), "`versions` has something else than"),
        (line(versions=[{"version": "v0", "created": created(FIRST)}]), "there is no version 0"),
        (line(versions=[{"version": "v1", "created": "Mon, 2 Apr 0000 15:00:00 GMT"}]), "`versions` has something"),
        (line(authors_parsed=[], authors=""), "it names no author"),
        (line(authors_parsed=[["", "", ""]]), "it names no author"),
        (line(authors_parsed=[["A", "B", ""]] * (MOST_AUTHORS + 1)), "it names 20,001 authors, more than 20,000"),
        (json.dumps(record()).encode().replace(b"A study", b"\\ud800"), "it is not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_record_is_said_in_words(content: bytes, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        read(content)
    assert reason in str(caught.value)
    assert len(str(caught.value)) < 150


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(record())), inner, max_size=6),
)


@given(st.dictionaries(st.sampled_from(sorted(record())), JSON, max_size=4))
def test_whatever_stands_in_a_record_is_a_paper_or_a_sentence(changes: dict[str, Any]) -> None:
    try:
        paper = read(json.dumps(record() | changes).encode())
    except RecordError:
        return
    assert ordinal(paper.id)
    assert paper.announced is not None


def test_a_record_is_told_from_other_files() -> None:
    assert is_record(line())
    assert is_record(b'{"id": "0704.0001", "title": "x", "abstract": 7}')
    for other in (b"", b"RLHF", b"[]", b'{"watches": [], "id": 1}', b"<opml/>", b'"id"'):
        assert not is_record(other)


def test_listing_days_climb_with_the_ids_of_a_month() -> None:
    snapshot = Snapshot(NOW)

    def day(paper_id: str, year: int, month: int, day: int, hour: int, minute: int = 0) -> date | None:
        made = created(datetime(year, month, day, hour, minute, tzinfo=UTC))
        return snapshot.paper(line(paper_id, versions=[{"version": "v1", "created": made}])).announced

    # Thursday 2 May 2019 before and after 14:00 in New York; what was held up for a week came with the second.
    assert day("1905.00001", 2019, 5, 2, 17, 55) == date(2019, 5, 3)
    assert day("1905.00002", 2019, 4, 25, 9) == date(2019, 5, 6)
    assert day("1905.00003", 2019, 5, 2, 18, 5) == date(2019, 5, 6)
    # Held up for months, or dated wrongly: as its neighbours, and it misleads none of them.
    assert day("1905.00004", 2018, 12, 1, 9) == date(2019, 5, 6)
    assert day("1905.00005", 2031, 1, 1, 9) == date(2019, 5, 6)
    assert day("1905.00006", 2019, 5, 3, 19) == date(2019, 5, 7)
    # Back to an earlier id: the estimate begins anew.
    assert day("hep-th/9901001", 1999, 1, 4, 12) == date(1999, 1, 5)
    assert day("hep-th/9901002", 1991, 1, 4, 12) == date(1999, 1, 5)
    assert day("astro-ph/9801001", 2011, 1, 4, 12) == date(1998, 1, 5)


def test_no_listing_day_lies_in_the_future() -> None:
    paper = read(line("2603.00001", versions=[{"version": "v1", "created": "Wed, 4 Mar 2026 11:00:00 GMT"}]))
    assert paper.announced == date(2026, 3, 4)
