"""Everything that is kept, in one place."""

from __future__ import annotations

from typing import Protocol

from bot.mailing import MailStore, SubscriptionStore
from bot.ports.accounts import InstallationStore, LinkStore, NoteStore
from bot.ports.archive import CursorStore, ImportStore, PaperStore, SignalStore
from bot.ports.keeping import KeepingStore
from bot.ports.posts import PostStore
from bot.ports.restoring import RestoreStore
from bot.ports.saves import FollowStore, SaveStore, TopStore
from bot.ports.watches import WatchStore


class Store(
    PaperStore,
    ImportStore,
    WatchStore,
    PostStore,
    RestoreStore,
    TopStore,
    SaveStore,
    SignalStore,
    LinkStore,
    FollowStore,
    SubscriptionStore,
    MailStore,
    CursorStore,
    KeepingStore,
    InstallationStore,
    NoteStore,
    Protocol,
):
    """Everything that is kept."""

    async def close(self) -> None: ...
