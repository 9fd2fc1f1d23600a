"""Block Kit's pieces as paperroute uses them, within Slack's sizes (https://docs.slack.dev/reference/block-kit)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.slack.text import mrkdwn, plain
from bot.conversation import ButtonKind
from bot.models import Paper

Block = dict[str, Any]

SECTION = 2_900
"""Characters of a section's text that are used of the 3,000 there may be."""

MOST_BLOCKS = 45
MOST_CHARACTERS = 11_800
"""Over all blocks of a message: Slack takes 50 blocks and about 13,200 characters."""

PAPER_ACTION = "paper"
MORE_ACTION = "page.more"
BACK_ACTION = "page.back"
_VALUE = 2_000

_MENU = (
    (ButtonKind.ABSTRACT, "Abstract"),
    (ButtonKind.SAVE, "Save"),
    (None, "PDF"),
    (ButtonKind.DISMISS, "Not for us"),
)


@dataclass(frozen=True, slots=True)
class Message:
    """``text`` is for notifications and screen readers, ``blocks`` what is shown."""

    text: str
    blocks: list[Block]


def section(text: str, accessory: Block | None = None) -> Block:
    """``text`` is mrkdwn and not empty."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block if accessory is None else {**block, "accessory": accessory}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


def context(*texts: str) -> Block:
    """Small print; each text is mrkdwn."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts if text][:10]}


def divider() -> Block:
    return {"type": "divider"}


def actions(elements: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(elements)[:25]}


def button(text: str, action: str, value: str = "", **more: Any) -> Block:
    """``more``: url, style, confirm, accessibility_label."""
    made: Block = {"type": "button", "text": plain(text, 75), "action_id": action, **more}
    return {**made, "value": value} if value else made


def menu(action: str, options: Iterable[Block]) -> Block:
    """A menu of one to five ``option``s behind three dots."""
    return {"type": "overflow", "action_id": action, "options": list(options)}


def option(text: str, value: str, url: str = "") -> Block:
    made: Block = {"text": plain(text, 75), "value": value}
    return {**made, "url": url} if url else made


def paper_menu(paper: Paper) -> Block:
    """What can be done with a paper. Values name what and an arXiv id, which is public, and nothing else."""
    return menu(
        PAPER_ACTION,
        [
            option(text, f"{kind}:{paper.id}") if kind else option(text, f"pdf:{paper.id}", paper.pdf_url)
            for kind, text in _MENU
        ],
    )


def paging(back: str, more: str) -> list[Block]:
    """The buttons to the pages before and after, by the commands that show them; none where there is no such page."""
    pages = ((BACK_ACTION, "◀ Back", back), (MORE_ACTION, "More ▶", more))
    elements = [button(text, action, value) for action, text, value in pages if 0 < len(value) <= _VALUE]
    return [actions(elements)] if elements else []


def characters(block: object) -> int:
    """The characters of all texts in a block, as Slack counts them."""
    if isinstance(block, dict):
        return sum(
            len(value) if name == "text" and isinstance(value, str) else characters(value)
            for name, value in block.items()
        )
    return sum(characters(each) for each in block) if isinstance(block, list) else 0
