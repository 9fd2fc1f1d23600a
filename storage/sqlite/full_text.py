"""The full-text index, and queries as FTS5 expressions.

The index holds what ``bot.text`` makes of a paper, so its tokenizer only has to split at spaces (SQLite's
documentation, "FTS5", the ascii tokenizer: every character that is not ASCII is part of a token). Authors are parted by
a token that no query can hold, which keeps a phrase within one name. The table is contentless: to take a paper out, its
words are made again.

FTS5's NOT has two sides, so only a query that requires some word can be asked; ``bot.query`` accepts no other. Inside
one, a group that requires nothing is asked by what it excludes: ``a (b OR -c)`` is ``a NOT (c NOT b)``. FTS5's parser
has a stack of 100 entries, of which a nested group takes up to four: room for 20, and ``bot.query`` accepts 14.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import sqlite_utils

from bot.models import Paper
from bot.query_tree import And, Field, Node, Not, Or, Term, anchored, negated
from bot.text import index_names, index_text, plural_forms
from storage.sqlite.days import Span

_COLUMNS = {
    Field.ANY: "{title abstract}",
    Field.TITLE: "title",
    Field.ABSTRACT: "abstract",
    Field.AUTHOR: "authors",
    Field.CATEGORY: "categories",
}

_ADD = "INSERT INTO full_text (rowid, title, abstract, authors, categories) VALUES (?, ?, ?, ?, ?)"
_REMOVE = (
    "INSERT INTO full_text (full_text, rowid, title, abstract, authors, categories) VALUES ('delete', ?, ?, ?, ?, ?)"
)


def add(db: sqlite_utils.Database, papers: Iterable[tuple[int, Paper]]) -> None:
    """Put papers, each with its ordinal, into the index; none of them may be in it."""
    # All words first, then the index: by turns, each would drive the other's memory out of the processor's cache.
    db.conn.executemany(_ADD, [_row(ordinal, paper) for ordinal, paper in papers])


def remove(db: sqlite_utils.Database, papers: Iterable[tuple[int, Paper]]) -> None:
    """Take papers out, each as it was when it was put in."""
    db.conn.executemany(_REMOVE, (_row(ordinal, paper) for ordinal, paper in papers))


def clear(db: sqlite_utils.Database) -> None:
    """Take everything out."""
    db.execute("INSERT INTO full_text (full_text) VALUES ('delete-all')")


# What FTS5 does by itself, and what suits an import (SQLite's documentation, "FTS5", configuration options; the bytes
# that are collected before they are written, hashsize, are not documented but part of its source, fts5_config.c).
#
# An import of everything leaves some 200 pieces, which housekeeping merges by and by (``merge``). FTS5 by itself merges
# all pieces at once as soon as there are 16 alike: minutes in the middle of a step, so after an import it never does.
_NEVER_AT_ONCE = 1_000
_ORDINARY = {"automerge": 4, "crisismerge": _NEVER_AT_ONCE, "hashsize": 1 << 20}
_GATHERING = {"automerge": 0, "crisismerge": _NEVER_AT_ONCE, "hashsize": 1 << 26}


def gather(db: sqlite_utils.Database) -> None:
    """Let the index collect more before it writes, and merge nothing: for an import."""
    _configure(db, _GATHERING)


def settle(db: sqlite_utils.Database) -> None:
    """Let the index work as ever, if it does not."""
    asked = "SELECT k, v FROM full_text_config WHERE k IN ('automerge', 'crisismerge', 'hashsize')"
    options = dict(db.execute(asked).fetchall())
    if options and options != _ORDINARY:
        _configure(db, _ORDINARY)


# So many pages a step; a step that had nothing to do changes one row (SQLite's documentation, "FTS5", merge).
_MERGED = 200


def merge(db: sqlite_utils.Database) -> bool:
    """Merge a little of the index; whether there is more to merge."""
    before = db.conn.total_changes
    db.execute("INSERT INTO full_text (full_text, rank) VALUES ('merge', ?)", (_MERGED,))
    return db.conn.total_changes - before >= 2


def _configure(db: sqlite_utils.Database, options: dict[str, int]) -> None:
    db.conn.executemany("INSERT INTO full_text (full_text, rank) VALUES (?, ?)", options.items())


def _row(ordinal: int, paper: Paper) -> tuple[int, str, str, str, str]:
    return (
        ordinal,
        index_text(paper.title),
        index_text(paper.abstract),
        index_names(paper.authors),
        " ".join(paper.categories),
    )


def expression(node: Node) -> str:
    """An anchored tree in FTS5's query language; what comes from outside stands in it as quoted words only.

    FTS5's parser has a stack of 100 entries, of which a nested group takes up to four: more than 20 groups in one
    another are refused by it, and more than 14 by ``bot.query``.
    """
    match node:
        case Term():
            return _term(node)
        case Or(children):
            return " OR ".join(_groups(children))
        case And(children):
            required = [child for child in children if anchored(child)]
            excluded = [negated(child) for child in children if not anchored(child)]
            wanted = " AND ".join(_groups(required))
            if not excluded:
                return wanted
            return " NOT ".join([f"({wanted})", *_groups(excluded)])
        case _:
            raise ValueError("a tree that requires no word cannot be asked")


def _groups(children: Sequence[Node]) -> list[str]:
    # Groups first: FTS5's parser then needs less of its stack.
    ordered = sorted(children, key=lambda child: isinstance(child, Term))
    return [_term(child) if isinstance(child, Term) else f"({expression(child)})" for child in ordered]


def _term(term: Term) -> str:
    if term.field is Field.CATEGORY:
        return f"categories : {_quoted(term.words[0])}{' *' if term.prefix else ''}"
    column = _COLUMNS[term.field]
    if not term.prefix:
        return f"{column} : {_quoted(' '.join(term.words))}"
    begins = term.words[0]
    forms = [f"{_quoted(begins)} *", *map(_quoted, sorted(plural_forms(begins)))]
    return f"{column} : ({' OR '.join(forms)})"


def _quoted(words: str) -> str:
    return '"' + words.replace('"', '""') + '"'


def hits(db: sqlite_utils.Database, root: Node, span: Span) -> Iterator[int]:
    """The ordinals of the papers of ``span`` that match, newest first, read as they are asked for."""
    for (ordinal,) in db.execute(
        "SELECT rowid FROM full_text WHERE full_text MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC",
        (expression(_named(db, root)), span.low, span.high),
    ):
        if span.exact or span.holds(db, ordinal):
            yield ordinal


def count_hits(db: sqlite_utils.Database, root: Node, span: Span) -> int:
    """How many papers of ``span`` match."""
    if not span.exact:
        return sum(1 for _ in hits(db, root, span))
    (number,) = db.execute(
        "SELECT count(*) FROM full_text WHERE full_text MATCH ? AND rowid BETWEEN ? AND ?",
        (expression(_named(db, root)), span.low, span.high),
    ).fetchone()
    return int(number)


def _named(db: sqlite_utils.Database, node: Node) -> Node:
    """A tree that asks for the categories of an archive one by one, for all that papers have: FTS5 puts together what
    begins with a prefix before it looks at which rows are wanted."""
    match node:
        case Term(Field.CATEGORY, (begins,), True):
            names = db.execute(
                "SELECT name FROM categories WHERE name >= ? AND name < ? ORDER BY name",
                (begins, begins[:-1] + chr(ord(begins[-1]) + 1)),
            ).fetchall()
            return Or(tuple(Term(Field.CATEGORY, name) for name in names)) if names else node
        case Not(child):
            return negated(_named(db, child))
        case And(children):
            return And(tuple(_named(db, child) for child in children))
        case Or(children):
            return Or(tuple(_named(db, child) for child in children))
        case _:
            return node
