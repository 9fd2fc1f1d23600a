"""The compiled form of a query: numbers that ``bot.matching.PaperIndex`` evaluates by the million, kept in the store.

Little-endian 64-bit numbers: a header, then one for each literal. A *literal* is a word, a phrase of neighbours, the
beginning of words or a category, in a field. From the lowest bit on:

    header    8 version, 25 what the query speaks of (``Kind``s of each field), 7 free, 8 words of its longest phrase
    literal   5 level, 1 absent, 58 hash

The hash is the same for ever and everywhere. That some word of some paper has the hash of another one's literal has a
probability of 2⁻⁵⁸ for each pair; then a paper might be posted that does not match, and none would be lost.

The level says which groups end with a literal. Groups alternate: one of level 1 is an OR of literals, of level 2 an AND
of those, of level 3 an OR again, and so on; ``END`` ends all of them. So a tree needs no brackets, and the groups of a
level are one operation for any number of queries: ``a (b OR c)`` is ``a₁ b₀ c``, the last one with ``END``.

Two kinds of terms are more than one literal: a prefix, with the words whose plurals begin like it; and a phrase of more
than three words, with its first three, so that an index need not look for it but where these are.

``bot.query_parser`` reads no query that this cannot hold.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from functools import lru_cache, reduce
from hashlib import blake2b

from bot.query_tree import And, Field, Node, Not, Or, Term, negated, terms
from bot.text import plural_forms

VERSION = 2
VERSION_MASK = 0xFF

LEVEL, ABSENT, FLAGS = 0b011111, 0b100000, 0b111111
END = LEVEL
"""The level of a query's last literal: fewer groups than that stand in one another."""

LENGTH_SHIFT = 40
PRIME = 0x9E37_79B9_7F4A_7C15
_MASK = (1 << 64) - 1


class Kind(IntEnum):
    """What an index makes of the texts of a field. Up to ``TRIPLES`` the value is a number of words."""

    WORDS = 1
    PAIRS = 2
    TRIPLES = 3
    LONGER = 4
    PREFIXES = 5


_SPOKEN_OF = {(field, kind): 8 + place * len(Kind) + kind - 1 for place, field in enumerate(Field) for kind in Kind}


def compiled(root: Node) -> bytes:
    """The numbers of a tree in normal form. Raises ValueError when too many groups stand in one another."""
    tree = _spelled_out(root)
    level = _level(tree)
    if level >= END:
        raise ValueError(f"groups of {level} levels stand in one another")
    numbers = _numbers(tree, level)
    numbers[-1] |= END
    return struct.pack(f"<{1 + len(numbers)}Q", _header(tree), *numbers)


def spoken_of(header: int) -> list[tuple[Field, Kind]]:
    """The fields and kinds that are spoken of by a query, or by several whose headers were OR-ed."""
    return [each for each, shift in _SPOKEN_OF.items() if header >> shift & 1]


def text_hash(text: str) -> int:
    """64 bits of a word."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def joined(beginning: int, last: int) -> int:
    """The hash of words in a row from that of the first ones and that of the last one."""
    mixed = (beginning ^ beginning >> 29) * PRIME + last & _MASK
    return mixed ^ mixed >> 32


@lru_cache(maxsize=2 * len(Field))
def field_hash(field: Field, *, prefix: bool) -> int:
    """What the hash of a literal begins with."""
    return text_hash(f"{field} {'*' if prefix else ''}")


# Of many queries that are compiled one after the other most speak of the same words.
_known_hash = lru_cache(maxsize=1 << 13)(text_hash)


def _spelled_out(node: Node) -> Node:
    """The tree with a literal at each of its ends."""
    match node:
        case Term(field, words, prefix) if prefix and field is not Field.CATEGORY:
            plurals = [Term(field, (plural,)) for plural in sorted(plural_forms(words[0]))]
            return Or((node, *plurals)) if plurals else node
        case Term(field, words) if len(words) > Kind.TRIPLES:
            return And((Term(field, words[: Kind.TRIPLES]), node))
        case Term():
            return node
        case Not(term):
            return negated(_spelled_out(term))
        case And(children):
            return And(tuple(map(_spelled_out, children)))
        case Or(children):
            return Or(tuple(map(_spelled_out, children)))


def _level(node: Node) -> int:
    """The level of the group that a tree is: even for an AND, odd for an OR; 0 for a literal."""
    if isinstance(node, Term | Not):
        return 0
    above = max(map(_level, node.children)) + 1
    return above + (above % 2 != isinstance(node, Or))


def _header(tree: Node) -> int:
    header, longest = VERSION, 1
    for term in terms(tree):
        kind = Kind.PREFIXES if term.prefix else Kind(min(len(term.words), Kind.LONGER))
        header |= 1 << _SPOKEN_OF[term.field, kind]
        longest = max(longest, len(term.words))
    return header | longest << LENGTH_SHIFT


def _numbers(node: Node, level: int) -> list[int]:
    """The literals of a tree that stands as a group of ``level``; the last one's number says that it ends there."""
    if level == 0:
        return [_literal(node)]
    kind = Or if level % 2 else And
    children = node.children if isinstance(node, kind) else (node,)
    numbers = [number for child in children for number in _numbers(child, level - 1)]
    numbers[-1] = numbers[-1] & ~LEVEL | level
    return numbers


def _literal(node: Node) -> int:
    match node:
        case Term(field, words, prefix):
            return reduce(joined, map(_known_hash, words), field_hash(field, prefix=prefix)) & ~FLAGS
        case Not(term):
            return _literal(term) | ABSENT
    raise TypeError("a group is no literal")
