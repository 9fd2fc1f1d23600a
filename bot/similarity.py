"""How like two papers are, by their words. Pure.

A text is a vector: for each of its words that tells something, (1 + ln of how often it stands there) × what the word
weighs in the archive (``bot.ports.Terms``). The ``MOST_WORDS`` heaviest count, and the vector has length 1. Two papers
are as like as the cosine of their vectors: 0 nothing in common, 1 the same words. This is TF-IDF as in scikit-learn's
user guide, "Text feature extraction", with sublinear frequencies.

``bot.reasons`` says in words why.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bot.models import PaperText
from bot.text import words

MOST_WORDS = 40
"""Of a text; an abstract has some 90 different words that tell something."""


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
