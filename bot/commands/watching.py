"""`watch`, `unwatch`, `list` and `preview`.

A watch is tried on the archive before it is made, and the reply says what it brings, what would make it quieter and
when its papers come. `unwatch` takes a number to mean the place in `list` (a query of digits alone needs quotes). There
is no `unwatch all`: whoever wants silence wants `pause`, which loses nothing. `min:20` (``bot.commands.minimum``) makes
a watch wait for upvotes; typed for a query that is watched already, it changes that watch.
"""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import replace

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.advice import advice
from bot.commands.back_test import Trial, entries, result, try_out
from bot.commands.context import Context
from bot.commands.minimum import Wish, condition, read_wish
from bot.commands.mirrored import also_mailed
from bot.commands.outlook import nothing_waits, what_becomes
from bot.commands.paging import Page, take_page
from bot.commands.saying import command, lines, local_day, quoted, shown, titled
from bot.commands.trending import need_signals, with_signals
from bot.conversation import Reply
from bot.errors import CommandError, QueryError
from bot.models import Channel, Watch
from bot.query import Query
from bot.wording import count, listed

MOST_WATCHES = 100
_PAGE = 25
_MOST_COUNTED = 500
_SEE_LIST = f"{command('list')} shows them."


async def watch(context: Context) -> Reply:
    """Make a watch. Raises QueryError, CommandError, StoreError."""
    wish = _wish(context, "watch")
    trial, known = await asyncio.gather(
        try_out(context, wish.text, upvotes=wish.upvotes), context.store.watches(context.command.channel)
    )
    for number, present in enumerate(known, 1):
        if present.query == trial.query.canonical and present.upvotes != wish.upvotes:
            return await _change(context, wish, trial, number, present)
    await _refuse_duplicate(context, trial.query, known)
    if len(known) >= MOST_WATCHES:
        raise CommandError(
            f"This channel has {MOST_WATCHES} watches already, the most there can be.",
            hint=f"End one with {command('unwatch NUMBER')}, or join queries with OR.",
        )
    channel = await context.open_channel()
    made = await context.store.add_watch(
        channel.ref,
        trial.query,
        wish.typed,
        context.command.member,
        context.now,
        most=MOST_WATCHES,
        upvotes=wish.upvotes,
    )
    if made is None:
        raise CommandError("Somebody made that watch at the same moment.", hint=_SEE_LIST)
    return Reply(
        lines(
            f"Watching {quoted(wish.typed)}: {_explained(wish)}.",
            result(trial, context),
            _examples(trial),
            *await _advice(context, trial),
            await _what_comes(context, channel, made),
        ),
        public=True,
    )


async def _change(context: Context, wish: Wish, trial: Trial, number: int, present: Watch) -> Reply:
    """Let a watch wait for other upvotes, or for none."""
    channel = await context.open_channel()
    before = (await context.store.channel_status(channel.ref)).waiting
    changed = await context.store.change_watch(
        channel.ref, present.query, wish.typed, context.command.member, context.now, upvotes=wish.upvotes
    )
    if changed is None:
        raise CommandError("Somebody changed that watch at the same moment.", hint=_SEE_LIST)
    fewer = before - (await context.store.channel_status(channel.ref)).waiting
    return Reply(
        lines(
            f"Number {number} of the list, {quoted(present.typed)}, is now {quoted(wish.typed)}: {_explained(wish)}.",
            result(trial, context),
            f"{count(fewer, 'waiting paper')} {'waits' if fewer == 1 else 'wait'} for upvotes now."
            if fewer > 0
            else "",
            await _what_comes(context, channel, changed),
        ),
        public=True,
    )


async def preview(context: Context) -> Reply:
    """The same trial without a watch. Raises QueryError, CommandError, StoreError."""
    wish = _wish(context, "preview")
    trial, known = await asyncio.gather(
        try_out(context, wish.text, upvotes=wish.upvotes), context.store.watches(context.command.channel)
    )
    wanted = (trial.query.canonical, wish.upvotes)
    watched = next((number for number, made in enumerate(known, 1) if (made.query, made.upvotes) == wanted), None)
    return Reply(
        lines(
            f"{quoted(wish.typed)} finds {_explained(wish)}.",
            result(trial, context),
            *await _advice(context, trial),
        ),
        papers=await with_signals(context.store, entries(trial.examples, trial.query)),
        footer=f"This channel watches it already, as number {watched} of its list."
        if watched
        else f"Nothing was changed. To watch it: {command('watch ' + wish.typed)}.",
    )


async def unwatch(context: Context) -> Reply:
    """End one watch by its query, or several by their numbers. Raises QueryError, CommandError, StoreError."""
    typed = _typed(context.text, "unwatch")
    known = await context.store.watches(context.command.channel)
    if not known:
        raise CommandError("There is no watch in this channel.", hint=f"{command('watch QUERY')} makes one.")
    chosen = by_number(context.words, known) if are_numbers(context.words) else [_by_query(typed, known, "unwatch")]
    before = (await context.store.channel_status(context.command.channel)).waiting
    ended = [
        made
        for made in chosen
        if await context.store.end_watch(made.channel, made.query, context.command.member, context.now)
    ]
    if not ended:
        raise CommandError("Somebody ended that watch at the same moment.", hint=_SEE_LIST)
    withdrawn = before - (await context.store.channel_status(context.command.channel)).waiting
    return Reply(
        lines(
            f"No longer watching {listed([quoted(made.typed) for made in ended])}.",
            f"{count(withdrawn, 'waiting paper')} will not be posted." if withdrawn > 0 else "",
            f"To bring it back: {command('watch ' + ended[0].typed)}." if len(ended) == 1 else "",
        ),
        public=True,
    )


async def list_watches(context: Context) -> Reply:
    """The channel's watches with their numbers. Raises CommandError, StoreError."""
    page = take_page(context.text)
    if page.rest:
        raise CommandError(
            f"{command('list')} takes no query.", hint=f"To look for papers: {command('search ' + page.rest)}."
        )
    return await watch_list(context, page)


async def watch_list(context: Context, page: Page) -> Reply:
    """A page of the list, for `list` and for the command without words. Raises CommandError, StoreError."""
    known = await context.store.watches(context.command.channel)
    if not known:
        return Reply(f"Nothing is watched in this channel yet. For example: {command('watch RLHF')}.")
    part = known[page.offset(_PAGE) : page.offset(_PAGE) + _PAGE]
    if not part:
        raise CommandError(f"There is no page {page.number} of the list.", hint=f"Type {command('list')}.")
    zone = await context.zone()
    heading = f"This channel has {count(len(known), 'watch', 'watches')}{_pages(page, len(known))}:"
    numbered = (
        f"{number}. {quoted(made.typed)} by {_name(made)}, {local_day(made.made_at, zone)}{_waits(made)}"
        for number, made in enumerate(part, page.offset(_PAGE) + 1)
    )
    rest = len(known) > page.offset(_PAGE) + _PAGE
    mailed = await also_mailed(context)
    more = page.following("list") if rest else ""
    return Reply(lines(heading, *numbered, mailed), more=more, back=page.preceding("list"))


def _waits(made: Watch) -> str:
    return f"; a paper waits for {count(made.upvotes, 'upvote')}" if made.upvotes else ""


def _pages(page: Page, total: int) -> str:
    pages = -(-total // _PAGE)
    return f", page {page.number} of {pages}" if pages > 1 else ""


def _name(made: Watch) -> str:
    return shown(made.made_by.name or made.made_by.member, 40) or "somebody"


def _typed(text: str, name: str) -> str:
    typed = " ".join(text.split())
    if not typed:
        raise CommandError(f"{command(name)} needs a query.", hint=f"For example: {command(name + ' RLHF')}.")
    return typed


def _wish(context: Context, name: str) -> Wish:
    wish = read_wish(_typed(context.text, name))
    if wish.upvotes:
        need_signals(context, hint=f"Without them: {command(f'{name} {wish.text}')}.")
    return wish


def _explained(wish: Wish) -> str:
    return f"{shown(wish.query.explain(), 600)}{condition(wish.upvotes)}"


async def _advice(context: Context, trial: Trial) -> list[str]:
    """What a watch brings that waits for upvotes is not said by its matches."""
    return [] if trial.upvotes else await advice(context, trial)


async def _refuse_duplicate(context: Context, query: Query, known: list[Watch]) -> None:
    for number, made in enumerate(known, 1):
        if made.query == query.canonical:
            raise CommandError(
                f"This channel watches that already: number {number} of the list, {quoted(made.typed)}, "
                f"made by {_name(made)} on {local_day(made.made_at, await context.zone())}."
            )


def _examples(trial: Trial) -> str:
    titles = [titled(paper.title, 60) for paper in trial.examples]
    return f"For example: {listed(titles)}." if titles else ""


async def _what_comes(context: Context, channel: Channel, made: Watch) -> str:
    if made.since is None:
        return (
            "When the archive is filled, the latest announcement's matches are posted, and each new one from then on."
        )
    waiting = await context.store.waiting(channel.ref, _MOST_COUNTED)
    owed = sum(made.query in delivery.queries for delivery in waiting)
    if not owed and made.upvotes:
        return f"No paper that it waits for has its upvotes yet. {nothing_waits(channel, context)}"
    if not owed:
        return f"Nothing of the latest announcement waits for it. {nothing_waits(channel, context)}"
    if Schedule.from_canonical(channel.schedule).kind is ScheduleKind.INSTANT and not channel.paused:
        await context.store.set_due(channel.ref, context.now)
        channel = replace(channel, next_due=context.now)
        context.wake()
    papers = f"{_MOST_COUNTED} papers or more" if owed >= _MOST_COUNTED else count(owed, "paper")
    subject = f"{papers} of the latest announcement {'matches' if owed == 1 else 'match'}"
    if made.upvotes:
        subject = f"{papers} {'has its' if owed == 1 else 'have their'} upvotes"
    return what_becomes(channel, subject, owed, context)


def are_numbers(typed: list[str]) -> bool:
    """Whether every word is a number of the list, with "#" or without."""
    return all(word.removeprefix("#").isdecimal() and word.isascii() for word in typed)


def by_number(typed: list[str], known: list[Watch]) -> list[Watch]:
    """The watches at these places of the list, typed in digits, with "#" or without. Raises CommandError."""
    numbers = dict.fromkeys(int(word.removeprefix("#")[:9]) for word in typed)
    for number in numbers:
        if not 1 <= number <= len(known):
            only = "there is only 1" if len(known) == 1 else f"they go from 1 to {len(known)}"
            raise CommandError(f"There is no watch number {number:,} here: {only}.", hint=_SEE_LIST)
    return [known[number - 1] for number in numbers]


def find_watch(text: str, known: list[Watch], name: str) -> Watch:
    """The watch that a member means by its number or its query; ``name`` is the command's. Raises CommandError,
    QueryError."""
    typed = " ".join(text.split())
    return by_number([typed], known)[0] if are_numbers([typed]) else _by_query(typed, known, name)


def _by_query(typed: str, known: list[Watch], name: str) -> Watch:
    exact = [made for made in known if made.typed == typed]
    try:
        canonical = read_wish(typed).query.canonical
    except QueryError:
        if exact:
            return exact[0]
        raise
    if found := [made for made in known if made.query == canonical] or exact:
        return found[0]
    if typed.casefold() == "all" and name == "unwatch":
        hint = f"Watches end one by one. For silence without losing anything: {command('pause')}."
        raise CommandError("`all` is not watched in this channel.", hint=hint)
    near = difflib.get_close_matches(canonical, [made.query for made in known], n=1)
    meant = next((made for made in known if made.query in near), None)
    hint = f"Did you mean {command(f'{name} {meant.typed}')}?" if meant else _SEE_LIST
    raise CommandError(f"{quoted(typed)} is not watched in this channel.", hint=hint)
