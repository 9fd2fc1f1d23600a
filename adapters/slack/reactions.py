"""Save reactions: Slack's events, read for the core.

Reactions to other people's messages are none of the bot's business and are dropped before anything is asked. In shared
channels the workspace is that of the installation; whoever reacts there saves under their own id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from slack_bolt.async_app import AsyncApp

from adapters.slack.identity import member_ref, message_ref
from adapters.slack.parts import Parts
from adapters.slack.payloads import Origin, text_in, workspace_in
from adapters.slack.replies import render
from adapters.slack.responding import say
from bot.conversation import Reaction


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen for reactions. Bolt acknowledges events by itself before its listeners have ended."""

    @app.event("reaction_added")
    async def added(body: dict[str, Any]) -> None:
        parts.work.start("A reaction", react(parts, body, added=True))

    @app.event("reaction_removed")
    async def removed(body: dict[str, Any]) -> None:
        parts.work.start("A reaction taken back", react(parts, body, added=False))


async def react(parts: Parts, body: Mapping[str, Any], *, added: bool) -> None:
    """Hand a reaction to the core; what it has to say goes to that member only. Raises SlackError."""
    workspace = workspace_in(body)
    bot = await parts.api.credentials(workspace)
    event = body.get("event")
    user, owner = text_in(event, "user"), text_in(event, "item_user")
    channel, ts = text_in(event, "item", "channel"), text_in(event, "item", "ts")
    if not (user and channel and ts) or user == bot.user or owner not in ("", bot.user):
        return
    reply = await parts.handler.reaction(
        Reaction(
            message=message_ref(workspace, channel, ts),
            member=member_ref(workspace, user, await parts.members.name(workspace, user)),
            added=added,
            name=plain_name(text_in(event, "reaction")),
            event=text_in(body, "event_id"),
            at=moment(text_in(event, "event_ts")),
        )
    )
    if reply is None:
        return
    for message in render(reply):
        await say(parts, Origin(workspace, channel, user), message, public=False)


def plain_name(reaction: str) -> str:
    """An emoji's name without its skin tone."""
    return reaction.partition("::")[0][:100]


def moment(ts: str) -> datetime | None:
    """A timestamp of Slack's in UTC; None for what is none."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
