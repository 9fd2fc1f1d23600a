"""Events that discord.py cannot read are left, each by itself.

discord.py takes it for granted that an event has the shape that it knows. One that lacks a part, or brings a new one,
raises in the task that reads the gateway; that ends the whole client, all shards of it, and another one has to log in
and identify itself, which Discord lets a bot do a thousand times a day. It has happened with events that Discord did
send (Rapptz/discord.py issues 2422 and 7501).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import discord

logger = logging.getLogger(__name__)

# Without these there is no session.
_NEEDED = ("READY", "RESUMED")


def leave_unreadable(client: discord.Client) -> None:
    """Let ``client``, before it connects, log an event that it cannot read, and go on with the next one."""
    parsers = client._connection.parsers
    seen: set[tuple[str, type[Exception]]] = set()

    def forgiving(name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
        def parse_or_leave(data: Any) -> None:
            try:
                parse(data)
            except Exception as error:
                # Where Discord has changed an event, each of them will be like this one.
                known = (name, type(error)) in seen
                seen.add((name, type(error)))
                # From discord.py's code on.
                where = None if known or error.__traceback__ is None else error.__traceback__.tb_next
                logger.exception(
                    "An event %s of Discord's could not be read and was left.",
                    name,
                    exc_info=error.with_traceback(where),
                )

        return parse_or_leave

    for name, parse in list(parsers.items()):
        if name not in _NEEDED:
            parsers[name] = forgiving(name, parse)
