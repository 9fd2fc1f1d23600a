"""The tree of a query and its normal form.

A node is a ``Term``, a ``Not`` around a term, an ``And`` or an ``Or``. ``normal_form`` gives every tree of the same
shape of meaning one form: negation stands at terms only, And holds no And and Or no Or, both have two different
children or more, and children are in the order of ``order``, whatever order they were typed in.

A tree is *anchored* when some word must be present for it to be true: a Term is, a Not is not, an And is when any child
is, an Or when all children are. Only anchored trees can be watched: "everything but surveys" is a flood, not a watch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Field(StrEnum):
    """Where a term must be found. The values are arXiv's own short names; ANY is title or abstract."""

    ANY = "any"
    TITLE = "ti"
    ABSTRACT = "abs"
    AUTHOR = "au"
    CATEGORY = "cat"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to be found.

    ``words`` are normalised words; several are a phrase of neighbours within one title, abstract or author's name.
    With ``prefix`` there is one word, which others begin with. For CATEGORY it is one category in arXiv's own spelling
    (``cs.CL``), or with ``prefix`` an archive and its dot (``cs.``).
    """

    field: Field
    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The term is absent."""

    child: Term


@dataclass(frozen=True, slots=True)
class And:
    """All of the children."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the children."""

    children: tuple[Node, ...]


Node = Term | Not | And | Or


def negated(node: Node) -> Node:
    """The opposite of a tree, with negation at its terms."""
    match node:
        case Term() as term:
            return Not(term)
        case Not(child):
            return child
        case And(children):
            return Or(tuple(negated(child) for child in children))
        case Or(children):
            return And(tuple(negated(child) for child in children))


def anchored(node: Node) -> bool:
    """Whether the tree is true only where one of its terms is present."""
    match node:
        case Term():
            return True
        case Not():
            return False
        case And(children):
            return any(anchored(child) for child in children)
        case Or(children):
            return all(anchored(child) for child in children)


def terms(node: Node) -> Iterator[Term]:
    """The terms of a tree, negated ones too, from left to right."""
    match node:
        case Term():
            yield node
        case Not(term):
            yield term
        case And(children) | Or(children):
            for child in children:
                yield from terms(child)


def nested(node: Node) -> int:
    """How many groups stand in one another: 0 for ``a``, 1 for ``a b``, 2 for ``a (b OR c)``."""
    if isinstance(node, And | Or):
        return 1 + max(map(nested, node.children))
    return 0


def normal_form(node: Node) -> Node:
    """The one form of a tree: flat, without duplicates, ordered. Every And and Or must have a child."""
    match node:
        case And(children):
            return _flat(And, children)
        case Or(children):
            return _flat(Or, children)
        case _:
            return node


def _flat(kind: Callable[[tuple[Node, ...]], And | Or], children: Iterable[Node]) -> Node:
    found: set[Node] = set()
    for child in children:
        normal = normal_form(child)
        if isinstance(normal, And | Or) and type(normal) is kind:
            found.update(normal.children)
        else:
            found.add(normal)
    return found.pop() if len(found) == 1 else kind(tuple(sorted(found, key=order)))


_Order = tuple[object, ...]
_PLACES = {field: place for place, field in enumerate(Field)}


def order(node: Node) -> _Order:
    """A sort key: terms first, then groups, then negated terms; each by field and words."""
    match node:
        case Term(field, words, prefix):
            return (0, _PLACES[field], words, prefix)
        case Not(child):
            return (2, *order(child)[1:])
        case And(children):
            return (1, 0, tuple(order(child) for child in children))
        case Or(children):
            return (1, 1, tuple(order(child) for child in children))
