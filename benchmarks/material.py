"""Papers and queries to measure with: real ones where there are any beside the checkout, invented ones elsewhere.

Always the same ones: the random numbers start from a fixed seed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from bot.categories import CATEGORIES
from bot.models import Paper
from tests.conftest import DATA, read_papers

PAPERS_A_DAY = 1_300
_SYLLABLES = ("ba", "co", "di", "fu", "ge", "la", "mo", "ne", "pi", "ro", "su", "ta", "ve", "xi", "zo", "tran", "ler")


def source_of_papers() -> str:
    """What ``papers`` gives: "real" or "invented"."""
    return "real" if (DATA / "papers.jsonl.gz").exists() else "invented"


def papers(wanted: int, last_day: date) -> list[Paper]:
    """So many papers in dense ids, ``PAPERS_A_DAY`` a listing day, the last ones listed on ``last_day``.

    Texts repeat where more are wanted than there are.
    """
    return list(listed(wanted, last_day))


def listed(wanted: int, last_day: date) -> Iterator[Paper]:
    """What ``papers`` gives, one by one."""
    repeated = list(itertools.islice(texts(), min(wanted, 45_000)))
    days = -(-wanted // PAPERS_A_DAY)
    numbers: dict[str, int] = {}
    for place in range(wanted):
        day = last_day - timedelta(days=days - 1 - place // PAPERS_A_DAY)
        month = f"{day:%y%m}"
        numbers[month] = numbers.get(month, 0) + 1
        moment = datetime(day.year, day.month, day.day, 15, tzinfo=UTC) - timedelta(days=2)
        yield replace(
            repeated[place % len(repeated)],
            id=f"{month}.{numbers[month]:05}",
            version=1,
            published=moment,
            updated=moment,
            announced=day,
        )


def queries(wanted: int) -> list[str]:
    """Distinct queries as teams write them: words, phrases, alternatives, exclusions, authors, categories."""
    random = Random(7)
    titles = [re.findall(r"[A-Za-z]{4,}", paper.title) for paper in itertools.islice(texts(), 20_000)]
    titles = [words for words in titles if len(words) >= 4]
    found: dict[str, None] = {}
    while len(found) < wanted:
        words = random.choice(titles)
        start = random.randrange(len(words) - 3)
        a, b, c = words[start : start + 3]
        kind = random.random()
        if kind < 0.3:
            query = f"{a} {b}"
        elif kind < 0.6:
            query = f'"{a} {b}"'
        elif kind < 0.8:
            query = f'("{a} {b}" OR {c}) -{random.choice(words)} {random.choice(random.choice(titles))}'
        elif kind < 0.9:
            query = f'au:"{random.choice("ABCDEFGHJKLMNPRST")}. {random.choice(random.choice(titles))}"'
        else:
            query = f"{a} {b} cat:{random.choice(list(CATEGORIES))}"
        found[query] = None
    return list(found)


def texts() -> Iterator[Paper]:
    if source_of_papers() == "real":
        yield from read_papers(DATA / "papers.jsonl.gz")
    else:
        yield from _invented()


def _invented() -> Iterator[Paper]:
    """Papers in an invented language whose words are as unevenly common as those of a real one."""
    random = Random(3)
    vocabulary = list({"".join(random.choices(_SYLLABLES, k=random.randint(2, 4))): None for _ in range(30_000)})
    weights = list(itertools.accumulate(1 / (rank + 10) for rank in range(len(vocabulary))))
    categories = list(CATEGORIES)
    moment = datetime(2026, 1, 5, tzinfo=UTC)
    for place in itertools.count():
        words = random.choices(vocabulary, cum_weights=weights, k=190)
        yield Paper(
            id=f"2601.{place % 99_999 + 1:05}",
            version=1,
            title=" ".join(words[:10]).capitalize(),
            abstract=" ".join(words[10:]).capitalize() + ".",
            authors=tuple(f"{random.choice(vocabulary).title()} {random.choice(vocabulary).title()}" for _ in range(4)),
            categories=tuple(random.sample(categories, 2)),
            published=moment,
            updated=moment,
        )
