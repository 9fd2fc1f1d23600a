"""The windows that paperroute opens: a paper's abstract, the form for a watch, results.

https://docs.slack.dev/surfaces/modals
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from adapters.slack.blocks import Block, actions, button, context, divider, section
from adapters.slack.replies import render, text_blocks
from adapters.slack.text import clipped, inert, linked, plain, title_of
from bot.commands.saying import paragraph, shown
from bot.conversation import Reply
from bot.models import Paper, Signal
from bot.paper_lines import fact_lines
from bot.signal_line import signal_facts, signal_links
from bot.wording import listed

View = dict[str, Any]

FORM = "watch_form"
QUERY, SCHEDULE, CHANNEL = "query", "schedule", "channel"
"""The blocks, and the actions in them, of the form."""

_MOST_AUTHORS = 30
_MOST_BLOCKS = 95


def abstract(paper: Paper, signal: Signal | None = None) -> View:
    """A paper whole: title, authors, abstract, comment, journal, what the community makes of it, links. LaTeX is made
    readable."""
    authors = [shown(author, 80) for author in paper.authors[:_MOST_AUTHORS]]
    more = len(paper.authors) - len(authors)
    people = listed(authors) if not more else f"{', '.join(authors)} and {more:,} others"
    blocks: list[Block] = [
        section(f"*{linked(paper.abstract_url, title_of(paper.title, 1_000), 2_800)}*"),
        context(clipped(people, 2_900) or "–"),
        *text_blocks(paragraph(paper.abstract).replace("`", "'") or "(no abstract)"),
    ]
    blocks += [context(clipped(fact, 2_900)) for fact in fact_lines(paper, 1_000)]
    blocks += [context(clipped(shown(fact, 1_000), 2_900)) for fact in signal_facts(signal)]
    blocks.append(
        actions(
            [
                button("arXiv page", "link.abstract", url=paper.abstract_url),
                button("PDF", "link.pdf", url=paper.pdf_url),
                button("HTML", "link.html", url=f"https://arxiv.org/html/{paper.id}"),
                *(
                    button(label, f"link.signal.{place}", url=url)
                    for place, (label, url) in enumerate(signal_links(signal))
                ),
            ]
        )
    )
    return {"type": "modal", "title": plain(f"arXiv:{paper.id}", 24), "close": plain("Close", 24), "blocks": blocks}


def loading(title: str) -> View:
    """A window that says that something is on its way."""
    return _window(title, [section("One moment …")])


def result(reply: Reply, title: str) -> View:
    """A reply in a window."""
    messages = render(reply)
    blocks = [block for message in messages for block in message.blocks if block["type"] != "actions"]
    return _window(title, list(islice(blocks, _MOST_BLOCKS)) or [section("Done.")])


def _window(title: str, blocks: list[Block]) -> View:
    return {"type": "modal", "title": plain(title, 24), "close": plain("Close", 24), "blocks": blocks}


def watch_form(
    *, query: str, schedule: str, explanation: str, private_metadata: str, channel: str = "", choose: bool = False
) -> View:
    """The form for a new watch. ``explanation`` says in words of ours what the query means, or what is wrong with it.

    ``channel`` is the channel's name where it is known; with ``choose`` the member picks the channel. ``query`` and
    ``schedule`` are what the fields begin with; the fields report while their member types.
    """
    typing = {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
    blocks: list[Block] = []
    if choose:
        element: Block = {
            "type": "conversations_select",
            "action_id": CHANNEL,
            "filter": {"include": ["public", "private"], "exclude_bot_users": True},
        }
        blocks.append(_input(CHANNEL, "Channel", element, "Where the papers are posted."))
    elif channel:
        blocks.append(context(inert(f"Papers are posted in #{shown(channel, 100)}.")))
    blocks += [
        _input(
            QUERY,
            "What to watch for",
            {
                "type": "plain_text_input",
                "action_id": QUERY,
                "initial_value": query[:1_000],
                "max_length": 1_000,
                "placeholder": plain('diffusion OR "flow matching" -survey', 150),
                **typing,
            },
            'Words, "phrases", OR, -without, ti: abs: au: cat:',
            dispatch=True,
        ),
        {**context(clipped(explanation, 2_800, code=True) or "–"), "block_id": "explanation"},
        divider(),
        _input(
            SCHEDULE,
            "When to post",
            {
                "type": "plain_text_input",
                "action_id": SCHEDULE,
                "initial_value": schedule[:200],
                "max_length": 200,
                "placeholder": plain("daily 09:00 weekdays Europe/Berlin", 150),
                **typing,
            },
            "For all watches of the channel: daily 09:00 weekdays, weekly mon 09:00, instant, off.",
            dispatch=True,
        ),
    ]
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": plain("Watch for papers", 24),
        "submit": plain("Watch", 24),
        "close": plain("Cancel", 24),
        "private_metadata": private_metadata,
        "blocks": blocks,
    }


def _input(name: str, label: str, element: Block, hint: str, *, dispatch: bool = False) -> Block:
    if not element.get("initial_value", "x"):
        element = {key: value for key, value in element.items() if key != "initial_value"}
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label, 100),
        "element": element,
        "hint": plain(hint, 500),
        "dispatch_action": dispatch,
    }
