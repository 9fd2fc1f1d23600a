"""What members keep: their saves, whose accounts belong together, and what is followed for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models.channels import ChannelRef, MemberRef
from bot.models.papers import Paper


@dataclass(frozen=True, slots=True)
class Save:
    """A member's bookmark of a paper, made in ``channel``."""

    member: MemberRef
    channel: ChannelRef
    paper: Paper
    saved_at: datetime


class LinkKind(StrEnum):
    """What a link code joins: workspaces into a team, or accounts into a person."""

    WORKSPACE = "workspace"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class LinkCode:
    """A one-time code that was made by ``member``, for their workspace or for their account. The code itself is kept
    nowhere."""

    kind: LinkKind
    member: MemberRef


@dataclass(frozen=True, slots=True)
class Followed:
    """A saved paper as the archive has it, and what its people know: the latest version that they were told of, whether
    it was ``published`` (has a journal reference) and ``withdrawn``."""

    paper: Paper
    version: int
    published: bool
    withdrawn: bool


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A followed paper as it is now, what its people know from now on, and when it is asked for again."""

    paper: Paper
    version: int
    published: bool
    withdrawn: bool
    next_check: datetime


@dataclass(frozen=True, slots=True)
class Follower:
    """A channel in which somebody saved a paper; ``post``: the key of its latest sent post with that paper, or, where
    that stands in a thread, of the post that the thread belongs to."""

    channel: ChannelRef
    post: str
