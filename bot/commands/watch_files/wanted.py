"""What a file of watches asks for, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.channel_schedule import Schedule
from bot.commands.complaint import complaint
from bot.commands.minimum import Wish, read_wish
from bot.commands.saying import quoted
from bot.commands.watching import MOST_WATCHES
from bot.errors import CommandError, QueryError
from bot.models import Layout, Sort


@dataclass(slots=True)
class Wanted:
    """``wishes``: canonical form → what is to be watched, in the file's order. ``top`` holds None where there is to
    be no weekly top.

    ``mistakes`` are sentences, each naming its place; with any of them nothing is imported. ``notes`` say what was left
    out or means something a little different here, which keeps nothing back.
    """

    schedule: Schedule | None = None
    layout: Layout | None = None
    top: tuple[Schedule | None] | None = None
    sort: Sort | None = None
    similar: bool | None = None
    wishes: dict[str, Wish] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def query(self, place: str, typed: str) -> None:
        """Ask for a watch; a query that cannot be read is a mistake at ``place``."""
        try:
            wish = read_wish(typed)
        except (QueryError, CommandError) as error:
            self.mistakes.append(f"{place}, {quoted(typed, 60)}: {complaint(error)}")
        else:
            self.wishes.setdefault(wish.query.canonical, wish)


def refuse_many(queries: int) -> None:
    """Raises CommandError when a file has more queries than a channel can have watches."""
    if queries > MOST_WATCHES:
        raise CommandError(f"That is {queries:,} queries; a channel can have {MOST_WATCHES} watches.")
