"""A database file read page by page, without SQLite: what is left of one that SQLite refuses.

SQLite gives up at the first page that makes no sense; here such a page is counted and the others are read. What is read
follows SQLite's documentation, "Database File Format" (https://www.sqlite.org/fileformat2.html): b-trees of tables and
of indexes (which tables WITHOUT ROWID are, too), records, overflow pages, the list of free pages, and the frames of a
-wal that were committed, whose checksums are checked.

There are no checksums over pages: letters that were overwritten with other letters cannot be told from what was there.
Nothing is written. Text that is no UTF-8 raises no error here; its value is None of the ones allowed, ``BROKEN``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_MAGIC = b"SQLite format 3\x00"
_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_WAL_MAGIC = (0x377F0682, 0x377F0683)
_WAL_HEADER, _FRAME_HEADER = 32, 24


class _Broken:
    """The type of ``BROKEN``."""


BROKEN: Final = _Broken()
"""Stands for text that is none."""

Value = int | float | str | bytes | _Broken | None


class PageError(Exception):
    """A page, or a cell on it, makes no sense."""


Row = tuple[int | None, list[Value]]
"""The rowid (None in an index) and the values."""


@dataclass(slots=True)
class Tree:
    """A b-tree as far as it was read: its ``rows`` and ``damaged`` pages are counted."""

    root: int
    rows: int = 0
    damaged: int = 0


class Pages:
    """The pages of a file and of the log beside it. Raises PageError where the file is no database at all, OSError."""

    def __init__(self, file: BinaryIO, log: Path | None) -> None:
        self._file = file
        file.seek(0)
        header = file.read(100)
        self._overlay = _committed(log) if log is not None and log.exists() else {}
        if 1 in self._overlay:
            header = self._overlay[1][:100]
        if not header.startswith(_MAGIC):
            raise PageError("the first page is gone")
        (size,) = struct.unpack_from(">H", header, 16)
        self.size = 65_536 if size == 1 else size
        if self.size < 512 or self.size & (self.size - 1):
            raise PageError("the size of pages makes no sense")
        self._usable = self.size - header[20]
        if self._usable < 480:
            raise PageError("the size of pages makes no sense")
        (count,) = struct.unpack_from(">I", header, 28)
        there = (file.seek(0, 2) + self.size - 1) // self.size
        self.count = max(there, min(count, 2**31), *self._overlay, 0)
        self.present = there
        self.used: set[int] = set()
        self._free(header)

    def page(self, number: int) -> bytes:
        """Raises PageError where the file does not have all of it."""
        if not 1 <= number <= self.count:
            raise PageError(f"there is no page {number}")
        if (newer := self._overlay.get(number)) is not None:
            return newer
        self._file.seek((number - 1) * self.size)
        content = self._file.read(self.size)
        if len(content) < self.size:
            raise PageError(f"page {number} is cut off")
        return content

    def rows(self, tree: Tree) -> Iterator[list[Row]]:
        """All that can be read of a tree, a page at a time."""
        root = tree.root
        index = self._kind_of(root) in {_INTERIOR_INDEX, _LEAF_INDEX}
        waiting = [root]
        while waiting:
            number = waiting.pop()
            if number in self.used:
                # Two trees, or two branches, cannot share a page: one of the ways to it is wrong.
                tree.damaged += 1
                continue
            try:
                rows, children, broken = self._read(number, index=index, root=number == root)
            except PageError:
                tree.damaged += 1
                continue
            self.used.add(number)
            waiting += children
            tree.damaged += broken
            tree.rows += len(rows)
            if rows:
                yield rows

    def orphans(self) -> Iterator[tuple[bool, list[Row]]]:
        """The rows of each whole leaf that no tree led to, and whether it is one of an index. Free pages are left
        out."""
        for number in range(2, self.count + 1):
            if number in self.used or (kind := self._kind_of(number)) not in {_LEAF_INDEX, _LEAF_TABLE}:
                continue
            try:
                rows, _, broken = self._read(number, index=kind == _LEAF_INDEX, root=False)
            except PageError:
                continue
            if rows and not broken:
                yield kind == _LEAF_INDEX, rows

    def _kind_of(self, number: int) -> int:
        try:
            return self.page(number)[100 if number == 1 else 0]
        except PageError:
            return 0

    def _read(self, number: int, *, index: bool, root: bool) -> tuple[list[Row], list[int], bool]:
        """A page's rows, the pages below it, and whether some of its cells are broken. Raises PageError."""
        page = self.page(number)
        start = 100 if number == 1 else 0
        kind = page[start]
        if kind not in ({_INTERIOR_INDEX, _LEAF_INDEX} if index else {_INTERIOR_TABLE, _LEAF_TABLE}):
            raise PageError(f"page {number} is of another kind")
        (cells,) = struct.unpack_from(">H", page, start + 3)
        interior = kind in {_INTERIOR_INDEX, _INTERIOR_TABLE}
        table = start + (12 if interior else 8)
        if table + 2 * cells > self._usable or (interior and not cells and not root):
            raise PageError(f"page {number} has too many cells")
        rows: list[Row] = []
        children: list[int] = []
        if interior:
            children.append(struct.unpack_from(">I", page, start + 8)[0])
        broken = False
        for (place,) in struct.iter_unpack(">H", page[table : table + 2 * cells]):
            try:
                if interior:
                    children.append(struct.unpack_from(">I", page, place)[0])
                if kind != _INTERIOR_TABLE:
                    rows.append(self._cell(page, place + 4 * interior, kind))
            except (PageError, struct.error, IndexError, OverflowError):
                broken = True
        return rows, children, broken

    def _cell(self, page: bytes, place: int, kind: int) -> Row:
        length, place = _varint(page, place)
        rowid: int | None = None
        if kind == _LEAF_TABLE:
            rowid, place = _varint(page, place)
            rowid -= (rowid >= 2**63) * 2**64
        most = self._usable - 35 if kind == _LEAF_TABLE else (self._usable - 12) * 64 // 255 - 23
        if length > 2**30:
            raise PageError("a record is too long")
        if length <= most:
            payload = page[place : place + length]
        else:
            least = (self._usable - 12) * 32 // 255 - 23
            local = least + (length - least) % (self._usable - 4)
            local = local if local <= most else least
            payload = page[place : place + local] + self._overflow(page, place + local, length - local)
        if len(payload) != length:
            raise PageError("a record is cut off")
        return rowid, _record(payload)

    def _overflow(self, page: bytes, place: int, length: int) -> bytes:
        (following,) = struct.unpack_from(">I", page, place)
        pieces: list[bytes] = []
        seen: set[int] = set()
        while length > 0:
            if following in seen:
                raise PageError("a record goes in a circle")
            seen.add(following)
            content = self.page(following)
            pieces.append(content[4 : min(self._usable, 4 + length)])
            length -= len(pieces[-1])
            (following,) = struct.unpack_from(">I", content, 0)
        self.used |= seen
        return b"".join(pieces)

    def _free(self, header: bytes) -> None:
        """Note the free pages: what is on them was deleted."""
        (trunk,) = struct.unpack_from(">I", header, 32)
        while trunk and trunk not in self.used:
            try:
                page = self.page(trunk)
            except PageError:
                return
            following, count = struct.unpack_from(">II", page, 0)
            if count > self._usable // 4 - 2:
                return
            self.used.add(trunk)
            self.used.update(struct.unpack_from(f">{count}I", page, 8))
            trunk = following


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number of one to nine bytes and the place behind it."""
    value = 0
    for step in range(8):
        byte = data[place + step]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + step + 1
    return value << 8 | data[place + 8], place + 9


_WIDTHS = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def _record(payload: bytes) -> list[Value]:
    end, place = _varint(payload, 0)
    body = end
    if end > len(payload):
        raise PageError("a record's header is longer than the record")
    values: list[Value] = []
    while place < end:
        kind, place = _varint(payload, place)
        if kind in {10, 11}:
            raise PageError("a value is of no known kind")
        width = _WIDTHS[kind] if kind < 12 else (kind - 12) // 2
        raw = payload[body : body + width]
        if len(raw) != width:
            raise PageError("a value is cut off")
        body += width
        values.append(_value(kind, raw))
    return values


def _value(kind: int, raw: bytes) -> Value:
    if kind < 12:
        if kind == 7:
            return float(struct.unpack(">d", raw)[0])
        return (None if kind == 0 else int.from_bytes(raw, "big", signed=True)) if kind < 7 else kind - 8
    if kind % 2 == 0:
        return raw
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return BROKEN


def _committed(log: Path) -> dict[int, bytes]:
    """The pages of the log's committed transactions, the newest of each. Raises PageError, OSError."""
    with log.open("rb") as file:
        header = file.read(_WAL_HEADER)
        if not header:
            return {}
        if len(header) < _WAL_HEADER:
            raise PageError("the log is cut off")
        magic, _, size, _, *salts = struct.unpack_from(">6I", header)
        if magic not in _WAL_MAGIC or size < 512 or size > 65_536:
            raise PageError("the log's first page is gone")
        order = ">" if magic & 1 else "<"
        total = _checksum(header[:24], (0, 0), order)
        if total != struct.unpack_from(">2I", header, 24):
            raise PageError("the log's first page is damaged")
        committed: dict[int, bytes] = {}
        open_: dict[int, bytes] = {}
        while len(frame := file.read(_FRAME_HEADER + size)) == _FRAME_HEADER + size:
            number, ends, *rest = struct.unpack_from(">6I", frame)
            total = _checksum(frame[:8], total, order)
            total = _checksum(frame[_FRAME_HEADER:], total, order)
            # From here on it is what an earlier round of the log left, or was never finished.
            if rest[:2] != salts or tuple(rest[2:]) != total:
                break
            open_[number] = frame[_FRAME_HEADER:]
            if ends:
                committed |= open_
                open_ = {}
        return committed


def _checksum(data: bytes, before: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
