"""A message for Discord before it is sent: plain values within Discord's sizes, and the buttons below it.

Embeds are used, not components of the second version: a title of an embed is a link without any mark-up in which a
stranger's title could break, and a list of embeds reads on a phone as a list of papers, each with room of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import discord

from bot.conversation import ButtonKind
from bot.models import Paper

CONTENT = 1_900
"""Characters of a message's own text that are used of the 2,000 there may be."""

TITLE, DESCRIPTION, FOOTER = 256, 4_096, 2_048
EMBEDS = 10
ALL_EMBEDS = 5_900
"""Characters over all embeds of a message that are used of the 6,000 there may be."""

COLOUR = 0x4A90D9
"""Of the bar beside a paper: seen on the dark and on the light theme."""


@dataclass(frozen=True, slots=True)
class PaperButton:
    """Does something with a paper: one of ``ButtonKind``, unless it is of another version.

    ``key`` is that of the post it stands under, empty elsewhere.
    """

    kind: str
    paper: str
    label: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class LinkButton:
    """Leads somewhere of ours."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class CommandButton:
    """Runs a command that shows something; ``key`` as in ``PaperButton``."""

    command: str
    label: str
    key: str = ""


Button = PaperButton | LinkButton | CommandButton


@dataclass(frozen=True, slots=True)
class Message:
    """``rows`` of at most five buttons each, at most five rows."""

    content: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    rows: tuple[tuple[Button, ...], ...] = field(default=())

    def plain(self, key: str) -> Message:
        """What is left for a Discord that does not like the message: text and one button with the post's key."""
        titles = [embed.title or embed.description or "" for embed in self.embeds]
        text = "\n".join(part for part in (self.content, *titles) if part) or "paperroute"
        return Message(text[: CONTENT - 1], rows=((CommandButton("status", "Status", key),),))


def paper_row(paper: Paper, key: str = "", *, abstract: bool = True) -> tuple[Button, ...]:
    """What can be done with a paper; ``abstract``: its abstract is not shown already."""
    first = (PaperButton(ButtonKind.ABSTRACT, paper.id, "Abstract", key),) if abstract else ()
    return (
        *first,
        PaperButton(ButtonKind.SAVE, paper.id, "Save", key),
        LinkButton("PDF", paper.pdf_url),
        PaperButton(ButtonKind.DISMISS, paper.id, "Not for us", key),
    )


def in_rows(buttons: Sequence[Button], width: int = 5) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(buttons[start : start + width]) for start in range(0, len(buttons), width))


def embed(title: str, url: str, description: str) -> discord.Embed:
    """One paper; all texts are inert and within the sizes."""
    return discord.Embed(title=title, url=url, description=description or None, colour=COLOUR)
