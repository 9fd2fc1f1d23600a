"""Short texts that adapters want to know again: a part of the store."""

from __future__ import annotations

from storage.sqlite import state
from storage.sqlite.database import Database

_PREFIX = "note "


class Notes:
    """Fulfils ``bot.ports.NoteStore``."""

    _database: Database

    async def note(self, name: str) -> str | None:
        return await self._database.read(lambda db: state.get(db, _PREFIX + name))

    async def put_note(self, name: str, text: str) -> None:
        await self._database.write(lambda db: state.put(db, _PREFIX + name, text))
