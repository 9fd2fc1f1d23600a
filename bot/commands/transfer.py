"""`export` and `import`: a channel's watches and settings as a file.

The file is JSON: ``{"format": "paperroute channel", "version": 1, "schedule": "daily 09:00 weekdays Europe/Berlin",
"layout": "thread", "similar": false, "watches": ["RLHF", …]}``, with each watch as its maker typed it. `import` takes
that, attached or pasted, or plain text with a query a line (empty lines and lines beginning with "# " are skipped).

An import is checked whole before anything is changed, and every mistake is reported, the first ten in full. It adds
watches and sets schedule, layout and similar; it removes nothing, and doing it twice changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.complaint import complaint
from bot.commands.context import Context
from bot.commands.saying import command, lines, quoted, sentences, tidy
from bot.commands.similar import set_similar
from bot.commands.watching import MOST_WATCHES
from bot.conversation import File, Reply
from bot.errors import CommandError, QueryError
from bot.models import Channel, Layout
from bot.query import Query
from bot.wording import count, listed

FORMAT = "paperroute channel"
VERSION = 1
MOST_BYTES = 100_000
_MOST_MISTAKES = 10
_KEYS = ("format", "version", "schedule", "layout", "similar", "watches")
_FILE_NAME = re.compile(r"\S+\.(json|txt|csv|md)", re.IGNORECASE)


@dataclass(slots=True)
class _Wanted:
    """What an import asks for, and what is wrong with it."""

    schedule: Schedule | None = None
    layout: Layout | None = None
    similar: bool | None = None
    queries: dict[str, tuple[Query, str]] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def query(self, place: str, typed: str) -> None:
        try:
            query = Query.parse(typed)
        except QueryError as error:
            self.mistakes.append(f"{place}, {quoted(typed, 60)}: {complaint(error)}")
        else:
            self.queries.setdefault(query.canonical, (query, typed))


async def export(context: Context) -> Reply:
    """The channel as a file. Raises StoreError."""
    channel = await context.channel() or context.new_channel()
    watches = await context.store.watches(channel.ref)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "schedule": channel.schedule,
        "layout": str(channel.layout),
        "similar": channel.similar,
        "watches": [made.typed for made in watches],
    }
    text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    file = File("paperroute-channel.json", "application/json", text.encode("utf-8", "replace"))
    return Reply(
        f"This channel's settings and {count(len(watches), 'watch', 'watches')}; {command('import')} reads them back.",
        files=(file,),
    )


async def import_(context: Context) -> Reply:
    """Take a channel's settings and watches in. Raises CommandError, which lists every mistake, and StoreError."""
    wanted = _read(_content(context))
    known = {made.query for made in await context.store.watches(context.command.channel)}
    new = [pair for canonical, pair in wanted.queries.items() if canonical not in known]
    if len(known) + len(new) > MOST_WATCHES:
        wanted.mistakes.append(
            f"{count(len(new), 'new watch', 'new watches')} and the {len(known)} of this channel are more than the "
            f"{MOST_WATCHES} there can be."
        )
    if wanted.mistakes:
        raise CommandError(_report(wanted.mistakes))
    channel = await context.open_channel()
    said = [
        await _set_schedule(context, channel, wanted.schedule),
        await _set_layout(context, channel, wanted.layout),
        await _set_similar(context, channel, wanted.similar),
    ]
    made = 0
    for query, typed in new:
        added = await context.store.add_watch(
            channel.ref, query, typed, context.command.member, context.now, most=MOST_WATCHES
        )
        made += added is not None
    await _post_at_once(context)
    there = len(wanted.queries) - made
    known_already = f", {there:,} {'was' if there == 1 else 'were'} there already" if there else ""
    return Reply(sentences([f"{count(made, 'watch', 'watches')} made{known_already}.", *said]), public=True)


async def _set_schedule(context: Context, channel: Channel, schedule: Schedule | None) -> str:
    if schedule is None or schedule.canonical == channel.schedule:
        return ""
    due = schedule.next_after(context.now)
    await context.store.set_schedule(channel.ref, schedule.canonical, due, context.command.member, context.now)
    return f"Papers now come {schedule.explain()}."


async def _set_layout(context: Context, channel: Channel, layout: Layout | None) -> str:
    if layout is None or layout is channel.layout:
        return ""
    await context.store.set_layout(channel.ref, layout, context.command.member, context.now)
    return f"The layout is now {layout}."


async def _set_similar(context: Context, channel: Channel, on: bool | None) -> str:
    return "" if on is None or on is channel.similar else await set_similar(context, channel, on)


async def _post_at_once(context: Context) -> None:
    """An instant channel gets the latest announcement's matches now."""
    channel = await context.channel()
    if channel is None or channel.paused or Schedule.from_canonical(channel.schedule).kind is not ScheduleKind.INSTANT:
        return
    if (await context.store.channel_status(channel.ref)).waiting:
        await context.store.set_due(channel.ref, context.now)
        context.wake()


def _content(context: Context) -> str:
    files = context.command.files
    if len(files) > 1:
        raise CommandError(f"{count(len(files), 'file')} came with the command; one can be imported at a time.")
    content = files[0].content if files else context.text.encode("utf-8", "surrogatepass")
    if len(content) > MOST_BYTES:
        raise CommandError(f"That is {count(len(content), 'byte')}; at most {MOST_BYTES:,} can be imported.")
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise CommandError("That is not text in UTF-8.", hint=f"{command('export')} shows what is expected.") from None
    if not files and _FILE_NAME.fullmatch(text):
        raise CommandError(f"No file {quoted(text)} came with the command.", hint="Attach it, or paste what is in it.")
    if not text:
        raise CommandError("There is nothing to import.", hint=f"Attach a file that {command('export')} gave.")
    return text


def _read(text: str) -> _Wanted:
    pasted = text.strip("`").strip()
    return _read_json(pasted) if pasted.startswith("{") else _read_lines(pasted)


def _read_lines(text: str) -> _Wanted:
    numbered = [
        (place, " ".join(line.split()))
        for place, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.startswith("# ")
    ]
    _refuse_many(len(numbered))
    wanted = _Wanted()
    for place, typed in numbered:
        wanted.query(f"Line {place}", typed)
    return wanted


def _read_json(text: str) -> _Wanted:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"The JSON cannot be read: {error.msg} in line {error.lineno}.") from None
    except (ValueError, RecursionError):
        # Numbers of thousands of digits, brackets nested thousands deep.
        raise CommandError("The JSON cannot be read: it is no export of a channel.") from None
    wanted = _Wanted()
    wanted.mistakes.extend(_header_mistakes(content))
    if "schedule" in content:
        _read_schedule(wanted, content["schedule"])
    if "layout" in content:
        _read_layout(wanted, content["layout"])
    if "similar" in content:
        _read_similar(wanted, content["similar"])
    watches = content.get("watches", [])
    if not isinstance(watches, list):
        wanted.mistakes.append("`watches` must be a list of queries.")
        return wanted
    _refuse_many(len(watches))
    for place, typed in enumerate(watches, 1):
        if isinstance(typed, str):
            wanted.query(f"Watch {place}", " ".join(typed.split()))
        else:
            wanted.mistakes.append(f"Watch {place} must be a query in quotation marks.")
    return wanted


def _header_mistakes(content: dict[str, object]) -> Iterator[str]:
    if content.get("format") != FORMAT:
        yield f'`format` must be `"{FORMAT}"`.'
    version = content.get("version")
    if type(version) is not int or version < 1:
        yield f"`version` must be {VERSION}."
    elif version > VERSION:
        yield "The file was written by a later version of paperroute; update this one to import it."
    unknown = [key for key in content if key not in _KEYS]
    if unknown:
        yield f"{quoted(unknown[0], 40)} means nothing here; the names are {', '.join(f'`{key}`' for key in _KEYS)}."


def _read_schedule(wanted: _Wanted, typed: object) -> None:
    if not isinstance(typed, str):
        wanted.mistakes.append("`schedule` must be text, as in `daily 09:00 weekdays Europe/Berlin`.")
        return
    try:
        wanted.schedule = Schedule.parse(typed, "UTC")
    except CommandError as error:
        wanted.mistakes.append(f"`schedule`: {complaint(error)}")


def _read_layout(wanted: _Wanted, typed: object) -> None:
    if typed not in list(Layout):
        wanted.mistakes.append(f"`layout` must be {listed([f'`{layout}`' for layout in Layout], 'or')}.")
        return
    wanted.layout = Layout(str(typed))


def _read_similar(wanted: _Wanted, typed: object) -> None:
    if not isinstance(typed, bool):
        wanted.mistakes.append("`similar` must be `true` or `false`.")
        return
    wanted.similar = typed


def _refuse_many(queries: int) -> None:
    if queries > MOST_WATCHES:
        raise CommandError(f"That is {queries:,} queries; a channel can have {MOST_WATCHES} watches.")


def _report(mistakes: list[str]) -> str:
    rest = len(mistakes) - _MOST_MISTAKES
    more = f"… and {count(rest, 'more mistake')}." if rest > 0 else ""
    return lines("Nothing was imported:", *(tidy(mistake, 400) for mistake in mistakes[:_MOST_MISTAKES]), more)
