"""`/papers …`: from Slack's payload to the core and back.

Acknowledged at once, worked on afterwards, however long that takes. What is too much of a member is refused in the
acknowledgement itself, which costs no request.
"""

from __future__ import annotations

import asyncio
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from adapters.slack import watch_form
from adapters.slack.inviting import channel_name, with_invitation
from adapters.slack.manifest import COMMAND
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin, command_origin, mentioned, text_in, words
from adapters.slack.replies import render
from adapters.slack.responding import respond
from bot.commands.router import split
from bot.commands.table import find_command
from bot.conversation import Command, FileWay

_MOST_MENTIONS = 10


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen for the command."""

    @app.command(COMMAND)
    async def papers(ack: AsyncAck, body: dict[str, Any]) -> None:
        refused = parts.handler.admit(command_origin(body).member)
        if refused is not None:
            await ack(render(refused)[0].text)
            return
        await ack()
        parts.work.start("A command", carry_out(parts, body))


async def carry_out(parts: Parts, body: dict[str, Any]) -> None:
    """Carry out a command that was admitted and acknowledged, and answer it. Raises SlackError."""
    origin = command_origin(body)
    text = text_in(body, "text")
    if _asks_for_form(text):
        await watch_form.open_form(parts, origin, text_in(body, "trigger_id"))
        return
    reply = await parts.handler.command(await _command(parts, origin, text, text_in(body, "trigger_id")))
    await respond(parts, origin, await with_invitation(parts, origin, reply))


def _asks_for_form(text: str) -> bool:
    name, argument = split(text)
    info = find_command(name)
    return info is not None and info.name == "watch" and not argument


async def _command(parts: Parts, origin: Origin, text: str, event: str) -> Command:
    unnamed = mentioned(text)[:_MOST_MENTIONS]
    zone, name, *names = await asyncio.gather(
        parts.members.zone(origin.workspace, origin.user),
        channel_name(parts, origin),
        *(parts.members.name(origin.workspace, user) for user in unnamed),
    )
    known = dict(zip(unnamed, names, strict=True))
    said = words(text, origin.workspace, lambda user: known.get(user) or user)
    return Command(
        channel=origin.channel_ref,
        member=origin.member,
        text=said.text,
        channel_name=name or "",
        zone=zone,
        direct=origin.direct,
        mentions=said.mentions,
        event=event,
        # Asked last, when who they are is known already: two questions at once would be two requests.
        administers=await parts.members.administers(origin.workspace, origin.user),
        # https://docs.slack.dev/interactivity/implementing-slash-commands: a command is its text.
        file_way=FileWay.NONE,
        admitted=True,
    )
