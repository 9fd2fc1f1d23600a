"""`trending`: the archive's papers by what the community and the team make of them; signals for other commands.

A paper has a point for each upvote on Hugging Face and ``SAVE`` points for each member of the team who saved it. The
period is that of the announcement: the latest one, the last 7 or the last 30 days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from bot.commands.context import Context
from bot.commands.paging import Page, take_page
from bot.commands.saying import command, quoted
from bot.conversation import Reply
from bot.errors import CommandError
from bot.models import Entry, Trending
from bot.ports import SignalStore
from bot.query import Query
from bot.wording import count, moment_text

SAVE = 10
_PAGE = 10
_DAYS = {"day": 1, "week": 7, "month": 30}
_OFF = "Upvotes on Hugging Face are not read here (PAPERROUTE_SIGNALS=off)."


def need_signals(context: Context, hint: str = "") -> None:
    """Raises CommandError, with what to do instead, where signals are switched off."""
    if not context.signals:
        raise CommandError(_OFF, hint=hint)


async def with_signals(store: SignalStore, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries with the signals of their papers. Raises StoreError."""
    known = await store.signals([entry.paper.id for entry in entries])
    return tuple(replace(entry, signal=known.get(entry.paper.id)) for entry in entries)


async def trending(context: Context) -> Reply:
    """Papers by upvotes and saves, ten a page. Raises QueryError, CommandError, StoreError."""
    need_signals(context, hint=f"{command('top')} lists what the team saved.")
    page = take_page(context.text)
    name, typed = _period(page.rest)
    query = Query.parse(typed) if typed else None
    since, period = await _since(context, name)
    where = context.command.channel
    found = await context.store.trending(
        where.platform,
        where.workspace,
        since=since,
        query=query,
        save_weight=SAVE,
        limit=_PAGE + 1,
        offset=page.offset(_PAGE),
    )
    matching = f" about {quoted(typed)}" if typed else ""
    if not found:
        return _nothing(page, f"{matching} announced {period}")
    number = f", page {page.number}" if page.number > 1 or len(found) > _PAGE else ""
    return Reply(
        f"Trending papers{matching} announced {period}{number}:",
        papers=tuple(_entry(each, query) for each in found[:_PAGE]),
        footer=_ranking(found[:_PAGE], await context.zone()),
        more=page.following("trending") if len(found) > _PAGE else "",
        back=page.preceding("trending"),
    )


def _period(text: str) -> tuple[str, str]:
    """The period, "week" if none is named, and the query."""
    first, _, rest = text.partition(" ")
    return (first.casefold(), rest.strip()) if first.casefold() in _DAYS else ("week", text)


async def _since(context: Context, name: str) -> tuple[date, str]:
    """The first listing day of a period, and the period in words that follow "announced"."""
    today = context.now.date()
    if name == "day":
        return (await context.store.archive_span()).last or today, "last"
    return today - timedelta(days=_DAYS[name] - 1), f"in the last {_DAYS[name]} days"


def _nothing(page: Page, which: str) -> Reply:
    if page.number > 1:
        return Reply(f"There are no more papers{which} with upvotes or saves.", back=page.preceding("trending"))
    return Reply(f"No paper{which} has upvotes or saves so far.")


def _entry(each: Trending, query: Query | None) -> Entry:
    words = (query.matches(each.paper) or ()) if query else ()
    note = count(each.saves, "save") if each.saves else ""
    return Entry(0, each.paper, words, (query.canonical,) if query else (), note=note, signal=each.signal)


def _ranking(found: Sequence[Trending], zone: str) -> str:
    read = max((each.signal.read_at for each in found if each.signal), default=None)
    when = f" (read on {moment_text(read, zone)})" if read else ""
    return f"Ranked by upvotes on Hugging Face{when} and by this team's saves: a save counts as {SAVE} upvotes."
