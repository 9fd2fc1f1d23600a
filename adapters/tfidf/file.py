"""The index file: which words tell something, what they weigh, and in which papers each weighs most.

Eight bytes that name the format, the length of a header, the header (JSON), and then sections, each at a multiple of
eight bytes; numbers are little-endian:

    ids      20 bytes a paper: its id, filled with zeros
    keys     4 bytes a word: the CRC-32 of its UTF-8, in rising order, so that a word is found by bisection
    ends     4 bytes a word: where it ends in ``words``
    words    the words in the order of their keys, one behind the other
    weights  4 bytes a word: its inverse document frequency (float)
    starts   8 bytes a word and one more: where its papers begin in ``papers`` and ``shares``
    papers   4 bytes for each paper of a word, the one in which it weighs most first: the paper's place in ``ids``
    shares   1 byte for each of these: the word's share of the paper's vector, 255 is all of it

Read through a memory map with nothing but the standard library, so that the process that answers holds neither the
index nor a numerical library in memory. Whatever is not such a file, whole and of this version, is no index.
"""

from __future__ import annotations

import heapq
import json
import mmap
import os
import struct
import sys
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from bot.text import NORMALIZER_VERSION

MAGIC = b"pr-tfidf"
VERSION = 1
ID_BYTES = 20
SECTIONS = {"ids": 1, "keys": 4, "ends": 4, "words": 1, "weights": 4, "starts": 8, "papers": 4, "shares": 1}
"""The sections in their order, with the bytes of one item."""

_FORMATS: Mapping[str, Literal["I", "f", "Q", "B"]] = {
    "keys": "I",
    "ends": "I",
    "weights": "f",
    "starts": "Q",
    "papers": "I",
    "shares": "B",
}
# A day's papers have some 25,000 words, and of any text most are among the commonest few thousand.
_MOST_REMEMBERED = 1 << 14
_LENGTH = struct.Struct("<I")
_MOST_HEADER = 10_000


class UnusableError(Exception):
    """The file is no index that this version can use."""


def key(word: str) -> int:
    """What words are sorted by."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def write(path: Path, made_at: datetime, papers: int, sections: Mapping[str, Iterable[bytes]]) -> None:
    """Write an index in place of what is at ``path``, at once and whole; readable by its owner alone.

    ``sections``: the bytes of each section of ``SECTIONS``, in pieces. Raises OSError.
    """
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            _write(file, made_at, papers, sections)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(file: BinaryIO, made_at: datetime, papers: int, sections: Mapping[str, Iterable[bytes]]) -> None:
    # The header stands first and knows the lengths, so its room is left and filled in the end.
    file.write(MAGIC + bytes(_MOST_HEADER - len(MAGIC)))
    places: dict[str, list[int]] = {}
    for name in SECTIONS:
        file.write(bytes(-file.tell() % 8))
        begin = file.tell()
        file.writelines(sections[name])
        places[name] = [begin, file.tell() - begin]
    header = json.dumps(
        {
            "version": VERSION,
            "normalizer": NORMALIZER_VERSION,
            "made_at": made_at.isoformat(),
            "papers": papers,
            "sections": places,
        }
    ).encode()
    file.seek(len(MAGIC))
    file.write(_LENGTH.pack(len(header)) + header)


class IndexFile:
    """``bot.ports.Terms`` over an index file. Its methods read from the disk: call them off the event loop."""

    def __init__(self, path: Path) -> None:
        """Raises UnusableError, OSError."""
        if sys.byteorder != "little":
            raise UnusableError("this machine keeps its numbers the other way round")
        with path.open("rb") as file:
            header = _header(file)
            try:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:
                raise UnusableError("the file is empty") from error
        try:
            self.made_at = datetime.fromisoformat(header["made_at"])
            self.papers = int(header["papers"])
            self._sections = {name: self._section(name, *header["sections"][name]) for name in SECTIONS}
        except (KeyError, TypeError, ValueError) as error:
            raise UnusableError("its header makes no sense") from error
        self._weights: dict[str, float] = {}
        counts = {name: len(section) for name, section in self._sections.items()}
        words = counts["keys"]
        if (
            counts["ids"] != self.papers * ID_BYTES
            or (counts["ends"], counts["weights"], counts["starts"]) != (words, words, words + 1)
            or counts["papers"] != counts["shares"]
        ):
            raise UnusableError("its parts do not belong together")

    def _section(self, name: str, begin: int, length: int) -> memoryview[Any]:
        if begin < 0 or length < 0 or begin + length > len(self._map):
            raise UnusableError("it is shorter than it says")
        part = memoryview(self._map)[begin : begin + length]
        return part.cast(_FORMATS[name]) if name in _FORMATS else part

    def weight(self, word: str) -> float:
        found = self._weights.get(word)
        if found is None:
            place = self._find(word)
            found = 0.0 if place is None else float(self._sections["weights"][place])
            if len(self._weights) >= _MOST_REMEMBERED:
                self._weights.clear()
            self._weights[word] = found
        return found

    def near(self, vector: Mapping[str, float], limit: int) -> list[str]:
        scores: defaultdict[int, float] = defaultdict(float)
        starts, papers, shares = (self._sections[name] for name in ("starts", "papers", "shares"))
        for word, value in vector.items():
            if (place := self._find(word)) is None:
                continue
            begin, end = starts[place], starts[place + 1]
            for paper, share in zip(papers[begin:end].tolist(), shares[begin:end].tolist(), strict=True):
                scores[paper] += value * share
        nearest = heapq.nlargest(limit, scores, key=scores.__getitem__)
        found = [self._id(paper) for paper in nearest if paper < self.papers]
        if hasattr(mmap, "MADV_DONTNEED"):
            # What was read stays in the system's cache, but no longer counts as this process's memory.
            self._map.madvise(mmap.MADV_DONTNEED)
        return found

    def _find(self, word: str) -> int | None:
        wanted, written = key(word), word.encode("utf-8", "surrogatepass")
        keys = self._sections["keys"]
        place = bisect_left(keys, wanted)
        while place < len(keys) and keys[place] == wanted:
            if self._word(place) == written:
                return place
            place += 1
        return None

    def _word(self, place: int) -> bytes:
        ends = self._sections["ends"]
        return bytes(self._sections["words"][ends[place - 1] if place else 0 : ends[place]])

    def _id(self, paper: int) -> str:
        found = bytes(self._sections["ids"][paper * ID_BYTES : (paper + 1) * ID_BYTES])
        return found.rstrip(b"\0").decode("ascii", "replace")


def _header(file: BinaryIO) -> dict[str, Any]:
    """Raises UnusableError."""
    begin = file.read(_MOST_HEADER)
    if begin[: len(MAGIC)] != MAGIC or len(begin) < _MOST_HEADER:
        raise UnusableError("it is no index of words")
    (length,) = _LENGTH.unpack_from(begin, len(MAGIC))
    text = begin[len(MAGIC) + _LENGTH.size :][:length]
    try:
        header = json.loads(text)
        if header["version"] != VERSION or header["normalizer"] != NORMALIZER_VERSION:
            raise UnusableError("another version wrote it")
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableError("its header cannot be read") from error
    return dict(header)
