"""The program as a process: real command line, real store, arXiv's stand-in on loopback."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.models import Paper
from tests.factories import make_paper
from tests.standins.arxiv import ArxivStandIn, Fault, Kind
from tests.standins.huggingface import HuggingFaceStandIn, element
from tests.store_kit import open_store

pytestmark = pytest.mark.timeout(60)


def day_of_papers(day: datetime, first: int, wanted: int = 40) -> list[Paper]:
    """The papers of an announcement; every tenth is about RLHF."""
    return [
        make_paper(
            f"2603.{number:05}",
            title=f"Paper {number} on RLHF" if number % 10 == 0 else f"Paper {number} on tides",
            published=day,
            updated=day,
            announced=None,
        )
        for number in range(first, first + wanted)
    ]


DAYS = [datetime(2026, 3, day, 15, tzinfo=UTC) for day in (2, 3, 4, 5)]


@pytest.fixture
def arxiv() -> Iterator[ArxivStandIn]:
    with ArxivStandIn(day_of_papers(DAYS[0], 1)) as stand_in:
        yield stand_in


class Program:
    """Starts `paperroute` in a folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(Path(__file__).parents[1]),
            # discord.py brings a player of sounds, which this program has no use for.
            "PYTHONWARNINGS": "error,ignore:'audioop' is deprecated:DeprecationWarning",
            "ARXIV_API_URL": url,
            "PAPERROUTE_ARXIV_DELAY": "0",
            # Nothing outside of this machine is asked.
            "PAPERROUTE_SIGNALS": "off",
            # Where coverage is measured, that of the program as well.
            **{name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")},
        }

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "bot.cli", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env=self.environment | settings,
        )

    def run(self, *arguments: str, typed: str | bytes = "", **settings: str) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        process = self.start(*arguments, **settings)
        output, errors = process.communicate(typed.encode() if isinstance(typed, str) else typed, timeout=60)
        assert b"Traceback" not in errors, errors.decode()
        return process.returncode, output.decode(), errors.decode()

    def console(self, *lines: str) -> str:
        status, output, errors = self.run("console", typed="".join(line + "\n" for line in lines))
        assert (status, errors) == (0, "")
        return output


@pytest.fixture
def program(tmp_path: Path, arxiv: ArxivStandIn) -> Program:
    return Program(tmp_path, arxiv.url)


def posted(output: str) -> Counter[str]:
    """How often each paper's entry, with its link, stands in the output."""
    return Counter(re.findall(r"^ +https://arxiv\.org/abs/(\S+)$", output, re.MULTILINE))


def posts_of(output: str) -> list[str]:
    """The digests in the output, each with its heading."""
    return re.split(r"^(?=\d+ new papers? · )", output, flags=re.MULTILINE)[1:]


def once(*numbers: int) -> Counter[str]:
    return Counter(f"2603.{number:05}" for number in numbers)


def test_each_matching_paper_comes_once_over_polls_and_restarts(program: Program, arxiv: ArxivStandIn) -> None:
    first = program.console("/papers watch RLHF")
    assert first.startswith("Watching `RLHF`")
    assert posted(first) == once(10, 20, 30, 40)
    assert posted(program.console()) == Counter()
    arxiv.announce(day_of_papers(DAYS[1], 41))
    assert posted(program.console("list")) == once(50, 60, 70, 80)
    arxiv.announce(day_of_papers(DAYS[2], 81))
    arxiv.announce(day_of_papers(DAYS[3], 121))
    assert posted(program.console()) == once(90, 100, 110, 120, 130, 140, 150, 160)
    assert posted(program.console()) == Counter()


def test_on_a_pipe_a_command_means_what_the_one_before_it_brought(program: Program) -> None:
    program.console("watch tides")
    output = program.console(
        "watch RLHF", "digest", "+2", "saved bibtex", "schedule instant", "unwatch tides", "save 1"
    )
    assert posted(output) == once(10, 20, 30, 40)
    assert "Saved “Paper 30 on RLHF”." in output
    assert "eprint = {2603.00030}" in output
    assert "Saved “Paper 40 on RLHF”." in output


def test_a_poll_by_hand_posts_what_an_instant_channel_is_owed(program: Program, arxiv: ArxivStandIn) -> None:
    program.console("watch RLHF", "schedule instant")
    arxiv.announce(day_of_papers(DAYS[1], 41))
    status, output, errors = program.run("poll")
    assert status == 0
    assert posted(output) == once(50, 60, 70, 80)
    assert "40 announced, 40 checked, 4 matched." in output
    assert errors == "paperroute: 40 announced, 40 checked, 4 matched.\n"
    assert program.run("poll")[1] == ""


def test_a_poll_by_hand_leaves_a_daily_channel_to_its_time(program: Program) -> None:
    process = program.start("console")
    assert process.stdin is not None
    process.stdin.write(b"watch RLHF\n")
    process.stdin.flush()
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"Watching")
    process.terminate()
    output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert posted(output.decode()) == Counter()
    assert posted(program.run("poll")[1]) == Counter()
    assert posted(program.console()) == once(10, 20, 30, 40)


def test_killed_at_any_time_it_goes_on_where_it_was(program: Program, arxiv: ArxivStandIn) -> None:
    """Nothing is lost, and nothing comes twice but a post whose showing the killed process had no time to note."""
    program.console("watch tides", "watch RLHF")
    transcript = program.folder / "paperroute.db.console"
    noted = transcript.read_text().count("\n")
    shown: Counter[str] = Counter()
    for number, patience in enumerate((0.3, 0.5, 0.6, 0.7, 0.8, 1.0)):
        arxiv.announce(day_of_papers(DAYS[1], 41 + 40 * number))
        process = program.start("console")
        try:
            output, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
        posts = posts_of(output.decode())
        noted_now = transcript.read_text().count("\n") - noted
        noted += noted_now
        assert len(posts) - noted_now in (0, 1), "a post is noted after it was shown, before the next one"
        for post in posts[:noted_now]:
            shown += posted(post)
    shown += posted(program.run("console")[1])
    assert shown == once(*range(41, 281))


def test_a_second_instance_is_refused_in_a_sentence(program: Program) -> None:
    first = program.start("console")
    assert first.stdin is not None
    assert first.stdout is not None
    first.stdin.write(b"schedule\n")
    first.stdin.flush()
    assert first.stdout.readline()
    status, output, errors = program.run("console", typed="list\n")
    assert (status, output) == (1, "")
    assert re.fullmatch(r"paperroute: .*paperroute\.db.*\n", errors)
    assert program.run("status", "--healthy") == (0, "", "")
    assert "Last sign of life" in program.run("status")[1]
    first.stdin.close()
    assert first.wait(timeout=20) == 0
    for stream in (first.stdout, first.stderr):
        assert stream is not None
        stream.close()


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_it_within_five_seconds_though_arxiv_hangs(
    program: Program, arxiv: ArxivStandIn, signal_: signal.Signals
) -> None:
    arxiv.fault_of = lambda _: Fault(Kind.HANG)
    with arxiv.counting():
        process = program.start("run")
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"watch RLHF\n")
        process.stdin.flush()
        assert process.stdout.readline()
        begun = time.monotonic()
        process.send_signal(signal_)
        _, errors = process.communicate(timeout=10)
        assert time.monotonic() - begun < 5
    assert process.returncode == 0
    assert b"Traceback" not in errors


def test_arxiv_down_is_said_and_made_up_for(program: Program, arxiv: ArxivStandIn) -> None:
    program.console("watch RLHF")
    arxiv.announce(day_of_papers(DAYS[1], 41))
    arxiv.fault_of = lambda _: Fault(Kind.STATUS, status=500)
    status, output, errors = program.run("poll")
    assert (status, output) == (1, "")
    assert re.fullmatch(r"paperroute: arXiv [^\n]*\.\n", errors)
    arxiv.fault_of = None
    assert posted(program.console()) == once(50, 60, 70, 80)


def test_commands_of_any_bytes_are_answered(program: Program) -> None:
    typed = b"\xff\xfe\x00\n" + b"watch \x1b[31m\xe2\x80\xae\n" + b"(" * 70_000 + b"\nwatch " + b"(" * 499 + b"\nlist\n"
    status, output, _ = program.run("console", typed=typed)
    assert status == 0
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert output.rstrip().splitlines()[-1]


@pytest.mark.parametrize("command", ["run", "console", "poll"])
def test_mistakes_in_settings_are_all_named(program: Program, command: str) -> None:
    (program.folder / ".env").write_text("PAPERROUTE_BACKFILL=soon\nPAPERROUTE_LOG=loud\n!\n")
    status, output, errors = program.run(command)
    assert (status, output) == (2, "")
    assert [line.split()[1] for line in errors.splitlines()] == [".env,", "PAPERROUTE_BACKFILL", "PAPERROUTE_LOG"]


def test_tokens_that_do_not_suffice_end_in_a_sentence(program: Program) -> None:
    status, _, errors = program.run("run", SLACK_BOT_TOKEN="xoxb-hush")
    assert status == 2
    assert "SLACK_APP_TOKEN must be set as well for Slack" in errors
    assert "hush" not in errors


@pytest.mark.parametrize("redirection", ["</dev/null", "<&-"])
def test_without_anybody_to_talk_to_the_settings_are_named(program: Program, redirection: str) -> None:
    finished = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m bot.cli run {redirection}"],
        env=program.environment,
        cwd=program.folder,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert finished.returncode == 2
    sentence = finished.stderr.decode()
    assert sentence.count("\n") == 1
    assert "SLACK_BOT_TOKEN" in sentence
    assert "DISCORD_TOKEN" in sentence


@pytest.mark.parametrize("content", [b"this is no database" * 300, b"SQLite format 3\0" + b"\xaa" * 8_000])
def test_a_corrupt_database_is_named_and_left_as_it_is(program: Program, content: bytes) -> None:
    path = program.folder / "paperroute.db"
    path.write_bytes(content)
    for command in ("console", "poll", "status"):
        status, output, errors = program.run(command)
        assert (status, output) == (1, "")
        assert re.fullmatch(r"paperroute: .*paperroute\.db.*\n", errors)
    assert path.read_bytes() == content


def test_a_folder_instead_of_a_database_and_a_missing_folder(program: Program) -> None:
    (program.folder / "data").mkdir()
    for path in ("data", "nowhere/paperroute.db"):
        status, _, errors = program.run("console", PAPERROUTE_DATABASE=path)
        assert status == 1
        assert re.fullmatch(r"paperroute: [^\n]*\n", errors)


def test_status_before_the_first_start_says_so(program: Program) -> None:
    assert program.run("status") == (
        1,
        "",
        "paperroute: There is no database paperroute.db yet; `paperroute run` makes it.\n",
    )
    assert program.run("status", "--healthy")[0] == 1
    assert not (program.folder / "paperroute.db").exists()


def test_a_password_in_the_address_is_never_shown(program: Program, arxiv: ArxivStandIn) -> None:
    secret = arxiv.url.replace("http://", "http://ann:open-sesame@")
    (program.folder / "address").write_text(secret + "\n")
    del program.environment["ARXIV_API_URL"]
    for command in ("poll", "status"):
        settings = {"ARXIV_API_URL_FILE": "address", "PAPERROUTE_LOG": "debug"}
        status, output, errors = program.run(command, **settings)
        assert status == 0
        assert "open-sesame" not in output + errors
    arxiv.stop()
    status, output, errors = program.run("poll", ARXIV_API_URL_FILE="address", PAPERROUTE_LOG="debug")
    assert status == 1
    assert "open-sesame" not in output + errors


def test_the_files_belong_to_their_owner_alone(program: Program) -> None:
    program.console("watch RLHF")
    modes = {path.name: path.stat().st_mode & 0o777 for path in program.folder.glob("paperroute.db*")}
    assert "paperroute.db" in modes
    assert set(modes.values()) == {0o600}


def test_the_version_and_the_help(program: Program) -> None:
    assert re.fullmatch(r"paperroute \d+\.\d+\.\d+\n", program.run("--version")[1])
    assert "console" in program.run("--help")[1]
    assert program.run("dance")[0] == 2


def test_a_broken_pipe_ends_quietly(program: Program) -> None:
    finished = subprocess.run(
        ["sh", "-c", f"yes help | {sys.executable} -m bot.cli console | head -1"],
        env=program.environment,
        cwd=program.folder,
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert finished.stderr.decode() == ""
    assert finished.stdout.count(b"\n") == 1


def test_a_log_in_json_is_one_object_a_line(program: Program) -> None:
    _, _, errors = program.run("console", typed="watch RLHF\n", PAPERROUTE_LOG="json,info")
    assert all(line.startswith('{"time"') for line in errors.splitlines())
    assert "Polled" in errors


class Terminal:
    """Our end of a terminal of 120 columns that a program writes to."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (40, 120))
        self._unread = b""

    def see(self, *wanted: bytes) -> bytes:
        """Wait until the program has written one of ``wanted``, behind what was seen before; returns which."""
        while not (seen := [text for text in wanted if text in self._unread]):
            self._unread += os.read(self._ours, 65_536)
        self._unread = self._unread.partition(seen[0])[2]
        return seen[0]

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def close(self) -> None:
        os.close(self._ours)


def test_a_person_at_a_terminal_is_prompted_answered_and_let_go(program: Program) -> None:
    terminal = Terminal()
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.cli", "run"],
        stdin=terminal.theirs,
        stdout=terminal.theirs,
        stderr=terminal.theirs,
        cwd=program.folder,
        # Nobody answers the prompt's question where the cursor is.
        env=program.environment | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        start_new_session=True,
    )
    os.close(terminal.theirs)
    try:
        for keys, answer in (
            (b"layout digest\r", b"Papers now come"),
            (b"watch RLHF\r", b"Watching"),
            (b"schedule instant\r", b"abs/2603.00010"),
        ):
            # Between two prompts the terminal is in the shell's mode, in which Ctrl-D would be lost.
            terminal.see(b"papers>")
            terminal.type(keys)
            terminal.see(answer)
        answered = b""
        while answered != b"Saved":
            # We read faster than the store writes down that the digest was shown.
            terminal.see(b"papers>")
            terminal.type(b"+1\r")
            answered = terminal.see(b"Saved", b"No post with numbers")
        terminal.see(b"papers>")
        terminal.type(b"\x04")
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.wait()
        terminal.close()
    assert "1 paper" in program.console("saved bibtex")


async def test_signals_are_read_beside_everything_else(program: Program, tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    async with HuggingFaceStandIn(today) as community:
        community.days[today] = [element("2603.00010", 33)]
        process = program.start("console", PAPERROUTE_SIGNALS="on", HUGGINGFACE_API_URL=community.url)
        # The first day has been stored when the second is asked for.
        await community.until(2)
        _, errors = await asyncio.to_thread(process.communicate, b"/papers sort hot\n", 50)
    assert (process.returncode, errors.decode()) == (0, "")
    async with open_store(tmp_path) as store:
        assert (await store.signals(["2603.00010"]))["2603.00010"].upvotes == 33
