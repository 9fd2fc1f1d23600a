"""What LaTeX commands do with their arguments.

A handler gets one atom, a character or a group that was read already, and gives text, or the handler of the argument
that follows. It must take any text, the empty one too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from bot.latex_symbols import ACCENTS, BLACKBOARD, LOWERED, RAISED

Handler = Callable[[str], "str | Handler"]

_UMLAUTS = frozenset("aeiouyAEIOUYı")


def raised(text: str) -> str:
    """An exponent: ``2`` → ², ``max`` → ^max."""
    return _shifted(text, RAISED, "^")


def lowered(text: str) -> str:
    """An index: ``2`` → ₂, ``max`` → _max."""
    return _shifted(text, LOWERED, "_")


def _shifted(text: str, table: dict[str, str], mark: str) -> str:
    """Signs, digits and up to two letters can be read in small letters; words (``x_{max}``) are left apart."""
    small = [table[character] for character in text if character in table]
    if len(small) == len(text) and sum(map(str.isalpha, text)) <= 2:
        return "".join(small)
    return mark + _grouped(text)


def accent(command: str) -> Handler:
    """A handler that puts an accent on the first letter, or only letter for the accents of formulas."""

    def accented(text: str) -> str:
        letter = {"ı": "i", "ȷ": "j"}.get(text[:1], text[:1])
        if not letter.isalpha() or (len(text) > 1 and len(command) > 1):
            return text
        if command == '"' and letter not in _UMLAUTS:
            return command + text  # a quotation mark that somebody escaped
        return unicodedata.normalize("NFC", letter + ACCENTS[command]) + text[1:]

    return accented


def nothing(_: str) -> str:
    """Drop the argument."""
    return ""


def _second(_: str) -> Handler:
    return str


def _grouped(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _fraction(above: str) -> Handler:
    return lambda below: f"{_grouped(above)}/{_grouped(below)}"


def _link(address: str) -> Handler:
    def linked(text: str) -> str:
        return text if not address or address in text else f"{text} ({address})"

    return linked


def _unicode(code: str) -> str:
    """MathJax's ``\\unicode{x2013}`` (hexadecimal) or ``\\unicode{8211}``."""
    try:
        return chr(int(code[1:], 16) if code[:1] == "x" else int(code))
    except (ValueError, OverflowError):
        return ""


def _blackboard(text: str) -> str:
    return BLACKBOARD.get(text, text)


COMMANDS: dict[str, Handler] = {
    "frac": _fraction, "tfrac": _fraction, "dfrac": _fraction, "sfrac": _fraction, "nicefrac": _fraction,
    "sqrt": lambda text: f"√{_grouped(text)}",
    "binom": lambda above: lambda below: f"binom({above}, {below})",
    "mathbb": _blackboard, "Bbb": _blackboard, "mathds": _blackboard,
    "textsuperscript": raised, "textsubscript": lowered,
    "href": _link, "hyperlink": _second, "textcolor": _second, "colorbox": _second,
    "stackrel": _second, "underset": _second, "overset": _second,
    "footnote": lambda text: f" ({text})",
    "unicode": _unicode,
    "pmod": lambda text: f"(mod {text})",
    "SI": lambda number: lambda unit: f"{number} {unit}",
    "ket": lambda text: f"|{text}⟩", "bra": lambda text: f"⟨{text}|",
}  # fmt: skip
"""Command → handler of its first argument."""
