"""Matching a million distinct queries: 2,000 papers, and a poll of 50, beside two other ways, with peak memory.

The queries are made in a process of its own (``benchmarks.watched``), and streamed from their store in this one, in one
thread, which lists every pair. ``python -m benchmarks.matching DATABASE`` keeps the store, or takes the one there.

The other ways are asked a sample of the same queries, and what they take is scaled to all. They must find the pairs
that the index finds:

- one FTS5 query a watch, over a table of the normalised texts as the store has them;
- each query asked of each paper: are its words in the paper's set of words, and its phrases in the text.

For the same sample ``Query.matches`` is asked of each pair. Memory is told above that of the process with its store
open, and above that after the queries were streamed once, which leaves SQLite's cache full, as at rest.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.material import papers, source_of_papers
from benchmarks.measuring import peak_megabytes, report, resident_megabytes
from benchmarks.watched import ASKED_OF, MILLION
from bot.matching import PaperIndex
from bot.models import Paper
from bot.query import And, Field, Node, Not, Or, Query, Term
from bot.text import name_words, normalize
from storage.sqlite import SqliteStore
from storage.sqlite.full_text import expression

POLL = 50
SAMPLE = 2_000
RUNS = 3

Pairs = set[tuple[str, str]]
"""Canonical forms of queries with ids of papers that match."""


async def matched(store: SqliteStore, index: PaperIndex) -> tuple[float, int]:
    """Processor seconds to stream all queries, match them and list every pair, and the number of pairs."""
    begun = time.process_time()
    pairs = 0
    async for block in store.queries():
        for _, ids in index.match(block.numbers, block.compiled):
            pairs += len(ids)
    return time.process_time() - begun, pairs


def built(news: Sequence[Paper]) -> tuple[float, PaperIndex]:
    """Processor seconds to make an index of papers, and that. What it only makes once it is asked for words, pairs or
    phrases of three is made, too."""
    query = Query.parse('one "two words" "three words more"')
    begun = time.process_time()
    index = PaperIndex(news)
    list(index.match([query], query.compiled))
    return time.process_time() - begun, index


async def measure(database: Path) -> None:
    store = await SqliteStore.open(database)
    try:
        opened = resident_megabytes(os.getpid())
        async for _ in store.queries():
            pass
        rest = resident_megabytes(os.getpid())
        news = papers(ASKED_OF, datetime.now(UTC).date())
        building = matching = polling = float("inf")
        pairs = 0
        for _ in range(RUNS):
            taken, index = built(news)
            building = min(building, taken)
            taken, pairs = await matched(store, index)
            matching = min(matching, taken)
            del index  # or the next one is made beside it
        for _ in range(RUNS):
            taken, index = built(news[:POLL])
            polling = min(polling, taken + (await matched(store, index))[0])
        peak = peak_megabytes()
    finally:
        await store.close()
    asked = sample(database)
    ours = {
        (query.canonical, paper)
        for query, ids in PaperIndex(news).match(asked, b"".join(query.compiled for query in asked))
        for paper in ids
    }
    compared = Comparison(news, asked, ours)
    report(
        source=source_of_papers(),
        queries=MILLION,
        papers=len(news),
        pairs=pairs,
        build_seconds=round(building, 2),
        match_seconds=round(matching, 2),
        above_rest_mb=round(peak - rest),
        above_opened_mb=round(peak - opened),
        poll_papers=POLL,
        poll_seconds=round(polling, 2),
        sample=len(asked),
        fts_ratio=round(compared.seconds(by_full_text) / (building + matching)),
        words_ratio=round(compared.seconds(by_words) / (building + matching)),
        different=compared.different(by_reference),
    )


def sample(database: Path) -> list[Query]:
    """Some queries of the store, read again from their texts. They are drawn, since kinds of queries take turns."""
    drawn = json.dumps(sorted(Random(5).sample(range(1, MILLION + 1), SAMPLE)))
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT canonical, compiled FROM json_each(?) drawn JOIN queries ON queries.id = drawn.value", (drawn,)
        ).fetchall()
    found = [Query.parse(canonical) for canonical, _ in rows]
    if len(found) != SAMPLE or [query.compiled for query in found] != [compiled for _, compiled in rows]:
        raise RuntimeError("the queries were not drawn in normal form")
    return found


@dataclass(frozen=True, slots=True)
class Comparison:
    """Other ways over a sample. ``ours``: what the index says of it."""

    papers: Sequence[Paper]
    asked: Sequence[Query]
    ours: Pairs

    def seconds(self, way: Callable[[Sequence[Paper], Sequence[Query]], Pairs]) -> float:
        """The processor time that all queries would take. Raises RuntimeError when it does not say the same."""
        begun = time.process_time()
        found = way(self.papers, self.asked)
        taken = time.process_time() - begun
        if found != self.ours:
            raise RuntimeError(f"{way.__name__} says otherwise of {len(found ^ self.ours)} pairs")
        return taken * MILLION / len(self.asked)

    def different(self, way: Callable[[Sequence[Paper], Sequence[Query]], Pairs]) -> int:
        """The number of pairs of which the index and another way do not say the same."""
        return len(way(self.papers, self.asked) ^ self.ours)


def by_reference(news: Sequence[Paper], asked: Iterable[Query]) -> Pairs:
    return {(query.canonical, paper.id) for query in asked for paper in news if query.matches(paper) is not None}


def by_full_text(news: Sequence[Paper], asked: Iterable[Query]) -> Pairs:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            "CREATE VIRTUAL TABLE news USING fts5 (title, abstract, authors, categories,"
            " tokenize = \"ascii tokenchars '+#.-|'\")"
        )
        connection.executemany(
            "INSERT INTO news (rowid, title, abstract, authors, categories) VALUES (?, ?, ?, ?, ?)",
            (
                (
                    place,
                    normalize(paper.title),
                    normalize(paper.abstract),
                    " | ".join(" ".join(name_words(name)) for name in paper.authors),
                    " ".join(paper.categories),
                )
                for place, paper in enumerate(news)
            ),
        )
        return {
            (query.canonical, news[place].id)
            for query in asked
            for (place,) in connection.execute("SELECT rowid FROM news WHERE news MATCH ?", (expression(query.root),))
        }


class Words:
    """The words of a paper as sets, and its texts for phrases."""

    def __init__(self, paper: Paper) -> None:
        self.id = paper.id
        texts = (normalize(paper.title), normalize(paper.abstract))
        names = [" ".join(name_words(name)) for name in paper.authors]
        self._words = frozenset(" ".join(texts).split())
        self._text = f" {' | '.join(texts)} "
        self._name_words = frozenset(" ".join(names).split())
        self._names = f" {' | '.join(names)} "
        self._categories = frozenset(paper.categories)

    def satisfy(self, node: Node) -> bool:
        match node:
            case Term():
                return self._have(node)
            case Not(term):
                return not self._have(term)
            case And(children):
                return all(map(self.satisfy, children))
            case Or(children):
                return any(map(self.satisfy, children))

    def _have(self, term: Term) -> bool:
        if term.field is Field.CATEGORY:
            return term.words[0] in self._categories
        words, text = (self._name_words, self._names) if term.field is Field.AUTHOR else (self._words, self._text)
        if len(term.words) == 1:
            return term.words[0] in words
        return words.issuperset(term.words) and f" {' '.join(term.words)} " in text


def by_words(news: Sequence[Paper], asked: Iterable[Query]) -> Pairs:
    known = [Words(paper) for paper in news]
    return {(query.canonical, paper.id) for query in asked for paper in known if paper.satisfy(query.root)}


async def make(database: Path) -> None:
    """A store with the queries."""
    await (await SqliteStore.open(database)).close()
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "benchmarks.watched", str(database), str(MILLION)], check=True
    )


def main() -> None:
    with TemporaryDirectory() as folder:
        database = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(folder) / "bench.db"
        if not database.exists():
            asyncio.run(make(database))
        asyncio.run(measure(database))


if __name__ == "__main__":
    main()
