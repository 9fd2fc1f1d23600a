"""What a community makes of a paper, in words that every platform says alike. Plain text; pure.

In digests and cards one line, ``▲ 87 on Hugging Face · code ★ 412 · THUDM``, of at most ``MOST_LINE`` characters, so
that what is composed with it keeps within a platform's sizes. With the abstract further facts and links. Organisation,
summary and keywords are of strangers: they are one tidy line each here, and platforms escape them as they do titles.
"""

from __future__ import annotations

from bot.models import Signal
from bot.wording import count, day_text, number

MOST_LINE = 120
_ORGANISATION = 60
_SUMMARY = 600
_KEYWORDS, _KEYWORD = 12, 50
_LARGEST = 999_999_999

SITE = "https://huggingface.co"


def signal_line(signal: Signal | None) -> str:
    """The line; empty where there is nothing to say."""
    return "" if signal is None else " · ".join(_parts(signal))[:MOST_LINE]


def _parts(signal: Signal) -> list[str]:
    code = "code" if signal.repository else ""
    if code and signal.stars is not None:
        code = f"code ★ {number(min(signal.stars, _LARGEST))}"
    votes = f"▲ {number(min(signal.upvotes, _LARGEST))} on Hugging Face" if signal.upvotes > 0 else ""
    return [part for part in (votes, code, _tidy(signal.organisation, _ORGANISATION)) if part]


def signal_facts(signal: Signal | None) -> list[str]:
    """What stands with an abstract: the figures and the day they are of, and what a machine wrote, named as such."""
    if signal is None:
        return []
    comments = count(min(signal.comments, _LARGEST), "comment") if signal.comments > 0 else ""
    figures = " · ".join(part for part in (*_parts(signal), comments) if part)
    keywords = [word for word in (_tidy(each, _KEYWORD) for each in signal.keywords[:_KEYWORDS]) if word]
    summary = _tidy(signal.summary, _SUMMARY)
    facts = (
        f"{figures} (read on {day_text(signal.read_at.date())})" if figures else "",
        f"AI summary, by Hugging Face and not by the authors: {summary}" if summary else "",
        f"AI keywords: {', '.join(keywords)}" if keywords else "",
    )
    return [fact for fact in facts if fact]


def signal_links(signal: Signal | None) -> list[tuple[str, str]]:
    """Labels and https addresses."""
    if signal is None:
        return []
    links = [("Code", signal.repository), ("Project page", signal.project)]
    return [*((label, url) for label, url in links if url), ("Hugging Face", f"{SITE}/papers/{signal.paper}")]


def _tidy(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
