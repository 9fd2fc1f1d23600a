"""Matching the other way round: the new papers are indexed, and any number of queries is asked of the index.

For each word of the papers, each pair of neighbouring words and each category, the index has a bit set: a Python
integer whose bit ``i`` says "paper ``i`` has it". A compiled query (``bot.query_compiler``) is then a handful of AND,
OR and AND NOT on such integers, for all papers at once; nothing is kept for a query between two polls.

- A phrase of two words is a pair; one of three or more is looked up by its pairs, and what remains is verified.
- A prefix is the OR over a slice of the sorted vocabulary, and over the plurals that begin so (``bot.text``).
- Titles alone, abstracts alone, names, pairs and the sorted vocabulary are built when a query first asks for them.

``PaperIndex(papers).match(queries)`` equals ``Query.matches`` for every paper and query. Building an index takes
about 0.5 s of CPU for 2,000 papers: do it in a worker thread. An index belongs to one thread.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, reduce
from itertools import chain, compress, pairwise
from operator import and_, or_
from typing import TypeVar

from bot.models import Paper
from bot.query_compiler import BOTH, EITHER, OTHERS, WITHOUT, program
from bot.query_tree import Field
from bot.text import name_words, plural_forms, words

Key = TypeVar("Key")
Item = TypeVar("Item")

_OPERATORS = frozenset({BOTH, EITHER, WITHOUT, OTHERS})
_BEYOND = "\U0010ffff"
_MANY = 64
_FLAGS = bytes.maketrans(b"01", b"\0\1")


class PaperIndex:
    """Some papers as bit sets. The papers must not change while it is in use."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        papers = list(papers)
        self._ids = [paper.id for paper in papers]
        self._literals = _Literals(papers)

    def match(self, queries: Iterable[tuple[Key, bytes]]) -> Iterator[tuple[Key, list[str]]]:
        """For each query that matches some paper, its key and the ids of those papers, in the papers' order.

        ``queries`` are (key, ``Query.compiled``); they are taken one at a time, so any number can be streamed through.
        Raises ValueError for a compiled query of another format version.
        """
        literals, everything = self._literals, (1 << len(self._ids)) - 1
        for key, compiled in queries:
            bits = _evaluate(program(compiled), literals, everything)
            if bits:
                yield key, self._chosen(bits)

    def _chosen(self, bits: int) -> list[str]:
        if bits.bit_count() > _MANY:
            return list(compress(self._ids, f"{bits:b}"[::-1].encode().translate(_FLAGS)))
        found: list[str] = []
        while bits:
            lowest = bits & -bits
            found.append(self._ids[lowest.bit_length() - 1])
            bits ^= lowest
        return found


def _evaluate(lines: Sequence[str], literals: _Literals, everything: int) -> int:
    """Run a program; ``literals`` gives the bits of a literal."""
    stack: list[int] = []
    for line in lines:
        if line not in _OPERATORS:
            stack.append(literals[line])
        elif line == OTHERS:
            stack[-1] ^= everything
        else:
            right = stack.pop()
            if line == BOTH:
                stack[-1] &= right
            elif line == EITHER:
                stack[-1] |= right
            else:
                stack[-1] &= ~right
    return stack[0]


class _Literals(dict[str, int]):
    """Literal → bits, looked up on first use. Literals that no paper has are not kept: there are any number of them."""

    def __init__(self, papers: Sequence[Paper]) -> None:
        super().__init__()
        self._papers = papers
        self._titles = [[words(paper.title)] for paper in papers]
        self._abstracts = [[words(paper.abstract)] for paper in papers]

    def __missing__(self, literal: str) -> int:
        bits = self._found(literal)
        if bits:
            self[literal] = bits
        return bits

    def _found(self, literal: str) -> int:
        name, colon, rest = literal.partition(":")
        if not colon:
            return self._any.bits(literal)
        match Field(name):
            case Field.TITLE:
                return self._title.bits(rest)
            case Field.ABSTRACT:
                return self._abstract.bits(rest)
            case Field.AUTHOR:
                return self._names.bits(rest)
            case _:
                return self._of_category(rest)

    @cached_property
    def _any(self) -> _Texts:
        return _Texts([title + abstract for title, abstract in zip(self._titles, self._abstracts, strict=True)])

    @cached_property
    def _title(self) -> _Texts:
        return _Texts(self._titles)

    @cached_property
    def _abstract(self) -> _Texts:
        return _Texts(self._abstracts)

    @cached_property
    def _names(self) -> _Texts:
        return _Texts([[name_words(name) for name in paper.authors] for paper in self._papers])

    @cached_property
    def _categories(self) -> dict[str, int]:
        return _bit_sets(paper.categories for paper in self._papers)

    def _of_category(self, category: str) -> int:
        if not category.endswith("*"):
            return self._categories.get(category, 0)
        group = category[:-1]
        return reduce(or_, (bits for name, bits in self._categories.items() if name.startswith(group)), 0)


class _Texts:
    """Bit sets over texts. ``parts``: for each paper, its texts as lists of words; no phrase reaches over two texts."""

    def __init__(self, parts: list[list[list[str]]]) -> None:
        self._parts = parts
        self._words = _bit_sets(chain.from_iterable(texts) for texts in parts)

    def bits(self, literal: str) -> int:
        """The papers with a word, a phrase (words with spaces between) or a prefix (with a star at its end)."""
        if literal.endswith("*"):
            return self._prefix(literal[:-1])
        if " " not in literal:
            return self._words.get(literal, 0)
        pairs = [self._pairs.get(pair, 0) for pair in pairwise(literal.split(" "))]
        return pairs[0] if len(pairs) == 1 else self._verified(reduce(and_, pairs), f" {literal} ")

    def _prefix(self, prefix: str) -> int:
        first = bisect_left(self._vocabulary, prefix)
        beyond = bisect_left(self._vocabulary, prefix + _BEYOND, first)
        found = [*self._vocabulary[first:beyond], *plural_forms(prefix)]
        return reduce(or_, (self._words.get(word, 0) for word in found), 0)

    def _verified(self, candidates: int, phrase: str) -> int:
        """Those of the candidates that have the whole phrase: all of its pairs may stand in different places."""
        bits = 0
        while candidates:
            lowest = candidates & -candidates
            candidates ^= lowest
            texts = self._parts[lowest.bit_length() - 1]
            if any(phrase in f" {' '.join(text)} " for text in texts):
                bits |= lowest
        return bits

    @cached_property
    def _pairs(self) -> dict[tuple[str, str], int]:
        return _bit_sets(chain.from_iterable(map(pairwise, texts)) for texts in self._parts)

    @cached_property
    def _vocabulary(self) -> list[str]:
        return sorted(self._words)


def _bit_sets(papers: Iterable[Iterable[Item]]) -> dict[Item, int]:
    """Item → the papers that have it, for the items of each paper in turn."""
    found: dict[Item, int] = {}
    bit = 1
    for items in papers:
        for item in items:
            bits = found.setdefault(item, bit)  # most items are in one paper: they share its integer
            if bits is not bit:
                found[item] = bits | bit
        bit <<= 1
    return found
