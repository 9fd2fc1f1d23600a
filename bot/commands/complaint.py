"""Errors as sentences to the member who caused or met them, and the guard that no exception passes."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable
from pathlib import PurePath

from bot.commands.saying import quoted, sentences, tidy
from bot.conversation import Reply
from bot.errors import CommandError, PaperrouteError, QueryError, SourceError, StoreError
from bot.query import LONGEST
from bot.wording import count

_log = logging.getLogger(__name__)
_NEAR = 30


async def answered(work: Awaitable[Reply]) -> Reply:
    """What ``work`` replies, or its error as a Reply for the caller only. Never raises but when it is cancelled."""
    try:
        return await work
    except PaperrouteError as error:
        if not isinstance(error, (QueryError, CommandError)):
            _log.warning("a command failed: %s", error)
        return Reply(complaint(error), error=True)
    except Exception:  # noqa: BLE001 - the last line of defence: a defect here must not silence the bot
        _log.exception("a command met a defect")
        return Reply(
            "Something went wrong inside paperroute, and this was not done. The log says more to whoever runs it.",
            error=True,
        )


def complaint(error: PaperrouteError) -> str:
    """The error in a sentence or two: what is wrong, where, and what to do."""
    match error:
        case QueryError():
            said = sentences([error.message, _place(error), error.hint])
        case CommandError():
            said = sentences([error.message, error.hint])
        case SourceError():
            said = sentences([f"{str(error).rstrip('.')}.", _again(error)])
        case StoreError():
            # Where the file lies is for whoever runs paperroute, who has it in the log, not for members of a chat.
            said = sentences([error.message, error.hint]).replace(error.path, PurePath(error.path).name)
        case _:
            said = str(error)
    return tidy(said)


def _again(error: SourceError) -> str:
    """When it is worth another try."""
    minutes = math.ceil((error.retry_after or 0) / 60)
    return "" if error.permanent else f"Try again in {count(minutes, 'minute') if minutes > 1 else 'a minute'}."


def _place(error: QueryError) -> str:
    """Where it is, unless the message quotes it already or it is the whole length that is wrong."""
    if "`" in error.message or "“" in error.message or error.position >= LONGEST:
        return ""
    near = error.text[max(0, error.position) :][:_NEAR]
    return f"It is at {quoted(near)}." if near.strip() else ""
