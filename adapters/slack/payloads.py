"""What Slack sends, read into the core's values. Pure; whatever is missing or of another kind is taken as empty.

Commands come escaped (the manifest asks for it): ``&amp; &lt; &gt;``, and in angle brackets members, channels and links
(https://docs.slack.dev/interactivity/implementing-slash-commands). A mention becomes "@" and the name, so that `@lecun`
stays an author for a query; a channel "#" and its name, so that `#cs.CL` stays a category.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack.identity import channel_ref, member_ref, workspace_of
from bot.commands.router import MOST_CHARACTERS
from bot.models import ChannelRef, MemberRef

_BRACKETS = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
_UNESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from and where an answer goes: workspace, channel and user by Slack's ids.

    ``response_url`` takes five answers within half an hour. ``thread``: the ts of the thread it was said in.
    """

    workspace: str
    channel: str
    user: str
    user_name: str = ""
    channel_name: str = ""
    response_url: str = ""
    thread: str = ""

    @property
    def channel_ref(self) -> ChannelRef:
        return channel_ref(self.workspace, self.channel)

    @property
    def member(self) -> MemberRef:
        return member_ref(self.workspace, self.user, self.user_name)

    @property
    def direct(self) -> bool:
        """A conversation without a channel: Slack calls every one of them the same."""
        return self.channel_name == "directmessage" or self.channel.startswith("D")


@dataclass(frozen=True, slots=True)
class Words:
    """A command's text as it was meant, and the members that stand in it as "@" and their name."""

    text: str
    mentions: tuple[MemberRef, ...]


def workspace_in(body: Mapping[str, Any]) -> str:
    """The workspace whose installation is meant. In shared channels that is not the team of whoever did something."""
    authorizations = body.get("authorizations")
    if isinstance(authorizations, list) and authorizations and isinstance(authorizations[0], dict):
        first = authorizations[0]
        if first.get("team_id") or first.get("enterprise_id"):
            return workspace_of(text_in(first, "enterprise_id") or None, text_in(first, "team_id") or None)
    team, enterprise = body.get("team"), body.get("enterprise")
    team_id = text_in(body, "team_id") or text_in(team, "id")
    enterprise_id = text_in(body, "enterprise_id") or text_in(enterprise, "id") or text_in(team, "enterprise_id")
    return workspace_of(enterprise_id or None, team_id or None)


def text_in(body: object, *names: str) -> str:
    """The text at ``body[name][name]…``; empty where there is none."""
    for name in names:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body if isinstance(body, str) else ""


def command_origin(body: Mapping[str, Any]) -> Origin:
    """Where a slash command was typed."""
    return Origin(
        workspace=workspace_in(body),
        channel=text_in(body, "channel_id"),
        user=text_in(body, "user_id"),
        user_name=text_in(body, "user_name"),
        channel_name=text_in(body, "channel_name"),
        response_url=text_in(body, "response_url"),
    )


def action_origin(body: Mapping[str, Any]) -> Origin:
    """Where a button was pressed or a menu used."""
    container = body.get("container")
    return Origin(
        workspace=workspace_in(body),
        channel=text_in(body, "channel", "id") or text_in(container, "channel_id"),
        user=text_in(body, "user", "id"),
        user_name=text_in(body, "user", "username") or text_in(body, "user", "name"),
        channel_name=text_in(body, "channel", "name"),
        response_url=text_in(body, "response_url"),
        thread=text_in(container, "thread_ts") or text_in(body, "message", "thread_ts"),
    )


def mentioned(text: str) -> tuple[str, ...]:
    """The ids of the members whom a command's text mentions without their names."""
    return tuple(dict.fromkeys(user for user, name in _mentions(text) if not name))


def words(text: str, workspace: str, name_of: Callable[[str], str]) -> Words:
    """A command's text unescaped; ``name_of`` gives the name of a member who stands in it without one.

    What is longer than a command may be stays as it is, for the core to refuse: half a list is not what was meant.
    """
    if len(text) > MOST_CHARACTERS:
        return Words(text, ())
    mentions: dict[str, MemberRef] = {}

    def replaced(found: re.Match[str]) -> str:
        what, label = found[1], found[2] or ""
        if what.startswith("@") and _USER.fullmatch(what[1:]):
            name = "".join((label or name_of(what[1:]) or what[1:]).split())
            mentions[what] = member_ref(workspace, what[1:], _unescaped(name))
            return f"@{name}"
        if what.startswith("#"):
            return f"#{label or what[1:]}"
        if what.startswith("!"):
            return label if label.startswith("@") else f"@{label or what[1:]}"
        if what.startswith("mailto:"):
            return label or what.removeprefix("mailto:")
        return what

    return Words(_unescaped(_BRACKETS.sub(replaced, text)), tuple(mentions.values()))


def _mentions(text: str) -> list[tuple[str, str]]:
    found = _BRACKETS.finditer(text) if len(text) <= MOST_CHARACTERS else ()
    return [(each[1][1:], each[2] or "") for each in found if each[1].startswith("@") and _USER.fullmatch(each[1][1:])]


def _unescaped(text: str) -> str:
    for escape, character in _UNESCAPED:
        text = text.replace(escape, character)
    return text
