"""`python -m benchmarks.soak`: a month, the table, exit status 1 when a goal is missed."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.chaos.table import table
from benchmarks.crowd import Crowd
from benchmarks.material import source_of_papers
from benchmarks.soak.crowd import SIZE, town
from benchmarks.soak.month import AUTUMN, SPRING, Month
from benchmarks.soak.soaking import soak
from benchmarks.soak.table import rows

_EXAMPLES = 10


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="to simulate (default: %(default)s)")
    parser.add_argument(
        "--channels", type=int, default=SIZE.channels, help="with ten watches each (default: %(default)s)"
    )
    parser.add_argument("--autumn", action="store_true", help=f"begin on {AUTUMN} in place of {SPRING}")
    parser.add_argument("--first", type=date.fromisoformat, help="begin on that day")
    parser.add_argument("--folder", type=Path, help="for the store (default: the system's for temporary files)")
    chosen = parser.parse_args()
    logging.getLogger().setLevel(logging.WARNING)
    month = Month(chosen.first or (AUTUMN if chosen.autumn else SPRING), chosen.days)
    channels = chosen.channels
    size = Crowd(channels * 10, channels, max(1, channels // 10), channels * 3)
    folder = Path(mkdtemp(prefix="paperroute-soak-", dir=chosen.folder))
    print(f"{month.days} days from {month.first} on, {source_of_papers()} papers.", flush=True)
    begun = time.perf_counter()
    soaked = soak(folder, month, town(size))
    found = rows(soaked)
    print(f"\nIt took {(time.perf_counter() - begun) / 60:.1f} minutes.\n")
    print(table(found))
    made, lived = soaked.account, soaked.lived
    for examples in (made.lost, made.twice, made.early, made.late, made.unasked, lived.complaints):
        print("".join(f"\n  {each}" for each in examples[:_EXAMPLES]), end="", file=sys.stderr)
    if any(row.missed for row in found):
        for each in lived.samples:
            print(f"\n  {each}", end="", file=sys.stderr)
        print(f"\nA goal is missed. The store and what was posted: {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
