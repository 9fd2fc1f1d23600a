"""A post sent to Slack, and looked up there.

Slack has no key that makes a repeated request harmless, so the post's key travels in the message's metadata, and a post
whose answer was lost is looked up by it in the history (https://docs.slack.dev/messaging/message-metadata). Other apps
can read metadata and could copy it: only messages of this bot count. The papers that a post gives its channel stand
there beside the key, for a store that was put back from a backup and does not know the post.

A message that Slack does not like is sent once more as plain text, with the same metadata: it was refused, so it does
not stand there. A thread whose first message was deleted takes no reply: a card then has nothing to stand under and is
dropped (its paper stood in the digest), a notice goes into the channel.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.slack.api import Credentials, SlackApi
from adapters.slack.blocks import Message
from adapters.slack.errors import CONTENT, THREAD, SlackError, delivery_error, reading_error
from adapters.slack.history import History
from adapters.slack.identity import message_ref
from adapters.slack.posts import render
from bot.errors import DeliveryError
from bot.models import ChannelRef, FoundPost, MessageRef, Post, PostKind
from bot.ports import Clock

EVENT_TYPE = "paperroute_post"
TIMEOUT = 30.0
# Slack's clock and ours may differ: ours by hours, for as long as it is set wrong. A search that begins too late finds
# nothing, and the post would be sent twice; one that begins too early reads a few pages more.
_BEFORE = timedelta(hours=2)
_LONGEST_PLAIN_TEXT = 3_000
# Broken searches of which the place is remembered.
MOST_RESUMED = 32
_MOST_PAPERS = 100
_TS = re.compile(r"\d{1,12}\.\d{1,9}", re.ASCII)


class Posting:
    """Sends posts and looks them up."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._history = History(api, clock)
        self._resumed: dict[tuple[str, bool], str] = {}

    @property
    def resumable(self) -> int:
        """How many broken searches can be gone on with."""
        return len(self._resumed)

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """Post it, once. Raises DeliveryError."""
        self._forget(post)
        message = render(post)
        try:
            return await self._send_in_thread(channel, post, message)
        except SlackError as error:
            raise delivery_error(error, await self._name(channel.workspace)) from error

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """The message that holds the post; None: there is none. Raises UnreadableError, DeliveryError.

        A search that is broken off goes on where it was when it is asked for again.
        """
        try:
            credentials = await self._api.credentials(channel.workspace)
            # Slack may put a reply beside its thread when the thread is gone.
            for threaded in (True, False) if post.thread else (False,):
                if found := await self._search(channel, post, credentials, threaded=threaded):
                    self._forget(post)
                    return found
        except SlackError as error:
            raise reading_error(error, await self._name(channel.workspace)) from error
        self._forget(post)
        return None

    async def posts_since(self, channel: ChannelRef, since: datetime) -> list[FoundPost]:
        """As ``ReadsBack``."""
        found: list[FoundPost] = []
        try:
            credentials = await self._api.credentials(channel.workspace)
            async for page in self._history.pages(channel.workspace, channel.channel, oldest=since - _BEFORE):
                found += [
                    FoundPost(
                        message_ref(channel.workspace, channel.channel, ts),
                        key,
                        papers,
                        datetime.fromtimestamp(float(ts), UTC),
                    )
                    for message in page.messages
                    if _is_ours(message, credentials)
                    and (key := _key(message))
                    and (papers := tuple(_given(message)))
                    and _TS.fullmatch(ts := str(message["ts"]))
                ]
        except SlackError as error:
            raise reading_error(error, await self._name(channel.workspace)) from error
        return sorted(found, key=lambda post: post.at)

    async def _send_in_thread(self, channel: ChannelRef, post: Post, message: Message) -> MessageRef:
        thread = None if post.thread is None else post.thread.message
        try:
            return await self._send_readable(channel, post, message, thread)
        except SlackError as error:
            if thread is None or error.code not in THREAD:
                raise
            if post.kind is not PostKind.NOTICE:
                raise DeliveryError("The message of its thread was deleted.", thread_gone=True) from error
        return await self._send_readable(channel, post, message, None)

    async def _send_readable(self, channel: ChannelRef, post: Post, message: Message, thread: str | None) -> MessageRef:
        try:
            return await self._post(channel, post, thread, text=message.text, blocks=message.blocks or None)
        except SlackError as error:
            if error.code not in CONTENT:
                raise
        return await self._post(channel, post, thread, text=message.text[:_LONGEST_PLAIN_TEXT] or post.key)

    async def _post(self, channel: ChannelRef, post: Post, thread: str | None, **content: Any) -> MessageRef:
        answer = await self._api.call(
            channel.workspace,
            "chat.postMessage",
            timeout=TIMEOUT,
            channel=channel.channel,
            thread_ts=thread,
            metadata={"event_type": EVENT_TYPE, "event_payload": _payload(post)},
            mrkdwn=False,
            unfurl_links=False,
            unfurl_media=False,
            **content,
        )
        ts = answer.get("ts")
        if not isinstance(ts, str) or not ts:
            raise SlackError("unreadable", method="chat.postMessage", workspace=channel.workspace, ambiguous=True)
        return message_ref(channel.workspace, channel.channel, ts)

    async def _search(
        self, channel: ChannelRef, post: Post, credentials: Credentials, *, threaded: bool
    ) -> MessageRef | None:
        thread = post.thread.message if threaded and post.thread else ""
        place = (post.key, threaded)
        pages = self._history.pages(
            channel.workspace,
            channel.channel,
            oldest=post.made_at - _BEFORE if post.made_at else None,
            thread=thread,
            cursor=self._resumed.get(place, ""),
        )
        try:
            async for page in pages:
                for message in page.messages:
                    if _is_ours(message, credentials) and _key(message) == post.key:
                        return message_ref(channel.workspace, channel.channel, str(message["ts"]))
                self._remember(place, page.cursor)
        except SlackError as error:
            if error.code == "invalid_cursor":
                self._resumed.pop(place, None)
            if not threaded or error.code not in THREAD:
                raise
        return None

    def _remember(self, place: tuple[str, bool], cursor: str) -> None:
        self._resumed.pop(place, None)
        if cursor:
            self._resumed[place] = cursor
        while len(self._resumed) > MOST_RESUMED:
            del self._resumed[next(iter(self._resumed))]

    def _forget(self, post: Post) -> None:
        for threaded in (True, False):
            self._resumed.pop((post.key, threaded), None)

    async def _name(self, workspace: str) -> str:
        try:
            return (await self._api.credentials(workspace)).name or "paperroute"
        except SlackError:
            return "paperroute"


def _is_ours(message: dict[str, Any], credentials: Credentials) -> bool:
    if credentials.bot and message.get("bot_id") == credentials.bot:
        return True
    return bool(credentials.app) and message.get("app_id") == credentials.app


def _payload(post: Post) -> dict[str, str]:
    """The metadata of a post: its key, and the ids of the papers that it gives to its channel, in their order."""
    given = [entry.paper.id for entry in post.entries if entry.delivery is not None or entry.because]
    return {"key": post.key, "papers": " ".join(given)} if given and post.thread_of is None else {"key": post.key}


def _given(message: dict[str, Any]) -> list[str]:
    """The ids of papers in the metadata of a message that has a key."""
    return str(message["metadata"]["event_payload"].get("papers", "")).split()[:_MOST_PAPERS]


def _key(message: dict[str, Any]) -> str:
    """The key in a message's metadata, empty where there is none."""
    metadata = message.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("event_type") != EVENT_TYPE or not message.get("ts"):
        return ""
    payload = metadata.get("event_payload")
    return str(payload.get("key", "")) if isinstance(payload, dict) else ""
