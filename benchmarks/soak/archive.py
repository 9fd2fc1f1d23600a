"""arXiv for a month, in a process of its own, so that its papers do not count as the program's memory.

``GET /control/announce`` lets the next announcement of the month be read. Each paper is used once where there are
enough real ones; ids are dense, as arXiv's.
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from multiprocessing.connection import Connection
from random import Random
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from benchmarks.material import texts
from benchmarks.soak.month import Month
from bot.models import Paper
from tests.standins.arxiv import ArxivStandIn

BEFORE = 300
"""Papers that were announced before the month began, of which there is the month's share as well."""

_MOST, _MIXED = 45_000, 20
_CUT_OFF = time(14)
_EASTERN = ZoneInfo("America/New_York")
_APART = timedelta(seconds=20)
_TIMEOUT = 30.0


def mixed(wanted: int) -> list[Paper]:
    """So many papers or more where there are, of all fields and years of the material in any order: as it comes, one
    week would be all of mathematics and the next one all of artificial intelligence."""
    found = list(itertools.islice(texts(), min(_MOST, _MIXED * wanted)))
    Random(5).shuffle(found)
    return found


def announcements(month: Month) -> Iterator[list[Paper]]:
    """The papers that were there before, then those of each announcement."""
    wanted = BEFORE + sum(each.papers for each in month.announcements)
    found = itertools.cycle(mixed(wanted))
    numbers: dict[str, int] = {}
    before = month.first - timedelta(days=3)
    for listing, papers in [
        (before, round(BEFORE * month.share)),
        *((each.listing, each.papers) for each in month.announcements),
    ]:
        yield list(_numbered(itertools.islice(found, papers), listing, numbers, papers))


def _numbered(found: Iterable[Paper], listing: date, numbers: dict[str, int], papers: int) -> Iterator[Paper]:
    evening = listing - timedelta(days=1)
    # What is announced on Sunday was submitted until Friday.
    cut_off = evening - timedelta(days=2 if evening.weekday() == 6 else 0)
    end = datetime.combine(cut_off, _CUT_OFF, _EASTERN).astimezone(UTC)
    month = f"{evening:%y%m}"
    for place, paper in enumerate(found):
        numbers[month] = numbers.get(month, 0) + 1
        moment = end - _APART * (papers - place)
        yield replace(
            paper,
            id=f"{month}.{numbers[month]:05}",
            version=1,
            published=moment,
            updated=moment,
            announced=listing,
        )


@contextmanager
def stand_in(month: Month) -> Iterator[str]:
    """The address of arXiv's API, served by this process as long as the block lasts."""
    before, *made = announcements(month)
    waiting = iter(made)
    with ArxivStandIn(before) as serving:

        def announce() -> int:
            papers = next(waiting)
            serving.announce(papers)
            return len(papers)

        serving.controls = {"/control/announce": announce}
        yield serving.url


def _serve(pipe: Connection, month: Month) -> None:
    with stand_in(month) as url:
        pipe.send(url)
        pipe.recv()


@contextmanager
def served(month: Month) -> Iterator[str]:
    """The same, served by another process."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, month))
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join()
        process.close()
        here.close()
        there.close()


async def announce(url: str) -> None:
    """Let the next announcement be read."""

    def ask() -> None:
        with urllib.request.urlopen(urljoin(url, "/control/announce"), timeout=_TIMEOUT) as answer:  # noqa: S310  ours
            answer.read()

    await asyncio.to_thread(ask)
