"""Measure every size in a process of its own, print the tables, draw the plots into this folder.

``python -m benchmarks.growth [PARTS]``, of ``watches``, ``channels``, ``papers``; all of them take about ten minutes,
and 5 GB of disk for a while.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.__main__ import run
from benchmarks.growth.picture import Line, Panel, draw
from benchmarks.growth.watches import some_queries
from benchmarks.matching import make
from benchmarks.snapshot_file import write as write_snapshot

WATCHES = (1_000, 10_000, 100_000, 1_000_000)
PAPERS = (10_000, 100_000, 1_000_000)
CHANNELS = (100, 1_000, 10_000, 100_000)
WATCHES_A_CHANNEL = 10
REQUEST_SECONDS = 3.0
"""arXiv asks for so long between two requests (https://info.arxiv.org/help/api/tou.html)."""

Figures = dict[str, Any]


def by_watches(folder: Path) -> list[Figures]:
    largest = folder / f"{WATCHES[-1]}.db"
    asyncio.run(make(largest))
    measured = []
    for watches in WATCHES:
        database = folder / f"{watches}.db"
        if database != largest:
            some_queries(largest, database, watches)
        measured.append(run("benchmarks.growth.watches", str(database)))
        if database != largest:
            database.unlink()
    largest.unlink()
    return measured


def by_papers(folder: Path) -> list[Figures]:
    measured = []
    for papers in PAPERS:
        snapshot, database = folder / "snapshot.json", folder / f"{papers}.db"
        write_snapshot(snapshot, papers)
        imported = run("benchmarks.bulk_import", "import", str(snapshot), str(database))
        asked = run("benchmarks.bulk_import", "ask", str(snapshot), str(database))
        measured.append({**asked, "import_peak_mb": imported["peak_mb"]})
        snapshot.unlink()
        database.unlink()
    return measured


def by_channels(folder: Path) -> list[Figures]:
    measured = []
    for channels in CHANNELS:
        database = str(folder / f"{channels}.db")
        run("benchmarks.crowd", database, str(channels * WATCHES_A_CHANNEL))
        measured.append(run("benchmarks.fanout", database))
    return measured


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print("\n" + "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows)))


def long(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:,.2g} s" if seconds < 10 else f"{seconds:,.0f} s"


def _ours(measured: Sequence[Figures], figure: str) -> Line:
    return Line("paperroute", [each[figure] for each in measured])


def tell_watches(measured: Sequence[Figures], folder: Path) -> None:
    full_text, words = (measured[-1][f"{way}_seconds_a_query"] for way in ("full_text", "words"))
    sizes = [each["watches"] for each in measured]
    ways = {
        "a request each": [REQUEST_SECONDS * size for size in sizes],
        "words in sets": [words * size for size in sizes],
        "FTS5, a query each": [full_text * size for size in sizes],
        "paperroute": [each["seconds"] for each in measured],
    }
    print_table(
        ["distinct watches", *(f"time: {way}" for way in ways), "pairs listed", "memory above a store just opened",
         "file"],
        [
            [f"{size:,}", *(long(taken[place]) for taken in ways.values()), f"{each['pairs']:,}",
             f"{each['above_rest_mb']} MB", f"{each['file_mb']:,} MB"]
            for place, (size, each) in enumerate(zip(sizes, measured, strict=True))
        ],
    )  # fmt: skip
    panels = [
        Panel("time, seconds", [Line(way, taken) for way, taken in ways.items()]),
        Panel(
            "memory above a store just opened, MB",
            [Line("paperroute", [each["above_rest_mb"] for each in measured])],
            linear=True,
        ),
        Panel("file, MB", [_ours(measured, "file_mb")]),
    ]
    draw(folder / "watches.png", "A day's 2,000 papers against that many distinct watches", "watches", sizes, panels)


def tell_papers(measured: Sequence[Figures], folder: Path) -> None:
    sizes = [each["papers"] for each in measured]
    ways = {
        "a request to arXiv": [REQUEST_SECONDS * 1000 for _ in sizes],
        "search, 95 %": [each["search_p95_ms"] for each in measured],
        "search, median": [each["search_ms"] for each in measured],
        "back-test, median": [each["back_test_ms"] for each in measured],
    }
    print_table(
        ["papers", *(f"time: {way}" for way in ways), "memory", "memory of the import", "file"],
        [
            [f"{size:,}", *(f"{taken[place]:,} ms" for taken in ways.values()), f"{each['peak_mb']} MB",
             f"{each['import_peak_mb']} MB", f"{each['file_mb']:,} MB"]
            for place, (size, each) in enumerate(zip(sizes, measured, strict=True))
        ],
    )  # fmt: skip
    panels = [
        Panel("time, milliseconds", [Line(way, taken) for way, taken in ways.items()]),
        Panel(
            "memory, MB",
            [
                Line("importing", [each["import_peak_mb"] for each in measured]),
                Line("asking", [each["peak_mb"] for each in measured]),
            ],
            linear=True,
        ),
        Panel("file, MB", [_ours(measured, "file_mb")]),
    ]
    draw(folder / "papers.png", "Asking an archive of that many papers", "papers", sizes, panels)


def tell_channels(measured: Sequence[Figures], folder: Path) -> None:
    sizes = [each["channels"] for each in measured]
    ways = {
        "a request a watch": [REQUEST_SECONDS * WATCHES_A_CHANNEL * size for size in sizes],
        "paperroute": [each["wall_seconds"] for each in measured],
    }
    print_table(
        ["channels", "watches", "deliveries", *(f"time: {way}" for way in ways), "commands meanwhile, 99 %",
         "memory above rest", "file"],
        [
            [f"{size:,}", f"{each['watches']:,}", f"{each['deliveries']:,}",
             *(long(taken[place]) for taken in ways.values()), f"{each['command_p99_ms']} ms",
             f"{each['peak_above_rest_mb']} MB", f"{each['file_mb']:,} MB"]
            for place, (size, each) in enumerate(zip(sizes, measured, strict=True))
        ],
    )  # fmt: skip
    panels = [
        Panel("time, seconds", [Line(way, taken) for way, taken in ways.items()]),
        Panel(
            "memory above rest, MB",
            [Line("paperroute", [each["peak_above_rest_mb"] for each in measured])],
            linear=True,
        ),
        Panel("file, MB", [_ours(measured, "file_mb")]),
    ]
    title = f"A poll of {measured[-1]['papers']:,} papers owed to that many channels, ten watches each"
    draw(folder / "channels.png", title, "channels", sizes, panels)


PARTS: dict[str, Callable[[Path, Path], None]] = {
    "watches": lambda scratch, folder: tell_watches(by_watches(scratch), folder),
    "channels": lambda scratch, folder: tell_channels(by_channels(scratch), folder),
    "papers": lambda scratch, folder: tell_papers(by_papers(scratch), folder),
}


def main(parts: Sequence[str]) -> None:
    for part in parts or PARTS:
        with TemporaryDirectory() as scratch:
            PARTS[part](Path(scratch), Path(__file__).parent)


if __name__ == "__main__":
    main(sys.argv[1:])
