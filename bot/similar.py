"""Papers that are like others: what `similar` answers, and what a digest proposes to a channel that saves papers.

`similar`: the index names a few hundred papers that are near; their texts are then compared exactly, and the reason is
looked up in both. The paper that is asked about is compared by its text, so it need not be in the index.

A digest's proposals: of what was announced since the last one and is neither owed nor posted, the papers most like
those that members saved in the channel within ``SAVED_WITHIN``. Announced papers are compared by their texts as well,
so it does not matter whether they came before the index or after it; their vectors are remembered, since many channels
are proposed the same day's papers.

All that computes runs in threads. The index is made again when it is ``STALE``; housekeeping calls ``refresh`` daily.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from bot.commands.saying import titled
from bot.errors import WorkerError
from bot.models import Channel, Paper, PaperText, Save, Similar
from bot.ports import Clock, Store, TermIndex, Terms
from bot.reasons import reasons
from bot.schedule import HOUSEKEEPING, HOUSEKEEPING_DELAY
from bot.similarity import likeness, text_words, vector
from bot.thinking import think
from bot.wording import count, listed

logger = logging.getLogger(__name__)

STALE = timedelta(hours=20)
SAVED_WITHIN = timedelta(days=90)
MOST_PROPOSED = 3

_BLOCK = 500
_NEAR = 100
_LEAST_LIKE = 0.08
_MOST_SAVES = 100
_MOST_NEW = 2_000
_LEAST_TO_PROPOSE = 0.16
_REMEMBERED = 2_000
_LONGEST_TITLE = 80


class Relatives:
    """``bot.ports.SimilarPapers`` over an index of the archive's words."""

    def __init__(self, store: Store, index: TermIndex, clock: Clock) -> None:
        self._store = store
        self._index = index
        self._clock = clock
        self._begun = clock.now()
        self._vectors: OrderedDict[str, dict[str, float]] = OrderedDict()
        self._vectors_of: Terms | None = None

    def expected(self, now: datetime) -> datetime:
        first = self._begun + HOUSEKEEPING_DELAY
        if now <= first:
            return first
        today = datetime.combine(now.astimezone(UTC).date(), HOUSEKEEPING, UTC)
        return today if now <= today else today + timedelta(days=1)

    async def refresh(self) -> int:
        """Make the index anew if it is stale; returns of how many papers, 0 where it is not, or the archive is empty.

        What goes wrong is logged: the old index still serves. Raises StoreError.
        """
        terms = await asyncio.to_thread(self._index.terms)
        now = self._clock.now()
        if terms is not None and now - terms.made_at < STALE:
            return 0
        if not (await self._store.archive_span()).papers:
            return 0
        try:
            papers = await self._index.rebuild(self._texts(), now)
        except WorkerError as error:
            logger.warning("The index of similar papers was not made: %s", error)
            return 0
        logger.info("Made the index of similar papers of %s.", count(papers, "paper"))
        return papers

    async def _texts(self) -> AsyncIterator[Sequence[PaperText]]:
        after = ""
        while block := await self._store.texts(after=after, limit=_BLOCK):
            yield block
            after = block[-1].id

    async def like(self, paper: Paper, limit: int) -> list[Similar] | None:
        terms = await asyncio.to_thread(self._index.terms)
        if terms is None:
            return None
        asked = PaperText(paper.id, paper.title, paper.abstract)
        names = await think(_near, terms, asked)
        texts = await self._store.texts_of([name for name in names if name != paper.id])
        found = await think(_nearest, terms, asked, texts, limit)
        similar = []
        for name, why in found:
            if (other := await self._store.paper(name)) is not None:
                similar.append(Similar(other, f"because both speak of {listed(why)}" if why else ""))
        return similar

    async def proposals(self, channel: Channel) -> list[Similar]:
        """At most three papers for the end of a channel's digest, nearest first. Raises StoreError."""
        terms = await asyncio.to_thread(self._index.terms)
        if terms is None:
            return []
        since = self._clock.now() - SAVED_WITHIN
        saves = [save for save in await self._store.saved_in(channel.ref, limit=_MOST_SAVES) if save.saved_at >= since]
        new = await self._store.unposted(channel.ref, _MOST_NEW) if saves else []
        if not new:
            return []
        if self._vectors_of is not terms:
            self._vectors_of = terms
            self._vectors.clear()
        unknown = await self._store.texts_of([name for name in new if name not in self._vectors])
        made = await asyncio.to_thread(_vectors, terms, unknown)
        known = {name: self._vectors[name] for name in new if name in self._vectors}
        self._remember(made)
        chosen = await asyncio.to_thread(_proposed, terms, saves, known | made)
        proposed = []
        for name, save in chosen:
            if (paper := await self._store.paper(name)) is not None:
                because = f"because you saved {titled(save.paper.title, _LONGEST_TITLE)}"
                proposed.append(Similar(paper, because))
        return proposed

    def _remember(self, vectors: dict[str, dict[str, float]]) -> None:
        self._vectors.update(vectors)
        while len(self._vectors) > _REMEMBERED:
            self._vectors.popitem(last=False)


def _near(terms: Terms, asked: PaperText) -> list[str]:
    return terms.near(vector(text_words(asked), terms.weight), _NEAR)


def _nearest(terms: Terms, asked: PaperText, texts: Iterable[PaperText], limit: int) -> list[tuple[str, list[str]]]:
    """The papers most like the one asked about, nearest first, and what they have in common with it."""
    own = vector(text_words(asked), terms.weight)
    ranked = sorted(
        ((likeness(own, vector(text_words(text), terms.weight)), text.id, text) for text in texts), reverse=True
    )
    return [(text.id, reasons(asked, text, terms.weight)) for value, _, text in ranked[:limit] if value >= _LEAST_LIKE]


def _vectors(terms: Terms, texts: Iterable[PaperText]) -> dict[str, dict[str, float]]:
    return {text.id: vector(text_words(text), terms.weight) for text in texts}


def _proposed(terms: Terms, saves: Sequence[Save], new: dict[str, dict[str, float]]) -> list[tuple[str, Save]]:
    """The new papers most like some saved one, each with that one; of papers like the same one the nearest only."""
    by_word: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for place, save in enumerate(saves):
        text = PaperText(save.paper.id, save.paper.title, save.paper.abstract)
        for word, value in vector(text_words(text), terms.weight).items():
            by_word[word].append((place, value))
    ranked = []
    for name, own in new.items():
        like = [0.0] * len(saves)
        for word, value in own.items():
            for place, other in by_word.get(word, ()):
                like[place] += value * other
        best = max(range(len(saves)), key=like.__getitem__)
        if like[best] >= _LEAST_TO_PROPOSE:
            ranked.append((like[best], name, best))
    chosen: dict[int, str] = {}
    for _, name, best in sorted(ranked, reverse=True):
        if best not in chosen and len(chosen) < MOST_PROPOSED:
            chosen[best] = name
    return [(name, saves[best]) for best, name in chosen.items()]
