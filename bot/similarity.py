"""How like two papers are, by their words. Pure.

A text is a vector: for each of its words that tells something, (1 + ln of how often it stands there) × what the word
weighs in the archive (``bot.ports.Terms``). The ``MOST_WORDS`` heaviest count, and the vector has length 1. Two papers
are as like as the cosine of their vectors: 0 nothing in common, 1 the same words. This is TF-IDF as in scikit-learn's
user guide, "Text feature extraction", with sublinear frequencies.

The reason that is given is what weighs most of what both have: words that stand side by side in both are one phrase,
and everything is written as in the paper that is shown.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from bot.models import PaperText
from bot.spelling import as_written
from bot.text import words

MOST_WORDS = 40
"""Of a text; an abstract has some 90 different words that tell something."""

MOST_REASONS = 3
_CANDIDATES = 12
_LONGEST_PHRASE = 3
_LONGEST_REASON = 40
_BRACKET = re.compile(r"[(\[{}\])]")

Vector = Mapping[str, float]


def text_words(text: PaperText) -> list[str]:
    """The normalised words of title and abstract, in order."""
    return words(text.title) + words(text.abstract)


def vector(found: Sequence[str], weight: Callable[[str], float]) -> dict[str, float]:
    """The vector of normalised words, empty where none of them weighs anything."""
    weights = {word: (1.0 + math.log(times)) * weight(word) for word, times in Counter(found).items()}
    # The word itself decides between equals, so that the same text has one vector.
    heaviest = heapq.nlargest(MOST_WORDS, ((value, word) for word, value in weights.items() if value > 0.0))
    length = math.sqrt(sum(value * value for value, _ in heaviest))
    return {word: value / length for value, word in heaviest}


def likeness(one: Vector, other: Vector) -> float:
    """From 0 to 1."""
    if len(other) < len(one):
        one, other = other, one
    return min(1.0, sum(value * other.get(word, 0.0) for word, value in one.items()))


def common(one: PaperText, other: PaperText, weight: Callable[[str], float]) -> list[str]:
    """The words and phrases that make two texts alike, most telling first, as ``other`` writes them."""
    words_of_one, words_of_other = text_words(one), text_words(other)
    first, second = vector(words_of_one, weight), vector(words_of_other, weight)
    shared = {word: value * second[word] for word, value in first.items() if word in second}
    heaviest = sorted(shared, key=lambda word: (-shared[word], word))[:_CANDIDATES]
    beside = set(pairwise(words_of_one)) & set(pairwise(words_of_other))
    said: list[str] = []
    used: set[str] = set()
    for word in heaviest:
        if word in used:
            continue
        phrase = _phrase(word, [each for each in heaviest if each not in used], beside, other)
        used.update(phrase)
        written = _written(other, phrase) or word
        if len(written) <= _LONGEST_REASON:
            said.append(written)
        if len(said) == MOST_REASONS:
            break
    return said


def _phrase(word: str, others: Sequence[str], beside: set[tuple[str, str]], shown: PaperText) -> tuple[str, ...]:
    """The word with those that stand before or after it in both texts, as far as that can be shown."""
    phrase: tuple[str, ...] = (word,)
    grown = True
    while grown and len(phrase) < _LONGEST_PHRASE:
        longer = [(*phrase, each) for each in others if (phrase[-1], each) in beside and each not in phrase]
        longer += [(each, *phrase) for each in others if (each, phrase[0]) in beside and each not in phrase]
        found = next((each for each in longer if _written(shown, each)), None)
        grown = found is not None
        phrase = found or phrase
    return phrase


def _written(text: PaperText, phrase: tuple[str, ...]) -> str:
    """The phrase in the text's own spelling; empty where its words stand in pairs only, or a bracket between them."""
    for part in (text.title, text.abstract):
        if (found := as_written(part, phrase)) and not _BRACKET.search(found):
            return found
    return ""
