"""`save`, `unsave`, `saved` and `top`: the team's library.

Saves belong to members; lists are of a member, of a channel, or of the whole team (`top`): the workspace and those that
are linked with it (``bot.commands.linking``). Nobody sees any other workspace, but for what they saved there themselves
with an account that they linked. With the name of a format (``bot.formats``) a list comes as a file.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.commands.choosing import choose
from bot.commands.context import Context
from bot.commands.listing import MOST_IN_A_FILE, as_file, take_format
from bot.commands.owners import namesakes, owner_id, take_owner, unknown_owner
from bot.commands.paging import take_page
from bot.commands.saying import command, lines, local_day, quoted, shown, titled
from bot.commands.trending import with_signals
from bot.conversation import Reply
from bot.errors import CommandError
from bot.formats import Format
from bot.models import Entry, MemberRef, Save
from bot.wording import count, listed

_PAGE = 10
_TOP = 10
PERIODS: dict[str, tuple[str, timedelta | None]] = {
    "week": ("in the last 7 days", timedelta(days=7)),
    "month": ("in the last 30 days", timedelta(days=30)),
    "all": ("so far", None),
}


async def save(context: Context) -> Reply:
    """Save papers for the caller. Raises CommandError, SourceError, StoreError."""
    papers = await choose(context, context.words, "save")
    await context.open_channel()
    new: list[str] = []
    old: list[str] = []
    for paper in papers:
        fresh = await context.store.save(context.command.member, context.command.channel, paper.id, context.now)
        (new if fresh else old).append(titled(paper.title, 80))
    return Reply(
        lines(
            f"Saved {listed(new)}." if new else "",
            f"You had saved {listed(old)} already." if old else "",
        )
    )


async def unsave(context: Context) -> Reply:
    """Take saves of the caller back. Raises CommandError, SourceError, StoreError."""
    papers = await choose(context, context.words, "unsave")
    taken: list[str] = []
    absent: list[str] = []
    for paper in papers:
        had = await context.store.unsave(context.command.member, paper.id, context.now)
        (taken if had else absent).append(titled(paper.title, 80))
    return Reply(
        lines(
            f"No longer saved: {listed(taken)}." if taken else "",
            f"You had not saved {listed(absent, 'or')}." if absent else "",
        )
    )


async def saved(context: Context, default: Format | None = None) -> Reply:
    """List saves, or give them as a file: in the format that is named, else in ``default``.

    Raises CommandError, StoreError.
    """
    page = take_page(context.text)
    owner, rest = await take_owner(context, page.rest)
    words, form = take_format(rest, default)
    shelf = None if len(words) > (0 if owner else 1) else _shelf(context, owner, words[0] if words else "")
    if shelf is None:
        raise await unknown_owner(context, page.rest if owner else " ".join(words))
    if owner:
        page = replace(page, rest=owner_id(context, owner))
    if form:
        found = await shelf.fetch(MOST_IN_A_FILE + 1, 0)
        return await as_file([save.paper for save in found], form, shelf.file, shelf.whose)
    found = await shelf.fetch(_PAGE + 1, page.offset(_PAGE))
    if owner and found:
        shelf = replace(shelf, whose=_whose(_named(owner, found)))
    if not found and page.number > 1:
        return Reply(f"There are no more papers {shelf.whose}.", back=page.preceding("saved"))
    if not found:
        saves = f"{command('save 2')} saves paper 2 of the latest post."
        others = await namesakes(context, _name(owner)) if owner else ""
        return Reply(lines(f"There are no papers {shelf.whose} yet.", others or saves))
    where = f", page {page.number}" if page.number > 1 or len(found) > _PAGE else ""
    return Reply(
        f"Papers {shelf.whose}, latest first{where}:",
        papers=await with_signals(
            context.store, [Entry(0, save.paper, note=shelf.note(save)) for save in found[:_PAGE]]
        ),
        more=page.following("saved") if len(found) > _PAGE else "",
        back=page.preceding("saved"),
    )


async def top(context: Context, default: Format | None = None) -> Reply:
    """The team's papers by the number of members who saved them; formats as in ``saved``.

    Raises CommandError, StoreError.
    """
    words, form = take_format(context.text, default)
    name = words[0].casefold() if words else "week"
    if len(words) > 1 or name not in PERIODS:
        raise CommandError(
            f"{quoted(' '.join(words))} is no period for {command('top')}.",
            hint=f"Type {listed([command('top ' + period) for period in PERIODS], 'or')}.",
        )
    period, length = PERIODS[name]
    ranked = await context.store.top(
        context.command.channel.platform,
        context.command.channel.workspace,
        since=context.now - length if length else None,
        limit=MOST_IN_A_FILE + 1 if form else _TOP,
    )
    if form:
        return await as_file([place.paper for place in ranked], form, f"top-{name}", f"saved {period}")
    if not ranked:
        return Reply(f"Nobody saved a paper {period}.")
    return Reply(
        f"The papers that most members saved {period}:",
        papers=await with_signals(
            context.store, [Entry(0, place.paper, note=count(place.saves, "save")) for place in ranked]
        ),
    )


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Whose saves: ``whose`` follows "papers", ``file`` names a file of them, ``fetch`` takes limit and offset."""

    whose: str
    file: str
    fetch: Callable[[int, int], Awaitable[list[Save]]]
    note: Callable[[Save], str]


def _shelf(context: Context, owner: MemberRef | None, word: str) -> _Shelf | None:
    """None: ``word`` names no shelf."""
    store, caller, channel = context.store, context.command.member, context.command.channel
    zone = context.callers_zone()
    if word.casefold() in ("channel", "here"):
        return _Shelf(
            "saved in this channel",
            "saved-channel",
            lambda limit, offset: store.saved_in(channel, limit=limit, offset=offset),
            lambda save: f"saved by {_name(save.member)}, {local_day(save.saved_at, zone)}",
        )
    if word and word.casefold() not in ("mine", "me"):
        return None
    if owner:
        return _Shelf(
            _whose(owner),
            "saved-member",
            lambda limit, offset: store.saved_by(owner, limit=limit, offset=offset, seen_by=caller),
            lambda save: f"saved {local_day(save.saved_at, zone)}",
        )
    return _Shelf(
        "that you saved",
        "saved",
        lambda limit, offset: store.saved_by(caller, limit=limit, offset=offset),
        lambda save: f"saved {local_day(save.saved_at, zone)}",
    )


def _whose(owner: MemberRef) -> str:
    return f"saved by {quoted('@' + _name(owner))}"


def _named(owner: MemberRef, found: list[Save]) -> MemberRef:
    """The owner with a name, if need be that of another account of theirs."""
    own = next((save.member for save in found if save.member == owner), None)
    return own or (owner if owner.name else found[0].member)


def _name(member: MemberRef) -> str:
    return shown(member.name or member.member, 40) or "somebody"
