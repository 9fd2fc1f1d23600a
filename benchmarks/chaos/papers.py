"""Papers that appear at arXiv's stand-in, and what is owed of them.

Texts are those of ``benchmarks.material``, real ones where there are any beside the checkout. Some titles end with the
name of an animal that no paper speaks of: whether a paper is wanted by a watch for such a name, or for a category, is
plain without asking the program.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random

from benchmarks import material
from bot.models import Paper

ANIMALS = ("bettong", "bilby", "dunnart", "kowari", "numbat", "potoroo", "quokka", "wombat")
_TEXTS = 1_500
_SHARE = 0.45


@lru_cache(maxsize=1)
def _texts() -> tuple[Paper, ...]:
    made = material.papers(_TEXTS, datetime.now(UTC).date())
    return tuple(paper for paper in made if not any(name in _words(paper) for name in (*ANIMALS, "arxiv.org")))


def _words(paper: Paper) -> str:
    return f"{paper.title} {paper.abstract} {paper.comment}".casefold()


class Press:
    """Makes announcements: dense ids, in the month of the moment."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._month = ""
        self._number = 0

    def announcement(self, wanted: int, now: datetime) -> list[Paper]:
        """The next so many papers."""
        month = f"{now:%y%m}"
        if month > self._month:
            self._month, self._number = month, 0
        made = []
        for text in self._random.sample(_texts(), wanted):
            self._number += 1
            animals = [name.title() for name in ANIMALS if self._random.random() < _SHARE / 2]
            moment = (now - timedelta(days=1)).replace(microsecond=0)
            made.append(
                replace(
                    text,
                    id=f"{self._month}.{self._number:05}",
                    version=1,
                    title=" ".join([text.title, *animals]),
                    published=moment,
                    updated=moment,
                    announced=None,
                )
            )
        return made

    def old(self, wanted: int, now: datetime) -> list[Paper]:
        """Papers from before the program began to read."""
        moment = (now - timedelta(days=120)).replace(microsecond=0)
        return [
            replace(text, id=f"{moment:%y%m}.{number:05}", version=1, published=moment, updated=moment, announced=None)
            for number, text in enumerate(self._random.sample(_texts(), wanted), 1)
        ]


def wanted_by(query: str, paper: Paper) -> bool:
    """Whether a watch for an animal or a category wants the paper."""
    if query.startswith("cat:"):
        return query.removeprefix("cat:") in paper.categories
    return query in paper.title.casefold()
