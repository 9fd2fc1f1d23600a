"""The signs of the query language: text → tokens. The grammar is in ``bot.query_parser``."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from bot.query_tree import Field
from bot.text import words


class Problem(Exception):  # noqa: N818 - becomes a QueryError, once its examples were tried
    """What is wrong with a query: a sentence, the place, corrected examples (the best first) and words around them."""

    def __init__(self, message: str, position: int, *examples: str, lead: str = "Try", tail: str = ".") -> None:
        self.message = message
        self.position = position
        self.examples = examples
        self.lead = lead
        self.tail = tail
        super().__init__(message)


class Kind(Enum):
    """What a token is."""

    WORD = auto()
    PHRASE = auto()
    FIELD = auto()
    OPEN = auto()
    CLOSE = auto()
    AND = auto()
    OR = auto()
    NOT = auto()
    ANDNOT = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A sign or an operand.

    ``text`` is what was typed, ``value`` the operand without field, quotes and star. ``field`` is the field named with
    it (of a FIELD token: for what follows). ``prefix``: a star ended it.
    """

    kind: Kind
    position: int
    text: str
    value: str = ""
    field: Field | None = None
    prefix: bool = False

    @property
    def end(self) -> int:
        return self.position + len(self.text)


FIELDS = {
    "ti": Field.TITLE,
    "title": Field.TITLE,
    "abs": Field.ABSTRACT,
    "abstract": Field.ABSTRACT,
    "au": Field.AUTHOR,
    "author": Field.AUTHOR,
    "cat": Field.CATEGORY,
    "category": Field.CATEGORY,
}
_SIGILS = {"@": Field.AUTHOR, "#": Field.CATEGORY}
_OPERATORS = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT, "ANDNOT": Kind.ANDNOT}
_QUOTES = '"“”„‟«»＂❝❞〝〞'
_DASHES = "-‐‑‒–—―−－"
_UMLAUT = r"\\\"(?=[aeiouyAEIOUY{\\])"  # LaTeX for ü and the like, not the end of a phrase
_PIECE = re.compile(
    rf"(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<or>\|+)|(?P<quote>[{_QUOTES}])"
    rf"|(?P<run>(?:{_UMLAUT}|[^\s()|{_QUOTES}])+)"
)
_PHRASE = re.compile(rf"[{_QUOTES}]((?:{_UMLAUT}|[^{_QUOTES}])*)[{_QUOTES}]")
_NAMED = re.compile(r"([^\W\d_]{1,20}):(.*)", re.DOTALL)
_MISPLACED_STAR = re.compile(r"^\*|\w\*+\w|\*\*")
_SINGLE_QUOTED = re.compile(r"['‘]([^'’‘`]{1,200}\s[^'’‘`]{1,200})['’](?=[\s)|]|$)")
_BRACKETS = {"open": Kind.OPEN, "close": Kind.CLOSE, "or": Kind.OR}


def shown(text: str, most: int = 40) -> str:
    """Typed text as it can be shown between back-quotes: one line, nothing invisible, cut at ``most`` characters.

    A text with nothing to see becomes "…", since empty back-quotes say nothing.
    """
    visible = (c for c in text.replace("`", "'") if c.isspace() or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    line = " ".join("".join(visible).split())
    return (line if len(line) <= most else f"{line[: most - 1]}…") or "…"


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query from left to right. Raises Problem at the first thing that cannot be one."""
    position = 0
    while piece := _PIECE.match(text, position):
        kind, start, position = piece.lastgroup or "", position, piece.end()
        if kind in _BRACKETS:
            yield Token(_BRACKETS[kind], start, piece[0])
        elif kind == "quote":
            phrase = _PHRASE.match(text, start)
            if phrase is None:
                raise Problem(f"The quotation mark {piece[0]} is never closed.", start, f'{text}"', lead="Close it:")
            position = phrase.end()
            yield Token(Kind.PHRASE, start, phrase[0], phrase[1])
        elif kind == "run":
            yield from _run(text, start, position)


def _run(text: str, start: int, end: int) -> Iterator[Token]:
    """The tokens of a run without white space, parentheses and quotes: ``-ti:word*`` are two."""
    while start < end and unicodedata.category(text[start]) == "Cf":  # an invisible sign must not hide a minus
        start += 1
    while start < end and unicodedata.category(text[end - 1]) == "Cf":
        end -= 1
    run = text[start:end]
    goes_on = text[end : end + 1] in set("(" + _QUOTES)
    if run in _OPERATORS:
        yield Token(_OPERATORS[run], start, run)
        return
    if run[:1] in set(_DASHES):
        _refuse_dashes(text, start, run, goes_on=goes_on)
        yield Token(Kind.NOT, start, run[0])
        start, run = start + 1, run[1:]
    if run[:1] == "!" and (len(run) > 1 or goes_on):
        message = f"`{shown(run)}` begins with an exclamation mark; a minus leaves something out."
        raise Problem(
            message, start, f"{text[:start]}-{text[start + 1 :]}", "diffusion -survey", lead="Did you mean", tail="?"
        )
    if run:
        yield _operand(text, start, run, goes_on=goes_on)


def _refuse_dashes(text: str, start: int, run: str, *, goes_on: bool) -> None:
    rest = run.lstrip(_DASHES)
    after = text[start + len(run) :]
    if not rest and not goes_on:
        message = f"`{shown(run)}` stands alone; a minus stands directly before what it leaves out."
        raise Problem(message, start, f"{text[:start]}{after}", "diffusion -survey", lead="Without it:")
    if len(run) - len(rest) > 1:
        message = f"`{shown(run)}` has more than one minus."
        raise Problem(
            message, start, f"{text[:start]}-{rest}{after}", "diffusion -survey", lead="Did you mean", tail="?"
        )


def _operand(text: str, start: int, run: str, *, goes_on: bool) -> Token:
    """The token of a run without its minus: a field for what follows, or an operand with or without a field."""
    if run[0] in _SIGILS:
        return _of_field(text, start, run, _SIGILS[run[0]], run[1:], goes_on=goes_on)
    named = _NAMED.fullmatch(run)
    if named and named[1].casefold() in FIELDS:
        return _of_field(text, start, run, FIELDS[named[1].casefold()], named[2], goes_on=goes_on)
    if named and (named[2] or goes_on):
        raise _unknown_field(start, run, named[1], named[2])
    if (quoted := _SINGLE_QUOTED.match(text, start)) and quoted[1].strip():
        message = f"`{shown(quoted[0])}` stands in single quotes; a phrase stands in double ones."
        raise Problem(message, start, f'"{quoted[1]}"', EXAMPLE_PHRASE, lead="Like this:")
    return _starred(start, run, run, None)


EXAMPLE_PHRASE = '"chain of thought"'


def _of_field(text: str, start: int, run: str, field: Field, value: str, *, goes_on: bool) -> Token:
    if not value:
        if goes_on:
            return Token(Kind.FIELD, start, run, field=field)
        follower = text[start + len(run) :].split()
        message = f"`{shown(run)}` stands directly before what it is about, without a space."
        raise Problem(message, start, f"{run}{follower[0] if follower else ''}", _EXAMPLES[field], lead="Like this:")
    if value[0] in _DASHES:
        message = f"In `{shown(run)}` the minus comes too late."
        sign = run[: len(run) - len(value)]
        raise Problem(message, start, f"diffusion -{sign}{value[1:]}", "diffusion -ti:survey", lead="Put it first:")
    return _starred(start, run, value, field)


_EXAMPLES = {
    Field.TITLE: "ti:diffusion",
    Field.ABSTRACT: "abs:diffusion",
    Field.AUTHOR: "au:lecun",
    Field.CATEGORY: "cat:cs.CL",
}


def _unknown_field(start: int, run: str, name: str, value: str) -> Problem:
    if value.startswith("//"):
        message = f"`{shown(run)}` is an address, not something to look for in papers."
        return Problem(message, start, EXAMPLE_PHRASE, lead="A query is made of words, such as")
    message = f"`{shown(name)}:` is not a field; the fields are ti, abs, au and cat."
    near = difflib.get_close_matches(name.casefold(), FIELDS, n=1, cutoff=0.7)
    if near and value:
        return Problem(message, start, f"{FIELDS[near[0]]}:{value}", lead="Did you mean", tail="?")
    quoted = " ".join(words(run))
    return Problem(message, start, f'"{quoted}"', EXAMPLE_PHRASE, lead="To look for the words themselves, quote them:")


def _starred(start: int, run: str, value: str, field: Field | None) -> Token:
    """An operand, with the star at its end understood."""
    bare = value.rstrip(",.;:!?")
    if _MISPLACED_STAR.search(bare):
        message = f"In `{shown(run)}` the star is in the wrong place: it ends a word."
        raise Problem(message, start, value.replace("*", " ").strip(), "transform*", lead="Without it:")
    if bare.endswith("*"):
        return Token(Kind.WORD, start, run, bare[:-1], field, prefix=True)
    return Token(Kind.WORD, start, run, value, field)
