"""Write a file like arXiv's bulk metadata, of any size: `python -m benchmarks.snapshot_file FILE RECORDS`.

The papers are invented. As in the real file, ids of the present scheme come first, in their order, then the old ones
archive by archive. Months grow as arXiv has; texts have the lengths, the uneven words, plurals, formulas, accents and
versions of real ones. The same number of records gives the same file. Written as it is made: memory stays flat.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from bot.categories import CATEGORIES
from bot.paper_id import OLD_ARCHIVES

VOCABULARY = 60_000
OLD_SHARE = 0.16
_SYLLABLES = ("ba", "co", "di", "fu", "ge", "la", "mo", "ne", "pi", "ro", "su", "ta", "ve", "xi", "zo", "tran", "ler")
_FORMULAS = (
    "$k$", "$\\alpha$", "$O(n \\log n)$", "$x_{i}^2$", "$\\mathcal{L}$", "$10^{-3}$", "$\\sqrt{s} = 13$ TeV",
    "$\\mathbb{R}^d$", "$p$-adic", "Erd\\H{o}s", "$N=4$", "\\emph{a priori}",
)  # fmt: skip
_CATEGORIES = list(CATEGORIES)
_NAMES = ('M\\"uller', "Caf\\'e", "Balázs", "O'Neil", "Smith-Jones")


def vocabulary() -> tuple[list[str], list[float]]:
    """Invented words, the most common first, one in six of them a plural, and their cumulative weights."""
    random = Random(11)
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        word = "".join(random.choices(_SYLLABLES, k=random.choice((1, 2, 2, 3, 3, 4))))
        found[word + "s" if random.random() < 0.17 else word] = None
    words = list(found)
    return words, list(itertools.accumulate(1 / (rank + 8) for rank in range(len(words))))


def records(wanted: int) -> Iterator[dict[str, Any]]:
    """So many records."""
    random = Random(wanted)
    words, weights = vocabulary()
    for paper_id, moment in _ids(wanted, random):
        drawn = random.choices(words, cum_weights=weights, k=random.randint(70, 200))
        title, text = drawn[: random.randint(5, 14)], drawn[14:]
        if random.random() < 0.25:
            for _ in range(random.randint(1, 8)):
                text[random.randrange(len(text))] = random.choice(_FORMULAS)
        for place in range(random.randint(9, 16), len(text), 17):
            text[place] = f"{text[place].capitalize()}, we" if place % 2 else f"{text[place]}. The"
        if random.random() < 0.25:
            text[random.randrange(len(text))] = "model's"
        names = [_name(random, words) for _ in range(random.choice((1, 2, 3, 3, 4, 4, 5, 6, 9)))]
        yield {
            "id": paper_id,
            "submitter": " ".join(names[0][1::-1]),
            "authors": ", ".join(" ".join(name[1::-1]) for name in names),
            "title": " ".join(title).capitalize(),
            "comments": f"{random.randint(4, 60)} pages" if random.random() < 0.6 else None,
            "journal-ref": f"J. Post {random.randint(1, 90)} (2020) 1" if random.random() < 0.3 else None,
            "doi": f"10.1000/{paper_id}" if random.random() < 0.4 else None,
            "report-no": None,
            "categories": " ".join(random.sample(_CATEGORIES, random.choice((1, 1, 2, 3)))),
            "license": "http://creativecommons.org/licenses/by/4.0/",
            "abstract": "  "
            + "\n".join(" ".join(text[start : start + 12]) for start in range(0, len(text), 12))
            + ".\n",
            **_versions(moment, random),
            "authors_parsed": names,
        }


def _name(random: Random, words: list[str]) -> list[str]:
    """Last name, first name or initial, no suffix."""
    last = random.choice(words).title() if random.random() > 0.03 else random.choice(_NAMES)
    return [
        last,
        random.choice(words).title() if random.random() < 0.5 else random.choice("ABCDEFGHKLMNPRST") + ".",
        "",
    ]


def _versions(moment: datetime, random: Random) -> dict[str, Any]:
    """One to three versions, 40 days apart, and the day of the last."""
    versions = [moment + timedelta(days=40 * number) for number in range(random.choice((1, 1, 1, 2, 2, 3)))]
    return {
        "versions": [
            {"version": f"v{number}", "created": f"{at:%a}, {at.day} {at:%b %Y %H:%M:%S} GMT"}
            for number, at in enumerate(versions, 1)
        ],
        "update_date": f"{versions[-1]:%Y-%m-%d}",
    }


def _ids(wanted: int, random: Random) -> Iterator[tuple[str, datetime]]:
    """Ids in the order of the file, each with the moment of its submission."""
    old = int(wanted * OLD_SHARE)
    months = [(year, month) for year in range(2007, 2026) for month in range(1, 13) if (year, month) >= (2007, 4)]
    for (year, month), number in zip(months, _shares(wanted - old, len(months)), strict=True):
        digits = 5 if year >= 2015 else 4
        for place in range(1, number + 1):
            yield f"{year % 100:02}{month:02}.{place:0{digits}}", _moment(year, month, place / number, random)
    months = [(year, month) for year in range(1992, 2007) for month in range(1, 13)]
    slots = [(archive, year, month) for archive in OLD_ARCHIVES for year, month in months]
    each, more = divmod(old, len(slots))
    for number, (archive, year, month) in enumerate(slots):
        for place in range(1, each + (number < more) + 1):
            yield f"{archive}/{year % 100:02}{month:02}{place:03}", _moment(year, month, place / (each + 1), random)


def _shares(wanted: int, months: int) -> list[int]:
    """``wanted`` over the months, the last with five times as many as the first."""
    weights = [1 + 4 * month / months for month in range(months)]
    bounds = [round(wanted * total / sum(weights)) for total in itertools.accumulate(weights)]
    return [after - before for before, after in itertools.pairwise([0, *bounds])]


def _moment(year: int, month: int, part: float, random: Random) -> datetime:
    """Somewhere before that part of the month, sometimes held up for days."""
    held_up = random.expovariate(1 / 5) if random.random() < 0.15 else 0.0
    begun = datetime(year, month, 1, tzinfo=UTC)
    return (begun + timedelta(days=27 * part - 1 - held_up)).replace(microsecond=0)


def write(path: Path, wanted: int) -> None:
    """Write the file."""
    with path.open("w", encoding="utf-8") as file:
        for record in records(wanted):
            file.write(json.dumps(record) + "\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
