"""Posts as Slack messages: digests, cards, notices.

A digest is one message: each paper with its number, linked title, authors, category, the words that matched and a menu;
the receipt below. Members choose a paper by the keycap in front of it, so a message has ten papers at most; in the
further parts of a digest the keycap counts within the message, and the paper's number stands beside it.

Whatever is composed within ``PAPERS``, ``CHARACTERS`` and ``OVERHEAD`` fits into a message whole. Escapes may make a
text longer than it was reckoned; what then does not fit is cut visibly, the longest first.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.slack.blocks import MOST_CHARACTERS, SECTION, Block, Message, context, header, paper_menu, section
from adapters.slack.text import clipped, escaped, linked, title_of, with_code
from bot.commands.saying import paragraph, shown, tidy
from bot.models import Entry, Post, PostKind
from bot.paper_lines import about_line
from bot.reactions import KEYCAPS
from bot.rendering import fair_lengths, first_proposed
from bot.wording import SIMILAR_HEADING, part_text, receipt_line

PAPERS = len(KEYCAPS)
CHARACTERS = 10_500
OVERHEAD = 130
"""Characters of mark-up and menu that a paper takes beside its own."""

_TEXT = 4_000
_ABSTRACT = 700
_COMMENT = 400
_KEYCAPS = {number: f":{name}:" for name, number in KEYCAPS.items()}
_FRAME = 1_000


def render(post: Post) -> Message:
    """The message of a post, within Slack's sizes."""
    match post.kind:
        case PostKind.DIGEST:
            return _digest(post)
        case PostKind.CARD:
            return _card(post)
        case _:
            return _notice(post)


def _digest(post: Post) -> Message:
    part = part_text(post.part, post.parts)
    heading = f"{shown(post.heading, 120)} ({part})" if part else shown(post.heading, 140)
    room = MOST_CHARACTERS - _FRAME - OVERHEAD * len(post.entries)
    natural = [_listed(entry, place, SECTION) for place, entry in enumerate(post.entries, 1)]
    lengths = fair_lengths([len(text) for text in natural], room)
    blocks: list[Block] = [header(heading)]
    proposed = first_proposed(post.entries)
    for place, (entry, text, most) in enumerate(zip(post.entries, natural, lengths, strict=True), 1):
        if entry is proposed:
            blocks.append(context(f"*{SIMILAR_HEADING}*"))
        fitting = text if len(text) <= most else _listed(entry, place, most)
        blocks.append(section(fitting, paper_menu(entry.paper)))
    blocks.append(context(_receipt(post), _choosing(post)))
    lines = [heading, *(f"{entry.number}. {title_of(entry.paper.title)}" for entry in post.entries)]
    return Message(_fallback(lines), blocks)


def _listed(entry: Entry, place: int, most: int) -> str:
    """A paper in a digest, in at most ``most`` characters (150 or more)."""
    keycap = _KEYCAPS.get(place, "")
    number = "" if entry.number == place and keycap else f"*{entry.number}.* "
    front = f"{keycap} {number}".lstrip()
    below = about_line(entry, (entry.paper.primary_category,))
    title = f"{front}*{linked(entry.paper.abstract_url, title_of(entry.paper.title, 3_000), most - len(front) - 60)}*"
    return f"{title}\n{clipped(below, most - len(title) - 1, code=True)}".rstrip()


def _card(post: Post) -> Message:
    blocks: list[Block] = [section(brought)] if (brought := _brought(post)) else []
    for entry in post.entries:
        blocks += paper_blocks(entry, abstract=_ABSTRACT)
    hint = "React with :bookmark: to save it."
    blocks.append(context(_receipt(post), hint))
    titles = [title_of(entry.paper.title) for entry in post.entries]
    return Message(_fallback([shown(post.heading, 140), shown(post.text, _COMMENT), *titles]), blocks)


def _brought(post: Post) -> str:
    """Who brought a card's paper, and the comment; empty where nobody did."""
    heading, comment = clipped(shown(post.heading, 140), 300), clipped(shown(post.text, _COMMENT), 2 * _COMMENT)
    return "\n".join(part for part in (f"*{heading}*" if heading else "", comment) if part)


def paper_blocks(entry: Entry, *, abstract: int = 0) -> list[Block]:
    """A paper by itself: title, authors, categories, words, note; with so much of its abstract and comment."""
    paper = entry.paper
    title = f"*{linked(paper.abstract_url, title_of(paper.title, 3_000), 1_200)}*"
    blocks = [section(f"{title}\n{clipped(about_line(entry, paper.categories), 1_200, code=True)}", paper_menu(paper))]
    if abstract and (text := clipped(paragraph(paper.abstract, abstract), abstract * 2)):
        blocks.append(section(text))
    if abstract and paper.comment and (comment := clipped(f"Comment: {paragraph(paper.comment, 300)}", 600)):
        blocks.append(context(comment))
    return blocks


def _notice(post: Post) -> Message:
    text = tidy(post.text, 2_000) or "(nothing)"
    return Message(_fallback([text]), [section(clipped(text, SECTION, code=True))])


def _receipt(post: Post) -> str:
    return escaped(receipt_line(post.receipt)) if post.receipt else ""


def _choosing(post: Post) -> str:
    if len(post.entries) == 1:
        return "React with :bookmark: to save it."
    return with_code("React with a paper's number to save it; ") + "more in the menu beside it."


def _fallback(lines: Sequence[str]) -> str:
    """The text of a notification: Slack reads its three escapes there as well."""
    text = "\n".join(line for line in lines if line) or "paperroute"
    while len(escaped(text)) > _TEXT:
        text = text[: len(text) * 3 // 4].rstrip() + "…"
    return escaped(text)
