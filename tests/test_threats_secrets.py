"""Secrets: in no log, error, copy of the database, process list or environment of another process."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store.models.installation import Installation

from adapters.slack.installations import Seal, SlackInstallations
from bot.app.keeping import backup
from bot.clock import SystemClock
from bot.config import Config, LogConfig
from bot.logs import set_up_logging
from bot.worker import in_worker
from tests import discord_kit, slack_kit
from tests.commands_kit import Room
from tests.factories import make_paper
from tests.standins.clock import FakeClock
from tests.standins.discord import TOKEN as DISCORD_TOKEN
from tests.standins.slack import APP_TOKEN, BOT_TOKEN
from tests.store_kit import open_store


@pytest.fixture
def _logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("_logging")
async def test_the_most_talkative_log_holds_no_token_no_code_and_nothing_that_was_typed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = (BOT_TOKEN, APP_TOKEN, DISCORD_TOKEN)
    set_up_logging(LogConfig(level=logging.DEBUG), default_level=logging.INFO, secrets=secrets)
    codes = []
    for name in ("slack", "discord"):
        (tmp_path / name).mkdir()
    async with slack_kit.stand_in() as slack, slack_kit.running(slack, tmp_path / "slack") as bot:
        await bot.announce([make_paper()])
        for text in ("watch axolotlword", "export", "link ABCD-EFGH-JKLM"):
            await bot.say(text)
        codes.append("\n".join(slack_kit.shown(each) for each in (await bot.say("link", user="U0OWNER")).responses))
        await bot.say("pause kowariword")
    async with discord_kit.stand_in() as discord, discord_kit.running(discord, tmp_path / "discord") as there:
        await there.say("watch", query="axolotlword")
        made = await there.say("link")
        codes.append(discord_kit.shown(made.reply))
    written = capsys.readouterr().err
    assert "DEBUG" in written
    for secret in (*secrets, "axolotlword", "kowariword", "ABCD-EFGH-JKLM", "/respond/", made.token, "?ticket="):
        assert secret not in written, secret
    found = re.findall(r"/papers link ([A-Z0-9-]{14})", "\n".join(codes))
    assert found
    assert not [code for code in found if code in written]


async def test_a_copy_of_the_database_holds_no_token_and_no_code(tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    async with open_store(tmp_path) as store:
        installations = SlackInstallations(store, Seal([key]), FakeClock())
        await installations.async_save(
            Installation(
                user_id="U0ANN", team_id="T0LAB", bot_token="xoxb-of-the-lab", bot_refresh_token="xoxe-of-the-lab"
            )
        )
        room = Room(store, FakeClock())
        assert room.postbox is not None
        linked = (await room.say("link", administers=True)).text
        await room.say("email ann@lab.example")
        copy = tmp_path / "copy.db"
        backup(Config(database=tmp_path / "paperroute.db"), copy, force=False)
    assert copy.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM installations").fetchone() == (1,)
    content = copy.read_bytes()
    (code,) = re.findall(r"/papers link ([A-Z0-9-]{14})", linked)
    (mailed,) = [code for _, code, _ in room.postbox.codes]
    for secret in ("xoxb-of-the-lab", "xoxe-of-the-lab", key, code, code.replace("-", ""), mailed):
        assert secret.encode() not in content
        assert secret.lower().encode() not in content


SETTINGS = re.findall(r"^#?([A-Z_]+)=", (Path(__file__).parent.parent / ".env.example").read_text(), re.MULTILINE)


async def test_a_worker_is_told_no_setting_in_its_arguments_or_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "telling.py").write_text(
        "import json, pathlib, sys\n"
        "print(json.dumps([pathlib.Path('/proc/self/' + each).read_bytes().decode('latin-1')\n"
        "                  for each in ('cmdline', 'environ')]))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert {"SLACK_BOT_TOKEN", "DISCORD_TOKEN", "SMTP_URL", "PAPERROUTE_SECRET_KEY"} < set(SETTINGS)
    for name in (*SETTINGS, "HTTPS_PROXY", "https_proxy", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, f"hush-{name}")
    answer = await in_worker(SystemClock(), "telling", ["index.similar"], _nothing(), seconds=30)
    arguments, environment = json.loads(answer)
    assert "index.similar" in arguments
    assert "PYTHONPATH" in environment
    assert "hush" not in arguments + environment


async def _nothing() -> AsyncIterator[bytes]:
    pieces: tuple[bytes, ...] = ()
    for piece in pieces:
        yield piece
