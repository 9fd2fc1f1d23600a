"""What is offered while a member types an option. Pure.

At most 25 choices of at most 100 characters; free text still arrives, so nothing here decides what is valid.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.discord.options import Offer
from bot.categories import CATEGORIES
from bot.commands.saying import shown
from bot.commands.table import COMMANDS
from bot.conversation import Home
from bot.models import ChannelRef
from bot.text import readable
from bot.zones import zones_like

MOST, LONGEST = 25, 100

OF_THE_STORE = frozenset({Offer.WATCH, Offer.SAVED, Offer.EXPORT})
"""Those for which the member's home is looked at."""

_EXPORTS = ("watches", "channel", "saved", "saved channel", "top week", "top month", "top all")
_SCHEDULES = ("daily 09:00 weekdays", "daily 09:00", "weekly mon 09:00", "instant", "off", "top mon 09:00", "top off")


def offered(offer: Offer, typed: str, home: Home, channel: ChannelRef) -> list[tuple[str, str]]:
    """Names and values; ``home`` is the member's, with the channel's watches."""
    match offer:
        case Offer.WATCH:
            found = [(query, query) for query in _queries(home, channel) if typed.casefold() in query.casefold()]
        case Offer.SAVED:
            found = _saved(home, typed)
        case Offer.SCHEDULE:
            found = [(each, each) for each in _schedules(typed)]
        case Offer.COMMAND:
            names = [*(info.name for info in COMMANDS), "query"]
            found = [(name, name) for name in names if name.startswith(typed.casefold().strip())]
        case Offer.EXPORT:
            found = _exports(typed, home, channel)
        case Offer.QUERY:
            found = [(each, each) for each in _with_category(typed)]
    return [(name, value) for name, value in found if name and 0 < len(value) <= LONGEST][:MOST]


def _queries(home: Home, channel: ChannelRef) -> Iterable[str]:
    for overview in home.channels:
        if overview.channel.ref == channel:
            yield from (watch.typed for watch in overview.watches)


def _saved(home: Home, typed: str) -> list[tuple[str, str]]:
    wanted = typed.casefold().strip()
    found = []
    for save in home.saved:
        title = shown(readable(save.paper.title), LONGEST - 14)
        if wanted in title.casefold() or wanted in save.paper.id:
            found.append((f"{save.paper.id} {title}"[:LONGEST], save.paper.id))
    return found


def _exports(typed: str, home: Home, channel: ChannelRef) -> list[tuple[str, str]]:
    """Words for lists, and watches under their number, as `list` counts them."""
    found = [(word, word) for word in _EXPORTS]
    found += [(f"{number} {query}"[:LONGEST], str(number)) for number, query in enumerate(_queries(home, channel), 1)]
    wanted = typed.casefold().strip()
    return [(name, value) for name, value in found if wanted in name.casefold()]


def _schedules(typed: str) -> list[str]:
    """Schedules that begin as typed; behind a time, the time zones that begin as the last word."""
    begun = [each for each in _SCHEDULES if each.startswith(typed.casefold().strip())]
    before, _, last = typed.rpartition(" ")
    if before and len(last) >= 2:
        begun += [f"{before} {zone}" for zone in zones_like(last, MOST)]
    return begun


def _with_category(typed: str) -> list[str]:
    """What is typed, with the category that its last word begins: `… cat:cs.C`."""
    before, _, last = typed.rpartition(" ")
    field, colon, begun = last.partition(":")
    if not colon or field.casefold() not in ("cat", "category", "-cat"):
        return []
    front = f"{before} " if before else ""
    matching = [name for name in CATEGORIES if name.casefold().startswith(begun.casefold())]
    return [f"{front}{field}:{name}" for name in matching[:MOST]]
