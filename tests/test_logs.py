"""Log lines: text, JSON, levels, and no secret in any of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from bot.config import LogConfig
from bot.logs import set_up_logging


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_text_lines_carry_time_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LogConfig(), default_level=logging.INFO)
    logging.getLogger("bot.watcher").info("polled %d papers", 3)
    logging.getLogger("bot.watcher").debug("unseen")
    line = capsys.readouterr().err
    assert line.endswith("Z INFO polled 3 papers\n")
    assert line.count("\n") == 1


def test_json_lines_are_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LogConfig(json=True, level=logging.DEBUG), default_level=logging.ERROR)
    logging.getLogger("bot.delivery").debug("sent %s", "é")
    line = json.loads(capsys.readouterr().err)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "debug", "logger": "bot.delivery", "message": "sent é"}


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_gets_out(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    set_up_logging(LogConfig(json=as_json), default_level=logging.INFO, secrets=("hush-hush", ""))
    try:
        raise ValueError("at https://ann:hush-hush@mirror")
    except ValueError:
        logging.getLogger("x").exception("failed with %s", "hush-hush")
    written = capsys.readouterr().err
    assert "hush-hush" not in written
    assert "***" in written
    assert "ValueError" in written


def test_chatty_libraries_are_heard_only_when_they_warn(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logging(LogConfig(), default_level=logging.INFO)
    logging.getLogger("apscheduler.scheduler").info("job added")
    logging.getLogger("apscheduler.scheduler").warning("missed")
    assert capsys.readouterr().err.endswith("WARNING missed\n")


@pytest.mark.parametrize("secrets", [(), ("hush",)])
def test_no_line_of_the_log_is_forged_and_no_terminal_steered(
    capsys: pytest.CaptureFixture[str], secrets: tuple[str, ...]
) -> None:
    set_up_logging(LogConfig(), default_level=logging.INFO, secrets=secrets)
    hostile = "papers\r\n2026-03-04T12:00:00Z ERROR lost\x1b[2J\x9b2J\u202e\u2028end"
    logging.getLogger("x").warning("the channel %s was renamed", hostile)
    try:
        raise ValueError(hostile)
    except ValueError:
        logging.getLogger("x").exception("it failed")
    first, second, *traceback = capsys.readouterr().err.removesuffix("\n").split("\n")
    assert first.endswith(
        r"Z WARNING the channel papers\r\n2026-03-04T12:00:00Z ERROR lost\x1b[2J\x9b2J\u202e\u2028end was renamed"
    )
    assert second.endswith("Z ERROR it failed")
    assert all(line.startswith("  ") and line.isprintable() for line in traceback)
    assert any("ERROR lost" in line for line in traceback)
