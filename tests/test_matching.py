"""The index equals the plain reference, for every paper and query."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import QueryError
from bot.matching import PaperIndex
from bot.models import Paper
from bot.query import Query, terms
from bot.query_compiler import literal, program
from tests.factories import make_paper
from tests.strategies import paper_lists, queries


def expected(papers: Iterable[Paper], asked: Iterable[Query]) -> dict[str, list[str]]:
    """What ``Query.matches`` says, asked of each paper and query."""
    papers = list(papers)
    found = {query.canonical: [paper.id for paper in papers if query.matches(paper) is not None] for query in asked}
    return {canonical: ids for canonical, ids in found.items() if ids}


def matched(papers: Iterable[Paper], asked: Iterable[Query]) -> dict[str, list[str]]:
    return dict(PaperIndex(papers).match((query.canonical, query.compiled) for query in asked))


@given(paper_lists(), st.lists(queries(), max_size=6))
def test_the_index_equals_the_reference(papers: list[Paper], asked: list[Query]) -> None:
    assert matched(papers, asked) == expected(papers, asked)


@given(queries(most_terms=20))
def test_compiled_queries_are_compact_and_hold_the_words_themselves(query: Query) -> None:
    assert query.compiled[0] == 1
    lines = program(query.compiled)
    assert [line for line in lines if line not in {"&", "|", "-", "!"}] == [literal(term) for term in terms(query.root)]
    assert len(lines) <= 3 * len(list(terms(query.root)))
    assert len(query.compiled) <= len(query.canonical.encode()) + 2 * len(lines) + 1


def test_many_papers_keep_their_order() -> None:
    papers = [make_paper(f"2603.{n:05}", title="odd" if n % 2 else "even", abstract="all") for n in range(1, 301)]
    found = matched(papers, [Query.parse(text) for text in ("odd", "even", "all", "all -odd", "none")])
    assert found["odd"] == [paper.id for paper in papers if paper.title == "odd"]
    assert found["even"] == found["all -odd"] == [paper.id for paper in papers if paper.title == "even"]
    assert found["all"] == [paper.id for paper in papers]
    assert "none" not in found


def test_long_phrases_are_verified() -> None:
    both_pairs = make_paper("2603.00001", title="chain of x of thought", abstract="")
    across = make_paper("2603.00002", title="chain of", abstract="thought")
    whole = make_paper("2603.00003", title="", abstract="A chain of thought.")
    query = Query.parse('"chain of thought"')
    assert matched([both_pairs, across, whole], [query]) == {query.canonical: ["2603.00003"]}


def test_no_papers_and_no_queries() -> None:
    query = Query.parse("a -b (c OR -d)")
    assert matched([], [query]) == {}
    assert list(PaperIndex([make_paper()]).match([])) == []


def test_queries_are_taken_as_they_come() -> None:
    asked: list[int] = []

    def stream() -> Iterator[tuple[int, bytes]]:
        for number in range(3):
            asked.append(number)
            yield number, Query.parse("study").compiled

    matches = PaperIndex([make_paper()]).match(stream())
    assert asked == []
    assert next(matches) == (0, ["2603.00001"])
    assert asked == [0]


def test_lists_do_where_tuples_are_declared() -> None:
    paper = make_paper(authors=["Yann LeCun"], categories=["cs.CL"])
    query = Query.parse('au:"Yann LeCun" cat:cs.*')
    assert matched([paper], [query]) == {query.canonical: [paper.id]}


def test_a_foreign_format_is_refused() -> None:
    with pytest.raises(ValueError, match="compile it again"):
        list(PaperIndex([make_paper()]).match([(1, b"\x02study")]))
    with pytest.raises(ValueError, match="compile it again"):
        list(PaperIndex([make_paper()]).match([(1, b"")]))


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
