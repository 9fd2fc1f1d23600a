"""Link codes: what they look like, how they are read, and the digest that is kept of them.

Twelve characters of 22 that nobody takes for one another. Ten guesses, all that a member has in ten minutes, hit one of
a thousand open codes with a chance of one in 10¹². Shown in groups; read in any case, with or without what stands
between the groups.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable

ALPHABET = "ACDEFHJKMNPRTVWXY34679"
CHARACTERS = 12
_GROUP = 4
_MOST_TYPED = 100

Draw = Callable[[str], str]
"""Gives one character of a text, each with the same chance and not to be foreseen, as ``secrets.choice`` does."""


def new_code(draw: Draw) -> str:
    """A new code, as it is shown."""
    code = "".join(draw(ALPHABET) for _ in range(CHARACTERS))
    return "-".join(code[place : place + _GROUP] for place in range(0, CHARACTERS, _GROUP))


def drawn_code(draw: Draw) -> tuple[str, bytes]:
    """A new code, as it is shown, and its digest."""
    code = new_code(draw)
    digest = code_digest(code)
    if digest is None:
        raise ValueError("a code that cannot be read")
    return code, digest


def code_digest(typed: str) -> bytes | None:
    """The digest of the code that somebody typed; None where it cannot be one."""
    if len(typed) > _MOST_TYPED:
        return None
    # Editors like to make another dash of a hyphen.
    code = "".join(
        each
        for each in unicodedata.normalize("NFKC", typed).upper()
        if not each.isspace() and each != "`" and unicodedata.category(each) not in ("Pd", "Cf")
    )
    if len(code) != CHARACTERS or not set(code) <= set(ALPHABET):
        return None
    return hashlib.sha256(f"paperroute link code {code}".encode()).digest()
