"""The vocabulary of paperroute as frozen values.

All moments are aware datetimes in UTC; all days are arXiv's listing days (the day after the 20:00 US Eastern
announcement evening). A paper is keyed by its id without version.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Paper:
    """An arXiv work, as its version ``version`` describes it. The primary category comes first.

    ``announced`` is the listing day; sources estimate it where arXiv does not say.
    """

    id: str
    version: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    published: datetime
    updated: datetime
    comment: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    announced: date | None = None

    @property
    def primary_category(self) -> str:
        return self.categories[0]

    @property
    def abstract_url(self) -> str:
        return f"https://arxiv.org/abs/{self.id}"

    @property
    def pdf_url(self) -> str:
        return f"https://arxiv.org/pdf/{self.id}"


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
class Watch:
    """A query in a channel. ``typed`` is what its maker wrote, ``query`` its canonical form.

    ``since`` is the first listing day whose papers it wants; None until the archive's first back-fill is complete.
    ``upvotes``: it wants a paper once that has so many, within ``UPVOTE_DAYS`` of its announcement; 0: at once.
    ``typed`` then begins with `min:` and that number.
    """

    id: int
    channel: ChannelRef
    query: str
    typed: str
    made_by: MemberRef
    made_at: datetime
    since: date | None
    upvotes: int = 0


UPVOTE_DAYS = 30
"""For so many days after its announcement a paper's upvotes count for the watches that wait for them."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a community makes of a paper, as it was at ``read_at``. What is not known is None or empty.

    ``paper``: the id without version. ``repository`` (with its ``stars``) and ``project`` are https addresses.
    ``summary`` and ``keywords`` were written by a machine. All texts are of strangers.
    """

    paper: str
    upvotes: int
    read_at: datetime
    comments: int = 0
    repository: str = ""
    stars: int | None = None
    project: str = ""
    organisation: str = ""
    summary: str = ""
    keywords: tuple[str, ...] = ()


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
class Tally:
    """What came of a watch: how many papers were posted for it, and whether anybody of the team ``saved`` one."""

    watch: Watch
    posted: int
    saved: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a digest proves: so many id numbers announced, so many papers read and checked, so many matched.

    ``late`` papers had been announced earlier and could only be read now. ``missing`` numbers are still asked for.
    ``risen`` papers, none of them among ``matched``, were announced earlier and now have the upvotes that a watch waits
    for.
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


@dataclass(frozen=True, slots=True)
class Ranked:
    """A paper of a top list with the number of members who saved it, one with several accounts counted once."""

    paper: Paper
    saves: int


@dataclass(frozen=True, slots=True)
class Trending:
    """A paper of a ranking by the community and the team: ``saves`` by members of the team, and its signal."""

    paper: Paper
    saves: int
    signal: Signal | None


@dataclass(frozen=True, slots=True)
class PaperText:
    """What a paper says, by its id."""

    id: str
    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Similar:
    """A paper that is like another one. ``because`` says why: "because both speak of …", "because you saved …"."""

    paper: Paper
    because: str


@dataclass(frozen=True, slots=True)
class WatchFigures:
    """How many papers a week matched a watch: its query, canonical from the store and as typed where it is shown."""

    query: str
    matches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """A channel week by week. ``weeks`` are Mondays, oldest first; each other tuple has a number for each of them.

    ``announced``: papers by arXiv in all. ``matched``: those of them that some watch brought into the channel.
    ``saves``: saves by members in the channel. Papers count by their listing day, saves by their day in UTC.
    """

    weeks: tuple[date, ...]
    watches: tuple[WatchFigures, ...]
    announced: tuple[int, ...]
    matched: tuple[int, ...]
    saves: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A number of the id sequence that could not be read yet. ``announced``: the listing day it belongs to."""

    id: str
    announced: date | None
    first_missed: datetime
    last_asked: datetime
    asked: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a source has been read. ``state`` belongs to the source and is opaque to everybody else.

    ``backfilling``: the papers read so far are history for the archive; nothing of them is delivered yet.
    """

    state: str
    backfilling: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """One step of reading a source: recorded whole, with its cursor, or not at all.

    ``papers``: read for the first time, in id order. ``announced``: how many numbers of the sequence this step covers
    (papers of it plus newly missing ones). ``missing``: numbers below the top that gave no paper. ``late``: ids among
    ``papers`` that had been missing before. ``asked``: formerly missing ids asked again without success. ``dropped``:
    formerly missing ids given up. ``backfill``: history, not news.
    """

    papers: tuple[Paper, ...]
    cursor: Cursor
    announced: int = 0
    missing: tuple[Missing, ...] = ()
    late: frozenset[str] = frozenset()
    asked: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    backfill: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a back-fill has come, in papers."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class BackTest:
    """What a query would have matched in the archive: ``matches`` papers from ``since`` to ``until``, both included.

    ``days`` counts the listing days in between for which the archive has papers; 0 when the archive is empty.
    """

    matches: int
    since: date | None
    until: date | None
    days: int


@dataclass(frozen=True, slots=True)
class ArchiveSpan:
    """What the archive holds: number of papers, first and last listing day (None when empty)."""

    papers: int
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Imported:
    """What a step of a bulk import brought: papers new to the archive, and newer versions of papers it had."""

    new: int = 0
    newer: int = 0


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


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """Figures of one channel for `status`."""

    watches: int
    waiting: int
    posted: int
    uncertain: int
    last_posted: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class PollStatus:
    """The polls as a whole: the last success and, where the last try failed, when and why; numbers still missing."""

    last_success: datetime | None
    last_failure: datetime | None
    failure: str
    missing: int
    backfilling: bool
