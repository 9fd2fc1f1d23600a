"""Channels, messages and threads on Discord's stand-in, as the API gives them out and takes them.

https://docs.discord.com/developers/resources/channel and …/message: what the bot may not do is refused, a nonce that is
enforced makes one message, a forum takes threads alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.standins.discord_state import (
    ANN,
    BOT,
    CREATE_THREADS,
    EMBED_LINKS,
    FORUM,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    READ_HISTORY,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    THREAD,
    UNKNOWN_MESSAGE,
    VIEW_CHANNEL,
    Channel,
    Guild,
    Message,
    Refusal,
    emoji,
    user,
)
from tests.standins.discord_town import Town, check

NONCE_SECONDS = 180.0


class Messages(Town):
    """The part of the API below ``/channels``, and what members do with messages."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}

    async def channels(
        self, request: web.Request, method: str, identity: int, rest: list[str], body: Any, files: dict[str, bytes]
    ) -> Any:
        channel = self.channel(identity)
        guild = self.guilds[channel.guild]
        allowed = guild.bot_permissions(channel)
        if not allowed & VIEW_CHANNEL:
            raise Refusal(*MISSING_ACCESS)
        match [method, *rest]:
            case ["GET"]:
                return channel.shown()
            case ["POST", "messages"]:
                return await self._post(channel, guild, body, files)
            case ["GET", "messages"]:
                # Without the permission Discord says that there is nothing, not that it will not tell.
                return self._history(channel, request) if allowed & READ_HISTORY else []
            case ["GET", "messages", message]:
                if not allowed & READ_HISTORY:
                    raise Refusal(*MISSING_ACCESS)
                return self._message(channel, int(message)).shown()
            case ["PATCH", "messages", message]:
                found = self._message(channel, int(message))
                check(body, 0)
                found.body |= body
                return found.shown()
            case ["POST", "messages", message, "threads"]:
                return await self._start_thread(channel, guild, body, int(message))
            case ["POST", "threads"]:
                return await self._forum_post(channel, guild, body)
            case ["GET", "threads", "archived", "public"]:
                found_threads = [
                    each for each in guild.channels.values() if each.parent == channel.id and each.archived
                ]
                return {"threads": [each.shown() for each in found_threads], "members": [], "has_more": False}
            case ["GET", "messages", message, "reactions", name]:
                users = self._message(channel, int(message)).reactions.get(unquote(name), [])
                after = int(request.query.get("after", 0))
                most = int(request.query.get("limit", 25))
                return [user(each) for each in sorted(users) if each > after][:most]
        raise Refusal(404, 0, "404: Not Found")

    def _message(self, channel: Channel, identity: int) -> Message:
        found = channel.messages.get(identity)
        if found is None or found.deleted:
            raise Refusal(*UNKNOWN_MESSAGE)
        return found

    def _history(self, channel: Channel, request: web.Request) -> list[dict[str, Any]]:
        most = int(request.query.get("limit", 50))
        found = sorted(each for each, message in channel.messages.items() if not message.deleted)
        if (after := request.query.get("after")) is not None:
            found = [each for each in found if each > int(after)][:most]
        elif (before := request.query.get("before")) is not None:
            found = [each for each in found if each < int(before)][-most:]
        else:
            found = found[-most:]
        return [channel.messages[each].shown() for each in reversed(found)]

    async def _post(self, channel: Channel, guild: Guild, body: Any, files: dict[str, bytes]) -> Any:
        allowed = guild.bot_permissions(channel)
        if channel.type == FORUM:
            raise Refusal(400, 50008, "Cannot send messages in a non-text channel")
        if not allowed & (SEND_IN_THREADS if channel.type == THREAD else SEND_MESSAGES):
            raise Refusal(*MISSING_PERMISSIONS)
        if channel.locked:
            raise Refusal(403, 160005, "Thread is locked")
        check(body, len(files))
        if body.get("embeds") and not allowed & EMBED_LINKS:
            body = {**body, "embeds": []}
            check(body, len(files))
        nonce = str(body.get("nonce") or "")
        if nonce and body.get("enforce_nonce"):
            made, known = self._nonces.get((channel.id, nonce), (0.0, None))
            if known is not None and self.now() - made < NONCE_SECONDS:
                if known.deleted:
                    raise Refusal(*UNKNOWN_MESSAGE)
                return known.shown() | {"nonce": nonce}
        message = self.store(channel, body, nonce=nonce)
        self._nonces[channel.id, nonce] = (self.now(), message)
        return message.shown() | {"nonce": nonce}

    def store(self, channel: Channel, body: dict[str, Any], author: int = BOT, nonce: str = "") -> Message:
        """Put a message into a channel."""
        message = Message(self.snowflakes.next(), channel.id, author, body, nonce)
        channel.archived = False
        channel.messages[message.id] = message
        return message

    async def _start_thread(self, channel: Channel, guild: Guild, body: Any, message: int) -> Any:
        self._message(channel, message)
        if not guild.bot_permissions(channel) & CREATE_THREADS:
            raise Refusal(*MISSING_PERMISSIONS)
        if channel.type == THREAD:
            raise Refusal(400, 50024, "Cannot execute action on this channel type")
        if message in guild.channels:
            raise Refusal(400, 160004, "A thread has already been created for this message")
        return await self._thread(channel, guild, body, message)

    async def _thread(self, channel: Channel, guild: Guild, body: Any, identity: int) -> Any:
        if not 1 <= len(body.get("name") or "") <= 100:
            raise Refusal(400, 50035, "Invalid Form Body: name")
        applied = tuple(str(tag) for tag in body.get("applied_tags") or [])
        made = Channel(identity, body["name"], guild.id, THREAD, parent=channel.id, owner=BOT, applied=applied)
        guild.channels[identity] = made
        await self.gateway.tell(guild.id, "THREAD_CREATE", made.shown() | {"newly_created": True})
        return made.shown()

    async def _forum_post(self, channel: Channel, guild: Guild, body: Any) -> Any:
        if channel.type != FORUM:
            raise Refusal(400, 50024, "Cannot execute action on this channel type")
        if not guild.bot_permissions(channel) & SEND_MESSAGES:
            raise Refusal(*MISSING_PERMISSIONS)
        if channel.needs_tag and not body.get("applied_tags"):
            raise Refusal(400, 40067, "A tag is required to create a forum post in this channel")
        check(body.get("message") or {}, 0)
        identity = self.snowflakes.next()
        thread = await self._thread(channel, guild, body, identity)
        message = Message(identity, identity, BOT, body["message"])
        guild.channels[identity].messages[identity] = message
        return thread | {"message": message.shown()}

    async def react(
        self, message: Message, name: str, *, user: int = ANN, added: bool = True, tell: bool = True
    ) -> None:
        """A member reacts, or takes it back; with ``tell`` the bot hears of it."""
        users = message.reactions.setdefault(name, [])
        if added:
            users.append(user)
        elif user in users:
            users.remove(user)
        channel = self.channel(message.channel)
        event = {
            "user_id": str(user),
            "channel_id": str(message.channel),
            "message_id": str(message.id),
            "guild_id": str(channel.guild),
            "emoji": emoji(name),
            "burst": False,
            "type": 0,
        }
        if added:
            event |= {"member": self.guilds[channel.guild].member(user), "message_author_id": str(message.author)}
        if tell:
            await self.gateway.tell(channel.guild, f"MESSAGE_REACTION_{'ADD' if added else 'REMOVE'}", event)
