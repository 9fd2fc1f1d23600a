"""What would keep papers away that a channel turns down ("Not for us"): an exclusion, with its effect.

Looked at are the channel's latest dismissed papers that were announced within 90 days; below five there is no
suggestion. The watch that brought most of them is tried first. A word is proposed when excluding it

- drops at least three, and at least a third, of that watch's dismissed papers,
- drops at most a tenth of its papers that members saved in this channel, and
- drops a share of all its matches in the archive's last 30 days that is at most half of its share of the dismissed;
  without matches in them nothing can be said.

Of such words the one that parts dismissed papers and others best is said. Bounded: three watches, six counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.commands.advice import UNTELLING, without
from bot.commands.back_test import DAYS
from bot.commands.minimum import take_minimum, with_minimum
from bot.commands.saying import command, quoted, sentences
from bot.errors import QueryError
from bot.matching import PaperIndex
from bot.models import BackTest, ChannelRef, Paper, Watch
from bot.ports import Store
from bot.query import Query
from bot.text import words
from bot.thinking import think
from bot.wording import count, number

THRESHOLD = 5
_FRESH = timedelta(days=90)
_SAMPLE = 100
_WATCHES = 3
_TRIALS = 2
_LEAST, _LEAST_SHARE = 3, 1 / 3
_MOST_SAVED = 0.1
_LEAST_CONTRAST = 2


@dataclass(frozen=True, slots=True)
class _Watched:
    """A watch with those of the dismissed and of the saved papers that it matches."""

    watch: Watch
    dismissed: list[Paper]
    saved: list[Paper]


@dataclass(frozen=True, slots=True)
class _Narrower:
    """A watch's query without a word, and how many of its dismissed papers that drops."""

    typed: str
    query: Query
    dropped: int


async def suggestion(store: Store, channel: ChannelRef, now: datetime, *, only: Watch | None = None) -> str:
    """The exclusion, in two or three sentences; empty when there is none worth naming. Raises StoreError.

    ``only``: for that watch of the channel and no other.
    """
    dismissed = [paper for paper in await store.dismissed(channel, limit=_SAMPLE) if _day(paper) > now.date() - _FRESH]
    if len(dismissed) < THRESHOLD:
        return ""
    watches = await store.watches(channel)
    saved = [save.paper for save in await store.saved_in(channel, limit=_SAMPLE)]
    last = (await store.archive_span()).last or now.date()
    since = last - timedelta(days=DAYS - 1)
    known = {watch.query for watch in watches}
    tried = watches if only is None else [only]
    for watched in (await think(_watched, tried, dismissed, saved))[:_WATCHES]:
        narrower = await think(_narrower, watched, known)
        if narrower and (said := await _best(store, watched, narrower[:_TRIALS], since)):
            return said
    return ""


def _day(paper: Paper) -> date:
    return paper.announced or paper.published.date()


def _watched(watches: Sequence[Watch], dismissed: Sequence[Paper], saved: Sequence[Paper]) -> list[_Watched]:
    """The watches that brought enough of the dismissed papers, most first."""
    queries = {watch.id: compiled for watch in watches if (compiled := _compiled(watch))}
    turned_down, wanted = (
        dict(PaperIndex(papers).match(list(queries), b"".join(queries.values()))) for papers in (dismissed, saved)
    )

    def chosen(papers: Sequence[Paper], ids: Sequence[str]) -> list[Paper]:
        return [paper for paper in papers if paper.id in set(ids)]

    found = [
        _Watched(watch, chosen(dismissed, turned_down[watch.id]), chosen(saved, wanted.get(watch.id, ())))
        for watch in watches
        if len(turned_down.get(watch.id, ())) >= _LEAST
    ]
    return sorted(found, key=lambda watched: -len(watched.dismissed))


def _compiled(watch: Watch) -> bytes:
    """The compiled query; empty where an earlier version read more than this one: it matches nothing any more."""
    try:
        return Query.parse(watch.query).compiled
    except QueryError:
        return b""


def _narrower(watched: _Watched, known: set[str]) -> list[_Narrower]:
    """The queries without a word that drop enough of the dismissed papers and few of the saved ones, best first."""
    own = frozenset(words(watched.watch.query)) | UNTELLING
    titles = Counter(word for paper in watched.dismissed for word in set(words(paper.title)))
    down = _having(watched.dismissed)
    saved = _having(watched.saved)
    least = max(_LEAST, len(watched.dismissed) * _LEAST_SHARE)
    candidates = [
        word
        for word in titles
        if len(word) > 2
        and word.isalpha()
        and word not in own
        and titles[word] >= _LEAST
        and down[word] >= least
        and saved[word] <= len(watched.saved) * _MOST_SAVED
    ]
    candidates.sort(key=lambda word: (-down[word], -titles[word], word))
    found = []
    for word in candidates:
        upvotes, watched_text = take_minimum(watched.watch.typed)
        typed = without(watched_text, word)
        try:
            query = Query.parse(typed)
        except QueryError:
            continue
        if query.canonical not in known:
            found.append(_Narrower(with_minimum(typed, upvotes), query, down[word]))
    return found


def _having(papers: Sequence[Paper]) -> Counter[str]:
    """In how many papers each word stands, title and abstract: what an exclusion looks at."""
    return Counter(word for paper in papers for word in {*words(paper.title), *words(paper.abstract)})


async def _best(store: Store, watched: _Watched, narrower: Sequence[_Narrower], since: date) -> str:
    whole = await store.back_test(Query.parse(watched.watch.query), since=since)
    if not whole.matches:
        return ""
    told: list[tuple[float, str]] = []
    for each in narrower:
        left = await store.back_test(each.query, since=since)
        share = each.dropped / len(watched.dismissed)
        lost = (whole.matches - left.matches) / whole.matches
        if share >= lost * _LEAST_CONTRAST:
            told.append((lost - share, _told(watched, each, whole, left)))
    return min(told)[1] if told else ""


def _told(watched: _Watched, narrower: _Narrower, whole: BackTest, left: BackTest) -> str:
    typed, turned_down = watched.watch.typed, len(watched.dismissed)
    dropped = number(whole.matches - left.matches)
    effect = f"{quoted(narrower.typed, 300)} would drop {number(narrower.dropped)} of them, and {dropped} of all"
    return sentences(
        [
            f"This channel has lately turned down {count(turned_down, 'paper')} of {quoted(typed, 300)}.",
            f"{effect} {count(whole.matches, 'match', 'matches')} in the last {DAYS} days.",
            f"To change it: {command('watch ' + narrower.typed)}, then {command(ending(watched.watch))}.",
        ]
    )


def ending(watch: Watch) -> str:
    """The command that ends a watch; a query of digits alone would be taken for a number of the list."""
    typed = watch.typed
    return f'unwatch "{typed}"' if typed.replace(" ", "").isdecimal() else f"unwatch {typed}"
