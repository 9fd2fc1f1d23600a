"""Files that a member gives with a command: fetched from Discord's file server where Discord says they are.

https://docs.discord.com/developers/resources/message#attachment-object
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import discord

from adapters.discord.errors import TROUBLE
from bot.commands.saying import quoted
from bot.conversation import File
from bot.errors import CommandError
from bot.pacing import within
from bot.ports import Clock

logger = logging.getLogger(__name__)

MOST_BYTES = 200_000
PATIENCE = 20.0
"""Seconds that fetching one may take."""


async def files(
    interaction: discord.Interaction[Any], data: dict[str, Any], wanted: Iterable[str], clock: Clock
) -> tuple[File, ...]:
    """The attachments of these ids in the interaction's ``data``, which was read (``adapters.discord.data``).

    Raises CommandError for one that is too large or cannot be had.
    """
    ids = set(wanted)
    return tuple([await _file(each, clock) for each in _attachments(interaction, data) if str(each.id) in ids])


async def _file(attachment: discord.Attachment, clock: Clock) -> File:
    if attachment.size > MOST_BYTES:
        raise CommandError(
            f"The file {quoted(attachment.filename, 60)} is too large: at most {MOST_BYTES // 1000} kB are read."
        )
    try:
        content = await within(clock, PATIENCE, attachment.read())
    except (discord.HTTPException, *TROUBLE) as error:
        logger.warning("An attached file could not be fetched (%s).", type(error).__name__)
        raise CommandError(
            f"The file {quoted(attachment.filename, 60)} could not be fetched from Discord.",
            hint="Attach it again, or try again in a minute.",
        ) from error
    return File(attachment.filename, attachment.content_type or "text/plain", content)


def _attachments(interaction: discord.Interaction[Any], data: dict[str, Any]) -> list[discord.Attachment]:
    made = []
    for each in data["resolved"]["attachments"].values():
        # One without a name, a size or an address is none.
        with suppress(KeyError, TypeError, ValueError):
            found = discord.Attachment(data=each, state=interaction._state)
            if isinstance(found.size, int) and isinstance(found.filename, str) and isinstance(found.url, str):
                made.append(found)
    return made
