"""What platforms and the core say to each other: commands, reactions, buttons and changes in; replies out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models import ChannelRef, Entry, MemberRef, MessageRef


@dataclass(frozen=True, slots=True)
class File:
    """A file that a command takes or gives. ``name`` has no folder in it."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Command:
    """A `/papers …` command as it was typed, without the leading `/papers`.

    ``zone`` is the caller's IANA time zone where the platform knows it. ``direct``: a direct message with the bot.
    """

    channel: ChannelRef
    member: MemberRef
    text: str
    channel_name: str = ""
    zone: str | None = None
    direct: bool = False
    files: tuple[File, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot says to a command.

    ``text`` is plain text, to be escaped whole by the platform; back-quotes in it come in pairs around something to
    type and never from a stranger. ``papers`` are shown below it, then ``footer``. ``public``: said in the channel,
    otherwise only to the one who asked. ``more`` is the command that shows the next page. ``error``: nothing was done.
    """

    text: str
    public: bool = False
    papers: tuple[Entry, ...] = ()
    footer: str = ""
    files: tuple[File, ...] = ()
    more: str = ""
    error: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    """A save reaction added to or taken from a message. ``number`` chooses a paper of a digest; None: no number given.

    ``event`` is the platform's id of the event where it has one; an event is handled once. ``at`` is when the member
    did it, where the platform says; a save and its removal may arrive in either order.
    """

    message: MessageRef
    member: MemberRef
    added: bool
    number: int | None = None
    event: str = ""
    at: datetime | None = None


class ButtonKind(StrEnum):
    """The buttons of a paper."""

    ABSTRACT = "abstract"
    SAVE = "save"
    DISMISS = "dismiss"  # "Not for us"


@dataclass(frozen=True, slots=True)
class Button:
    """A pressed button: which one, on which paper, where and by whom."""

    kind: ButtonKind
    paper: str
    channel: ChannelRef
    member: MemberRef


class ChannelChangeKind(StrEnum):
    """What can happen to a channel from outside."""

    RENAMED = "renamed"  # .name is the new name
    MOVED = "moved"  # .to is its new identity
    LOST = "lost"  # cannot be posted to at present (archived, bot removed); .reason says why and the remedy
    REGAINED = "regained"  # can be posted to again
    ENDED = "ended"  # deleted for good


@dataclass(frozen=True, slots=True)
class ChannelChange:
    """A change of a channel that the platform reports."""

    kind: ChannelChangeKind
    channel: ChannelRef
    name: str = ""
    reason: str = ""
    to: ChannelRef | None = None
