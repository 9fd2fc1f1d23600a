"""Hypothesis strategies for papers and queries that have a fair chance to match each other.

Texts and queries are made of one small vocabulary, written in papers as people write (``Fine-Tuning``, ``R$^2$``,
``policies``) and in trees as normalised words.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bot.models import Paper
from bot.query import And, Field, Node, Not, Or, Query, Term, anchored, negated
from bot.query_tree import normal_form
from bot.text import name_words, words
from tests.factories import make_paper

WRITTEN = [
    "policy", "Policies", "polices", "police", "losses", "Loss", "LLMs", "LLM", "bias", "C++", "C#", "R$^2$", "R²",
    "fine-tuning", "Fine tuning", "Gödel's", 'G\\"odel', "$\\alpha$", "α", "naïve", "state-of-the-art", "analyses",
    "analysis", "and", "OR", "not", "3D", "ﬂow", "\\emph{matching}", "transformers", "transformer", "the", "of", "a",
    "R2", "…", "--", "(", "|", '"', "*", "{", "$",
]  # fmt: skip
NAMES = [
    "Yann LeCun",
    "Adams, Ann",
    "Adam Ant",
    "Émile Café",
    "J.-P. O'Neil",
    "Li Li",
    'G{\\"o}del',
    "Ann",
    "Lee-Ann Li",
]
CATEGORIES = ["cs.CL", "cs.LG", "cs.AI", "math.CO", "math-ph", "hep-th", "cond-mat.soft", "cmp-lg"]
GROUPS = ["cs.", "math.", "cond-mat."]

_WORDS = sorted({word for text in WRITTEN for word in words(text)})
_NAME_WORDS = sorted({word for name in NAMES for word in name_words(name)})
_PREFIXES = [
    "pol",
    "polic",
    "polici",
    "policie",
    "policies",
    "los",
    "losse",
    "trans",
    "transformers",
    "analyse",
    "god",
    "fin",
]


def texts(most: int = 10) -> st.SearchStrategy[str]:
    """Titles and abstracts."""
    return st.lists(st.sampled_from(WRITTEN), max_size=most).map(" ".join)


def papers() -> st.SearchStrategy[Paper]:
    """Papers, all with the same id."""
    return st.builds(
        lambda title, abstract, authors, categories: make_paper(
            title=title, abstract=abstract, authors=authors, categories=categories
        ),
        texts(6),
        texts(14),
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(tuple),
        st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=3, unique=True).map(tuple),
    )


def paper_lists(most: int = 8) -> st.SearchStrategy[list[Paper]]:
    """Papers with ids of their own, rising."""

    def numbered(found: list[Paper]) -> list[Paper]:
        return [
            make_paper(
                f"2603.{number:05}",
                title=paper.title,
                abstract=paper.abstract,
                authors=paper.authors,
                categories=paper.categories,
            )
            for number, paper in enumerate(found, 1)
        ]

    return st.lists(papers(), max_size=most).map(numbered)


def terms() -> st.SearchStrategy[Term]:
    """Terms of every field: words, phrases, prefixes, categories and groups of them."""
    text_fields = st.sampled_from([Field.ANY, Field.ANY, Field.TITLE, Field.ABSTRACT])
    return st.one_of(
        st.builds(Term, text_fields, st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map(tuple)),
        st.builds(Term, text_fields, st.sampled_from(WRITTEN).map(lambda text: tuple(words(text)) or ("of",))),
        st.builds(lambda field, prefix: Term(field, (prefix,), True), text_fields, st.sampled_from(_PREFIXES)),
        st.builds(Term, st.just(Field.AUTHOR), st.sampled_from(NAMES).map(lambda name: tuple(name_words(name)))),
        st.builds(
            Term, st.just(Field.AUTHOR), st.lists(st.sampled_from(_NAME_WORDS), min_size=1, max_size=2).map(tuple)
        ),
        st.sampled_from(["ada", "adams", "lec"]).map(lambda prefix: Term(Field.AUTHOR, (prefix,), True)),
        st.sampled_from(CATEGORIES).map(lambda category: Term(Field.CATEGORY, (category,))),
        st.sampled_from(GROUPS).map(lambda group: Term(Field.CATEGORY, (group,), True)),
    )


def nodes(most_terms: int = 8) -> st.SearchStrategy[Node]:
    """Trees of any shape, anchored or not, with negation at terms."""
    children = st.recursive(
        terms() | terms().map(Not),
        lambda node: st.one_of(
            st.lists(node, min_size=1, max_size=3).map(lambda found: And(tuple(found))),
            st.lists(node, min_size=1, max_size=3).map(lambda found: Or(tuple(found))),
        ),
        max_leaves=most_terms,
    )
    return children | children.map(negated)


def queries(most_terms: int = 8) -> st.SearchStrategy[Query]:
    """Queries that can be watched; an unanchored tree gets a term beside it."""

    def watched(node: Node, term: Term) -> Query:
        return Query.of(node if anchored(normal_form(node)) else And((term, node)))

    return st.builds(watched, nodes(most_terms), terms())


# What breaks programs that read text: nesting, mark-up, what cannot be seen, what is not one character or no text.
PIECES = [
    "(", ")", "[", "{", "}", "$", "$$", '"', "'", "\\", "\\frac{", "^", "_", "^{", '\\"', "`", "``", "*", "-", "|", "+",
    "#", "##", ":", "::", "@", "/", "%", "&amp;", "<", ">", "<@U0ANN>", "<!channel>", "<#C1|x>", "@everyone", "](",
    "://", "a", "A", "AA ", "A-", "a-", "a_", "é", "1", "9.", " ", "\t", "\n", "\n ", "\n> ", "\r", "\u2028", "\x00",
    "\x1b[", "\x85", "\u0301", "a\u0301", "\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\ufffe", "\ud800",
    "\U000e0041", "ﷺ", "ﬃ", "İ", "\u0345", "가", "👩\u200d🚀", "RLHF", "OR", "NOT", "ti:", "cat:", "min:",
    "page:", "watch", "import",
]  # fmt: skip


def strange_texts(most: int = 40) -> st.SearchStrategy[str]:
    """Texts that nobody types in good faith, ``most`` pieces long."""
    return st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=most).map("".join)


_JUNK: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, "", " ", "\u202e\u200b\x00", "x" * 4_000, "../../etc", "<!channel>", [], {}, [[]],
    [None], {"": None}, {"id": {}}, "9" * 30,
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, value: Any, most: int = 3) -> Any:
    """A JSON value with up to ``most`` of its parts missing, of another kind, or packed into something."""
    for _ in range(draw(st.integers(1, most))):
        value = _hurt(draw, value)
    return value


def _hurt(draw: st.DrawFn, value: Any, depth: int = 0) -> Any:
    if isinstance(value, (dict, list)) and value and (not depth or draw(st.integers(0, 3))):
        copy = value.copy()
        place = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        if draw(st.integers(0, 5)):
            copy[place] = _hurt(draw, value[place], depth + 1)
        else:
            del copy[place]
        return copy
    return draw(st.sampled_from(_JUNK) | st.just([value]) | st.just({"value": value}) | strange_texts(8))
