"""The program on Discord as a process: killed in the middle of posting, beside Slack, examined."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from adapters.discord.buttons import key_of
from tests.standins.arxiv import ArxivStandIn
from tests.standins.discord import READING
from tests.test_program import DAYS, Program, day_of_papers
from tests.test_program_slack import Slack, wait_for

pytestmark = pytest.mark.timeout(60)


class Discord:
    """The stand-in as a process."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.standins.discord_process", "--unlimited"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": root},
        )
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline().strip() for _ in range(2)]
        self.settings = dict(line.split("=", 1) for line in lines)
        self._url = self.settings["DISCORD_API_URL"].removesuffix("/api/v10")

    def control(self, what: str, **asked: Any) -> dict[str, Any]:
        found: dict[str, Any] = requests.post(f"{self._url}/control/{what}", json=asked, timeout=30).json()
        return found

    def command(self, name: str, **options: str) -> str:
        """What `/papers name …` is answered with."""
        return str(self.control("command", name=name, options=options))

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self._url}/control/state", timeout=30).json()
        return found

    def keys(self) -> Counter[str]:
        """How often each post stands anywhere."""
        messages = [message for channel in self.state()["channels"].values() for message in channel]
        found = ({key_of(identity) for identity in message["ids"]} - {""} for message in messages)
        return Counter(key for keys in found for key in keys)

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


@pytest.fixture
def discord() -> Iterator[Discord]:
    discord = Discord()
    try:
        yield discord
    finally:
        discord.stop()


@pytest.fixture
def arxiv() -> Iterator[ArxivStandIn]:
    with ArxivStandIn(day_of_papers(DAYS[0], 1)) as stand_in:
        yield stand_in


@pytest.fixture
def program(tmp_path: Path, arxiv: ArxivStandIn, discord: Discord) -> Program:
    made = Program(tmp_path, arxiv.url)
    made.environment |= discord.settings | {"PAPERROUTE_POLL_INTERVAL": "1s", "PAPERROUTE_BACKFILL": "1d"}
    return made


def test_a_team_is_served_killed_and_served_again(program: Program, discord: Discord, arxiv: ArxivStandIn) -> None:
    first = program.start("run")
    try:
        wait_for(lambda: discord.state()["connected"] == 1)
        assert "Watching" in discord.command("watch", query="RLHF")
        discord.command("layout", layout="cards")
        discord.command("schedule", when="instant")
        arxiv.announce(day_of_papers(DAYS[1], 41))
        wait_for(lambda: len(discord.keys()) >= 2)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=20)
    arxiv.announce(day_of_papers(DAYS[2], 81))
    second = program.start("run")
    try:
        wait_for(lambda: len(discord.keys()) >= 8)
        discord.control("drop")
        status, output, _ = program.run("doctor")
        assert status == 0, output
        assert "can be posted to and read back" in output
        assert "All is well." in output
        messages = discord.state()["channels"][str(READING)]
        last = [message for message in messages if any(message["ids"])][-1]
        wait_for(lambda: discord.state()["connected"] == 1)
        discord.control("react", emoji="🔖", message=last["id"])
        wait_for(lambda: "archivePrefix = {arXiv}" in discord.command("saved", format="bibtex"))
    finally:
        second.send_signal(signal.SIGTERM)
        _, errors = second.communicate(timeout=20)
    assert second.returncode == 0
    assert b"Traceback" not in errors
    assert max(discord.keys().values()) == 1
    assert discord.settings["DISCORD_TOKEN"].encode() not in errors


def test_one_process_serves_slack_and_discord_from_one_store(
    program: Program, discord: Discord, arxiv: ArxivStandIn
) -> None:
    slack = Slack()
    program.environment |= slack.settings
    running = program.start("run")
    try:
        wait_for(lambda: slack.state()["connected"] == 1 and discord.state()["connected"] == 1)
        for said in ("watch RLHF", "layout digest", "schedule instant"):
            slack.control("command", text=said)
        discord.command("watch", query="RLHF")
        discord.command("layout", layout="digest")
        discord.command("schedule", when="instant")
        before = len(slack.keys()), len(discord.keys())
        arxiv.announce(day_of_papers(DAYS[1], 41))
        wait_for(lambda: len(slack.keys()) > before[0] and len(discord.keys()) > before[1])
        for number in (50, 60, 70, 80):
            link = f"https://arxiv.org/abs/2603.{number:05}"
            on_discord = str(discord.state()["channels"][str(READING)])
            on_slack = str(slack.control_messages())
            assert on_discord.count(link) == on_slack.count(link) == 1
    finally:
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=20)
        slack.stop()
    assert running.returncode == 0
    assert b"Traceback" not in errors


def test_a_refused_token_ends_at_once_in_a_sentence(program: Program) -> None:
    status, _, errors = program.run("run", DISCORD_TOKEN="hush")
    assert status == 2
    assert errors.count("\n") <= 3
    assert "DISCORD_TOKEN is refused by Discord" in errors
    assert "hush" not in errors
    status, output, _ = program.run("doctor", DISCORD_TOKEN="hush")
    assert status == 1
    assert "FIX  DISCORD_TOKEN" in output


def test_set_up_needs_no_settings(program: Program) -> None:
    status, output, _ = program.run("setup", "discord")
    assert status == 0
    assert "DISCORD_TOKEN=" in output
    assert (
        "https://discord.com/oauth2/authorize?client_id=YOUR_APPLICATION_ID&scope=bot+applications.commands" in output
    )
    for permission in ("View Channel", "Send Messages", "Embed Links", "Read Message History"):
        assert permission in output
