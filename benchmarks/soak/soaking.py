"""A whole soak, from the empty folder to its figures."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

from benchmarks.soak.account import account, owed
from benchmarks.soak.archive import announcements, served
from benchmarks.soak.crowd import Town
from benchmarks.soak.growth import Growth
from benchmarks.soak.life import Lived, ledger_of, live, on_virtual_time, prepare
from benchmarks.soak.month import Month
from benchmarks.soak.platforms import read
from benchmarks.soak.table import Soaked
from benchmarks.soak.virtual import VirtualClock


def soak(folder: Path, month: Month, everybody: Town) -> Soaked:
    """Fill a store in ``folder``, let the program live with it in a process of its own, and look at what it did."""
    database = folder / "paperroute.db"
    with served(month) as url:
        filled(month, database, url, everybody)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            lived = pool.submit(live, month, database, url).result()
    return looked_over(month, database, everybody, lived)


def filled(month: Month, database: Path, url: str, everybody: Town) -> None:
    """Make the store as it is a minute before the month begins."""
    work = partial(prepare, database=database, url=url, everybody=everybody)
    on_virtual_time(VirtualClock(month.start - timedelta(minutes=1)), work)


def looked_over(month: Month, database: Path, everybody: Town, lived: Lived) -> Soaked:
    """Compare what was posted with what had to be."""
    before, *announced = announcements(month)
    wanted = owed(month, everybody, before, announced)
    made = account(month, everybody, wanted, read(ledger_of(database)))
    growth = Growth(
        papers=sum(map(len, announced)),
        matches=wanted.matches,
        deliveries=wanted.deliveries,
        entries=made.owed + made.cards,
        posts=made.messages,
    )
    watches = sum(len(place.queries) for place in everybody.places)
    return Soaked(month, len(everybody.places), watches, lived, made, growth)
