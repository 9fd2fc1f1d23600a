"""A post sent to Discord, and looked up there.

The post's key is the message's nonce: within some minutes Discord answers a repetition with the message that is there
already (https://docs.discord.com/developers/resources/message#create-message). So a post whose answer was lost within
the last minute is looked up by sending it again, at once and while it still counts as uncertain: put off, the
repetition could come when Discord has forgotten the nonce. Later it is looked for in the history, by the key that its
buttons carry, since nonces are not kept. Where the history may not be read Discord gives out an empty one instead of an
error, so the permission is asked for first. Posts in forums take no nonce: they are always looked for, and discord.py
must not repeat them by itself.

A message that Discord does not like is sent once more as plain text under another nonce: it was refused, so it does not
stand there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any, Literal

import discord

from adapters.discord.buttons import key_of, paper_of, view_of
from adapters.discord.errors import (
    CONTENT,
    THREAD_EXISTS,
    UNKNOWN_MESSAGE,
    delivery_error,
    reading_error,
)
from adapters.discord.identity import message_ref
from adapters.discord.messages import Message
from adapters.discord.once import once
from adapters.discord.posts import heading, render
from bot.errors import DeliveryError, UnreadableError
from bot.models import ChannelRef, FoundPost, MessageRef, Post
from bot.pacing import within
from bot.ports import Clock
from bot.weekly_top import is_top

AGAIN = timedelta(seconds=60)
"""How long after its first attempt a post is looked up by its nonce instead of in the history."""

_REPETITION = 60.0
"""Seconds for that. Together they stay below the three minutes for which Discord knows a nonce at least."""

_OUTAGE_SECONDS = 30.0
# Discord's clock and ours may differ: ours by hours, for as long as it is set wrong. A search that begins too late
# finds nothing, and the post would be sent twice; one that begins too early reads a few pages more.
_BEFORE = timedelta(hours=2)
_LONG_AGO = timedelta(days=1)
_MOST_REMEMBERED = 10_000
_DELETED = "deleted"
_MOST_MESSAGES = 10_000
_ARCHIVE_MINUTES: Literal[4320] = 4320


class Posting:
    """Sends posts and looks them up."""

    def __init__(self, client: Callable[[], discord.Client], clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._first: dict[str, datetime] = {}

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """Post it, once. Raises DeliveryError."""
        self._begin(post.key)
        threaded = post.thread is not None
        try:
            sent = await self._send_readable(channel, post, render(post))
        except discord.NotFound as error:
            if threaded or error.code != UNKNOWN_MESSAGE:
                raise delivery_error(error, thread=threaded) from error
            # Discord knows the nonce and not its message: it was posted, and a member deleted it.
            return MessageRef(channel, f"{_DELETED} {post.key}")
        except Exception as error:
            raise delivery_error(error, thread=threaded) from error
        self._first.pop(post.key, None)
        return message_ref(channel, sent)

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """The message that holds the post, which is sent by this if it was first sent within a minute and is not there;
        None: there is none.

        Raises UnreadableError, DeliveryError, TimeoutError.
        """
        first = self._first.get(post.key)
        try:
            place = await self._place(channel)
        except Exception as error:
            raise reading_error(error) from error
        forum = isinstance(place, discord.ForumChannel) and post.thread is None
        if not forum and first is not None and self._clock.now() - first < AGAIN:
            return await within(self._clock, _REPETITION, self._repeated(channel, post))
        self._readable(place)
        since = (post.made_at or self._clock.now() - _LONG_AGO) - _BEFORE
        try:
            async for identity in self._ours(place, post, since):
                return message_ref(channel, identity)
        except Exception as error:
            raise reading_error(error) from error
        return None

    async def _repeated(self, channel: ChannelRef, post: Post) -> MessageRef:
        """The message of a post whose nonce Discord still knows. Raises DeliveryError, which decides nothing."""
        try:
            return await self.send(channel, post)
        except DeliveryError as error:
            raise DeliveryError(error.message, retry_after=error.retry_after) from error

    async def posts_since(self, channel: ChannelRef, since: datetime) -> list[FoundPost]:
        """As ``ReadsBack``: the papers are those of the buttons. A weekly top, which gives nothing, is left out."""
        try:
            place = await self._place(channel)
            self._readable(place)
            return [
                FoundPost(message_ref(channel, message.id), key, papers, message.created_at)
                async for message in self._begun(place, channel, since - _BEFORE)
                if not is_top(message.content.strip("*"))
                and (key := self._key(message))
                and (papers := _papers(message))
            ]
        except DeliveryError:
            raise
        except Exception as error:
            raise reading_error(error) from error

    async def _begun(self, place: object, channel: ChannelRef, since: datetime) -> AsyncIterator[discord.Message]:
        """The messages of a channel, of a forum those that its posts begin with; oldest first."""
        if not isinstance(place, discord.ForumChannel):
            there = self._client().get_partial_messageable(int(channel.channel))
            async for message in there.history(after=since, limit=None, oldest_first=True):
                yield message
            return
        threads = {thread.id: thread async for thread in self._threads(place, since, most=_MOST_MESSAGES)}
        for identity in sorted(threads):
            async for message in threads[identity].history(limit=1, oldest_first=True):
                yield message

    async def _place(self, channel: ChannelRef) -> object:
        """The channel; an archived thread, of which the client has not heard, is asked for.

        Raises DeliveryError, and what discord.py raises.
        """
        client = self._client()
        guild = client.get_guild(int(channel.workspace))
        if guild is not None and guild.unavailable:
            # Whatever is asked then, the answer may be that there is no such channel.
            raise DeliveryError(
                "Discord has an outage in this server, or has not told of it yet.",
                retry_after=_OUTAGE_SECONDS,
                workspace_wide=True,
            )
        return client.get_channel(int(channel.channel)) or await client.fetch_channel(int(channel.channel))

    def _begin(self, key: str) -> None:
        self._first.setdefault(key, self._clock.now())
        while len(self._first) > _MOST_REMEMBERED:
            del self._first[next(iter(self._first))]

    async def _send_readable(self, channel: ChannelRef, post: Post, message: Message) -> int:
        try:
            return await self._post(channel, post, message, post.key)
        except discord.HTTPException as error:
            if error.code not in CONTENT:
                raise
        return await self._post(channel, post, message.plain(post.key), f"{post.key[:-1]}.")

    async def _post(self, channel: ChannelRef, post: Post, message: Message, nonce: str) -> int:
        place = await self._place(channel)
        if post.thread is not None:
            thread = await self._thread(channel, place, post.thread)
            return await self._say(thread, message, nonce)
        if isinstance(place, discord.ForumChannel):
            return await self._open(place, post, message)
        return await self._say(int(channel.channel), message, nonce)

    async def _say(self, place: int, message: Message, nonce: str) -> int:
        sent = await self._client().get_partial_messageable(place).send(nonce=nonce, **content_of(message))
        return sent.id

    async def _open(self, forum: discord.ForumChannel, post: Post, message: Message) -> int:
        """A post of a forum: a thread that begins with the message."""
        tags = [tag for tag in forum.available_tags if not tag.moderated][:1] if forum.flags.require_tag else []
        with once():
            opened = await forum.create_thread(name=heading(post), applied_tags=tags, **content_of(message))
        return opened.message.id

    async def _thread(self, channel: ChannelRef, place: object, digest: MessageRef) -> int:
        """The thread of a digest, begun when it is not there yet. Raises DeliveryError."""
        if digest.message.startswith(_DELETED):
            raise DeliveryError("The digest of its thread was deleted.", thread_gone=True)
        identity = int(digest.message)
        if isinstance(place, discord.ForumChannel | discord.Thread):
            # In a forum the digest has begun a thread; in a thread there can be no further one.
            return identity if isinstance(place, discord.ForumChannel) else place.id
        if self._client().get_channel(identity) is not None:
            return identity
        parent = self._client().get_partial_messageable(int(channel.channel), guild_id=int(channel.workspace))
        try:
            await parent.get_partial_message(identity).create_thread(
                name="Papers", auto_archive_duration=_ARCHIVE_MINUTES
            )
        except discord.HTTPException as error:
            if error.code != THREAD_EXISTS:
                raise
        return identity

    def _readable(self, place: object) -> None:
        guild = getattr(place, "guild", None)
        if guild is None:
            return
        if guild.me is None:
            raise DeliveryError("Discord has not told of this server yet, so what the bot may read is not known.")
        allowed = place.permissions_for(guild.me)  # type: ignore[attr-defined]
        if not (allowed.read_message_history and allowed.view_channel):
            raise UnreadableError(
                'Its history may not be read: allow the bot\'s role "Read Message History" in this channel.'
            )

    async def _ours(self, place: object, post: Post, since: datetime) -> AsyncIterator[int]:
        """The ids of messages that carry the post's key."""
        if isinstance(place, discord.ForumChannel) and post.thread is None:
            async for thread in self._threads(place, since):
                async for message in thread.history(limit=1, oldest_first=True):
                    if self._carries(message, post.key):
                        yield message.id
            return
        inside = post.thread is not None and not isinstance(place, discord.Thread)
        where = int(post.thread.message) if post.thread is not None and inside else int(post.channel.channel)
        messages = (
            self._client().get_partial_messageable(where).history(after=since, limit=_MOST_MESSAGES, oldest_first=True)
        )
        try:
            async for message in messages:
                if self._carries(message, post.key):
                    yield message.id
        except discord.NotFound:
            # A thread that was never begun holds nothing.
            if post.thread is None:
                raise

    async def _threads(
        self, forum: discord.ForumChannel, since: datetime, most: int = 100
    ) -> AsyncIterator[discord.Thread]:
        # Asked for: the client has heard of no thread that began while the gateway was away.
        for thread in await forum.guild.active_threads():
            if thread.parent_id == forum.id and discord.utils.snowflake_time(thread.id) >= since:
                yield thread
        async for thread in forum.archived_threads(limit=most):
            if discord.utils.snowflake_time(thread.id) >= since:
                yield thread

    def _carries(self, message: discord.Message, key: str) -> bool:
        return bool(key) and self._key(message) == key

    def _key(self, message: discord.Message) -> str:
        """The key of the post that a message of ours holds; empty for any other message."""
        user = self._client().user
        if user is None or message.author.id != user.id:
            return ""
        return next((key for identity in _identities(message.components) if (key := key_of(identity))), "")


def _papers(message: discord.Message) -> tuple[str, ...]:
    """The ids of the papers that a message has buttons for, in their order."""
    found = (paper_of(identity) for identity in _identities(message.components))
    return tuple(dict.fromkeys(paper for paper in found if paper))


def _identities(components: Any) -> list[str]:
    found: list[str] = []
    for component in components:
        if identity := getattr(component, "custom_id", None):
            found.append(identity)
        found += _identities(getattr(component, "children", ()))
    return found


def content_of(message: Message) -> dict[str, Any]:
    """The arguments of discord.py's ``send`` for a message. To be called in the event loop."""
    made: dict[str, Any] = {"content": message.content or None, "allowed_mentions": discord.AllowedMentions.none()}
    if message.embeds:
        made["embeds"] = list(message.embeds)
    if (view := view_of(message)) is not None:
        made["view"] = view
    return made
