"""An index of words made by the plain definition, in this process and without any library."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from pathlib import Path

from adapters.tfidf.file import ID_BYTES, IndexFile, key, write
from bot.errors import WorkerError
from bot.models import PaperText
from bot.ports import Terms
from bot.similarity import text_words, vector


def plain_weights(texts: Iterable[PaperText]) -> dict[str, float]:
    """Smooth inverse document frequencies of every word of two letters or more."""
    documents = [set(text_words(text)) for text in texts]
    frequencies = Counter(word for words in documents for word in words if len(word) > 1)
    return {word: math.log((1 + len(documents)) / (1 + times)) + 1 for word, times in frequencies.items()}


def write_index(path: Path, texts: Sequence[PaperText], made_at: datetime, weights: Mapping[str, float]) -> None:
    """An index file of these texts with these weights."""
    words = sorted(weights, key=lambda word: (key(word), word))
    vectors = [vector(text_words(text), lambda word: weights.get(word, 0.0)) for text in texts]
    postings = [sorted(((-made[word], place) for place, made in enumerate(vectors) if word in made)) for word in words]
    encoded = [word.encode() for word in words]
    write(
        path,
        made_at,
        len(texts),
        {
            "ids": [text.id.encode().ljust(ID_BYTES, b"\0") for text in texts],
            "keys": [array("I", map(key, words)).tobytes()],
            "ends": [array("I", accumulate(map(len, encoded))).tobytes()],
            "words": encoded,
            "weights": [array("f", (weights[word] for word in words)).tobytes()],
            "starts": [array("Q", accumulate((len(each) for each in postings), initial=0)).tobytes()],
            "papers": [array("I", (place for each in postings for _, place in each)).tobytes()],
            "shares": [bytes(max(1, round(-share * 255)) for each in postings for share, _ in each)],
        },
    )


class PlainIndex:
    """``bot.ports.TermIndex`` in a file of ``folder``; ``trouble`` is raised in place of making it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "plain.similar"
        self.trouble: WorkerError | None = None
        self.made = 0
        self._terms: IndexFile | None = None

    def terms(self) -> Terms | None:
        return self._terms

    async def rebuild(self, texts: AsyncIterator[Sequence[PaperText]], now: datetime) -> int:
        if self.trouble is not None:
            raise self.trouble
        read = [text async for block in texts for text in block]
        write_index(self.path, read, now, plain_weights(read))
        self._terms = IndexFile(self.path)
        self.made += 1
        return len(read)
