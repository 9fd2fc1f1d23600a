"""Deliveries → posts, within a platform's sizes. Pure.

In: a channel, the papers owed to it, the receipt since its last digest, the platform's limits, the moment. Out: posts
in the order in which they are to appear.

- Order of papers: those that arrived late come last; before that, a paper that more of the channel's watches want comes
  first, papers of the same watches stand together, and among equals the given order stays (newest id first).
- With the channel's sort HOT, the papers with the most upvotes come first, and only equals are ordered so.
- Numbers count from 1 through all parts of a digest and through all cards; they are what members choose a paper by.
- A digest whose papers do not fit into one message goes on in further parts: nothing is dropped for length. One that
  is too long for a message of its own still gets one; the platform trims what it shows.
- Layouts: THREAD, the digest's parts and then a card for each paper in the thread of its part; CARDS, a card for each
  paper; DIGEST, the parts alone. On a platform without threads THREAD is DIGEST: cards below would bury the digest.
- Proposals (``bot.similar``) end a digest, numbered on; they have no cards, and CARDS has none of them. They are no
  matches: heading and receipt leave them out.
- The receipt, with the number of papers as ``matched`` or ``risen`` (what a member brought is neither), stands on the
  last part (CARDS: on the last card), where the papers it counts have been read.
- Keys follow from the channel, the deliveries and the moment, so that a composition that was stored is never stored
  twice, and papers owed again after a dead post get a new key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.channel_schedule import Schedule
from bot.errors import CommandError, QueryError
from bot.models import (
    Channel,
    ChannelRef,
    Delivery,
    Entry,
    Layout,
    Paper,
    Post,
    PostKind,
    PostLimits,
    Receipt,
    Signal,
    Similar,
    Sort,
)
from bot.paper_caches import cached_for_a_round
from bot.query import Query
from bot.signal_line import signal_line
from bot.text import readable
from bot.wording import SIMILAR_HEADING, authors_line, digest_heading

# What stands around the entries: heading with part, receipt with every clause.
FRAME = 300
_KEY_LENGTH = 24
# One for each byte.
_LETTERS = b"abcdefghijklmnopqrstuvwxyz234567" * 8


def compose(
    channel: Channel,
    deliveries: Sequence[Delivery],
    receipt: Receipt,
    limits: PostLimits,
    now: datetime,
    *,
    proposals: Sequence[Similar] = (),
) -> list[Post]:
    """The posts that bring ``deliveries`` to ``channel``; none when there are no deliveries.

    ``proposals``: none of them is among the deliveries.
    """
    if not deliveries:
        return []
    entries = _entries(deliveries, channel.sort)
    risen = sum(delivery.risen for delivery in deliveries)
    # Whatever brought it, it may have been announced long before what the receipt covers.
    brought = sum(bool(delivery.note) and not delivery.risen for delivery in deliveries)
    receipt = replace(receipt, matched=len(entries) - risen - brought, risen=risen)
    proposed = [
        Entry(number, proposal.paper, because=proposal.because)
        for number, proposal in enumerate(proposals, len(entries) + 1)
    ]
    parts: list[list[Entry]] = [] if channel.layout is Layout.CARDS else split([*entries, *proposed], limits)
    heading = digest_heading(len(entries), now, _zone(channel))
    posts = [
        Post(
            key=post_key(channel.ref, PostKind.DIGEST, part, now),
            channel=channel.ref,
            kind=PostKind.DIGEST,
            heading=heading,
            entries=tuple(part),
            receipt=receipt if number == len(parts) else None,
            part=number,
            parts=len(parts),
        )
        for number, part in enumerate(parts, 1)
    ]
    if channel.layout is Layout.DIGEST or (channel.layout is Layout.THREAD and not limits.threads):
        return posts
    thread = {entry.number: post.key for post in posts for entry in post.entries}
    cards = [
        Post(
            key=post_key(channel.ref, PostKind.CARD, (entry,), now),
            channel=channel.ref,
            kind=PostKind.CARD,
            entries=(entry,),
            thread_of=thread.get(entry.number),
        )
        for entry in entries
    ]
    if channel.layout is Layout.CARDS:
        cards[-1] = replace(cards[-1], receipt=receipt)
    return posts + cards


def split(entries: Sequence[Entry], limits: PostLimits) -> list[list[Entry]]:
    """The entries in order, cut into parts of at most ``limits.papers`` and ``limits.characters``; none empty."""
    parts: list[list[Entry]] = []
    room = 0
    for entry in entries:
        size = entry_characters(entry, limits)
        if not parts or len(parts[-1]) >= max(1, limits.papers) or size > room:
            parts.append([])
            room = limits.characters - FRAME
        parts[-1].append(entry)
        room -= size
    return parts


def entry_characters(entry: Entry, limits: PostLimits) -> int:
    """How many characters to reckon for an entry of a digest: its text as people see it, its link, mark-up."""
    return (
        _paper_characters(entry.paper)
        + sum(map(len, entry.words))
        + 2 * len(entry.words)
        + len(entry.note)
        + len(str(entry.number))
        + (_signal_characters(entry.signal) if entry.signal else 0)
        + (len(entry.because) + len(SIMILAR_HEADING) if entry.because else 0)
        + limits.overhead
    )


@cached_for_a_round(2_000)
def _paper_characters(paper: Paper) -> int:
    return (
        max(len(paper.title), len(readable(paper.title)))
        + len(authors_line(paper.authors))
        + len(paper.primary_category)
        + len(paper.abstract_url)
    )


def _signal_characters(signal: Signal) -> int:
    line = signal_line(signal)
    return len(line) + len(" · ") if line else 0


def post_key(
    channel: ChannelRef, kind: PostKind, entries: Iterable[Entry], now: datetime | None, text: str = ""
) -> str:
    """24 characters of a–z2–7 that name a post: the same for the same channel, kind, deliveries, moment and text."""
    told = " ".join([f"{entry.delivery}:{entry.paper.id}" for entry in entries])
    moment = now.isoformat() if now else ""
    named = (channel.platform, channel.workspace, channel.channel, kind, moment, text, told)
    # The length before each part keeps ("ab", "c") and ("a", "bc") apart.
    digest = hashlib.sha256(
        "".join([f"{len(part)}:{part}" for part in named]).encode("utf-8", "surrogatepass")
    ).digest()
    return digest[:_KEY_LENGTH].translate(_LETTERS).decode("ascii")


def _entries(deliveries: Sequence[Delivery], sort: Sort) -> list[Entry]:
    ordered = sorted(deliveries, key=lambda delivery: (delivery.late, -len(delivery.queries), sorted(delivery.queries)))
    if sort is Sort.HOT:
        ordered.sort(key=lambda delivery: -delivery.signal.upvotes if delivery.signal else 0)
    return [
        Entry(
            number=number,
            paper=delivery.paper,
            words=_words(delivery.queries, delivery.paper),
            queries=delivery.queries,
            late=delivery.late,
            delivery=delivery.id,
            note=delivery.note,
            signal=delivery.signal,
        )
        for number, delivery in enumerate(ordered, 1)
    ]


def _words(queries: Iterable[str], paper: Paper) -> tuple[str, ...]:
    """What matched, each once: words that differ only in case are the same to a reader."""
    found: dict[str, str] = {}
    for canonical in queries:
        for word in _matched(canonical, paper):
            found.setdefault(word.casefold(), word)
    return tuple(found.values())


# What many watch matches the same papers for all of them, all through nine o'clock.
@cached_for_a_round(8_000)
def _matched(canonical: str, paper: Paper) -> tuple[str, ...]:
    try:
        # Some canonical forms are as an earlier normaliser wrote them (``storage.sqlite.rewording``).
        return _query(canonical).matches(paper) or Query.parse(canonical).matches(paper) or ()
    except QueryError:
        # Written by a version that read more than this one: the paper is owed all the same.
        return ()


_query = cached_for_a_round(4_000)(Query.of_canonical)


def _zone(channel: Channel) -> str:
    try:
        return Schedule.from_canonical(channel.schedule).zone
    except CommandError:
        # The heading is not worth losing a digest for; the dispatcher reports the broken schedule.
        return "UTC"
