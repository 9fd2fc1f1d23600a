"""`import`: watches and settings from a file or from lines (``bot.commands.watch_files`` says of which kinds).

A file is checked whole before anything is changed, every mistake is reported, the first ten in full, and what it makes
is made in one transaction. It adds watches, lets those that are there wait for as many upvotes as it says, and sets
schedule, layout, weekly top, order and whether digests propose similar papers; it removes nothing, and doing it twice
changes nothing. `import preview` says what would be made and changes nothing.

``compared``, ``previewed`` and ``taken_in`` do the same for the command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.context import Context
from bot.commands.minimum import Wish
from bot.commands.saying import command, lines, quoted, sentences, tidy
from bot.commands.similar import similar_line
from bot.commands.trending import need_signals
from bot.commands.watch_files import Wanted, decoded, read
from bot.commands.watching import MOST_WATCHES
from bot.conversation import FileWay, Reply
from bot.errors import CommandError
from bot.models import Channel, ChannelRef, ChannelSettings, Layout, MemberRef, Sort, TimedSetting
from bot.ports import Store
from bot.thinking import think
from bot.wording import count, listed

MOST_BYTES = 100_000
PREVIEW = "preview"
IN_PARTS = "Import it in parts, or ask whoever runs paperroute for `paperroute import FILE`."
"""The way for what is too large: the same on every platform, since a file may be no larger than what is typed."""

_MOST_SHOWN = 10
_MOST_NEW = 25
_FILE_NAME = re.compile(r"\S+\.(json|txt|csv|md|opml|xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Import:
    """What a file would change in ``channel``, which is as it is now, or as it would be made.

    ``new`` watches are made, ``changed`` ones get other upvotes; ``known``: what the file asks for and is there
    already. With ``mistakes`` nothing is done.
    """

    channel: Channel
    new: tuple[Wish, ...]
    changed: tuple[Wish, ...]
    known: tuple[str, ...]
    schedule: Schedule | None
    layout: Layout | None
    top: tuple[Schedule | None] | None
    sort: Sort | None
    similar: bool | None
    mistakes: tuple[str, ...]
    notes: tuple[str, ...]


async def import_(context: Context) -> Reply:
    """Take a channel's settings and watches in. Raises CommandError, which lists every mistake, and StoreError."""
    preview, typed = _taken_preview(context.text)
    wanted = await think(lambda: read(_content(context, typed)))
    if wanted.sort is Sort.HOT or any(wish.upvotes for wish in wanted.wishes.values()):
        need_signals(context, hint="Take `min:` and the order `hot` out of what is imported.")
    asked = await compared(context.store, await context.channel() or context.new_channel(), wanted)
    if preview:
        return Reply(previewed(asked), error=bool(asked.mistakes))
    said = await taken_in(context.store, asked, context.command.member, context.now, context.wake)
    return Reply(lines(said, _remarks(asked)), public=True)


async def compared(store: Store, channel: Channel, wanted: Wanted) -> Import:
    """What a file asks for beside what is there. Raises StoreError."""
    there = {made.query: made.upvotes for made in await store.watches(channel.ref)}
    new = tuple(wish for canonical, wish in wanted.wishes.items() if canonical not in there)
    present = [(wish, there[canonical]) for canonical, wish in wanted.wishes.items() if canonical in there]
    changed = tuple(wish for wish, upvotes in present if wish.upvotes != upvotes)
    known = tuple(wish.typed for wish, upvotes in present if wish.upvotes == upvotes)
    mistakes = list(wanted.mistakes)
    if len(there) + len(new) > MOST_WATCHES:
        mistakes.append(
            f"{count(len(new), 'new watch', 'new watches')} and the {len(there)} of this channel are more than the "
            f"{MOST_WATCHES} there can be."
        )
    schedule = wanted.schedule if wanted.schedule and wanted.schedule.canonical != channel.schedule else None
    layout = wanted.layout if wanted.layout is not channel.layout else None
    top = wanted.top if wanted.top and _canonical(wanted.top[0]) != channel.top_schedule else None
    sort = wanted.sort if wanted.sort is not channel.sort else None
    similar = wanted.similar if wanted.similar is not channel.similar else None
    return Import(
        channel, new, changed, known, schedule, layout, top, sort, similar, tuple(mistakes), tuple(wanted.notes)
    )


def _remarks(asked: Import) -> str:
    """For everybody the notes are counted only."""
    if not asked.notes:
        return ""
    them = "it" if len(asked.notes) == 1 else "them"
    remarks = count(len(asked.notes), "remark")
    return f"{remarks} on what was left out or differs: {command('import preview')} shows {them}."


def noted(asked: Import) -> str:
    """The notes, a line each, those after the tenth counted; empty without any."""
    return _report("", asked.notes)


def previewed(asked: Import) -> str:
    """What would be made, in lines."""
    new = len(asked.new)
    changed = _first(tuple(wish.typed for wish in asked.changed))
    altered = lines(
        f"{_watches(len(asked.changed))} would change: {changed}." if changed else "",
        f"Papers would come {asked.schedule.explain()}." if asked.schedule else "",
        f"The layout would be {asked.layout}." if asked.layout else "",
        _top_line(asked.top, "The week's top would come", "The weekly top would end."),
        f"The order would be {asked.sort}." if asked.sort else "",
        _similar_line(asked, "would end", "would no longer end"),
    )
    whole = "What is right in it" if asked.mistakes else "Importing this"
    if new:
        effect = f"{whole} would make {_watches(new)}:"
    elif altered:
        effect = f"{whole} would make no watch."
    else:
        effect = "" if asked.mistakes else f"{whole} would change nothing."
    known = len(asked.known)
    return lines(
        _report("Nothing would be imported:", asked.mistakes) if asked.mistakes else "Nothing was changed.",
        effect,
        *(quoted(wish.typed) for wish in asked.new[:_MOST_NEW]),
        f"… and {new - _MOST_NEW:,} more." if new > _MOST_NEW else "",
        altered,
        f"{_watches(known)} {'is' if known == 1 else 'are'} there already: {_first(asked.known)}." if known else "",
        noted(asked),
    )


async def taken_in(store: Store, asked: Import, by: MemberRef, now: datetime, wake: Callable[[], None]) -> str:
    """Do it and say what was done. Raises CommandError, which lists every mistake, and StoreError."""
    if asked.mistakes:
        raise CommandError(_report("Nothing was imported:", asked.mistakes))
    made, changed = await store.take_in(
        asked.channel,
        [(wish.query, wish.typed, wish.upvotes) for wish in (*asked.new, *asked.changed)],
        ChannelSettings(
            schedule=_timed(asked.schedule, now) if asked.schedule else None,
            layout=asked.layout,
            top=_timed(asked.top[0], now) if asked.top else None,
            sort=asked.sort,
            similar=asked.similar,
        ),
        by,
        now,
        most=MOST_WATCHES,
    )
    await _post_at_once(store, asked.channel.ref, now, wake)
    there = len(asked.known) + len(asked.new) + len(asked.changed) - made - changed
    settings = sentences(
        [
            f"Papers now come {asked.schedule.explain()}." if asked.schedule else "",
            f"The layout is now {asked.layout}." if asked.layout else "",
            _top_line(asked.top, "The week's top now comes", "There is no weekly top any more."),
            f"The order is now {asked.sort}." if asked.sort else "",
            _similar_line(asked, "now end", "no longer end"),
        ]
    )
    done = _done(made, changed, there)
    if not made and not changed and not settings:
        return f"Nothing changed: {done}." if done else "Nothing changed."
    return sentences([f"{done}." if done else "", settings])


def _done(made: int, changed: int, there: int) -> str:
    """``2 watches made, 1 changed, 3 were there already``, without what is none; the first says of what it speaks."""
    parts = ((made, "made"), (changed, "changed"), (there, "was there already" if there == 1 else "were there already"))
    said = [(many, does) for many, does in parts if many]
    return ", ".join(
        f"{many:,} {does}" if place else f"{_watches(many)} {does}" for place, (many, does) in enumerate(said)
    )


def _watches(many: int) -> str:
    return count(many, "watch", "watches")


def _canonical(schedule: Schedule | None) -> str:
    return schedule.canonical if schedule else ""


def _timed(schedule: Schedule | None, now: datetime) -> TimedSetting:
    return TimedSetting(_canonical(schedule), schedule.next_after(now) if schedule else None)


def _top_line(top: tuple[Schedule | None] | None, comes: str, ends: str) -> str:
    if top is None:
        return ""
    return f"{comes} {top[0].explain()}." if top[0] else ends


def _similar_line(asked: Import, ends: str, ended: str) -> str:
    if asked.similar is None:
        return ""
    return similar_line(asked.similar, asked.layout or asked.channel.layout, ends if asked.similar else ended)


async def _post_at_once(store: Store, ref: ChannelRef, now: datetime, wake: Callable[[], None]) -> None:
    """An instant channel gets the latest announcement's matches now."""
    channel = await store.channel(ref)
    if channel is None or channel.paused or Schedule.from_canonical(channel.schedule).kind is not ScheduleKind.INSTANT:
        return
    if (await store.channel_status(ref)).waiting:
        await store.set_due(ref, now)
        wake()


def _taken_preview(text: str) -> tuple[bool, str]:
    first, *rest = text.split(None, 1) or [""]
    return (True, "".join(rest)) if first.casefold() == PREVIEW else (False, text)


def _content(context: Context, typed: str) -> str:
    files, way = context.command.files, context.command.file_way
    if len(files) > 1:
        raise CommandError(f"{count(len(files), 'file')} came with the command; one can be imported at a time.")
    content = files[0].content if files else typed.encode("utf-8", "surrogatepass")
    if len(content) > MOST_BYTES:
        raise CommandError(
            f"That is {count(len(content), 'byte')}; at most {MOST_BYTES:,} can be imported.", hint=IN_PARTS
        )
    text = decoded(content)
    bare = text.strip()
    if not files and _FILE_NAME.fullmatch(bare):
        raise CommandError(f"No file {quoted(bare)} came with the command.", hint=_how_to_bring(way))
    if not bare:
        raise CommandError("There is nothing to import.", hint=_how_to_import(way))
    return text


def _how_to_bring(way: FileWay) -> str:
    match way:
        case FileWay.ATTACHED:
            return "Attach it, or paste what is in it."
        case FileWay.NAMED:
            return "Name a file that is there."
        case FileWay.NONE:
            return "No command takes a file along here: paste what is in it."


def _how_to_import(way: FileWay) -> str:
    given = command("export")
    match way:
        case FileWay.ATTACHED:
            return f"Type queries after it, one a line, or paste or attach what {given} gave."
        case FileWay.NAMED:
            return f"Name a file of queries, one a line, or one that {given} gave, as in `import watches.json`."
        case FileWay.NONE:
            return f"Type queries after it, one a line, or paste what {given} gave."


def _first(typed: tuple[str, ...]) -> str:
    shown = [quoted(each, 60) for each in typed[:_MOST_SHOWN]]
    rest = len(typed) - len(shown)
    return listed([*shown, *([f"{rest:,} more"] if rest else [])])


def _report(heading: str, found: tuple[str, ...]) -> str:
    """Mistakes or notes, a line each, those after the tenth counted."""
    rest = len(found) - _MOST_SHOWN
    more = f"… and {count(rest, 'more mistake' if heading else 'more')}." if rest > 0 else ""
    return lines(heading, *(tidy(each, 400) for each in found[:_MOST_SHOWN]), more)
