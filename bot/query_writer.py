"""Queries as text: the canonical form, and an explanation in plain words.

The canonical form is what ``bot.query_parser`` reads, with as few signs as possible: ``"chain of thought" -survey``,
``a b OR c``, ``a (b OR c)``. Both functions want a tree in normal form.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.categories import category_name
from bot.query_tree import And, Field, Node, Not, Or, Term


def canonical_form(node: Node) -> str:
    """The tree in the query language. Reading it gives the same tree."""
    match node:
        case Term():
            return _term(node)
        case Not(child):
            return f"-{_term(child)}"
        case And(children):
            return " ".join(f"({canonical_form(c)})" if isinstance(c, Or) else canonical_form(c) for c in children)
        case Or(children):
            return " OR ".join(canonical_form(child) for child in children)


def _term(term: Term) -> str:
    field = "" if term.field is Field.ANY else f"{term.field}:"
    if term.prefix:
        return f"{field}{term.words[0]}*"
    return f"{field}{term.words[0]}" if len(term.words) == 1 else f'{field}"{" ".join(term.words)}"'


def explained(node: Node) -> str:
    """The tree in plain words, beginning with "papers"."""
    return f"papers {_clause(node)}"


_PLACES = {Field.ANY: "in title or abstract", Field.TITLE: "in the title", Field.ABSTRACT: "in the abstract"}
_BEFORE = {Field.AUTHOR: "by", Field.CATEGORY: "in"}


def _clause(node: Node) -> str:
    """What must be true of the papers: "with “a” and “b” in title or abstract, but not “c”"."""
    match node:
        case Term() as term:
            return _of_field(term.field, [term], "and")
        case Not(term):
            clause = _of_field(term.field, [term], "and")
            return f"without{clause.removeprefix('with')}" if term.field in _PLACES else f"not {clause}"
        case And(children):
            return _all(children)
        case Or(children):
            if same := _one_field(children):
                return _of_field(same[0].field, same, "or")
            return "either " + _listed(
                [f"({_clause(c)})" if isinstance(c, And) else _clause(c) for c in children], "or"
            )


def _one_field(children: Sequence[Node]) -> list[Term]:
    """The children, when all of them are terms of one field."""
    found = [child for child in children if isinstance(child, Term)]
    return found if len(found) == len(children) and len({term.field for term in found}) == 1 else []


def _all(children: Sequence[Node]) -> str:
    present = [child for child in children if isinstance(child, Term)]
    wanted = [
        _of_field(field, found, "and")
        for field in Field
        if (found := [term for term in present if term.field is field])
    ]
    wanted += [_choice(child.children) for child in children if isinstance(child, Or)]
    unwanted = [_left_out(child.child) for child in children if isinstance(child, Not)]
    if not wanted:
        return " and ".join(_clause(child) for child in children)
    return ", and ".join(wanted) + (f", but not {' and not '.join(unwanted)}" if unwanted else "")


def _choice(children: Sequence[Node]) -> str:
    """Alternatives among other conditions: in parentheses, so that it is clear where they end."""
    if same := _one_field(children):
        return _of_field(same[0].field, same, "or")
    return "either " + _listed([f"({_clause(child)})" for child in children], "or")


def _of_field(field: Field, terms: Sequence[Term], joint: str) -> str:
    """Terms of one field, all or any of them."""
    items = _listed([_item(term) for term in terms], joint)
    return f"with {items} {_PLACES[field]}" if field in _PLACES else f"{_BEFORE[field]} {items}"


def _left_out(term: Term) -> str:
    """An excluded term after "but not"."""
    if term.field in _BEFORE:
        return f"{_BEFORE[term.field]} {_item(term)}"
    return _item(term) if term.field is Field.ANY else f"{_item(term)} {_PLACES[term.field]}"


def _item(term: Term) -> str:
    quoted = f"“{' '.join(term.words)}”"
    match term.field:
        case Field.CATEGORY:
            name = f"{term.words[0].removesuffix('.')} ({category_name(term.words[0])})"
            return f"any category of {name}" if term.prefix else name
        case Field.AUTHOR:
            return f"somebody with a name beginning with {quoted}" if term.prefix else quoted
        case _:
            return f"a word beginning with {quoted}" if term.prefix else quoted


def _listed(items: Sequence[str], joint: str) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *rest, last = items
    return f"{', '.join(rest)} {joint} {last}" if rest else last
