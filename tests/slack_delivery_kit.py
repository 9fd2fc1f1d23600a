"""Slack's side of a delivery: the real client against the stand-in, and a chat that sends and looks up with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.slack.api import WebApi
from adapters.slack.identity import channel_ref
from adapters.slack.posting import Posting
from adapters.slack.tokens import SingleToken
from bot.digest import post_key
from bot.models import ChannelRef, Entry, MessageRef, Post, PostKind, PostLimits
from bot.ports import Clock, Handler
from tests.factories import make_paper
from tests.standins.clock import FakeClock
from tests.standins.slack import BOT_TOKEN, TEAM, SlackStandIn
from tests.standins.slack_faults import Fault
from tests.standins.slack_state import Channel

READING = channel_ref(TEAM, "C0READING")


class HastyClock(FakeClock):
    """A FakeClock on which short waits pass at once; limits of requests are longer and have to be waited for."""

    async def sleep(self, seconds: float) -> None:
        if seconds > 5:
            await super().sleep(seconds)
        self.set(self.now() + timedelta(seconds=seconds))


@dataclass
class Nth(Fault):
    """A fault that happens to the ``nth`` call alone."""

    nth: int = 1

    def meets(self, team: str, method: str) -> bool:
        if not super().meets(team, method):
            return False
        self.nth -= 1
        return self.nth == 0


class PostingChat:
    """``bot.ports.Chat`` that posts and hears nothing."""

    platform = "slack"

    def __init__(self, posting: Posting, limits: PostLimits) -> None:
        self.limits = limits
        self._posting = posting

    async def start(self, handler: Handler) -> None:
        """Nobody speaks to it."""

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        return await self._posting.send(channel, post)

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        return await self._posting.find(channel, post)

    async def close(self) -> None:
        """What it uses is closed by whoever made it."""


LIMITS = PostLimits(papers=10, characters=10_000, overhead=300, interval=1.0)


@asynccontextmanager
async def stand_in(clock: FakeClock) -> AsyncIterator[SlackStandIn]:
    """Slack that lives by ``clock``."""

    def now() -> float:
        return clock.now().timestamp()

    async with SlackStandIn(now=now) as slack:
        yield slack


@asynccontextmanager
async def web_api(slack: SlackStandIn, clock: Clock, token: str = BOT_TOKEN) -> AsyncIterator[WebApi]:
    """The client of one workspace's bot."""
    api = WebApi(await SingleToken.verify(slack.api_url, token, clock=clock), base_url=slack.api_url, clock=clock)
    await api.open()
    try:
        yield api
    finally:
        await api.close()


def make_post(
    clock: Clock, *numbers: int, kind: PostKind = PostKind.DIGEST, thread: MessageRef | None = None, text: str = ""
) -> Post:
    """A post with the papers of these numbers, composed now."""
    entries = tuple(
        Entry(place, make_paper(f"2603.{number:05}"), ("delivery",)) for place, number in enumerate(numbers, 1)
    )
    return Post(
        key=post_key(READING, kind, entries, clock.now(), text),
        channel=READING,
        kind=kind,
        heading="New papers" if kind is PostKind.DIGEST else "",
        entries=entries,
        text=text,
        thread=thread,
        thread_of=None if thread is None else "somewhere",
        made_at=clock.now(),
    )


def keys(channel: Channel) -> list[str]:
    """The keys of the posts that stand in a channel, threads included, in their order."""
    return [
        message.metadata["event_payload"]["key"]
        for message in channel.messages
        if message.metadata is not None and not message.deleted
    ]


def form(asked: Any, name: str) -> str:
    """An argument of a request to the stand-in; empty where there was none."""
    return str(asked.arguments.get(name, ""))
