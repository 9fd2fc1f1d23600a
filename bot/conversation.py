"""What platforms and the core say to each other: commands, reactions, buttons and changes in; replies out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models import Channel, ChannelRef, Entry, MemberRef, MessageRef, Save, Watch


@dataclass(frozen=True, slots=True)
class File:
    """A file that a command takes or gives. ``name`` has no folder in it. ``alt``: a picture in plain words."""

    name: str
    media_type: str
    content: bytes
    alt: str = ""


class FileWay(StrEnum):
    """How a member hands a command a file on their platform."""

    ATTACHED = "attached"
    NAMED = "named"  # a file of the computer that they type on
    NONE = "none"  # not at all: what is in it has to be pasted


@dataclass(frozen=True, slots=True)
class Command:
    """A `/papers …` command as it was typed, without the leading `/papers`.

    ``zone`` is the caller's IANA time zone where the platform knows it. ``direct``: a direct message with the bot.
    ``mentions``: the members that ``text`` mentions; there they stand as "@" and their ``name``. ``event``: the
    platform's id of this command where it has one; a command is carried out once, and its repetition is answered
    with an empty Reply. ``administers``: the member may manage the workspace as a whole, as far as the platform says.
    ``manages``: they may manage the channel; None where the platform knows no such right, and everybody may. ``roles``:
    the ids of the roles that they have in the workspace. ``pictures``: the member can be shown some. ``file_way``: how
    ``files`` get to a command there. ``admitted``: it has been counted already (``Handler.admit``).
    """

    channel: ChannelRef
    member: MemberRef
    text: str
    channel_name: str = ""
    zone: str | None = None
    direct: bool = False
    files: tuple[File, ...] = ()
    mentions: tuple[MemberRef, ...] = ()
    event: str = ""
    administers: bool = False
    manages: bool | None = None
    roles: tuple[str, ...] = ()
    pictures: bool = True
    file_way: FileWay = FileWay.ATTACHED
    admitted: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What the bot says to a command.

    ``text`` is plain text, to be escaped whole by the platform; back-quotes in it come in pairs around something to
    type and never from a stranger. ``papers`` are shown below it, then ``footer``. ``public``: said in the channel,
    otherwise only to the one who asked. ``more`` is the command that shows the next page, ``back`` the one that shows
    the page before. ``error``: nothing was done. An empty ``text``: there is nothing to say.
    """

    text: str
    public: bool = False
    papers: tuple[Entry, ...] = ()
    footer: str = ""
    files: tuple[File, ...] = ()
    more: str = ""
    back: str = ""
    error: bool = False


@dataclass(frozen=True, slots=True)
class Reaction:
    """A reaction added to or taken from a message.

    ``name`` is the emoji's common short name without colons ("bookmark", "one", "keycap_ten"); ``bot.reactions`` has
    the characters for platforms that know no names. ``event`` is the platform's id of the event where it has one; an
    event is handled once. ``at`` is when the member did it, where the platform says; a save and its removal may arrive
    in either order. ``seen``: it was found on the message afterwards, not told as an event; ``at`` is then the
    message's time, so that a save taken back since stays taken back.
    """

    message: MessageRef
    member: MemberRef
    added: bool
    name: str
    event: str = ""
    at: datetime | None = None
    seen: bool = False


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


@dataclass(frozen=True, slots=True)
class WorkspaceChange:
    """A workspace as a whole was lost (the app removed, its token revoked) or, with an empty ``reason``, regained.

    ``reason`` says why and names the remedy, for the people of its channels.
    """

    platform: str
    workspace: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecentPost:
    """A sent post with papers, and the message in whose thread it stands."""

    message: MessageRef
    thread: MessageRef | None
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class ChannelOverview:
    """A channel as the home page shows it: ``when`` says in words when papers come, ``next_post`` when next.

    Both are plain text; ``next_post`` is empty where there is no such time. ``watches``: oldest first.
    """

    channel: Channel
    watches: tuple[Watch, ...]
    when: str
    next_post: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """What a member sees at home: channels by name, their own saves, latest first (``more_saved``: there are more)."""

    channels: tuple[ChannelOverview, ...]
    saved: tuple[Save, ...]
    more_saved: bool = False
