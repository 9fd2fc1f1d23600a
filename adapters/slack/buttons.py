"""The menu beside each paper, the buttons to further pages, and buttons that are mere links.

Values come back from Slack as they were sent, from messages of any age and version: they name what to do and an arXiv
id, which is public, and are read as if a stranger had typed them.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from adapters.slack import views
from adapters.slack.blocks import BACK_ACTION, MORE_ACTION, PAPER_ACTION
from adapters.slack.errors import SlackError
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin, action_origin, text_in
from adapters.slack.responding import respond
from bot.commands.router import split
from bot.commands.table import find_command
from bot.conversation import Button, ButtonKind, Command, Reply

# A trigger opens a window for three seconds.
_PATIENCE = 1.2
_EXPIRED = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired"})
_LISTS = frozenset({"list", "search", "saved", "top", "trending", "preview", "help", "status"})
_LINKS = re.compile(r"link\..*")


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen for menus and buttons."""

    @app.action(PAPER_ACTION)
    async def paper(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        value = text_in(action, "selected_option", "value") or text_in(action, "value")
        parts.work.start("A paper's menu", choose(parts, action_origin(body), value, text_in(body, "trigger_id")))

    @app.action({"action_id": re.compile(rf"{re.escape(MORE_ACTION)}|{re.escape(BACK_ACTION)}")})
    async def page(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        parts.work.start("A page", turn_page(parts, action_origin(body), text_in(action, "value")))

    @app.action({"action_id": _LINKS})
    async def link(ack: AsyncAck) -> None:
        await ack()


async def choose(parts: Parts, origin: Origin, value: str, trigger: str) -> None:
    """Carry out an entry of a paper's menu. Raises SlackError."""
    kind, _, paper = value.partition(":")
    if kind == "pdf":
        return
    try:
        button = Button(ButtonKind(kind), paper[:100], origin.channel_ref, origin.member)
    except ValueError:
        await respond(parts, origin, Reply("This entry of the menu is not known to this version.", error=True))
        return
    if button.kind is ButtonKind.ABSTRACT:
        await show_abstract(parts, origin, button, trigger)
    else:
        await respond(parts, origin, await parts.handler.button(button))


async def show_abstract(parts: Parts, origin: Origin, button: Button, trigger: str) -> None:
    """Open the paper's window, at once or as soon as arXiv answers; say it when that fails. Raises SlackError."""
    asking = asyncio.ensure_future(parts.handler.button(button))
    try:
        await asyncio.wait({asking}, timeout=_PATIENCE)
        title = f"arXiv:{button.paper}"
        loading = not asking.done()
        first = views.loading(title) if loading else _window(asking.result(), title)
        try:
            opened = await parts.api.call(origin.workspace, "views.open", trigger_id=trigger, view=first)
        except SlackError as error:
            if error.code not in _EXPIRED or not origin.channel:
                raise
            await respond(parts, origin, await asking)
            return
        if loading:
            view = _window(await asking, title)
            await parts.api.call(origin.workspace, "views.update", view_id=text_in(opened, "view", "id"), view=view)
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def _window(reply: Reply, title: str) -> views.View:
    if not reply.papers or reply.error:
        return views.result(reply, title)
    return views.abstract(reply.papers[0].paper, reply.papers[0].signal)


async def turn_page(parts: Parts, origin: Origin, typed: str) -> None:
    """Show the page that a button's command names, in the place of the one before. Raises SlackError."""
    info = find_command(split(typed)[0])
    if info is None or info.name not in _LISTS:
        await respond(parts, origin, Reply("This button is not known to this version.", error=True))
        return
    zone = await parts.members.zone(origin.workspace, origin.user)
    reply = await parts.handler.command(Command(origin.channel_ref, origin.member, typed, zone=zone))
    # A list does not give way to a word of refusal.
    await respond(parts, origin, reply, replace_original=not reply.error)
