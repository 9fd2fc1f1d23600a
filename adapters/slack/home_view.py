"""The app's Home tab: the channels with their watches, and what the member saved.

https://docs.slack.dev/surfaces/app-home

A home has 100 blocks; what does not fit is named with the command that shows it. Buttons carry a channel's id and the
number of a watch, which the core knows it by: no query, no name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adapters.slack.blocks import Block, actions, button, context, divider, header, menu, option, section
from adapters.slack.text import clipped, inert, linked, title_of
from bot.commands.saying import shown
from bot.conversation import ChannelOverview, Home
from bot.models import Paper, Save, Watch
from bot.wording import authors_line, count

ADD, PAUSE, RESUME, UNWATCH, SAVED, EXPORT = (
    "home.add",
    "home.pause",
    "home.resume",
    "home.unwatch",
    "home.saved",
    "home.export",
)
_MOST_BLOCKS = 95
_WATCHES = 10


def render(home: Home) -> dict[str, Any]:
    """The view to publish."""
    top: list[Block] = [
        header("paperroute"),
        section("New arXiv papers that match what your channels watch, once each."),
        actions([button("Add a watch", ADD, "new", style="primary")]),
    ]
    saved = list(_saved(home))
    channels = list(_channels(home, _MOST_BLOCKS - len(top) - len(saved)))
    return {"type": "home", "blocks": [*top, *channels, *saved]}


def _channels(home: Home, room: int) -> Iterator[Block]:
    yield header("Channels")
    if not home.channels:
        yield section("No channel that you can see has a watch yet. Type `/papers watch RLHF` in one.")
        return
    left = room - 2
    for number, overview in enumerate(home.channels):
        blocks = list(_channel(overview))
        if len(blocks) > left:
            rest = len(home.channels) - number
            yield context(inert(f"And {count(rest, 'more channel')}; ") + "type `/papers list` there.")
            return
        left -= len(blocks)
        yield from blocks


def _channel(overview: ChannelOverview) -> Iterator[Block]:
    channel = overview.channel
    yield divider()
    name = inert(shown(channel.name, 80) or channel.ref.channel)
    when = f"Papers come {overview.when}" + (
        f"; the next post is on {overview.next_post}" if overview.next_post else ""
    )
    state = f"Paused: {shown(channel.paused, 300)}" if channel.paused else f"{when}."
    action, label = (RESUME, "Resume") if channel.paused else (PAUSE, "Pause")
    yield section(f"*#{name}*\n{clipped(state, 1_000, code=True)}", button(label, action, channel.ref.channel))
    for watch in overview.watches[:_WATCHES]:
        yield _watch(channel.ref.channel, watch)
    if (more := len(overview.watches) - _WATCHES) > 0:
        yield context(inert(f"And {count(more, 'more watch', 'more watches')}; ") + "type `/papers list` there.")


def _watch(channel: str, watch: Watch) -> Block:
    query = clipped(f"`{shown(watch.typed, 500)}`", 1_500, code=True)
    return section(query, menu(UNWATCH, [option("End this watch", f"{channel}:{watch.id}")]))


def _saved(home: Home) -> Iterator[Block]:
    yield header("Papers you saved")
    if not home.saved:
        yield section("None yet. React to a paper with :bookmark:, or choose Save in its menu.")
        return
    for save in home.saved:
        yield _paper(save)
    if home.more_saved:
        yield context("All of them: `/papers saved`.")
    yield actions([button("All as BibTeX", EXPORT, "bibtex"), button("All as RIS", f"{EXPORT}.ris", "ris")])


def _paper(save: Save) -> Block:
    paper = save.paper
    text = f"{linked(paper.abstract_url, title_of(paper.title), 1_500)}\n{clipped(authors_line(_names(paper)), 500)}"
    options = [
        option("Abstract", f"abstract:{paper.id}"),
        option("PDF", f"pdf:{paper.id}", paper.pdf_url),
        option("Take back", f"unsave:{paper.id}"),
    ]
    return section(text, menu(SAVED, options))


def _names(paper: Paper) -> list[str]:
    return [shown(author, 80) for author in paper.authors]
