"""What happens to channels and workspaces, told to the core with the reason and the remedy.

Nothing is ever deleted on account of an event: a channel that was lost waits, paused, and goes on when the bot is
invited again. Events come in any order and more than once. One that is told again, by Slack minutes later or by
somebody who caught its request, changes nothing: meanwhile the opposite may have become the case.
``channel_rename`` has the channel as an object, the others as its id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp

from adapters.slack.errors import SlackError
from adapters.slack.identity import PLATFORM, channel_ref
from adapters.slack.parts import Parts
from adapters.slack.payloads import text_in, workspace_in
from bot.conversation import ChannelChange, ChannelChangeKind, WorkspaceChange

_LOST = {
    "archive": "This channel is archived. Unarchive it, then type `/invite @{bot}` in it.",
    "left": "@{bot} was removed from this channel. Type `/invite @{bot}` in it.",
}
_DELETED = "This channel was deleted on Slack."
UNINSTALLED = "The app was removed from this workspace. Install it again to go on."


def register(app: AsyncApp, parts: Parts) -> None:
    """Listen for changes."""
    for kind in ("channel", "group"):
        for change in ("archive", "unarchive", "rename", "deleted", "left"):
            _listen(app, parts, f"{kind}_{change}", change)
    _listen(app, parts, "channel_id_changed", "id_changed")

    @app.event("member_joined_channel")
    async def joined(body: dict[str, Any]) -> None:
        parts.work.start("A channel joined", _once(parts, body, partial(follow_join, parts, body)))

    @app.event("app_uninstalled")
    async def uninstalled(body: dict[str, Any]) -> None:
        parts.work.start("A removal of the app", _once(parts, body, partial(lose, parts, workspace_in(body))))

    @app.event("tokens_revoked")
    async def revoked(body: dict[str, Any]) -> None:
        tokens = body.get("event", {}).get("tokens", {})
        # Members' tokens are none of ours.
        if isinstance(tokens, Mapping) and tokens.get("bot"):
            parts.work.start("A revoked token", _once(parts, body, partial(lose, parts, workspace_in(body))))


def _listen(app: AsyncApp, parts: Parts, event: str, change: str) -> None:
    async def changed(body: dict[str, Any]) -> None:
        parts.work.start(f"A {event}", _once(parts, body, partial(follow, parts, body, change)))

    app.event(event)(changed)


async def _once(parts: Parts, body: Mapping[str, Any], work: Callable[[], Awaitable[None]]) -> None:
    """Do ``work`` for the event of ``body``, unless that was told before. Raises StoreError and what ``work`` does."""
    event = text_in(body, "event_id")
    if not event or await parts.first_time(workspace_in(body), event):
        await work()


async def follow(parts: Parts, body: Mapping[str, Any], change: str) -> None:
    """Tell the core of a channel's change. Raises SlackError."""
    workspace, event = workspace_in(body), body.get("event")
    channel = text_in(event, "channel", "id") or text_in(event, "channel") or text_in(event, "old_channel_id")
    if not channel:
        return
    parts.channels.forget(workspace, channel)
    told = await _told(parts, workspace, channel, change, event)
    if told is not None:
        await parts.handler.channel_changed(told)


async def _told(parts: Parts, workspace: str, channel: str, change: str, event: object) -> ChannelChange | None:
    ref = channel_ref(workspace, channel)
    kinds = ChannelChangeKind
    match change:
        case "rename":
            name = text_in(event, "channel", "name")
            return ChannelChange(kinds.RENAMED, ref, name=name) if name else None
        case "id_changed":
            new = text_in(event, "new_channel_id")
            return ChannelChange(kinds.MOVED, ref, to=channel_ref(workspace, new)) if new else None
        case "deleted":
            return ChannelChange(kinds.ENDED, ref, reason=_DELETED)
        case "unarchive":
            # Slack takes its bots out of an archived channel, so they are mostly not in it now.
            return await _regained(parts, workspace, channel)
        case _:
            return ChannelChange(kinds.LOST, ref, reason=_LOST[change].format(bot=await bot_name(parts, workspace)))


async def follow_join(parts: Parts, body: Mapping[str, Any]) -> None:
    """Resume a channel that the bot was invited to; others' joining is none of its business. Raises SlackError."""
    workspace = workspace_in(body)
    known = await parts.api.credentials(workspace)
    channel = text_in(body, "event", "channel")
    if not channel or text_in(body, "event", "user") != known.user:
        return
    parts.channels.forget(workspace, channel)
    await parts.handler.channel_changed(ChannelChange(ChannelChangeKind.REGAINED, channel_ref(workspace, channel)))


async def _regained(parts: Parts, workspace: str, channel: str) -> ChannelChange:
    ref = channel_ref(workspace, channel)
    if await parts.channels.reachable(workspace, channel):
        return ChannelChange(ChannelChangeKind.REGAINED, ref)
    name = await bot_name(parts, workspace)
    reason = f"@{name} is not in this channel. Type `/invite @{name}`."
    return ChannelChange(ChannelChangeKind.LOST, ref, reason=reason)


async def lose(parts: Parts, workspace: str) -> None:
    """The app was removed from a workspace, or its token revoked: two events that come in either order."""
    await parts.handler.workspace_changed(WorkspaceChange(PLATFORM, workspace, UNINSTALLED))
    await parts.uninstalled(workspace)


async def bot_name(parts: Parts, workspace: str) -> str:
    """As members mention the bot."""
    try:
        return (await parts.api.credentials(workspace)).name or "paperroute"
    except SlackError:
        return "paperroute"
