"""The Web API's methods over ``slack_state``: arguments in, the answer out, refusals as Slack names them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

from tests.standins.slack_state import Channel, Ids, Message, Refusal, Stamps, Team, User

SCOPES = {
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "reactions.get": ("reactions:read",),
    "users.info": ("users:read",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
}
_METADATA_BYTES = 8_000
_TEXT = 40_000


def history_scope(channel: Channel) -> str:
    return "im:history" if channel.direct else "groups:history" if channel.private else "channels:history"


def read_scope(channel: Channel) -> str:
    return "im:read" if channel.direct else "groups:read" if channel.private else "channels:read"


class Methods:
    """``base_url``: where files are uploaded to. ``trigger`` uses a trigger_id up or raises Refusal."""

    def __init__(self, stamps: Stamps, ids: Ids, trigger: Callable[[Team, str], None]) -> None:
        self._stamps = stamps
        self._ids = ids
        self._trigger = trigger
        self.base_url = ""
        self._known: dict[str, Callable[[Team, dict[str, Any]], dict[str, Any]]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post_message,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "conversations.info": self._info,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "conversations.list": self._list,
            "users.conversations": self._users_conversations,
            "users.info": self._users_info,
            "reactions.get": self._reactions_get,
            "views.open": self._views_open,
            "views.push": self._views_open,
            "views.update": self._views_update,
            "views.publish": self._views_publish,
            "files.getUploadURLExternal": self._upload_url,
            "files.completeUploadExternal": self._complete_upload,
        }

    def call(self, team: Team, method: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The answer without ``ok``. Raises Refusal."""
        if method not in self._known:
            raise Refusal("unknown_method", req_method=method)
        for scope in SCOPES.get(method, ()):
            need(team, scope)
        return self._known[method](team, arguments)

    def _auth_test(self, team: Team, _: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": "https://lab.slack.example/",
            "team": team.name,
            "user": team.bot_name,
            "team_id": team.id,
            "user_id": team.bot_user,
            "bot_id": team.bot_id,
            "app_id": team.app_id,
            "is_enterprise_install": False,
            **({"enterprise_id": team.enterprise} if team.enterprise else {}),
        }

    def _post_message(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        name = str(arguments.get("channel", ""))
        channel = team.direct_channel(name) if name.startswith("U") else team.entered(name)
        if channel.archived:
            raise Refusal("is_archived")
        if channel.refuses:
            raise Refusal(channel.refuses)
        content = checked_content(arguments)
        metadata = structure(arguments.get("metadata"))
        if metadata is not None:
            if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
                raise Refusal("invalid_metadata_format")
            if len(json.dumps(metadata)) > _METADATA_BYTES:
                raise Refusal("metadata_too_large")
        thread = arguments.get("thread_ts")
        if thread is not None:
            parent = channel.message(thread)
            if parent is None:
                raise Refusal("thread_not_found")
            thread = parent.thread_ts or parent.ts
        return {"channel": channel.id, "ts": self.store(team, channel, content, metadata, thread).ts}

    def store(
        self,
        team: Team,
        channel: Channel,
        content: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        thread_ts: str | None = None,
    ) -> Message:
        """A message of the bot in a channel."""
        ts = self._stamps.next()
        body = {"type": "message", "ts": ts, "user": team.bot_user, "bot_id": team.bot_id, "app_id": team.app_id}
        message = Message(ts, body | content, metadata, thread_ts)
        if thread_ts is not None:
            message.body["thread_ts"] = thread_ts
        channel.messages.append(message)
        return message

    def _post_ephemeral(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = team.entered(str(arguments.get("channel", "")))
        if arguments.get("user") not in channel.members:
            raise Refusal("user_not_in_channel")
        content = checked_content(arguments)
        ts = self._stamps.next()
        team.ephemerals.append({"channel": channel.id, "user": arguments["user"], "ts": ts, **content})
        return {"message_ts": ts}

    def _update(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        message = found(team.entered(str(arguments.get("channel", ""))), arguments.get("ts"))
        content = checked_content(arguments)
        # Text without blocks takes the old blocks away.
        message.body = {name: value for name, value in message.body.items() if name != "blocks"} | content
        return {"ts": message.ts}

    def _delete(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        message = found(team.entered(str(arguments.get("channel", ""))), arguments.get("ts"))
        message.deleted = True
        return {"ts": message.ts}

    def _info(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = team.visible(str(arguments.get("channel", "")))
        need(team, read_scope(channel))
        return {"channel": described(team, channel)}

    def _history(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = team.entered(str(arguments.get("channel", "")))
        need(team, history_scope(channel))
        messages = [each for each in channel.messages if each.thread_ts is None and not each.deleted]
        return self._page(channel, list(reversed(messages)), arguments)

    def _replies(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = team.entered(str(arguments.get("channel", "")))
        need(team, history_scope(channel))
        parent = channel.message(str(arguments.get("ts", "")))
        if parent is None:
            raise Refusal("thread_not_found")
        replies = [each for each in channel.messages if each.thread_ts == parent.ts and not each.deleted]
        return self._page(channel, [parent, *replies], arguments)

    def _page(self, channel: Channel, messages: list[Message], arguments: dict[str, Any]) -> dict[str, Any]:
        oldest = float(arguments.get("oldest") or 0)
        latest = float(arguments.get("latest") or "inf")
        inclusive = truth(arguments.get("inclusive"))
        metadata = truth(arguments.get("include_all_metadata"))
        limit = min(int(arguments.get("limit") or 100), 999)
        chosen = [
            each
            for each in messages
            if oldest < float(each.ts) < latest or (inclusive and float(each.ts) in (oldest, latest))
        ]
        cursor = arguments.get("cursor") or "0"
        if not cursor.isdecimal():
            raise Refusal("invalid_cursor")
        first = int(cursor)
        rest = len(chosen) > first + limit
        return {
            "messages": [self._given(channel, each, metadata) for each in chosen[first : first + limit]],
            "has_more": rest,
            "response_metadata": {"next_cursor": str(first + limit) if rest else ""},
        }

    def _given(self, channel: Channel, message: Message, metadata: bool) -> dict[str, Any]:
        body = dict(message.body)
        if metadata and message.metadata is not None:
            body["metadata"] = message.metadata
        if message.reactions:
            body["reactions"] = reactions_of(message, most=50)
        if count := sum(each.thread_ts == message.ts and not each.deleted for each in channel.messages):
            body |= {"reply_count": count, "thread_ts": message.ts}
        return body

    def _list(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        need(team, "channels:read")
        return {"channels": [described(team, each) for each in listed(team, arguments)]}

    def _users_conversations(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        user = arguments.get("user") or team.bot_user
        if user != team.bot_user:
            team.user(user)
        chosen = [each for each in listed(team, arguments) if user in each.members]
        limit = min(int(arguments.get("limit") or 100), 999)
        first = int(arguments.get("cursor") or 0)
        rest = len(chosen) > first + limit
        return {
            "channels": [described(team, each) for each in chosen[first : first + limit]],
            "response_metadata": {"next_cursor": str(first + limit) if rest else ""},
        }

    def _users_info(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"user": person(team, team.user(str(arguments.get("user", ""))))}

    def _reactions_get(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = team.visible(str(arguments.get("channel", "")))
        message = found(channel, arguments.get("timestamp"))
        most = 10_000 if truth(arguments.get("full")) else 50
        return {"type": "message", "message": message.body | {"reactions": reactions_of(message, most)}}

    def _views_open(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        self._trigger(team, str(arguments.get("trigger_id", "")))
        view = checked_view(structure(arguments.get("view")))
        return {"view": self._keep(team, view, self._ids.next("V"))}

    def _views_update(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        known = team.views.get(str(arguments.get("view_id", "")))
        if known is None:
            raise Refusal("not_found")
        if arguments.get("hash") and arguments["hash"] != known["hash"]:
            raise Refusal("hash_conflict")
        return {"view": self._keep(team, checked_view(structure(arguments.get("view"))), known["id"])}

    def _views_publish(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        user = team.user(str(arguments.get("user_id", "")))
        view = checked_view(structure(arguments.get("view")))
        team.homes[user.id] = view
        return {"view": self._keep(team, view, f"VHOME{user.id}")}

    def _keep(self, team: Team, view: dict[str, Any], name: str) -> dict[str, Any]:
        kept = view | {"id": name, "hash": self._ids.next("h"), "team_id": team.id}
        team.views[name] = kept
        return kept

    def keep_view(self, team: Team, view: dict[str, Any], name: str) -> None:
        """A view that an acknowledgement put in the place of another. Raises Refusal."""
        self._keep(team, checked_view(view), name)

    def _upload_url(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        if not arguments.get("filename") or int(arguments.get("length") or 0) <= 0:
            raise Refusal("invalid_arguments")
        file = self._ids.next("F")
        team.files[file] = {
            "name": arguments["filename"],
            "length": int(arguments["length"]),
            "content": None,
            "alt": str(arguments.get("alt_txt") or ""),
        }
        return {"file_id": file, "upload_url": f"{self.base_url}upload/{team.id}/{file}"}

    def _complete_upload(self, team: Team, arguments: dict[str, Any]) -> dict[str, Any]:
        channel = team.entered(str(arguments.get("channel_id", "")))
        for each in structure(arguments.get("files")) or ():
            file = team.files.get(each["id"])
            if file is None or file["content"] is None:
                raise Refusal("file_not_found")
            file["channel"] = channel.id
            comment = arguments.get("initial_comment") or ""
            self.store(team, channel, {"text": comment, "files": [{"id": each["id"], "name": file["name"]}]})
        return {"files": structure(arguments.get("files"))}


def need(team: Team, scope: str) -> None:
    """Raises Refusal when the installation lacks a scope."""
    if scope not in team.scopes:
        raise Refusal("missing_scope", needed=scope, provided=",".join(sorted(team.scopes)))


def structure(value: Any) -> Any:
    """What a form's field holds as JSON; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise Refusal("invalid_arguments") from None


def truth(value: Any) -> bool:
    return value is True or value in ("true", "1")


def checked_content(arguments: dict[str, Any]) -> dict[str, Any]:
    """The text and blocks of a message. Raises Refusal for what Slack does not take."""
    text = str(arguments.get("text") or "")
    blocks = structure(arguments.get("blocks"))
    if not text and not blocks:
        raise Refusal("no_text")
    if len(text) > _TEXT:
        raise Refusal("msg_too_long")
    if (code := importlib.import_module("tests.standins.slack_blocks").check_message(text, blocks or [])) is not None:
        raise Refusal(code)
    return {"text": text, **({"blocks": blocks} if blocks else {})}


def checked_view(view: Any) -> dict[str, Any]:
    """A window or home. Raises Refusal."""
    if not isinstance(view, dict):
        raise Refusal("invalid_arguments")
    if (code := importlib.import_module("tests.standins.slack_blocks").check_view(view)) is not None:
        raise Refusal(code)
    return view


def found(channel: Channel, ts: object) -> Message:
    message = channel.message(str(ts or ""))
    if message is None:
        raise Refusal("message_not_found")
    return message


def reactions_of(message: Message, most: int) -> list[dict[str, Any]]:
    """``count`` is true, ``users`` may be cut short."""
    return [
        {"name": name, "users": users[:most], "count": len(users)} for name, users in message.reactions.items() if users
    ]


def described(team: Team, channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private and not channel.direct,
        "is_group": channel.private,
        "is_im": channel.direct,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_ext_shared": channel.shared,
        "is_member": team.bot_user in channel.members,
    }


def listed(team: Team, arguments: dict[str, Any]) -> list[Channel]:
    """The channels of the wanted types that the bot may know. Raises Refusal."""
    types = str(arguments.get("types") or "public_channel").split(",")
    for each in types:
        need(team, {"public_channel": "channels:read", "private_channel": "groups:read"}.get(each, "im:read"))
    return [
        channel
        for channel in team.channels.values()
        if not channel.direct
        and ("private_channel" if channel.private else "public_channel") in types
        and (not channel.private or team.bot_user in channel.members)
        and not (truth(arguments.get("exclude_archived")) and channel.archived)
    ]


def person(team: Team, user: User) -> dict[str, Any]:
    return {
        "id": user.id,
        "team_id": user.team or team.id,
        "name": user.name,
        "is_bot": user.bot,
        "is_admin": user.admin,
        "is_owner": user.owner,
        "is_primary_owner": user.primary_owner,
        "tz": user.zone,
        "profile": {"display_name": user.name, "real_name": user.name.title()},
    }
