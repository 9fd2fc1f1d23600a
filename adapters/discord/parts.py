"""What the parts of the Discord adapter share while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import discord

from adapters.discord.answering import Answering
from bot.background import Work
from bot.models import MemberRef
from bot.ports import Clock, Handler, Meter


@dataclass(frozen=True, slots=True)
class Parts:
    """Made by ``DiscordChat.start``. ``client`` gives the present client: a deaf one is replaced.

    ``completing``: members for whom something is being looked up while they type.
    """

    client: Callable[[], discord.AutoShardedClient]
    handler: Handler
    clock: Clock
    work: Work
    meter: Meter
    answering: Answering
    completing: set[MemberRef] = field(default_factory=set)
