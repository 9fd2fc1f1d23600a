"""Breaking text into lines of a terminal, by the cells that characters take there.

East Asian wide and fullwidth characters (Unicode Standard Annex 11) take two cells and may be broken anywhere;
combining marks take none. Runs of other characters are kept whole, so that an address stays one; one longer than a line
stands alone and is broken only where asked.
"""

from __future__ import annotations

import re
import unicodedata

_WIDE = (
    "\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60"
)
_CHUNKS = re.compile(f"(\\s*)([{_WIDE}]|[^\\s{_WIDE}]+)")


def cells(text: str) -> int:
    """How many columns ``text`` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(_cell(character) for character in text)


def _cell(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def wrap(text: str, columns: int | None, first: str = "", rest: str | None = None, *, broken: bool = True) -> list[str]:
    """``text`` as lines of at most ``columns`` cells, the first after ``first``, the others after ``rest``.

    ``rest`` is as many spaces as ``first`` is wide unless given; ``columns`` None: one line. White space is folded.
    ``broken``: a run longer than a line is broken; otherwise it goes beyond the edge, whole. A text without words gives
    no line.
    """
    rest = " " * cells(first) if rest is None else rest
    if columns is None:
        folded = " ".join(text.split())
        return [first + folded] if folded else []
    room = max(columns - max(cells(first), cells(rest)), 2)
    lines: list[str] = []
    line, used = "", 0
    for space, chunk in _CHUNKS.findall(text.rstrip()):
        gap = 1 if space and line else 0
        need = cells(chunk)
        if line and used + gap + need > room:
            lines.append(line)
            line, used, gap = "", 0, 0
        pieces = _pieces(chunk, room) if broken and need > room else [chunk]
        lines.extend(pieces[:-1])
        line += " " * gap + pieces[-1]
        used += gap + cells(pieces[-1])
    if line:
        lines.append(line)
    return [(rest if number else first) + line for number, line in enumerate(lines)]


def _pieces(run: str, room: int) -> list[str]:
    """A run of characters cut into pieces of at most ``room`` cells; a mark stays with its letter."""
    pieces: list[str] = []
    piece, used = "", 0
    for character in run:
        cell = _cell(character)
        if used + cell > room:
            pieces.append(piece)
            piece, used = "", 0
        piece += character
        used += cell
    return [*pieces, piece]
