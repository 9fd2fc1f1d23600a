"""Pages of long answers: `page:2` as the first or last word of an argument.

A query cannot hold `page:2`, since there is no such field, so nothing that could be meant otherwise is taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.commands.saying import quoted
from bot.errors import CommandError

MOST_PAGES = 1000
_PAGE = re.compile(r"page[:=](.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """``number`` counts from 1; ``rest`` is the argument without the page."""

    number: int
    rest: str

    def offset(self, size: int) -> int:
        """How many items stand before this page."""
        return (self.number - 1) * size

    def following(self, name: str) -> str:
        """The command that shows the next page."""
        return f"{name} page:{self.number + 1} {self.rest}".rstrip()

    def preceding(self, name: str) -> str:
        """The command that shows the page before; empty on the first one."""
        if self.number == 1:
            return ""
        return f"{name} page:{self.number - 1} {self.rest}".rstrip()


def take_page(text: str) -> Page:
    """Split the page off an argument; page 1 if none is named. Raises CommandError."""
    words = text.split()
    for place in (0, -1):
        if words and (found := _PAGE.fullmatch(words[place])):
            del words[place]
            return Page(_number(found[1]), " ".join(words))
    return Page(1, " ".join(words))


def _number(typed: str) -> int:
    if typed.isascii() and typed.isdecimal() and 1 <= int(typed[:9]) <= MOST_PAGES:
        return int(typed)
    raise CommandError(f"{quoted('page:' + typed)} is no page.", hint=f"Pages go from `page:1` to `page:{MOST_PAGES}`.")
