"""Replies as Discord messages: what a command or a button is answered with.

Nothing is cut: what does not fit into one message goes on in the next. A list's pages have buttons, as long as the
command that shows the page fits into a button; else the reply says what to type.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from adapters.discord.buttons import MOST_COMMAND
from adapters.discord.messages import (
    ALL_EMBEDS,
    COLOUR,
    CONTENT,
    DESCRIPTION,
    EMBEDS,
    FOOTER,
    TITLE,
    Button,
    CommandButton,
    LinkButton,
    Message,
    embed,
    paper_row,
)
from adapters.discord.posts import paper_embed
from adapters.discord.text import clipped, inert, title_of, with_code
from bot.commands.saying import command, paragraph, shown, tidy
from bot.conversation import Reply
from bot.models import Entry, Paper, Signal
from bot.paper_lines import fact_lines
from bot.rendering import pieces
from bot.signal_line import signal_facts, signal_links
from bot.wording import listed

_LINE = 6_000
_FACT = 500
_MOST_AUTHORS = 30


def render(reply: Reply) -> list[Message]:
    """The messages of a reply, in order, each within Discord's sizes; none when there is nothing to say."""
    footer, buttons = _paging(reply)
    messages = [Message(piece) for piece in _texts(reply.text)]
    for embeds in _together([paper_embed(entry) for entry in reply.papers]):
        if messages and not messages[-1].embeds:
            messages[-1] = Message(messages[-1].content, embeds)
        else:
            messages.append(Message(embeds=embeds))
    for piece in _texts(footer):
        if messages and not messages[-1].embeds and len(messages[-1].content) + 1 + len(piece) <= CONTENT:
            messages[-1] = Message(f"{messages[-1].content}\n{piece}")
        else:
            messages.append(Message(piece))
    if messages and buttons:
        messages[-1] = Message(messages[-1].content, messages[-1].embeds, (tuple(buttons),))
    return messages


def abstract(paper: Paper, signal: Signal | None = None) -> Message:
    """A paper whole: title, authors, abstract, comment, journal, what the community makes of it, links. LaTeX is made
    readable."""
    authors = [shown(author, 80) for author in paper.authors[:_MOST_AUTHORS]]
    more = len(paper.authors) - len(authors)
    people = f"{', '.join(authors)} and {more:,} others" if more else listed(authors)
    made = paper_embed(Entry(0, paper))
    text = clipped(paragraph(paper.abstract), 3_600) or "(no abstract)"
    made.description = f"{clipped(people, DESCRIPTION - len(text) - 2)}\n\n{text}".strip()
    made.title = clipped(title_of(paper.title, TITLE), TITLE)
    facts = "\n".join(
        [
            *(inert(fact) for fact in fact_lines(paper, _FACT)),
            *(inert(shown(fact, 800)) for fact in signal_facts(signal)),
        ]
    )
    room = min(FOOTER, ALL_EMBEDS - len(made.title) - len(made.description))
    made.set_footer(text=facts if len(facts) <= room else f"{facts[: room - 1].rstrip()}…")
    buttons = paper_row(paper, abstract=False)
    links = tuple(LinkButton(label, url) for label, url in signal_links(signal))
    return Message(embeds=(made,), rows=(buttons, links) if links else (buttons,))


def _texts(text: str) -> list[str]:
    return list(pieces(tidy(text, _LINE), CONTENT, with_code))


def _together(embeds: Sequence[discord.Embed]) -> list[tuple[discord.Embed, ...]]:
    """The embeds in messages: at most ten in each, and so many that their texts fit."""
    groups: list[list[discord.Embed]] = []
    room = 0
    for each in embeds:
        size = len(each)
        if not groups or len(groups[-1]) >= EMBEDS or size > room:
            groups.append([])
            room = ALL_EMBEDS
        groups[-1].append(each)
        room -= size
    return [tuple(group) for group in groups]


def _paging(reply: Reply) -> tuple[str, list[Button]]:
    """The footer and the buttons to the pages before and after."""
    lines, buttons = [reply.footer] if reply.footer else [], []
    for typed, label in ((reply.back, "◀ Back"), (reply.more, "More ▶")):
        if typed and len(typed) <= MOST_COMMAND:
            buttons.append(CommandButton(typed, label))
        elif typed:
            lines.append(f"{label}: {command(typed)}")
    return "\n".join(lines), list(buttons)


__all__ = ["COLOUR", "abstract", "embed", "render"]
