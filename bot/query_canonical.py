"""Canonical forms → trees, without the parser's care.

``bot.query_writer`` leaves a reader little to find out: words are normalised, children stand in order, each sign has
one spelling. At nine in the morning the queries of tens of thousands of channels are read so.
"""

from __future__ import annotations

import re

from bot.paper_caches import cached_for_a_round
from bot.query_tree import And, Field, Node, Not, Or, Term

_SIGN = re.compile(
    r'(-)?(?:(ti|abs|au|cat):)?(?:"([^"]+)"|([^\s()":*-][^\s()":*]*)(\*)?)'  # an operand; OR looks like one
    r"|[ ()]"
)
_FIELDS = {None: Field.ANY} | {field.value: field for field in Field}


def tree_of_canonical(canonical: str) -> Node | None:
    """The tree that ``bot.query_writer.canonical_form`` wrote so; None for some of what it cannot have written."""
    outer: list[tuple[list[Node], list[Node]]] = []
    alternatives: list[Node] = []
    parts: list[Node] = []
    end = 0
    for sign in _SIGN.finditer(canonical):
        if sign.start() != end:
            return None
        end = sign.end()
        minus, field, phrase, word, star = sign.groups()
        if word == "OR":
            if not parts:
                return None
            alternatives.append(_joined(And, parts))
            parts = []
        elif word or phrase:
            term = _term(field, word or phrase, star is not None)
            parts.append(Not(term) if minus else term)
        elif sign[0] == "(":
            outer.append((alternatives, parts))
            alternatives, parts = [], []
        elif sign[0] == ")":
            if not outer or not parts:
                return None
            group = _joined(Or, [*alternatives, _joined(And, parts)])
            alternatives, parts = outer.pop()
            parts.append(group)
    if end != len(canonical) or outer or not parts:
        return None
    return _joined(Or, [*alternatives, _joined(And, parts)])


# Queries by the thousand are made of few terms.
@cached_for_a_round(8_000)
def _term(field: str | None, words: str, prefix: bool) -> Term:
    return Term(_FIELDS[field], tuple(words.split(" ")), prefix)


def _joined(kind: type[And | Or], nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else kind(tuple(nodes))
