"""The console on pipes and files: commands in, replies and posts out, each post once."""

from __future__ import annotations

import asyncio
import io
import logging
import os
import pty
import resource
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import pytest

from adapters.console import CHANNEL, ConsoleChat, wants_colour
from adapters.console.screen import Screen
from bot.conversation import Command, File, FileWay, Reply
from bot.errors import ConfigError, DeliveryError, UnreadableError
from bot.models import ChannelRef, Entry, MemberRef, MessageRef, Post, PostKind, Progress
from tests.chat_contract import UnusedHandler
from tests.factories import make_paper
from tests.standins.clock import FakeClock

KEY = "abcdefghijklmnopqrstuvwx"


class Listener(UnusedHandler):
    """``bot.ports.Handler`` that notes the commands and answers each as ``answer`` says: with its text, if not told."""

    def __init__(self, answer: Callable[[Command], Awaitable[Reply]] | None = None) -> None:
        self.commands: list[Command] = []
        self._answer = answer

    @property
    def texts(self) -> list[str]:
        return [command.text for command in self.commands]

    async def command(self, command: Command) -> Reply:
        self.commands.append(command)
        return await self._answer(command) if self._answer else Reply(f"You said: {command.text}")


def make_post(key: str = KEY, text: str = "All is well.") -> Post:
    return Post(key, CHANNEL, PostKind.NOTICE, text=text)


class Desk:
    """A console between a pipe of commands and a file of output, with everything around it in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.transcript = folder / "console.transcript"
        self.clock = FakeClock()
        self.output = (folder / "output").open("w+", encoding="utf-8")
        self.stdin, self.typing = os.pipe()

    def console(self, **changes: Any) -> ConsoleChat:
        values: dict[str, Any] = {
            "output": self.output,
            "stdin": self.stdin,
            "transcript": self.transcript,
            "clock": self.clock,
            "member": "ann",
            "interactive": False,
            "folder": self.folder,
        }
        return ConsoleChat(**(values | changes))

    def type(self, content: bytes) -> None:
        """All that is typed, then the end of the input; no more than a pipe holds."""
        os.write(self.typing, content)
        self.end()

    def end(self) -> None:
        if self.typing >= 0:
            os.close(self.typing)
            self.typing = -1

    @property
    def printed(self) -> str:
        return (self.folder / "output").read_text("utf-8")

    def close(self) -> None:
        self.output.close()
        self.end()
        os.close(self.stdin)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@contextmanager
def pipe_out() -> Iterator[tuple[int, TextIO]]:
    """The reading end of a pipe and a text file on its writing end."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as output:
        yield reading, output
    with suppress(OSError):
        os.close(reading)


async def conversed(desk: Desk, content: bytes, listener: Listener | None = None, **changes: Any) -> str:
    """What is printed when ``content`` is typed into a console."""
    console = desk.console(**changes)
    await console.start(listener or Listener())
    desk.type(content)
    await console.converse()
    await console.close()
    return desk.printed


async def test_commands_are_answered_in_order(desk: Desk) -> None:
    listener = Listener()
    printed = await conversed(desk, b"/papers watch RLHF\n\n# a comment\npapers list\n+1\n/papers", listener)
    assert printed == "You said: watch RLHF\n\nYou said: list\n\nYou said: +1\n\nYou said:\n\n"
    assert listener.commands[0] == Command(
        CHANNEL,
        MemberRef("console", "local", "ann"),
        "watch RLHF",
        "terminal",
        administers=True,
        pictures=False,
        file_way=FileWay.NAMED,
    )
    assert listener.commands[0].member.name == "ann"


@pytest.mark.parametrize("word", ["quit", "exit", "/papers quit", "QUIT", "/exit"])
async def test_quit_ends_it(desk: Desk, word: str) -> None:
    listener = Listener()
    await conversed(desk, f"list\n{word}\nwatch RLHF\n".encode(), listener)
    assert listener.texts == ["list"]


async def test_whatever_the_bytes_there_is_a_sentence_and_it_goes_on(desk: Desk) -> None:
    listener = Listener()
    content = b"watch \xff\xfe\nwatch a\0b\n" + b"x" * 10_000 + b"\n"
    printed = await conversed(desk, content + b"list\n", listener)
    assert printed.startswith(
        "Line 1 is not UTF-8 text (byte 7) and was skipped. Save it as UTF-8 and send it again.\n\n"
        "Line 2 has a NUL character in it and was skipped. Save it as plain text in UTF-8 and send it again.\n\n"
    )
    assert listener.texts == ["x" * 10_000, "list"]


async def test_what_is_answered_cannot_steer_the_terminal(desk: Desk) -> None:
    printed = await conversed(desk, "watch \x1b]0;owned\x07\x1b[31mred\u202e\n".encode())
    assert printed == "You said: watch red\n\n"


async def test_a_post_is_shown_once(desk: Desk) -> None:
    console = desk.console()
    await console.start(Listener())
    message = MessageRef(CHANNEL, KEY)
    assert await console.find(CHANNEL, make_post()) is None
    assert await console.send(CHANNEL, make_post()) == message
    assert await console.send(CHANNEL, make_post()) == message
    assert not console.gone
    assert await console.find(CHANNEL, make_post()) == message
    await console.close()
    assert desk.printed == "All is well.\n\n"

    desk.clock.set(desk.clock.now() + timedelta(hours=1))
    again = desk.console()
    await again.start(Listener())
    assert await again.find(CHANNEL, make_post()) == message
    assert await again.find(CHANNEL, make_post("b" * 24)) is None
    assert await again.send(CHANNEL, make_post()) == message
    assert await again.send(CHANNEL, make_post("b" * 24, "Still well.")) == MessageRef(CHANNEL, "b" * 24)
    assert desk.printed == "All is well.\n\nStill well.\n\n"
    assert desk.transcript.read_text() == f"2026-03-04T12:00:00+00:00\t{KEY}\n2026-03-04T13:00:00+00:00\t{'b' * 24}\n"


async def test_sending_at_the_same_time_shows_it_once(desk: Desk) -> None:
    console = desk.console()
    await console.start(Listener())
    messages = await asyncio.gather(*(console.send(CHANNEL, make_post()) for _ in range(3)))
    assert set(messages) == {MessageRef(CHANNEL, KEY)}
    assert desk.printed == "All is well.\n\n"


async def test_there_is_one_channel(desk: Desk) -> None:
    console = desk.console()
    await console.start(Listener())
    elsewhere = ChannelRef("console", "local", "elsewhere")
    with pytest.raises(DeliveryError, match="The console has no channel local/elsewhere") as caught:
        await console.send(elsewhere, make_post())
    assert caught.value.permanent
    await console.send(CHANNEL, make_post())
    assert await console.find(elsewhere, make_post()) is None


async def test_closing_ends_the_conversation_and_may_be_repeated(desk: Desk) -> None:
    console = desk.console()
    await console.start(Listener())
    talking = asyncio.create_task(console.converse())
    await asyncio.sleep(0)
    await console.close()
    await console.close()
    await talking
    with pytest.raises(DeliveryError) as caught:
        await console.send(CHANNEL, make_post())
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
    assert desk.printed == ""


async def test_cancelling_the_conversation_ends_it(desk: Desk) -> None:
    console = desk.console()
    await console.start(Listener())
    talking = asyncio.create_task(console.converse())
    await asyncio.sleep(0)
    talking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await talking
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_conversation_needs_a_handler(desk: Desk) -> None:
    desk.type(b"list\n")
    with pytest.raises(RuntimeError, match="start"):
        await desk.console().converse()


async def test_posts_and_replies_take_turns(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        console = desk.console(output=output)
        long = "word " * 40_000

        async def answer(command: Command) -> Reply:
            return Reply(f"R{command.text} {long}")

        await console.start(Listener(answer))
        received: list[bytes] = []

        def read() -> None:
            while content := os.read(reading, 65_536):
                received.append(content)

        reader = threading.Thread(target=read)
        reader.start()
        desk.type(b"0\n1\n2\n")
        await asyncio.gather(
            console.converse(), *(console.send(CHANNEL, make_post(f"k{n}", f"P{n} {long}")) for n in range(3))
        )
        await console.close()
        output.close()
        await asyncio.to_thread(reader.join)
    blocks = b"".join(received).decode().split("\n\n")
    assert sorted(block[:3] for block in blocks[:-1]) == ["P0 ", "P1 ", "P2 ", "R0 ", "R1 ", "R2 "]
    assert all(block[3:] == long.rstrip() for block in blocks[:-1])


async def test_a_reader_that_stopped_reading_holds_up_nobody(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        console = desk.console(output=output)
        await console.start(Listener())
        post = make_post(text="x" * 200_000)
        sending = asyncio.create_task(console.send(CHANNEL, post))
        assert await asyncio.to_thread(os.read, reading, 1) == b"x"
        assert not sending.done()
        with pytest.raises(UnreadableError):
            await console.find(CHANNEL, post)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        with pytest.raises(UnreadableError):
            await console.find(CHANNEL, post)

        again = asyncio.create_task(console.send(CHANNEL, post))
        left = 200_001
        while left:
            left -= len(await asyncio.to_thread(os.read, reading, left))
        assert await again == MessageRef(CHANNEL, KEY)
        assert await console.find(CHANNEL, post) == MessageRef(CHANNEL, KEY)


async def test_closing_does_not_wait_for_ever_for_such_a_reader(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        console = desk.console(output=output, grace=0.01)
        await console.start(Listener())
        sending = asyncio.create_task(console.send(CHANNEL, make_post(text="x" * 200_000)))
        assert await asyncio.to_thread(os.read, reading, 1) == b"x"
        await console.close()
        with pytest.raises(DeliveryError, match="before its output had taken everything"):
            await sending
        os.close(reading)
    assert desk.transcript.read_text() == ""


async def test_what_a_reader_has_seen_is_noted_without_a_turn_of_the_event_loop(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        console = desk.console(output=output)
        await console.start(Listener())
        sending = asyncio.create_task(console.send(CHANNEL, make_post(text="x" * 200_000)))
        seen = await asyncio.to_thread(os.read, reading, 1)
        # From here on the loop is held: whatever still came about through it, a busy one would keep waiting.
        while not seen.endswith(b"\n\n"):
            seen = os.read(reading, 65_536)
        deadline = time.monotonic() + 5
        while KEY not in desk.transcript.read_text() and time.monotonic() < deadline:
            os.sched_yield()
        assert KEY in desk.transcript.read_text()
        await sending


async def test_a_post_that_is_taken_after_the_console_was_closed_is_noted_too(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        console = desk.console(output=output, grace=0.01)
        await console.start(Listener())
        sending = asyncio.create_task(console.send(CHANNEL, make_post(text="x" * 200_000)))
        seen = await asyncio.to_thread(os.read, reading, 1)
        await console.close()
        with pytest.raises(DeliveryError, match="before its output had taken everything"):
            await sending
        while not seen.endswith(b"\n\n"):
            seen = await asyncio.to_thread(os.read, reading, 65_536)
        for thread in threading.enumerate():
            if thread.name == "console-output":
                await asyncio.to_thread(thread.join, 5)
    assert await desk.console().find(CHANNEL, make_post()) == MessageRef(CHANNEL, KEY)


async def test_a_slow_disk_holds_up_no_reply(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    forcing, released = threading.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        forcing.set()
        released.wait(10)

    monkeypatch.setattr(os, "fsync", slow)
    console = desk.console()
    await console.start(Listener())
    sending = asyncio.create_task(console.send(CHANNEL, make_post()))
    assert await asyncio.to_thread(forcing.wait, 10)
    assert KEY in desk.transcript.read_text()
    desk.type(b"list\n")
    await console.converse()
    assert desk.printed == "All is well.\n\nYou said: list\n\n"
    assert not sending.done(), "the store is told of the post when its line is on the disk"
    released.set()
    assert await sending == MessageRef(CHANNEL, KEY)
    await console.close()


async def test_what_comes_after_a_text_may_fail_without_the_screen(desk: Desk) -> None:
    def fail() -> None:
        raise ValueError("no such key")

    screen = Screen(desk.output)
    with pytest.raises(ValueError, match="no such key"):
        await screen.write("one\n", fail)
    await screen.write("two\n")
    assert desk.printed == "one\ntwo\n"
    assert not screen.gone.is_set()


async def test_a_pipe_that_somebody_made_non_blocking_is_written_whole(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        os.set_blocking(output.fileno(), False)
        screen = Screen(output)
        writing = asyncio.create_task(screen.write("y" * 200_000))
        received = 0
        while received < 200_000:
            received += len(await asyncio.to_thread(os.read, reading, 65_536))
        await writing
    assert received == 200_000


async def test_a_reader_that_is_gone_ends_it_quietly(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        console = desk.console(output=output)
        listener = Listener()
        await console.start(listener)
        os.close(reading)
        talking = asyncio.create_task(console.converse())
        with pytest.raises(DeliveryError, match="Broken pipe") as caught:
            await console.send(CHANNEL, make_post())
        assert (caught.value.permanent, caught.value.ambiguous) == (False, False)
        await talking  # although its input has not ended
        assert console.gone
        with pytest.raises(DeliveryError, match="Broken pipe"):
            await console.send(CHANNEL, make_post())
        assert await console.find(CHANNEL, make_post()) is None


async def test_a_reply_that_nobody_reads_ends_it_too(desk: Desk) -> None:
    with pipe_out() as (reading, output):
        os.close(reading)
        listener = Listener()
        await conversed(desk, b"one\ntwo\n", listener, output=output)
    assert listener.texts == ["one"]


async def test_an_output_that_was_closed_is_gone(desk: Desk) -> None:
    output = io.StringIO()
    console = desk.console(output=output)
    await console.start(Listener())
    await console.send(CHANNEL, make_post())
    assert output.getvalue() == "All is well.\n\n"
    output.close()
    with pytest.raises(DeliveryError, match="closed file"):
        await console.send(CHANNEL, make_post("b" * 24))


async def test_an_output_without_unicode_gets_what_it_can_show(desk: Desk) -> None:
    with (desk.folder / "latin").open("w+", encoding="latin-1") as output:
        console = desk.console(output=output)
        await console.start(Listener())
        await console.send(CHANNEL, make_post(text="Émile · 数学 – “all”"))
    assert (desk.folder / "latin").read_bytes() == 'Émile · ?? - "all"\n\n'.encode("latin-1")


async def test_a_transcript_that_cannot_be_kept_is_a_sentence(desk: Desk) -> None:
    desk.transcript.mkdir()
    console = desk.console()
    with pytest.raises(ConfigError) as caught:
        await console.start(Listener())
    assert str(caught.value) == (
        f"The console keeps what it has shown in {desk.transcript}, which cannot be written (Is a directory): make it "
        "writable, or keep the database in another folder, for example PAPERROUTE_DATABASE=~/paperroute.db."
    )
    with pytest.raises(UnreadableError, match="cannot be read"):
        await console.find(CHANNEL, make_post())
    with pytest.raises(DeliveryError, match="cannot be read"):
        await console.send(CHANNEL, make_post())
    assert desk.printed == ""


async def test_a_post_that_could_not_be_noted_was_shown_all_the_same(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    console = desk.console()
    await console.start(Listener())
    desk.transcript.unlink()
    desk.transcript.mkdir()
    with caplog.at_level(logging.WARNING):
        assert await console.send(CHANNEL, make_post()) == MessageRef(CHANNEL, KEY)
    assert "cannot be written: Is a directory." in caplog.text
    assert await console.find(CHANNEL, make_post()) == MessageRef(CHANNEL, KEY)


async def test_import_takes_a_file_along(desk: Desk) -> None:
    (desk.folder / "watches.json").write_bytes(b'{"watches": []}')
    listener = Listener()
    printed = await conversed(
        desk, f"import {desk.folder}/watches.json\nimport {desk.folder}/none\nimport [1]\n".encode(), listener
    )
    assert [(command.text, command.files) for command in listener.commands] == [
        ("import", (File("watches.json", "application/json", b'{"watches": []}'),)),
        ("import [1]", ()),
    ]
    assert "none` cannot be read (No such file or directory). Name an existing file" in printed


async def test_files_of_a_reply_are_printed_or_kept(desk: Desk) -> None:
    async def answer(command: Command) -> Reply:
        return Reply(
            "Two files.",
            files=(
                File("watches.json", "application/json", b'{\n\t"watches": ["\x1b[31m"]\n}'),
                File("../../.plot.png", "image/png", b"\x89PNG"),
            ),
        )

    printed = await conversed(desk, b"export\nexport\n", Listener(answer))
    block = 'Two files.\nSaved as {} in this folder.\n\n{{\n\t"watches": [""]\n}}\n\n'
    assert printed == block.format("plot.png") + block.format("plot-2.png")
    assert (desk.folder / "plot-2.png").read_bytes() == b"\x89PNG"


async def test_a_folder_that_takes_no_file_is_told(desk: Desk) -> None:
    async def answer(command: Command) -> Reply:
        return Reply("One file.", files=(File("", "image/png", b"\x89PNG"),))

    printed = await conversed(desk, b"plot\n", Listener(answer), folder=desk.folder / "nowhere")
    assert printed == (
        "One file.\nThe file paperroute.txt could not be written into this folder (No such file or directory).\n\n"
    )


async def test_half_a_file_is_not_left_behind(desk: Desk) -> None:
    async def answer(command: Command) -> Reply:
        return Reply("One file.", files=(File("plot.png", "image/png", b"\x89PNG" * 50_000),))

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, usual[1]))
    try:
        printed = await conversed(desk, b"plot\n", Listener(answer))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert "The file plot.png could not be written into this folder (File too large)." in printed
    assert not (desk.folder / "plot.png").exists()


async def test_a_digest_of_the_largest_size_is_taken(desk: Desk) -> None:
    entries = tuple(
        Entry(number, make_paper(f"2603.{number:05}", title="title " * 120), ("word",) * 9)
        for number in range(1, ConsoleChat.limits.papers + 1)
    )
    console = desk.console()
    await console.start(Listener())
    await console.send(CHANNEL, Post(KEY, CHANNEL, PostKind.DIGEST, "25 new papers", entries))
    assert [f"abs/2603.{number:05}\n" in desk.printed for number in range(1, 26)] == [True] * 25


async def test_progress_needs_a_prompt(desk: Desk) -> None:
    console = desk.console()
    console.show_progress(Progress(1, 2))
    await console.start(Listener())
    await console.close()
    assert desk.printed == ""


async def test_lines_are_as_wide_as_the_terminal(desk: Desk) -> None:
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w", encoding="utf-8") as output:
        assert Screen(output).columns == 80, "a terminal that does not know its size"
        assert wants_colour(output, {"TERM": "xterm"})
        assert not wants_colour(output, {"TERM": "dumb"})
        assert not wants_colour(output, {"NO_COLOR": "1"})
        console = desk.console(output=output, columns=lambda: 30, colour=True)
        await console.start(Listener())
        await console.send(CHANNEL, Post(KEY, CHANNEL, PostKind.NOTICE, "Heading", text="word " * 10))
        shown = b""
        while not shown.endswith(b"\r\n\r\n"):
            shown += await asyncio.to_thread(os.read, leader, 1_000)
            shown = shown.replace(b"Heading\x1b[0m\r\n\r\n", b"Heading\x1b[0m\r\n \r\n")
        assert shown == (b"\x1b[1mHeading\x1b[0m\r\n \r\nword word word word word word\r\nword word word word\r\n\r\n")
    os.close(leader)
    assert Screen(io.StringIO()).columns is None
    assert Screen(desk.output).columns is None
    assert not wants_colour(desk.output, {})
