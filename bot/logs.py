"""Log lines on standard error, as text for people or JSON for machines, with secrets blotted out.

What strangers wrote may stand in a message. As text, a message is one line, a traceback is indented, and no character
in either steers the terminal of whoever reads the log.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from bot.config import LogConfig

# Libraries whose "info" is a line for each request or job: only their warnings are news.
_CHATTY = ("apscheduler", "arxiv", "asyncio", "urllib3")

# Those that write down whole payloads at "debug": what members typed, addresses that take answers for a while.
_TELLTALE = ("slack_bolt", "slack_sdk", "discord")


class _Redact(logging.Filter):
    """The last line of defence: whatever a library logs, no secret leaves in it."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def filter(self, record: logging.LogRecord) -> bool:
        if self._secrets:
            message = record.getMessage()
            if record.exc_info and not record.exc_text:
                record.exc_text = logging.Formatter().formatException(record.exc_info)
            for secret in self._secrets:
                message = message.replace(secret, "***")
                if record.exc_text:
                    record.exc_text = record.exc_text.replace(secret, "***")
            record.msg, record.args = message, ()
        return True


class _StandardError(logging.Handler):
    """Writes to what standard error is at that moment: a prompt puts its own in place, so as not to be torn."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:  # noqa: BLE001  what every handler of the library does: a log line must not stop the work
            self.handleError(record)


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            # Indented, so that no line of it can pass for a message of ours.
            record.exc_text = "\n".join(f"  {_escaped(line)}" for line in record.exc_text.splitlines())
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging calls it so
        return _escaped(super().formatMessage(record))


def _escaped(text: str) -> str:
    """Every character that is not printable as Python writes it: ``\\n``, ``\\x1b``, ``\\u202e``."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info or record.exc_text:
            line["error"] = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
        return json.dumps(line, ensure_ascii=False)


def set_up_logging(config: LogConfig, *, default_level: int, secrets: Sequence[str] = ()) -> None:
    """Send every log record to standard error; ``default_level`` holds where the settings name none."""
    handler = _StandardError()
    if config.json:
        handler.setFormatter(_Json())
    else:
        handler.setFormatter(_Text())
    handler.addFilter(_Redact(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config.level if config.level is not None else default_level)
    quiet = logging.DEBUG if config.level == logging.DEBUG else logging.WARNING
    for name in _CHATTY:
        logging.getLogger(name).setLevel(quiet)
    for name in _TELLTALE:
        logging.getLogger(name).setLevel(logging.INFO)
