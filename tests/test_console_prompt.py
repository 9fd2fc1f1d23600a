"""The console on a terminal: keys, history, completion, posts above the prompt; once with a real terminal."""

from __future__ import annotations

import asyncio
import io
import os
import pty
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput, Output
from prompt_toolkit.output.vt100 import Vt100_Output

from adapters.console import CHANNEL, ConsoleChat
from adapters.console.prompt import KEPT, BoundedHistory, Words
from bot.conversation import Command, File, Reply
from bot.models import MessageRef, Post, PostKind, Progress
from tests.standins.clock import FakeClock
from tests.test_console_chat import KEY, Listener, make_post

ROOT = Path(__file__).parents[1]


class Drawing(io.StringIO):
    """What prompt_toolkit draws, which it believes to be a terminal's."""

    def isatty(self) -> bool:
        return True


class Terminal:
    """A console with a prompt whose keys a test presses and whose output a test reads."""

    def __init__(self, keys: PipeInput, console: ConsoleChat, listener: Listener, output: io.StringIO) -> None:
        self.keys = keys
        self.console = console
        self.listener = listener
        self._output = output

    @property
    def printed(self) -> str:
        return self._output.getvalue()


@asynccontextmanager
async def at_terminal(
    folder: Path,
    *,
    listener: Listener | None = None,
    history: Path | None = None,
    drawn: Output | None = None,
) -> AsyncIterator[tuple[Terminal, asyncio.Task[None]]]:
    """A terminal and its conversation, which a test brings to its end."""
    with create_pipe_input() as keys, create_app_session(input=keys, output=drawn or DummyOutput()):
        output = io.StringIO()
        listener = listener or Listener()
        console = ConsoleChat(
            output=output,
            stdin=-1,
            transcript=folder / "console.transcript",
            clock=FakeClock(),
            member="ann",
            interactive=True,
            history=history,
            commands=("watch", "search", "list", "unwatch"),
            categories=("cs.CL", "cs.LG", "math.GT"),
            folder=folder,
        )
        await console.start(listener)
        talking = asyncio.create_task(console.converse())
        yield Terminal(keys, console, listener, output), talking
        await talking
        await console.close()


async def until(condition: Callable[[], bool]) -> None:
    """Give the loop its turns until the condition holds; pytest's timeout ends a wait in vain."""
    while not condition():
        await FakeClock().settle(1)


async def test_lines_are_commands_until_the_end_of_the_input(tmp_path: Path) -> None:
    async with at_terminal(tmp_path) as (terminal, _):
        terminal.keys.send_text("/papers watch RLHF\r\r+1\r\x04")
    assert terminal.listener.texts == ["watch RLHF", "+1"]
    assert terminal.printed == "You said: watch RLHF\n\nYou said: +1\n\n"


async def test_quit_ends_it(tmp_path: Path) -> None:
    async with at_terminal(tmp_path) as (terminal, _):
        terminal.keys.send_text("list\rquit\r")
    assert terminal.listener.texts == ["list"]


async def test_ctrl_c_drops_the_line_and_nothing_else(tmp_path: Path) -> None:
    async with at_terminal(tmp_path) as (terminal, _):
        terminal.keys.send_text("watch a mist\x03list\r\x04")
    assert terminal.listener.texts == ["list"]


async def test_a_pasted_script_is_carried_out_line_by_line(tmp_path: Path) -> None:
    async with at_terminal(tmp_path) as (terminal, _):
        terminal.keys.send_text("\x1b[200~watch a\nwatch b\n\x1b[201~\r\x04")
    assert terminal.listener.texts == ["watch a", "watch b"]


async def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    async with at_terminal(tmp_path) as (terminal, _):
        terminal.keys.send_bytes(b"watch \xff\rlist\r\x04")
    assert terminal.listener.texts == ["list"]
    assert terminal.printed.startswith("That is not UTF-8 text. Set the terminal to UTF-8")


async def test_posts_appear_above_the_prompt_while_somebody_types(tmp_path: Path) -> None:
    drawn = io.StringIO()
    screen = Vt100_Output(drawn, lambda: Size(rows=24, columns=80), enable_cpr=False)
    async with at_terminal(tmp_path, drawn=screen) as (terminal, _):
        terminal.keys.send_text("watch RL")
        await until(lambda: "watch RL" in drawn.getvalue())
        before = len(drawn.getvalue())
        assert await terminal.console.send(CHANNEL, make_post()) == MessageRef(CHANNEL, KEY)
        assert terminal.printed == "All is well.\n\n"
        await until(lambda: "watch RL" in drawn.getvalue()[before:])
        terminal.keys.send_text("HF\r\x04")
    assert terminal.listener.texts == ["watch RLHF"]


async def test_the_bottom_line_tells_how_far_the_archive_is_filled(tmp_path: Path) -> None:
    drawn = Drawing()
    screen = Vt100_Output(drawn, lambda: Size(rows=24, columns=100), term="xterm")
    async with at_terminal(tmp_path, drawn=screen) as (terminal, _):

        async def redrawn(key: str, expected: str) -> None:
            """Only changed characters are drawn; Ctrl-L has all of them drawn, once the cursor's place is told."""
            drawn.seek(0)
            drawn.truncate()
            terminal.keys.send_text(key)
            await until(lambda: "\x1b[6n" in drawn.getvalue())
            terminal.keys.send_text("\x1b[1;1R")
            await until(lambda: expected in drawn.getvalue())

        await redrawn("", "`help` shows commands · `+1` saves paper 1 · Ctrl-D leaves")
        terminal.console.show_progress(Progress(2_310, 6_220))
        await until(lambda: "█" in drawn.getvalue())
        await redrawn("\x0c", "filling the archive ███████░░░░░░░░░░░░░ 2,310 of 6,220 papers (37 %)")
        terminal.console.show_progress(Progress(6_220, 6_220))
        await redrawn("\x0c", "Ctrl-D leaves")
        terminal.console.show_progress(None)
        await redrawn("\x0c", "Ctrl-D leaves")
        terminal.keys.send_text("\x04")


async def test_tab_completes_commands_and_categories(tmp_path: Path) -> None:
    async with at_terminal(tmp_path) as (terminal, _):
        terminal.keys.send_text("se\tRLHF cat:ma\t\r/papers wat\tx\r\x04")
    assert terminal.listener.texts == ["search RLHF cat:math.GT", "watch x"]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", ["list", "quit", "search", "unwatch", "watch"]),
        ("w", ["watch"]),
        ("/papers UN", ["unwatch"]),
        ("help s", ["search"]),
        ("watch w", []),
        ("watch cat:", ["cs.CL", "cs.LG", "math.GT"]),
        ("watch -(#cs.c", ["cs.CL"]),
        ("watch x|category:cs.L", ["cs.LG"]),
        ("watch C#cs", []),
    ],
)
def test_what_is_offered(before: str, expected: list[str]) -> None:
    words = Words(("watch", "search", "list", "unwatch"), ("cs.CL", "cs.LG", "math.GT"))
    assert [each.display_text for each in words.get_completions(Document(before), CompleteEvent())] == expected


def test_a_completed_command_is_ready_for_its_query() -> None:
    words = Words(("watch",), ("cs.CL",))

    def offered(text: str, cursor: int) -> list[str]:
        return [each.text for each in words.get_completions(Document(text, cursor), CompleteEvent())]

    assert offered("wa", 2) == ["watch "]
    assert offered("wa RLHF", 2) == ["watch"]
    assert offered("watch (#cs", 10) == ["cs.CL"]


async def test_closing_ends_the_prompt(tmp_path: Path) -> None:
    async with at_terminal(tmp_path) as (terminal, talking):
        terminal.keys.send_text("list\r")
        await until(lambda: bool(terminal.printed))
        await terminal.console.close()
        await talking


async def test_files_of_a_reply_are_kept(tmp_path: Path) -> None:
    async def answer(command: Command) -> Reply:
        return Reply("One watch.", files=(File("watches.json", "application/json", b"{}"),))

    async with at_terminal(tmp_path, listener=Listener(answer)) as (terminal, _):
        terminal.keys.send_text("export\rexport\r\x04")
    assert terminal.printed == (
        "One watch.\nSaved as watches.json in this folder.\n\nOne watch.\nSaved as watches-2.json in this folder.\n\n"
    )
    assert (tmp_path / "watches-2.json").read_bytes() == b"{}"


async def test_the_history_is_there_again_and_private(tmp_path: Path) -> None:
    history = tmp_path / "history"
    async with at_terminal(tmp_path, history=history) as (terminal, _):
        terminal.keys.send_text("watch RLHF\r\x04")
    assert stat.S_IMODE(history.stat().st_mode) == 0o600
    drawn = io.StringIO()
    screen = Vt100_Output(drawn, lambda: Size(rows=24, columns=80), enable_cpr=False)
    async with at_terminal(tmp_path, history=history, drawn=screen) as (terminal, _):
        await until(lambda: "papers>" in drawn.getvalue())
        await FakeClock().settle()  # the history is read behind the first prompt
        terminal.keys.send_text("list\r")
        await until(lambda: bool(terminal.printed) and drawn.getvalue().count("papers>") > 1)
        await FakeClock().settle()
        terminal.keys.send_text("\x1b[A\x1b[A\r\x04")
    assert terminal.listener.texts == ["list", "watch RLHF"]


async def test_without_a_place_for_the_history_there_is_none(tmp_path: Path) -> None:
    async with at_terminal(tmp_path, history=tmp_path / "nowhere" / "history") as (terminal, _):
        terminal.keys.send_text("list\r\x04")
    assert terminal.listener.texts == ["list"]


def test_the_history_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "history"
    history = BoundedHistory(path)
    for number in range(KEPT + 5):
        history.store_string(f"watch {number}\nand more")
    kept = list(BoundedHistory(path).load_history_strings())
    assert len(kept) == KEPT
    assert (kept[0], kept[-1]) == (f"watch {KEPT + 4}\nand more", "watch 5\nand more")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["history"]


def test_a_history_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    history = BoundedHistory(tmp_path / "history")
    (tmp_path / "history").unlink()
    (tmp_path / "history").mkdir()
    history.store_string("list")


class WallClock:
    """The real time, for a console in a process of its own."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> timedelta:
        return timedelta(seconds=time.monotonic())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def main(interactive: bool) -> None:
    """A console on this process's standard streams that answers with what it was told and posts at `post`."""

    async def run() -> None:
        async def answer(command: Command) -> Reply:
            if command.text == "post":
                await console.send(CHANNEL, Post(KEY, CHANNEL, PostKind.NOTICE, "Heading", text="A post."))
            return Reply(f"You said: {command.text}")

        console = ConsoleChat(
            output=sys.stdout,
            stdin=0,
            transcript=Path("console.transcript"),
            clock=WallClock(),
            member="ann",
            interactive=interactive,
        )
        await console.start(Listener(answer))
        await console.converse()
        await console.close()

    asyncio.run(run())


def program(interactive: bool) -> list[str]:
    return [sys.executable, "-c", f"from tests.test_console_prompt import main; main({interactive})"]


def surroundings(**changes: str) -> dict[str, Any]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **changes}


def test_on_a_real_terminal(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        program(True), stdin=follower, stdout=follower, stderr=follower, cwd=tmp_path, env=surroundings()
    )
    os.close(follower)
    shown = b""

    def wait_for(text: bytes) -> None:
        nonlocal shown
        while text not in shown:
            shown += os.read(leader, 65_536)
        shown = shown[shown.index(text) + len(text) :]

    wait_for(b"papers>")
    os.write(leader, b"watch R\x03")
    wait_for(b"papers>")
    os.write(leader, b"watch RLHF\r")
    wait_for(b"You said: watch RLHF\r\n\r\n")
    os.write(leader, b"post\r")
    wait_for(b"Heading\r\n\r\nA post.\r\n\r\n")
    wait_for(b"You said: post\r\n\r\n")
    wait_for(b"papers>")
    os.write(leader, b"\x04")
    assert process.wait() == 0
    os.close(leader)
    assert KEY in (tmp_path / "console.transcript").read_text()


def test_a_terminal_that_is_closed_ends_it(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        program(True), stdin=follower, stdout=follower, stderr=subprocess.PIPE, cwd=tmp_path, env=surroundings()
    )
    os.close(follower)
    shown = b""
    while b"papers>" not in shown:
        shown += os.read(leader, 65_536)
    os.close(leader)
    _, complaints = process.communicate()
    assert (process.returncode, complaints) == (0, b"")


def test_in_a_pipeline_that_ends_early_it_ends_quietly(tmp_path: Path) -> None:
    process = subprocess.Popen(
        program(False),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=surroundings(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(b"one\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"You said: one\n"
    process.stdout.close()
    process.stdin.write(b"two\nthree\n")
    process.stdin.flush()
    assert process.wait() == 0, "although its input has not ended"
    assert process.stderr.read() == b""
    process.stdin.close()
    process.stderr.close()


def test_without_a_unicode_locale_nothing_breaks(tmp_path: Path) -> None:
    done = subprocess.run(
        program(False),
        input="watch Émile – 数学\n".encode(),
        capture_output=True,
        cwd=tmp_path,
        env=surroundings(PYTHONIOENCODING="ascii"),
        check=True,
    )
    assert done.stdout == b"You said: watch Emile - ??\n\n"
    assert done.stderr == b""
