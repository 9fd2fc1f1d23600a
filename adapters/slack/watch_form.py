"""The form for a watch: a query that is explained while its member types, a schedule, and the result in its place.

Query and schedule are read by the core's own functions. The form's private metadata says which channel it is for; it
goes out to Slack and comes back, so its workspace is compared with that of whoever sends it; and a channel that they
chose themselves has to be one that they may know of.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from adapters.slack import views
from adapters.slack.identity import member_ref
from adapters.slack.inviting import channel_name, with_invitation
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin, text_in, workspace_in
from adapters.slack.responding import respond
from adapters.slack.visible import may_know
from bot.channel_schedule import Schedule
from bot.commands.context import DEFAULT_SCHEDULE
from bot.commands.minimum import condition, read_wish
from bot.commands.saying import lines, shown
from bot.conversation import Command, Reply
from bot.errors import CommandError, QueryError
from bot.models import MemberRef
from bot.zones import find_zone

TITLE = "Watch for papers"
PAUSE = 0.7
"""Seconds between two explanations of what somebody types: Slack allows about 100 updates a minute a workspace."""

PATIENCE = 1.5
"""Seconds that an acknowledgement waits for the result; Slack gives it three."""

_FAILED = Reply("Something went wrong. `/papers list` shows whether the watch was made.", error=True)
_UNSEEN = Reply(
    "A private channel has to be yours and the bot's: type `/papers watch` in the channel itself.", error=True
)
_EMPTY = "What the query means appears here while you type."
_MOST_TYPING = 1_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a form says."""

    query: str
    schedule: str
    channel: str


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen to forms."""
    typing = _Typing(parts)

    async def typed(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        typing.changed(body)

    for name in (views.QUERY, views.SCHEDULE):
        app.action({"block_id": name, "action_id": name})(typed)

    @app.action({"block_id": views.CHANNEL, "action_id": views.CHANNEL})
    async def chosen(ack: AsyncAck) -> None:
        await ack()

    @app.view(views.FORM)
    async def submitted(ack: AsyncAck, body: dict[str, Any]) -> None:
        asked = _asked(body)
        if errors := _mistakes(asked):
            await ack(response_action="errors", errors=errors)
            return
        refused = parts.handler.admit(_member(body))
        if refused is not None:
            # Beside the query, so that nothing of the form is lost.
            await ack(response_action="errors", errors={views.QUERY: refused.text})
            return
        # The result comes with the acknowledgement where it can: an update that Slack is sent right after that could
        # overtake it.
        making = parts.work.start("A watch from the form", make_watch(parts, body, asked), urgent=True)
        if making is not None:
            await asyncio.wait({making}, timeout=PATIENCE)
        if making is not None and making.done():
            await ack(response_action="update", view=views.result(making.result() or _FAILED, TITLE))
            return
        await ack(response_action="update", view=views.loading(TITLE))
        if making is not None:
            parts.work.start("The result of a form", _show_later(parts, body, making))


async def open_form(parts: Parts, origin: Origin, trigger: str, *, choose: bool = False) -> None:
    """Open the form for ``origin``'s channel, or with ``choose`` for one to be picked. Raises SlackError."""
    schedule = await _present_schedule(parts, origin)
    about = {
        "workspace": origin.workspace,
        "channel": "" if choose else origin.channel,
        "name": origin.channel_name,
        "url": origin.response_url,
        "schedule": schedule,
    }
    view = views.watch_form(
        query="",
        schedule=schedule,
        explanation=_EMPTY,
        private_metadata=json.dumps(about),
        channel="" if choose or origin.direct else origin.channel_name,
        choose=choose,
    )
    await parts.api.call(origin.workspace, "views.open", trigger_id=trigger, view=view)


async def _present_schedule(parts: Parts, origin: Origin) -> str:
    """The channel's schedule; of a channel without one, what it would get."""
    known = await parts.handler.home(origin.member, [origin.channel_ref])
    for overview in known.channels:
        if overview.channel.ref == origin.channel_ref:
            return overview.channel.schedule
    zone = find_zone(await parts.members.zone(origin.workspace, origin.user) or "")
    return Schedule.parse(DEFAULT_SCHEDULE, zone or "UTC").canonical


class _Typing:
    """Explains what is typed, the latest of each form, not more often than each ``PAUSE``."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._latest: dict[str, dict[str, Any] | None] = {}

    def changed(self, body: dict[str, Any]) -> None:
        """Somebody typed; the explanation follows."""
        view = text_in(body, "view", "id")
        busy = view in self._latest
        if not view or (not busy and len(self._latest) >= _MOST_TYPING):
            return
        self._latest[view] = body
        if not busy:
            self._parts.work.start("Explaining a query", self._explain(view))

    async def _explain(self, view: str) -> None:
        try:
            while (body := self._latest[view]) is not None:
                self._latest[view] = None
                await self._update(body)
                await self._parts.clock.sleep(PAUSE)
        finally:
            del self._latest[view]

    async def _update(self, body: dict[str, Any]) -> None:
        asked, about = _asked(body), _about(body)
        form = views.watch_form(
            query=asked.query,
            schedule=asked.schedule,
            explanation=explanation(asked.query, asked.schedule),
            private_metadata=text_in(body, "view", "private_metadata"),
            channel="" if text_in(about, "channel").startswith("D") else text_in(about, "name"),
            choose=not text_in(about, "channel"),
        )
        await self._parts.api.call(workspace_in(body), "views.update", view_id=text_in(body, "view", "id"), view=form)


def explanation(query: str, schedule: str) -> str:
    """What query and schedule mean, or what is wrong with them, in words of the core."""
    said = _EMPTY
    if query.strip():
        try:
            wish = read_wish(query)
            said = f"Finds {shown(wish.query.explain(), 1_000)}{condition(wish.upvotes)}."
        except (QueryError, CommandError) as error:
            said = f"{error.message} {error.hint}"
    try:
        when = f"Papers come {Schedule.parse(schedule, 'UTC').explain()}."
    except CommandError as error:
        when = f"{error.message} {error.hint}"
    return lines(said, when)


def _mistakes(asked: _Asked) -> dict[str, str]:
    """The errors to show beside the fields."""
    errors: dict[str, str] = {}
    try:
        read_wish(asked.query)
    except (QueryError, CommandError) as error:
        errors[views.QUERY] = shown(f"{error.message} {error.hint}", 500)
    if asked.schedule.strip():
        try:
            Schedule.parse(asked.schedule, "UTC")
        except CommandError as error:
            errors[views.SCHEDULE] = shown(f"{error.message} {error.hint}", 500)
    return errors


async def _show_later(parts: Parts, body: Mapping[str, Any], making: asyncio.Task[Reply | None]) -> None:
    view = views.result(await making or _FAILED, TITLE)
    await parts.api.call(workspace_in(body), "views.update", view_id=text_in(body, "view", "id"), view=view)


async def make_watch(parts: Parts, body: Mapping[str, Any], asked: _Asked) -> Reply:
    """Make the watch of a form that was admitted and say so in the channel; returns what its window is to say.

    Raises SlackError.
    """
    workspace, about = workspace_in(body), _about(body)
    view = text_in(body, "view", "id")
    channel = text_in(about, "channel") or asked.channel
    if text_in(about, "workspace") != workspace or not channel:
        reply = Reply("This form is of another workspace. Type `/papers watch` again.", error=True)
    else:
        origin = Origin(
            workspace,
            channel,
            text_in(body, "user", "id"),
            text_in(body, "user", "username") or text_in(body, "user", "name"),
            text_in(about, "name"),
            text_in(about, "url"),
        )
        if not text_in(about, "channel") and not await may_know(parts, origin):
            return _UNSEEN
        reply = await with_invitation(parts, origin, await _carried_out(parts, origin, about, asked, view))
        # Without a response_url there is no way into a channel that the bot is not in; the window then says all.
        if reply.public and not reply.error and (origin.response_url or not reply.footer):
            await respond(parts, origin, reply)
    return reply


async def _carried_out(parts: Parts, origin: Origin, about: Mapping[str, Any], asked: _Asked, view: str) -> Reply:
    zone = await parts.members.zone(origin.workspace, origin.user)
    name = await channel_name(parts, origin)
    command = Command(
        origin.channel_ref,
        origin.member,
        f"watch {asked.query}",
        name,
        zone,
        origin.direct,
        event=f"form {view}",
        admitted=True,
    )
    reply = await parts.handler.command(command)
    schedule = asked.schedule.strip()
    if reply.error or not reply.text or not schedule or schedule == text_in(about, "schedule"):
        return reply if reply.text else Reply("This watch was made already.")
    again = replace(command, text=f"schedule {schedule}", event=f"schedule {view}")
    return replace(reply, text=lines(reply.text, (await parts.handler.command(again)).text))


def _member(body: Mapping[str, Any]) -> MemberRef:
    return member_ref(workspace_in(body), text_in(body, "user", "id"))


def _asked(body: Mapping[str, Any]) -> _Asked:
    """The fields of a form; what is missing is empty."""
    view = body.get("view")
    state = view.get("state") if isinstance(view, Mapping) else None

    def value(name: str, key: str = "value") -> str:
        return text_in(state, "values", name, name, key)

    return _Asked(value(views.QUERY), value(views.SCHEDULE), value(views.CHANNEL, "selected_conversation"))


def _about(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the form was opened for."""
    try:
        found = json.loads(text_in(body, "view", "private_metadata"))
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}
