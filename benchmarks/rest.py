"""Memory at rest: the real program over a store that was filled before, after its first poll, with nothing to do.

And how long it takes from its start until it answers a command, in time and in processor time.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from benchmarks.measuring import report, resident_megabytes
from bot.models import Paper
from storage.sqlite.values import to_paper
from tests.standins.arxiv import ArxivStandIn


def newest(database: Path) -> list[Paper]:
    """The last papers of the store's archive, so that arXiv has nothing new."""
    with closing(sqlite3.connect(database)) as db:
        rows = db.execute("SELECT * FROM papers ORDER BY ordinal DESC LIMIT 200").fetchall()
    return [to_paper(row) for row in reversed(rows)]


def main(database: Path) -> None:
    with ArxivStandIn(newest(database)) as stand_in:
        environment = os.environ | {
            "PAPERROUTE_DATABASE": str(database),
            "ARXIV_API_URL": stand_in.url,
            "PAPERROUTE_ARXIV_DELAY": "0",
            "PAPERROUTE_BACKFILL": "0",
            "PAPERROUTE_LOG": "info",
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.cli", "console"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            cwd=database.parent,
            text=True,
        )
        assert process.stderr is not None
        assert process.stdin is not None
        assert process.stdout is not None
        started = time.perf_counter()
        process.stdin.write("status\n")
        process.stdin.flush()
        process.stdout.readline()
        ready, ready_cpu = time.perf_counter() - started, _cpu_seconds(process.pid)
        threading.Thread(target=process.stdout.read, daemon=True).start()
        polled = False
        for line in process.stderr:
            if "Polled:" in line:
                polled = True
                break
        if not polled:
            raise RuntimeError("the program ended before its first poll")
        threading.Thread(target=process.stderr.read, daemon=True).start()
        cpu = _cpu_seconds(process.pid)
        time.sleep(5.0)
        idle = (_cpu_seconds(process.pid) - cpu) / 5.0
        resting = resident_megabytes(process.pid)
        process.terminate()
        begun = time.perf_counter()
        status = process.wait(timeout=10)
        report(
            ready_seconds=round(ready, 2),
            ready_cpu_seconds=round(ready_cpu, 2),
            resting_mb=round(resting),
            idle_cpu_percent=round(idle * 100, 1),
            stopped_after_seconds=round(time.perf_counter() - begun, 2),
            exit_status=status,
        )


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
