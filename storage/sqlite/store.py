"""``SqliteStore``: everything that is kept, in one file."""

from __future__ import annotations

from pathlib import Path

import sqlite_utils

from storage.sqlite import full_text, migrations
from storage.sqlite.backlog import Backlogs
from storage.sqlite.bringing import Bringing
from storage.sqlite.channels import Channels
from storage.sqlite.commits import LONGEST
from storage.sqlite.cursors import Cursors
from storage.sqlite.database import Database
from storage.sqlite.digesting import Digesting
from storage.sqlite.fanning import FanOuts
from storage.sqlite.figures import FiguresOfChannels
from storage.sqlite.following import Following
from storage.sqlite.history import History
from storage.sqlite.importing import Imports
from storage.sqlite.installations import Installations
from storage.sqlite.keeping import Keeping
from storage.sqlite.linking import Links
from storage.sqlite.moving import Moving
from storage.sqlite.notes import Notes
from storage.sqlite.outbox import Outbox
from storage.sqlite.papers import Papers
from storage.sqlite.relating import Relating
from storage.sqlite.restoring import Restoring
from storage.sqlite.rewording import reword
from storage.sqlite.saves import Saves
from storage.sqlite.signals import Signals
from storage.sqlite.subscriptions import Subscriptions
from storage.sqlite.tallies import Tallies
from storage.sqlite.tops import Tops
from storage.sqlite.watches import Watches


class SqliteStore(
    Papers,
    Channels,
    Moving,
    Watches,
    Tallies,
    Outbox,
    Digesting,
    Restoring,
    Backlogs,
    Bringing,
    Tops,
    History,
    Saves,
    Signals,
    Links,
    Following,
    Subscriptions,
    Relating,
    FiguresOfChannels,
    Cursors,
    FanOuts,
    Keeping,
    Imports,
    Installations,
    Notes,
):
    """``bot.ports.Store`` in a SQLite file. Made by ``open``; every method raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    async def open(cls, path: Path, *, read_only: bool = False, longest: float = LONGEST) -> SqliteStore:
        """Open the store, made or upgraded where need be, for this process alone.

        ``read_only``: beside the process that owns it; nothing is made, upgraded or written, and methods that would
        write raise. ``longest``: writes that come together share a transaction until it has taken so many seconds.
        Raises StoreBusyError, StoreNewerError, StoreError.
        """

        def inspect(db: sqlite_utils.Database) -> None:
            migrations.inspect(db, path, current=read_only)

        def prepare(db: sqlite_utils.Database) -> None:
            migrations.upgrade(db)
            reword(db)
            full_text.settle(db)

        return cls(await Database.open(path, inspect, prepare, read_only=read_only, longest=longest))

    async def close(self) -> None:
        """Finish what was begun, write everything into the one file and let go of it. Closing twice is fine."""
        await self._database.close()
