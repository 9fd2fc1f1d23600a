"""Work after the acknowledgement: nothing is forgotten, nothing raises into nowhere, the end is an end."""

from __future__ import annotations

import asyncio

import pytest

from bot.background import Work
from bot.errors import DeliveryError
from bot.precedence import Precedence


async def test_a_task_gives_its_result() -> None:
    work = Work()

    async def answer() -> int:
        return 42

    task = work.start("An answer", answer())
    assert task is not None
    assert await task == 42
    await work.drain(0)


async def test_a_foreseen_error_is_a_sentence_and_a_defect_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()

    async def fail(error: Exception) -> int:
        raise error

    expected = work.start("A button", fail(DeliveryError("Too many requests.")))
    defect = work.start("A command", fail(ValueError("oops")))
    assert expected is not None
    assert defect is not None
    assert await expected is None
    assert await defect is None
    known, unknown = caplog.records
    assert known.levelname == "WARNING"
    assert known.getMessage().startswith("A button failed: ")
    assert known.exc_info is None
    assert unknown.levelname == "ERROR"
    assert unknown.exc_info is not None


async def test_draining_waits_then_cuts_off_and_begins_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    work = Work()
    may_end, ended = asyncio.Event(), asyncio.Event()

    async def short() -> None:
        await may_end.wait()
        ended.set()

    async def endless() -> None:
        await asyncio.Event().wait()

    work.start("Something short", short())
    stuck = work.start("Something endless", endless())
    assert stuck is not None
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(may_end.set)
    await work.drain(0.05)
    assert ended.is_set()
    assert stuck.cancelled()
    assert [record.getMessage() for record in caplog.records] == ["Cut off at the end: Something endless."]
    assert work.start("Something late", short()) is None
    await work.drain(0.05)


async def test_what_was_cut_off_before_its_turn_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.precedence.LONGEST", 60)
    turns = Precedence()
    work, begun = Work(turns), list[str]()

    async def note() -> None:
        begun.append("it")

    async with turns.first():
        waiting = work.start("A command", note())
        urgent = work.start("The result of a form", note(), urgent=True)
        assert waiting is not None
        assert urgent is not None
        await urgent
        await work.drain(0)
    assert begun == ["it"]
    assert waiting.cancelled()
