"""Text for Discord: what others wrote is shown as they wrote it and does nothing.

Discord reads Markdown, links masked and bare, mentions in angle brackets and names of emoji in every text, titles of
embeds included (https://docs.discord.com/developers/reference#message-formatting). Back-slashes would escape, and are
shown in places where they are not read; so a character that would begin something becomes its twin of another code
point, which looks alike and means nothing, or gets an invisible one behind it. That nothing pings is settled twice: no
mention is allowed in any message.
"""

from __future__ import annotations

import re

from adapters.discord.options import as_typed
from bot.commands.saying import shown
from bot.rendering import code_parts, fitted
from bot.text import readable

_TWINS = str.maketrans({"*": "∗", "~": "∼", "`": "ʹ", "|": "∣", "\\": "∖"})
# Inside a word an underscore is no formatting, and file names should stay what they are.
_OUTER_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI = re.compile(r":(?=[^\s:]+:)")
_JOINER = "\u2060"
# A mention, a time stamp, an emoji; a name that mentions many; a masked link; a bare one, unless it leads to arXiv or a
# DOI, as texts of ours do; an invitation.
_MEANT = re.compile(
    r"<(?=[@#:t/ia]|https?:)|@(?=everyone|here)|\](?=\()"
    r"|:(?=//(?!(?:arxiv|doi)\.org/))|(?<=discord)\.(?=gg/|com/invite)|(?<=discordapp)\.(?=com/)",
    re.IGNORECASE,
)
# A heading, small print, a list, a quotation.
_LINE_START = re.compile(r"^(?=[^\S\n]*(?:#{1,3}\s|-#|[-+]\s|\d+\.\s|>))", re.MULTILINE)


def inert(text: str) -> str:
    """As a text that shows ``text`` and formats nothing."""
    text = _OUTER_UNDERSCORE.sub("ˍ", text.translate(_TWINS))
    text = _MEANT.sub(lambda found: found[0] + _JOINER, _EMOJI.sub("∶", text))
    return _LINE_START.sub(_JOINER, text)


def with_code(text: str) -> str:
    """A text of ours, in which back-quotes stand in pairs around what can be typed."""
    return "".join(f"`{as_typed(part)}`" if code else inert(part) for part, code in code_parts(text))


def clipped(text: str, most: int, *, code: bool = False) -> str:
    """``inert`` (``code``: ``with_code``) of as much of ``text`` as fits into ``most`` characters; "…" at a cut."""
    return fitted(text, most, with_code if code else inert)


def title_of(title: str, most: int = 400) -> str:
    """A paper's title as one readable line, not yet inert; a title that shows nothing has a name all the same."""
    return shown(readable(title), most) or "(untitled)"
