"""What the core asks of the outside world, as Protocols over the vocabulary of ``bot.models``.

Every moment passed in or out is aware and in UTC. Each method names the errors it raises; anything else is a defect.
Nothing here may rely on there being one process: a server database fulfils the same Protocols.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from bot.conversation import (
    Button,
    ChannelChange,
    Command,
    Home,
    Reaction,
    RecentPost,
    Reply,
    WorkspaceChange,
)
from bot.mailing import MailStore, SubscriptionStore
from bot.models import (
    ArchiveSpan,
    BackTest,
    Batch,
    Channel,
    ChannelRef,
    ChannelSettings,
    ChannelStatus,
    Cursor,
    Delivery,
    Entry,
    Figures,
    Followed,
    Follower,
    FollowUp,
    Imported,
    Layout,
    LinkCode,
    LinkKind,
    MemberRef,
    MessageRef,
    Missing,
    OutboxItem,
    Paper,
    PaperText,
    PollStatus,
    Post,
    Posted,
    PostLimits,
    Progress,
    Ranked,
    Receipt,
    Save,
    Signal,
    Similar,
    Sort,
    Tally,
    Trending,
    Watch,
    WorkspaceRef,
)
from bot.query import Query


class Clock(Protocol):
    """Time, brought in from outside so that tests are exact."""

    def now(self) -> datetime:
        """The present moment, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a test's clock returns when it is moved on."""
        ...


class PaperSource(Protocol):
    """Where papers come from."""

    def new_papers(
        self, cursor: Cursor | None, missing: Sequence[Missing], progress: Callable[[Progress], None]
    ) -> AsyncIterator[Batch]:
        """Walk from ``cursor`` (None: the first start) to the present top, asking the ``missing`` again.

        Each batch carries the cursor to store with it; the walk goes on from there after a crash. Raises SourceError.
        """
        ...

    async def paper(self, paper_id: str) -> Paper | None:
        """One paper by its id without version, None if arXiv has none. Raises SourceError."""
        ...

    async def papers(self, paper_ids: Sequence[str]) -> list[Paper]:
        """Those of these papers that there are, as they are now; asked slowly, for housekeeping. Raises SourceError."""
        ...

    def last_announcement(self, now: datetime) -> datetime:
        """When the latest announcement at or before ``now`` was due."""
        ...

    def next_announcement(self, now: datetime) -> datetime:
        """When the next announcement after ``now`` is due."""
        ...

    def silence(self, now: datetime) -> str:
        """Why no announcement is to be expected on the evening before ``now``'s listing day ("weekend", "arXiv
        holiday (Thanksgiving)"); empty when one is."""
        ...


class SignalSource(Protocol):
    """Where the community's signals come from."""

    async def signals(self, day: date) -> list[Signal]:
        """The signals of the papers that the community took up on a day (UTC), each paper once.

        Raises SourceError; a permanent one is about that day alone.
        """
        ...


class PaperStore(Protocol):
    """The archive. Raises StoreError."""

    async def paper(self, paper_id: str) -> Paper | None: ...

    async def add_papers(self, papers: Sequence[Paper]) -> int:
        """Put papers into the archive without delivering them (a shown or saved paper from outside the archive).

        A newer version replaces the stored one; an older one changes nothing. Returns how many were new or replaced.
        """
        ...

    async def search(
        self, query: Query, *, limit: int, offset: int = 0, since: date | None = None, until: date | None = None
    ) -> list[Paper]:
        """The papers that match, newest id first; by listing day, ``since`` and ``until`` included."""
        ...

    async def back_test(self, query: Query, *, since: date | None) -> BackTest:
        """How many papers of the archive match, counted from ``since`` (None: its beginning) to its last day."""
        ...

    async def archive_span(self) -> ArchiveSpan: ...

    async def texts(self, *, after: str = "", limit: int) -> list[PaperText]:
        """The texts of the papers that follow ``after`` in the order of ids; "" is before the first one."""
        ...

    async def texts_of(self, paper_ids: Sequence[str]) -> list[PaperText]:
        """The texts of those of these papers that the archive has."""
        ...

    async def prune_papers(self, announced_before: date, limit: int) -> int:
        """Remove at most ``limit`` papers that were never owed, posted or saved; returns how many went."""
        ...


class ImportStore(Protocol):
    """Bulk imports into the archive, each known by a name of its own. Raises StoreError."""

    async def begin_import(self, name: str) -> str:
        """Get ready; returns the bookmark of an import of that name that was interrupted, else an empty text."""
        ...

    async def import_papers(
        self, name: str, parts: Iterable[Sequence[Paper]], bookmark: Callable[[Imported], str]
    ) -> Imported:
        """Store papers, and the ``bookmark`` made of what all of them brought, in one transaction.

        ``parts`` may be read as they are asked for, in another thread; what they raise passes, and nothing is stored.
        A newer version replaces what the archive has; the same version gives it the comment, DOI, journal reference
        and listing day that it lacks. None of them is owed to a channel, and none is ever pruned.
        """
        ...

    async def end_import(self, name: str, *, complete: bool) -> None:
        """Come back to ordinary work; forget the bookmark of an import that is ``complete``."""
        ...


class WatchStore(Protocol):
    """Channels with their settings and watches. Raises StoreError. Every change is written to the audit log."""

    async def channel(self, ref: ChannelRef) -> Channel | None: ...

    async def open_channel(self, channel: Channel) -> Channel:
        """The stored channel of ``channel.ref``; made from ``channel`` if there is none yet. A new name is kept."""
        ...

    async def set_schedule(
        self, ref: ChannelRef, schedule: str, next_due: datetime | None, by: MemberRef, now: datetime
    ) -> None: ...

    async def set_layout(self, ref: ChannelRef, layout: Layout, by: MemberRef, now: datetime) -> None: ...

    async def set_sort(self, ref: ChannelRef, sort: Sort, by: MemberRef, now: datetime) -> None: ...

    async def set_similar(self, ref: ChannelRef, on: bool, by: MemberRef, now: datetime) -> None: ...

    async def set_paused(self, ref: ChannelRef, reason: str, by: MemberRef | None, now: datetime) -> bool:
        """Pause with a reason, or resume with an empty one; False when it was so already. ``by`` None: the bot."""
        ...

    async def move_channel(self, ref: ChannelRef, to: ChannelRef, now: datetime) -> None:
        """Give a channel a new identity; its watches, deliveries and posts go along."""
        ...

    async def channels(self, platform: str, workspace: str | None = None) -> list[Channel]:
        """Every channel of a platform, or of one of its workspaces, that has a watch or something waiting."""
        ...

    async def add_watch(
        self, ref: ChannelRef, query: Query, typed: str, by: MemberRef, now: datetime, *, most: int, upvotes: int = 0
    ) -> Watch | None:
        """Make a watch; None when the channel already watches that canonical query, with whatever ``upvotes``.

        ``since`` becomes the archive's last listing day, and the archive's papers of that day that match are owed at
        once; during the first back-fill it stays None and both happen when the back-fill is complete.
        With ``upvotes``, a paper is owed when it has so many (``SignalStore.put_signals``).
        Raises CommandError when the channel has ``most`` watches already.
        """
        ...

    async def take_in(
        self,
        channel: Channel,
        watches: Sequence[tuple[Query, str, int]],
        settings: ChannelSettings,
        by: MemberRef,
        now: datetime,
        *,
        most: int,
    ) -> tuple[int, int]:
        """Open ``channel`` and make a watch of each query, with what was typed and its upvotes, as ``add_watch`` does,
        or ``change_watch`` where it is there; then set the settings. One transaction: all of it, or nothing when it
        raises.

        Returns how many watches were made, and how many changed.
        Raises CommandError when the channel would have more than ``most`` watches.
        """
        ...

    async def change_watch(
        self, ref: ChannelRef, canonical: str, typed: str, by: MemberRef, now: datetime, *, upvotes: int
    ) -> Watch | None:
        """Let a watch wait for other upvotes; None when there is none such, or it does already.

        What is waiting for its sake alone and has too few is withdrawn until it has enough. With fewer than before,
        what has enough is owed at once; with 0, the papers of the archive's last listing day are.
        """
        ...

    async def end_watch(self, ref: ChannelRef, canonical: str, by: MemberRef, now: datetime) -> Watch | None:
        """End a watch; None when there is none such. What is waiting for its sake alone is withdrawn."""
        ...

    async def watches(self, ref: ChannelRef) -> list[Watch]:
        """The channel's watches, oldest first."""
        ...

    async def tallies(self, *, least: int, made_before: datetime, limit: int) -> list[Tally]:
        """Watches that were made by then, for which ``least`` papers or more were posted, and which were not judged.

        Those that had most posted come first; none of a paused channel. An indexed query. Papers are counted when
        their post was sent, those brought by members are not.
        """
        ...

    async def judged(self, watch: int) -> bool:
        """What came of the watch has been looked at, for ever; False when it was so already."""
        ...

    def queries(self, batch: int = 10_000) -> AsyncIterator[list[tuple[int, bytes]]]:
        """The distinct queries that some watch has, as (query number, compiled form), streamed in blocks."""
        ...


class PostStore(Protocol):
    """Deliveries and the outbox. Raises StoreError. State changes are guarded: a False says somebody was faster."""

    async def due_channels(self, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
        """These platforms' channels, not paused, whose ``next_due`` has come, longest due first; an indexed query."""
        ...

    async def waiting(self, ref: ChannelRef, limit: int = 10_000) -> list[Delivery]:
        """What is owed to the channel and not in a post yet, newest id first."""
        ...

    async def receipt(self, ref: ChannelRef) -> tuple[Receipt, int]:
        """The receipt since the channel's last one (``matched`` 0) and the number of the poll it reaches to."""
        ...

    async def set_due(self, ref: ChannelRef, next_due: datetime | None) -> None:
        """Set when the channel's next digest is composed. An instant channel for which something waits stays due."""
        ...

    async def put_posts(
        self, ref: ChannelRef, posts: Sequence[Post], *, receipted: int, next_due: datetime | None, now: datetime
    ) -> bool:
        """Store composed posts, tie their deliveries to them, move the channel on: one transaction.

        An entry with ``because`` and no delivery is given to the channel by this, as its delivery of that paper.
        False, and nothing stored, when one of the deliveries is not waiting any more, or such an entry's paper has
        come to be owed or posted. ``next_due`` as in ``set_due``.
        """
        ...

    async def unposted(self, ref: ChannelRef, limit: int) -> list[str]:
        """The ids of papers that were announced since the channel's last receipt and are neither owed to it nor
        in one of its posts, nor dismissed or saved there; newest first."""
        ...

    async def put_notice(self, post: Post, now: datetime) -> bool:
        """Store a notice; False when that key is stored already."""
        ...

    async def bring(self, post: Post, by: MemberRef, now: datetime, *, since: datetime, most: int) -> Posted | None:
        """Store the card of a paper of the archive that a member brought, as the channel's delivery of that paper: one
        transaction. What waits of it is taken along, and no watch brings it again.

        Posted, and nothing stored, when the channel was given the paper before. If the card dies, the paper is owed
        again as any other, with what the card said as its note. Raises CommandError when the member has brought
        ``most`` papers since then, with all of their accounts.
        """
        ...

    async def claim(
        self,
        platforms: Sequence[str],
        now: datetime,
        limit: int,
        *,
        interval: float = 0.0,
        most: int | None = None,
    ) -> list[OutboxItem]:
        """Take posts that may be sent now: ``pending → sending``, first attempt stamped, committed before returning.

        At most one post a channel; none of a channel that has one in ``sending`` or ``uncertain``, or is paused
        (notices go out all the same); parts in order; a threaded post only when its parent was sent, whose message is
        then in ``post.thread``. Workspaces take turns. With an ``interval`` in seconds one post of a workspace at a
        time, and the next one that much later: a claim that comes late is made up for by the next one, which is then
        early by at most half of the interval. None of a workspace that has ``most`` posts in ``sending``.
        """
        ...

    async def sent(self, key: str, message: MessageRef, now: datetime, *, interval: float = 0.0) -> bool:
        """``sending | uncertain → sent``. What waits in the channel is not claimed for another ``interval`` seconds."""
        ...

    async def retry(self, key: str, at: datetime, error: str) -> bool:
        """``sending | uncertain → pending``, not to be claimed before ``at``."""
        ...

    async def uncertain(self, key: str, at: datetime, error: str) -> bool:
        """``sending | uncertain → uncertain``, to be looked up at ``at``; at ``bot.outcome.NEVER`` it stays so, and
        holds nothing else of its channel up."""
        ...

    async def dead(self, key: str, error: str, now: datetime) -> bool:
        """``sending | uncertain → dead``: never sent; its deliveries are owed again when the channel is resumed."""
        ...

    async def postpone_workspace(self, platform: str, workspace: str, until: datetime) -> None:
        """No post of that workspace is claimed before ``until``."""
        ...

    async def interrupted(self, platforms: Sequence[str]) -> int:
        """At start: every ``sending`` post of a process that died becomes ``uncertain``; returns how many."""
        ...

    async def uncertain_posts(self, platforms: Sequence[str], now: datetime, limit: int) -> list[OutboxItem]:
        """Uncertain posts whose look-up time has come."""
        ...

    async def post_of(self, message: MessageRef) -> Post | None:
        """The sent post behind a message, with its entries."""
        ...

    async def recent_posts(self, platform: str, since: datetime) -> list[RecentPost]:
        """The posts with papers that were sent since then, newest first."""
        ...

    async def latest_entries(self, ref: ChannelRef, limit: int = 50) -> list[Entry]:
        """The entries of the channel's latest sent digest (all of its parts), or of its latest cards."""
        ...

    async def posted(self, ref: ChannelRef, *, limit: int) -> list[Paper]:
        """The papers that the channel was sent, each once: the latest digest's first, in it the newest id first."""
        ...

    async def next_attempt(self, platforms: Sequence[str], after: datetime | None = None) -> datetime | None:
        """When the next pending or uncertain post may be tried; None when there is none.

        With ``after``, workspaces and uncertain posts whose moment has come by then are left out.
        """
        ...

    async def channel_status(self, ref: ChannelRef) -> ChannelStatus: ...

    async def figures(self, ref: ChannelRef, weeks: Sequence[date], query: str | None = None) -> Figures:
        """The channel in these weeks (Mondays, consecutive, oldest first); with a canonical ``query`` as far as that
        one watch goes: its matches, and the saves of these. Watches without a match are listed with zeros."""
        ...


class TopStore(Protocol):
    """The weekly tops of channels. Raises StoreError."""

    async def set_top(
        self, ref: ChannelRef, schedule: str, next_due: datetime | None, by: MemberRef, now: datetime
    ) -> None:
        """Set when the channel gets its weekly top; an empty ``schedule`` and None end it. Written to the audit log."""
        ...

    async def due_tops(self, platforms: Sequence[str], now: datetime, limit: int) -> list[Channel]:
        """These platforms' channels, not paused, whose ``top_next_due`` has come, longest due first; an indexed
        query."""
        ...

    async def put_top(
        self, channel: Channel, posts: Sequence[Post], *, next_due: datetime | None, now: datetime
    ) -> bool:
        """Store the posts of a top, or none, and move the channel on: one transaction. No paper is delivered by that.

        False, and nothing stored, when the channel's top was composed or changed since ``channel`` was read, or the
        channel is paused.
        """
        ...

    async def unseen(self, platform: str, workspace: str, paper_ids: Sequence[str]) -> list[str]:
        """Those of the papers that no channel of the workspace's team was posted and nobody of it saved, in order."""
        ...


class SaveStore(Protocol):
    """The library. Raises StoreError. Saving twice or taking back what is not there changes nothing.

    ``now`` of a save or of one taken back is when the member did so: of two, the later one holds, in whichever order
    they arrive. Linked accounts (``LinkStore``) are one member here, though each save stays with its account.
    """

    async def save(self, member: MemberRef, channel: ChannelRef, paper_id: str, now: datetime) -> bool:
        """False when that member had it already, with whichever account; it is then this account's as well, so that
        unlinking loses nothing. The paper must be in the archive."""
        ...

    async def unsave(self, member: MemberRef, paper_id: str, now: datetime) -> bool:
        """Take it back from all accounts of the member; False when none of them had it."""
        ...

    async def saved_by(
        self, member: MemberRef, *, limit: int, offset: int = 0, seen_by: MemberRef | None = None
    ) -> list[Save]:
        """A member's saves, latest first, a paper once (its latest save).

        ``seen_by``: somebody else, who sees what was saved in workspaces of their own team only.
        """
        ...

    async def saved_in(self, channel: ChannelRef, *, limit: int, offset: int = 0) -> list[Save]:
        """The saves made in a channel, a paper once (its first save), latest first."""
        ...

    async def top(self, platform: str, workspace: str, *, since: datetime | None, limit: int) -> list[Ranked]:
        """The papers of a workspace's team by members who saved them since then, most first, then newest."""
        ...

    async def dismiss(self, channel: ChannelRef, member: MemberRef, paper_id: str, now: datetime) -> int:
        """Count a "not for us"; returns how many papers the channel has dismissed."""
        ...

    async def dismissed(self, channel: ChannelRef, *, limit: int) -> list[Paper]:
        """The papers that the channel has dismissed, latest first."""
        ...

    async def save_reactions(self, platform: str, workspace: str) -> tuple[str, ...] | None:
        """The names of the reactions that save in a workspace; None while it has not set its own."""
        ...

    async def set_save_reactions(
        self, platform: str, workspace: str, names: Sequence[str] | None, by: MemberRef, now: datetime
    ) -> None:
        """Set them; None goes back to the default ones."""
        ...

    async def first_time(self, event: str, now: datetime) -> bool:
        """Remember a platform event; False when it was handled before. Remembered for at least a day."""
        ...


class SignalStore(Protocol):
    """What the community makes of papers. Raises StoreError."""

    async def put_signals(self, signals: Sequence[Signal], now: datetime) -> list[ChannelRef]:
        """Store signals, in place of earlier ones of the same papers, whether or not the archive has these.

        In the same transaction a paper is owed to each channel with a watch that waits for as many upvotes as it now
        has, unless it was announced more than ``UPVOTE_DAYS`` before ``now``; once a channel for ever, also beside
        watches that do not wait. Instant channels become due at once and are returned.
        """
        ...

    async def signals(self, paper_ids: Sequence[str]) -> dict[str, Signal]:
        """The signals of those of these papers that have one, by id."""
        ...

    async def trending(
        self,
        platform: str,
        workspace: str,
        *,
        since: date,
        query: Query | None,
        save_weight: int,
        limit: int,
        offset: int = 0,
    ) -> list[Trending]:
        """The papers announced from ``since`` on (that match) by their upvotes and ``save_weight`` for each member of
        the workspace's team who saved them, most first, then newest; papers with neither are left out."""
        ...

    async def rated(self, *, since: date, limit: int) -> list[Trending]:
        """The papers announced from ``since`` on that have upvotes, most first, then newest; saves are not counted."""
        ...

    async def count_upvoted(self, query: Query, *, since: date, upvotes: int) -> int:
        """How many papers of the archive announced from ``since`` on match and have so many upvotes."""
        ...


class LinkStore(Protocol):
    """Workspaces that are one team, accounts that are one person, and the codes that join them. Raises StoreError.

    Every link and its undoing is written to the audit log. Nothing that was saved moves: team and person are ways to
    look at saves.
    """

    async def add_link_code(
        self, digest: bytes, kind: LinkKind, by: MemberRef, now: datetime, *, ends: datetime, most: int
    ) -> None:
        """Keep a code of ``by``'s workspace or account by its digest. Raises CommandError when ``most`` are open."""
        ...

    async def find_link_code(
        self, digest: bytes, by: MemberRef, now: datetime, *, since: datetime, most: int
    ) -> LinkCode | None:
        """The open code of that digest; None for a wrong one, which is counted against ``by``.

        Raises CommandError, whatever the code, when ``by`` has entered ``most`` wrong ones since then.
        """
        ...

    async def link(self, digest: bytes, by: MemberRef, now: datetime) -> bool:
        """Use a code up and join ``by``'s workspace or account, with all that are linked with it, to that of the code.

        False, and nothing joined, when the code is not open any more.
        """
        ...

    async def unlink(self, kind: LinkKind, by: MemberRef, now: datetime) -> bool:
        """Take ``by``'s workspace or account out of its team or person, and void its open codes; the others stay
        linked. False when it was not linked."""
        ...

    async def team(self, platform: str, workspace: str) -> list[WorkspaceRef]:
        """The other workspaces of the team."""
        ...

    async def accounts(self, member: MemberRef) -> list[MemberRef]:
        """The member's other accounts."""
        ...

    async def namesakes(self, member: MemberRef, name: str, *, limit: int) -> list[MemberRef]:
        """Members of that name, in any case, in the other workspaces of ``member``'s team."""
        ...


class FollowStore(Protocol):
    """Saved papers that are asked for again (``bot.following``). Raises StoreError."""

    async def followed(self, now: datetime, limit: int) -> list[Followed]:
        """Saved papers whose next check has come, longest due first."""
        ...

    async def followers(self, paper_id: str) -> list[Follower]:
        """The channels in which a paper was saved and has been posted."""
        ...

    async def follow_up(self, checked: Sequence[FollowUp], notices: Sequence[Post], now: datetime) -> None:
        """Note what papers are like now and put notices into the outbox, those that are not there yet: one
        transaction."""
        ...


class CursorStore(Protocol):
    """How far the source was read, and what polling found. Raises StoreError."""

    async def cursor(self) -> Cursor | None: ...

    async def missing(self, now: datetime, limit: int) -> list[Missing]:
        """Missing numbers that should be asked again now: new ones at every poll, older ones less often."""
        ...

    async def record(self, batch: Batch, matches: Mapping[int, Sequence[str]], now: datetime) -> list[ChannelRef]:
        """Store a batch in one transaction: papers, matches (query number → paper ids), deliveries, missing, cursor.

        A delivery is owed to each channel with a watch on a matching query whose ``since`` is not after the paper's
        listing day, once for ever. A query that got its first watch after ``queries`` was last called is matched here.
        Instant channels become due at once and are returned. When the cursor leaves the
        back-fill, watches without ``since`` get the archive's last day, and its matching papers are owed to them.
        """
        ...

    async def poll_failed(self, now: datetime, reason: str) -> None: ...

    async def poll_succeeded(self, now: datetime) -> None: ...

    async def poll_status(self) -> PollStatus: ...

    async def beat(self, now: datetime) -> None:
        """A sign of life, for `paperroute status --healthy`."""
        ...

    async def last_beat(self) -> datetime | None: ...


class InstallationStore(Protocol):
    """The credentials that workspaces gave to a platform's app, sealed by the platform's adapter. Raises StoreError.

    ``owner`` tells apart what one workspace has several of (the installing members); "" is the workspace's own.
    """

    async def put_installation(self, platform: str, workspace: str, owner: str, sealed: bytes, now: datetime) -> None:
        """Store, in place of what was there."""
        ...

    async def installation(self, platform: str, workspace: str, owner: str = "") -> bytes | None: ...

    async def installed(self, platform: str) -> list[str]:
        """The workspaces that have an installation of their own (owner "")."""
        ...

    async def remove_installation(self, platform: str, workspace: str, owner: str | None = None) -> int:
        """Remove one, or with ``owner`` None all of the workspace; returns how many there were."""
        ...

    async def first_time(self, event: str, now: datetime) -> bool:
        """As in SaveStore."""
        ...


class NoteStore(Protocol):
    """What an adapter wants to know again after a restart: short texts by name. Raises StoreError."""

    async def note(self, name: str) -> str | None: ...

    async def put_note(self, name: str, text: str) -> None:
        """In place of what was noted before."""
        ...


class Store(
    PaperStore,
    ImportStore,
    WatchStore,
    PostStore,
    TopStore,
    SaveStore,
    SignalStore,
    LinkStore,
    FollowStore,
    SubscriptionStore,
    MailStore,
    CursorStore,
    InstallationStore,
    NoteStore,
    Protocol,
):
    """Everything that is kept."""

    async def close(self) -> None: ...


class Terms(Protocol):
    """The words of the archive and what each weighs, as they were when the index was made. May read a file: to be
    used off the event loop."""

    made_at: datetime
    papers: int

    def weight(self, word: str) -> float:
        """What a normalised word weighs: the rarer, the more; 0 for one that tells nothing or is not known."""
        ...

    def near(self, vector: Mapping[str, float], limit: int) -> list[str]:
        """The ids of the papers whose words are nearest to this vector, nearest first, more or less."""
        ...


class TermIndex(Protocol):
    """The archive's words, counted now and then."""

    def terms(self) -> Terms | None:
        """The index as it is, None when there is none that can be read. Reads a file: to be called off the loop."""
        ...

    async def rebuild(self, texts: AsyncIterator[Sequence[PaperText]], now: datetime) -> int:
        """Make the index anew, in a process of its own; returns of how many papers. Raises WorkerError, and what
        ``texts`` raises; the index that is there then stays."""
        ...


class SimilarPapers(Protocol):
    """Papers that are like others."""

    async def like(self, paper: Paper, limit: int) -> list[Similar] | None:
        """The papers of the archive most like ``paper``, nearest first; None while there is no index.
        Raises StoreError."""
        ...

    def expected(self, now: datetime) -> datetime:
        """When the next index is made."""
        ...


class Plotter(Protocol):
    """Draws figures."""

    async def draw(self, figures: Figures, title: str) -> bytes:
        """A PNG of at most 100 kB. Raises WorkerError."""
        ...


class Handler(Protocol):
    """What a platform hands to the core. No method raises: mistakes come back as a Reply."""

    async def command(self, command: Command) -> Reply: ...

    async def reaction(self, reaction: Reaction) -> Reply | None:
        """None: nothing to say. A Reply is for that member only."""
        ...

    async def button(self, button: Button) -> Reply: ...

    async def channel_changed(self, change: ChannelChange) -> None: ...

    async def workspace_changed(self, change: WorkspaceChange) -> None:
        """Pause all channels of a lost workspace with its reason; resume those of a regained one."""
        ...

    async def home(self, member: MemberRef, visible: Collection[ChannelRef]) -> Home:
        """What a member sees at home; of the workspace's channels only those in ``visible``."""
        ...

    async def channels(self, platform: str) -> list[Channel]:
        """The platform's channels in use, for comparing with what the platform says of them."""
        ...

    async def recent_posts(self, platform: str) -> list[RecentPost]:
        """The posts whose reactions are worth reading after a time without events, newest first."""
        ...


class Chat(Protocol):
    """A chat platform."""

    platform: str
    limits: PostLimits

    async def start(self, handler: Handler) -> None:
        """Begin to take commands and to be able to send; returns when both work. Raises ConfigError, DeliveryError."""
        ...

    async def send(self, channel: ChannelRef, post: Post) -> MessageRef:
        """Post it, once. Raises DeliveryError; any other exception counts as ambiguous."""
        ...

    async def find(self, channel: ChannelRef, post: Post) -> MessageRef | None:
        """Look the post up by its key in the channel's history.

        Raises UnreadableError, or NoHistoryError where there is none, and DeliveryError.
        """
        ...

    async def close(self) -> None:
        """Finish what is under way and stop."""
        ...
