"""Identifiers as people paste them, and their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import CommandError
from bot.models import Paper
from bot.paper_id import OLD_ARCHIVES, ordinal, parse_paper_id


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2603.01234", ("2603.01234", None)),
        (" 2603.01234v2 ", ("2603.01234", 2)),
        ("2603.01234V2", ("2603.01234", 2)),
        ("arXiv:2603.01234v1", ("2603.01234", 1)),
        ("arxiv: 2603.01234", ("2603.01234", None)),
        ("10.48550/arXiv.2603.01234", ("2603.01234", None)),
        ("https://doi.org/10.48550/arXiv.2603.01234", ("2603.01234", None)),
        ("0704.0001", ("0704.0001", None)),
        ("1412.9999", ("1412.9999", None)),
        ("hep-th/9901001", ("hep-th/9901001", None)),
        ("HEP-TH/9901001v3", ("hep-th/9901001", 3)),
        ("math.GT/0309136", ("math/0309136", None)),
        ("cond-mat.mtrl-sci/0703123", ("cond-mat/0703123", None)),
        ("arXiv:cs.CL/0001001", ("cs/0001001", None)),
        ("https://arxiv.org/abs/2603.01234", ("2603.01234", None)),
        ("http://www.arxiv.org/abs/2603.01234v3?context=cs#top", ("2603.01234", 3)),
        ("arxiv.org/pdf/2603.01234v1.pdf", ("2603.01234", 1)),
        ("https://export.arxiv.org/pdf/hep-th/9901001v1.pdf", ("hep-th/9901001", 1)),
        ("https://arxiv.org/html/2603.01234v1/", ("2603.01234", 1)),
        ("https://arxiv.org/abs/math.GT%2F0309136", ("math/0309136", None)),
        ("https://www.alphaxiv.org/abs/2603.01234", ("2603.01234", None)),
        ("https://alphaxiv.org/overview/2603.01234v1", ("2603.01234", 1)),
        ("https://huggingface.co/papers/2603.01234", ("2603.01234", None)),
        ("<https://arxiv.org/abs/2603.01234>", ("2603.01234", None)),
    ],
)
def test_reads_what_people_paste(typed: str, expected: tuple[str, int | None]) -> None:
    assert parse_paper_id(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "", "RLHF", "2603.1234", "1412.12345", "2613.01234", "2600.01234", "2603.00000", "0703.0001", "2603.01234v0",
        "2603.01234 and more", "hep-th/9913001", "hep-th/0704001", "hep-th/9106001", "hep-th/9901000",
        "nowhere/9901001", "https://example.org/abs/2603.01234", "https://notarxiv.org.example.org/abs/2603.01234",
        "https://arxiv.org/abs/", "https://arxiv.org/list/cs.CL/new", "٢٦٠٣.٠١٢٣٤", "2603.01234\nv1", "x" * 100_000,
    ],
)  # fmt: skip
def test_refuses_everything_else_in_a_sentence(typed: str) -> None:
    with pytest.raises(CommandError) as caught:
        parse_paper_id(typed)
    assert caught.value.message.count("`") in (0, 2)
    assert len(caught.value.message) < 100
    assert "2603.01234" in caught.value.hint


def test_the_refusal_shows_nothing_that_could_hurt() -> None:
    with pytest.raises(CommandError) as caught:
        parse_paper_id("`rm`\x1b[2J\u202e")
    assert caught.value.message == "`'rm' [2J` is not an arXiv id."


def test_ordinals_have_the_promised_form() -> None:
    assert ordinal("2603.01234") == 202603_001234
    assert ordinal("0704.0001") == 200704_000001
    assert ordinal("acc-phys/9901007") == 199901_000007
    assert ordinal("hep-th/9901001") == 199901_000000 + OLD_ARCHIVES.index("hep-th") * 1000 + 1


@pytest.mark.parametrize(
    "paper_id", ["2603.01234v1", "math.GT/0309136", "Hep-th/9901001", "arXiv:2603.01234", "", "\ud800"]
)
def test_only_canonical_ids_have_an_ordinal(paper_id: str) -> None:
    with pytest.raises(CommandError):
        ordinal(paper_id)


new_ids = st.builds(
    lambda year, month, number: f"{year:02}{month:02}.{number:0{5 if year >= 15 else 4}}",
    st.integers(8, 40),
    st.integers(1, 12),
    st.integers(1, 9999),
)
old_ids = st.builds(
    lambda archive, year, month, number: f"{archive}/{year % 100:02}{month:02}{number:03}",
    st.sampled_from(OLD_ARCHIVES),
    st.integers(1992, 2006),
    st.integers(1, 12),
    st.integers(1, 999),
)


@given(new_ids | old_ids, new_ids | old_ids)
def test_different_papers_have_different_ordinals(one: str, other: str) -> None:
    assert (ordinal(one) == ordinal(other)) == (one == other)
    assert 10**11 <= ordinal(one) < 10**12


@given(old_ids, new_ids, new_ids)
def test_ordinals_rise_as_papers_were_announced(old: str, one: str, other: str) -> None:
    assert ordinal(old) < ordinal(one)
    assert (ordinal(one) < ordinal(other)) == (one.split(".") < other.split("."))


@given(st.text())
def test_any_text_is_an_id_or_refused(text: str) -> None:
    try:
        paper_id, _ = parse_paper_id(text)
    except CommandError:
        return
    assert parse_paper_id(paper_id) == (paper_id, None)


def test_every_real_id_is_canonical_and_in_order(real_papers: list[Paper]) -> None:
    seen = {paper.id: ordinal(paper.id) for paper in real_papers}
    assert all(parse_paper_id(paper_id) == (paper_id, None) for paper_id in seen)
    assert len(set(seen.values())) == len(seen)
