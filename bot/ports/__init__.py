"""What the core asks of the outside world, as Protocols over the vocabulary of ``bot.models``.

Every moment passed in or out is aware and in UTC. Each method names the errors it raises; anything else is a defect.
Nothing here may rely on there being one process: a server database fulfils the same Protocols.
"""

from __future__ import annotations

from bot.ports.accounts import InstallationStore, LinkStore, NoteStore
from bot.ports.archive import CursorStore, ImportStore, PaperStore, SignalStore
from bot.ports.chat import Chat, Handler
from bot.ports.clock import Clock
from bot.ports.keeping import KeepingStore
from bot.ports.meter import Meter
from bot.ports.plotter import Plotter
from bot.ports.posts import PostStore
from bot.ports.restoring import ReadsBack, RestoreStore
from bot.ports.saves import FollowStore, SaveStore, TopStore
from bot.ports.similar import SimilarPapers, TermIndex, Terms
from bot.ports.sources import PaperSource, SignalSource
from bot.ports.store import Store
from bot.ports.watches import WatchStore

__all__ = [
    "Chat",
    "Clock",
    "CursorStore",
    "FollowStore",
    "Handler",
    "ImportStore",
    "InstallationStore",
    "KeepingStore",
    "LinkStore",
    "Meter",
    "NoteStore",
    "PaperSource",
    "PaperStore",
    "Plotter",
    "PostStore",
    "ReadsBack",
    "RestoreStore",
    "SaveStore",
    "SignalSource",
    "SignalStore",
    "SimilarPapers",
    "Store",
    "TermIndex",
    "Terms",
    "TopStore",
    "WatchStore",
]
