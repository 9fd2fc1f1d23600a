"""The Home tab: published when a member opens it, and anew after each of its buttons.

A channel is shown to those who may know of it: a public one that the bot is in to everybody, any other to its members.
Every button asks again whether its member may see the channel that it names. Opening the tab and pressing its buttons
count as commands, since what they look up at Slack is limited for the workspace; where that is too much, the tab stays
as it is, and a button is answered by a window.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from adapters.slack import home_view, views, watch_form
from adapters.slack.buttons import show_abstract
from adapters.slack.identity import channel_ref
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin, text_in, workspace_in
from adapters.slack.responding import respond
from adapters.slack.visible import visible_channels
from bot.conversation import Button, ButtonKind, Command, Reply
from bot.models import Watch

_ACTIONS = re.compile(r"home\..*")


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen for the tab and its buttons."""

    @app.event("app_home_opened")
    async def opened(body: dict[str, Any]) -> None:
        origin = _member(body, text_in(body, "event", "user"))
        if text_in(body, "event", "tab") in ("", "home") and parts.handler.admit(origin.member) is None:
            parts.work.start("A home", publish(parts, origin))

    @app.action({"action_id": _ACTIONS})
    async def pressed(ack: AsyncAck, body: dict[str, Any], action: dict[str, Any]) -> None:
        await ack()
        parts.work.start("A button at home", press(parts, body, action))


def _member(body: Mapping[str, Any], user: str) -> Origin:
    return Origin(workspace_in(body), "", user, text_in(body, "user", "username") or text_in(body, "user", "name"))


async def publish(parts: Parts, origin: Origin) -> None:
    """Show a member their home. Raises SlackError."""
    if not origin.user:
        return
    home = await parts.handler.home(origin.member, await visible_channels(parts, origin))
    view = home_view.render(home)
    await parts.api.call(origin.workspace, "views.publish", user_id=origin.user, view=view)


async def press(parts: Parts, body: Mapping[str, Any], action: Mapping[str, Any]) -> None:
    """Carry out a button of the home, then publish it anew. Raises SlackError."""
    origin = _member(body, text_in(body, "user", "id"))
    name = text_in(action, "action_id")
    value = text_in(action, "selected_option", "value") or text_in(action, "value")
    trigger = text_in(body, "trigger_id")
    kind, _, paper = value.partition(":")
    if name == home_view.SAVED and kind == ButtonKind.ABSTRACT:
        button = Button(ButtonKind.ABSTRACT, paper[:100], channel_ref(origin.workspace, ""), origin.member)
        await show_abstract(parts, origin, button, trigger)
        return
    refused = parts.handler.admit(origin.member)
    if refused is not None:
        await parts.api.call(
            origin.workspace, "views.open", trigger_id=trigger, view=views.result(refused, "paperroute")
        )
        return
    if name == home_view.ADD:
        await watch_form.open_form(parts, origin, trigger, choose=True)
        return
    if name.startswith(home_view.EXPORT):
        await _export(parts, origin, value)
        return
    if name == home_view.SAVED and kind == "unsave":
        await _command(parts, origin, "", f"unsave {paper[:100]}", trigger)
    elif name in (home_view.PAUSE, home_view.RESUME, home_view.UNWATCH):
        await _change(parts, origin, name, value, trigger)
    else:
        return
    await publish(parts, origin)


async def _export(parts: Parts, origin: Origin, form: str) -> None:
    reply = await _command(parts, origin, "", f"saved {form}" if form.isalpha() else "saved bibtex")
    if not reply.files:
        # A home has no place for a sentence; their direct messages have.
        origin = Origin(origin.workspace, origin.user, origin.user, origin.user_name)
        reply = Reply(reply.text, public=True)
    await respond(parts, origin, reply)


async def _change(parts: Parts, origin: Origin, name: str, value: str, trigger: str) -> None:
    channel, _, number = value.partition(":")
    if channel_ref(origin.workspace, channel) not in await visible_channels(parts, origin):
        return
    if name != home_view.UNWATCH:
        await _command(parts, origin, channel, "pause" if name == home_view.PAUSE else "resume", trigger)
    elif watch := await _watch(parts, origin, channel, number):
        await _command(parts, origin, channel, f"unwatch {watch.typed}", trigger)


async def _watch(parts: Parts, origin: Origin, channel: str, number: str) -> Watch | None:
    """The watch of that number, as long as there is one."""
    home = await parts.handler.home(origin.member, [channel_ref(origin.workspace, channel)])
    watches = (watch for overview in home.channels for watch in overview.watches)
    return next((watch for watch in watches if str(watch.id) == number), None)


async def _command(parts: Parts, origin: Origin, channel: str, text: str, event: str = "") -> Reply:
    """Carry out a command of a button that was admitted; with ``event``, the button's trigger, once."""
    zone = await parts.members.zone(origin.workspace, origin.user)
    place = channel_ref(origin.workspace, channel)
    return await parts.handler.command(Command(place, origin.member, text, zone=zone, event=event, admitted=True))
