"""A campaign in a town, with a small disk of its own, in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.campaign import Outcome, run

_DISK = "48m"


@dataclass(frozen=True)
class Settings:
    """``times``: how fast time passes; ``longest``: how long a life lasts at most, in seconds."""

    seconds: float
    towns: int
    times: float
    longest: float


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of its own for the database, where one may be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, check=False, capture_output=True).returncode == 0 if os.geteuid() == 0 else False
    try:
        yield
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(disk)], check=False)


def live(folder: Path, seed: str, settings: Settings) -> Outcome:
    """One town's campaign. A signal to stop leaves no disk mounted."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Stand-ins answer a program that is dead by then, again and again.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    with small_disk(folder):
        outcome = asyncio.run(run(folder, seed, settings.seconds, times=settings.times, longest=settings.longest))
        with contextlib.suppress(OSError):
            shutil.copy(folder / "disk" / "paperroute.db", folder)
        return outcome
