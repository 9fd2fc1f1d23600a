"""What a word is: one function for watching, searching and the archive's full-text index.

``words(text)`` gives the words of a title or an abstract, ``name_words(name)`` those of an author's name, which are the
same except that a name has no plural (``Adams`` is not ``Adam``). Every comparison of text in paperroute, the full-text
index included, is a comparison of such words, so watching and searching cannot disagree.

- A word is a run of letters and digits of any script. Everything else stands between words: white space, punctuation,
  hyphens, dashes, slashes, underscores. ``fine-tuning`` is ``fine tuning``, ``GPT-4`` is ``gpt 4``, ``0.5`` is ``0 5``.
- Two signs may end a word: ``++`` (``C++``) and, after a single letter, ``#`` (``C#``).
- Case, accents and compatibility forms are folded (Unicode NFKD, marks dropped, casefold): ``Gödel`` is ``godel``,
  ``ł`` is ``l``, ``ß`` is ``ss``, ligatures and wide forms are plain. Greek letters stay letters: ``α`` is not
  ``alpha``.
- Raised and lowered signs belong to the word they stand on: ``R²``, ``R^2``, ``$R^2$`` and ``R2`` are one word ``r2``
  (and not the two words ``R 2``), ``CO₂``, ``CO$_2$`` and ``CO2`` are ``co2``.
- LaTeX is resolved first (``bot.latex``): ``$\\alpha$`` is ``α``, ``\\'e`` is ``é``, ``\\emph{x}`` is ``x``.
- Soft hyphens, zero-width and bidirectional control characters vanish. A possessive is dropped (``model's``), another
  apostrophe inside a word too (``don't`` is ``dont``, ``O'Brien`` is ``obrien``).
- Plurals are folded to the singular (``bot.plurals``).

Normalised words hold ASCII letters, digits, ``+``, ``#`` and non-ASCII letters and digits: no other ASCII punctuation,
no white space. ``normalize(normalize(text)) == normalize(text)``. Any ``str`` is accepted, lone surrogates too, in time
linear in its length. Compatibility decomposition: Unicode Standard Annex #15.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from bot.latex import looks_like_latex, readable
from bot.plurals import singular

__all__ = [
    "NORMALIZER_VERSION",
    "index_names",
    "index_text",
    "name_words",
    "normalize",
    "normalize_name",
    "plural_forms",
    "prefix_matches",
    "prefix_word",
    "readable",
    "words",
]

NORMALIZER_VERSION = 1
"""Rises when any text gets other words than before: what was stored as words must then be made again."""


def words(text: str) -> list[str]:
    """The normalised words of a title or an abstract, in order."""
    return _joined(text, _SINGULARS).split()


def normalize(text: str) -> str:
    """The normalised words with one space between: the form that is stored and searched."""
    return _joined(text, _SINGULARS)


def name_words(name: str) -> list[str]:
    """The normalised words of one author's name: as ``words``, but nothing counts as a plural."""
    return _joined(name, _NAMES).split()


def normalize_name(name: str) -> str:
    """The words of ``name_words`` with one space between."""
    return _joined(name, _NAMES)


def index_text(text: str) -> str:
    """The words of ``words`` with one or more spaces between: what the full-text index is given, in half the time."""
    if looks_like_latex(text):
        text = readable(text)
    return _in_singular(_without_signs(_fold(text, _CHARACTERS), _SINGULARS))


def index_names(names: Sequence[str]) -> str:
    """The words of ``name_words`` of each name, names parted by ``|``, with one or more spaces between."""
    joined = "|".join(names)
    if looks_like_latex(joined) or joined.count("|") >= len(names):
        return " | ".join(map(normalize_name, names))
    parted = " | ".join(_fold(joined, _CHARACTERS_OF_NAMES).split("|"))
    return _without_signs(parted, _NAMES)


def prefix_word(text: str) -> str | None:
    """The normalised beginning of words that ``text`` is, None when it is not exactly one word."""
    found = name_words(text)
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=4096)
def plural_forms(prefix: str) -> frozenset[str]:
    """Words that do not begin with ``prefix`` although their plural does: ``policie`` → ``policy``."""
    forms = (singular(prefix + ending) for ending in ("", "s", "es", "ces"))
    return frozenset(form for form in forms if not form.startswith(prefix))


def prefix_matches(prefix: str, word: str) -> bool:
    """Whether a normalised word, or its plural, begins with ``prefix``."""
    return word.startswith(prefix) or word in plural_forms(prefix)


_APOSTROPHES = frozenset("'’‘‛ʼʻʹ´＇՚")
_SIGNS = frozenset("+#")
_VANISHING = frozenset("™℠")
# Letters of the Latin script that Unicode does not decompose, as they are commonly typed without them.
_LETTERS = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ȷ": "j", "æ": "ae", "œ": "oe",
    "ŧ": "t", "ŋ": "n", "ɨ": "i", "ɵ": "o", "ə": "e",
}  # fmt: skip


def _folded(character: str) -> str:
    """What one character gives: lower-case letters and digits, signs, an apostrophe, a space, or nothing."""
    if character in _APOSTROPHES:
        return "'"
    if character in _VANISHING:
        return ""
    if character == "♯":
        return "#"
    before, text = "", character
    while text != before:  # decomposing and case folding feed each other; three rounds are the most seen
        before = text
        text = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(_LETTERS.get(part, part) for part in text)
    return "".join(_kept(part) for part in text)


def _kept(part: str) -> str:
    """A folded character itself where it belongs to a word, nothing for marks and invisible ones, else a space."""
    if part in _APOSTROPHES:
        return "'"
    if part.isalnum() or part in _SIGNS:
        return part
    return "" if part in _VANISHING or unicodedata.category(part) in {"Mn", "Mc", "Me", "Cf"} else " "


class _Characters(dict[int, str]):
    """A table for ``str.translate`` that fills itself, and starts again when strange texts have swollen it."""

    ENTRIES = 1 << 13

    def __init__(self, kept: Mapping[int, str] | None = None) -> None:
        super().__init__(kept or {})
        self._kept = dict(self)

    def __missing__(self, code: int) -> str:
        if len(self) >= self.ENTRIES:
            self.clear()
            self.update(self._kept)
        folded = self[code] = _folded(chr(code))
        return folded


class _Memo(dict[str, str]):
    """Raw word → what ``make`` makes of it.

    When full it becomes the older generation and starts anew, so that common words, which are soon looked up again,
    are never worked out twice: a day's papers have some 25,000 raw words, a few of them in every sentence. Twice as
    large it would hold 5 MB more, and win nothing that can be measured.
    """

    ENTRIES = 1 << 14
    LONGEST = 40

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make
        self._older: dict[str, str] = {}

    def __missing__(self, raw: str) -> str:
        found = self._older.get(raw)
        if found is None:
            found = self._make(raw)
        if len(raw) <= self.LONGEST:
            if len(self) >= self.ENTRIES:
                self._older = dict(self)
                self.clear()
            self[raw] = found
        return found


def _ending(beginning: str) -> str:
    """What stands for the ``s`` behind the rest of a word: itself or nothing, and a space; empty where the singular is
    another word."""
    word = singular(beginning + "s")
    return " " if word == beginning else "s " if word == beginning + "s" else ""


_CHARACTERS = _Characters()
# In names that stand side by side the separator stays.
_CHARACTERS_OF_NAMES = _Characters({ord("|"): "|"})
_SINGULARS = _Memo(lambda raw: " ".join(_finished(raw, plurals=True)))
_NAMES = _Memo(lambda raw: " ".join(_finished(raw, plurals=False)))
_ENDINGS = _Memo(_ending)
_SIGN = re.compile("['+#]")
_PIECE = re.compile(r"([^+#]+)(\+\+|#)?")
_ASCII = re.compile(r"[\x00-\x7f]+")


def _fold(text: str, table: _Characters) -> str:
    """Every character as the table has it. ``str.translate`` is ten times as fast where a text is ASCII only, and most
    are but for a few letters."""
    if text.isascii():
        return text.translate(table)
    parts: list[str] = []
    done = 0
    for run in _ASCII.finditer(text):
        parts += text[done : run.start()].translate(table), run[0].translate(table)
        done = run.end()
    return "".join(parts) + text[done:].translate(table)


def _joined(text: str, memo: _Memo) -> str:
    if looks_like_latex(text):
        text = readable(text)
    joined = " ".join(map(memo.__getitem__, _fold(text, _CHARACTERS).split()))
    if "  " in joined or joined[:1] == " " or joined[-1:] == " ":
        return " ".join(joined.split())  # a lone sign or apostrophe gave no word
    return joined


def _without_signs(text: str, memo: _Memo) -> str:
    """Folded text with its words that hold signs or apostrophes finished."""
    if not ("'" in text or "+" in text or "#" in text):
        return text
    parts: list[str] = []
    done = 0
    for sign in _SIGN.finditer(text):
        if sign.start() >= done:
            start = text.rfind(" ", done, sign.start()) + 1 or done
            end = text.find(" ", sign.end())
            end = len(text) if end < 0 else end
            parts += text[done:start], memo[text[start:end]]
            done = end
    return "".join(parts) + text[done:]


def _in_singular(text: str) -> str:
    """Folded text without signs, its plurals folded. Only words in ``s`` are looked at, one in six."""
    *pieces, rest = f"{text} ".split("s ")
    endings = [_ENDINGS[piece[piece.rfind(" ") + 1 :]] for piece in pieces]
    if "" in endings:
        for place, ending in enumerate(endings):
            if not ending:
                before, space, beginning = pieces[place].rpartition(" ")
                pieces[place] = f"{before}{space}{singular(beginning + 's')} "
    parts = [rest] * (2 * len(pieces) + 1)
    parts[0:-1:2] = pieces
    parts[1::2] = endings
    return "".join(parts)


def _finished(raw: str, *, plurals: bool) -> tuple[str, ...]:
    """The words of a run of letters, digits, signs and apostrophes: apostrophes and stray signs out, plural folded."""
    if raw.isalnum():
        return (singular(raw) if plurals else raw,)
    found: list[str] = []
    for body, sign in _PIECE.findall(raw):
        word = body.strip("'").removesuffix("'s").replace("'", "")
        if not word:
            continue
        if (sign == "++" and not word.isdecimal()) or (sign == "#" and len(word) == 1 and word.isalpha()):
            found.append(word + sign)
        else:
            found.append(singular(word) if plurals else word)
    return tuple(found)
