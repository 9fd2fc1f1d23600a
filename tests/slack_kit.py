"""paperroute on the stand-in of Slack: the real adapter, real clients on the wire, the real core and store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from adapters.slack import SlackChat, SlackSettings
from bot.commands import Commands
from bot.conversation import Command, Reply
from bot.delivery import Dispatcher
from bot.fan_out import fan_out
from bot.inbox import Inbox
from bot.member_limits import MemberLimits
from bot.models import Batch, ChannelRef, Cursor, MemberRef, Paper
from bot.ports import Clock, Handler, Meter, Plotter, Store
from tests.chat_contract import UnusedHandler
from tests.commands_kit import FakeSource
from tests.standins.clock import QuickClock
from tests.standins.slack import APP_TOKEN, BOT_TOKEN, TEAM, Interaction, SlackStandIn
from tests.store_kit import open_store

READING = ChannelRef("slack", TEAM, "C0READING")
CLOCK = QuickClock()
"""The time of the stand-in and of the bot."""


def stand_in() -> SlackStandIn:
    """Slack that lives by ``CLOCK``."""
    return SlackStandIn(now=CLOCK.seconds)


def settings(slack: SlackStandIn, **changes: Any) -> SlackSettings:
    """Socket Mode with the stand-in's tokens."""
    values: dict[str, Any] = {"api_url": slack.api_url, "bot_token": BOT_TOKEN, "app_token": APP_TOKEN}
    return SlackSettings(**(values | changes))


@dataclass
class Bot:
    """A running bot and the Slack that it serves."""

    slack: SlackStandIn
    store: Store
    chat: SlackChat
    inbox: Inbox
    dispatcher: Dispatcher
    clock: Clock
    numbers: int = field(default=0)

    async def announce(self, papers: Sequence[Paper]) -> None:
        """One poll that reads these papers."""
        self.numbers += 1
        batch = Batch(tuple(papers), Cursor(f"poll {self.numbers}"), announced=len(papers))
        await self.store.record(batch, self.clock.now())
        await fan_out(self.store, self.clock)
        await self.store.poll_succeeded(self.clock.now())

    async def say(self, text: str, **more: Any) -> Interaction:
        """Type `/papers …` and wait for what comes back."""
        done = await self.slack.command(text, **more)
        await self.slack.until(lambda: done.responses)
        return done

    async def post(self) -> None:
        """Compose and send everything that waits."""
        await self.dispatcher.drain(everything=True, patience=60)


@asynccontextmanager
async def running(
    slack: SlackStandIn,
    folder: Path,
    *,
    clock: Clock | None = None,
    handler: Callable[[Inbox], Handler] = lambda inbox: inbox,
    plotter: Plotter | None = None,
    meter: Meter | None = None,
    limited: bool = True,
    **changes: Any,
) -> AsyncIterator[Bot]:
    """The bot, started; stopped and closed afterwards. ``handler`` may stand between the platform and the core.

    Not ``limited``, members may type as much as they like.
    """
    clock = clock or CLOCK
    async with open_store(folder) as store:
        chat = SlackChat(settings(slack, **changes), store, clock, pause=0.0, meter=meter)
        source = FakeSource()
        dispatcher = Dispatcher(store, [chat], clock, random=Random(1))
        commands = Commands(store, source, clock, wake=dispatcher.wake, default_zone="UTC", plotter=plotter)
        limits = MemberLimits(clock, exempt=() if limited else ("slack",))
        inbox = Inbox(commands, store, source, clock, wake=dispatcher.wake, limits=limits)
        try:
            await chat.start(handler(inbox))
            yield Bot(slack, store, chat, inbox, dispatcher, clock)
        finally:
            await dispatcher.stop()
            await chat.close()


def shown(message: dict[str, Any]) -> str:
    """Everything that a message says: the texts of its blocks, else its text."""
    return "\n".join(texts(message.get("blocks") or [])) or str(message.get("text", ""))


def texts(value: object) -> list[str]:
    """The texts inside of blocks, in order."""
    if isinstance(value, dict):
        own = value.get("text")
        inner = [
            text for name, each in value.items() if name != "text" or not isinstance(own, str) for text in texts(each)
        ]
        return ([own] if isinstance(own, str) else []) + inner
    return [text for each in value for text in texts(each)] if isinstance(value, list) else []


class Gate(UnusedHandler):
    """Commands wait until ``open`` is set; then ``answer`` is given, or the core's."""

    def __init__(self, inbox: Inbox, answer: Reply | None = None) -> None:
        self.open = asyncio.Event()
        self._inbox = inbox
        self._answer = answer

    def admit(self, member: MemberRef) -> Reply | None:
        return self._inbox.admit(member)

    async def command(self, command: Command) -> Reply:
        await self.open.wait()
        return self._answer or await self._inbox.command(command)
