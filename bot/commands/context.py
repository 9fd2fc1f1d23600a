"""What every command works with: the store, the source, the clock, and the channel it was typed in.

A channel comes into the store with the first command that changes something there, with the schedule "daily 09:00
weekdays" in the caller's time zone, else the default one. Its time zone is its schedule's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.channel_schedule import Schedule
from bot.commands.saying import shown
from bot.conversation import Command
from bot.link_code import Draw
from bot.mailing import Mailer
from bot.models import Channel, ChannelRef, Layout
from bot.ports import Clock, PaperSource, Plotter, SimilarPapers, Store
from bot.zones import find_zone

DEFAULT_SCHEDULE = "daily 09:00 weekdays"


def new_channel(ref: ChannelRef, name: str, zone: str, now: datetime) -> Channel:
    """A channel as it comes into the store at ``now``; ``zone`` is an IANA name."""
    schedule = Schedule.parse(DEFAULT_SCHEDULE, zone)
    return Channel(
        ref=ref,
        name=shown(name, 100),
        schedule=schedule.canonical,
        layout=Layout.THREAD,
        made_at=now,
        next_due=schedule.next_after(now),
    )


@dataclass(frozen=True, slots=True)
class Context:
    """One command on its way: ``words`` are the argument, split at white space; ``text`` is the argument whole.

    ``wake`` tells the delivery that something may be due now. ``draw`` is where codes come from. ``signals``: the
    community's are read. ``mailer``: None where e-mail is not set up. ``relatives`` knows similar papers and
    ``plotter`` draws, where there are such.
    """

    store: Store
    source: PaperSource
    wake: Callable[[], None]
    command: Command
    text: str
    now: datetime
    default_zone: str
    draw: Draw
    signals: bool
    mailer: Mailer | None = None
    relatives: SimilarPapers | None = None
    plotter: Plotter | None = None

    @property
    def words(self) -> list[str]:
        return self.text.split()

    async def channel(self) -> Channel | None:
        """The channel the command was typed in, None when the store does not know it."""
        return await self.store.channel(self.command.channel)

    async def open_channel(self) -> Channel:
        """The same, made when it is not there yet."""
        return await self.store.open_channel(self.new_channel())

    def new_channel(self) -> Channel:
        """The channel as it would be made now."""
        return new_channel(self.command.channel, self.command.channel_name, self.callers_zone(), self.now)

    async def zone(self) -> str:
        """The channel's time zone; the caller's while the store does not know the channel."""
        channel = await self.channel()
        return Schedule.from_canonical(channel.schedule).zone if channel else self.callers_zone()

    def callers_zone(self) -> str:
        """The caller's time zone where the platform knows a real one, else the default."""
        return find_zone(self.command.zone or "") or self.default_zone


@dataclass(frozen=True, slots=True)
class Caller:
    """What the commands of one process share; makes a Context for each."""

    store: Store
    source: PaperSource
    clock: Clock
    wake: Callable[[], None]
    default_zone: str
    draw: Draw
    signals: bool
    mailer: Mailer | None = None
    relatives: SimilarPapers | None = None
    plotter: Plotter | None = None

    def context(self, command: Command, text: str = "") -> Context:
        """A context for ``command`` with the argument ``text``, at this moment."""
        now = self.clock.now()
        return Context(
            self.store,
            self.source,
            self.wake,
            command,
            text,
            now,
            self.default_zone,
            self.draw,
            self.signals,
            self.mailer,
            self.relatives,
            self.plotter,
        )
