"""discord.py's log as operators want to read it: what happened and why, in a line.

It logs a traceback for each connection that breaks, which is everyday, and at every start that voice is not supported.
"""

from __future__ import annotations

import logging

_CHATTY = ("discord.client", "discord.gateway", "discord.shard", "discord.http")


class _InALine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if "voice will NOT be supported" in record.getMessage():
            return False
        if record.exc_info and record.exc_info[1] is not None:
            record.msg = f"{record.getMessage()} ({type(record.exc_info[1]).__name__})"
            record.args = ()
            record.exc_info = None
            record.exc_text = None
        return True


_FILTER = _InALine()


def quieten() -> None:
    """Let discord.py's loggers say it in a line; again changes nothing."""
    for name in _CHATTY:
        logging.getLogger(name).addFilter(_FILTER)
