"""From a line of text to a Reply: the way in for every platform.

A command is its first word, in any case, by name or alias; a leading "/papers" is tolerated. `+2` is short for
`save 2`. Without words, the channel's watches and the help are shown. Whatever is typed, ``Commands.run`` answers:
mistakes come back as sentences to the caller only, and a defect is logged and admitted.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping

from bot.commands import (
    access,
    bringing,
    emailing,
    exporting,
    help,  # noqa: A004 - it is `help`
    importing,
    library,
    linking,
    reacting,
    searching,
    settings,
    similar,
    stats,
    status,
    trending,
    watching,
)
from bot.commands.complaint import answered
from bot.commands.context import Caller, Context
from bot.commands.saying import command as typed_command
from bot.commands.saying import quoted, shown
from bot.commands.table import PREFIX, find_command, nearest_command
from bot.conversation import Command, Reply
from bot.errors import CommandError, QueryError
from bot.link_code import Draw
from bot.mailing import Mailer
from bot.models import Channel, ChannelRef, MemberRef
from bot.ports import Clock, PaperSource, Plotter, SimilarPapers, Store
from bot.query import Query

MOST_CHARACTERS = 100_000

HANDLERS: Mapping[str, Callable[[Context], Awaitable[Reply]]] = {
    "watch": watching.watch,
    "unwatch": watching.unwatch,
    "list": watching.list_watches,
    "preview": watching.preview,
    "search": searching.search,
    "show": searching.show,
    "post": bringing.post,
    "trending": trending.trending,
    "similar": similar.similar,
    "save": library.save,
    "unsave": library.unsave,
    "saved": library.saved,
    "top": library.top,
    "reactions": reacting.reactions,
    "link": linking.link,
    "unlink": linking.unlink,
    "schedule": settings.schedule,
    "layout": settings.layout,
    "sort": settings.sort,
    "digest": settings.digest,
    "pause": settings.pause,
    "resume": settings.resume,
    "status": status.status,
    "email": emailing.email,
    "stats": stats.stats,
    "access": access.access,
    "export": exporting.export,
    "import": importing.import_,
    "help": help.help_,
}
_CHEAP = frozenset(
    {
        "unwatch",
        "list",
        "reactions",
        "link",
        "unlink",
        "schedule",
        "layout",
        "sort",
        "digest",
        "pause",
        "resume",
        "access",
        "help",
    }
)
"""Commands that take a few look-ups in the store. The others try queries on the archive, ask arXiv, make files or
send a mail."""

_PLUS = re.compile(r"\+[0-9]{1,4}")


class Commands:
    """Runs commands. ``wake`` is called when something may be due at once; ``default_zone`` is an IANA name.
    ``signals``: the community's are read.

    ``draw`` is where codes come from; whatever else than the default is for tests. ``mailer``: None where e-mail is not
    set up. ``relatives`` and ``plotter``: what `similar` and `stats` need beside the store; without them they say what
    there is without.
    """

    def __init__(
        self,
        store: Store,
        source: PaperSource,
        clock: Clock,
        *,
        wake: Callable[[], None],
        default_zone: str,
        signals: bool = True,
        draw: Draw = secrets.choice,
        mailer: Mailer | None = None,
        relatives: SimilarPapers | None = None,
        plotter: Plotter | None = None,
    ) -> None:
        self._caller = Caller(store, source, clock, wake, default_zone, draw, signals, mailer, relatives, plotter)

    async def run(self, command: Command) -> Reply:
        """The reply to a command. Raises nothing."""
        return await answered(self._run(command))

    async def open_channel(self, ref: ChannelRef, member: MemberRef) -> Channel:
        """The stored channel of ``ref``, made as by that member's first command if there is none. Raises StoreError."""
        return await self._caller.context(Command(ref, member, "")).open_channel()

    async def _run(self, command: Command) -> Reply:
        if len(command.text) > MOST_CHARACTERS:
            name, _ = split(command.text[:MOST_CHARACTERS])
            raise CommandError(
                f"A command has at most {MOST_CHARACTERS:,} characters.",
                hint=importing.IN_PARTS if find_command(name) is find_command("import") else "Shorten it.",
            )
        name, argument = split(command.text)
        context = self._caller.context(command, argument)
        if not name:
            return await help.greeting(context)
        info = find_command(name)
        if info is None:
            raise _unknown(name, argument)
        await access.check(context.store, command, info.name)
        return await HANDLERS[info.name](context)


def split(text: str) -> tuple[str, str]:
    """The command's word and its argument, which keeps its lines; both may be empty."""
    name, argument = _first(text)
    if name.casefold() in (PREFIX, PREFIX[1:]):
        name, argument = _first(argument)
    if _PLUS.fullmatch(name):
        return "save", f"{name} {argument}".strip()
    return name, argument


def is_costly(text: str) -> bool:
    """Whether the answer to what was typed takes more than a few look-ups in the store."""
    info = find_command(split(text)[0])
    return info is not None and info.name not in _CHEAP


def _first(text: str) -> tuple[str, str]:
    words = text.split(None, 1)
    return shown(words[0], 1000).rstrip(":") if words else "", words[1].strip() if len(words) > 1 else ""


def _unknown(name: str, argument: str) -> CommandError:
    whole = f"{name} {argument}".strip()
    if near := nearest_command(name):
        example = f"{near.name} {argument}".strip() if len(argument) <= 500 else near.name
        hint = f"Did you mean {typed_command(example)}?"
    else:
        watch = f"To watch for it: {typed_command('watch ' + whole)}; all" if _is_query(whole) else "All"
        hint = f"{watch} commands: {typed_command('help')}."
    return CommandError(f"There is no command {quoted(name, 40)}.", hint=hint)


def _is_query(text: str) -> bool:
    try:
        Query.parse(text)
    except QueryError:
        return False
    return True
