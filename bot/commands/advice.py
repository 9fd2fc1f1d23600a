"""What would make a noisy query quieter, and a narrow acronym wider; each proposal with its effect, counted.

- Phrase: when several plain words are joined by AND, what the same words side by side would match.
- Exclusion: words that many of the newest matches have in their titles. Kinds of work (survey, benchmark) come
  first, since whole kinds are what teams mostly want to drop; then the most frequent other words. A word that a third
  of the matches have is no proposal: it is what the query is about.
- Long form: an acronym that the matching abstracts spell out is offered together with its long form.

Bounded: one sample of the newest matches and at most five counts, and nothing at all for an unproblematic query.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bot.acronyms import is_acronym, long_forms
from bot.commands.back_test import Trial
from bot.commands.context import Context
from bot.commands.saying import quoted, sentences
from bot.errors import QueryError
from bot.models import Paper
from bot.query import Query
from bot.text import words
from bot.thinking import think
from bot.wording import listed

SAMPLE = 200
_SPELLING_SAMPLE = 100
_EXCLUSIONS = 3
_LEAST_SHARE, _LEAST_SHARE_OF_KINDS = 0.02, 0.01
"""Words in fewer titles are no cure for noise."""
_GREATEST_SHARE = 1 / 3

# Only words that mean a kind of work wherever they stand: not "report" or "position".
_KINDS = frozenset(
    words("survey review benchmark dataset tutorial workshop thesis proceedings reproducibility competition")
)
UNTELLING = frozenset(
    words(
        "a an the and or of on in for from to with without by at as is are be do does can how what when why where "
        "which via using use based towards toward into under over beyond between across through not we our it its "
        "their new novel approach method model learning network neural deep large language system framework analysis "
        "study data task problem algorithm improving improved improve efficient effective robust fast better general "
        "application understanding exploring rethinking need all you one two multi self aware driven guided free "
        "scale high low real world time adaptive dynamic unified performance training evaluation information feature "
        "representation challenge report perspective overview evaluating benchmarking enhancing building designing "
        "making leveraging enabling long short turn step fine grained tuning level end"
    )
)
"""Words of titles in general, which say nothing about a paper's subject."""
_OPERATORS = frozenset({"OR", "AND", "NOT", "ANDNOT"})
_PLAIN = re.compile(r"[^\W_][\w+#-]*")


async def advice(context: Context, trial: Trial) -> list[str]:
    """Lines of advice for the query; mostly none. Raises StoreError."""
    if not trial.test.matches:
        return []
    said = []
    if trial.noisy:
        sample = await context.store.search(trial.query, limit=SAMPLE, since=trial.test.since)
        quieter = sentences([await _phrase(context, trial), await _exclusions(context, trial, sample)])
        said.append(f"That is a lot. {quieter}".strip())
    said.append(await _long_form(context, trial))
    return [line for line in said if line]


async def _phrase(context: Context, trial: Trial) -> str:
    typed = as_phrase(trial.typed)
    fewer = await _matches(context, trial, typed) if typed else None
    if fewer is None or fewer >= trial.test.matches:
        return ""
    return f"Side by side, {quoted(typed)}, the words would match {fewer:,} instead of {trial.test.matches:,}."


async def _exclusions(context: Context, trial: Trial, sample: Sequence[Paper]) -> str:
    proposals = []
    for word in await think(telling_words, sample, besides=trial.query.canonical):
        left = await _matches(context, trial, without(trial.typed, word))
        if left is not None:
            proposals.append((trial.test.matches - left, word))
    proposals.sort(key=lambda proposal: -proposal[0])
    would = (" would drop", *[""] * _EXCLUSIONS)
    parts = [f"{quoted('-' + word)}{verb} {dropped:,}" for verb, (dropped, word) in zip(would, proposals, strict=False)]
    return f"{listed(parts)}." if parts else ""


async def _long_form(context: Context, trial: Trial) -> str:
    acronym = lone_acronym(trial.typed)
    if not acronym:
        return ""
    sample = await context.store.search(trial.query, limit=_SPELLING_SAMPLE, since=trial.test.since)
    spelled = await think(long_forms, acronym, sample)
    if not spelled or spelled[0][1] < 2:
        return ""
    typed = beside(trial.typed, acronym, spelled[0][0])
    more = await _matches(context, trial, typed)
    if more is None or more <= trial.test.matches:
        return ""
    return f"Papers also spell it out: {quoted(typed, 300)} would match {more:,} instead of {trial.test.matches:,}."


async def _matches(context: Context, trial: Trial, typed: str) -> int | None:
    """How many papers the changed query matches in the same days; None when it would be no legal query."""
    try:
        query = Query.parse(typed)
    except QueryError:
        return None
    return (await context.store.back_test(query, since=trial.test.since)).matches


def as_phrase(typed: str) -> str:
    """The query with its plain words side by side, `"reward model" -survey`; empty when there are not two of them."""
    parts = typed.split()
    if any(part in _OPERATORS or part == "|" or "(" in part or ")" in part for part in parts) or '"' in typed:
        return ""
    plain = [part for part in parts if _PLAIN.fullmatch(part)]
    if len(plain) < 2:
        return ""
    return " ".join([f'"{" ".join(plain)}"', *(part for part in parts if part not in plain)])


def without(typed: str, word: str) -> str:
    """The query with a word excluded; alternatives are put into parentheses first, since AND binds tighter."""
    alternatives = "|" in typed or "OR" in typed.split()
    return f"({typed}) -{word}" if alternatives else f"{typed} -{word}"


def lone_acronym(typed: str) -> str:
    """The acronym that is a plain word of the query outside quotes, parentheses and alternatives; else empty."""
    parts = typed.split()
    if any(mark in typed for mark in '"“”()|') or _OPERATORS & set(parts):
        return ""
    found = [part for part in parts if _PLAIN.fullmatch(part) and is_acronym(part)]
    return found[0] if len(found) == 1 else ""


def beside(typed: str, acronym: str, long_form: str) -> str:
    """The query with the long form as an alternative to its acronym."""
    alternative = f'{acronym} OR "{long_form}"'
    if typed.strip() == acronym:
        return alternative
    return " ".join(f"({alternative})" if part == acronym else part for part in typed.split())


def telling_words(papers: Sequence[Paper], *, besides: str) -> list[str]:
    """At most three words that may be worth excluding, the best first; none that the query has itself."""
    own = frozenset(words(besides))
    titles = Counter(word for paper in papers for word in set(words(paper.title)))
    anywhere = Counter(word for paper in papers for word in {*words(paper.title), *words(paper.abstract)})

    def telling(word: str) -> bool:
        least = max(2, len(papers) * (_LEAST_SHARE_OF_KINDS if word in _KINDS else _LEAST_SHARE))
        return titles[word] >= least and anywhere[word] <= len(papers) * _GREATEST_SHARE

    candidates = [
        word for word in titles if len(word) > 2 and word.isalpha() and word not in own | UNTELLING and telling(word)
    ]
    candidates.sort(key=lambda word: (word not in _KINDS, -titles[word], word))
    return candidates[:_EXCLUSIONS]
