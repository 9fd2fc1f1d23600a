"""The process that makes the index: ``python -m adapters.tfidf.building FILE MOMENT`` with papers on standard input.

A line for each paper, ``["2603.00001", title, abstract]``, and ``null`` as the last one; without that nothing is made.
Memory stays bounded however many papers there are: their words wait in a temporary file, sizes are decided when all
have been counted, and scikit-learn weighs them a block at a time; of a paper its heaviest words are kept, of a word the
papers in which it weighs most. What joins papers and words waits in a file as well, and is sorted by word a range of
words at a time. Prints ``{"papers": …, "words": …, "peak_mb": …}``.

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
from contextlib import ExitStack
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
_MOST_SORTED = 2_000_000
_READ = 1 << 20
_NICE = 10
# Above so many different words those of one paper are forgotten: most are misspellings and numbers with a letter.
_MOST_COUNTED = 1_500_000

Floats = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]
Entries = npt.NDArray[np.void]

# That a word stands in a paper: both by their places, and the word's share of the paper's vector, 255 is all of it.
_ENTRY = np.dtype([("word", "<u4"), ("paper", "<u4"), ("share", "u1")])


def main(path: Path, made_at: datetime, lines: Iterable[bytes]) -> dict[str, int]:
    """Make the index of the papers in ``lines``; returns its figures. Raises ValueError when they are not all there."""
    with ExitStack() as held:

        def waiting() -> IO[bytes]:
            return held.enter_context(tempfile.TemporaryFile(mode="w+b", dir=path.parent))

        ids, texts, entries, shares = waiting(), waiting(), waiting(), waiting()
        papers, frequencies = _count(lines, ids, texts)
        words = _vocabulary(frequencies, papers)
        weights = _weights([frequencies[word] for word in words], papers)
        frequencies.clear()
        counts = _weigh(texts, words, weights, entries)
        encoded = [word.encode("utf-8", "surrogatepass") for word in words]
        starts = np.concatenate(([0], np.cumsum(np.minimum(counts, PAPERS_A_WORD))))
        write(
            path,
            made_at,
            papers,
            {
                "ids": _pieces(ids),
                "keys": [np.array([key(word) for word in words], dtype="<u4").tobytes()],
                "ends": [np.cumsum([len(word) for word in encoded], dtype="<u4").tobytes()],
                "words": encoded,
                "weights": [weights.astype("<f4").tobytes()],
                "starts": [starts.astype("<u8").tobytes()],
                "papers": _papers(entries, counts, shares),
                "shares": _pieces(shares),
            },
        )
    return {"papers": papers, "words": len(words)}


def _count(lines: Iterable[bytes], ids: IO[bytes], texts: IO[bytes]) -> tuple[int, Counter[str]]:
    """How many papers there are, and in how many of them each word stands; ``ids`` gets the id of each, ``texts`` its
    normalised words, a line each."""
    papers = 0
    frequencies: Counter[str] = Counter()
    for line in lines:
        paper = json.loads(line)
        if paper is None:
            return papers, frequencies
        paper_id, title, abstract = paper
        if len(paper_id) > ID_BYTES or not paper_id.isascii():
            continue
        words = f"{normalize(title)} {normalize(abstract)}".split()
        frequencies.update(set(words))
        if len(frequencies) > _MOST_COUNTED:
            frequencies = Counter({word: times for word, times in frequencies.items() if times > 1})
        texts.write(" ".join(words).encode("utf-8", "surrogatepass") + b"\n")
        ids.write(paper_id.encode("ascii").ljust(ID_BYTES, b"\0"))
        papers += 1
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


def _weigh(texts: IO[bytes], words: list[str], weights: Floats, entries: IO[bytes]) -> Counts:
    """Write the entries of every paper's heaviest words, paper by paper; returns how many each word has."""
    counts = np.zeros(len(words), dtype=np.int64)
    if not words:
        return counts
    vectorizer = TfidfVectorizer(
        vocabulary={word: place for place, word in enumerate(words)},
        analyzer=str.split,
        sublinear_tf=True,
        norm=None,
        dtype=np.float32,
    )
    vectorizer.idf_ = weights
    texts.seek(0)
    first = 0
    for block in _blocks(texts):
        found = _heaviest(vectorizer.transform(block), first)
        counts += np.bincount(found["word"], minlength=len(words))
        entries.write(found.tobytes())
        first += len(block)
    return counts


def _blocks(texts: IO[bytes]) -> Iterator[list[str]]:
    while block := [line.decode("utf-8", "surrogatepass") for line in islice(texts, _BLOCK)]:
        yield block


def _heaviest(block: Any, first: int) -> Entries:
    """The entries of the heaviest words of each row, the first of which is the paper ``first``."""
    rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr))
    order = np.lexsort((-block.data, rows))
    rank = np.arange(len(order)) - block.indptr[rows[order]]
    kept = order[rank < WORDS_A_PAPER]
    made = scipy.sparse.csr_matrix((block.data[kept], (rows[kept], block.indices[kept])), shape=block.shape)
    made = to_length_one(made, copy=False)
    entries = np.empty(made.nnz, dtype=_ENTRY)
    entries["word"] = made.indices
    entries["paper"] = first + np.repeat(np.arange(made.shape[0]), np.diff(made.indptr))
    entries["share"] = np.maximum(np.rint(made.data * 255), 1)
    return entries


def _papers(entries: IO[bytes], counts: Counts, shares: IO[bytes]) -> Iterator[bytes]:
    """The papers of each word, word by word, the largest share first; the shares go into ``shares``."""
    for begin, end in _ranges(counts):
        found = np.concatenate([part[(part["word"] >= begin) & (part["word"] < end)] for part in _read(entries)])
        found = found[np.lexsort((found["paper"], -found["share"].astype(np.int16), found["word"]))]
        starts = np.cumsum(counts[begin:end]) - counts[begin:end]
        rank = np.arange(len(found)) - np.repeat(starts, counts[begin:end])
        kept = found[rank < PAPERS_A_WORD]
        shares.write(kept["share"].tobytes())
        yield kept["paper"].tobytes()


def _ranges(counts: Counts) -> Iterator[tuple[int, int]]:
    """The words, as ranges of places, each with ``_MOST_SORTED`` entries at most unless it is of one word."""
    sums = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        before = int(sums[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(sums, before + _MOST_SORTED, side="right")))
        yield begin, end
        begin = end


def _read(entries: IO[bytes]) -> Iterator[Entries]:
    for piece in _pieces(entries):
        yield np.frombuffer(piece, dtype=_ENTRY)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """All of a file that was written, from its beginning, in pieces of whole entries."""
    file.seek(0)
    while piece := file.read(_READ * _ENTRY.itemsize):
        yield piece


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
