"""Buttons that work as long as their message stands: their ids say what they do, nothing is remembered.

An id holds a kind, a public arXiv id or a command that shows something, and the key of the post that it stands under.
It comes back from messages of any age and version, and is read as if a stranger had written it.

discord.py has two traps: a view that mixes dynamic items with ordinary ones times out, and a view that is sent and then
edited after its last item of a class was removed unregisters that class everywhere. So views have no timeout, are made
of dynamic items and links alone, anew for every message, and hold no item when they are sent.
"""

from __future__ import annotations

import re
from typing import Any, Protocol, cast

import discord

from adapters.discord.messages import Button, CommandButton, LinkButton, Message, PaperButton

MOST_COMMAND = 60
"""Characters of a command that a button can hold beside the rest of its id."""

_PAPER = re.compile(r"paper:(?P<kind>[a-z]{1,20}):(?P<paper>[\w./-]{1,40}):(?P<key>[a-z2-7]{0,24})")
_COMMAND = re.compile(r"command:(?P<command>.{1,60}):(?P<key>[a-z2-7]{0,24})")
_KEY = re.compile(r":([a-z2-7]{24})$")


class Presses(Protocol):
    """The client, as buttons know it."""

    async def pressed(self, interaction: discord.Interaction[Any], button: PaperButton | CommandButton) -> None:
        """Somebody pressed ``button``."""
        ...


def custom_id(button: PaperButton | CommandButton) -> str:
    """At most 100 characters."""
    if isinstance(button, PaperButton):
        return f"paper:{button.kind}:{button.paper}:{button.key}"
    return f"command:{button.command}:{button.key}"


def key_of(identity: str) -> str:
    """The key of the post that a button with this id stands under; empty where there is none."""
    found = _KEY.search(identity)
    return found[1] if found else ""


def paper_of(identity: str) -> str:
    """The paper of a button with this id; empty where it is another kind of button."""
    found = _PAPER.fullmatch(identity)
    return found["paper"] if found else ""


def is_known(identity: str) -> bool:
    """Whether an id is of a kind that is heard here."""
    return bool(_PAPER.fullmatch(identity) or _COMMAND.fullmatch(identity))


class PaperItem(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=_PAPER,
):
    """A paper's button."""

    def __init__(self, button: PaperButton) -> None:
        self.button = button
        super().__init__(_made(button.label, custom_id(button)))

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PaperItem:
        return cls(PaperButton(match["kind"], match["paper"], _label(item), match["key"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await cast("Presses", interaction.client).pressed(interaction, self.button)


class CommandItem(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=_COMMAND,
):
    """A button that runs a command."""

    def __init__(self, button: CommandButton) -> None:
        self.button = button
        super().__init__(_made(button.label, custom_id(button)))

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> CommandItem:
        return cls(CommandButton(match["command"], _label(item), match["key"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        await cast("Presses", interaction.client).pressed(interaction, self.button)


def view_of(message: Message) -> discord.ui.View | None:
    """A fresh view of a message's buttons; None where it has none. To be called in the event loop."""
    if not message.rows:
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(message.rows):
        for button in row:
            view.add_item(_item(button, number))
    return _Made(view)


class _Made(discord.ui.View):
    """What a view shows, without its items.

    A view and its items hold one another. Those of a thousand digests held the event loop for a tenth of a second when
    the garbage collector cleared them away.
    """

    def __init__(self, view: discord.ui.View) -> None:
        super().__init__(timeout=None)
        self._shown = view.to_components()
        view.clear_items()
        # The dynamic items hear for all messages. A view that goes on would be kept for each message, and an ephemeral
        # one has a task that waits fifteen minutes.
        self.stop()

    def to_components(self) -> list[dict[str, Any]]:
        """As the message holds them."""
        return self._shown


def _item(button: Button, row: int) -> discord.ui.Item[Any]:
    if isinstance(button, LinkButton):
        return discord.ui.Button(style=discord.ButtonStyle.link, label=button.label, url=button.url, row=row)
    item: PaperItem | CommandItem = PaperItem(button) if isinstance(button, PaperButton) else CommandItem(button)
    item.row = row
    return item


def _made(label: str, identity: str) -> discord.ui.Button[Any]:
    return discord.ui.Button(style=discord.ButtonStyle.secondary, label=label or "–", custom_id=identity)


def _label(item: discord.ui.Item[Any]) -> str:
    return str(getattr(item, "label", None) or "")
