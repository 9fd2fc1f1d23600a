"""arXiv identifiers: what people paste, the canonical id, and its place in the order of announcement.

Two schemes exist (arXiv's documentation, "Understanding the arXiv identifier"). Since April 2007 ``YYMM.NNNN``, with
five digits since January 2015 (``2603.01234``); before that ``archive/YYMMNNN`` (``hep-th/9901001``), where an old
subject class such as the ``GT`` of ``math.GT/0309136`` is not part of the identity. A trailing ``v2`` names a version.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from bot.errors import CommandError

# Every archive that gave out old-style ids. The order is part of stored ordinals: never change it, only append.
OLD_ARCHIVES = (
    "acc-phys", "adap-org", "alg-geom", "ao-sci", "astro-ph", "atom-ph", "bayes-an", "chao-dyn", "chem-ph", "cmp-lg",
    "comp-gas", "cond-mat", "cs", "dg-ga", "funct-an", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math",
    "math-ph", "mtrl-th", "nlin", "nucl-ex", "nucl-th", "patt-sol", "physics", "plasm-ph", "q-alg", "q-bio",
    "quant-ph", "solv-int", "supr-con",
)  # fmt: skip

_OLD_INDEX = {archive: index for index, archive in enumerate(OLD_ARCHIVES)}
_NEW = re.compile(r"(\d\d)(\d\d)\.(\d{4,5})(?:v([1-9]\d{0,3}))?", re.ASCII | re.IGNORECASE)
_OLD = re.compile(r"([a-z-]+)(?:\.[a-z-]+)?/(\d\d)(\d\d)(\d{3})(?:v([1-9]\d{0,3}))?", re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?:https?://)?(?:[a-z0-9-]+\.)*(?:arxiv\.org|alphaxiv\.org|huggingface\.co)/"
    r"(?:abs|pdf|html|format|papers|overview|resources)/([^?#]+)",
    re.ASCII | re.IGNORECASE,
)
_PREFIX = re.compile(r"(?:https?://doi\.org/)?(?:10\.48550/)?arxiv[:.]\s*", re.ASCII | re.IGNORECASE)
_LONGEST = 300

_FIRST_NEW = 200704
_FIRST_FIVE_DIGITS = 201501
_FIRST_OLD = 199107


def parse_paper_id(text: str) -> tuple[str, int | None]:
    """The id without version, in arXiv's spelling, and the version if one was named.

    Takes ids of both schemes, with or without ``arXiv:``, arXiv DOIs, and addresses of paper pages of arxiv.org,
    alphaxiv.org and huggingface.co. Raises CommandError for anything else.
    """
    candidate = text[: _LONGEST + 1].strip().strip("<>")
    if len(candidate) > _LONGEST:
        raise _refusal(text)
    if address := _ADDRESS.match(candidate):
        candidate = unquote(address[1]).rstrip("/")
        if candidate.lower().endswith(".pdf"):
            candidate = candidate[:-4]
    elif prefix := _PREFIX.match(candidate):
        candidate = candidate[prefix.end() :]
    parts = _parts(candidate)
    if parts is None:
        raise _refusal(text)
    return parts[0], parts[2]


@lru_cache(maxsize=8_192)
def ordinal(paper_id: str) -> int:
    """A number of 12 digits that rises in the order of announcement: ``yyyymm`` times a million plus the number.

    For the old scheme the number is a thousand times the archive's place in OLD_ARCHIVES plus the number in its month.
    Takes a canonical id without version; raises CommandError for anything else.
    """
    parts = _parts(paper_id)
    if parts is None or parts[0] != paper_id:
        raise _refusal(paper_id)
    return parts[1]


def _parts(candidate: str) -> tuple[str, int, int | None] | None:
    """Canonical id, ordinal, version; None when it is no id."""
    if found := _NEW.fullmatch(candidate):
        year, month, number, version = found.groups()
        when = 200000 + int(year) * 100 + int(month)
        length = 5 if when >= _FIRST_FIVE_DIGITS else 4
        if when < _FIRST_NEW or not _month_exists(when) or len(number) != length or not int(number):
            return None
        return f"{year}{month}.{number}", when * 1_000_000 + int(number), int(version) if version else None
    if found := _OLD.fullmatch(candidate):
        archive, year, month, number, version = found.groups()
        archive = archive.lower()
        when = (190000 if int(year) > 90 else 200000) + int(year) * 100 + int(month)
        index = _OLD_INDEX.get(archive)
        if index is None or not _FIRST_OLD <= when < _FIRST_NEW or not _month_exists(when) or not int(number):
            return None
        place = when * 1_000_000 + index * 1_000 + int(number)
        return f"{archive}/{year}{month}{number}", place, int(version) if version else None
    return None


def _month_exists(when: int) -> bool:
    return 1 <= when % 100 <= 12


def _refusal(text: str) -> CommandError:
    shown = "".join(c if c.isprintable() else " " for c in text[:80]).replace("`", "'").strip()
    shown = shown[:60] + ("…" if len(shown) > 60 or len(text) > 80 else "")
    what = f"`{shown}` is not an arXiv id." if shown else "There is no arXiv id."
    return CommandError(what, hint="Type an id such as `2603.01234` or the address of a paper on arxiv.org.")
