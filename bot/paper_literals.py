"""The literals of some papers, and which papers have each: what ``bot.matching`` asks.

A literal's hash is made as ``bot.query_compiler`` makes it for a query, but for all words of all papers at once. Words,
pairs and triples of a field are made when a query first speaks of them, and kept. Of longer phrases and beginnings of
words, of which there are too many to keep, only what a block of queries asks for is made, for that block.

2,000 papers take some 25 MB, and some 10 MB more for each further field that is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.models import Paper
from bot.query_compiler import FLAGS, LENGTH_SHIFT, Kind, spoken_of
from bot.query_tree import Field
from bot.text import name_words, words
from bot.text_hashes import Hashes, Made, Numbers, Places, Sieve, Texts, ranges

Value = TypeVar("Value", bound=np.generic)

_AT_A_TIME = 512


class PaperLiterals:
    """The literals of papers, each known by its place in their order."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._number = len(papers)
        self._names = [paper.authors for paper in papers]
        self._category_names = [paper.categories for paper in papers]
        self._text = Texts.of((words(paper.title), words(paper.abstract)) for paper in papers)
        self._kept: dict[tuple[Field, Kind], _Table] = {}
        self._asked: list[_Table] = []

    def prepare(self, headers: Hashes, literals: Hashes) -> None:
        """Make what these literals, of queries with these headers, may stand for."""
        asked = Sieve(literals, room=4)
        longest = int((headers >> np.uint64(LENGTH_SHIFT) & np.uint64(0xFF)).max())
        self._asked = []
        for field, kind in spoken_of(int(np.bitwise_or.reduce(headers))):
            texts = self._texts(field)
            if kind < Kind.LONGER:
                if (field, kind) not in self._kept:
                    made = texts.phrases(field, kind)
                    self._kept[field, kind] = _Table(made, texts.paper, everywhere=kind is Kind.TRIPLES)
            elif kind is Kind.LONGER:
                # Whoever asks for a longer phrase asks for its first three words, too.
                triples = self._kept[field, Kind.TRIPLES].begins(literals)
                self._asked += [_Table(made, texts.paper) for made in texts.longer(field, triples, longest, asked)]
            else:
                self._asked.append(_Table(texts.prefixes(field, asked), texts.paper))

    def places(self, hashes: Hashes) -> Places:
        """The place of each literal; -1 for those that no paper has."""
        places = np.full(len(hashes), -1, dtype=np.int64)
        unknown = np.arange(len(hashes))
        for first, table in self._tables():
            found = table.places(hashes[unknown])
            known = found >= 0
            places[unknown[known]] = found[known] + first
            unknown = unknown[~known]
        return places

    def rows(self, places: Places) -> Hashes:
        """For each literal the papers that have it, as a row of bits, 64 to a number."""
        distinct, inverse = np.unique(places, return_inverse=True)
        which, papers = [np.empty(0, np.int64)], [np.empty(0, np.uint32)]
        for first, table in self._tables():
            begin, end = np.searchsorted(distinct, (first, first + len(table)))
            theirs = table.papers(distinct[begin:end] - first)
            which.append(theirs[0] + begin)
            papers.append(theirs[1])
        return _rows(np.concatenate(which), np.concatenate(papers), len(distinct), self._number)[inverse]

    def _tables(self) -> Iterator[tuple[int, _Table]]:
        """All tables, each with the place of its first literal."""
        first = 0
        for table in (*self._kept.values(), *self._asked):
            yield first, table
            first += len(table)

    def _texts(self, field: Field) -> Texts:
        match field:
            case Field.ANY:
                return self._text
            case Field.TITLE:
                return self._titles
            case Field.ABSTRACT:
                return self._abstracts
            case Field.AUTHOR:
                return self._authors
            case Field.CATEGORY:
                return self._categories

    @cached_property
    def _titles(self) -> Texts:
        return self._text.part(0)

    @cached_property
    def _abstracts(self) -> Texts:
        return self._text.part(1)

    @cached_property
    def _authors(self) -> Texts:
        return Texts.of(map(name_words, names) for names in self._names)

    @cached_property
    def _categories(self) -> Texts:
        return Texts.of(([name] for name in names) for names in self._category_names)


class _Table:
    """Literals in the order of their hashes, with the places in the texts where each begins.

    ``paper``: the paper of each place. ``made`` is used up. Unless ``everywhere``, of a paper that has a literal many
    times one place is enough.
    """

    def __init__(self, made: Made, paper: Numbers, *, everywhere: bool = False) -> None:
        hashes, begins = made
        hashes &= ~np.uint64(FLAGS)
        order = np.argsort(hashes, kind="stable").astype(np.uint32)
        hashes, begins = hashes[order], begins[order]
        first = _changes(hashes)
        kept = np.ones(len(first), dtype=bool) if everywhere else first | _changes(paper[begins])
        self._hashes = hashes[first]
        self._parts = np.append(np.flatnonzero(first[kept]), np.count_nonzero(kept)).astype(np.uint32)
        self._begins = begins[kept]
        self._paper = paper
        self._sieve = Sieve(self._hashes, room=2)

    def __len__(self) -> int:
        return len(self._hashes)

    def places(self, hashes: Hashes) -> Places:
        """The place of each literal; -1 for those that are not here."""
        places = np.full(len(hashes), -1, dtype=np.int64)
        likely = np.flatnonzero(self._sieve.passes(hashes))
        at = np.searchsorted(self._hashes, hashes[likely])
        likely, at = likely[at < len(self)], at[at < len(self)]
        there = self._hashes[at] == hashes[likely]
        places[likely[there]] = at[there]
        return places

    def papers(self, places: Places) -> tuple[Places, Numbers]:
        """The papers of these literals: which of them each has, and its number; some several times."""
        firsts, lasts = self._bounds(places)
        begins = self._begins[ranges(firsts, lasts)]
        return np.repeat(np.arange(len(places)), lasts - firsts), self._paper[begins]

    def begins(self, hashes: Hashes) -> Numbers:
        """Where in the texts these literals begin."""
        places = np.unique(self.places(hashes))
        places = places[places >= 0]
        return self._begins[ranges(*self._bounds(places))]

    def _bounds(self, places: Places) -> tuple[Places, Places]:
        return self._parts[places].astype(np.int64), self._parts[places + 1].astype(np.int64)


def _rows(rows: Places, columns: Numbers, number: int, width: int) -> Hashes:
    """So many rows of bits that are set in these columns. ``rows`` rises; a byte stands for a bit in some at a time."""
    packed = np.empty((number, -(-width // 64)), dtype=np.uint64)
    for first in range(0, number, _AT_A_TIME):
        some = packed[first : first + _AT_A_TIME]
        bits = np.zeros((len(some), some.shape[1] * 64), dtype=np.uint8)
        begin, end = np.searchsorted(rows, (first, first + _AT_A_TIME))
        bits[rows[begin:end] - first, columns[begin:end]] = 1
        some[:] = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    return packed


def _changes(values: NDArray[Value]) -> NDArray[np.bool_]:
    """Which values differ from the one before."""
    changes = np.ones(len(values), dtype=bool)
    changes[1:] = values[1:] != values[:-1]
    return changes
