"""Replies as Slack messages: what a command, a button or a reaction is answered with.

Nothing is cut: what does not fit into one message goes on in the next. A list's pages have buttons.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.slack.blocks import (
    MOST_BLOCKS,
    MOST_CHARACTERS,
    SECTION,
    Block,
    Message,
    characters,
    paging,
    section,
)
from adapters.slack.posts import paper_blocks
from adapters.slack.text import escaped, with_code
from bot.commands.saying import tidy
from bot.conversation import Reply
from bot.rendering import pieces

_TEXT = 3_900
_LINE = 6_000


def render(reply: Reply) -> list[Message]:
    """The messages of a reply, in order, each within Slack's sizes; none when there is nothing to say."""
    blocks = list(_blocks(reply))
    if not blocks:
        return []
    groups: list[list[Block]] = [[]]
    room = MOST_CHARACTERS
    for block in blocks:
        size = characters(block)
        if groups[-1] and (len(groups[-1]) >= MOST_BLOCKS or size > room):
            groups.append([])
            room = MOST_CHARACTERS
        groups[-1].append(block)
        room -= size
    text = _fallback(reply)
    return [Message(text if number == 0 else "…", group) for number, group in enumerate(groups)]


def _blocks(reply: Reply) -> Iterator[Block]:
    yield from text_blocks(reply.text)
    for entry in reply.papers:
        yield from paper_blocks(entry)
    yield from text_blocks(reply.footer)
    yield from paging(reply.back, reply.more)


def text_blocks(text: str) -> Iterator[Block]:
    """A text of ours, in which back-quotes stand in pairs, as sections; line by line, long lines in pieces."""
    for piece in pieces(tidy(text, _LINE), SECTION, with_code):
        yield section(piece)


def _fallback(reply: Reply) -> str:
    """For notifications and screen readers."""
    text = escaped(tidy(reply.text, _LINE).replace("`", ""))
    return text if len(text) <= _TEXT else escaped(tidy(reply.text, _LINE)[: _TEXT // 5]) + "…"
