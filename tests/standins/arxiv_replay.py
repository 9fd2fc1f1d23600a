"""Real papers announced again, listing day by listing day, by ``tests.standins.arxiv``."""

from __future__ import annotations

import argparse
import json
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

from adapters.arxiv.announcements import earliest_listing_day
from bot.models import Paper
from tests.standins.arxiv import ArxivStandIn


def listing_day(paper: Paper) -> date:
    """The paper's listing day, estimated where it is not known."""
    return paper.announced or earliest_listing_day(paper.published)


def renumber(papers: Iterable[Paper]) -> list[Paper]:
    """The papers with ids as dense as arXiv's own: by listing day, then by submission, from 1 in each month.

    A sample of arXiv has gaps that the true sequence has not. An announcement's ids belong to the month of its evening.
    """
    ordered = sorted(papers, key=lambda paper: (listing_day(paper), paper.published, paper.id))
    numbered: list[Paper] = []
    for month, group in groupby(ordered, key=lambda paper: f"{listing_day(paper) - timedelta(days=1):%y%m}"):
        numbered += [
            replace(paper, id=f"{month}.{number:05d}", announced=listing_day(paper))
            for number, paper in enumerate(group, start=1)
        ]
    return numbered


class Replay:
    """Papers that are announced listing day by listing day."""

    def __init__(self, stand_in: ArxivStandIn, papers: Iterable[Paper]) -> None:
        self._stand_in = stand_in
        self._days = {day: list(group) for day, group in groupby(renumber(papers), key=listing_day)}
        self._waiting = deque(sorted(self._days))
        self._lock = threading.Lock()
        self.day: date | None = None

    def until(self, day: date) -> None:
        """Announce every day up to and with ``day``."""
        while self._waiting and self._waiting[0] <= day:
            self.advance()

    def advance(self) -> dict[str, object]:
        """Announce the next day."""
        with self._lock:
            if self._waiting:
                self.day = self._waiting.popleft()
                self._stand_in.announce(self._days[self.day])
        return self.status()

    def status(self) -> dict[str, object]:
        papers = self._days.get(self.day, []) if self.day else []
        return {
            "day": str(self.day),
            "papers": len(papers),
            "last": papers[-1].id if papers else None,
            "days_left": len(self._waiting),
            "requests": len(self._stand_in.requests),
        }


def main(
    arguments: Sequence[str] | None = None,
    *,
    stopped: threading.Event | None = None,
    ready: threading.Event | None = None,
) -> None:
    """Serve a replay until interrupted or ``stopped``; ``ready`` is set once it serves."""
    from tests.conftest import read_papers  # noqa: PLC0415 - the tests' fixtures are not needed by those who import this

    parser = argparse.ArgumentParser(description="arXiv's API on loopback, replaying real papers day by day.")
    parser.add_argument("--data", type=Path, required=True, help="papers.jsonl.gz")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--day", type=date.fromisoformat, help="the listing day to begin with (default: the last)")
    parser.add_argument("--since", type=date.fromisoformat, default=date(2025, 5, 1), help="leave out earlier days")
    parser.add_argument("--advance-every", type=float, metavar="SECONDS")
    options = parser.parse_args(arguments)
    stopped = stopped or threading.Event()
    stand_in = ArxivStandIn(port=options.port)
    replay = Replay(stand_in, (paper for paper in read_papers(options.data) if listing_day(paper) >= options.since))
    replay.until(options.day or date.max)
    stand_in.controls = {"/control/advance": replay.advance, "/control/status": replay.status}
    with stand_in:
        print(f"{stand_in.url} {json.dumps(replay.status())}", flush=True)  # noqa: T201 - said to whoever runs it
        if ready:
            ready.set()
        try:
            while not stopped.wait(options.advance_every):
                print(json.dumps(replay.advance()), flush=True)  # noqa: T201 - as above
        except KeyboardInterrupt:
            return
