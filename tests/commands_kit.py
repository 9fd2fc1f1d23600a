"""A channel with members for tests of commands: a real store, a source of invented papers, a clock that stands still.

It is Wednesday 4 March 2026, 12:00 UTC (13:00 in Berlin, where everybody lives); the last announcement was that night.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from bot.channel_schedule import Schedule
from bot.commands import Commands
from bot.conversation import Command, File, Reply
from bot.digest import compose
from bot.errors import DeliveryError, SourceError
from bot.fan_out import fan_out
from bot.inbox import Inbox
from bot.member_limits import MemberLimits
from bot.models import Batch, ChannelRef, Cursor, MemberRef, MessageRef, Missing, Paper, PostLimits, Progress
from bot.ports import Store
from tests.factories import ANN, CHANNEL, make_paper
from tests.standins.clock import FakeClock
from tests.store_kit import open_store

TODAY = date(2026, 3, 4)
ZONE = "Europe/Berlin"
PLATFORMS = ("console", "slack", "discord")


class FakeSource:
    """A source that has ``papers`` beyond the archive; announcements are at 01:00 UTC each day."""

    def __init__(self) -> None:
        self.known: dict[str, Paper] = {}
        self.asked: list[str] = []
        self.down = ""
        self.quiet = ""

    async def new_papers(
        self, cursor: Cursor | None, missing: Sequence[Missing], progress: Callable[[Progress], None]
    ) -> AsyncIterator[Batch]:
        """Nothing is ever new: tests announce papers themselves."""
        batches: tuple[Batch, ...] = ()
        for batch in batches:
            yield batch

    async def paper(self, paper_id: str) -> Paper | None:
        self.asked.append(paper_id)
        if self.down:
            raise SourceError(self.down)
        return self.known.get(paper_id)

    async def papers(self, paper_ids: Sequence[str]) -> list[Paper]:
        return [paper for paper_id in paper_ids if (paper := await self.paper(paper_id)) is not None]

    def last_announcement(self, now: datetime) -> datetime:
        tonight = now.replace(hour=1, minute=0, second=0, microsecond=0)
        return tonight if tonight <= now else tonight - timedelta(days=1)

    def next_announcement(self, now: datetime) -> datetime:
        return self.last_announcement(now) + timedelta(days=1)

    def silence(self, now: datetime) -> str:
        return self.quiet


class Postbox:
    """Mails codes to itself; ``refusal`` is what it does instead."""

    def __init__(self) -> None:
        self.codes: list[tuple[str, str, str]] = []
        self.refusal: DeliveryError | None = None

    async def send_code(self, address: str, code: str, asked_on: str) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.codes.append((address, code, asked_on))


@dataclass
class Room:
    """The channel: say something in it, let arXiv announce papers, let the posts go out.

    Members may type as much as they like, as at the console, unless they are ``limited``.
    """

    store: Store
    clock: FakeClock
    source: FakeSource = field(default_factory=FakeSource)
    woken: int = 0
    signals: bool = True
    limited: bool = False
    postbox: Postbox | None = field(default_factory=Postbox)
    commands: Commands = field(init=False)
    inbox: Inbox = field(init=False)

    def __post_init__(self) -> None:
        self.commands = Commands(
            self.store,
            self.source,
            self.clock,
            wake=self.wake,
            default_zone=ZONE,
            signals=self.signals,
            draw=Random(1).choice,
            mailer=self.postbox,
        )
        limits = MemberLimits(self.clock, exempt=() if self.limited else PLATFORMS)
        self.inbox = Inbox(self.commands, self.store, self.source, self.clock, wake=self.wake, limits=limits)

    def wake(self) -> None:
        self.woken += 1

    async def say(
        self,
        text: str,
        *,
        by: MemberRef = ANN,
        channel: ChannelRef = CHANNEL,
        zone: str | None = None,
        files: tuple[File, ...] = (),
        mentions: tuple[MemberRef, ...] = (),
        administers: bool = False,
        direct: bool = False,
    ) -> Reply:
        """Type a command."""
        return await self.inbox.command(
            Command(
                channel,
                by,
                text,
                "reading",
                zone,
                files=files,
                mentions=mentions,
                administers=administers,
                direct=direct,
            )
        )

    async def told(self, text: str, *, by: MemberRef = ANN, channel: ChannelRef = CHANNEL) -> str:
        """Type a command and read what the reply says: its text, its papers' ids, its footer."""
        return read(await self.say(text, by=by, channel=channel))

    async def announce(self, papers: Iterable[Paper], *, backfill: bool = False, filling: bool = False) -> None:
        """One poll that reads these papers."""
        papers = tuple(sorted(papers, key=lambda paper: paper.id))
        cursor = Cursor("somewhere", filling)
        batch = Batch(papers, cursor, announced=len(papers), backfill=backfill)
        await self.store.record(batch, self.clock.now())
        await fan_out(self.store, self.clock)
        await self.store.poll_succeeded(self.clock.now())

    async def post(self, channel: ChannelRef = CHANNEL) -> list[MessageRef]:
        """Send what waits for the channel; returns the messages in their order."""
        known = await self.store.channel(channel)
        assert known is not None
        receipt, receipted = await self.store.receipt(channel)
        limits = PostLimits(papers=25, characters=20_000)
        posts = compose(known, await self.store.waiting(channel), receipt, limits, self.clock.now())
        following = Schedule.from_canonical(known.schedule).next_after(self.clock.now())
        assert await self.store.put_posts(channel, posts, receipted=receipted, next_due=following, now=self.clock.now())
        sent = []
        while claimed := await self.store.claim([channel.platform], self.clock.now(), 10):
            for item in claimed:
                message = MessageRef(channel, f"m{item.post.key}")
                assert await self.store.sent(item.post.key, message, self.clock.now())
                sent.append(message)
        return sent


def read(reply: Reply) -> str:
    """What a reply says, without mark-up."""
    papers = [f"[{entry.paper.id}{': ' + entry.note if entry.note else ''}]" for entry in reply.papers]
    more = [f"more: {reply.more}"] if reply.more else []
    return "\n".join(part for part in (reply.text, *papers, reply.footer, *more) if part)


def numbered(count: int, *, first: int = 1, announced: date = TODAY, title: str = "A study of letters") -> list[Paper]:
    """So many papers of a day with ids in a row."""
    published = datetime(announced.year, announced.month, announced.day, tzinfo=UTC) - timedelta(days=1)
    return [
        make_paper(
            f"{announced:%y%m}.{number:05}",
            title=f"{title}, part {number}",
            announced=announced,
            published=published,
            updated=published,
        )
        for number in range(first, first + count)
    ]


@asynccontextmanager
async def open_room(folder: Path, clock: FakeClock) -> AsyncIterator[Room]:
    """A room over a new store in ``folder``."""
    async with open_store(folder) as store:
        yield Room(store, clock)
