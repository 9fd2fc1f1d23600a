"""The process that makes the index: ``python -m adapters.tfidf.building FILE MOMENT`` with papers on standard input.

A line for each paper, ``["2603.00001", title, abstract]``, and ``null`` as the last one; without that nothing is made.
Memory stays bounded however many papers there are: their words wait in a temporary file, sizes are decided when all
have been counted, and scikit-learn weighs them a block at a time; of a paper its heaviest words are kept, of a word the
papers in which it weighs most. Prints ``{"papers": …, "words": …, "peak_mb": …}``.

Left out are words without a letter, of one letter, of scikit-learn's list of English stop words, those of too few
papers to join any, and those of so many that they tell nothing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import scipy.sparse
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.preprocessing import normalize as to_length_one

from adapters.tfidf.file import ID_BYTES, key, write
from bot.text import normalize

MOST_WORDS = 100_000
LONGEST_WORD = 40
WORDS_A_PAPER = 30
PAPERS_A_WORD = 4_000

_BLOCK = 4_096
_NICE = 10
# Above so many different words those of one paper are forgotten: most are misspellings and numbers with a letter.
_MOST_COUNTED = 1_500_000

Floats = npt.NDArray[np.float32]


def main(path: Path, made_at: datetime, lines: Iterable[bytes]) -> dict[str, int]:
    """Make the index of the papers in ``lines``; returns its figures. Raises ValueError when they are not all there."""
    with tempfile.TemporaryFile(mode="w+b", dir=path.parent) as texts:
        ids, frequencies = _count(lines, texts)
        words = _vocabulary(frequencies, len(ids))
        weights = _weights([frequencies[word] for word in words], len(ids))
        frequencies.clear()
        texts.seek(0)
        matrix = _matrix(texts, words, weights)
    starts, papers, shares = _postings(matrix)
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    write(
        path,
        made_at,
        len(ids),
        {
            "ids": (paper_id.encode("ascii").ljust(ID_BYTES, b"\0") for paper_id in ids),
            "keys": [np.array([key(word) for word in words], dtype="<u4").tobytes()],
            "ends": [np.cumsum([len(word) for word in encoded], dtype="<u4").tobytes()],
            "words": encoded,
            "weights": [weights.astype("<f4").tobytes()],
            "starts": [starts.astype("<u8").tobytes()],
            "papers": papers,
            "shares": shares,
        },
    )
    return {"papers": len(ids), "words": len(words)}


def _count(lines: Iterable[bytes], texts: IO[bytes]) -> tuple[list[str], Counter[str]]:
    """The ids, and in how many papers each word stands; the normalised words of each go into ``texts``, a line each."""
    ids: list[str] = []
    frequencies: Counter[str] = Counter()
    for line in lines:
        paper = json.loads(line)
        if paper is None:
            return ids, frequencies
        paper_id, title, abstract = paper
        if len(paper_id) > ID_BYTES or not paper_id.isascii():
            continue
        words = f"{normalize(title)} {normalize(abstract)}".split()
        frequencies.update(set(words))
        if len(frequencies) > _MOST_COUNTED:
            frequencies = Counter({word: times for word, times in frequencies.items() if times > 1})
        texts.write(" ".join(words).encode("utf-8", "surrogatepass") + b"\n")
        ids.append(paper_id)
    raise ValueError("the papers end before their end")


def _vocabulary(frequencies: Counter[str], papers: int) -> list[str]:
    """The words that tell something, in the order of their keys."""
    least = 1 if papers < 1_000 else 2 if papers < 50_000 else 3
    most = max(50, papers * 3 // 10)
    telling = (
        (word, times)
        for word, times in frequencies.items()
        if least <= times <= most
        and 1 < len(word) <= LONGEST_WORD
        and word not in ENGLISH_STOP_WORDS
        and any(map(str.isalpha, word))
    )
    kept = sorted(telling, key=lambda each: (-each[1], each[0]))[:MOST_WORDS]
    return sorted((word for word, _ in kept), key=lambda word: (key(word), word))


def _weights(frequencies: list[int], papers: int) -> Floats:
    """Smooth inverse document frequencies, as scikit-learn's TfidfTransformer has them."""
    found = np.log((1.0 + papers) / (1.0 + np.array(frequencies, dtype=np.float64))) + 1.0
    return found.astype(np.float32)


def _matrix(texts: IO[bytes], words: list[str], weights: Floats) -> Any:
    """Papers × words, the shares of each paper's heaviest words as bytes."""
    if not words:
        return scipy.sparse.csc_matrix((0, 0), dtype=np.uint8)
    vectorizer = TfidfVectorizer(
        vocabulary={word: place for place, word in enumerate(words)},
        analyzer=str.split,
        sublinear_tf=True,
        norm=None,
        dtype=np.float32,
    )
    vectorizer.idf_ = weights
    blocks = [_heaviest(vectorizer.transform(block)) for block in _blocks(texts)]
    return scipy.sparse.vstack(blocks, format="csr").tocsc()


def _blocks(texts: IO[bytes]) -> Iterator[list[str]]:
    while block := [line.decode("utf-8", "surrogatepass") for line in islice(texts, _BLOCK)]:
        yield block


def _heaviest(block: Any) -> Any:
    """Of each row its heaviest entries, as shares of the row's length in bytes."""
    rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    order = np.lexsort((-block.data, rows))
    rank = np.arange(len(order)) - block.indptr[rows[order]]
    kept = order[rank < WORDS_A_PAPER]
    made = scipy.sparse.csr_matrix((block.data[kept], (rows[kept], block.indices[kept])), shape=block.shape)
    made = to_length_one(made, copy=False)
    shares = np.maximum(np.rint(made.data * 255), 1).astype(np.uint8)
    return scipy.sparse.csr_matrix((shares, made.indices, made.indptr), shape=made.shape)


def _postings(matrix: Any) -> tuple[npt.NDArray[np.uint64], Iterator[bytes], Iterator[bytes]]:
    """Where each word's papers begin, and the papers and shares, word by word, the largest share first."""
    lengths = np.minimum(np.diff(matrix.indptr), PAPERS_A_WORD)
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.uint64)

    def largest(place: int) -> slice | npt.NDArray[np.intp]:
        begin, end = matrix.indptr[place], matrix.indptr[place + 1]
        found: npt.NDArray[np.intp] = begin + np.argsort(-matrix.data[begin:end].astype(np.int16), kind="stable")
        return found[:PAPERS_A_WORD]

    words = range(matrix.shape[1])
    papers = (matrix.indices[largest(place)].astype("<u4").tobytes() for place in words)
    shares = (matrix.data[largest(place)].tobytes() for place in words)
    return starts, papers, shares


def _peak_megabytes() -> int:
    """The largest resident set so far, in megabytes (10^6 bytes); 0 where the system does not say.

    Not ``getrusage``: on Linux that begins with what the process that started this one had.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 // 1_000_000 for line in lines if line.startswith("VmHWM:")), 0)


if __name__ == "__main__":
    os.nice(_NICE)
    figures = main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), sys.stdin.buffer)
    sys.stdout.write(json.dumps(figures | {"peak_mb": _peak_megabytes()}) + "\n")
