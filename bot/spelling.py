"""Where normalised words stand in a text, and how they are written there.

``as_written("We use Chain-of-Thought prompts", ("chain", "of", "thought"))`` is ``"Chain-of-Thought"``.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
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
    last: deque[tuple[str, re.Match[str]]] = deque(maxlen=len(wanted))
    for token in _TOKEN.finditer(text):
        for word in _words_of_token(token[0]):
            last.append((word, token))
            if prefix_matches(wanted[0], word) if prefix else word == wanted[-1] and _words(last) == wanted:
                written = _SPACES.sub(" ", text[last[0][1].start() : token.end()])
                if len(written) <= sum(len(found[0]) + _LONGEST_GAP for _, found in last):
                    return written
    return None


def _words(places: Iterable[tuple[str, object]]) -> tuple[str, ...]:
    return tuple(word for word, _ in places)
