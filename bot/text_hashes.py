"""The words of many texts in a row, and the hashes of what stands there: phrases, and beginnings of words.

A hash is that of ``bot.query_compiler``, made for all places at once. ``bot.paper_literals`` sorts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.query_compiler import PRIME, Kind, field_hash, text_hash
from bot.query_parser import SHORTEST_PREFIX
from bot.query_tree import Field

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]
Numbers = NDArray[np.uint32]
Small = NDArray[np.unsignedinteger[Any]]
"""Numbers in as few bytes as they need."""
Made = tuple[Hashes, Numbers]
"""Hashes of literals, each with a place in the texts where it begins."""


class Sieve:
    """Lets pass the hashes that it was made of, and of others about one in sixteen."""

    def __init__(self, hashes: Hashes) -> None:
        self._shift = np.uint64(64 - max(10, len(hashes).bit_length() + 4))
        self._passing = np.zeros(1 << 64 - int(self._shift), dtype=bool)
        self._passing[hashes >> self._shift] = True

    def passes(self, hashes: Hashes) -> NDArray[np.bool_]:
        passing: NDArray[np.bool_] = self._passing[hashes >> self._shift]
        return passing


class Sorted:
    """Distinct hashes in their order, each known by its place in it.

    ``hashes`` are in order and may be there many times, of which ``first`` says which is the first.
    """

    def __init__(self, hashes: Hashes, first: NDArray[np.bool_]) -> None:
        # One may ask what comes after the last one: nothing that is looked for, since hashes are even.
        self._hashes = np.full(np.count_nonzero(first) + 1, ~np.uint64(0))
        hashes = np.compress(first, hashes, out=self._hashes[:-1])
        # Hashes are even: of buckets by their first bits most hold one or none.
        self._shift = np.uint64(64 - max(10, len(hashes).bit_length() + 1))
        counts = np.bincount((hashes >> self._shift).view(np.int64), minlength=1 << 64 - int(self._shift))
        self._begins = np.append(0, np.cumsum(counts)).astype(np.uint32)

    def __len__(self) -> int:
        return len(self._hashes) - 1

    def places(self, hashes: Hashes) -> Places:
        """The place of each of these hashes; -1 for those that are not here."""
        buckets = (hashes >> self._shift).view(np.int64)
        at = self._begins[buckets]
        # Most are the first of their bucket or nowhere. That of an empty one belongs to another, and is none of these.
        there = self._hashes[at] == hashes
        places = np.where(there, at, np.int64(-1))
        sought = np.flatnonzero(~there)
        at, ends = at[sought] + np.uint32(1), self._begins[buckets[sought] + 1]
        while len(further := np.flatnonzero(at < ends)):
            sought, at, ends = sought[further], at[further], ends[further]
            there = self._hashes[at] == hashes[sought]
            found = np.flatnonzero(there)
            places[sought[found]] = at[found]
            ends[found] = 0
            at += np.uint32(1)
        return places


class Texts:
    """The words of texts in a row: of each its number in the vocabulary, its text and its paper.

    No phrase reaches over two texts.
    """

    def __init__(self, vocabulary: _Vocabulary, numbers: Numbers, text: Small, paper: Small) -> None:
        self.paper = paper
        self._vocabulary = vocabulary
        self._words = numbers
        self._text = text

    @classmethod
    def of(cls, papers: Iterable[Iterable[list[str]]]) -> Texts:
        """``papers``: the texts of each paper, as lists of words."""
        number: dict[str, int] = {}
        numbers, lengths, places = [np.empty(0, np.uint32)], [], []
        for place, texts in enumerate(papers):
            for text in texts:
                numbers.append(np.array([number.setdefault(word, len(number)) for word in text], dtype=np.uint32))
                lengths.append(len(text))
                places.append(place)
        each = np.array(lengths, dtype=np.int64)
        # Some papers may have no text at all.
        small = np.min_scalar_type(max([len(lengths), *places[-1:]]))
        texts_ = np.repeat(np.arange(len(each), dtype=small), each)
        paper = np.repeat(np.array(places, dtype=small), each)
        return cls(_Vocabulary(list(number)), np.concatenate(numbers), texts_, paper)

    def part(self, which: int) -> Texts:
        """The first or the second text of each paper, where all have two."""
        chosen = self._text % 2 == which
        return Texts(self._vocabulary, self._words[chosen], self._text[chosen], self.paper[chosen])

    def phrases(self, field: Field, length: int) -> Made:
        """Every phrase of so many words."""
        begins = _counting(max(0, len(self._words) - length + 1))
        begins = begins[self._text[begins] == self._text[begins + np.uint32(length - 1)]]
        hashes = np.full(len(begins), field_hash(field, prefix=False), dtype=np.uint64)
        for place in range(length):
            _join(hashes, self._vocabulary.hashes[self._words[begins + np.uint32(place)]])
        return hashes, begins

    def longer(self, triples: Made, longest: int, asked: Sieve) -> Iterator[Made]:
        """The phrases of more than three words, length by length, that are asked for, as their ``triples`` are."""
        hashes, begins = _sifted(triples, asked)
        for length in range(Kind.LONGER, longest + 1):
            hashes, begins = self._extended(hashes, begins, length)
            yield _sifted((hashes, begins), asked)

    def prefixes(self, field: Field, asked: Sieve) -> Made:
        """The beginnings of words that are asked for."""
        begun, hashes = self._vocabulary.prefixes
        hashes = _join(np.full(len(hashes), field_hash(field, prefix=True), dtype=np.uint64), hashes)
        chosen = np.flatnonzero(asked.passes(hashes))
        parts, places = self._by_word
        firsts, lasts = parts[begun[chosen]], parts[begun[chosen] + 1]
        return np.repeat(hashes[chosen], lasts - firsts), places[ranges(firsts, lasts)]

    def _extended(self, hashes: Hashes, begins: Numbers, length: int) -> Made:
        """Phrases of ``length - 1`` words with the next word, where that is of the same text."""
        lasts = begins + np.uint32(length - 1)
        within = lasts < len(self._text)
        within[within] = self._text[lasts[within]] == self._text[begins[within]]
        hashes, begins, lasts = hashes[within], begins[within], lasts[within]
        return _join(hashes, self._vocabulary.hashes[self._words[lasts]]), begins

    @cached_property
    def _by_word(self) -> tuple[Places, Numbers]:
        """Where the places of each word of the vocabulary begin in all places sorted by word, and these."""
        order = np.argsort(self._words, kind="stable")
        parts = np.searchsorted(self._words[order], np.arange(len(self._vocabulary) + 1))
        return parts, order.astype(np.uint32)


class _Vocabulary:
    """The distinct words of texts."""

    def __init__(self, distinct: list[str]) -> None:
        self._words = distinct

    def __len__(self) -> int:
        return len(self._words)

    @cached_property
    def hashes(self) -> Hashes:
        return np.fromiter(map(text_hash, self._words), np.uint64, len(self._words))

    @cached_property
    def prefixes(self) -> tuple[Numbers, Hashes]:
        """Every beginning that may be asked for of each word: the word's number, and the hash of the beginning."""
        known: dict[str, int] = {}
        counts = np.array([max(0, len(word) - SHORTEST_PREFIX + 1) for word in self._words], dtype=np.int64)
        begun = (word[:end] for word in self._words for end in range(SHORTEST_PREFIX, len(word) + 1))
        numbers = np.fromiter((known.setdefault(prefix, len(known)) for prefix in begun), np.int64, int(counts.sum()))
        hashes = np.fromiter(map(text_hash, known), np.uint64, len(known))
        return np.repeat(_counting(len(counts)), counts), hashes[numbers]


def ranges(begins: Places, ends: Places) -> Places:
    """The numbers from each beginning up to its end, in a row."""
    counts = ends - begins
    offsets = np.cumsum(counts) - counts
    return np.repeat(begins - offsets, counts) + np.arange(int(counts.sum()))


def _sifted(made: Made, asked: Sieve) -> Made:
    hashes, begins = made
    chosen = np.flatnonzero(asked.passes(hashes))
    return hashes[chosen], begins[chosen]


def _counting(number: int) -> Numbers:
    return np.arange(number, dtype=np.uint32)


def _join(beginnings: Hashes, lasts: Hashes) -> Hashes:
    """``bot.query_compiler.joined`` for many, in the place of the beginnings."""
    beginnings ^= beginnings >> np.uint64(29)
    beginnings *= np.uint64(PRIME)
    beginnings += lasts
    beginnings ^= beginnings >> np.uint64(32)
    return beginnings
