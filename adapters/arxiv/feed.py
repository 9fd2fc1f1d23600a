"""Is this answer of arXiv's API whole? The checks that the ``arxiv`` package leaves out.

The package recovers broken XML and reads an empty page, a "Rate exceeded." or an HTML page with status 200 as "no
results", so papers get lost in silence (arxiv.py issues #43, #129, #175). Here a body is either a well-formed Atom feed
whose totals agree with its entries, or it is refused with a word on why.

An entry that the package cannot read (no id, or no dates that are dates) is cut out, so that it does not take the rest
of the page along. Whoever asked for it sees it as missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from xml.parsers import expat

_ATOM = "http://www.w3.org/2005/Atom "
_TOTAL = "http://a9.com/-/spec/opensearch/1.1/ totalResults"
_START = "http://a9.com/-/spec/opensearch/1.1/ startIndex"
_ENTRY_TEXTS = frozenset({f"{_ATOM}id", f"{_ATOM}published", f"{_ATOM}updated"})
_FEED_NUMBERS = frozenset({_TOTAL, _START})

MAX_DEPTH = 50
# The longest real entry (3,435 authors) has some 250 kB.
MAX_ENTRY_BYTES = 2_000_000


class UnsoundError(Exception):
    """The body is not a whole answer. ``short``: each entry is whole, but the totals promise another number of them."""

    def __init__(self, reason: str, *, short: bool = False) -> None:
        self.short = short
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Page:
    """A screened answer: the body without unreadable entries, and how many entries are left in it."""

    body: bytes
    entries: int
    short: bool = False


@dataclass(slots=True)
class _Entry:
    start: int
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def error(self) -> bool:
        return "/api/errors#" in self.texts.get(f"{_ATOM}id", "")

    @property
    def readable(self) -> bool:
        return bool(self.texts.get(f"{_ATOM}id", "").strip()) and all(
            _is_moment(self.texts.get(f"{_ATOM}{name}", "")) for name in ("published", "updated")
        )


class _Reader:
    """Collects what the checks need from expat's events."""

    def __init__(self) -> None:
        self.path: list[str] = []
        self.text: list[str] | None = None
        self.numbers: dict[str, str] = {}
        self.entries: list[tuple[_Entry, int]] = []
        self.entry: _Entry | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _doctype(self, *_: object) -> None:
        raise UnsoundError("it has a document type declaration")

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        self.path.append(name)
        depth = len(self.path)
        if depth == 1 and name != f"{_ATOM}feed":
            raise UnsoundError("it is not an Atom feed")
        if depth > MAX_DEPTH:
            raise UnsoundError("its elements are nested too deeply")
        if depth == 2 and name == f"{_ATOM}entry":
            self.entry = _Entry(self.parser.CurrentByteIndex)
        # Only the text before an inner element is read by the package, hence the reset by anything inside.
        wanted = _FEED_NUMBERS if depth == 2 else _ENTRY_TEXTS if depth == 3 and self.entry else frozenset()
        self.text = [] if name in wanted else None

    def _characters(self, text: str) -> None:
        if self.text is not None:
            self.text.append(text)

    def _end(self, name: str) -> None:
        depth = len(self.path)
        if self.text is not None:
            texts = self.numbers if depth == 2 else self.entry.texts if self.entry else {}
            texts.setdefault(name, "".join(self.text))
            self.text = None
        if depth == 2 and self.entry:
            self.entries.append((self.entry, self.parser.CurrentByteIndex))
            self.entry = None
        self.path.pop()


def screen(body: bytes, *, start: int = 0, page_size: int | None = None, accept_short: bool = False) -> Page:
    """The whole answer to a request for ``page_size`` entries from ``start`` on.

    Raises UnsoundError when it is not one. With ``accept_short`` a page whose totals promise another number of entries
    is taken as it is, unless it is empty: each of its entries is whole all the same.
    """
    reader = _read(body)
    if any(entry.error for entry, _ in reader.entries):
        raise UnsoundError("it is an error message")
    reason = _contradiction(
        total=_number(reader.numbers, _TOTAL),
        first=_number(reader.numbers, _START),
        entries=len(reader.entries),
        start=start,
        page_size=page_size,
    )
    if reason and not (accept_short and reader.entries):
        raise UnsoundError(reason, short=bool(reader.entries))
    body, readable = _without_unreadable(body, reader.entries)
    return Page(body, readable, short=bool(reason))


def _read(body: bytes) -> _Reader:
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        # Entries are cut out of the body by byte position, which needs an encoding that contains ASCII.
        raise UnsoundError("it is in UTF-16")
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, "syntax error")
        raise UnsoundError(f"its XML is broken in line {error.lineno} ({what})") from error
    except (LookupError, ValueError) as error:
        # Python's, asked by expat about an encoding that it does not know itself.
        raise UnsoundError("it is in an encoding that cannot be read") from error
    return reader


def _number(numbers: dict[str, str], name: str) -> int:
    try:
        return int(numbers[name])
    except (KeyError, ValueError):
        raise UnsoundError(f"it has no {name.rpartition(' ')[2]}") from None


def _contradiction(*, total: int, first: int, entries: int, start: int, page_size: int | None) -> str:
    if first != start:
        return f"it begins at {first} and not at {start}"
    if page_size is not None and start == 0 and total <= page_size and entries != total:
        return f"it has {entries} of {total} entries"
    if start + entries > total:
        return f"it has {entries} entries from {start} on, but promises {total} in all"
    if not entries and start < total:
        return f"it is empty, but promises {total}"
    return ""


def _without_unreadable(body: bytes, entries: list[tuple[_Entry, int]]) -> tuple[bytes, int]:
    kept: list[bytes] = []
    position = 0
    readable = len(entries)
    for entry, end_tag in entries:
        # For an empty element expat names the place behind it.
        end = body.index(b">", end_tag) + 1 if body.startswith(b"</", end_tag) else end_tag
        if entry.readable and end - entry.start <= MAX_ENTRY_BYTES:
            continue
        kept.append(body[position : entry.start])
        position = end
        readable -= 1
    return (b"".join([*kept, body[position:]]), readable) if kept else (body, readable)


def _is_moment(text: str) -> bool:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    # A moment so near the ends of time that it has no neighbours cannot be moved between time zones.
    return 1 < moment.year < 9999
