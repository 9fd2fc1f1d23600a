"""Matching the other way round: the new papers are indexed, and any number of queries is asked of the index.

A *literal* (``bot.query_compiler``) is a number that stands for a word, a phrase, a prefix or a category in a field; a
compiled query is a row of them. ``bot.paper_literals`` knows which papers have which. Queries are given in blocks, and
each step is one operation over all of a block:

1. look up which of its literals any paper has (``places``);
2. drop the queries that cannot match, which are most (``possible``): with a word that no paper has, an AND is lost;
3. of the others, take the papers of each literal as a row of bits, turned round where the literal is to be absent;
4. make of the rows of each group one, by OR or AND, level by level, until each query has one row (``_reduced``);
5. list the bits (``_listed``).

Nothing is kept for a query between two polls, and of a block nothing but what is asked for next.

``PaperIndex(papers).match(keys, compiled)`` equals ``Query.matches`` for every paper and query. Building an index takes
some 0.3 s of CPU for 2,000 papers, matching some 2 µs a query: do both in a worker thread. An index belongs to one
thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bot.models import Paper
from bot.paper_literals import PaperLiterals
from bot.query_compiler import ABSENT, END, FLAGS, LEVEL, VERSION, VERSION_MASK
from bot.text_hashes import Hashes, Places, ranges

Key = TypeVar("Key")
Value = TypeVar("Value", bound=np.generic)

_LITERALS = 8_192
_PAIRS = 50_000


class PaperIndex:
    """Some papers, ready for queries. The papers must not change while it is in use."""

    def __init__(self, papers: Iterable[Paper]) -> None:
        papers = list(papers)
        self._ids = np.array([paper.id for paper in papers], dtype=object)
        self._literals = PaperLiterals(papers)

    def match(self, keys: Sequence[Key], compiled: bytes) -> Iterator[tuple[Key, list[str]]]:
        """For each query that matches some paper, its key and the ids of those papers, in the papers' order.

        ``keys``: one for each query; ``compiled``: their compiled forms (``Query.compiled``) in a row. Memory grows
        with the number of queries: 20,000 at a time are as fast as more. Raises ValueError for a compiled query of
        another format version.
        """
        if not keys and not compiled:
            return iter(())
        numbers, headers = _numbers(compiled, len(keys))
        portions = (self._listed(keys, *portion) for portion in self._matched(numbers, headers))
        return chain.from_iterable(chain.from_iterable(portions))

    def _matched(self, numbers: Hashes, headers: Places) -> Iterator[tuple[Places, Hashes]]:
        """Portions of the queries: which of them, and the papers that match each, as a row of bits."""
        literals = np.delete(numbers, headers)
        flags = (literals & np.uint64(FLAGS)).astype(np.uint8)
        literals &= ~np.uint64(FLAGS)
        absent = flags & ABSENT > 0
        self._literals.prepare(numbers[headers], literals)
        places = self._literals.places(literals)
        possible = _reduced((places >= 0) | absent, flags, np.logical_or, np.logical_and)
        begins = headers - np.arange(len(headers))
        ends = np.append(begins[1:], len(literals))
        for some in _portions(np.flatnonzero(possible), ends - begins, _LITERALS):
            theirs = ranges(begins[some], ends[some])
            rows = self._literals.rows(places[theirs])
            rows[absent[theirs]] ^= ~np.uint64(0)
            yield some, _reduced(rows, flags[theirs], np.bitwise_or, np.bitwise_and)

    def _listed(self, keys: Sequence[Key], some: Places, rows: Hashes) -> Iterator[Iterable[tuple[Key, list[str]]]]:
        """The keys of these queries, with the ids of the papers in their rows, in portions."""
        counts = np.bitwise_count(rows).sum(axis=1, dtype=np.int64)
        for part in _portions(np.flatnonzero(counts), counts, _PAIRS):
            ids = self._ids[_bits(rows[part])].tolist()
            ends = np.cumsum(counts[part])
            slices = map(slice, (ends - counts[part]).tolist(), ends.tolist())
            yield zip(map(keys.__getitem__, some[part].tolist()), map(ids.__getitem__, slices), strict=True)


def _numbers(compiled: bytes, queries: int) -> tuple[Hashes, Places]:
    """The numbers of so many compiled queries in a row, and where the header of each is."""
    numbers = np.frombuffer(compiled if len(compiled) % 8 == 0 else b"", dtype="<u8")
    ends = np.flatnonzero(numbers & np.uint64(LEVEL) == END)
    headers = np.append(0, ends + 1)
    ours = numbers[headers[:-1]] & np.uint64(VERSION_MASK) == VERSION
    if len(ends) != queries or headers[-1] != len(numbers) or not ours.all():
        raise ValueError(f"a compiled query is of another format than {VERSION}: compile it again")
    return numbers, headers[:-1]


def _reduced(values: NDArray[Value], flags: NDArray[np.uint8], either: np.ufunc, both: np.ufunc) -> NDArray[Value]:
    """One value for each query from one for each of its literals: groups of odd levels by ``either``, of even ones by
    ``both``."""
    levels = flags & LEVEL
    queries = np.count_nonzero(levels == END)
    level = 0
    while len(levels) > queries:
        level += 1
        ends = np.flatnonzero(levels >= level)
        values = _folded(values, ends, either if level % 2 else both)
        levels = levels[ends]
    return values


def _folded(values: NDArray[Value], ends: Places, fold: np.ufunc) -> NDArray[Value]:
    """One value for each group, by where groups end. A step takes a further member of all groups that have so many:
    most have one or two, and ``reduceat`` takes groups one by one."""
    if len(ends) == len(values):
        return values
    begins = np.append(0, ends[:-1] + 1)
    folded: NDArray[Value] = values[begins]
    further = 1
    while len(more := np.flatnonzero(begins + further <= ends)):
        folded[more] = fold(folded[more], values[begins[more] + further])
        further += 1
    return folded


def _bits(rows: Hashes) -> Places:
    """Which papers are in the rows, row by row."""
    numbers = rows.ravel()
    filled = np.flatnonzero(numbers)
    bits = np.flatnonzero(np.unpackbits(numbers[filled].view(np.uint8), bitorder="little").view(np.bool_))
    firsts = filled % rows.shape[1] * 64
    papers: Places = firsts[bits >> 6] + (bits & 63)
    return papers


def _portions(queries: Places, sizes: Places, most: int) -> Iterator[Places]:
    """The queries in parts whose sizes are about ``most`` together."""
    reached = np.cumsum(sizes[queries]) // most
    yield from (part for part in np.split(queries, np.flatnonzero(np.diff(reached)) + 1) if len(part))
