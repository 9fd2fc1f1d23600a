"""The commands as Discord offers them: `/papers` with a subcommand for each command of the core, and their options.

Discord takes 25 subcommands and groups; what is used seldom stands in a group, `/papers schedule` as `/papers channel
schedule`. Replies say it so, too (``as_typed``). `link` stands alone: what it says is typed on other platforms.

A table, from which the payload is made that Discord is given, and by which the options of an interaction become the
text that the core reads: the core's own words stay the only definition of what a command means.

https://docs.discord.com/developers/interactions/application-commands
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.commands.table import COMMANDS
from bot.formats import FORMATS

NAME = "papers"
DOCTOR = "doctor"

_SUBCOMMAND, GROUP, _STRING, _USER, _ROLE, _ATTACHMENT = 1, 2, 3, 6, 8, 11
_GUILD = 0
_MOST_DESCRIPTION = 100


class Offer(StrEnum):
    """What is offered while a member types an option."""

    QUERY = "query"  # categories, where one is being typed
    WATCH = "watch"  # this channel's queries
    SAVED = "saved"  # papers that the member saved
    SCHEDULE = "schedule"  # schedules and time zones
    COMMAND = "command"  # names of commands
    EXPORT = "export"  # what can be exported, this channel's watches by number among it


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
    "watch": (
        Option("query", 'Words, "phrases", OR, -without, ti: abs: au: cat: min:20', required=True, offer=Offer.QUERY),
    ),
    "unwatch": (Option("query", "A query of this channel, or its number", required=True, offer=Offer.WATCH),),
    "preview": (Option("query", "What to try on the archive", required=True, offer=Offer.QUERY),),
    "search": (Option("query", "What to find", required=True, offer=Offer.QUERY),),
    "show": (Option("paper", "A number, an arXiv id or a link", required=True, offer=Offer.SAVED),),
    "post": (
        Option("paper", "An arXiv id or a link", required=True),
        Option("comment", "Why it is worth reading"),
    ),
    "trending": (
        Option("period", "Announced since when", choices=("day", "week", "month")),
        Option("query", "Of these papers alone", offer=Offer.QUERY),
    ),
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
    "schedule": (Option("when", "daily 09:00 weekdays Europe/Berlin, or top mon 09:00", offer=Offer.SCHEDULE),),
    "layout": (Option("layout", "How papers are posted", choices=("thread", "cards", "digest")),),
    "sort": (Option("order", "In which order papers are posted", choices=("new", "hot")),),
    "pause": (Option("reason", "Why, for others to read"),),
    "export": (
        Option("what", "Which papers; nothing for watches and settings", offer=Offer.EXPORT),
        _FORMAT,
    ),
    "import": (
        Option("mode", "preview: say what would be made, make nothing", choices=("preview",)),
        Option("file", "What export gave, a query a line, or OPML", kind=_ATTACHMENT),
        Option("lines", "The same, typed"),
    ),
    "link": (Option("code", "me for your account, or the code from the other side"),),
    "unlink": (Option("what", "Your account instead of the server", choices=("me",)),),
    "email": (Option("what", "ADDRESS daily 08:00, the code that was mailed, or stop"),),
    "stats": (Option("watch", "One watch of this channel instead of all", offer=Offer.WATCH),),
    "access": (
        Option("who", "Who may change what channels watch", choices=("everyone", "managers")),
        Option("role", "The members of this role", kind=_ROLE),
    ),
    "help": (Option("topic", "A command, or query", offer=Offer.COMMAND),),
}
"""The options of each subcommand; those that are not here have none."""


@dataclass(frozen=True, slots=True)
class Group:
    """Subcommands that stand together."""

    name: str
    description: str
    commands: tuple[str, ...]


GROUPS = (
    Group(
        "channel",
        "When and how papers come to this channel, and who may change that",
        ("schedule", "layout", "sort", "digest", "pause", "resume", "access", "reactions"),
    ),
)
_GROUP_OF = {command: group.name for group in GROUPS for command in group.commands}
_TYPED = re.compile(rf"(?<=/{NAME} )({'|'.join(_GROUP_OF)})\b")


def as_typed(text: str) -> str:
    """The same with the commands in it as they are typed here."""
    return _TYPED.sub(lambda found: f"{_GROUP_OF[found[1]]} {found[1]}", text)


def payload() -> list[dict[str, Any]]:
    """The application's commands, as Discord is given them: in servers alone."""
    summaries = {info.name: info.summary for info in COMMANDS} | {DOCTOR: "Check what the bot may do in this channel"}
    subcommands = [_subcommand(name, summary) for name, summary in summaries.items() if name not in _GROUP_OF]
    subcommands += [
        {
            "type": GROUP,
            "name": group.name,
            "description": group.description,
            "options": [_subcommand(name, summaries[name]) for name in group.commands],
        }
        for group in GROUPS
    ]
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
        "type": _SUBCOMMAND,
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
