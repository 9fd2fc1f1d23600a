"""Our own file of a channel: its settings and watches.

JSON: ``{"format": "paperroute channel", "version": 1, "schedule": "daily 09:00 weekdays Europe/Berlin", "layout":
"thread", "top": "mon 09:00 Europe/Berlin", "sort": "hot", "similar": true, "watches": ["RLHF", "min:20 agents", …]}``,
with each watch as its maker typed it. There is no "top" where there is no weekly one ("off" ends one), no "sort" where
the order is the usual one, and no "similar" where digests propose nothing (false ends it).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from bot.channel_schedule import Schedule
from bot.commands.complaint import complaint
from bot.commands.saying import quoted
from bot.commands.top_schedule import parse_top, top_text
from bot.commands.watch_files.wanted import Wanted, refuse_many
from bot.errors import CommandError
from bot.models import Channel, Layout, Sort, Watch
from bot.wording import listed

FORMAT = "paperroute channel"
VERSION = 1
_KEYS = ("format", "version", "schedule", "layout", "top", "sort", "similar", "watches")


def write_settings(channel: Channel, watches: Sequence[Watch]) -> str:
    """The file of a channel."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "schedule": channel.schedule,
        "layout": str(channel.layout),
        **({"top": top_text(channel)} if channel.top_schedule else {}),
        **({} if channel.sort is Sort.NEW else {"sort": str(channel.sort)}),
        **({"similar": True} if channel.similar else {}),
        "watches": [made.typed for made in watches],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def read_settings(text: str) -> Wanted:
    """What such a file asks for. Raises CommandError when it is no JSON or has too many watches."""
    content = _object(text)
    wanted = Wanted()
    wanted.mistakes.extend(_header_mistakes(content))
    if "schedule" in content:
        _read_schedule(wanted, content["schedule"])
    if "layout" in content:
        _read_layout(wanted, content["layout"])
    if "top" in content:
        _read_top(wanted, content["top"])
    if "sort" in content:
        _read_sort(wanted, content["sort"])
    if "similar" in content:
        _read_similar(wanted, content["similar"])
    watches = content.get("watches", [])
    if not isinstance(watches, list):
        wanted.mistakes.append("`watches` must be a list of queries.")
        return wanted
    refuse_many(len(watches))
    for place, typed in enumerate(watches, 1):
        if isinstance(typed, str):
            wanted.query(f"Watch {place}", " ".join(typed.split()))
        else:
            wanted.mistakes.append(f"Watch {place} must be a query in quotation marks.")
    return wanted


def _object(text: str) -> dict[str, object]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"The JSON cannot be read: {error.msg} in line {error.lineno}.") from None
    except (ValueError, RecursionError):
        # Numbers of thousands of digits, brackets nested thousands deep.
        raise CommandError("The JSON cannot be read: it is no export of a channel.") from None
    if not isinstance(content, dict):
        raise CommandError("The JSON cannot be read: it is no export of a channel.")
    return content


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


def _read_schedule(wanted: Wanted, typed: object) -> None:
    if not isinstance(typed, str):
        wanted.mistakes.append("`schedule` must be text, as in `daily 09:00 weekdays Europe/Berlin`.")
        return
    try:
        wanted.schedule = Schedule.parse(typed, "UTC")
    except CommandError as error:
        wanted.mistakes.append(f"`schedule`: {complaint(error)}")


def _read_top(wanted: Wanted, typed: object) -> None:
    if not isinstance(typed, str):
        wanted.mistakes.append("`top` must be text, as in `mon 09:00 Europe/Berlin`.")
        return
    try:
        wanted.top = (parse_top(typed, "UTC"),)
    except CommandError as error:
        wanted.mistakes.append(f"`top`: {error.message}")


def _read_sort(wanted: Wanted, typed: object) -> None:
    if typed not in list(Sort):
        wanted.mistakes.append(f"`sort` must be {listed([f'`{sort}`' for sort in Sort], 'or')}.")
        return
    wanted.sort = Sort(str(typed))


def _read_similar(wanted: Wanted, typed: object) -> None:
    if not isinstance(typed, bool):
        wanted.mistakes.append("`similar` must be `true` or `false`.")
        return
    wanted.similar = typed


def _read_layout(wanted: Wanted, typed: object) -> None:
    if typed not in list(Layout):
        wanted.mistakes.append(f"`layout` must be {listed([f'`{layout}`' for layout in Layout], 'or')}.")
        return
    wanted.layout = Layout(str(typed))
