"""What is owed to a channel and how it gets there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.models.channels import Channel, ChannelRef, MessageRef
from bot.models.papers import Paper, Signal


@dataclass(frozen=True, slots=True)
class Delivery:
    """A paper owed to a channel. ``queries`` are the canonical queries of the channel's watches that match it now.

    ``late``: arXiv announced it on an earlier day than it could be read. ``risen``: it was announced before, and is
    owed since it has the upvotes that a watch waits for. ``note``: who brought it into the channel, and their comment,
    where the card that said so could not be sent.
    """

    id: int
    channel: ChannelRef
    paper: Paper
    queries: tuple[str, ...]
    late: bool = False
    risen: bool = False
    signal: Signal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """That a channel has been given a paper: ``at`` that moment, None while the post is on its way."""

    at: datetime | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a digest proves: so many id numbers announced, so many papers read and checked, so many matched.

    ``late`` papers had been announced earlier and could only be read now. ``missing`` numbers are still asked for.
    ``risen`` papers, none of them among ``matched``, were announced earlier and now have the upvotes that a watch waits
    for. Papers that a member brought are in none of these.
    """

    announced: int
    checked: int
    matched: int
    late: int = 0
    risen: int = 0

    @property
    def missing(self) -> int:
        return max(0, self.announced - self.checked)


class PostKind(StrEnum):
    """What a post is: many papers in one message, one paper, or a word from the bot."""

    DIGEST = "digest"
    CARD = "card"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper as it stands in a post or a reply.

    ``number`` is what members use to choose it, from 1 in a digest; 0 in a reply and on the card of a paper that a
    member brought, where it is chosen by its id.
    ``words`` are the words that matched, as written in the paper where possible; ``queries`` canonical forms.
    ``note``: a few words said beside the paper, such as "3 saves". ``signal`` is kept with posts as it was when they
    were composed, but for its summary and keywords. ``because``: why it stands in a digest although no watch asked for
    it ("because you saved …").
    """

    number: int
    paper: Paper
    words: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    late: bool = False
    delivery: int | None = None
    note: str = ""
    signal: Signal | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One message of the outbox.

    ``key`` is 24 characters of a–z2–7: unique, the same at every attempt, safe in metadata, nonces and button ids.
    ``heading`` is the first line; ``text`` a notice's words, or what a card's ``heading`` goes on with: the comment of
    the member who brought the paper. ``thread_of`` is the key of the post in whose thread it
    belongs and ``thread`` that post's message, once sent. ``part`` of ``parts`` counts the messages of one digest.
    ``made_at``: when it was composed; a channel's history cannot hold it before that.
    """

    key: str
    channel: ChannelRef
    kind: PostKind
    heading: str = ""
    entries: tuple[Entry, ...] = ()
    receipt: Receipt | None = None
    text: str = ""
    part: int = 1
    parts: int = 1
    thread_of: str | None = None
    thread: MessageRef | None = None
    made_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a channel is to be composed from, all of one moment: the channel, its papers and its receipt.

    ``receipt`` as by ``PostStore.receipt``, up to the poll ``poll``.
    """

    channel: Channel
    deliveries: tuple[Delivery, ...]
    receipt: Receipt
    poll: int


@dataclass(frozen=True, slots=True)
class Composed:
    """The posts made from what a channel was owed, none where that was nothing.

    ``receipted`` is the last poll that their receipt counts, ``next_due`` when the channel is composed for again.
    ``bulk``: by the clock, at a minute that many channels share; such posts let all others go first.
    """

    channel: Channel
    posts: tuple[Post, ...]
    receipted: int
    next_due: datetime | None
    bulk: bool = False


class PostState(StrEnum):
    """pending → sending → sent | pending (retry) | uncertain → sent | pending | dead."""

    PENDING = "pending"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """A claimed post with its history: how often it was tried, when first, and what went wrong last."""

    post: Post
    state: PostState
    attempts: int
    first_attempt: datetime | None
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class FoundPost:
    """One of our posts with papers as a platform's history has it: ``papers`` are their ids in the order in which they
    stand, those alone that it gave to its channel; ``at``: when the platform took it."""

    message: MessageRef
    key: str
    papers: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the outbox stands: ``owed`` papers that wait for a post or for its sending; posts ``pending`` for the first
    time, waiting for another try (``retry``), being sent, to be looked up (``uncertain``), and ``unknown`` for good;
    channels ``paused``; numbers ``missing``; when a poll last reached the source's top."""

    owed: int
    pending: int
    retry: int
    sending: int
    uncertain: int
    unknown: int
    paused: int
    missing: int
    last_poll: datetime | None


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was put back from a copy ``at`` a moment: what was posted after ``since`` is not in it.

    ``held``: the channels of which that has not been found out yet.
    """

    since: datetime
    at: datetime
    held: tuple[ChannelRef, ...]


@dataclass(frozen=True, slots=True)
class PostLimits:
    """How much fits into one message of a platform.

    ``papers`` a digest; ``characters`` over all; ``overhead`` characters of mark-up to reckon for each paper;
    ``interval``: seconds between two posts in one channel, ``workspace_interval`` in one workspace. ``settle``:
    seconds after which a message that was sent surely stands in the history; before that, its absence means nothing.
    ``threads``: a message can have a thread of its own, out of the way; where it cannot, the layout THREAD is a digest
    alone.
    """

    papers: int
    characters: int
    overhead: int = 0
    interval: float = 0.0
    workspace_interval: float = 0.0
    settle: float = 30.0
    threads: bool = True
