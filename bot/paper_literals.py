"""The literals of some papers, and which papers have each: what ``bot.matching`` asks.

A literal's hash is made as ``bot.query_compiler`` makes it for a query, but for all words of all papers at once. Words,
pairs and triples of a field are made when a query first speaks of them, and kept. Of longer phrases and beginnings of
words, of which there are too many to keep, only what a block of queries asks for is made, for that block.

2,000 papers take some 25 MB where text, authors and categories are asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.models import Paper
from bot.query_compiler import FLAGS, LENGTH_SHIFT, Kind, spoken_of
from bot.query_tree import Field
from bot.text import name_words, words
from bot.text_hashes import Hashes, Made, Places, Sieve, Small, Sorted, Texts, ranges

Value = TypeVar("Value", bound=np.generic)

_COMMON = 16
"""Of literals that more papers have than this, the row of bits is made once."""


class PaperLiterals:
    """The literals of papers, each known by its place in their order."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        self._width = -(-len(papers) // 64)
        self._names = [paper.authors for paper in papers]
        self._category_names = [paper.categories for paper in papers]
        self._text = Texts.of((words(paper.title), words(paper.abstract)) for paper in papers)
        self._kept: dict[tuple[Field, Kind], _Table] = {}
        self._triples: dict[Field, Made] = {}
        self._asked: list[_Table] = []

    def prepare(self, headers: Hashes, literals: Hashes) -> None:
        """Make what these literals, of queries with these headers, may stand for."""
        spoken = spoken_of(int(np.bitwise_or.reduce(headers)))
        for field, kind in spoken:
            if kind < Kind.LONGER and (field, kind) not in self._kept:
                self._kept[field, kind] = self._table([(self._texts(field).phrases(field, kind), field)])
        longest = int((headers >> np.uint64(LENGTH_SHIFT) & np.uint64(0xFF)).max())
        asked = [each for each in spoken if each[1] >= Kind.LONGER]
        self._asked = [self._table(self._made(asked, longest, Sieve(literals)))] if asked else []

    def places(self, hashes: Hashes) -> Places:
        """The place of each literal; -1 for those that no paper has."""
        places = np.full(len(hashes), -1, dtype=np.int64)
        unknown = np.arange(len(hashes))
        for first, table in self._tables():
            found = table.places(hashes[unknown])
            known = np.flatnonzero(found >= 0)
            places[unknown[known]] = found[known] + first
            unknown = unknown[np.flatnonzero(found < 0)]
        return places

    def rows(self, places: Places) -> Hashes:
        """For each literal the papers that have it, as a row of bits, 64 to a number."""
        rows = np.zeros((len(places), self._width), dtype=np.uint64)
        for first, table in self._tables():
            theirs = np.flatnonzero((places >= first) & (places < first + len(table)))
            table.fill(rows, theirs, places[theirs] - first)
        return rows

    def _tables(self) -> Iterator[tuple[int, _Table]]:
        """All tables, each with the place of its first literal."""
        first = 0
        for table in (*self._kept.values(), *self._asked):
            yield first, table
            first += len(table)

    def _made(self, asked: Iterable[tuple[Field, Kind]], longest: int, sieve: Sieve) -> Iterator[tuple[Made, Field]]:
        """The longer phrases and beginnings of words that pass the sieve."""
        for field, kind in asked:
            if kind is Kind.PREFIXES:
                yield self._texts(field).prefixes(field, sieve), field
                continue
            # Whoever asks for a longer phrase asks for its first three words, too.
            if field not in self._triples:
                self._triples[field] = self._texts(field).phrases(field, Kind.TRIPLES)
            for made in self._texts(field).longer(self._triples[field], longest, sieve):
                yield made, field

    def _table(self, made: Iterable[tuple[Made, Field]]) -> _Table:
        pieces = [(theirs, self._texts(field).paper[begins]) for (theirs, begins), field in made]
        return _Table(pieces, self._width)

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
    """Literals in the order of their hashes, each with the papers that have it.

    ``pieces``: hashes, and of each a paper, in the papers' order where a hash is there many times. They are used up.
    """

    def __init__(self, pieces: list[tuple[Hashes, Small]], width: int) -> None:
        hashes, papers = pieces[0] if len(pieces) == 1 else map(np.concatenate, zip(*pieces, strict=True))
        pieces.clear()
        hashes &= ~np.uint64(FLAGS)
        order = _order(hashes)
        hashes, papers = hashes[order], papers[order]
        first = _changes(hashes)
        kept = first | _changes(papers)
        self._hashes = Sorted(hashes, first)
        self._begins = np.append(np.flatnonzero(first[kept]), np.count_nonzero(kept)).astype(np.uint32)
        self._papers = papers[kept]
        common = np.flatnonzero(np.diff(self._begins) > _COMMON)
        self._row = np.full(len(self), -1, dtype=np.int32)
        self._row[common] = np.arange(len(common))
        self._rows = np.zeros((len(common), width), dtype=np.uint64)
        self._set(self._rows, np.arange(len(common)), common)

    def __len__(self) -> int:
        return len(self._hashes)

    def places(self, hashes: Hashes) -> Places:
        """The place of each literal; -1 for those that are not here."""
        return self._hashes.places(hashes)

    def fill(self, rows: Hashes, which: Places, places: Places) -> None:
        """In the rows ``which``, set the bits of the papers that have the literals at ``places``."""
        made = self._row[places]
        common, rare = np.flatnonzero(made >= 0), np.flatnonzero(made < 0)
        rows[which[common]] = self._rows[made[common]]
        self._set(rows, which[rare], places[rare])

    def _set(self, rows: Hashes, which: Places, places: Places) -> None:
        begins, ends = self._begins[places].astype(np.int64), self._begins[places + 1].astype(np.int64)
        papers = self._papers[ranges(begins, ends)].astype(np.uint64)
        at = np.repeat(which, ends - begins), (papers >> np.uint64(6)).view(np.int64)
        np.bitwise_or.at(rows, at, np.uint64(1) << (papers & np.uint64(63)))


def _order(hashes: Hashes) -> Places:
    """``np.argsort(hashes, kind="stable")`` in half its time: what is equal is put in order by a second sort."""
    order = np.argsort(hashes)
    bits = len(hashes).bit_length()
    keys = np.cumsum(_changes(hashes[order]), dtype=np.int64)
    keys <<= bits
    keys |= order
    del order
    keys.sort()
    keys &= (1 << bits) - 1
    return keys


def _changes(values: NDArray[Value]) -> NDArray[np.bool_]:
    """Which values differ from the one before."""
    changes = np.ones(len(values), dtype=bool)
    changes[1:] = values[1:] != values[:-1]
    return changes
