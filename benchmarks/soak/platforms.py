"""Slack and Discord for a month: they take every post, with the limits of the real adapters, and forget it.

What was posted when is written into a file, a line each, so that it takes no memory of the process that is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TextIO

from bot.models import ChannelRef, MessageRef, Post, PostKind, PostLimits
from bot.ports import Clock, Handler

LATENCY = 0.15
"""Seconds until a post is stored."""


@dataclass(frozen=True, slots=True)
class Line:
    """A post that was stored: ``threaded`` below another one, with these papers."""

    at: datetime
    ref: ChannelRef
    key: str
    kind: PostKind
    threaded: bool
    papers: tuple[str, ...]


class Ledger:
    """The file of all posts. A context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.posts = 0
        self._file: TextIO

    def __enter__(self) -> Self:
        self._file = self.path.open("w", encoding="utf-8")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, at: datetime, ref: ChannelRef, post: Post) -> str:
        """Add a post; returns the message's number."""
        self.posts += 1
        fields = (
            f"{at.timestamp():.3f}",
            ref.platform,
            ref.workspace,
            ref.channel,
            post.key,
            post.kind,
            "threaded" if post.thread_of else "",
            " ".join(entry.paper.id for entry in post.entries),
        )
        self._file.write("\t".join(fields) + "\n")
        return str(self.posts)

    def find(self, ref: ChannelRef, key: str) -> str | None:
        """The number of the message with that key."""
        self._file.flush()
        for number, line in enumerate(read(self.path), 1):
            if line.ref == ref and line.key == key:
                return str(number)
        return None


def read(path: Path) -> Iterator[Line]:
    """The lines of a ledger."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            at, platform, workspace, channel, key, kind, threaded, papers = line.rstrip("\n").split("\t")
            yield Line(
                datetime.fromtimestamp(float(at), UTC),
                ChannelRef(platform, workspace, channel),
                key,
                PostKind(kind),
                bool(threaded),
                tuple(papers.split()),
            )


class TakingChat:
    """``bot.ports.Chat`` that writes into a ledger."""

    def __init__(self, platform: str, limits: PostLimits, ledger: Ledger, clock: Clock) -> None:
        self.platform = platform
        self.limits = limits
        self._ledger = ledger
        self._clock = clock

    async def start(self, handler: Handler) -> None:
        """Nobody speaks here."""

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        await self._clock.sleep(LATENCY)
        return MessageRef(channel, self._ledger.write(self._clock.now(), channel, post))

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        number = self._ledger.find(channel, post.key)
        return None if number is None else MessageRef(channel, number)

    async def close(self) -> None:
        """What is open belongs to the ledger."""
