"""Work in a process of its own: what it gives, and that it ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.errors import StoreError, WorkerError
from bot.worker import in_worker
from tests.standins.clock import FakeClock

ECHO = "json.tool"


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_what_goes_in_comes_out() -> None:
    answer = await in_worker(SystemClock(), ECHO, ["--compact"], pieces(b"[1,", b"2]"), seconds=30)
    assert answer == b"[1,2]\n"


async def test_it_gets_no_secrets_and_no_modules_of_the_folder_it_is_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "modules").mkdir()
    (tmp_path / "modules" / "telling.py").write_text(
        "import json, os, sys\nprint(json.dumps([dict(os.environ), sys.path]))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    monkeypatch.chdir(tmp_path)
    environment, path = json.loads(await in_worker(SystemClock(), "telling", [], pieces(), seconds=30))
    assert "SLACK_BOT_TOKEN" not in environment
    assert environment["PATH"] == os.environ["PATH"]
    assert str(tmp_path) not in path
    assert "" not in path


async def test_a_failure_is_told_in_one_line() -> None:
    with pytest.raises(WorkerError, match=r"^json\.tool ended with status 1 \(Expecting value: line 1 column 1"):
        await in_worker(SystemClock(), ECHO, [], pieces(b"no JSON"), seconds=30)


async def test_an_answer_that_is_too_long_is_refused() -> None:
    with pytest.raises(WorkerError, match="more than 1,000 bytes"):
        await in_worker(SystemClock(), ECHO, [], pieces(json.dumps(["x" * 100] * 100).encode()), seconds=30, most=1_000)


async def test_it_is_killed_when_its_time_is_over(clock: FakeClock) -> None:
    fed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"["
        fed.set()
        await asyncio.Event().wait()

    working = asyncio.create_task(in_worker(clock, ECHO, [], endless(), seconds=5))
    await fed.wait()
    await clock.advance(6)
    with pytest.raises(WorkerError, match=r"^json\.tool took longer than 5 seconds\.$"):
        await working


async def test_trouble_with_what_goes_in_is_the_callers() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"["
        raise StoreError("The disk is gone.", path="x")

    with pytest.raises(StoreError):
        await in_worker(SystemClock(), ECHO, [], broken(), seconds=30)


def test_the_bot_itself_loads_no_library_that_needs_much_memory() -> None:
    heavy = "{'pandas', 'scipy', 'sklearn', 'matplotlib', 'PIL'}"
    program = f"import sys, bot.app, adapters.slack, adapters.discord; print(sorted({heavy} & set(sys.modules)))"
    # In a process of its own: others of these tests may have loaded some here.
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
