"""What the formats share: text without anything invisible, a paper once, DOIs, surnames."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from bot.models import Paper

GROUPS = frozenset({"collaboration", "collaborations", "team", "group", "consortium"})
"""Last words of authors that are no persons."""

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
"""What may stand behind a surname, without full stops."""

# The characters DOIs have in practice; whatever else stands there would need escaping, which breaks the link.
_DOI = re.compile(r"10\.[0-9]{4,9}/[A-Za-z0-9._;()/:<>+\[\]-]{1,200}")


def clean(text: str) -> str:
    """One line: control, format, surrogate and unassigned characters gone, white space (line ends too) folded."""
    return " ".join("".join(" " if c.isspace() else c for c in text if c.isspace() or _writable(c)).split())


def _writable(character: str) -> bool:
    return not unicodedata.category(character).startswith("C")


def once(papers: Iterable[Paper]) -> list[Paper]:
    """The papers in their order, a paper once."""
    return list({paper.id: paper for paper in papers}.values())


def doi_of(paper: Paper) -> str:
    """The paper's DOI, of several the first; empty where there is none or a strange one."""
    found = _DOI.fullmatch((paper.doi or "").split(" ", 1)[0])
    return found[0] if found else ""


def surname_first(name: str) -> str:
    """``Post, Ada`` for a clean name ``Ada Post``; ``van der Brief, Jan``; ``Post, Ada, Jr.``.

    Whole stay groups, single words, names with a comma and names in other scripts than Latin, whose order is unknown.
    """
    words = name.split()
    suffix = ""
    if len(words) > 2 and words[-1].casefold().rstrip(".") in SUFFIXES:
        suffix = f", {words.pop()}"
    if len(words) < 2 or "," in name or words[-1].casefold() in GROUPS or not _latin(words[-1]):
        return name
    first = len(words) - 1
    while first > 1 and words[first - 1].islower():
        first -= 1
    return f"{' '.join(words[first:])}, {' '.join(words[:first])}{suffix}"


def _latin(word: str) -> bool:
    return unicodedata.name(word[0], "").startswith("LATIN")
