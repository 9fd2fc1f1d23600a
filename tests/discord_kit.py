"""paperroute on the stand-in of Discord: the real adapter and client on the wire, the real core and store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from adapters.discord import DiscordChat, DiscordSettings
from bot.commands import Commands
from bot.delivery import Dispatcher
from bot.fan_out import fan_out
from bot.inbox import Inbox
from bot.member_limits import MemberLimits
from bot.models import Batch, ChannelRef, Cursor, Paper
from bot.ports import Clock, Handler, Meter, Plotter, Store
from tests.commands_kit import FakeSource
from tests.standins.clock import QuickClock
from tests.standins.discord import GUILD, READING, TOKEN, DiscordStandIn, Interaction
from tests.standins.discord_state import Message
from tests.store_kit import open_store

CHANNEL = ChannelRef("discord", str(GUILD), str(READING))
CLOCK = QuickClock()
"""The time of the stand-in and of the bot."""


def stand_in(**changes: Any) -> DiscordStandIn:
    """Discord that lives by ``CLOCK``; discord.py waits for limits in real time, so there are none."""
    made = DiscordStandIn(now=CLOCK.seconds, **changes)
    made.limits.enforced = False
    return made


def settings(discord: DiscordStandIn, **changes: Any) -> DiscordSettings:
    values: dict[str, Any] = {"token": TOKEN, "api_url": discord.url}
    return DiscordSettings(**(values | changes))


@dataclass
class Bot:
    """A running bot and the Discord that it serves."""

    discord: DiscordStandIn
    store: Store
    chat: DiscordChat
    inbox: Inbox
    dispatcher: Dispatcher
    clock: Clock
    source: FakeSource
    numbers: int = field(default=0)

    async def announce(self, papers: Sequence[Paper]) -> None:
        """One poll that reads these papers."""
        self.numbers += 1
        batch = Batch(tuple(papers), Cursor(f"poll {self.numbers}"), announced=len(papers))
        await self.store.record(batch, self.clock.now())
        await fan_out(self.store, self.clock)
        await self.store.poll_succeeded(self.clock.now())

    async def say(self, name: str, **more: Any) -> Interaction:
        """Use `/papers …` and wait for what comes back."""
        done = await self.discord.command(name, **more)
        await self.discord.until(lambda: any(answered(reply) for reply in done.replies))
        return done

    async def post(self) -> None:
        """Compose and send everything that waits."""
        await self.dispatcher.drain(everything=True, patience=60)

    def messages(self, channel: int = READING) -> list[Message]:
        """What stands in a channel or thread, in order."""
        return list(self.discord.channel(channel).messages.values())


def answered(reply: dict[str, Any]) -> bool:
    """Whether a body says something, so that it is no mere acknowledgement."""
    return bool(reply.get("content") or reply.get("embeds") or reply.get("choices") or reply.get("deleted"))


@asynccontextmanager
async def running(
    discord: DiscordStandIn,
    folder: Path,
    *,
    clock: Clock = CLOCK,
    handler: Callable[[Inbox], Handler] = lambda inbox: inbox,
    plotter: Plotter | None = None,
    meter: Meter | None = None,
    limited: bool = True,
    **changes: Any,
) -> AsyncIterator[Bot]:
    """The bot, started; stopped and closed afterwards. ``handler`` may stand between the platform and the core.

    Not ``limited``, members may type as much as they like.
    """
    async with open_store(folder) as store:
        chat = DiscordChat(settings(discord, **changes), store, clock, guild_patience=0.05, meter=meter)
        source = FakeSource()
        dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
        commands = Commands(store, source, clock, wake=dispatcher.wake, default_zone="UTC", plotter=plotter)
        limits = MemberLimits(clock, exempt=() if limited else ("discord",))
        inbox = Inbox(commands, store, source, clock, wake=dispatcher.wake, limits=limits)
        try:
            await chat.start(handler(inbox))
            yield Bot(discord, store, chat, inbox, dispatcher, clock, source)
        finally:
            await dispatcher.stop()
            await chat.close()


def shown(body: dict[str, Any]) -> str:
    """Everything that a message says, its links included."""
    parts = [body.get("content") or ""]
    for embed in body.get("embeds") or []:
        parts += [
            (embed.get("author") or {}).get("name", ""),
            embed.get("title", ""),
            embed.get("url", ""),
            embed.get("description", ""),
        ]
        parts.append((embed.get("footer") or {}).get("text", ""))
    return "\n".join(part for part in parts if part)


def buttons(body: dict[str, Any]) -> dict[str, str]:
    """The ids or links of a message's buttons by their labels."""
    found = {}
    for row in body.get("components") or []:
        for button in row["components"]:
            found[button.get("label", "")] = button.get("custom_id") or button.get("url", "")
    return found
