"""A chat platform in memory, with faults on order."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from bot.errors import DeliveryError
from bot.models import ChannelRef, FoundPost, MessageRef, Post, PostLimits
from bot.ports import Clock, Handler
from bot.signal_line import signal_line
from bot.wording import authors_line, listed, part_text, receipt_line


class Trouble(Enum):
    """What can go wrong with a send besides an exception."""

    LOST_ANSWER = auto()  # stored, and the answer lost
    HANG = auto()  # not stored, and no answer
    STORED_HANG = auto()  # stored, and no answer


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the platform keeps it."""

    ref: MessageRef
    post: Post
    stored: datetime | None = None


Fault = BaseException | Trouble | None


class MemoryChat:
    """``bot.ports.Chat`` in memory.

    ``send_faults`` and ``find_faults`` are used up from the left, one a call; None is a call that goes well. A fault
    that is an exception is raised before anything is stored. ``refusals`` holds for every send to a channel. While
    ``gate`` is shut no send gets on. ``hidden`` look-ups see nothing, as on a platform whose history lags behind; where
    there is a ``clock``, look-ups do not see what is younger than ``lag``.
    ``wire`` is called with "send" or "find" and the channel at each moment at which the process could die: before and
    after storing, before and after looking.
    """

    def __init__(
        self,
        platform: str = "console",
        limits: PostLimits = PostLimits(papers=3, characters=4_000, overhead=10),  # noqa: B008  frozen
        clock: Clock | None = None,
    ) -> None:
        self.clock = clock
        self.lag = timedelta()
        self.platform = platform
        self.limits = limits
        self.messages: list[Message] = []
        self.send_faults: deque[Fault] = deque()
        self.find_faults: deque[Fault] = deque()
        self.refusals: dict[ChannelRef, DeliveryError] = {}
        self.sends: list[str] = []
        self.finds: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self.hidden = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.changed = asyncio.Event()
        self.wire: Callable[[str, ChannelRef], None] = lambda doing, channel: None
        self.handler: Handler | None = None
        self.closed = False

    async def start(self, handler: Handler) -> None:
        self.handler = handler

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        self.sends.append(post.key)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.changed.set()
        try:
            return await self._send(channel, post)
        finally:
            self.under_way -= 1

    async def _send(self, channel: ChannelRef, post: Post) -> MessageRef:
        await asyncio.sleep(0)
        await self.gate.wait()
        self.wire("send", channel)
        if refusal := self.refusals.get(channel):
            raise refusal
        fault = self.send_faults.popleft() if self.send_faults else None
        if isinstance(fault, BaseException):
            raise fault
        if fault is Trouble.HANG:
            await asyncio.Event().wait()
        stored = None if self.clock is None else self.clock.now()
        message = Message(MessageRef(channel, f"m{len(self.messages) + 1}"), post, stored)
        self.messages.append(message)
        self.changed.set()
        self.wire("send", channel)
        await asyncio.sleep(0)
        if fault is Trouble.LOST_ANSWER:
            raise DeliveryError("The answer was lost.", ambiguous=True)
        if fault is Trouble.STORED_HANG:
            await asyncio.Event().wait()
        return message.ref

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        self.finds.append(post.key)
        self.changed.set()
        await asyncio.sleep(0)
        self.wire("find", channel)
        fault = self.find_faults.popleft() if self.find_faults else None
        if isinstance(fault, BaseException):
            raise fault
        if fault is not None:
            await asyncio.Event().wait()
        if self.hidden:
            self.hidden -= 1
            return None
        for message in self.messages:
            if message.ref.channel == channel and message.post.key == post.key and self._visible(message):
                self.wire("find", channel)
                return message.ref
        return None

    def _visible(self, message: Message) -> bool:
        return self.clock is None or message.stored is None or self.clock.now() - message.stored >= self.lag

    async def close(self) -> None:
        self.closed = True

    def keys(self) -> list[str]:
        """The keys of the stored messages, in order."""
        return [message.post.key for message in self.messages]

    def shown(self) -> str:
        """Everything that people see, as lines."""
        return "\n".join(line for message in self.messages for line in _lines(message.post))

    def papers(self, channel: ChannelRef) -> Counter[str]:
        """How often each paper was posted in a channel, cards in threads not counted."""
        return Counter(
            entry.paper.id
            for message in self.messages
            if message.ref.channel == channel and message.post.thread_of is None
            for entry in message.post.entries
        )

    async def until(self, condition: Callable[[MemoryChat], bool]) -> None:
        """Wait until a send, a look-up or a message makes ``condition`` true."""
        while not condition(self):
            self.changed.clear()
            await self.changed.wait()


def _lines(post: Post) -> list[str]:
    lines = [f"{post.heading} {part_text(post.part, post.parts)}", post.text]
    for entry in post.entries:
        paper = entry.paper
        lines.append(f"{entry.number}. {paper.title} {paper.abstract_url}")
        lines.append(f"{authors_line(paper.authors)} {paper.primary_category} {listed(entry.words)}")
        lines.append(signal_line(entry.signal))
    return [*lines, receipt_line(post.receipt)] if post.receipt else lines


class ReadableChat(MemoryChat):
    """A MemoryChat whose history says what was posted, too; ``read_faults`` are used up as the others."""

    def __init__(self, platform: str = "slack", clock: Clock | None = None) -> None:
        super().__init__(platform, clock=clock)
        self.read_faults: deque[Exception] = deque()
        self.read: list[ChannelRef] = []

    async def posts_since(self, channel: ChannelRef, since: datetime) -> list[FoundPost]:
        self.read.append(channel)
        self.changed.set()
        await asyncio.sleep(0)
        if self.read_faults:
            raise self.read_faults.popleft()
        found = []
        for message in self.messages:
            given = [entry.paper.id for entry in message.post.entries if entry.delivery is not None or entry.because]
            stored = message.stored or since
            if message.ref.channel == channel and message.post.thread_of is None and given and stored >= since:
                found.append(FoundPost(message.ref, message.post.key, tuple(given), stored))
        return found
