"""`save`, `unsave`, `saved` and `top`: the team's library.

Saves belong to members; lists are of a member, of a channel, or of the whole workspace (`top`). Nobody sees another
workspace. With `bibtex` a list comes as a file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.bibtex import MEDIA_TYPE, bibtex
from bot.commands.choosing import choose
from bot.commands.context import Context
from bot.commands.paging import Page, take_page
from bot.commands.saying import command, lines, local_day, quoted, shown, titled
from bot.conversation import File, Reply
from bot.errors import CommandError
from bot.models import Entry, MemberRef, Paper, Save
from bot.wording import count, listed

_PAGE = 10
_TOP = 10
_MOST_IN_A_FILE = 5000
_PERIODS: dict[str, tuple[str, timedelta | None]] = {
    "week": ("in the last 7 days", timedelta(days=7)),
    "month": ("in the last 30 days", timedelta(days=30)),
    "all": ("so far", None),
}
# How platforms write a mention: Slack <@U1|ann>, Discord <@!1>; and @ann, where the name is the member's id.
_MENTION = re.compile(r"<@!?([^\s<>|]+)(?:\|([^<>]*))?>|@([^\s@<>]+)")


@dataclass(frozen=True, slots=True)
class _Format:
    """A kind of file that a list can be given as."""

    name: str
    ending: str
    media_type: str
    write: Callable[[Iterable[Paper]], str]


_FORMATS = {"bibtex": _Format("BibTeX", "bib", MEDIA_TYPE, bibtex)}


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


async def saved(context: Context) -> Reply:
    """List saves, or give them as a file. Raises CommandError, StoreError."""
    page = take_page(context.text)
    words, form = _format(page.rest)
    if len(words) > 1:
        raise _not_understood(" ".join(words))
    shelf = _shelf(context, words[0] if words else "")
    if form:
        found = await shelf.fetch(_MOST_IN_A_FILE + 1, 0)
        return await _as_file([save.paper for save in found], form, shelf.file, shelf.whose)
    found = await shelf.fetch(_PAGE + 1, page.offset(_PAGE))
    if not found:
        end = (
            f"There are no more papers {shelf.whose}." if page.number > 1 else f"There are no papers {shelf.whose} yet."
        )
        return Reply(lines(end, f"{command('save 2')} saves paper 2 of the latest post." if page.number == 1 else ""))
    where = f", page {page.number}" if page.number > 1 or len(found) > _PAGE else ""
    return Reply(
        f"Papers {shelf.whose}, latest first{where}:",
        papers=tuple(Entry(0, save.paper, note=shelf.note(save)) for save in found[:_PAGE]),
        more=_following(page, words) if len(found) > _PAGE else "",
    )


async def top(context: Context) -> Reply:
    """The workspace's papers by the number of members who saved them. Raises CommandError, StoreError."""
    words, form = _format(context.text)
    name = words[0].casefold() if words else "week"
    if len(words) > 1 or name not in _PERIODS:
        raise CommandError(
            f"{quoted(' '.join(words))} is no period for {command('top')}.",
            hint=f"Type {listed([command('top ' + period) for period in _PERIODS], 'or')}.",
        )
    period, length = _PERIODS[name]
    ranked = await context.store.top(
        context.command.channel.platform,
        context.command.channel.workspace,
        since=context.now - length if length else None,
        limit=_MOST_IN_A_FILE + 1 if form else _TOP,
    )
    if form:
        return await _as_file([place.paper for place in ranked], form, f"top-{name}", f"saved {period}")
    if not ranked:
        return Reply(f"Nobody saved a paper {period}.")
    return Reply(
        f"The papers that most members saved {period}:",
        papers=tuple(Entry(0, place.paper, note=count(place.saves, "save")) for place in ranked),
    )


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Whose saves: ``whose`` follows "papers", ``file`` names a file of them, ``fetch`` takes limit and offset."""

    whose: str
    file: str
    fetch: Callable[[int, int], Awaitable[list[Save]]]
    note: Callable[[Save], str]


def _shelf(context: Context, owner: str) -> _Shelf:
    store, caller, channel = context.store, context.command.member, context.command.channel
    zone = context.callers_zone()
    if owner.casefold() in ("channel", "here"):
        return _Shelf(
            "saved in this channel",
            "saved-channel",
            lambda limit, offset: store.saved_in(channel, limit=limit, offset=offset),
            lambda save: f"saved by {_name(save.member)}, {local_day(save.saved_at, zone)}",
        )
    if not owner or owner.casefold() in ("mine", "me"):
        member, whose, file = caller, "that you saved", "saved"
    else:
        member = _member(owner, caller)
        whose, file = f"saved by {quoted('@' + _name(member))}", "saved-member"
    return _Shelf(
        whose,
        file,
        lambda limit, offset: store.saved_by(member, limit=limit, offset=offset),
        lambda save: f"saved {local_day(save.saved_at, zone)}",
    )


def _member(owner: str, caller: MemberRef) -> MemberRef:
    mention = _MENTION.fullmatch(owner)
    if mention is None:
        raise _not_understood(owner)
    identity = mention[1] or mention[3]
    return replace(caller, member=identity, name=mention[2] or identity)


def _name(member: MemberRef) -> str:
    return shown(member.name or member.member, 40) or "somebody"


def _format(text: str) -> tuple[list[str], _Format | None]:
    """The words without the last one that names a format, and that format."""
    words = text.split()
    named = [word for word in words if word.casefold() in _FORMATS]
    return [word for word in words if word not in named], _FORMATS[named[-1].casefold()] if named else None


def _not_understood(typed: str) -> CommandError:
    ways = [command("saved " + word) for word in ("channel", "@MEMBER", "bibtex")]
    return CommandError(
        f"{quoted(typed)} names nobody's saved papers.",
        hint=f"Type {command('saved')} for your own, or {listed(ways, 'or')}.",
    )


def _following(page: Page, words: Sequence[str]) -> str:
    return replace(page, rest=" ".join(words)).following("saved")


async def _as_file(papers: list[Paper], form: _Format, name: str, whose: str) -> Reply:
    if not papers:
        return Reply(f"There are no papers {whose} yet.")
    latest = "the latest " if len(papers) > _MOST_IN_A_FILE else ""
    papers = papers[:_MOST_IN_A_FILE]
    content = await asyncio.to_thread(form.write, papers)
    file = File(f"{name}.{form.ending}", form.media_type, content.encode("utf-8", "replace"))
    return Reply(f"{form.name} of {latest}{count(len(papers), 'paper')} {whose}.", files=(file,))
