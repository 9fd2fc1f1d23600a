"""What was posted compared with what had to be, by whom, at which minute.

What had to be is reckoned anew: which papers a channel's queries match (by ``bot.matching``, which tests hold to what a
query means), when they were announced and polled, and the schedule's next moment (``month``). Papers whose moment lies
behind the end of the month are left out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.soak.crowd import Place, Town, matches
from benchmarks.soak.month import Month, next_of
from benchmarks.soak.platforms import Line
from bot.models import ChannelRef, Layout, Paper, PostKind

_MINUTE = timedelta(minutes=1)
_CARD = timedelta(seconds=1)


@dataclass
class Owed:
    """``papers``: for each channel those that it is to be given, and at which minute. ``matches``: papers and queries
    that match; ``deliveries``: papers and channels that want them; both of what is announced in the month."""

    papers: dict[ChannelRef, dict[str, datetime]]
    matches: int = 0
    deliveries: int = 0


@dataclass
class Account:
    """Papers by what became of them. ``digests``: how many times a channel had to be given papers; ``at_its_minute``:
    how many of these times it was, with all of them; ``changed``: those on days on which its zone's clocks change, or
    the day after. The lists hold examples in words.
    """

    owed: int = 0
    once: int = 0
    digests: int = 0
    at_its_minute: int = 0
    changed: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    cards: int = 0
    cards_missing: int = 0
    messages: int = 0
    notices: int = 0
    zones: int = 0


def owed(month: Month, everybody: Town, before: Sequence[Paper], announced: Sequence[Sequence[Paper]]) -> Owed:
    """``before``: the papers of the day before the month, which new watches begin with; ``announced``: those of each
    announcement of the month."""
    moments = {times: month.moments(times) for times in {place.times for place in everybody.places}}
    found = Owed({place.ref: {} for place in everybody.places})
    polls = [month.polled_after(each.at) for each in month.announcements]
    for polled, papers in zip((month.start, *polls), (before, *announced), strict=True):
        found_in = matches(papers, everybody.queries)
        news = papers is not before
        found.matches += sum(map(len, found_in.values())) if news else 0
        for place in everybody.places:
            moment = next_of(moments[place.times], polled) if place.times.days else polled
            wanting = {paper for query in place.queries for paper in found_in.get(query, ())}
            found.deliveries += len(wanting) if news else 0
            if moment is not None and moment < month.end:
                found.papers[place.ref].update(dict.fromkeys(wanting, moment))
    return found


def account(month: Month, everybody: Town, wanted: Owed, lines: Iterable[Line]) -> Account:
    """Compare ``wanted`` with what was posted."""
    made = Account(zones=len({place.times.zone for place in everybody.places}))
    posted: defaultdict[ChannelRef, dict[str, list[datetime]]] = defaultdict(lambda: defaultdict(list))
    cards: defaultdict[ChannelRef, Counter[str]] = defaultdict(Counter)
    for line in lines:
        made.messages += 1
        if line.kind is PostKind.NOTICE:
            made.notices += 1
        elif line.threaded:
            cards[line.ref].update(line.papers)
        else:
            for paper in line.papers:
                posted[line.ref][paper].append(line.at)
    for place in everybody.places:
        _compare(made, month, place, wanted.papers[place.ref], posted[place.ref])
        if place.layout is Layout.THREAD:
            made.cards += cards[place.ref].total()
            # Each paper that stands in the digest has one card in its thread, and no other has one.
            given = Counter(paper for paper, times in posted[place.ref].items() for _ in times)
            made.cards_missing += ((given - cards[place.ref]) + (cards[place.ref] - given)).total()
    return made


def _behind(place: Place, papers: int) -> timedelta:
    """How much later the last card may come where each paper has one of its own: platforms take one a second."""
    return papers * _CARD if place.layout is Layout.CARDS else timedelta()


def _compare(
    made: Account, month: Month, place: Place, wanted: dict[str, datetime], posted: dict[str, list[datetime]]
) -> None:
    well: Counter[datetime] = Counter()
    due = Counter(wanted.values())
    for paper, moment in wanted.items():
        made.owed += 1
        times = posted.get(paper, [])
        said = f"{place.ref.platform} {place.ref.channel} ({place.times.text}): {paper} for {moment:%d %b %H:%M} UTC"
        if not times:
            made.lost.append(said)
        elif len(times) > 1:
            made.twice.append(f"{said}, {len(times)} times")
        else:
            made.once += 1
            if times[0] < moment:
                made.early.append(f"{said}, at {times[0]:%d %b %H:%M:%S}")
            elif times[0] >= moment + _MINUTE + _behind(place, due[moment]):
                made.late.append(f"{said}, at {times[0]:%d %b %H:%M:%S}")
            else:
                well[moment] += 1
    made.unasked += [f"{place.ref.channel}: {paper}" for paper in posted if paper not in wanted]
    made.digests += len(due)
    made.at_its_minute += sum(well[moment] == papers for moment, papers in due.items())
    changes = month.changes(place.times.zone)
    made.changed += sum(moment.astimezone(UTC).date() in changes for moment in due)
