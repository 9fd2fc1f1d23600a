"""BibTeX: exact text of small files, safety against hostile text, keys that stay."""

from __future__ import annotations

from datetime import UTC, datetime

from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.bibtex import bibtex, citation_keys
from tests.factories import make_paper


def field(text: str, name: str) -> str:
    """The value of a field in the only entry of a file, as it stands between its braces."""
    library = parse_string(text)
    assert not library.failed_blocks
    assert len(library.entries) == 1
    return str(library.entries[0].fields_dict[name].value)


def title_of(title: str) -> str:
    return field(bibtex([make_paper(title=title)]), "title")


def author_of(*names: str) -> str:
    return field(bibtex([make_paper(authors=names)]), "author")


def test_a_preprint_as_a_whole() -> None:
    assert bibtex([make_paper()]) == (
        "@misc{post2026study,\n"
        "  title = {A study of careful delivery},\n"
        "  author = {Ada Post and \\'Emile Caf\\'e},\n"
        "  year = {2026},\n"
        "  eprint = {2603.00001},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.CL},\n"
        "  url = {https://arxiv.org/abs/2603.00001},\n"
        "}\n"
    )


def test_a_published_paper_has_its_journal_and_doi() -> None:
    text = bibtex([make_paper("hep-th/9901001", journal_ref="J. Post & Rail 4 (2026) 1–9", doi="10.1000/post_4.1")])
    assert text.startswith("@article{post2026study,\n")
    assert field(text, "journal") == r"J. Post \& Rail 4 (2026) 1{\textendash}9"
    assert field(text, "doi") == "10.1000/post_4.1"
    assert field(text, "eprint") == "hep-th/9901001"


def test_two_papers_are_set_apart_and_a_repeated_one_stands_once() -> None:
    text = bibtex([make_paper("2603.00002", title="Second"), make_paper(title="First"), make_paper(title="First")])
    assert [line for line in text.splitlines() if line.startswith("@") or not line] == [
        "@misc{post2026second,",
        "",
        "@misc{post2026first,",
    ]


def test_no_papers_give_an_empty_file() -> None:
    assert bibtex([]) == ""


def test_a_strange_doi_is_left_out_and_the_first_of_several_is_taken() -> None:
    assert "doi" not in bibtex([make_paper(doi="10.1000/x}, note={hello")])
    assert field(bibtex([make_paper(doi="10.1000/a 10.1000/b")]), "doi") == "10.1000/a"


def test_words_with_capitals_inside_are_protected() -> None:
    assert title_of("RLHF and LoRA for Q learning: A tale") == "{RLHF} and {LoRA} for {Q} learning: A tale"


def test_special_characters_are_escaped() -> None:
    assert title_of("50% of R&D costs #1 a_b ~ ^") == (
        r"50\% of {R\&D} costs \#1 a\_b {\textasciitilde} {\textasciicircum}"
    )


def test_letters_of_other_scripts_stay() -> None:
    assert title_of("学习 and 배달") == "学习 and 배달"


def test_no_command_of_a_title_reaches_latex() -> None:
    title = title_of(r"\input{/etc/passwd} and \write18{ls}")
    assert "\\input" not in title
    assert "\\write" not in title


def test_straight_quotes_open_and_close() -> None:
    opened, closed = r"{\textquotedblleft}", r"{\textquotedblright}"
    assert title_of('the "plain words" of a title') == f"the {opened}plain words{closed} of a title"
    assert title_of('a 5" disk') == "a 5'' disk"


def test_a_lone_brace_cannot_end_the_field() -> None:
    assert title_of(r"an open \} brace \{ here") == r"an open {\textbraceright} brace {\textbraceleft} here"


def test_groups_and_names_with_commas_stay_whole() -> None:
    assert author_of("The Letter Collaboration", "Ada Post, Jr.", "Anna and Bo", "Ø. Lund") == (
        r"{The Letter Collaboration} and {Ada Post, Jr.} and {Anna and Bo} and {\O}. Lund"
    )


def test_control_and_zero_width_characters_go() -> None:
    assert title_of("a\u202eb\u200bc\x00d\ud800e\nf") == "abcde f"


def test_keys_are_ascii_and_telling() -> None:
    papers = [
        make_paper("2603.00001", authors=("Søren Ångström-O'Neil Jr",), title="On the Émigré's Path"),
        make_paper("2603.00002", authors=("The Letter Collaboration",), title="Post"),
        make_paper("2603.00003", authors=("李 明",), title="Letters"),
        make_paper("2603.00004", authors=(), title="Letters"),
        make_paper("hep-th/9901001", title="42 of the"),
        make_paper("math/0309136", title="…"),
        make_paper("2603.00005", authors=("Jr",), title="Names"),
    ]
    assert list(citation_keys(papers).values()) == [
        "oneil2026emigres",
        "letter2026post",
        "arxiv2603.00003",
        "arxiv2603.00004",
        "jr2026names",
        "post202642",
        "arxivmath-0309136",
    ]


def test_the_oldest_paper_keeps_a_shared_key() -> None:
    old = make_paper("2602.00009", published=datetime(2026, 2, 1, tzinfo=UTC))
    young = make_paper("2603.00001")
    alone = citation_keys([old])
    assert citation_keys([young, old]) == alone | {"2603.00001": "post2026study-2603.00001"}


@given(
    titles=st.lists(st.text(max_size=60), max_size=4),
    names=st.lists(st.text(max_size=20), max_size=3),
    journal=st.text(max_size=20),
)
def test_any_text_gives_a_file_that_reads_back(titles: list[str], names: list[str], journal: str) -> None:
    papers = [
        make_paper(f"2603.{number:05}", title=title, authors=tuple(names), journal_ref=journal)
        for number, title in enumerate(titles)
    ]
    text = bibtex(papers)
    library = parse_string(text)
    assert not library.failed_blocks
    assert [entry.fields_dict["eprint"].value for entry in library.entries] == [paper.id for paper in papers]
    assert text.count("{") == text.count("}")
    assert len(set(citation_keys(papers).values())) == len(papers)
