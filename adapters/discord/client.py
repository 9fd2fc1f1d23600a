"""The client: what it asks Discord for, and where its events go.

Least is asked for: the intents for guilds and reactions, no members, no messages kept. Everything that is done on
account of an event is done beside the gateway's own work, by a task with an owner.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import discord
import yarl

from adapters.discord import catching_up, changes, interactions, reactions
from adapters.discord.answering import ACKNOWLEDGED
from adapters.discord.buttons import CommandItem, PaperItem
from adapters.discord.errors import TROUBLE
from adapters.discord.identity import PLATFORM
from adapters.discord.messages import CommandButton, PaperButton
from adapters.discord.once import trace
from adapters.discord.options import fingerprint, payload
from adapters.discord.pacing import Pace
from adapters.discord.parts import Parts
from adapters.discord.quiet import quieten
from adapters.discord.settings import DiscordSettings
from adapters.discord.unreadable import leave_unreadable
from bot.ports import Clock, NoteStore
from bot.proxies import proxy_for

logger = logging.getLogger(__name__)

INTENTS = discord.Intents(guilds=True, guild_reactions=True)
"""None of them is privileged."""

_LONGEST_WAIT = 60.0
_IDENTIFY = 5.0
_COMMANDS_NOTE = "discord.commands"


def nobody_waits() -> None:
    """Nothing is to be done when the servers are known."""


class PaperrouteClient(discord.AutoShardedClient):
    """A client for one connection's life. ``parts`` is set before it connects, unless it only posts.

    ``loaded`` is called when all is there that Discord tells of its servers, also when it tells that anew.
    """

    def __init__(
        self,
        settings: DiscordSettings,
        notes: NoteStore | None,
        clock: Clock,
        pace: Pace,
        *,
        guild_patience: float,
        loaded: Callable[[], None] = nobody_waits,
    ) -> None:
        quieten()
        super().__init__(
            guild_ready_timeout=guild_patience,
            intents=INTENTS,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=_LONGEST_WAIT,
            proxy=proxy_for(settings.api_url),
            http_trace=trace(),
        )
        self.parts: Parts | None = None
        self._notes = notes
        self._clock = clock
        self._loaded = loaded
        discord.http.Route.BASE = settings.api_url
        self._gateway_url = settings.gateway_url
        self._bend_requests(pace)
        leave_unreadable(self)

    def _bend_requests(self, pace: Pace) -> None:
        """Keep the pace, and to the gateway that is meant: discord.py goes to its own after a lost session."""
        ask, gateway = self.http.request, self.http.get_bot_gateway

        async def paced(route: discord.http.Route, **more: Any) -> Any:
            await pace.turn()
            try:
                return await ask(route, **more)
            except RuntimeError as error:
                if not self.is_closed():
                    raise
                # What aiohttp says of a session that is closed. Another client took the place of this one meanwhile.
                raise ConnectionError("this client has hung up") from error

        async def remembered() -> Any:
            shards, url, limit = await gateway()
            url = self._gateway_url or url
            discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
            return shards, url, limit

        self.http.request = paced  # type: ignore[method-assign]
        self.http.get_bot_gateway = remembered  # type: ignore[method-assign]

    async def before_identify_hook(self, _: int | None, /, *, initial: bool = False) -> None:
        """Discord lets one shard in five seconds identify itself."""
        if not initial:
            await self._clock.sleep(_IDENTIFY)

    async def setup_hook(self) -> None:
        """Before the gateway: buttons of any age are heard, commands are made known where they changed."""
        self.add_dynamic_items(PaperItem, CommandItem)
        if self.parts is None or self._notes is None:
            return
        commands = payload()
        known = f"{self.application_id} {fingerprint(commands)}"
        if await self._notes.note(_COMMANDS_NOTE) != known:
            await self.http.bulk_upsert_global_commands(self.application_id or 0, commands)
            await self._notes.put_note(_COMMANDS_NOTE, known)
            logger.info("Discord was told of the commands.")

    async def pressed(self, interaction: discord.Interaction[Any], button: PaperButton | CommandButton) -> None:
        """See ``adapters.discord.buttons.Presses``."""
        self._time(interaction, self._clock.now())
        self._begin("A button", lambda parts: interactions.pressed(parts, interaction, button), urgent=True)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        self._time(interaction, self._clock.now())
        self._begin("An interaction", lambda parts: interactions.heard(parts, interaction), urgent=True)

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        self._begin("A reaction", lambda parts: reactions.reacted(parts, event, added=True))

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        self._begin("A reaction taken back", lambda parts: reactions.reacted(parts, event, added=False))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self._begin("A server joined", lambda parts: changes.guild_joined(parts, guild))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        # At the start this comes for every server, before all of them are compared.
        if self.is_ready():
            self._begin("A server back", lambda parts: changes.compare(parts, guild))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self._begin("A server left", lambda parts: changes.guild_removed(parts, guild.id))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self._begin("A channel deleted", lambda parts: changes.channel_deleted(parts, channel.guild.id, channel.id))

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        self._begin("A thread deleted", lambda parts: changes.channel_deleted(parts, event.guild_id, event.thread_id))

    async def on_guild_channel_update(self, _: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        self._begin("A channel changed", lambda parts: changes.compare(parts, after.guild))

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        if (before.locked, before.name) != (after.locked, after.name):
            self._begin("A thread changed", lambda parts: changes.compare(parts, after.guild))

    async def on_thread_join(self, thread: discord.Thread) -> None:
        # Also one that was archived and has been opened again.
        self._begin("A thread opened", lambda parts: changes.compare(parts, thread.guild))

    async def on_guild_role_update(self, _: discord.Role, after: discord.Role) -> None:
        self._begin("A role changed", lambda parts: changes.compare(parts, after.guild))

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        self._begin("A role deleted", lambda parts: changes.compare(parts, role.guild))

    async def on_member_update(self, _: discord.Member, after: discord.Member) -> None:
        # Without the intent for members it is the bot itself of whom Discord tells: it was given a role, or lost one.
        self._begin("The bot's roles changed", lambda parts: changes.compare(parts, after.guild))

    async def on_ready(self) -> None:
        self._reconcile()

    async def on_shard_ready(self, _: int) -> None:
        # At the start, and for the only shard whenever, `on_ready` comes as well.
        if self.is_ready() and len(self.shards) > 1:
            self._reconcile()

    async def on_shard_resumed(self, _: int) -> None:
        # A resume brings what was missed; only what Discord had forgotten by then is not among it.
        logger.debug("A shard was resumed.")

    async def on_error(self, event_method: str, /, *_: Any, **__: Any) -> None:
        # discord.py calls this while the exception is being handled.
        logger.error("%s met a defect.", event_method, exc_info=sys.exc_info())

    def _reconcile(self) -> None:
        self._loaded()
        self._begin("Comparing channels", changes.compare)
        self._begin("Reading reactions that came meanwhile", catching_up.catch_up)

    def _time(self, interaction: discord.Interaction[Any], arrived: datetime) -> None:
        """Let the acknowledgement be counted; of a button both its events come here, and the first one counts."""
        if (parts := self.parts) is not None:
            meter, clock = parts.meter, self._clock
            interaction.extras.setdefault(
                ACKNOWLEDGED, lambda: meter.acknowledged(PLATFORM, (clock.now() - arrived).total_seconds())
            )

    def _begin(self, what: str, work: Callable[[Parts], Coroutine[Any, Any, None]], *, urgent: bool = False) -> None:
        if self.parts is not None:
            self.parts.work.start(what, _forgiving(what, work, self.parts), urgent=urgent)


async def _forgiving(what: str, work: Callable[[Parts], Coroutine[Any, Any, None]], parts: Parts) -> None:
    """Do ``work``; where Discord cannot be reached for it, a sentence in the log is enough."""
    try:
        await work(parts)
    except TROUBLE as error:
        logger.warning("%s could not be seen to: Discord is in trouble (%s).", what, type(error).__name__)
