"""Lists of papers as files: what `saved`, `top` and `export` have in common.

A file has at most 5,000 papers, and as many as fit into 8 MB, which every platform takes (Discord takes the least, 10
MiB: https://docs.discord.com/developers/reference#uploading-files); the reply says when it is the latest ones only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.conversation import File, Reply
from bot.errors import QueryError
from bot.formats import Format, find_format
from bot.formats.daily import ROWS, Part, Section, daily_page
from bot.models import Paper, Watch
from bot.ports import PaperStore
from bot.query import Query
from bot.thinking import think
from bot.wording import count

MOST_IN_A_FILE = 5000
MOST_BYTES = 8_000_000


def take_format(text: str, default: Format | None = None) -> tuple[list[str], Format | None]:
    """The words without those that name a format, and the last such format, or ``default`` without any."""
    words = text.split()
    forms = [form for word in words if (form := find_format(word))]
    return [word for word in words if not find_format(word)], forms[-1] if forms else default


async def as_file(
    papers: Sequence[Paper], form: Format, name: str, whose: str, *, most_bytes: int = MOST_BYTES
) -> Reply:
    """A file of the papers, the first ones where there are too many; ``whose`` follows "papers"."""
    if not papers:
        return Reply(f"There are no papers {whose} yet.")

    def write(most: int) -> str:
        return form.write(papers[:most])

    content, kept = await _fitting(write, min(len(papers), MOST_IN_A_FILE), most_bytes)
    latest = "the latest " if len(papers) > kept else ""
    file = File(f"{name}.{form.ending}", form.media_type, content)
    return Reply(f"{form.title} of {latest}{count(kept, 'paper')} {whose}.", files=(file,))


async def page_of(
    store: PaperStore, watches: Sequence[Watch], now: datetime, zone: str, *, most_bytes: int = MOST_BYTES
) -> Reply:
    """The page of daily papers of a channel's watches. Raises StoreError."""
    sections = await sections_of(store, watches)

    def write(rows: int) -> str:
        return daily_page([Part("", [Section(each.query, each.papers[:rows]) for each in sections])], now, zone)

    content, rows = await _fitting(write, ROWS, most_bytes)
    return Reply(
        f"A page of {count(len(watches), 'watch', 'watches')}, with the latest {rows} papers of each at most.",
        files=(File("daily-papers.md", "text/markdown", content),),
    )


async def sections_of(store: PaperStore, watches: Sequence[Watch]) -> list[Section]:
    """A section of the page for each watch. Raises StoreError."""
    return [Section(each.typed, await papers_of(store, each, ROWS)) for each in watches]


async def papers_of(store: PaperStore, watch: Watch, limit: int) -> list[Paper]:
    """The archive's papers that a watch matches, newest first. Raises StoreError."""
    try:
        query = Query.parse(watch.query)
    except QueryError:
        # Watched under an earlier version's rules and not readable under these: it matches nothing any more.
        return []
    return await store.search(query, limit=limit)


async def _fitting(write: Callable[[int], str], most: int, most_bytes: int) -> tuple[bytes, int]:
    """What ``write`` makes of as many as fit into ``most_bytes``, at most ``most``; and how many these are."""
    while True:
        content = (await think(write, most)).encode("utf-8", "replace")
        if len(content) <= most_bytes or most <= 1:
            return content, most
        # A little less than the share that would fit: papers differ in length.
        most = max(1, min(most - 1, most * most_bytes * 19 // (len(content) * 20)))
