"""Commands from pipes and files: whole lines, in order, whatever the bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.console.lines import MOST, Line, Lines, decoded
from bot.errors import CommandError


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Both ends of a pipe; a test closes the writing end, itself or through ``sent``."""
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


async def sent(pipe: tuple[int, int], content: bytes) -> list[Line]:
    """The lines read from the pipe when ``content`` is written to it, then its end."""

    def write() -> None:
        with os.fdopen(pipe[1], "wb") as file:
            file.write(content)

    writing = asyncio.create_task(asyncio.to_thread(write))
    read = await everything(Lines(pipe[0]))
    await writing
    return read


async def everything(lines: Lines) -> list[Line]:
    read = []
    while (line := await lines.next()) is not None:
        read.append(line)
    assert await lines.next() is None, "the end stays the end"
    return read


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"one\n", [b"one"]),
        (b"one\ntwo", [b"one", b"two"]),
        (b"one\r\ntwo\r\n", [b"one", b"two"]),
        (b"\n\n", [b"", b""]),
        (b"a\rb\n", [b"a\rb"]),
    ],
)
async def test_lines_of_a_pipe(pipe: tuple[int, int], content: bytes, expected: list[bytes]) -> None:
    assert await sent(pipe, content) == [Line(number, line) for number, line in enumerate(expected, 1)]


async def test_a_line_is_given_as_soon_as_it_is_whole(pipe: tuple[int, int]) -> None:
    lines = Lines(pipe[0])
    os.write(pipe[1], b"fir")
    waiting = asyncio.create_task(lines.next())
    os.write(pipe[1], b"st\nsecond\nthi")
    assert await waiting == Line(1, b"first")
    assert await lines.next() == Line(2, b"second")
    os.write(pipe[1], b"rd\n")
    assert await lines.next() == Line(3, b"third")
    os.close(pipe[1])
    assert await lines.next() is None


async def test_stopping_to_wait_loses_nothing(pipe: tuple[int, int]) -> None:
    lines = Lines(pipe[0])
    waiting = asyncio.create_task(lines.next())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    os.write(pipe[1], b"still here\n")
    assert await lines.next() == Line(1, b"still here")
    os.close(pipe[1])


async def test_a_line_too_long_is_skipped_and_told(pipe: tuple[int, int]) -> None:
    lines = await sent(pipe, b"x" * MOST + b"\n" + b"y" * (MOST * 5) + b"\nnext\n" + b"z" * (MOST + 1))
    assert [(line.number, len(line.content), line.cut) for line in lines] == [
        (1, MOST, False),
        (2, 0, True),
        (3, 4, False),
        (4, 0, True),
    ]


async def test_a_regular_file_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "commands"
    path.write_bytes(b"one\ntwo\n" * 20_000)
    descriptor = os.open(path, os.O_RDONLY)
    read = await everything(Lines(descriptor))
    os.close(descriptor)
    assert len(read) == 40_000
    assert read[-1] == Line(40_000, b"two")


async def test_the_null_device_is_an_empty_input() -> None:
    descriptor = os.open(os.devnull, os.O_RDONLY)
    assert await everything(Lines(descriptor)) == []
    os.close(descriptor)


async def test_a_closed_input_is_an_ended_one(pipe: tuple[int, int]) -> None:
    os.close(pipe[1])
    descriptor = os.dup(pipe[0])
    lines = Lines(descriptor)
    os.close(descriptor)
    assert await everything(lines) == []


async def test_another_reader_of_the_same_pipe_may_be_faster(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[0], False)
    lines = Lines(pipe[0])
    waiting = asyncio.create_task(lines.next())
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    os.write(pipe[1], b"taken\n")
    # Registered on a second descriptor of the pipe, this reader is told of the same bytes in the same round.
    thief = os.dup(pipe[0])
    stolen = asyncio.Event()

    def steal() -> None:
        if not stolen.is_set():
            os.read(thief, 100)
            stolen.set()

    loop.add_reader(thief, steal)
    await stolen.wait()
    loop.remove_reader(thief)
    os.close(thief)
    os.write(pipe[1], b"ours\n")
    assert (await waiting) == Line(1, b"ours")
    os.close(pipe[1])


def test_lines_are_decoded() -> None:
    assert decoded(Line(2, "watch 数学".encode())) == "watch 数学"
    assert decoded(Line(1, "\ufeffwatch x".encode())) == "watch x"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (Line(3, b"", cut=True), "Line 3 is longer than 65,536 bytes and was skipped."),
        (Line(4, b"watch \xff"), "Line 4 is not UTF-8 text (byte 7) and was skipped."),
        (Line(1, b"\xff\xfew\0a\0"), "Line 1 is not UTF-8 text (byte 1) and was skipped."),
        (Line(1_005, b"watch a\0b"), "Line 1,005 has a NUL character in it and was skipped."),
    ],
)
def test_lines_that_cannot_be_read_say_so(line: Line, message: str) -> None:
    with pytest.raises(CommandError) as caught:
        decoded(line)
    assert caught.value.message == message
    assert caught.value.hint
