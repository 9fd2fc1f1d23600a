"""Where normalised words stand in a text, and how they are written there.

``as_written("We use Chain-of-Thought prompts", ("chain", "of", "thought"))`` is ``"Chain-of-Thought"``.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.paper_caches import cached_for_a_round
from bot.text import prefix_matches, readable, words

_TOKEN = re.compile(r"[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f'’‘ʼ´\u00ad\u200b-\u200f\u2060]+[^\W_]+)*[+#♯]*")
_MOST_SPACES = 200
_SPACES = re.compile(r"\s+")
_LONGEST_GAP = 12


@dataclass(frozen=True, slots=True)
class _Places:
    """A text as it is read, its words in order, and between which of its characters each stands."""

    text: str
    words: tuple[str, ...]
    starts: array[int]
    ends: array[int]


@lru_cache(maxsize=1 << 13)
def _words_of_token(token: str) -> tuple[str, ...]:
    return tuple(words(token))


# Many channels are told of the same papers; this holds the titles and abstracts of a day, a few kilobytes each.
@cached_for_a_round(3_000)
def _places(text: str) -> _Places:
    text = readable(text)
    found: list[str] = []
    starts, ends = array("I"), array("I")
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        for word in _words_of_token(token[0]):
            found.append(word)
            starts.append(start)
            ends.append(end)
    return _Places(text, tuple(found), starts, ends)


def as_written(text: str, wanted: tuple[str, ...], *, prefix: bool = False) -> str | None:
    """The first place where the normalised words ``wanted`` stand side by side, in the text's own spelling.

    With ``prefix``, the first word that begins with ``wanted[0]``. LaTeX is given as readable Unicode, white space as
    single spaces. None when they are not there, or stand so oddly that they cannot be cut out.
    """
    places = _places(text)
    length = len(wanted)
    for at in _beginning_so(places.words, wanted[0]) if prefix else _standing(places.words, wanted):
        start, end = places.starts[at], places.ends[at + length - 1]
        longest = sum(map(len, places.words[at : at + length])) + length * _LONGEST_GAP
        # What is far longer, a whole text in one token, is not even copied: there may be thousands of places in it.
        if end - start > longest + _MOST_SPACES:
            continue
        written = places.text[start:end]
        if length > 1:
            written = _SPACES.sub(" ", written)
        if len(written) <= longest:
            return written
    return None


def _standing(known: tuple[str, ...], wanted: tuple[str, ...]) -> Iterator[int]:
    """The places from which ``wanted`` stands in ``known``."""
    at, length = -1, len(wanted)
    while True:
        try:
            at = known.index(wanted[0], at + 1)
        except ValueError:
            return
        if length == 1 or known[at : at + length] == wanted:
            yield at


def _beginning_so(known: tuple[str, ...], prefix: str) -> Iterator[int]:
    return (at for at, word in enumerate(known) if prefix_matches(prefix, word))
