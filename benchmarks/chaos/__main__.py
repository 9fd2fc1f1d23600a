"""`python -m benchmarks.chaos`: a campaign in some towns at a time, the table, exit status 1 when a goal is missed.

The seed decides what each life is to be; how far a life comes by then is up to the machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from benchmarks.chaos.alone import Settings, live
from benchmarks.chaos.table import rows, table
from benchmarks.material import source_of_papers

KILLS_A_SECOND = 500 / 560


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=560.0, help="how long lives are lived (default: %(default)s)")
    parser.add_argument("--towns", type=int, default=2, help="how many at a time (default: %(default)s)")
    parser.add_argument("--times", type=float, default=20.0, help="how fast time passes (default: %(default)s)")
    parser.add_argument("--longest", type=float, default=2.4, help="of a life, in seconds (default: %(default)s)")
    parser.add_argument("--seed", default="", help="what an earlier run printed, to repeat its plan")
    chosen = parser.parse_args()
    seed = chosen.seed or str(random.SystemRandom().randrange(10**9))
    settings = Settings(chosen.seconds, chosen.towns, chosen.times, chosen.longest)
    folder = Path(mkdtemp(prefix="paperroute-chaos-"))
    print(f"Seed {seed}, {source_of_papers()} papers, {settings.towns} towns, {settings.seconds:.0f} s.", flush=True)
    begun = time.monotonic()
    folders = [folder / f"town-{number}" for number in range(settings.towns)]
    for each in folders:
        each.mkdir()
    with ProcessPoolExecutor(settings.towns, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(live, each, f"{seed}-{each.name}", settings) for each in folders]
        outcomes = [each.result() for each in waiting]
    found = rows(outcomes, kills=int(settings.seconds * KILLS_A_SECOND), every_point=settings.seconds > 300)
    lives = sum(outcome.lives for outcome in outcomes)
    print(
        f"\n{lives:,} lives in {(time.monotonic() - begun) / 60:.1f} minutes. `make chaos SEED={seed}` repeats them.\n"
    )
    print(table(found))
    for outcome in outcomes:
        accounts = (*outcome.papers.values(), outcome.in_the_dark)
        details = [each for account in accounts for each in account.twice[-20:]]
        details += [*(f"save lost: {each}" for each in outcome.saves.lost[:20]), *outcome.early[:20]]
        details += [each for account in accounts for each in account.lost[:5]]
        print("".join(f"\n  {each}" for each in details), end="", file=sys.stderr)
    if any(row.missed for row in found):
        print(f"\nA goal is missed. Logs and databases: {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
