"""`export`: a channel's settings, or any list of papers, as a file.

Without words, or as `export settings`, it is the file that `import` reads back. Else a word says which papers: the
number of a watch, `watches`, `channel` (what was posted here), `saved …` or `top …` with what these commands take; and
one the format, else it is Markdown. The Markdown of watches is a page of daily papers (``bot.formats.daily``).
"""

from __future__ import annotations

from dataclasses import replace

from bot.commands.context import Context
from bot.commands.library import saved, top
from bot.commands.listing import MOST_IN_A_FILE, as_file, page_of, papers_of, take_format
from bot.commands.saying import command, quoted
from bot.commands.watch_files import write_settings
from bot.commands.watching import are_numbers, by_number
from bot.conversation import File, Reply
from bot.errors import CommandError
from bot.formats import FORMATS, Format, find_format
from bot.formats.daily import ROWS
from bot.models import Watch
from bot.wording import count, listed

_MARKDOWN = FORMATS["markdown"]


async def export(context: Context) -> Reply:
    """The file. Raises CommandError, StoreError."""
    context = _format_last(context)
    what, _, rest = context.text.partition(" ")
    match what.casefold():
        case "" | "settings":
            return await _settings(context, rest)
        case "saved":
            return await saved(replace(context, text=rest.strip()), _MARKDOWN)
        case "top":
            return await top(replace(context, text=rest.strip()), _MARKDOWN)
    words, form = take_format(context.text)
    match [word.casefold() for word in words]:
        case ["channel" | "here"]:
            papers = await context.store.posted(context.command.channel, limit=MOST_IN_A_FILE + 1)
            return await as_file(papers, form or _MARKDOWN, "channel", "posted in this channel")
        case ["watches"]:
            return await _watches(context, await _known(context), form or _MARKDOWN)
        case [number] if are_numbers([number]):
            (chosen,) = by_number([number], await _known(context))
            return await _watch(context, chosen, form or _MARKDOWN)
        case ["channel" | "here" | "watches" as known, *_] if len(words) == 2:
            raise _no_format(known, words[1])
        case [number, _] if are_numbers([number]):
            raise _no_format(number, words[1])
    raise _unknown(" ".join(words))


def _format_last(context: Context) -> Context:
    """The same with a format that was typed first behind the rest: `bibtex saved` is `saved bibtex`."""
    words = context.words
    if len(words) > 1 and find_format(words[0]):
        return replace(context, text=" ".join([*words[1:], words[0]]))
    return context


async def _settings(context: Context, rest: str) -> Reply:
    words, form = take_format(rest, FORMATS["json"])
    if words or form is not FORMATS["json"]:
        raise CommandError("Settings come as JSON alone.", hint=f"Type {command('export')}.")
    channel = await context.channel() or context.new_channel()
    watches = await context.store.watches(channel.ref)
    content = write_settings(channel, watches).encode("utf-8", "replace")
    return Reply(
        f"This channel's settings and {count(len(watches), 'watch', 'watches')}; {command('import')} reads them back.",
        files=(File("paperroute-channel.json", "application/json", content),),
    )


async def _known(context: Context) -> list[Watch]:
    known = await context.store.watches(context.command.channel)
    if not known:
        raise CommandError("Nothing is watched in this channel yet.", hint=f"For example: {command('watch RLHF')}.")
    return known


async def _watches(context: Context, known: list[Watch], form: Format) -> Reply:
    if form is _MARKDOWN:
        return await page_of(context.store, known, context.now, await context.zone())
    found = {paper.id: paper for each in known for paper in await papers_of(context.store, each, ROWS)}
    papers = sorted(found.values(), key=lambda paper: (paper.published, paper.id), reverse=True)
    return await as_file(papers, form, "watches", f"that this channel's watches match, {ROWS} of each at most")


async def _watch(context: Context, chosen: Watch, form: Format) -> Reply:
    if form is _MARKDOWN:
        return await page_of(context.store, [chosen], context.now, await context.zone())
    papers = await papers_of(context.store, chosen, MOST_IN_A_FILE + 1)
    return await as_file(papers, form, "watch", f"that {quoted(chosen.typed)} matches")


def _no_format(what: str, typed: str) -> CommandError:
    ways = listed([command(f"export {what} {name}") for name in FORMATS], "or")
    return CommandError(f"{quoted(typed)} is no format.", hint=f"Type {ways}.")


def _unknown(typed: str) -> CommandError:
    ways = [command(f"export {what}") for what in ("2 bibtex", "watches", "channel csv", "saved ris", "top month json")]
    said = f"{quoted(typed)} is nothing that can be exported." if typed else "That does not say which papers."
    return CommandError(said, hint=f"Type {command('export')} for the settings, or {listed(ways, 'or')}.")
