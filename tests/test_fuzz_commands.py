"""Commands as large as a command may be: answered in a sentence, and the event loop is never held by one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.router import MOST_CHARACTERS
from bot.commands.table import COMMANDS
from tests.commands_kit import numbered, open_room
from tests.defects import noted
from tests.standins.clock import FakeClock
from tests.strategies import PIECES, strange_texts
from tests.thoroughness import LONG, examples

# What a command may take from the event loop at once, in seconds of its own thread's processor.
HELD = 0.05
HUGE = ["(", "a ", "\u202e", "2603.00001 ", "RLHF\n"]


class Loop:
    """``longest``: how long a task kept the others waiting, without what the machine did meanwhile."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._watching = True

    async def watch(self) -> None:
        while self._watching:
            begun = time.thread_time()
            await asyncio.sleep(0)
            self.longest = max(self.longest, time.thread_time() - begun)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.watch())
        try:
            yield
        finally:
            self._watching = False
            await task


@pytest.mark.parametrize("piece", PIECES if LONG else HUGE)
async def test_no_command_of_legal_size_holds_the_event_loop(tmp_path: Path, piece: str) -> None:
    argument = piece * ((MOST_CHARACTERS - 20) // len(piece))
    async with open_room(tmp_path, FakeClock()) as room:
        await room.announce(numbered(3))
        with noted() as defects:
            for info in COMMANDS:
                least = 1.0
                # What happens again is the command's doing, and not that of a collection of garbage.
                for _ in range(3):
                    loop = Loop()
                    async with loop.watched():
                        reply = await room.say(f"{info.name} {argument}")
                    least = min(least, loop.longest)
                    if least < HELD:
                        break
                assert least < HELD, info.name
                assert reply.text
                assert len(reply.text) < 10_000, info.name
            defects.none()


@examples(5, long=1_000)
@given(st.lists(st.tuples(st.sampled_from(COMMANDS), strange_texts(12)), min_size=10, max_size=20))
async def test_any_command_is_answered_in_harmless_text(
    tmp_path_factory: pytest.TempPathFactory, typed: list[tuple[object, str]]
) -> None:
    async with open_room(tmp_path_factory.mktemp("room"), FakeClock()) as room:
        await room.announce(numbered(3))
        with noted() as defects:
            for info, argument in typed:
                reply = await room.say(f"{getattr(info, 'name', '')} {argument}")
                said = f"{reply.text}\n{reply.footer}"
                assert reply.text
                assert "Traceback" not in said
                assert not any(sign in said for sign in "\u202e\u2066\u200b\x00\x1b\ufeff"), said
                said.encode()
            defects.none()


async def test_what_holds_the_loop_is_seen() -> None:
    loop = Loop()
    async with loop.watched():
        await asyncio.sleep(0)
        end = time.thread_time() + 2 * HELD
        while time.thread_time() < end:
            pass
        await asyncio.sleep(0)
    assert loop.longest > HELD
