"""A million distinct queries as teams watch them, drawn from papers other than those that they are asked of.

Words are drawn from titles, so that common ones are as common in queries as in titles. They are made as trees, which is
faster than reading that many texts.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import TypeVar

from benchmarks.material import texts
from bot.models import Paper
from bot.query import And, Field, Node, Not, Or, Term
from bot.query_compiler import compiled
from bot.query_writer import canonical_form
from bot.text import name_words, words

Value = TypeVar("Value")

MILLION = 1_000_000
MOST_TITLES = 40_000
ASKED_OF = 2_000
"""The first papers of ``benchmarks.material``: no query is drawn from these."""


class Drawing:
    """Queries drawn from papers, as trees in normal form: making them so is faster than bringing them into it."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.begin(0)
        self._titles: list[list[str]] = []
        self._names: list[list[str]] = []
        self._categories: list[str] = []
        for paper in papers:
            title = words(paper.title)
            if len(title) >= 4:
                self._titles.append(title)
                self._names += [found for name in paper.authors if (found := name_words(name))]
                self._categories.append(paper.categories[0])

    def begin(self, seed: int) -> None:
        self._random = Random(seed).random

    def keywords(self) -> Node:
        """One to three words of a title, or two to five in a row."""
        if self._random() < 0.5:
            return self._phrase()
        found = self._words()
        return And(tuple(found)) if len(found) > 1 else found[0]

    def boolean(self) -> Node:
        """Alternatives and a word, without one or two others."""
        either = sorted({self._phrase(), self._word()}, key=lambda term: term.words)
        if len(either) == 1:
            return self.boolean()
        excluded = sorted({self._word() for _ in range(1 + self._below(2))}, key=lambda term: term.words)
        return And((self._word(), Or(tuple(either)), *map(Not, excluded)))

    def author(self) -> Node:
        """A whole name, or a family name beside a word."""
        name = self._one_of(self._names)
        if self._random() < 0.5:
            return Term(Field.AUTHOR, tuple(name))
        return And((self._word(), Term(Field.AUTHOR, (name[-1],))))

    def of_category(self) -> Node:
        return And((*self._words(), Term(Field.CATEGORY, (self._one_of(self._categories),))))

    def _word(self) -> Term:
        return Term(Field.ANY, (self._one_of(self._one_of(self._titles)),))

    def _words(self) -> list[Term]:
        title = self._one_of(self._titles)
        found = {self._one_of(title) for _ in range(1 + self._below(3))}
        return [Term(Field.ANY, (word,)) for word in sorted(found)]

    def _phrase(self) -> Term:
        title, length = self._one_of(self._titles), self._one_of((2, 2, 2, 3, 3, 4, 5))
        begin = self._below(max(1, len(title) - length + 1))
        return Term(Field.ANY, tuple(title[begin : begin + length]))

    def _one_of(self, values: Sequence[Value]) -> Value:
        return values[self._below(len(values))]

    def _below(self, end: int) -> int:
        return int(self._random() * end)


@cache
def _drawing() -> Drawing:
    return Drawing(islice(texts(), ASKED_OF, ASKED_OF + MOST_TITLES))


Drawn = list[list[tuple[str, bytes]]]
"""Canonical forms with their compiled ones, kind by kind."""


def drawn(seed: int, wanted: Sequence[int]) -> Drawn:
    """So many queries of each kind, some several times."""
    drawing = _drawing()
    drawing.begin(seed)
    kinds = (drawing.keywords, drawing.boolean, drawing.author, drawing.of_category)
    trees = [[kind() for _ in range(number)] for kind, number in zip(kinds, wanted, strict=True)]
    return [[(canonical_form(tree), compiled(tree)) for tree in some] for some in trees]


def fill(database: Path, wanted: int) -> None:
    """Put so many distinct queries into a store, each with a watch, in a transaction: one by one would take an hour.

    60 % are words and phrases, 20 % boolean with exclusions, 10 % authors, 10 % with a category.
    """
    left = [wanted * share // 10 for share in (6, 2, 1, 1)]
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes) as pool, closing(sqlite3.connect(database)) as connection:
        seeds = itertools.count(7)
        while any(left):
            # Some have been drawn before.
            each = [[number // (3 * processes) + 100 if number else 0 for number in left]] * (4 * processes)
            for portions in pool.map(drawn, itertools.islice(seeds, len(each)), each):
                for kind, portion in enumerate(portions):
                    left[kind] -= _put(connection, portion, left[kind])
        connection.commit()


def _put(connection: sqlite3.Connection, portion: Iterable[tuple[str, bytes]], most: int) -> int:
    """Put in those that are not there yet; returns how many that were."""
    new = 0
    for query in portion:
        if new == most:
            break
        new += connection.execute(
            "INSERT OR IGNORE INTO queries (canonical, compiled, watches) VALUES (?, ?, 1)", query
        ).rowcount
    return new


if __name__ == "__main__":
    fill(Path(sys.argv[1]), int(sys.argv[2]))
