"""The reactions that save papers.

On a card, or a post of one paper, any of the save set saves it. On a digest, keycaps choose: keycap n means the paper
numbered n if this message has it, else, as in further parts of a digest, the n-th paper of this message.

Reactions are known by the short names that chat platforms share, without colons, in lower case.
"""

from __future__ import annotations

import re

SAVE_SET = ("bookmark", "star", "floppy_disk", "pushpin")
"""What saves where a workspace has not set its own."""

KEYCAPS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "keycap_ten": 10,
}
"""The number that each keycap chooses."""

CHARACTERS = {"🔖": "bookmark", "⭐": "star", "💾": "floppy_disk", "📌": "pushpin", "🔟": "keycap_ten"} | {
    f"{number}\u20e3": name for name, number in KEYCAPS.items() if number < 10
}
"""The names of the characters that stand for them, without variation selectors."""

_TYPED = re.compile(r":([^:\s]+):|([^:\s,]+)")
_NAME = re.compile(r"[\w+'-]{1,100}")
_SKIN_TONE = re.compile(r"skin-tone-[1-6]")


def typed_reactions(text: str) -> list[str]:
    """What a member typed as reactions, in order, each once: `:star:`, `star` or the character; skin tones dropped.

    Names may be no names (``is_name``): the caller refuses them.
    """
    found = (named or bare for named, bare in _TYPED.findall(text))
    names = (CHARACTERS.get(each.replace("\ufe0f", ""), each.casefold()) for each in found)
    return list(dict.fromkeys(name for name in names if not _SKIN_TONE.fullmatch(name)))


def is_name(name: str) -> bool:
    """Whether platforms could have an emoji of that name."""
    return _NAME.fullmatch(name) is not None
