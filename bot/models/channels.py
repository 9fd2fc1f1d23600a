"""Where people talk: workspaces, channels, members, messages, and a channel's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class ChannelRef:
    """Where posts go. ``workspace`` carries everything that makes ``channel`` unique (Slack: enterprise and team)."""

    platform: str
    workspace: str
    channel: str


@dataclass(frozen=True, slots=True, order=True)
class MemberRef:
    """Somebody on a platform; ``name`` is for people to read and is not part of the identity."""

    platform: str
    workspace: str
    member: str
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, order=True)
class WorkspaceRef:
    """A Slack team, a Discord guild, a console; several that are linked are one team."""

    platform: str
    workspace: str


@dataclass(frozen=True, slots=True)
class MessageRef:
    """The platform's id of a sent message."""

    channel: ChannelRef
    message: str


class Layout(StrEnum):
    """How a channel's papers are shown."""

    THREAD = "thread"  # one digest, a card for each paper in its thread
    CARDS = "cards"  # a card for each paper, no digest
    DIGEST = "digest"  # one digest, nothing else


class Sort(StrEnum):
    """In which order a channel's papers stand."""

    NEW = "new"  # what more watches want first, then the newest
    HOT = "hot"  # what has more upvotes first, then as above


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that paperroute knows.

    ``schedule`` is the canonical text of a ``bot.channel_schedule.Schedule``. ``next_due`` is when the next digest is
    composed (None: off or instant with nothing waiting). ``paused`` is the reason, empty when posts may go out.
    ``receipted`` is the number of the last poll whose receipt this channel has been given. ``top_schedule`` and
    ``top_next_due`` are the same for the weekly top; empty and None where the channel has none. ``similar``: its
    digests end with papers like those that it saves.
    """

    ref: ChannelRef
    name: str
    schedule: str
    layout: Layout
    made_at: datetime
    next_due: datetime | None = None
    paused: str = ""
    receipted: int = 0
    top_schedule: str = ""
    top_next_due: datetime | None = None
    sort: Sort = Sort.NEW
    similar: bool = False


@dataclass(frozen=True, slots=True)
class TimedSetting:
    """A schedule in canonical form, empty for none, and when it is due next."""

    text: str
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What is to be set of a channel's settings; None leaves as it is. ``top`` is the weekly one's schedule."""

    schedule: TimedSetting | None = None
    layout: Layout | None = None
    top: TimedSetting | None = None
    sort: Sort | None = None
    similar: bool | None = None


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """Figures of one channel for `status`."""

    watches: int
    waiting: int
    posted: int
    uncertain: int
    last_posted: datetime | None
    last_error: str
