"""The program on Slack as a process: set up, examined, killed in the middle of posting; every paper there once."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet

from tests.standins.arxiv import ArxivStandIn
from tests.standins.slack import SIGNING_SECRET
from tests.standins.slack_oauth import CLIENT_ID, CLIENT_SECRET
from tests.test_program import DAYS, Program, day_of_papers

pytestmark = pytest.mark.timeout(60)


class Slack:
    """The stand-in as a process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.standins.slack_process", "--unlimited"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline().strip() for _ in range(3)]
        self.settings = dict(line.split("=", 1) for line in lines)
        self._url = self.settings["SLACK_API_URL"].removesuffix("api/")

    def control(self, what: str, **asked: Any) -> dict[str, Any]:
        found: dict[str, Any] = requests.post(f"{self._url}control/{what}", json=asked, timeout=30).json()
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self._url}control/state", timeout=30).json()
        return found

    def keys(self) -> Counter[str]:
        """How often each post stands in the channel."""
        messages = self.state()["teams"]["T0LAB"]["channels"]["C0READING"]
        return Counter(message["key"] for message in messages if message["key"])

    def control_messages(self) -> list[dict[str, Any]]:
        """What stands in the channel, blocks included."""
        found: list[dict[str, Any]] = requests.get(f"{self._url}control/messages", timeout=30).json()
        return found

    def stop(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)


@pytest.fixture
def slack() -> Iterator[Slack]:
    slack = Slack()
    try:
        yield slack
    finally:
        slack.stop()


@pytest.fixture
def arxiv() -> Iterator[ArxivStandIn]:
    with ArxivStandIn(day_of_papers(DAYS[0], 1)) as stand_in:
        yield stand_in


@pytest.fixture
def program(tmp_path: Path, arxiv: ArxivStandIn, slack: Slack) -> Program:
    made = Program(tmp_path, arxiv.url)
    made.environment |= slack.settings | {"PAPERROUTE_POLL_INTERVAL": "1s", "PAPERROUTE_BACKFILL": "1d"}
    return made


def wait_for(condition: Any, seconds: float = 30.0) -> None:
    """Until another process has got so far; there is no event to wait for."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def test_a_team_is_served_killed_and_served_again(program: Program, slack: Slack, arxiv: ArxivStandIn) -> None:
    first = program.start("run")
    try:
        wait_for(lambda: slack.state()["connected"] == 1)
        assert "Watching" in str(slack.control("command", text="watch RLHF"))
        slack.control("command", text="layout cards")
        slack.control("command", text="schedule instant")
        arxiv.announce(day_of_papers(DAYS[1], 41))
        wait_for(lambda: len(slack.keys()) >= 2)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=20)
    before = len(slack.keys())
    arxiv.announce(day_of_papers(DAYS[2], 81))
    second = program.start("run")
    try:
        wait_for(lambda: len(slack.keys()) >= 8 and len(slack.keys()) > before)
        status, output, _ = program.run("doctor")
        assert status == 0, output
        assert "All is well." in output
        assert "can be posted to and read back" in output
        messages = slack.state()["teams"]["T0LAB"]["channels"]["C0READING"]
        last = [message for message in messages if message["key"]][-1]
        slack.control("react", name="star", ts=last["ts"])
        wait_for(lambda: "1 paper" in str(slack.control("command", text="saved bibtex")["responses"]))
        files = slack.state()["teams"]["T0LAB"]["files"]
        assert "archivePrefix = {arXiv}" in files["saved.bib"]
    finally:
        second.send_signal(signal.SIGTERM)
        _, errors = second.communicate(timeout=20)
    assert second.returncode == 0
    assert b"Traceback" not in errors
    assert max(slack.keys().values()) == 1
    for token in (slack.settings["SLACK_BOT_TOKEN"], slack.settings["SLACK_APP_TOKEN"]):
        assert token.encode() not in errors


def test_a_backup_put_back_elsewhere_goes_on_without_doubling_a_post(
    program: Program, slack: Slack, arxiv: ArxivStandIn
) -> None:
    def papers() -> Counter[str]:
        blocks = str([message.get("blocks") for message in slack.control_messages()])
        return Counter(re.findall(r"abs/(2603\.\d{5})\|", blocks))

    first = program.start("run")
    try:
        wait_for(lambda: slack.state()["connected"] == 1)
        assert "Watching" in str(slack.control("command", text="watch RLHF"))
        slack.control("command", text="layout digest")
        slack.control("command", text="schedule instant")
        arxiv.announce(day_of_papers(DAYS[1], 41))
        wait_for(lambda: papers().total() >= 8)
        status, said, _ = program.run("backup", "copy.db")
        assert status == 0, said
        assert "Every page was checked." in said
        assert program.run("restore", "copy.db")[0] == 1, "the bot runs"
        arxiv.announce(day_of_papers(DAYS[2], 81))
        wait_for(lambda: papers().total() >= 12)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate(timeout=20)
    # The disk is gone; what was announced last was posted by nobody.
    arxiv.announce(day_of_papers(DAYS[3], 121))
    new = program.folder / "elsewhere.db"
    status, said, errors = program.run("restore", "copy.db", PAPERROUTE_DATABASE=str(new))
    assert status == 0, errors
    assert "is read back before any digest goes out" in said
    second = program.start("run", PAPERROUTE_DATABASE=str(new))
    try:
        wait_for(lambda: papers().total() >= 16)
    finally:
        second.send_signal(signal.SIGTERM)
        _, errors_ = second.communicate(timeout=20)
    assert b"Traceback" not in errors_
    assert b"4 papers turned out to be posted in slack T0LAB/C0READING." in errors_
    assert papers() == Counter(f"2603.{number:05}" for number in range(10, 161, 10))
    assert max(slack.keys().values()) == 1


def test_workspaces_install_themselves_over_http(program: Program, slack: Slack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        program.environment.pop(name)
    program.environment |= {
        # slack_sdk makes a header of the installation by a class of aiohttp's that is on its way out.
        "PYTHONWARNINGS": program.environment["PYTHONWARNINGS"] + ",ignore:BasicAuth is deprecated:DeprecationWarning",
        "SLACK_CLIENT_ID": CLIENT_ID,
        "SLACK_CLIENT_SECRET": CLIENT_SECRET,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "PAPERROUTE_PUBLIC_URL": "https://papers.lab.example",
        "PAPERROUTE_SECRET_KEY": Fernet.generate_key().decode(),
        "PAPERROUTE_WEB": f"127.0.0.1:{port}",
    }
    running = program.start("run")
    try:
        wait_for(lambda: _status(f"{url}/readyz") == 200)
        assert _status(f"{url}/healthz") == 200
        page = requests.get(f"{url}/slack/install", timeout=20)
        (state,) = re.findall(r"state=([^&\"]+)", page.text)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in page.cookies)
        done = requests.get(
            f"{url}/slack/oauth_redirect",
            params={"code": slack.control("consent")["code"], "state": state},
            headers={"Cookie": cookies},
            timeout=20,
        )
        assert "paperroute is installed" in done.text
        slack.control("serve", url=f"{url}/slack/events")
        assert "Watching" in str(slack.control("command", text="watch RLHF")["responses"])
        assert requests.post(f"{url}/slack/events", data="command=/papers", timeout=20).status_code == 401
    finally:
        running.send_signal(signal.SIGTERM)
        _, errors = running.communicate(timeout=20)
    assert running.returncode == 0
    assert b"Traceback" not in errors
    for secret in ("SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "PAPERROUTE_SECRET_KEY"):
        assert program.environment[secret].encode() not in errors


def _status(url: str) -> int:
    try:
        return requests.get(url, timeout=20).status_code
    except requests.ConnectionError:
        return 0


def test_one_poll_for_cron_posts_to_slack(program: Program, slack: Slack) -> None:
    running = program.start("run")
    try:
        wait_for(lambda: slack.state()["connected"] == 1)
        slack.control("command", text="watch RLHF")
        slack.control("command", text="schedule instant")
        slack.control("command", text="pause")
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=20)
    status, _, errors = program.run("poll")
    assert status == 0, errors


def test_a_refused_token_ends_at_once_in_a_sentence(program: Program) -> None:
    for name, token in (("SLACK_BOT_TOKEN", "xoxb-wrong"), ("SLACK_APP_TOKEN", "xapp-wrong")):
        status, _, errors = program.run("run", **{name: token})
        assert status == 2
        assert name in errors
        assert "wrong" not in errors
        assert "Traceback" not in errors


def test_set_up_needs_no_settings_and_doctor_names_what_is_missing(program: Program, slack: Slack) -> None:
    status, output, _ = program.run("setup", "slack", SLACK_BOT_TOKEN="xoxb-only")
    assert status == 0
    assert "https://api.slack.com/apps?new_app=1&manifest_yaml=" in output
    status, output, _ = program.run("setup", "slack", "--public-url", "https://papers.lab.example")
    assert "https://papers.lab.example/slack/events" in output
    status, _, errors = program.run("setup", "slack", "--public-url", "ftp://x")
    assert status == 2
    assert "--public-url must be" in errors
    status, output, _ = program.run("doctor", SLACK_APP_TOKEN="xapp-wrong")
    assert status == 1
    assert "FIX  SLACK_APP_TOKEN" in output
    assert "there is none yet" in output
    status, output, _ = program.run("doctor", SLACK_BOT_TOKEN="xoxb-wrong")
    assert "FIX  SLACK_BOT_TOKEN" in output
