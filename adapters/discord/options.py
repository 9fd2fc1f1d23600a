"""The commands as Discord offers them: `/papers` with a subcommand for each command of the core, and their options.

A command of Discord has at most 25 subcommands or groups of them, so what is seldom used is in a group, as in
`/papers team link`; everywhere else the same is `/papers link`.

A table, from which the payload is made that Discord is given, and by which the options of an interaction become the
text that the core reads: the core's own words stay the only definition of what a command means.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.commands.table import COMMANDS
from bot.formats import FORMATS

NAME = "papers"
DOCTOR = "doctor"

SUBCOMMAND, GROUP = 1, 2
_STRING, _USER, _ROLE, _ATTACHMENT = 3, 6, 8, 11
_GUILD = 0
_MOST_DESCRIPTION = 100


class Offer(StrEnum):
    """What is offered while a member types an option."""

    QUERY = "query"  # categories, where one is being typed
    WATCH = "watch"  # this channel's queries
    SAVED = "saved"  # papers that the member saved
    SCHEDULE = "schedule"  # schedules and time zones
    COMMAND = "command"  # names of commands


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a subcommand: its value, as it stands, is a part of the command's text."""

    name: str
    description: str
    required: bool = False
    kind: int = _STRING
    choices: tuple[str, ...] = ()
    offer: Offer | None = None


_FORMAT = Option("format", "As a file of this format", choices=tuple(FORMATS))

OPTIONS: Mapping[str, tuple[Option, ...]] = {
    "watch": (Option("query", 'Words, "phrases", OR, -without, ti: abs: au: cat:', required=True, offer=Offer.QUERY),),
    "unwatch": (Option("query", "A query of this channel, or its number", required=True, offer=Offer.WATCH),),
    "preview": (Option("query", "What to try on the archive", required=True, offer=Offer.QUERY),),
    "search": (Option("query", "What to find", required=True, offer=Offer.QUERY),),
    "show": (Option("paper", "A number, an arXiv id or a link", required=True, offer=Offer.SAVED),),
    "similar": (
        Option("paper", "A number, an arXiv id or a link", offer=Offer.SAVED),
        Option("digests", "Let digests end with papers like those saved here", choices=("on", "off")),
    ),
    "save": (Option("papers", "Numbers of the latest post, arXiv ids or links", required=True),),
    "unsave": (Option("papers", "Numbers, arXiv ids or links", required=True, offer=Offer.SAVED),),
    "saved": (
        Option("whose", "Yours, or all of this channel's", choices=("mine", "channel")),
        Option("member", "What this member saved", kind=_USER),
        _FORMAT,
    ),
    "top": (Option("period", "Saved since when", choices=("week", "month", "all")), _FORMAT),
    "reactions": (Option("names", "Emoji that save, or default"),),
    "schedule": (Option("when", "daily 09:00 weekdays Europe/Berlin", offer=Offer.SCHEDULE),),
    "layout": (Option("layout", "How papers are posted", choices=("thread", "cards", "digest")),),
    "pause": (Option("reason", "Why, for others to read"),),
    "import": (
        Option("file", "What export gave, or a query a line", kind=_ATTACHMENT),
        Option("lines", "The same, typed"),
    ),
    "link": (Option("code", "me for your account, or the code from the other side"),),
    "unlink": (Option("what", "Your account instead of the server", choices=("me",)),),
    "stats": (Option("watch", "One watch of this channel instead of all", offer=Offer.WATCH),),
    "access": (
        Option("who", "Who may change what channels watch", choices=("everyone", "managers")),
        Option("role", "The members of this role", kind=_ROLE),
    ),
    "help": (Option("topic", "A command, or query", offer=Offer.COMMAND),),
}
"""The options of each subcommand; those that are not here have none."""


GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "team": ("Who may do what here, and workspaces and accounts that belong together", ("link", "unlink", "access")),
}
"""The groups of subcommands, with their description and the commands in them."""


def payload() -> list[dict[str, Any]]:
    """The application's commands, as Discord is given them: in servers alone."""
    grouped = {name for _, names in GROUPS.values() for name in names}
    subcommands = [_subcommand(info.name, info.summary) for info in COMMANDS if info.name not in grouped]
    for group, (description, names) in GROUPS.items():
        members = [_subcommand(info.name, info.summary) for info in COMMANDS if info.name in names]
        subcommands.append({"type": GROUP, "name": group, "description": description, "options": members})
    subcommands.append(_subcommand(DOCTOR, "Check what the bot may do in this channel"))
    return [
        {
            "name": NAME,
            "description": "Watch arXiv for this channel, find and save papers",
            "type": 1,
            "options": subcommands,
            "integration_types": [_GUILD],
            "contexts": [_GUILD],
        }
    ]


def fingerprint(commands: list[dict[str, Any]]) -> str:
    """Changes with what Discord has to be told."""
    return hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()


def option_of(command: str, name: str) -> Option | None:
    return next((option for option in OPTIONS.get(command, ()) if option.name == name), None)


def text_of(command: str, values: Mapping[str, str]) -> str:
    """What the core reads for a subcommand with these options, in the order of the table."""
    parts = [values[option.name] for option in OPTIONS.get(command, ()) if values.get(option.name)]
    return " ".join([command, *parts])


def _subcommand(name: str, summary: str) -> dict[str, Any]:
    return {
        "type": SUBCOMMAND,
        "name": name,
        "description": summary[:_MOST_DESCRIPTION],
        "options": _described(OPTIONS.get(name, ())),
    }


def _described(options: Iterable[Option]) -> list[dict[str, Any]]:
    made = []
    for option in options:
        one: dict[str, Any] = {
            "type": option.kind,
            "name": option.name,
            "description": option.description[:_MOST_DESCRIPTION],
            "required": option.required,
        }
        if option.choices:
            one["choices"] = [{"name": choice, "value": choice} for choice in option.choices]
        if option.offer:
            one["autocomplete"] = True
        made.append(one)
    return made
