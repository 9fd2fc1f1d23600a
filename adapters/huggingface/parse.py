"""An answer of the Daily Papers API as signals. Pure, and trusting nothing.

The answer is a list with an object for each paper. ``upvotes`` stands inside its ``paper``, ``numComments`` beside
that, ``organization`` in either; ``githubRepo``, ``githubStars``, ``projectPage``, ``ai_summary`` and ``ai_keywords``
may be absent (https://huggingface.co/docs/hub/api, "daily papers"). What is of another kind than expected counts as
absent; an element without an arXiv id is left out; an answer in which nothing can be read is refused as a whole. Texts
are cut to what is ever shown. A link is kept where it is a plain https address, that of code only where it leads to
GitHub.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from urllib.parse import urlsplit

from bot.errors import CommandError, SourceError
from bot.models import Signal
from bot.paper_id import parse_paper_id

MOST_PAPERS = 1_000
_MOST_VOTES = 10_000_000
_SUMMARY, _NAME, _KEYWORD, _KEYWORDS = 1_000, 100, 60, 20
_LONGEST_LINK = 300
# Characters that an address holds as they are, without what ends one in some platform's mark-up.
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#@!$&+,;=%]+")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}", re.IGNORECASE)
_CODE_HOSTS = frozenset({"github.com", "www.github.com"})


def signals_in(content: bytes, read_at: datetime) -> list[Signal]:
    """The signals of an answer, each paper once. Raises SourceError."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        # Numbers of thousands of digits and brackets nested thousands deep are no answer either.
        raise SourceError("Hugging Face's answer is cut off or no JSON.") from None
    if not isinstance(answer, list):
        raise SourceError("Hugging Face's answer is not the list of papers that was asked for.")
    found: dict[str, Signal] = {}
    for element in answer[:MOST_PAPERS]:
        if (signal := _signal(element, read_at)) is not None:
            found.setdefault(signal.paper, signal)
    if answer and not found:
        raise SourceError("Hugging Face's answer holds no paper that could be read.")
    return list(found.values())


def _signal(element: object, read_at: datetime) -> Signal | None:
    outer = _object(element)
    paper = _object(outer.get("paper"))
    upvotes = _number(paper.get("upvotes"))
    try:
        paper_id = parse_paper_id(_text(paper.get("id"), 40))[0]
    except CommandError:
        return None
    if upvotes is None:
        return None
    organisation = _object(paper.get("organization")) or _object(outer.get("organization"))
    repository = https_link(paper.get("githubRepo"))
    if (urlsplit(repository).hostname or "") not in _CODE_HOSTS:
        repository = ""
    return Signal(
        paper=paper_id,
        upvotes=upvotes,
        read_at=read_at,
        comments=_number(outer.get("numComments")) or 0,
        repository=repository,
        stars=_number(paper.get("githubStars")) if repository else None,
        project=https_link(paper.get("projectPage")),
        organisation=_text(organisation.get("name"), _NAME) or _text(organisation.get("fullname"), _NAME),
        summary=_text(paper.get("ai_summary"), _SUMMARY),
        keywords=_texts(paper.get("ai_keywords")),
    )


def https_link(value: object) -> str:
    """An https address of a public name's host, without user, port or what mark-up could trip over; else empty."""
    if not isinstance(value, str) or len(value) > _LONGEST_LINK or not _PLAIN.fullmatch(value):
        return ""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return ""
    named = parts.scheme == "https" and "@" not in parts.netloc and port is None
    return value if named and _HOST.fullmatch(parts.netloc) else ""


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return None
    return min(value, _MOST_VOTES)


def _text(value: object, most: int) -> str:
    if not isinstance(value, str):
        return ""
    # The first cut bounds the work on a hostile text.
    line = " ".join(value[: most * 4].split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _texts(value: object) -> tuple[str, ...]:
    texts = (_text(each, _KEYWORD) for each in value[:_KEYWORDS]) if isinstance(value, list) else ()
    return tuple(text for text in texts if text)
