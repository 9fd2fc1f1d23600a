"""Where normalised words stand in a text, and how they are written there.

``as_written("We use Chain-of-Thought prompts", ("chain", "of", "thought"))`` is ``"Chain-of-Thought"``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from bot.text import prefix_matches, readable, words

_TOKEN = re.compile(r"[^\W_][^\W_\u0300-\u036f]*(?:[\u0300-\u036f'’‘ʼ´\u00ad\u200b-\u200f\u2060]+[^\W_]+)*[+#♯]*")
_SPACES = re.compile(r"\s+")
_LONGEST_GAP = 12


@lru_cache(maxsize=1 << 13)
def _words_of_token(token: str) -> tuple[str, ...]:
    return tuple(words(token))


def as_written(text: str, wanted: tuple[str, ...], *, prefix: bool = False) -> str | None:
    """The first place where the normalised words ``wanted`` stand side by side, in the text's own spelling.

    With ``prefix``, the first word that begins with ``wanted[0]``. LaTeX is given as readable Unicode, white space as
    single spaces. None when they are not there, or stand so oddly that they cannot be cut out.
    """
    text = readable(text)
    places = [(word, *token.span()) for token in _TOKEN.finditer(text) for word in _words_of_token(token[0])]
    count = len(wanted)
    for first in range(len(places) - count + 1):
        found = places[first : first + count]
        if prefix_matches(wanted[0], found[0][0]) if prefix else tuple(place[0] for place in found) == wanted:
            written = _SPACES.sub(" ", text[found[0][1] : found[-1][2]])
            if len(written) <= sum(end - start + _LONGEST_GAP for _, start, end in found):
                return written
    return None
