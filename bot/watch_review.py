"""A watch of which nothing is ever saved says so itself, once, and what to type.

Looked at once a day are watches for which 60 papers or more were posted and that were made a week ago or earlier, so
that their people have had time to save. Where anybody of the team saved one of those papers the watch is left alone for
ever. Where nobody did, its channel gets a notice: how to end it, and a narrower query with its effect where there is
one worth naming. Papers that were turned down ("Not for us") are no use made of a watch; they show what to exclude
(``bot.commands.suggestion``). A channel gets one such notice a day; paused channels wait.

The notice's key follows from the watch, and the watch is judged only when the notice stands in the outbox: a crash in
between gives neither a second notice nor none.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.commands.advice import SAMPLE, telling_words, without
from bot.commands.back_test import DAYS
from bot.commands.saying import command, lines, quoted
from bot.commands.suggestion import ending, suggestion
from bot.digest import post_key
from bot.errors import QueryError
from bot.models import ChannelRef, Post, PostKind, Tally, Watch
from bot.ports import Clock, Store
from bot.query import Query
from bot.thinking import think
from bot.wording import count, number

logger = logging.getLogger(__name__)

LEAST_POSTED = 60
LEAST_AGE = timedelta(days=7)
MOST_AT_ONCE = 500


async def review(store: Store, clock: Clock, *, wake: Callable[[], None]) -> int:
    """Judge the watches whose time has come; returns how many channels are told something. Raises StoreError.

    ``wake`` is called when something is to be posted.
    """
    now = clock.now()
    told: set[ChannelRef] = set()
    for tally in await store.tallies(least=LEAST_POSTED, made_before=now - LEAST_AGE, limit=MOST_AT_ONCE):
        if not tally.saved:
            if tally.watch.channel in told:
                continue
            await store.put_notice(await _notice(store, tally, now), now)
            told.add(tally.watch.channel)
        await store.judged(tally.watch.id)
    if told:
        logger.info("Told %s of a watch of which nothing is saved.", count(len(told), "channel"))
        wake()
    return len(told)


async def _notice(store: Store, tally: Tally, now: datetime) -> Post:
    watch = tally.watch
    said = lines(
        f"{count(tally.posted, 'paper')} came here for the watch {quoted(watch.typed, 200)}, and nobody saved one.",
        f"To end it: {command(ending(watch))}.",
        await suggestion(store, watch.channel, now, only=watch) or await _narrower(store, watch, now),
    )
    key = post_key(watch.channel, PostKind.NOTICE, (), None, f"watch {watch.id} judged")
    return Post(key, watch.channel, PostKind.NOTICE, text=said)


async def _narrower(store: Store, watch: Watch, now: datetime) -> str:
    """An exclusion that drops most of those that the watch's latest titles suggest; empty when there is none."""
    try:
        query = Query.parse(watch.query)
    except QueryError:
        # Written by a version that read more than this one.
        return ""
    since = ((await store.archive_span()).last or now.date()) - timedelta(days=DAYS - 1)
    sample = await store.search(query, limit=SAMPLE, since=since)
    matches = (await store.back_test(query, since=since)).matches
    effects: list[tuple[int, str]] = []
    for word in await think(telling_words, sample, besides=watch.query):
        typed = without(watch.typed, word)
        try:
            left = await store.back_test(Query.parse(typed), since=since)
        except QueryError:
            continue
        effects.append((matches - left.matches, typed))
    dropped, typed = max(effects, default=(0, ""))
    if not dropped:
        return ""
    return (
        f"To narrow it: {command('watch ' + typed)}, then end this one. That would drop {number(dropped)} of all "
        f"{count(matches, 'match', 'matches')} in the last {DAYS} days."
    )
