"""What is said of a paper beside its title, alike on the platforms that have mark-up of their own. Pure.

Plain text without a stranger's back-quotes; those that stand in ``about_line`` mark the words that matched.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.saying import paragraph, quoted, shown
from bot.models import Entry, Paper
from bot.signal_line import MOST_LINE, signal_line
from bot.wording import authors_line, day_text

_MOST_WORDS = 20


def about_line(entry: Entry, categories: Sequence[str]) -> str:
    """Authors, ``categories``, words that matched, signal, notes."""
    words = [word for word in (shown(word, 80) for word in entry.words[:_MOST_WORDS]) if word]
    parts = [
        authors_line([shown(author, 80) for author in entry.paper.authors]),
        ", ".join(shown(category, 30) for category in categories),
        f"matched {', '.join(quoted(word, 80) for word in words)}" if words else "",
        "announced earlier, readable only now" if entry.late else "",
        shown(signal_line(entry.signal), MOST_LINE),
        shown(entry.note, 200),
        shown(entry.because, 200),
    ]
    return " · ".join(part for part in parts if part)


def fact_lines(paper: Paper, most: int) -> list[str]:
    """Categories, version and days; comment, journal and DOI where there are any, each of at most ``most`` characters
    behind its name."""
    announced = f" · announced {day_text(paper.announced)}" if paper.announced else ""
    revised = f" · revised {day_text(paper.updated.date())}" if paper.version > 1 else ""
    categories = ", ".join(shown(category, 30) for category in paper.categories[:20])
    facts = [f"{categories} · version {paper.version}{announced}{revised}"]
    if paper.comment:
        facts.append(f"Comment: {paragraph(paper.comment, most)}")
    if paper.journal_ref:
        facts.append(f"Journal: {paragraph(paper.journal_ref, most // 2)}")
    if paper.doi:
        facts.append(f"DOI: {shown(paper.doi, min(most, 200))}")
    return facts
