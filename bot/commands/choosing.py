"""Which papers a member means: numbers of the channel's latest post, arXiv ids, links.

A word of one to four digits is a number (`2`, `#2`, `+2`); everything else must be an id or a link. A paper that the
archive does not have is asked of arXiv and kept.
"""

from __future__ import annotations

import re

from bot.commands.context import Context
from bot.commands.saying import command, quoted
from bot.errors import CommandError
from bot.models import Entry, Paper
from bot.paper_id import parse_paper_id
from bot.ports import PaperSource, Store
from bot.wording import count

MOST_PAPERS = 20
MOST_ASKED = 3
"""arXiv wants 3 seconds between requests, and nobody should wait longer than that for a reply."""

_NUMBER = re.compile(r"[#+]?([0-9]{1,4})")
_ENTRIES = 1000


async def choose(context: Context, words: list[str], name: str) -> list[Paper]:
    """The papers that the words mean, each once, in that order; ``name`` is the command's.

    No word means the one paper of a latest post that has no more. All or none: raises CommandError for the first word
    that means no paper, SourceError, StoreError.
    """
    typed = [word for part in words for word in part.split(",") if word]
    if len(typed) > MOST_PAPERS:
        raise CommandError(f"That is {count(len(typed), 'paper')}; at most {MOST_PAPERS} can be named at once.")
    entries: list[Entry] = []
    if not typed or any(_NUMBER.fullmatch(word) for word in typed):
        entries = await context.store.latest_entries(context.command.channel, _ENTRIES)
    if not typed:
        return [_only(entries, name)]
    ids = {word: parse_paper_id(word)[0] for word in typed if not _NUMBER.fullmatch(word)}
    chosen: dict[str, Paper] = {}
    asked = 0
    for word in typed:
        if number := _NUMBER.fullmatch(word):
            paper = _numbered(entries, int(number[1]), name)
        elif stored := await context.store.paper(ids[word]):
            paper = stored
        else:
            asked += 1
            if asked > MOST_ASKED:
                raise CommandError(
                    f"More than {MOST_ASKED} of these papers are not in the archive yet.",
                    hint="Name fewer at once, since arXiv is to be asked slowly.",
                )
            paper = await find_paper(context.store, context.source, ids[word])
        chosen[paper.id] = paper
    return list(chosen.values())


async def find_paper(store: Store, source: PaperSource, paper_id: str) -> Paper:
    """The paper of an id without version, from the archive, else from arXiv, which puts it into the archive.

    Raises CommandError when arXiv has none, SourceError, StoreError.
    """
    if stored := await store.paper(paper_id):
        return stored
    found = await source.paper(paper_id)
    if found is None:
        raise CommandError(f"arXiv has no paper {quoted(paper_id)}.", hint="Check the number.")
    await store.add_papers([found])
    return found


def _only(entries: list[Entry], name: str) -> Paper:
    if len(entries) == 1:
        return entries[0].paper
    example = f"For example: {command(name + ' 2')} for paper 2 of the latest post, or {command(name + ' 1706.03762')}."
    raise CommandError("Which paper?", hint=example)


def _numbered(entries: list[Entry], number: int, name: str) -> Paper:
    for entry in entries:
        if entry.number == number:
            return entry.paper
    by_id = f"Papers can also be named by their id: {command(name + ' 1706.03762')}."
    if not entries:
        raise CommandError(
            f"No post with numbers stands in this channel yet, so there is no paper {number}.", hint=by_id
        )
    first, last = min(entry.number for entry in entries), max(entry.number for entry in entries)
    numbers = f"only {first}" if first == last else f"{first} to {last}"
    raise CommandError(f"The latest post has no paper {number}; it has {numbers}.", hint=by_id)
