"""Posts as Discord messages: digests, cards, notices.

A digest is one message with an embed for each paper: its number and title, which is the link, its authors, category and
the words that matched; the receipt below the last one. Members choose a paper by the keycap in front of it, so a
message has ten papers at most; in the further parts of a digest the keycap counts within the message, and the paper's
number stands beside it. Below are buttons: of one paper all that can be done with it, of several one each, which shows
the abstract with these.

Whatever is composed within ``PAPERS``, ``CHARACTERS`` and ``OVERHEAD`` fits into a message whole; what hostile texts
make longer than it was reckoned is cut visibly, the longest first. Every post has a button, whose id carries the post's
key: by it the post is found again.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from adapters.discord.messages import (
    ALL_EMBEDS,
    CONTENT,
    DESCRIPTION,
    FOOTER,
    TITLE,
    Button,
    CommandButton,
    Message,
    PaperButton,
    embed,
    in_rows,
    paper_row,
)
from adapters.discord.text import clipped, inert, title_of
from bot.commands.saying import paragraph, shown, tidy
from bot.conversation import ButtonKind
from bot.models import Entry, Paper, Post, PostKind
from bot.paper_lines import about_line
from bot.reactions import CHARACTERS, KEYCAPS
from bot.rendering import fair_lengths, first_proposed
from bot.wording import SIMILAR_HEADING, part_text, receipt_line

PAPERS = len(KEYCAPS)
CHARACTERS_A_DIGEST = 5_600
OVERHEAD = 40
"""Characters of mark-up that a paper takes beside its own."""

_ABSTRACT = 700
_COMMENT = 400
_FRAME = 400
# With the selector that makes a digit with its cap an emoji.
_KEYCAPS = {
    KEYCAPS[name]: character.replace("\u20e3", "\ufe0f\u20e3")
    for character, name in CHARACTERS.items()
    if name in KEYCAPS
}


def render(post: Post) -> Message:
    """The message of a post, within Discord's sizes."""
    match post.kind:
        case PostKind.DIGEST:
            return _digest(post)
        case PostKind.CARD:
            return _card(post)
        case _:
            return _notice(post)


def heading(post: Post) -> str:
    """The first line of a post, as plain text: also the name of its thread."""
    if post.kind is PostKind.CARD and post.entries:
        return title_of(post.entries[0].paper.title, 90)
    part = part_text(post.part, post.parts)
    return f"{shown(post.heading, 80)} ({part})" if part else shown(post.heading, 90) or "paperroute"


def _digest(post: Post) -> Message:
    natural = [_listed(entry, place) for place, entry in enumerate(post.entries, 1)]
    lengths = fair_lengths([_size(each) for each in natural], ALL_EMBEDS - _FRAME)
    embeds = [_within(each, most) for each, most in zip(natural, lengths, strict=True)]
    proposed = first_proposed(post.entries)
    for entry, each in zip(post.entries, embeds, strict=True):
        if entry is proposed:
            each.set_author(name=SIMILAR_HEADING)
    if embeds:
        embeds[-1].set_footer(text="\n".join(part for part in (_receipt(post), _choosing(post)) if part))
    return Message(f"**{inert(heading(post))}**", tuple(embeds), _digest_rows(post))


def _digest_rows(post: Post) -> tuple[tuple[Button, ...], ...]:
    if len(post.entries) == 1:
        return (paper_row(post.entries[0].paper, post.key),)
    buttons = [PaperButton(ButtonKind.ABSTRACT, entry.paper.id, str(entry.number), post.key) for entry in post.entries]
    return in_rows(buttons)


def _listed(entry: Entry, place: int) -> discord.Embed:
    keycap = _KEYCAPS.get(place, "")
    number = "" if entry.number == place and keycap else f"{entry.number}. "
    front = f"{keycap} {number}".strip()
    title, rest = _split_title(entry.paper, TITLE - len(front) - 1)
    return embed(
        f"{front} {title}".strip(), entry.paper.abstract_url, _below(rest, entry, (entry.paper.primary_category,))
    )


def _split_title(paper: Paper, most: int) -> tuple[str, str]:
    """A title that fits, and what is left of one that does not."""
    title = inert(title_of(paper.title, 3_000))
    if len(title) <= most:
        return title, ""
    cut = title.rfind(" ", most // 2, most - 1)
    cut = cut if cut > 0 else most - 1
    return f"{title[:cut].rstrip()}…", f"…{title[cut:].lstrip()}"


def _below(rest: str, entry: Entry, categories: Sequence[str]) -> str:
    about = clipped(about_line(entry, categories), 1_500, code=True)
    return f"{rest}\n{about}" if rest else about


def _size(made: discord.Embed) -> int:
    return len(made.title or "") + len(made.description or "")


def _within(made: discord.Embed, most: int) -> discord.Embed:
    """The embed with its description cut so that all of it has ``most`` characters."""
    if _size(made) <= most:
        return made
    room = most - len(made.title or "") - 1
    made.description = f"{(made.description or '')[:room].rstrip()}…" if room > 0 else None
    if made.description and made.description.count("`") % 2:
        made.description = made.description.replace("`", "ʹ")
    return made


def _card(post: Post) -> Message:
    embeds = [paper_embed(entry, abstract=_ABSTRACT) for entry in post.entries[:1]]
    hints = (_receipt(post), "React with 🔖 to save it.")
    for made in embeds:
        made.set_footer(text="\n".join(hint for hint in hints if hint)[:FOOTER])
    rows = tuple(paper_row(entry.paper, post.key) for entry in post.entries[:1])
    return Message(_brought(post), tuple(embeds), rows) if embeds else Message("(nothing)", rows=_status(post))


def _brought(post: Post) -> str:
    """Who brought a card's paper, and the comment; empty where nobody did."""
    heading, comment = clipped(shown(post.heading, 140), 300), clipped(shown(post.text, _COMMENT), 2 * _COMMENT)
    return "\n".join(part for part in (f"**{heading}**" if heading else "", comment) if part)


def paper_embed(entry: Entry, *, abstract: int = 0) -> discord.Embed:
    """A paper by itself: title, authors, categories, words, note; with so much of its abstract and comment."""
    paper = entry.paper
    title, rest = _split_title(paper, TITLE)
    parts = [_below(rest, entry, paper.categories)]
    if abstract:
        parts.append(clipped(paragraph(paper.abstract, abstract), abstract + 100))
        if paper.comment:
            parts.append(clipped(f"Comment: {paragraph(paper.comment, 300)}", 400))
    return embed(title, paper.abstract_url, "\n\n".join(part for part in parts if part)[:DESCRIPTION])


def _notice(post: Post) -> Message:
    text = clipped(tidy(post.text, 1_500), CONTENT, code=True)
    return Message(text or "(nothing)", rows=_status(post))


def _status(post: Post) -> tuple[tuple[Button, ...], ...]:
    return ((CommandButton("status", "Status", post.key),),)


def _receipt(post: Post) -> str:
    return receipt_line(post.receipt) if post.receipt else ""


def _choosing(post: Post) -> str:
    if len(post.entries) == 1:
        return "React with 🔖 to save it."
    return "React with a paper's number to save it; its button shows the abstract."
