"""Answering an interaction: acknowledged within three seconds, whatever the work takes.

What is done within ``PATIENCE`` is answered at once, so that everybody sees what is for everybody and nobody else sees
the rest. What takes longer, or comes while a ``CROWD`` is served, is acknowledged as "thinking", for everybody or for
the caller alone as the command mostly ends, and the answer takes its place; where it ends the other way the place is
removed and the answer said anew.

An original response is edited rather than followed up: a follow-up whose answer was lost is said twice by discord.py,
which asks again after a server error (``AsyncWebhookAdapter.request``).
"""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import discord

from adapters.discord.errors import ACKNOWLEDGED_BEFORE, CONTENT, TOO_LATE
from adapters.discord.messages import Message
from adapters.discord.posting import content_of
from adapters.discord.replies import render
from bot.conversation import File, Reply
from bot.precedence import Precedence

logger = logging.getLogger(__name__)

ACKNOWLEDGED = "acknowledged"
"""The name, among an interaction's extras, of what is called when it has been acknowledged."""

PATIENCE = 0.1
"""Seconds that an acknowledgement waits for the answer."""

CROWD = 10
"""Interactions that are served; of more, none is acknowledged by its answer, which would take longer than that."""

_ALT = 1_024
"""Characters of an attachment's description."""

_DONE = Message("Done.")

Interaction = discord.Interaction[Any]


class Answering:
    """Answers interactions, however many come at the same moment."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence
        self._in_flight = 0
        self._waiting = 0

    async def answer(
        self,
        interaction: Interaction,
        work: Callable[[], Coroutine[Any, Any, Reply]],
        *,
        public: bool,
        shown: Callable[[Reply], list[Message]] = render,
    ) -> None:
        """Do ``work`` and say its reply as ``shown`` makes it; ``public``: how it mostly ends.

        Raises what discord.py raises.
        """
        working: asyncio.Future[Reply] | None = None
        self._in_flight += 1
        try:
            async with self._precedence.first():
                # Nobody overtakes those who wait for their turn.
                crowded = self._in_flight > CROWD or self._waiting > 0
                working = asyncio.ensure_future(self._in_turn(work) if crowded else work())
                if not crowded:
                    await asyncio.wait({working}, timeout=PATIENCE)
                    if working.done():
                        reply = working.result()
                        await say(interaction, reply, shown(reply))
                        return
                acknowledged = await _acknowledged(interaction, public=public)
            reply = await working
            if acknowledged:
                await _fill(interaction, reply, shown(reply), public=public)
        finally:
            self._in_flight -= 1
            if working is not None and not working.done():
                working.cancel()
                await asyncio.wait({working})

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, Reply]]) -> Reply:
        """The result of ``work``, begun behind what is urgent, its own acknowledgement included."""
        self._waiting += 1
        try:
            await self._precedence.behind()
        finally:
            self._waiting -= 1
        return await work()

    async def say(self, interaction: Interaction, reply: Reply) -> None:
        """Answer at once."""
        async with self._precedence.first():
            await say(interaction, reply)

    async def offer(self, interaction: Interaction, find: Callable[[], Awaitable[Sequence[tuple[str, str]]]]) -> None:
        """Give what completes an option: names with their values, 25 at most."""
        try:
            async with self._precedence.first():
                choices = [discord.app_commands.Choice(name=name, value=value) for name, value in await find()]
                await interaction.response.autocomplete(choices)
        except discord.HTTPException as error:
            if error.code not in TOO_LATE and not _said_before(error):
                raise
            # Whoever typed has typed on.
            logger.debug("A completion came too late for Discord.")


async def say(interaction: Interaction, reply: Reply, messages: Sequence[Message] | None = None) -> None:
    """Answer at once: this is the acknowledgement as well. ``messages``: other than the reply's own."""
    found = list(render(reply) if messages is None else messages) or [_DONE]
    ephemeral = not _is_public(reply)
    first, *others = found
    try:
        await _send_first(interaction, first, reply.files, ephemeral=ephemeral)
    except discord.HTTPException as error:
        if error.code in TOO_LATE:
            logger.warning("An answer came too late for Discord.")
            return
        if not _said_before(error):
            raise
    await _follow(interaction, others, ephemeral=ephemeral)


async def _send_first(interaction: Interaction, message: Message, files: Sequence[File], *, ephemeral: bool) -> None:
    try:
        await interaction.response.send_message(**_content(message, files), ephemeral=ephemeral)
    except discord.HTTPException as error:
        if error.code not in CONTENT:
            raise
        await interaction.response.send_message(**_content(message.plain(""), ()), ephemeral=ephemeral)
    _count(interaction)


async def _acknowledged(interaction: Interaction, *, public: bool) -> bool:
    try:
        await interaction.response.defer(ephemeral=not public, thinking=True)
    except discord.HTTPException as error:
        if not _said_before(error):
            logger.warning("Discord did not take an acknowledgement (code %s).", error.code)
            return False
    _count(interaction)
    return True


def _count(interaction: Interaction) -> None:
    if (acknowledged := interaction.extras.pop(ACKNOWLEDGED, None)) is not None:
        acknowledged()


async def _fill(interaction: Interaction, reply: Reply, messages: Sequence[Message], *, public: bool) -> None:
    """Put the reply into the place of "thinking", which is there for a quarter of an hour."""
    try:
        await _put(interaction, reply, messages, public=public)
    except discord.HTTPException as error:
        if error.code not in TOO_LATE:
            raise
        logger.warning("An answer came too late for Discord.")


async def _put(interaction: Interaction, reply: Reply, messages: Sequence[Message], *, public: bool) -> None:
    if not messages and not reply.files:
        await _take_back(interaction)
        return
    first, *others = messages or [_DONE]
    ends_public = _is_public(reply)
    if ends_public == public:
        made = _content(first, reply.files)
        attachments = made.pop("files", [])
        try:
            await interaction.edit_original_response(**made, attachments=attachments)
        except discord.HTTPException as error:
            if error.code not in CONTENT:
                raise
            await interaction.edit_original_response(**_content(first.plain(""), ()))
    else:
        await _take_back(interaction)
        await interaction.followup.send(**_content(first, reply.files), ephemeral=not ends_public)
    await _follow(interaction, others, ephemeral=not ends_public)


async def _take_back(interaction: Interaction) -> None:
    """Delete "thinking"."""
    try:
        await interaction.delete_original_response()
    except discord.NotFound:
        # As of an acknowledgement: the first time may have counted.
        logger.debug("Discord had deleted what was to be deleted.")


async def _follow(interaction: Interaction, messages: Sequence[Message], *, ephemeral: bool) -> None:
    for message in messages:
        await interaction.followup.send(**_content(message, ()), ephemeral=ephemeral)


def _is_public(reply: Reply) -> bool:
    return reply.public and not reply.error


def _said_before(error: discord.HTTPException) -> bool:
    # discord.py asks again after a 5xx, and the first time may have counted.
    return error.code == ACKNOWLEDGED_BEFORE


def _content(message: Message, files: Sequence[File]) -> dict[str, Any]:
    made = content_of(message)
    if made["content"] is None:
        del made["content"]
    if files:
        made["files"] = [
            discord.File(io.BytesIO(file.content or b"\n"), filename=file.name, description=file.alt[:_ALT] or None)
            for file in files
        ]
    return made
