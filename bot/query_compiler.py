"""The compiled form of a query: a small program for ``bot.matching.PaperIndex``, kept in the store.

One byte of format version, then UTF-8 text: lines in postfix order, each a literal or an operator. It grows linearly
with the query and holds the words themselves, so two queries can never be mixed up by a hash.

A literal is a term without its quotation marks: ``reward model`` (a phrase), ``transform*``, ``ti:diffusion``,
``au:yann lecun``, ``cat:cs.CL``, ``cat:cs.*``. Operators take what the lines before left: ``&`` both, ``|`` either,
``-`` the first without the second, ``!`` everything else. Words hold no ASCII punctuation but ``+`` and ``#``
(``bot.text``), so no literal looks like an operator or like a literal of another field.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.query_tree import And, Field, Node, Not, Or, Term

VERSION = 1
BOTH, EITHER, WITHOUT, OTHERS = "&", "|", "-", "!"


def compiled(root: Node) -> bytes:
    """The program of a tree in normal form."""
    return bytes([VERSION]) + "\n".join(_lines(root)).encode()


def program(compiled_query: bytes) -> list[str]:
    """The lines of a program. Raises ValueError when another version of the format wrote it."""
    if compiled_query[:1] != bytes([VERSION]):
        raise ValueError(f"the compiled query has format {compiled_query[:1]!r}, not {VERSION}: compile it again")
    return compiled_query[1:].decode().split("\n")


def literal(term: Term) -> str:
    """The line of a term."""
    field = "" if term.field is Field.ANY else f"{term.field}:"
    return f"{field}{' '.join(term.words)}{'*' if term.prefix else ''}"


def _lines(node: Node) -> Iterator[str]:
    match node:
        case Term() as term:
            yield literal(term)
        case Not(term):
            yield literal(term)
            yield OTHERS
        case And(children):
            yield from _lines(children[0])
            for child in children[1:]:
                if isinstance(child, Not):
                    yield literal(child.child)
                    yield WITHOUT
                else:
                    yield from _lines(child)
                    yield BOTH
        case Or(children):
            yield from _lines(children[0])
            for child in children[1:]:
                yield from _lines(child)
                yield EITHER
