"""Text from strangers, made harmless for a terminal.

A title, a name, a query or a file may carry anything: escape sequences that recolour, retitle or overwrite a terminal,
overrides of the writing direction that show a text other than what it is, characters that take no room and hide in
it, marks piled on one letter. Everything the console prints goes through ``harmless`` (or ``one_line``) first.

Removed: escape sequences (ECMA-48 CSI, OSC, DCS and two-character ones), every other control character except line
feed and tab (a carriage return becomes a space), the characters of Unicode's general category Cf (bidirectional
overrides, zero-width characters, soft hyphens, tags), lone surrogates, variation selectors, Hangul fillers, and
combining marks beyond the third on one letter. Everything is linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata

MARKS = 3

_ESCAPES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)"  # OSC, DCS, …: titles, clipboard
    "|\x1b[!-/]*[0-Z\\\\^-~]"
)
_SPACES = {"\r": " ", "\x0b": " ", "\x0c": " ", "\x85": " ", "\u2028": " ", "\u2029": " "}
_INVISIBLE = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xFFF0, 0xFFF9),
    )
)
_TAGS = range(0xE0000, 0xE1000)
# What reads well on an output that knows ASCII or Latin-1 only.
_STAND_INS = str.maketrans(
    {"·": "-", "–": "-", "—": "-", "−": "-", "…": "...", "‘": "'", "’": "'", "“": '"', "”": '"', "→": "->", "×": "x"}
)


def harmless(text: str) -> str:
    """``text`` with nothing in it that a terminal would obey or a reader could not see; line feeds and tabs stay."""
    text = text.replace("\r\n", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    kept = []
    marks = 0
    for character in _ESCAPES.sub("", text):
        if character in "\n\t":
            marks = 0
            kept.append(character)
            continue
        if (space := _SPACES.get(character)) is not None:
            kept.append(space)
            continue
        category = unicodedata.category(character)
        if category in ("Cc", "Cf", "Cs") or ord(character) in _INVISIBLE or ord(character) in _TAGS:
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= MARKS:
            kept.append(character)
    return "".join(kept)


def one_line(text: str, most: int) -> str:
    """``text`` harmless, on one line, at most ``most`` characters long; what is cut away is told by an ellipsis.

    The cut falls between words where that costs less than a third of the room.
    """
    # Cleaning only what can be shown keeps a title of ten megabytes as cheap as any other.
    head = text[: most * 4 + 64]
    line = " ".join(harmless(head).split())
    if len(line) <= most and len(head) == len(text):
        return line
    line = line[: most - 1]
    if (space := line.rfind(" ")) > most * 2 // 3:
        line = line[:space]
    return line.rstrip(" ,;:.") + "…"


def encodable(text: str, encoding: str) -> str:
    """``text`` as far as ``encoding`` can carry it: plain stand-ins first, letters without accents next, else "?"."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_nearest(character, encoding) for character in text)
    return text


def _nearest(character: str, encoding: str) -> str:
    stripped = unicodedata.normalize("NFKD", character)
    letters = "".join(each for each in stripped if not unicodedata.combining(each))
    for attempt in (character, character.translate(_STAND_INS), letters):
        try:
            attempt.encode(encoding)
        except UnicodeEncodeError:
            continue
        return attempt
    return "?"
