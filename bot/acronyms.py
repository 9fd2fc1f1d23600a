"""What acronyms stand for, learnt from the papers themselves.

Authors introduce an acronym beside its long form: "reinforcement learning from human feedback (RLHF)" or, less often,
"RLHF (reinforcement learning from human feedback)". A long form is accepted when the acronym can be spelled from it:
its words give their initial, optionally more of their letters in order (low-rank adaptation: LoRA), small words and the
later parts of a hyphenated word may give nothing. After Schwartz and Hearst, "A simple algorithm for identifying
abbreviation definitions in biomedical text" (PSB 2003), but stricter: there any letter of any word will do.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.models import Paper
from bot.text import normalize, readable

_ACRONYM = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-&/][A-Za-z0-9]+)*")
_INTRODUCED = re.compile(r"\(\s*([A-Za-z][A-Za-z0-9&/-]{1,14})\s*[,;)]")
_EXPLAINED = re.compile(r"(?<![\w-])([A-Za-z][A-Za-z0-9&/-]{1,14})\s?\(([^()]{5,100})\)")
_WORD = re.compile(r"[^\W_]+")
_BREAK = re.compile(r"[.;:!?()\[\]{}\"“”`|]")
_PLURAL = re.compile(r"(?<=[A-Z])s$")
_SMALL = frozenset({"a", "an", "and", "as", "at", "by", "for", "from", "in", "of", "on", "or", "s", "the", "to", "via",
                    "with", "without", "into", "per"})  # fmt: skip
_CONTEXT = 160
_LETTERS = (2, 10)


def is_acronym(word: str) -> bool:
    """Whether a word is written like an acronym: 2 to 10 letters, at least half of them capitals (LoRA, KV, GNNs)."""
    word = _PLURAL.sub("", word)
    letters = [character for character in word if character.isalpha()]
    fewest, most = _LETTERS
    capitals = sum(map(str.isupper, letters))
    return bool(_ACRONYM.fullmatch(word)) and fewest <= len(letters) <= most and capitals >= max(2, len(letters) / 2)


def long_forms(acronym: str, papers: Iterable[Paper]) -> list[tuple[str, int]]:
    """How papers spell ``acronym`` out, most frequent first, each with the number of papers that do.

    Spellings with the same normalised words are one long form, given in its most frequent spelling. The case of
    ``acronym`` and a plural do not matter.
    """
    key = _key(acronym)
    letters = "".join(filter(str.isalnum, _PLURAL.sub("", acronym))).casefold()
    if not key or len(letters) < _LETTERS[0]:
        return []
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for paper in papers:
        found = {normalize(form): form for text in (paper.title, paper.abstract) for form in _forms(key, letters, text)}
        for normal, form in found.items():
            spellings[normal][form] += 1
    merged = [(_commonest(counts), counts.total()) for counts in spellings.values()]
    return sorted(merged, key=lambda form: (-form[1], form[0]))


def _key(acronym: str) -> str:
    return normalize(_PLURAL.sub("", acronym))


def _commonest(spellings: Counter[str]) -> str:
    """The most frequent spelling; among equals the one with the fewest capitals."""
    return min(spellings, key=lambda spelling: (-spellings[spelling], sum(map(str.isupper, spelling)), spelling))


def _forms(key: str, letters: str, text: str) -> Iterator[str]:
    """The long forms of an acronym in one text."""
    if "(" not in text:
        return
    text = readable(text)
    for introduced in _INTRODUCED.finditer(text):
        if _key(introduced[1]) == key and (form := _before(text[: introduced.start()], letters)):
            yield form
    for explained in _EXPLAINED.finditer(text):
        if _key(explained[1]) == key and (form := _whole(explained[2], letters)):
            yield form


def _before(text: str, letters: str) -> str | None:
    """The shortest long form at the end of ``text``; one that needs only the beginnings of words is preferred."""
    context = text[-_CONTEXT:]
    breaks = [found.end() for found in _BREAK.finditer(context)]
    words = _words(context[breaks[-1] :] if breaks else context)
    for inner in (False, True):
        for count in range(1, min(len(words), 2 * len(letters) + 2) + 1):
            found = words[-count:]
            if _spells(found, letters, inner=inner):
                return _cut(context[breaks[-1] :] if breaks else context, found)
    return None


def _whole(text: str, letters: str) -> str | None:
    """All of ``text``, if it is a long form."""
    words = _words(text)
    return _cut(text, words) if words and _spells(words, letters, inner=True) else None


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    may_be_left_out: bool


def _words(text: str) -> list[_Word]:
    found = []
    for word in _WORD.finditer(text):
        folded = word[0].casefold()
        joined = text[: word.start()][-1:] in {"-", "–", "‐"}
        found.append(_Word(folded, word.start(), word.end(), joined or folded in _SMALL))
    return found


def _cut(text: str, words: list[_Word]) -> str | None:
    """The long form as it stands in the text; a single word is none."""
    return " ".join(text[words[0].start : words[-1].end].split()) if len(words) > 1 else None


def _spells(words: list[_Word], letters: str, *, inner: bool) -> bool:
    """Whether the words give the letters. ``inner``: letters inside a word count, not only those at its beginning."""
    if words[0].text in _SMALL:
        return False
    reached = {0}  # how many letters the words so far can have given
    for word in words:
        reached = {end for start in reached for end in _given(word, letters, start, inner=inner)}
        if word is words[0]:
            reached.discard(len(letters))  # BERT-large is no long form of BERT
    return len(letters) in reached


def _initial(word: str, letters: str) -> str:
    """The letter that stands for the beginning of a word: X for "ex" (XAI: explainable AI)."""
    return "x" if letters[:1] == "x" and word.startswith("ex") else word[0]


def _given(word: _Word, letters: str, start: int, *, inner: bool) -> set[int]:
    """The numbers of letters that can have been given once ``word`` has given its own."""
    ends = {start} if word.may_be_left_out and start else set()
    text = word.text[1:] if start == 0 and _initial(word.text, letters) != word.text[0] else word.text
    if text[0] != letters[start : start + 1]:
        return ends
    position, end = 0, start
    while end < len(letters):
        position = text.find(letters[end], position) if inner else position
        if not 0 <= position < len(text) or text[position] != letters[end]:
            break
        position, end = position + 1, end + 1
        ends.add(end)
    return ends
