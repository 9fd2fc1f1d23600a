"""Interactions on Discord's stand-in: members use commands, press buttons and complete; the bot answers.

https://docs.discord.com/developers/interactions/receiving-and-responding: an acknowledgement is in time for three
seconds and once, its token good for fifteen minutes.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.standins.discord_state import ANN, BOT, UNKNOWN_MESSAGE, Attachment, Message, Refusal, role, user
from tests.standins.discord_town import APPLICATION, GUILD, READING, Town, check

ACK_SECONDS = 3.0
TOKEN_SECONDS = 900.0
EPHEMERAL = 64


@dataclass
class Interaction:
    """What a member did, and what came back: ``replies`` are bodies, the first one that of the acknowledgement.

    ``acknowledged``: seconds until it was, None when it was not in time. ``kind`` is the callback's type.
    ``messages``: what stands there in the end, the answer itself as "@original".
    """

    id: int
    token: str
    user: int
    guild: int
    channel: int
    acknowledged: float | None = None
    kind: int = 0
    replies: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    began: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def reply(self) -> dict[str, Any]:
        """What the member reads in the end."""
        return self.replies[-1] if self.replies else {}

    @property
    def ephemeral(self) -> bool:
        return any(reply.get("flags", 0) & EPHEMERAL for reply in self.replies[:1])


class Interactions(Town):
    """What members do, and the part of the API that answers it."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(now)
        self.ack_seconds = ACK_SECONDS
        self.token_seconds = TOKEN_SECONDS
        self._interactions: dict[str, Interaction] = {}
        self._numbers = itertools.count(1)

    def attach(self, name: str, content: bytes, *, size: int | None = None) -> int:
        """A file that a member is about to give with a command; its id is the option's value."""
        made = Attachment(self.snowflakes.next(), name, content, len(content) if size is None else size)
        self.attachments[made.id] = made
        return made.id

    async def command(
        self, name: str, *, user: int = ANN, channel: int = READING, guild: int = GUILD, **options: Any
    ) -> Interaction:
        """A member uses `/papers name …`; returns when it was acknowledged, or when it is too late for that."""
        chosen = [{"name": key, "type": self._option_type(value), "value": value} for key, value in options.items()]
        data = {
            "id": "1",
            "name": "papers",
            "type": 1,
            "options": [self._nested(name, chosen)],
            **self._resolved(options),
        }
        return await self._interact(2, data, user, channel, guild)

    async def complete(
        self, name: str, option: str, typed: str, *, user: int = ANN, channel: int = READING, guild: int = GUILD
    ) -> list[str]:
        """What is offered while a member types an option."""
        field = {"name": option, "type": 3, "value": typed, "focused": True}
        data = {"id": "1", "name": "papers", "type": 1, "options": [self._nested(name, [field])]}
        made = await self._interact(4, data, user, channel, guild)
        return [choice["value"] for choice in made.reply.get("choices", [])]

    def _nested(self, name: str, chosen: list[dict[str, Any]]) -> dict[str, Any]:
        """A subcommand with its options, within its group where it was registered in one."""
        made = {"name": name, "type": 1, "options": chosen}
        known = [option for command in self.commands for option in command.get("options", [])]
        for group in known:
            if group["type"] == 2 and name in [each["name"] for each in group["options"]]:
                return {"name": group["name"], "type": 2, "options": [made]}
        return made

    async def press(
        self, custom_id: str, message: Message | None = None, *, user: int = ANN, guild: int = GUILD, channel: int = 0
    ) -> Interaction:
        """A member presses a button under ``message``."""
        place = message.channel if message else channel or READING
        shown = (message or Message(self.snowflakes.next(), place, BOT, {"content": "x"})).shown()
        data = {"custom_id": custom_id, "component_type": 2}
        return await self._interact(3, data, user, place, guild, message=shown)

    async def _interact(
        self, kind: int, data: dict[str, Any], who: int, channel: int, guild: int, **more: Any
    ) -> Interaction:
        known = self.guilds[guild]
        place = known.channels[channel]
        number = next(self._numbers)
        made = Interaction(self.snowflakes.next(), f"token-{number}", who, guild, channel, began=time.monotonic())
        self._interactions[made.token] = made
        payload = {
            "id": str(made.id),
            "application_id": str(APPLICATION),
            "type": kind,
            "data": data,
            "guild_id": str(guild),
            "guild": {"id": str(guild), "locale": "en-US", "features": []},
            "channel_id": str(channel),
            "channel": place.shown() | {"permissions": str(known.permissions_of(who))},
            "member": known.member(who) | {"permissions": str(known.permissions_of(who))},
            "token": made.token,
            "version": 1,
            "app_permissions": str(known.bot_permissions(place)),
            "locale": "de",
            "guild_locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {"0": str(guild)},
            "context": 0,
            "attachment_size_limit": 10_000_000,
            **more,
        }
        await self.gateway.tell(guild, "INTERACTION_CREATE", payload)
        try:
            await asyncio.wait_for(made.done.wait(), self.ack_seconds)
        except TimeoutError:
            made.acknowledged = None
        return made

    def _option_type(self, value: object) -> int:
        if isinstance(value, bool):
            return 5
        if isinstance(value, int):
            return 11 if value in self.attachments else 8 if value in self.guild.roles else 6
        return 3

    def _resolved(self, options: dict[str, Any]) -> dict[str, Any]:
        """What Discord says about the members, roles and files among the options."""
        kinds: dict[int, list[int]] = {6: [], 8: [], 11: []}
        for value in options.values():
            kinds.setdefault(self._option_type(value), []).append(value)
        members = [each for each in kinds[6] if each in self.guild.members]
        resolved = {
            "roles": {str(each): role(each, "Readers") for each in kinds[8]},
            "users": {str(each): user(each) for each in kinds[6]},
            "members": {str(each): self.guild.member(each) | {"permissions": "0"} for each in members},
            "attachments": {str(each): self._shown_file(self.attachments[each]) for each in kinds[11]},
        }
        return {"resolved": {name: each for name, each in resolved.items() if each}}

    def _shown_file(self, attachment: Attachment) -> dict[str, Any]:
        url = f"{self.url.removesuffix('/api/v10')}/attachments/{attachment.id}/{attachment.name}"
        return {
            "id": str(attachment.id),
            "filename": attachment.name,
            "size": attachment.size,
            "url": url,
            "proxy_url": url,
            "content_type": "application/json",
            "ephemeral": True,
        }

    async def callback(self, token: str, body: Any, files: dict[str, bytes]) -> Any:
        made = self._interactions.get(token)
        if made is None or time.monotonic() - made.began > self.ack_seconds:
            raise Refusal(404, 10062, "Unknown interaction")
        if made.kind:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        data = body.get("data") or {}
        if body["type"] in (4, 7):
            check(data, len(files))
        if body["type"] == 8 and (len(data.get("choices") or []) > 25 or _long_choice(data)):
            raise Refusal(400, 50035, "Invalid Form Body: choices")
        made.kind = body["type"]
        made.acknowledged = time.monotonic() - made.began
        made.replies.append(data)
        if made.kind in (4, 5):
            made.messages["@original"] = data
        made.files |= files
        made.done.set()
        resource = {"type": body["type"]}
        if body["type"] in (4, 5):
            resource["message"] = self._response_message(made, data)
        return {
            "interaction": {"id": str(made.id), "type": 2, "response_message_loading": False},
            "resource": resource,
        }

    def _response_message(self, made: Interaction, body: dict[str, Any]) -> dict[str, Any]:
        return Message(self.snowflakes.next(), made.channel, BOT, body).shown()

    def webhook(self, method: str, token: str, rest: list[str], body: Any, files: dict[str, bytes]) -> Any:
        made = self._interactions.get(token)
        if made is None or time.monotonic() - made.began > self.token_seconds:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        if not made.kind:
            raise Refusal(404, 10015, "Unknown Webhook")
        if rest:
            _, which = rest
            if which not in made.messages:
                raise Refusal(*UNKNOWN_MESSAGE)
            if method == "DELETE":
                del made.messages[which]
                made.replies.append({"deleted": True})
                return None
        else:
            which = str(self.snowflakes.next())
        check(body, len(files))
        made.files |= files
        made.replies.append(body)
        made.messages[which] = made.messages.get(which, {}) | body
        return self._response_message(made, body)


def _long_choice(data: dict[str, Any]) -> bool:
    return any(
        not 1 <= len(choice["name"]) <= 100 or len(str(choice["value"])) > 100 for choice in data["choices"] or []
    )
