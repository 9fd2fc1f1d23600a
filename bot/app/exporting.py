"""`paperroute export`: lists of papers and settings from the store to a file, also while another process serves it.

Several channels come as a part each where the format has parts, as Markdown does; elsewhere as one list, a paper once.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from bot.app.known_channels import channel_path, channels_in_use, named_channel
from bot.app.reports import open_read_only
from bot.app.whole_file import whole_file
from bot.channel_schedule import Schedule
from bot.commands.complaint import complaint
from bot.commands.library import PERIODS
from bot.commands.listing import papers_of, sections_of
from bot.commands.saying import quoted
from bot.commands.watch_files import write_settings
from bot.commands.watching import are_numbers, by_number
from bot.config import Config
from bot.errors import CommandError, ConfigError
from bot.formats import FORMATS, find_format
from bot.formats.daily import ROWS, Part, daily_head, daily_part
from bot.formats.markdown import escaped
from bot.logs import set_up_logging
from bot.models import Channel, Paper
from bot.ports import Store

ALL = "all"
MOST_PAPERS = 10_000
"""The most papers of a list; of a longer one the latest, or the first, are given."""

Source = Callable[[Channel], Awaitable[list[Paper]]]
"""Which papers a channel has in a list."""

_WAYS = "a watch's number, watches, channel, saved, top, top month, top all or settings"


@dataclass(frozen=True, slots=True)
class Export:
    """The words of the command line. ``channel`` is its path, or "all"; ``output`` None is standard output."""

    channel: str
    what: str
    form: str
    output: Path | None


def export(config: Config, asked: Export) -> int:
    """Returns the exit status. Raises ConfigError for words that cannot be used, StoreError."""
    set_up_logging(config.log, default_level=logging.WARNING, secrets=config.secrets)
    try:
        with nullcontext(sys.stdout.buffer) if asked.output is None else whole_file(asked.output) as file:
            asyncio.run(write_export(config, asked, file))
    except CommandError as error:
        sys.stderr.write(f"paperroute: {complaint(error)}\n")
        return 1
    return 0


async def write_export(config: Config, asked: Export, file: BinaryIO) -> None:
    """Write what is asked for to an open file, a channel's part after the other's.

    Raises CommandError, ConfigError, StoreError, and OSError from ``file``.
    """
    store = await open_read_only(config)
    try:
        every = asked.channel == ALL
        channels = await channels_in_use(store) if every else [await named_channel(store, asked.channel)]
        exporter = _Exporter(store, channels, datetime.now(UTC), config.timezone)
        async for piece in exporter.pieces(asked.what, asked.form):
            file.write(piece.encode("utf-8", "replace"))
        file.flush()
    finally:
        await store.close()


@dataclass(frozen=True, slots=True)
class _Exporter:
    store: Store
    channels: Sequence[Channel]
    now: datetime
    zone: str

    def pieces(self, what: str, form: str) -> AsyncIterator[str]:
        match what.casefold().split():
            case ["settings"]:
                return self._settings()
            case ["watches"] if form == "markdown":
                return self._page()
            case ["top", *period] if len(period) < 2 and set(period) <= set(PERIODS):
                return self._top(form, *period)
            case words:
                return self._lists(form, words, what)

    async def _source(self, words: list[str], what: str) -> Source:
        match words:
            case ["watches"]:
                return self._watched
            case ["channel"]:
                return lambda each: self.store.posted(each.ref, limit=MOST_PAPERS)
            case ["saved"]:
                return self._saved
            case [number] if are_numbers([number]):
                channel = self._only("a watch's number")
                (watch,) = by_number([number], await self.store.watches(channel.ref))
                return lambda _: papers_of(self.store, watch, MOST_PAPERS)
        raise ConfigError([f"--what must be {_WAYS}, not {quoted(what, 40)}."])

    def _only(self, what: str) -> Channel:
        if len(self.channels) == 1:
            return self.channels[0]
        raise ConfigError([f"--channel must name one channel for {what}."])

    async def _settings(self) -> AsyncIterator[str]:
        channel = self._only("settings")
        yield write_settings(channel, await self.store.watches(channel.ref))

    async def _page(self) -> AsyncIterator[str]:
        alone = len(self.channels) == 1
        yield daily_head(self.now, Schedule.from_canonical(self.channels[0].schedule).zone if alone else self.zone)
        for each in self.channels:
            sections = await sections_of(self.store, await self.store.watches(each.ref))
            yield daily_part(Part("" if alone else _title(each), sections))

    async def _watched(self, channel: Channel) -> list[Paper]:
        watches = await self.store.watches(channel.ref)
        return [paper for each in watches for paper in await papers_of(self.store, each, ROWS)]

    async def _saved(self, channel: Channel) -> list[Paper]:
        return [save.paper for save in await self.store.saved_in(channel.ref, limit=MOST_PAPERS)]

    async def _top(self, form: str, period: str = "week") -> AsyncIterator[str]:
        _, length = PERIODS[period]
        since = self.now - length if length else None

        async def ranked(channel: Channel) -> list[Paper]:
            found = await self.store.top(channel.ref.platform, channel.ref.workspace, since=since, limit=MOST_PAPERS)
            return [each.paper for each in found]

        # A top list is of a workspace, whichever of its channels is named.
        once = {(each.ref.platform, each.ref.workspace): each for each in reversed(self.channels)}
        async for piece in self._written(form, ranked, list(reversed(once.values()))):
            yield piece

    async def _lists(self, form: str, words: list[str], what: str) -> AsyncIterator[str]:
        async for piece in self._written(form, await self._source(words, what), self.channels):
            yield piece

    async def _written(self, name: str, papers: Source, channels: Sequence[Channel]) -> AsyncIterator[str]:
        form = find_format(name) or FORMATS["markdown"]
        if len(channels) > 1 and form is FORMATS["markdown"]:
            for each in channels:
                listed = form.write(await papers(each)).rstrip() or "No papers yet."
                yield f"## {escaped(_title(each))}\n\n{listed}\n\n"
            return
        found: dict[str, Paper] = {}
        for each in channels:
            for paper in await papers(each):
                found.setdefault(paper.id, paper)
        yield form.write(found.values())


def _title(channel: Channel) -> str:
    return f"{channel.name} ({channel_path(channel.ref)})".lstrip()
