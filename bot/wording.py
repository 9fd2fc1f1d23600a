"""Phrases that every platform says alike: counts, names, days, receipts. Plain text, no mark-up, English.

Nothing here escapes or cleans what strangers wrote (titles, names): that is the platform's part.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bot.models import ChannelRef, Receipt

SIMILAR_HEADING = "More like what this channel saves"
"""Above the papers of a digest that no watch asked for."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June",
           "July", "August", "September", "October", "November", "December")  # fmt: skip


def number(value: int) -> str:
    """1203 → ``1,203``."""
    return f"{value:,}"


def count(value: int, thing: str, things: str = "") -> str:
    """``1 paper``, ``1,203 papers``; ``things`` where the plural is not ``thing`` with an s."""
    return f"{value:,} {thing if value == 1 else things or thing + 's'}"


def listed(things: Sequence[str], word: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(things) < 2:
        return "".join(things)
    return f"{', '.join(things[:-1])} {word} {things[-1]}"


def authors_line(authors: Sequence[str], most: int = 3) -> str:
    """The first ``most`` authors: ``A. Author, B. Author, C. Author and 4 others``; all when only one would be left."""
    if len(authors) <= most + 1:
        return listed(authors)
    return f"{', '.join(authors[:most])} and {number(len(authors) - most)} others"


def day_text(day: date) -> str:
    """``Wednesday 4 March 2026``, whatever the machine's language."""
    return f"{_DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def moment_text(moment: datetime, zone: str, now: datetime | None = None) -> str:
    """``Mon 9 March 09:00 (Europe/Berlin)``; with the year where it is not that of ``now``."""
    local = moment.astimezone(ZoneInfo(zone))
    year = f" {local.year}" if now is not None and now.astimezone(ZoneInfo(zone)).year != local.year else ""
    return f"{_DAYS[local.weekday()][:3]} {local.day} {MONTHS[local.month - 1]}{year} {local:%H:%M} ({zone})"


def digest_heading(papers: int, moment: datetime, zone: str) -> str:
    """``5 new papers · Wednesday 4 March 2026``, the day as it is in ``zone`` at ``moment``."""
    return f"{count(papers, 'new paper')} · {day_text(moment.astimezone(ZoneInfo(zone)).date())}"


def channel_text(ref: ChannelRef) -> str:
    """A channel as the log names it: ``slack T1/C2``. For people, ``Channel.name`` reads better."""
    return f"{ref.platform} {ref.workspace}/{ref.channel}"


def part_text(part: int, parts: int) -> str:
    """``2 of 3``; empty when there is one part only."""
    return f"{part} of {parts}" if parts > 1 else ""


def receipt_line(receipt: Receipt) -> str:
    """``1,205 announced, 1,203 checked (2 not readable yet, asked again), 5 matched; 1 arrived late; 1 of earlier days
    now has its upvotes``."""
    missing = f" ({number(receipt.missing)} not readable yet, asked again)" if receipt.missing else ""
    late = f"; {number(receipt.late)} arrived late" if receipt.late else ""
    risen = ""
    if receipt.risen:
        its = "has its" if receipt.risen == 1 else "have their"
        risen = f"; {number(receipt.risen)} of earlier days now {its} upvotes"
    return (
        f"{number(receipt.announced)} announced, {number(receipt.checked)} checked{missing}, "
        f"{number(receipt.matched)} matched{late}{risen}"
    )
