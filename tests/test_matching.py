"""The index equals the plain reference, for every paper and query."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import QueryError
from bot.matching import PaperIndex
from bot.models import Paper
from bot.query import Query, terms
from bot.query_compiler import VERSION
from bot.text import plural_forms
from tests.factories import make_paper
from tests.strategies import paper_lists, queries

GOLDEN = "887879b4d762de39fb5fdbaefb2f80d59e805da9f0c2ed33f6cb1b8c54208d48"


STUDY = Query.parse("study").compiled


def expected(papers: Iterable[Paper], asked: Iterable[Query]) -> dict[str, list[str]]:
    """What ``Query.matches`` says, asked of each paper and query."""
    papers = list(papers)
    found = {query.canonical: [paper.id for paper in papers if query.matches(paper) is not None] for query in asked}
    return {canonical: ids for canonical, ids in found.items() if ids}


def matched(papers: Iterable[Paper], asked: Iterable[Query]) -> dict[str, list[str]]:
    asked = list(asked)
    keys = [query.canonical for query in asked]
    return dict(PaperIndex(papers).match(keys, b"".join(query.compiled for query in asked)))


@given(paper_lists(), st.lists(queries(), max_size=6))
def test_the_index_equals_the_reference(papers: list[Paper], asked: list[Query]) -> None:
    assert matched(papers, asked) == expected(papers, asked)


@given(queries(most_terms=20))
def test_compiled_queries_are_compact(query: Query) -> None:
    literals = sum(
        1 + len(plural_forms(term.words[0])) if term.prefix else 1 + (len(term.words) > 3) for term in terms(query.root)
    )
    assert len(query.compiled) == 8 * (1 + literals)


OPERANDS = st.one_of(
    st.lists(st.sampled_from(["a", "of", "polic", "lo"]), min_size=1, max_size=44).map("-".join),
    st.sampled_from(["policie*", "-policie*", "-los*", "polices*", "-(a OR polic*)", "cat:cs.*", "-@ada", "x"]),
)


@st.composite
def large_texts(draw: st.DrawFn) -> str:
    """Queries about as large as the language allows."""
    text = draw(OPERANDS)
    for outer in draw(st.lists(st.tuples(OPERANDS, st.sampled_from([" ", " OR ", " -"])), max_size=18)):
        text = f"{outer[0]}{outer[1]}({text})"
    return text


@given(large_texts())
def test_every_query_that_is_read_compiles_and_is_evaluated(text: str) -> None:
    try:
        query = Query.parse(text)
    except QueryError:
        return
    papers = [make_paper(f"2603.{n:05}", title=title) for n, title in enumerate(["a of a", "policies", "x"], 1)]
    assert matched(papers, [query]) == expected(papers, [query])


FEW_WORDS = st.lists(st.sampled_from(["a", "of"]), min_size=1, max_size=12)


@given(
    st.lists(st.tuples(FEW_WORDS, FEW_WORDS), min_size=1, max_size=4),
    st.lists(st.tuples(st.sampled_from(["", "ti:", "abs:", "-"]), FEW_WORDS), min_size=1, max_size=8),
)
def test_phrases_of_any_length_end_with_their_text(
    texts: list[tuple[list[str], list[str]]], phrases: list[tuple[str, list[str]]]
) -> None:
    papers = [
        make_paper(f"2603.{n:05}", title=" ".join(title), abstract=" ".join(abstract))
        for n, (title, abstract) in enumerate(texts, 1)
    ]
    asked = [Query.parse(f'{"cat:cs.CL " if field == "-" else ""}{field}"{" ".join(ws)}"') for field, ws in phrases]
    assert matched(papers, asked) == expected(papers, asked)


def test_the_stored_form_stays_as_it_is() -> None:
    """Whoever changes it raises VERSION, so that stores compile their queries again."""
    assert VERSION == 2
    texts = ['ti:diffusion -"of a large model"', "policie* OR (au:ho cat:cs.*)"]
    assert hashlib.sha256(b"".join(Query.parse(text).compiled for text in texts)).hexdigest() == GOLDEN


def test_many_pairs_are_listed_in_portions() -> None:
    papers = [make_paper(f"2603.{n:05}", title=f"word{n}", abstract="all") for n in range(1, 301)]
    asked = [Query.parse(f"all -word{n}") for n in range(1, 301)]
    found = matched(papers, asked)
    assert len(found) == 300
    for number, query in enumerate(asked, 1):
        assert found[query.canonical] == [paper.id for paper in papers if paper.title != f"word{number}"]


def test_many_papers_keep_their_order() -> None:
    papers = [make_paper(f"2603.{n:05}", title="odd" if n % 2 else "even", abstract="all") for n in range(1, 301)]
    found = matched(papers, [Query.parse(text) for text in ("odd", "even", "all", "all -odd", "none")])
    assert found["odd"] == [paper.id for paper in papers if paper.title == "odd"]
    assert found["even"] == found["all -odd"] == [paper.id for paper in papers if paper.title == "even"]
    assert found["all"] == [paper.id for paper in papers]
    assert "none" not in found


def test_papers_without_authors_or_words_keep_their_places() -> None:
    papers = [make_paper(f"2603.{n:05}", title="", abstract="", authors=()) for n in range(1, 600)]
    papers.append(make_paper("2603.00600", title="The last", abstract="", authors=("Ada Lovelace",)))
    found = matched(papers, [Query.parse(text) for text in ("last", "au:lovelace", 'au:"ada lovelace"')])
    assert list(found.values()) == [["2603.00600"]] * 3


def test_long_phrases_are_verified() -> None:
    both_pairs = make_paper("2603.00001", title="chain of x of thought", abstract="")
    across = make_paper("2603.00002", title="chain of", abstract="thought")
    whole = make_paper("2603.00003", title="", abstract="A chain of thought.")
    query = Query.parse('"chain of thought"')
    assert matched([both_pairs, across, whole], [query]) == {query.canonical: ["2603.00003"]}


def test_no_papers_and_no_queries() -> None:
    query = Query.parse("a -b (c OR -d)")
    assert matched([], [query]) == {}
    assert list(PaperIndex([make_paper()]).match([], b"")) == []


def test_lists_do_where_tuples_are_declared() -> None:
    paper = make_paper(authors=["Yann LeCun"], categories=["cs.CL"])
    query = Query.parse('au:"Yann LeCun" cat:cs.*')
    assert matched([paper], [query]) == {query.canonical: [paper.id]}


@pytest.mark.parametrize(
    ("keys", "compiled"),
    [
        ([1], b"\x02study"),
        ([1], b""),
        ([], b"\x02" * 16),
        ([1], b"\x01" + STUDY[1:]),
        ([1, 2], STUDY),
        ([1], STUDY + STUDY),
        ([1], STUDY + b"\x02" * 8),
        ([1], STUDY + b"\x02"),
    ],
)
def test_a_foreign_format_is_refused(keys: list[int], compiled: bytes) -> None:
    with pytest.raises(ValueError, match="compile it again"):
        list(PaperIndex([make_paper()]).match(keys, compiled))


def made_from(paper: Paper, chance: random.Random) -> str:
    """A query somebody might watch, made of a real paper: words, phrases, exclusions, names, categories, prefixes."""
    title = [word for word in paper.title.replace('"', " ").split() if len(word) > 3] or ["none"]
    at = chance.randrange(len(title))
    word, other = title[at], chance.choice(title)
    phrase = " ".join(title[at : at + chance.choice([2, 3])])
    author = chance.choice(paper.authors)
    return chance.choice(
        [
            word,
            f"{word} {other}",
            f'"{phrase}"',
            f'"{phrase}" OR {other}',
            f'{word} -"{phrase}"',
            f'ti:"{phrase}"',
            f"abs:{word} -ti:{other}",
            f'au:"{author}"',
            f'@"{author.split()[-1]}" OR "{phrase}"',
            f"{word} cat:{paper.categories[0]}",
            f"({word} OR {other}) (cat:{paper.categories[-1]} OR -@smith)",
            f"{other[:4]}* -{word}",
            f"cat:{paper.categories[0]} -({word} OR {other})",
        ]
    )


def test_the_index_equals_the_reference_on_real_papers(real_papers: list[Paper]) -> None:
    chance = random.Random(20260304)
    asked: dict[str, Query] = {}
    while len(asked) < 200:
        try:
            query = Query.parse(made_from(chance.choice(real_papers), chance))
        except QueryError:
            continue  # some titles hold what the language refuses
        asked[query.canonical] = query
    papers = real_papers[20_000:22_000]
    found = matched(papers, asked.values())
    assert found == expected(papers, asked.values())
    assert len(found) > 100
