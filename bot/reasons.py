"""Why two papers are alike, in words that tell a reader something. Pure.

Out of the words that both papers have (``bot.similarity``), most telling first:

- A word that stands beside another one in both papers is said with it: "label noise", "chain of thought"; what a hyphen
  joins is not torn apart ("zero-shot").
- A word alone has to be one that the papers are about: it stands in one of the titles, it is written as an acronym, or
  both papers repeat it. Words that any paper may have (``bot.hollow_words``), adverbs and participles are no reason.
- The same is said once: neither "noisy" beside "label noise", nor "SDEs" beside "stochastic differential equations".
- Everything is written as in the paper that is shown, but without the capitals of titles: those stay that acronyms and
  names have in the middle of a sentence.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, takewhile

from bot.acronyms import is_acronym
from bot.hollow_words import is_hollow, is_joining, is_weak
from bot.models import PaperText
from bot.similarity import vector
from bot.spelling import as_written
from bot.text import readable, words

MOST_REASONS = 3
_CANDIDATES = 25
_LONGEST_PHRASE = 5
_LONGEST_REASON = 45
_TITLE = 2.0
_BRIDGES = frozenset({"and", "by", "of", "to"})
_SHORTEST_KIN = 4
_LONGEST_ACRONYM = 6

_BREAK = re.compile(r"[(\[{}\])\"“”]|[.,;:!?]\s")
# So long is no word; without an end to it, a search would take time that is quadratic in a text without any blank.
_LONGEST = 60
_JOINED = re.compile(rf"\w{{1,{_LONGEST}}}(?:[-\u2010\u2011\u2013]\w{{1,{_LONGEST}}})+")
_COMPOUND = re.compile(r"[^\W_]+(?:[-\u2010\u2011\u2013][^\W_]+)*")
_TOKEN = re.compile(r"[^\W_]+")
_IN_SENTENCE = re.compile(r"(?<=[a-z,;][ ])(?:[A-Z][a-z]+[-\u2010\u2013]?)+|(?<=[a-z][-\u2010\u2013])[A-Z][a-z]+")
# A term that is introduced with its acronym, or has three capitals in a row, is no name.
_NAME = rf"[A-Z][\w-]{{0,{_LONGEST}}}"
_TERM = re.compile(rf"(?:{_NAME} ){{1,8}}{_NAME}(?=\s{{0,5}}\()|(?:{_NAME} ){{2,8}}{_NAME}")


@dataclass(frozen=True)
class _Read:
    """A text, read once for all that is asked of it."""

    text: PaperText

    @cached_property
    def title(self) -> frozenset[str]:
        return frozenset(words(self.text.title))

    @cached_property
    def headed(self) -> frozenset[tuple[str, str]]:
        """Words side by side in the title."""
        return frozenset(pairwise(words(self.text.title)))

    @cached_property
    def words(self) -> list[str]:
        return words(self.text.title) + words(self.text.abstract)

    @cached_property
    def times(self) -> Counter[str]:
        return Counter(self.words)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Words side by side, and those with an "of" between them."""
        of = {(first, last) for first, middle, last in zip(self.words, self.words[1:], self.words[2:], strict=False)
              if middle == "of"}  # fmt: skip
        return frozenset({*pairwise(self.words), *of})

    @cached_property
    def joined(self) -> frozenset[tuple[str, str]]:
        """Words with a hyphen between them."""
        parts = (self.text.title, self.text.abstract)
        found = (_JOINED.finditer(readable(part)) for part in parts)
        return frozenset(pair for each in found for compound in each for pair in pairwise(words(compound[0])))

    @cached_property
    def small(self) -> frozenset[str]:
        """Everything that is written without capitals."""
        return frozenset(
            token for token in _TOKEN.findall(f"{readable(self.text.title)} {self._running}") if token.islower()
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """What has a capital in the middle of a sentence and is a name, as far as one can see."""
        found = _IN_SENTENCE.findall(_TERM.sub("", self._running))
        return frozenset(token for each in found for token in _TOKEN.findall(each))

    @cached_property
    def _running(self) -> str:
        return readable(self.text.abstract)

    def written(self, phrase: Sequence[str]) -> str:
        """The phrase in the text's own spelling; empty where its words stand in pairs only, or a sign between."""
        for part in (self.text.title, self.text.abstract):
            if (found := as_written(part, tuple(phrase))) and not _BREAK.search(found):
                return found
        return ""


def reasons(one: PaperText, other: PaperText, weight: Callable[[str], float]) -> list[str]:
    """At most three words or phrases that make two texts alike, most telling first, as ``other`` writes them.

    ``weight`` as ``bot.ports.Terms`` has it. Where they are about different things it is one word, or none.
    """
    asked, shown = _Read(one), _Read(other)
    first, second = vector(asked.words, weight), vector(shown.words, weight)
    titles, headed = asked.title | shown.title, asked.headed | shown.headed
    shared = {
        word: value * second[word] * (_TITLE if word in titles else 1.0)
        for word, value in first.items()
        if word in second and not is_hollow(word)
    }
    neighbours = _Neighbours(asked, shown, weight)
    said: dict[tuple[str, ...], str] = {}
    any_word = ""
    used: list[str] = []
    for word in sorted(shared, key=lambda word: (-shared[word], word))[:_CANDIDATES]:
        if word in used:
            continue
        phrase = _phrase(word, neighbours, shown, used)
        if is_weak(word) and not headed.intersection(pairwise(phrase)):
            continue
        written = shown.written(phrase)
        if not written or len(written) > _LONGEST_REASON or _said_already(phrase, used):
            continue
        found = _cased(written, asked, shown)
        if not _tells(phrase, written, asked, shown):
            any_word = any_word or ("" if is_weak(phrase[-1]) else found)
            continue
        used.extend(phrase)
        # A phrase says more than a form of one of its words: "label noise" than "noisy".
        short = next((each for each in said if _within(each, phrase)), None)
        if short is not None:
            said = {phrase if each == short else each: text for each, text in (said | {short: found}).items()}
        else:
            said[phrase] = found
        if len(said) == MOST_REASONS:
            break
    return list(said.values()) or ([any_word] if any_word else [])


@dataclass(frozen=True, slots=True)
class _Step:
    """A phrase with one word more: whether a hyphen asks for that word, what it weighs, and the whole."""

    joined: bool
    weight: float
    phrase: tuple[str, ...]


class _Neighbours:
    """Words that stand beside one another in both texts."""

    def __init__(self, asked: _Read, shown: _Read, weight: Callable[[str], float]) -> None:
        self._weight = weight
        self._titles = asked.headed | shown.headed
        self._joined = shown.joined
        self._before: defaultdict[str, set[str]] = defaultdict(set)
        self._after: defaultdict[str, set[str]] = defaultdict(set)
        for left, right in asked.pairs & shown.pairs:
            self._before[right].add(left)
            self._after[left].add(right)

    def steps(self, phrase: tuple[str, ...]) -> Iterator[_Step]:
        """What the phrase can grow to, at either end."""
        for word in self._before[phrase[0]]:
            pair = (word, phrase[0])
            if pair in self._joined and word in _BRIDGES:
                for far in self._before[word]:
                    if (far, word) in self._joined:
                        yield _Step(True, self._weight(far), (far, word, *phrase))
            elif self._fits(word, pair):
                yield _Step(pair in self._joined, self._weight(word), (word, *phrase))
        for word in self._after[phrase[-1]]:
            pair = (phrase[-1], word)
            if pair in self._joined and word in _BRIDGES:
                for far in self._after[word]:
                    if (word, far) in self._joined:
                        yield _Step(True, self._weight(far), (*phrase, word, far))
            elif self._fits(word, pair):
                yield _Step(pair in self._joined, self._weight(word), (*phrase, word))

    def _fits(self, word: str, pair: tuple[str, str]) -> bool:
        if pair in self._joined:
            return True
        return not is_joining(word) and (pair in self._titles or (self._weight(word) > 0.0 and not is_weak(word)))


def _phrase(word: str, neighbours: _Neighbours, shown: _Read, used: Collection[str]) -> tuple[str, ...]:
    """The word with those that stand before or after it in both texts, as far as ``shown`` has them in one piece.

    Words that were ``used`` already are not said again.
    """
    phrase: tuple[str, ...] = (word,)
    while len(phrase) < _LONGEST_PHRASE:
        steps = [step for step in neighbours.steps(phrase) if not _repeats(step.phrase, used)]
        steps.sort(key=lambda step: (step.joined, step.weight, step.phrase), reverse=True)
        grown = next((each for step in steps for each in _spelled(step.phrase, shown)), None)
        if grown is None:
            break
        phrase = grown
    return phrase


def _repeats(phrase: tuple[str, ...], used: Collection[str]) -> bool:
    return len(set(phrase)) < len(phrase) or any(word in used for word in phrase)


def _spelled(phrase: tuple[str, ...], shown: _Read) -> Iterator[tuple[str, ...]]:
    """The phrase as it can be cut out of the text: as it is, or with an "of" in it."""
    ways = [phrase, *((*phrase[:place], "of", *phrase[place:]) for place in (1, len(phrase) - 1))]
    return (way for way in ways if shown.written(way))


def _tells(phrase: Sequence[str], written: str, asked: _Read, shown: _Read) -> bool:
    """Whether it is something that papers can be about."""
    last = phrase[-1]
    if len(phrase) > 1:
        return not is_weak(last) or (phrase[-2], last) in asked.headed | shown.headed
    if is_weak(last):
        return False
    return (
        last in asked.title | shown.title or is_acronym(written) or all(read.times[last] > 1 for read in (asked, shown))
    )


def _said_already(phrase: Sequence[str], used: Sequence[str]) -> bool:
    """Whether it is another form of what was said, an acronym of it or what an acronym stands for."""
    if all(any(_kin(word, other) for other in used) for word in phrase):
        return True
    if len(phrase) == 1:
        return len(phrase[0]) > 1 and phrase[0] in "".join(word[0] for word in used)
    initials = "".join(word[0] for word in phrase)
    return any(initials.startswith(word) or initials in word for word in used if 1 < len(word) <= _LONGEST_ACRONYM)


def _within(short: Sequence[str], phrase: Sequence[str]) -> bool:
    return len(short) < len(phrase) and all(any(_kin(word, other) for other in phrase) for word in short)


def _kin(one: str, other: str) -> bool:
    """Whether two words are one in two forms: noise and noisy, surgery and surgical, economic and macroeconomic."""
    short, long = sorted((one, other), key=len)
    if long in (short, short + "s") or (len(short) >= _SHORTEST_KIN + 1 and short in long):
        return True
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return same >= _SHORTEST_KIN and same * 2 >= len(long)


def _cased(written: str, asked: _Read, shown: _Read) -> str:
    """Without the capitals that only a title or the beginning of a sentence gave."""
    loud = shown.text.title.isupper() and len(shown.text.title.split()) > 2
    small, names = asked.small | shown.small, asked.names | shown.names

    def cased(token: str) -> str:
        acronym = sum(map(str.isupper, token)) > 1 or any(map(str.isdigit, token))
        name = token in names and token.lower() not in small
        return token if name or (acronym and not loud) else token.lower()

    def joined(found: re.Match[str]) -> str:
        # Bose-Einstein is one name, even if Einstein is not seen elsewhere.
        first, *others = _TOKEN.findall(found[0])
        name = cased(first) == first.capitalize() and all(other.istitle() for other in others)
        return found[0] if name else _TOKEN.sub(lambda token: cased(token[0]), found[0])

    return _COMPOUND.sub(joined, written)
