"""What the parts of the Discord adapter share while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import discord

from bot.background import Work
from bot.ports import Clock, Handler, Meter


@dataclass(frozen=True, slots=True)
class Parts:
    """Made by ``DiscordChat.start``. ``client`` gives the present client: a deaf one is replaced."""

    client: Callable[[], discord.AutoShardedClient]
    handler: Handler
    clock: Clock
    work: Work
    meter: Meter
