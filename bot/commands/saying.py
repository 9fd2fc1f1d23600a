"""How replies are put together: hygiene for strangers' text, commands to type, lines.

The rule of ``Reply.text``: back-quotes stand in pairs around something to type or something that was typed, and a
stranger's text never brings its own. Everything from outside (queries, titles, names, reasons) passes through
``shown`` or ``quoted``; both take any string and run in time proportional to what they show.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.commands.table import PREFIX
from bot.text import readable
from bot.wording import day_text

_MARKS_IN_A_ROW = 4
"""More combining marks than any orthography stacks; without a bound they paint over the lines around them."""


def shown(text: str, most: int = 200) -> str:
    """A stranger's text on one line, of at most ``most`` characters, "…" included.

    Back-quotes become apostrophes, white space is folded, control, format (bidi, zero-width), surrogate and
    unassigned characters go.
    """
    return _line(text, most).replace("`", "'")


def tidy(text: str, most: int = 3000) -> str:
    """A message that may hold strangers' text: each line like ``shown``, paired back-quotes kept."""
    cleaned = (_line(line, most) for line in text.splitlines())
    return "\n".join(line if line.count("`") % 2 == 0 else line.replace("`", "'") for line in cleaned)


def _line(text: str, most: int) -> str:
    kept: list[str] = []
    marks = 0
    # Nobody needs to see what follows a text's first screenful; the bound keeps a megabyte cheap.
    for character in text[: most * 8 + 100]:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind == "Mn" else 0
        if character.isspace():
            kept.append(" ")
        elif kind[0] != "C" and marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    line = " ".join("".join(kept).split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    space = cut.rfind(" ")
    # A whole word is left out rather than cut, where that costs little.
    return (cut[:space] if space > most * 0.7 else cut).rstrip() + "…"


def quoted(text: str, most: int = 120) -> str:
    """A stranger's text in back-quotes; for what holds nothing to see, the word "(nothing)"."""
    line = shown(text, most)
    return f"`{line}`" if line else "(nothing)"


def command(text: str) -> str:
    """A command to type, in back-quotes and with its prefix, which every platform accepts."""
    return quoted(f"{PREFIX} {text}", 700)


def titled(title: str, most: int = 120) -> str:
    """A paper's title in quotation marks, LaTeX made readable."""
    return f"“{shown(readable(title), most)}”"


def paragraph(text: str, most: int = 6000) -> str:
    """An abstract or comment as one line of readable text."""
    return shown(readable(text), most)


def lines(*parts: str) -> str:
    """The parts that are not empty, one a line."""
    return "\n".join(part for part in parts if part)


def sentences(parts: Iterable[str]) -> str:
    """The parts that are not empty, in one line."""
    return " ".join(part for part in parts if part)


def local_day(moment: datetime, zone: str) -> str:
    """``Wednesday 4 March 2026``: the day that it is in ``zone`` at an aware moment."""
    return day_text(moment.astimezone(ZoneInfo(zone)).date())
