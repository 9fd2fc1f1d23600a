"""The reactions that save papers.

On a card, or a post of one paper, any of the save set saves it. On a digest, keycaps choose: keycap n means the paper
numbered n if this message has it, else, as in further parts of a digest, the n-th paper of this message.

Reactions are known by the short names that chat platforms share, without colons, in lower case. An emoji has several,
and platforms do not agree which one they tell of ("+1", "thumbsup"); so names are compared by the character that they
mean (``same_as``). What names an emoji has is the ``emoji`` package's knowledge.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from emoji import EMOJI_DATA

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
# The selector of the coloured form, and the skin tones.
_VARIANTS = re.compile("[\ufe0f\U0001f3fb-\U0001f3ff]")


def typed_reactions(text: str) -> list[str]:
    """What a member typed as reactions, in order, each once: `:star:`, `star` or the character; skin tones dropped.

    Names may be no names (``is_name``): the caller refuses them.
    """
    found: dict[str, str] = {}
    for named, bare in _TYPED.findall(text):
        name = name_of(named or bare)
        if not _SKIN_TONE.fullmatch(name):
            found.setdefault(same_as(name), name)
    return list(found.values())


def name_of(emoji: str) -> str:
    """The short name of a character; what is none is a name already, and given in lower case."""
    plain = _VARIANTS.sub("", emoji)
    return CHARACTERS.get(plain) or _names().get(plain) or emoji.casefold()


def same_as(name: str) -> str:
    """What a name means: the same for all names of an emoji, for a name of a workspace's own the name itself."""
    return _meanings().get(name.casefold(), name.casefold())


def is_name(name: str) -> bool:
    """Whether platforms could have an emoji of that name."""
    return _NAME.fullmatch(name) is not None


@cache
def _names() -> dict[str, str]:
    """The name of each character: of those that mean no other one, the last, which is the one that chats use."""
    meanings = _meanings()
    found: dict[str, str] = {}
    for character, data in EMOJI_DATA.items():
        plain = _VARIANTS.sub("", character)
        names = [name for name in _own_name(data) + _more_names(data) if is_name(name)]
        # What has a skin tone has it in its name.
        if names and plain == character.replace("\ufe0f", ""):
            found[plain] = max(names, key=lambda name: (meanings[name] == plain, names.index(name)))
    return found


@cache
def _meanings() -> dict[str, str]:
    """The character of each name. What chats call it comes before its name in Unicode, which some have from another."""
    found: dict[str, str] = {}
    for names_of in (_own_name, _more_names):
        for character, data in EMOJI_DATA.items():
            found |= dict.fromkeys(names_of(data), _VARIANTS.sub("", character))
    return found | {name: character for character, name in CHARACTERS.items()}


def _own_name(data: dict[str, Any]) -> list[str]:
    return [data["en"].strip(":").casefold()]


def _more_names(data: dict[str, Any]) -> list[str]:
    return [name.strip(":").casefold() for name in data.get("alias", ())]
