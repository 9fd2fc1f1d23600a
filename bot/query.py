"""Queries: what a watch looks for, and what a search asks.

    Query.parse(text)     reads what a person typed (``bot.query_parser`` has the grammar) or a canonical form
    query.canonical       the normal form: equal for equal queries, however they were typed, and readable by ``parse``
    query.explain()       the query in plain words
    query.matches(paper)  the words of the paper that make it match: the plain reference for every faster way
    query.compiled        the form that ``bot.matching.PaperIndex`` evaluates
    query.root            the tree (``bot.query_tree``), for translation into other languages such as SQL

``parse(query.canonical) == query``. A query is a value: equal and hashable by its tree.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.models import Paper
from bot.paper_caches import cached_for_a_round
from bot.query_canonical import tree_of_canonical
from bot.query_compiler import compiled
from bot.query_parser import LONGEST, MOST_NESTED, MOST_TERMS, MOST_WORDS, parse_tree, too_long
from bot.query_tree import And, Field, Node, Not, Or, Term, anchored, negated, nested, normal_form, terms
from bot.query_writer import canonical_form, explained
from bot.spelling import as_written
from bot.text import name_words, normalize, plural_forms, readable

__all__ = [
    "LONGEST",
    "MOST_TERMS",
    "And",
    "Field",
    "Node",
    "Not",
    "Or",
    "Query",
    "Term",
    "anchored",
    "negated",
    "terms",
]


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed keyword expression. ``root`` is anchored and in normal form; make it with ``parse`` or ``of``."""

    root: Node
    canonical: str = field(compare=False)

    @classmethod
    def parse(cls, text: str) -> Query:
        """Read a query; raises QueryError, which names the place and shows a corrected example.

        ``text`` has at most 500 characters and 40 terms, and so has its canonical form, so that it can be read again.
        """
        if len(text) > LONGEST:
            raise too_long(text, f"The query has {len(text):,} characters; {LONGEST} are possible.")
        root = parse_tree(text)
        canonical = canonical_form(root)
        if len(canonical) > LONGEST:
            message = f"Written out in full the query has {len(canonical):,} characters; {LONGEST} are possible."
            raise too_long(text, message)
        return cls(root, canonical)

    @classmethod
    def of_canonical(cls, canonical: str) -> Query:
        """The query of a canonical form that was written by this program with this normaliser: nobody looks whether it
        is one. Raises QueryError for what cannot be read."""
        return cls(tree_of_canonical(canonical) or parse_tree(canonical), canonical)

    @classmethod
    def of(cls, node: Node) -> Query:
        """The query of a tree whose terms hold normalised words; ValueError when ``parse`` would refuse it."""
        root = normal_form(node)
        canonical = canonical_form(root)
        lengths = [len(term.words) for term in terms(root)]
        within = len(canonical) <= LONGEST and len(lengths) <= MOST_TERMS and max(lengths) <= MOST_WORDS
        if not within or nested(root) > MOST_NESTED or not anchored(root):
            raise ValueError(f"not a query: {canonical}")
        return cls(root, canonical)

    def explain(self) -> str:
        """What is watched, in plain words: «papers with “chain of thought” in title or abstract»."""
        return explained(self.root)

    @property
    def compiled(self) -> bytes:
        """The query as ``bot.query_compiler`` writes it, to be stored beside the canonical form."""
        return compiled(self.root)

    def matches(self, paper: Paper) -> tuple[str, ...] | None:
        """The words that matched, each once, in the query's order; None when the paper does not match.

        Words are given as they stand in the paper ("Chain-of-Thought"), an author by the whole name. Only terms that
        made the query true count, so a match has at least one word.
        """
        words = _words_of(paper)
        true = _true_terms(self.root, words)
        if true is None:
            return None
        return tuple(dict.fromkeys([_written(term, words) for term in true]))


# Not compared by its texts: there is one for a paper.
@dataclass(frozen=True, slots=True, eq=False)
class _PaperWords:
    """The normalised words of a paper's parts, each as one string with a space before and after every word."""

    paper: Paper
    title: str
    abstract: str
    names: tuple[str, ...]
    categories: tuple[str, ...]


# Many queries are asked of the same papers; this holds a day of them.
@cached_for_a_round(2_048)
def _words_of(paper: Paper) -> _PaperWords:
    names = tuple(f" {' '.join(name_words(name))} " for name in paper.authors)
    categories = tuple(paper.categories)
    return _PaperWords(paper, f" {normalize(paper.title)} ", f" {normalize(paper.abstract)} ", names, categories)


def _true_terms(node: Node, paper: _PaperWords) -> list[Term] | None:
    """The terms whose presence makes ``node`` true, None when it is false."""
    match node:
        case Term():
            return [node] if _present(node, paper) else None
        case Not(child):
            return None if _present(child, paper) else []
        case And(children):
            found: list[Term] = []
            for each in children:
                true = _true_terms(each, paper)
                if true is None:
                    return None
                found += true
            return found
        case Or(children):
            alternatives = [_true_terms(each, paper) for each in children]
            if all(true is None for true in alternatives):
                return None
            return [term for true in alternatives if true for term in true]


def _present(term: Term, paper: _PaperWords) -> bool:
    match term.field:
        case Field.ANY if not term.prefix:
            wanted = f" {' '.join(term.words)} "
            return wanted in paper.title or wanted in paper.abstract
        case Field.ANY:
            return _holds(paper.title, term) or _holds(paper.abstract, term)
        case Field.TITLE:
            return _holds(paper.title, term)
        case Field.ABSTRACT:
            return _holds(paper.abstract, term)
        case Field.AUTHOR:
            return any(_holds(name, term) for name in paper.names)
        case Field.CATEGORY:
            return any(_is_of(category, term) for category in paper.categories)


def _holds(text: str, term: Term) -> bool:
    if term.prefix:
        prefix = term.words[0]
        return f" {prefix}" in text or any(f" {form} " in text for form in plural_forms(prefix))
    return f" {' '.join(term.words)} " in text


def _is_of(category: str, term: Term) -> bool:
    return category.startswith(term.words[0]) if term.prefix else category == term.words[0]


# Queries by the thousand are made of few terms: each is looked for in a paper's text once for all of them. Keeping five
# times as many saves a few per cent at most, and has the garbage collector hold the event loop for 50 ms.
@cached_for_a_round(4_000)
def _written(term: Term, words: _PaperWords) -> str:
    """A present term as it stands in the paper."""
    paper = words.paper
    if term.field is Field.CATEGORY:
        return next(category for category in paper.categories if _is_of(category, term))
    if term.field is Field.AUTHOR:
        return readable(
            next(name for name, known in zip(paper.authors, words.names, strict=True) if _holds(known, term))
        )
    in_title = term.field is not Field.ABSTRACT and _holds(words.title, term)
    written = as_written(paper.title if in_title else paper.abstract, term.words, prefix=term.prefix)
    return written or " ".join(term.words)
