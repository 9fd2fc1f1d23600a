"""Keyword lists: a query a line.

Empty lines and comments are skipped; a comment begins with ``#`` and a space, ``##`` or ``#!``, or is a lone ``#`` (a
category such as ``#cs.CL`` begins with none of these). A comma at a line's end is dropped, so that the entries of a
list in a program, such as DailyArXiv's keywords, can be taken over as they stand.
"""

from __future__ import annotations

import io
import re

from bot.commands.watch_files.wanted import Wanted, refuse_many
from bot.commands.watching import MOST_WATCHES

_COMMENT = re.compile(r"#(?:[\s#!]|$)")


def read_lines(text: str) -> Wanted:
    """The queries of a text. Raises CommandError when there are too many."""
    numbered: list[tuple[int, str]] = []
    found = 0
    for place, line in enumerate(io.StringIO(text, newline=None), 1):
        typed = line.strip()
        if typed and not _COMMENT.match(typed):
            found += 1
            # What is too many is counted, not kept.
            if found <= MOST_WATCHES:
                numbered.append((place, " ".join(typed.removesuffix(",").split())))
    refuse_many(found)
    wanted = Wanted()
    for place, typed in numbered:
        wanted.query(f"Line {place}", typed)
    return wanted
