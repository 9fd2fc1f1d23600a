"""The archive's search finds what ``Query.matches`` finds: for every paper and query, however they are made."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlite_utils
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import QueryError
from bot.models import Paper
from bot.paper_id import ordinal
from bot.query import And, Field, Node, Not, Or, Query, Term
from bot.text import words
from storage.sqlite import days, full_text, papers, schema, schema_seventh, schema_tenth
from tests.factories import make_paper
from tests.store_kit import open_store
from tests.strategies import paper_lists, queries


@contextmanager
def index_of(archive: list[Paper]) -> Iterator[sqlite_utils.Database]:
    db = sqlite_utils.Database(memory=True)
    try:
        db.executescript(schema.ARCHIVE)
        db.executescript(schema_seventh.IMPORTS)
        db.executescript(schema_tenth.CATEGORIES)
        papers.put(db, archive, recorded=True)
        yield db
    finally:
        db.close()


def found_in(db: sqlite_utils.Database, query: Query) -> list[int]:
    return list(full_text.hits(db, query.root, days.span(db, None, None)))


def expected_in(archive: list[Paper], query: Query) -> list[int]:
    return sorted((ordinal(paper.id) for paper in archive if query.matches(paper) is not None), reverse=True)


@given(paper_lists(12), st.lists(queries(12), min_size=1, max_size=12))
def test_search_equals_matches(archive: list[Paper], asked: list[Query]) -> None:
    with index_of(archive) as db:
        for query in asked:
            assert found_in(db, query) == expected_in(archive, query), query.canonical
            assert full_text.count_hits(db, query.root, days.span(db, None, None)) == len(expected_in(archive, query))


@pytest.mark.parametrize("text", ["cat:cs.*", "study -cat:cs.*", "study (cat:math.* OR -cat:cs.*)", "cat:nlin.*"])
def test_categories_that_only_the_archive_knows_are_found_by_their_group(text: str) -> None:
    archive = [
        make_paper(f"2603.{number:05}", title="A study", categories=categories)
        for number, categories in enumerate(
            (("cs.CL",), ("cs.New", "math.CO"), ("math.AG",), ("physics.gen-ph",), ("csx.CL",)), 1
        )
    ]
    query = Query.parse(text)
    with index_of(archive) as db:
        assert found_in(db, query) == expected_in(archive, query)


def nested(levels: int, *, negative: bool) -> Query:
    """A query of ``levels`` groups, each in the one before, of few different words."""
    node: Node = Term(Field.TITLE, ("zebra",))
    for level in range(levels):
        word = Term(Field.ANY, (f"word{level % 5}",))
        node = And((word, node)) if level % 2 else Or((Not(word) if negative else word, node))
    return Query.of(And((Term(Field.ANY, ("study",)), node)))


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("levels", [1, 5, 13, 14])
def test_groups_of_any_depth_are_found(levels: int, negative: bool) -> None:
    choice = random.Random(levels)
    archive = [
        make_paper(
            f"2603.{i:05}",
            title=" ".join(["study", *choice.sample([f"word{n}" for n in range(5)] + ["zebra"], 3)]),
            announced=make_paper().announced if i % 2 else None,
        )
        for i in range(1, 60)
    ]
    query = nested(levels, negative=negative)
    with index_of(archive) as db:
        expected = expected_in(archive, query)
        assert found_in(db, query) == expected
        assert expected
        day = make_paper().announced
        span = days.span(db, day, day)
        of_the_day = [number for number in expected if number % 2]
        assert list(full_text.hits(db, query.root, span)) == of_the_day
        assert full_text.count_hits(db, query.root, span) == len(of_the_day)


def test_a_tree_that_requires_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="requires no word"):
        full_text.expression(Not(Term(Field.ANY, ("a",))))


def test_no_word_can_leave_its_quotes() -> None:
    assert full_text.expression(Term(Field.TITLE, ('x" OR "y',))) == 'title : "x"" OR ""y"'
    with index_of([make_paper(title="y")]) as db:
        assert list(full_text.hits(db, Term(Field.TITLE, ('x" OR "y',)), days.span(db, None, None))) == []


def test_a_phrase_stays_within_one_author() -> None:
    with index_of([make_paper(authors=("Ada Li", "Wei Post"))]) as db:
        assert found_in(db, Query.parse('au:"li wei"')) == []
        assert found_in(db, Query.parse('au:"wei post"')) == [202603000001]


def test_real_papers_are_found_as_they_match(real_papers: list[Paper]) -> None:
    choice = random.Random(20260304)
    archive = choice.sample(real_papers, 500)
    with index_of(archive) as db:
        for _ in range(100):
            paper = choice.choice(archive)
            title = [word for word in words(paper.title) if len(word) > 2] or ["study"]
            first, second = choice.choice(title), choice.choice(title)
            start = choice.randrange(len(title))
            text = choice.choice(
                [
                    f"{first} {second}",
                    f"{first} -{second}x",
                    f'"{" ".join(words(paper.title)[start : start + 3])}" OR ti:{first}',
                    f'au:"{paper.authors[0]}" cat:{paper.primary_category}',
                    f"{first[:3]}* (abs:{second} OR -ti:{first})",
                    f"cat:{paper.primary_category.partition('.')[0]}.* {first} -au:li"
                    if "." in paper.primary_category
                    else first,
                ]
            )
            query = parsed(text)
            if query is not None:
                assert found_in(db, query) == expected_in(archive, query), text


def parsed(text: str) -> Query | None:
    """Some made-up texts are no queries, such as one that begins with a mark."""
    try:
        return Query.parse(text)
    except QueryError:
        return None


async def test_the_store_searches_by_the_same_words(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await store.add_papers(
            [make_paper(title="Fine-tuning LLMs in C++"), make_paper("2603.00002", title="R² of $\\alpha$")]
        )

        async def ids(text: str) -> list[str]:
            return [paper.id for paper in await store.search(Query.parse(text), limit=9)]

        assert await ids('"fine tuning" llm') == ["2603.00001"]
        assert await ids("C++") == ["2603.00001"]
        assert await ids("R2 α") == ["2603.00002"]
        assert await ids("cat:cs.* -ti:llm") == ["2603.00002"]
        assert await ids("@cafe #cs.CL") == ["2603.00002", "2603.00001"]
