"""`paperroute import` of files that make watches: our own export, OPML, keyword lists.

Without a channel named it is the one that there is, or the console's where there is none yet. A dry run reads beside
the process that serves the store; an import needs the store to itself.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from adapters.console import CHANNEL
from bot.app.known_channels import channel_hint, channel_path, channels_in_use, named_channel
from bot.app.reports import open_read_only
from bot.app.terminal import user_name
from bot.app.whole_file import read_beginning
from bot.commands.context import new_channel
from bot.commands.importing import compared, noted, previewed, taken_in
from bot.commands.saying import lines, quoted
from bot.commands.watch_files import Wanted, decoded, read
from bot.config import Config
from bot.errors import CommandError, ConfigError, StoreBusyError
from bot.models import Channel, MemberRef
from bot.ports import Store
from storage.sqlite import SqliteStore

MOST_BYTES = 10_000_000


def import_watches(config: Config, path: Path, channel: str, *, dry_run: bool) -> int:
    """Returns the exit status. Raises CommandError, ConfigError, StoreError."""
    return asyncio.run(_import(config, _wanted(path), channel, dry_run=dry_run))


def _wanted(path: Path) -> Wanted:
    content = read_beginning(path, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise CommandError(f"The file {quoted(str(path), 200)} is larger than {MOST_BYTES:,} bytes.")
    text = decoded(content)
    if not text.strip():
        raise CommandError(f"There is nothing in the file {quoted(str(path), 200)}.")
    return read(text)


async def _import(config: Config, wanted: Wanted, typed: str, *, dry_run: bool) -> int:
    now = datetime.now(UTC)
    store = await open_read_only(config) if dry_run else await _open_alone(config)
    try:
        channel = await _channel(store, typed, config.timezone, now)
        asked = await compared(store, channel, wanted)
        if dry_run:
            said = previewed(asked)
        else:
            said = lines(await taken_in(store, asked, _member(channel), now, lambda: None), noted(asked))
    finally:
        await store.close()
    sys.stdout.write(f"{channel_path(channel.ref)}: {said}\n")
    return 1 if asked.mistakes else 0


async def _open_alone(config: Config) -> SqliteStore:
    try:
        return await SqliteStore.open(config.database)
    except StoreBusyError as error:
        hint = "Stop it first, or type `/papers import` in the channel; --dry-run works meanwhile."
        raise StoreBusyError(error.message, path=error.path, hint=hint) from None


async def _channel(store: Store, typed: str, zone: str, now: datetime) -> Channel:
    if typed and typed != channel_path(CHANNEL):
        return await named_channel(store, typed)
    known = [] if typed else await channels_in_use(store)
    if len(known) > 1:
        raise ConfigError([f"--channel must say where the watches are to be. {await channel_hint(store)}"])
    return known[0] if known else await store.channel(CHANNEL) or new_channel(CHANNEL, CHANNEL.channel, zone, now)


def _member(channel: Channel) -> MemberRef:
    """Whoever runs the program; on the console that is a member, elsewhere nobody of the workspace."""
    name = user_name()
    member = name if channel.ref.platform == CHANNEL.platform else "command line"
    return MemberRef(channel.ref.platform, channel.ref.workspace, member, name)
