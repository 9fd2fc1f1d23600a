"""The query language: text → tree.

    query   = group { ("OR" | "|") group }                  OR binds weakest
    group   = part { ["AND"] part | "ANDNOT" operand }      side by side means AND
    part    = { "NOT" | "-" } operand
    operand = word | word "*" | "phrase" | field ":" operand | "@" name | "#" category | "(" query ")"
    field   = ti title | abs abstract | au author | cat category

- Operators are upper-case; ``and``, ``or`` and ``not`` are words. ``-`` negates only at the start of an operand, so
  ``fine-tuning`` is a phrase of two words, as ``"fine tuning"`` is.
- Quotes of every language open and close a phrase. Signs inside a phrase mean nothing, so a word with a star is
  refused there.
- ``transform*`` stands for the words that begin so; at least three letters or digits come before the star.
- A field reaches to the end of its operand: ``ti:(a OR b)``, ``ti:"flow matching"``. Names may be turned round with a
  comma: ``au:"LeCun, Yann"``.
- At most 500 characters and 40 terms, 40 words in a phrase, 14 groups in one another. Each alternative must have
  something to look for. ``bot.query_compiler`` holds every query within these limits.

Whatever is not clear is refused: ``parse_tree`` raises QueryError with the offending text, its position and a corrected
example, which is itself a query. Parsing takes one pass and keeps its own stack, so nothing nests too deep for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.categories import closest_category, find_category, find_group
from bot.errors import QueryError
from bot.query_lexer import Kind, Problem, Token, shown, tokens
from bot.query_tree import And, Field, Node, Or, Term, anchored, negated, nested, normal_form
from bot.text import name_words, prefix_word, words

LONGEST = 500
MOST_TERMS = 40
MOST_WORDS = 40
MOST_NESTED = 14
EXAMPLE = '"chain of thought" -survey'
SHORTEST_PREFIX = 3
_STAR_INSIDE = re.compile(r"[^\W_]{3,}\*(?=\s|$)")
_LONGEST_EXAMPLE = 120
# Words before what was typed, corrected; before any other example they would say something untrue.
_OF_THE_TYPED = frozenset({"Without it:", "Without them:", "Without the star:", "Put it first:", "Did you mean"})
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})


def parse_tree(text: str) -> Node:
    """The tree of a query in normal form; raises QueryError."""
    try:
        return _Parser(text).parse()
    except Problem as problem:
        raise QueryError(problem.message, text=text, position=problem.position, hint=_hint(problem)) from None


def too_long(text: str, message: str) -> QueryError:
    """The error for a query of more than 500 characters."""
    hint = f"Make several short queries of it, such as `{EXAMPLE}`."
    return QueryError(message, text=text, position=min(LONGEST, len(text)), hint=hint)


def _hint(problem: Problem) -> str:
    """The first corrected example that is a query."""
    for place, candidate in enumerate(problem.examples):
        example = shown(candidate, _LONGEST_EXAMPLE + 1)
        if len(example) <= _LONGEST_EXAMPLE and _readable(example):
            if place and problem.lead in _OF_THE_TYPED:
                return f"For example: `{example}`."
            return f"{problem.lead} `{example}`{problem.tail}"
    return f"A query looks like this: `{EXAMPLE}`."


def _readable(text: str) -> bool:
    try:
        _Parser(text).parse()
    except Problem:
        return False
    return True


@dataclass(slots=True)
class _Level:
    """What stands between a pair of parentheses, or the whole query, while it is being read.

    ``named`` is the field before the parentheses. ``start`` is where the alternative being read begins, ``operator``
    one that still wants an operand, ``negates`` says that this operand is to be left out.
    """

    opened_at: int = -1
    named: Token | None = None
    alternatives: list[tuple[int, Node]] = field(default_factory=list)
    parts: list[Node] = field(default_factory=list)
    start: int | None = None
    operator: Token | None = None
    negates: bool = False

    def add(self, node: Node, position: int) -> None:
        """An operand is complete."""
        self.begin(position)
        self.parts.append(negated(node) if self.negates else node)
        self.operator, self.negates = None, False

    def begin(self, position: int) -> None:
        if self.start is None:
            self.start = position

    def end_alternative(self) -> None:
        self.alternatives.append((self.start or 0, _joined(And, self.parts)))
        self.parts, self.start = [], None

    def whole(self) -> Node:
        return _joined(Or, [node for _, node in self.alternatives])


def _joined(kind: type[And | Or], nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else kind(tuple(nodes))


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._level = _Level()
        self._outer: list[_Level] = []
        self._field: Token | None = None
        self._terms = 0
        self._deepest = (0, 0)

    def parse(self) -> Node:
        for token in tokens(self._text):
            match token.kind:
                case Kind.OPEN:
                    self._open(token)
                case Kind.CLOSE:
                    self._close(token)
                case Kind.FIELD:
                    self._refuse_second_field(token)
                    self._field = token
                case Kind.WORD | Kind.PHRASE:
                    self._operand(token)
                case _:
                    self._operator(token)
        if self._outer:
            message = "The parenthesis `(` is never closed."
            raise Problem(message, self._level.opened_at, self._text + ")" * len(self._outer), lead="Close it:")
        self._finish_level()
        return self._root()

    def _root(self) -> Node:
        alternatives = self._level.alternatives
        if not alternatives:
            raise Problem("The query is empty.", 0, EXAMPLE, lead="Name what to look for, such as")
        root = normal_form(self._level.whole())
        if (depth := nested(root)) > MOST_NESTED:
            message = f"{depth} groups of the query stand in one another; {MOST_NESTED} are possible."
            raise Problem(message, self._deepest[1], EXAMPLE, lead="Make several simple queries of it, such as")
        if anchored(root):
            return root
        who = "The query" if len(alternatives) == 1 else "One alternative"
        message = f"{who} only says what to leave out, so nearly every paper would match."
        position = next(start for start, node in alternatives if not anchored(normal_form(node)))
        examples = [f"diffusion {self._text}"] if len(alternatives) == 1 else []
        raise Problem(message, position, *examples, "diffusion -survey", lead="Say what to look for as well:")

    def _open(self, token: Token) -> None:
        self._level.begin(token.position)
        self._outer.append(self._level)
        self._level = _Level(opened_at=token.position, named=self._field or self._level.named)
        if len(self._outer) > self._deepest[0]:
            self._deepest = (len(self._outer), token.position)
        self._field = None

    def _close(self, token: Token) -> None:
        if not self._outer:
            message = "The parenthesis `)` closes one that was never opened."
            raise Problem(message, token.position, self._cut(token.position, token.end), lead="Without it:")
        self._finish_level()
        inner = self._level
        if not inner.alternatives:
            message = "There is nothing between `(` and `)`."
            raise Problem(
                message, inner.opened_at, self._cut(inner.opened_at, token.end), EXAMPLE, lead="Without them:"
            )
        self._level = self._outer.pop()
        self._level.add(inner.whole(), inner.opened_at)

    def _finish_level(self) -> None:
        """All of a level was read: no operator may be left over."""
        if self._level.operator is not None:
            raise self._lone(self._level.operator)
        if self._level.parts:
            self._level.end_alternative()

    def _operator(self, token: Token) -> None:
        level = self._level
        if token.kind is Kind.NOT:
            level.begin(token.position)
            level.negates = not level.negates
            level.operator = level.operator or token
            return
        if not level.parts or level.operator is not None:
            raise self._lone(token)
        level.operator = token
        level.negates = token.kind is Kind.ANDNOT
        if token.kind is Kind.OR:
            level.end_alternative()

    def _lone(self, token: Token) -> Problem:
        what = (
            "has nothing after it to leave out"
            if token.kind is Kind.NOT
            else "stands between two parts; one is missing"
        )
        message = f"`{shown(token.text)}` {what}."
        return Problem(message, token.position, self._cut(token.position, token.end), EXAMPLE, lead="Without it:")

    def _operand(self, token: Token) -> None:
        self._terms += 1
        if self._terms > MOST_TERMS:
            message = f"The query has more than {MOST_TERMS} terms; `{shown(token.text)}` is one too many."
            raise Problem(message, token.position, EXAMPLE, lead="Make several short queries of it, such as")
        self._refuse_second_field(token)
        source = self._field or self._level.named
        where = token.field or (source.field if source else None) or Field.ANY
        self._field = None
        self._level.add(_term(token, where, self._cut(token.position, token.end)), token.position)

    def _refuse_second_field(self, token: Token) -> None:
        outer = self._level.named
        if outer is not None and token.field is not None:
            message = f"`{shown(token.text)}` stands inside the parentheses of `{outer.text}`; a term has one field."
            raise Problem(message, token.position, "ti:diffusion au:ho", lead="Write fields side by side:")

    def _cut(self, start: int, end: int) -> str:
        """The query without a piece of it."""
        return f"{self._text[:start]} {self._text[end:]}"


def _term(token: Token, where: Field, without: str) -> Term:
    """The term of a word or a phrase. ``without`` is the query without it."""
    if where is Field.CATEGORY:
        return _category(token)
    if token.prefix:
        return _prefix(token, where)
    if token.kind is Kind.PHRASE:
        _refuse_star_inside(token)
    found = _name(token) if where is Field.AUTHOR else words(token.value)
    if not found:
        message = f"`{shown(token.text)}` has no letter or digit in it."
        raise Problem(message, token.position, without, EXAMPLE, lead="Without it:")
    if len(found) > MOST_WORDS:
        message = f"The phrase `{shown(token.text)}` has {len(found)} words; {MOST_WORDS} are possible."
        raise Problem(message, token.position, f'"{" ".join(found[:4])}"', EXAMPLE, lead="A few of them will do:")
    return Term(where, tuple(found))


def _category(token: Token) -> Term:
    value = f"{token.value}*" if token.prefix else token.value
    if category := find_category(value):
        return Term(Field.CATEGORY, (category,))
    if value.endswith("*") and (group := find_group(value)):
        return Term(Field.CATEGORY, (group,), prefix=True)
    message = f"`{shown(token.text)}` is not a category."
    if closest := closest_category(value):
        raise Problem(message, token.position, f"cat:{closest}", lead="Did you mean", tail="?")
    raise Problem(message, token.position, "cat:cs.CL", lead="A category looks like this:")


def _prefix(token: Token, where: Field) -> Term:
    start = prefix_word(token.value)
    if start is None:
        message = f"`{shown(token.text)}` is not a single word with a star at its end."
        parts = " ".join(name_words(token.value))
        raise Problem(message, token.position, f"{parts}*", parts, "transform*", lead="Try")
    if sum(map(str.isalnum, start)) < SHORTEST_PREFIX:
        message = f"`{shown(token.text)}` is too short: {SHORTEST_PREFIX} letters or more come before a star."
        raise Problem(message, token.position, token.text.rstrip("*"), "transform*", lead="Without the star:")
    return Term(where, (start,), prefix=True)


def _refuse_star_inside(token: Token) -> None:
    """A phrase like "flow match*" can only be meant as a beginning; "A* search" and "C*-algebra" are names."""
    if _STAR_INSIDE.search(token.value):
        message = f"In `{shown(token.text)}` the star stands inside quotation marks, where it means nothing."
        raise Problem(message, token.position, token.value.strip(), "transform*", lead="Without them:")


def _name(token: Token) -> list[str]:
    """The words of an author's name; "LeCun, Yann" is turned round."""
    family, comma, given = token.value.partition(",")
    if comma and not name_words(given) and token.kind is Kind.WORD:
        message = f"`{shown(token.text)}` ends with a comma; a name of several words stands in quotes."
        raise Problem(message, token.position, 'au:"Yann LeCun"', lead="Like this:")
    suffix = name_words(given)
    if not suffix or suffix[0] in _SUFFIXES:
        return name_words(token.value)
    return suffix + name_words(family)
