"""What a process holds: memory, tasks, threads, sockets, files; and how large its store is. Linux alone tells.

Memory is looked at when what is not referred to any more has been collected and what is free given back to the system
(``malloc_trim`` of glibc), so that it grows only where something is kept: pages that the allocator holds for the next
large announcement are no leak, and hide one.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import os
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.measuring import resident_megabytes


@dataclass(frozen=True, slots=True)
class Sample:
    """Sizes in megabytes (10^6 bytes); ``untrimmed``: ``resident`` before what is free was given back."""

    at: datetime
    untrimmed: float
    resident: float
    tasks: int
    threads: int
    sockets: int
    files: int
    file_mb: float
    wal_mb: float


def sample(at: datetime, database: Path) -> Sample:
    """What the process that asks holds now."""
    untrimmed = resident_megabytes(os.getpid())
    gc.collect()
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
    held = []
    for each in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing itself
            held.append(os.readlink(each))  # noqa: PTH115  what is there is no path
    sockets = sum(name.startswith("socket:") for name in held)
    return Sample(
        at,
        untrimmed,
        resident_megabytes(os.getpid()),
        len(asyncio.all_tasks()),
        threading.active_count(),
        sockets,
        len(held) - sockets,
        megabytes(database),
        megabytes(database.with_name(database.name + "-wal")),
    )


def megabytes(file: Path) -> float:
    """The size of a file, 0 where there is none."""
    return file.stat().st_size / 1e6 if file.exists() else 0.0
