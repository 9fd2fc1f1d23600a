"""Text for Slack: what others wrote is shown as they wrote it and does nothing.

Slack reads three things in a text: ``<…>`` with its escapes ``& < >``, formatting (``*bold*``, ``_it_``, ``~s~``,
back-quotes, ``>`` in front of a line) and emoji names between colons
(https://docs.slack.dev/messaging/formatting-message-text). Escaping stops the first. For the others there is no escape,
so a character that would begin formatting becomes its twin of another code point, which looks alike and means nothing.
``verbatim`` keeps Slack from linking addresses by itself.
"""

from __future__ import annotations

import re
from typing import Any

from bot.commands.saying import shown
from bot.rendering import code_parts, fitted
from bot.text import readable

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_TWINS = str.maketrans({"*": "∗", "~": "∼", "`": "ʹ"})
# Inside a word an underscore is no formatting, and file names should stay what they are.
_OUTER_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_EMOJI = re.compile(r":(?=[^\s:]+:)")
# An invisible character that joins words: in front of ">" it keeps a line from being a quotation.
_QUOTATION = re.compile(r"^(?=[^\S\n]*&gt;)", re.MULTILINE)
_JOINER = "\u2060"


def escaped(text: str) -> str:
    """With Slack's three escapes: all that the inside of back-quotes needs."""
    return text.translate(_ESCAPES)


def inert(text: str) -> str:
    """As mrkdwn that shows ``text`` and formats nothing."""
    text = _OUTER_UNDERSCORE.sub("ˍ", text.translate(_TWINS))
    return _QUOTATION.sub(_JOINER, escaped(_EMOJI.sub("∶", text)))


def with_code(text: str) -> str:
    """A text of ours, in which back-quotes stand in pairs around what can be typed, as mrkdwn."""
    return "".join(f"`{escaped(part)}`" if code else inert(part) for part, code in code_parts(text))


def clipped(text: str, most: int, *, code: bool = False) -> str:
    """``inert`` (``code``: ``with_code``) of as much of ``text`` as fits into ``most`` characters; "…" at a cut."""
    return fitted(text, most, with_code if code else inert)


def linked(url: str, label: str, most: int) -> str:
    """A link of ours with a stranger's label, in at most ``most`` characters; without it where there is no room.

    ``url`` is one of ours.
    """
    shown = clipped(label.replace("|", "∣"), most - len(url) - 3)
    return f"<{url}|{shown}>" if shown else f"<{url}>"


def title_of(title: str, most: int = 400) -> str:
    """A paper's title as one readable line, not escaped; a title that shows nothing has a name all the same."""
    return shown(readable(title), most) or "(untitled)"


def mrkdwn(text: str) -> dict[str, Any]:
    """A text object; ``text`` is mrkdwn already."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str, most: int) -> dict[str, Any]:
    """A text object that formats nothing at all, cut to ``most``; for what shows nothing, a dash."""
    text = text if len(text) <= most else text[: most - 1].rstrip() + "…"
    return {"type": "plain_text", "text": text.strip() or "–", "emoji": False}
