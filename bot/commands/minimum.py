"""`min:20` in front of or behind a query: the watch holds a paper back until it has 20 upvotes.

A query cannot hold `min:20`, since there is no such field, so nothing that could be meant otherwise is taken. A channel
watches a query once: the same query with another number, or without one, changes the watch that is there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.commands.saying import command, quoted
from bot.errors import CommandError
from bot.models import UPVOTE_DAYS
from bot.query import Query
from bot.wording import count

MOST = 10_000
_MINIMUM = re.compile(r"min[:=](.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to watch: ``text`` is the query as typed, ``upvotes`` what a paper must have (0: nothing)."""

    query: Query
    text: str
    upvotes: int

    @property
    def typed(self) -> str:
        """As it is kept and shown, to be typed again: the number stands in front."""
        return with_minimum(self.text, self.upvotes)


def read_wish(text: str) -> Wish:
    """A query with or without `min:`. Raises QueryError, CommandError."""
    upvotes, rest = take_minimum(text)
    if upvotes and not rest:
        example = command(f"watch min:{upvotes} RLHF")
        raise CommandError(f"{quoted(text)} needs a query beside it.", hint=f"For example: {example}.")
    return Wish(Query.parse(rest), rest, upvotes)


def take_minimum(text: str) -> tuple[int, str]:
    """Split the number off a text; 0 if none is named. Raises CommandError."""
    words = text.split()
    for place in (0, -1):
        if words and (found := _MINIMUM.fullmatch(words[place])):
            del words[place]
            return _number(found[1]), " ".join(words)
    return 0, text


def with_minimum(text: str, upvotes: int) -> str:
    """The opposite of ``take_minimum``."""
    return f"min:{upvotes} {text}" if upvotes else text


def condition(upvotes: int) -> str:
    """`` , each once …`` to follow what a query finds; empty for 0."""
    if not upvotes:
        return ""
    have = count(upvotes, "upvote")
    return f", each once it has {have} on Hugging Face, up to {UPVOTE_DAYS} days after its announcement"


def _number(typed: str) -> int:
    if typed.isascii() and typed.isdecimal() and 1 <= int(typed[:9]) <= MOST:
        return int(typed[:9])
    raise CommandError(
        f"{quoted('min:' + typed, 40)} is no number of upvotes.", hint=f"It goes from `min:1` to `min:{MOST}`."
    )
