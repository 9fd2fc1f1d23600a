"""What platforms hand to the core: commands, save reactions, buttons and changes of channels (``bot.ports.Handler``).

Reactions save: one of the workspace's save set, on a card or a post of one paper, that paper; a keycap the paper that
it stands for (``bot.reactions``). On a post of several papers one of the save set brings a hint, to that member only
and once for each post. A reaction taken back takes the save back. Other reactions mean nothing here.

An event or a command that a platform delivers again changes nothing.

Buttons act once as well: Save on a saved paper says so. Nothing here raises; mistakes come back as a Reply.

A member may cost so much and no more (``bot.member_limits``); saving by a reaction or a button is always possible.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from datetime import datetime

from bot.commands import Commands
from bot.commands.choosing import find_paper
from bot.commands.complaint import answered, complaint
from bot.commands.home import overview
from bot.commands.router import is_costly
from bot.commands.saying import command, sentences, shown, titled
from bot.commands.searching import paper_reply
from bot.commands.settings import paused_by_member
from bot.commands.suggestion import THRESHOLD, suggestion
from bot.conversation import (
    Button,
    ButtonKind,
    ChannelChange,
    ChannelChangeKind,
    Command,
    Home,
    Reaction,
    RecentPost,
    Reply,
    WorkspaceChange,
)
from bot.errors import CommandError, PaperrouteError
from bot.mailing import end_mirrors
from bot.member_limits import MemberLimits
from bot.models import Channel, ChannelRef, Entry, MemberRef, Paper, Post
from bot.paper_id import parse_paper_id
from bot.ports import Clock, PaperSource, Store
from bot.precedence import next_round
from bot.reactions import KEYCAPS, SAVE_SET, same_as
from bot.read_back import ReadBack
from bot.wording import count

_log = logging.getLogger(__name__)


class Inbox:
    """Fulfils ``bot.ports.Handler``. ``wake`` tells the delivery that something may be due now. ``limits``: without
    them, those that hold for everybody."""

    def __init__(
        self,
        commands: Commands,
        store: Store,
        source: PaperSource,
        clock: Clock,
        *,
        wake: Callable[[], None],
        limits: MemberLimits | None = None,
    ) -> None:
        self._commands = commands
        self._store = store
        self._source = source
        self._clock = clock
        self._wake = wake
        self._limits = limits or MemberLimits(clock)
        self._read_back = ReadBack(store, clock)
        self._one_a_round = asyncio.Lock()

    def admit(self, member: MemberRef) -> Reply | None:
        """Count something that a member begins; a Reply where it is too much."""
        try:
            self._limits.admit(member)
        except CommandError as error:
            return Reply(complaint(error), error=True)
        return None

    async def command(self, command: Command) -> Reply:
        """Carry out a command, once; its repetition is answered with an empty Reply."""
        return await answered(self._command(command))

    async def reaction(self, reaction: Reaction) -> Reply | None:
        """Save, or take the save back; None when there is nothing to say."""
        reply = await answered(self._reaction(reaction))
        return reply if reply.text else None

    async def button(self, button: Button) -> Reply:
        """Answer a pressed button, to that member only."""
        return await answered(self._button(button))

    async def channel_changed(self, change: ChannelChange) -> None:
        """Follow a channel's change; one that paperroute does not know is none of its business."""
        try:
            await self._channel_changed(change)
        except PaperrouteError as error:
            _log.warning("a channel's change (%s) could not be kept: %s", change.kind, error)
        except Exception:  # noqa: BLE001 - the platform's listener must live on
            _log.exception("a channel's change (%s) met a defect", change.kind)

    async def workspace_changed(self, change: WorkspaceChange) -> None:
        """Pause or resume the channels of a workspace; a member's pause stays."""
        try:
            kind = ChannelChangeKind.LOST if change.reason else ChannelChangeKind.REGAINED
            for channel in await self._store.channels(change.platform, change.workspace):
                await self._channel_changed(ChannelChange(kind, channel.ref, reason=change.reason))
        except PaperrouteError as error:
            _log.warning("a workspace's change could not be kept: %s", error)
        except Exception:  # noqa: BLE001 - the platform's listener must live on
            _log.exception("a workspace's change met a defect")

    async def home(self, member: MemberRef, visible: Collection[ChannelRef]) -> Home:
        """The workspace's channels with watches that are in ``visible``, and the member's saves."""
        try:
            return await overview(self._store, member, visible, self._clock.now())
        except PaperrouteError as error:
            _log.warning("a home could not be shown: %s", error)
        except Exception:  # noqa: BLE001 - the platform's listener must live on
            _log.exception("a home met a defect")
        return Home((), ())

    async def channels(self, platform: str, workspace: str | None = None) -> AsyncIterator[list[Channel]]:
        """The channels in use of the platform, or of one workspace, in blocks."""
        try:
            async for block in self._store.all_channels(platform, workspace):
                yield block
        except PaperrouteError as error:
            _log.warning("channels could not be read: %s", error)
        except Exception:  # noqa: BLE001 - the platform's listener must live on
            _log.exception("reading channels met a defect")

    async def recent_posts(self, platform: str, now: datetime) -> AsyncIterator[list[RecentPost]]:
        """The posts with papers of the two weeks before all was read or heard last, in blocks of channels."""
        try:
            async for block in self._store.recent_posts(platform, await self._read_back.begin(platform, now)):
                yield block
        except PaperrouteError as error:
            _log.warning("recent posts could not be read: %s", error)
        except Exception:  # noqa: BLE001 - the platform's listener must live on
            _log.exception("reading recent posts met a defect")

    async def reactions_read(self, platform: str, begun: datetime) -> None:
        """Remember up to when reactions are known."""
        try:
            await self._read_back.end(platform, begun)
        except PaperrouteError as error:
            _log.warning("that reactions were read back could not be kept: %s", error)
        except Exception:  # noqa: BLE001 - the platform's listener must live on
            _log.exception("having read reactions back met a defect")

    async def _command(self, command: Command) -> Reply:
        if not command.admitted:
            self._limits.admit(command.member)
        if not is_costly(command.text):
            return await self._once(command)
        async with self._limits.turn(command.member):
            return await self._once(command)

    async def _once(self, command: Command) -> Reply:
        if command.event and not await self._first_time("command", command.member, command.event):
            return _NOTHING
        # Writes that came together end together: a hundred commands that went on at once would hold the event loop.
        await next_round(self._one_a_round)
        return await self._commands.run(command)

    async def _reaction(self, reaction: Reaction) -> Reply:
        if not reaction.seen:
            await self._read_back.heard(reaction.message.channel.platform)
        name = reaction.name.casefold()
        saves = name in KEYCAPS or same_as(name) in await self._save_set(reaction.member)
        if not saves:
            return _NOTHING
        if reaction.event and not await self._first_time("event", reaction.member, reaction.event):
            return _NOTHING
        post = await self._store.post_of(reaction.message)
        if post is None or not post.entries:
            return _NOTHING
        entry = _meant(post, name)
        if entry is None:
            # On a card the number of another paper is a slip, and asking "which of 1?" would be silly.
            wanted = reaction.added and not reaction.seen and len(post.entries) > 1
            return await self._hint(reaction, post) if wanted else _NOTHING
        if reaction.added:
            await self._store.save(reaction.member, post.channel, entry.paper.id, reaction.at or self._clock.now())
        else:
            await self._store.unsave(reaction.member, entry.paper.id, reaction.at or self._clock.now())
        return _NOTHING

    async def _save_set(self, member: MemberRef) -> set[str]:
        """What the names of the workspace's save set mean."""
        chosen = await self._store.save_reactions(member.platform, member.workspace)
        return {same_as(name) for name in (SAVE_SET if chosen is None else chosen)}

    async def _hint(self, reaction: Reaction, post: Post) -> Reply:
        if not await self._first_time("hint", reaction.member, reaction.member.member, post.key):
            return _NOTHING
        numbers = [entry.number for entry in post.entries]
        return Reply(
            f"Which of the {len(numbers)} papers? React with its number, "
            f"or type {command(f'save {min(numbers)}')} for the first one."
        )

    async def _first_time(self, what: str, member: MemberRef, *names: str) -> bool:
        """Whether this happens for the first time; event ids are unique within their workspace only."""
        event = json.dumps([what, member.platform, member.workspace, *names])
        return await self._store.first_time(event, self._clock.now())

    async def _button(self, button: Button) -> Reply:
        if button.kind is ButtonKind.SAVE:
            return await self._pressed(button)
        self._limits.admit(button.member)
        async with self._limits.turn(button.member):
            return await self._pressed(button)

    async def _pressed(self, button: Button) -> Reply:
        paper = await find_paper(self._store, self._source, parse_paper_id(button.paper)[0])
        if button.kind is ButtonKind.ABSTRACT:
            return await paper_reply(self._store, paper)
        await self._commands.open_channel(button.channel, button.member)
        if button.kind is ButtonKind.SAVE:
            return await self._save(button, paper)
        dismissed = await self._store.dismiss(button.channel, button.member, paper.id, self._clock.now())
        proposed = dismissed >= THRESHOLD and await suggestion(self._store, button.channel, self._clock.now())
        return Reply(
            sentences(
                [
                    f"Noted: {titled(paper.title, 80)} is not for this channel.",
                    f"It has turned down {count(dismissed, 'paper')} so far.",
                    f"{command('status')} proposes a word to exclude." if proposed else "",
                ]
            )
        )

    async def _save(self, button: Button, paper: Paper) -> Reply:
        fresh = await self._store.save(button.member, button.channel, paper.id, self._clock.now())
        said = f"Saved {titled(paper.title, 80)}." if fresh else f"You had saved {titled(paper.title, 80)} already."
        return Reply(f"{said} To take it back: {command('unsave ' + paper.id)}.")

    async def _channel_changed(self, change: ChannelChange) -> None:
        channel = await self._store.channel(change.channel)
        if channel is None:
            return
        match change.kind:
            case ChannelChangeKind.RENAMED:
                await self._store.open_channel(replace(channel, name=shown(change.name, 100)))
            case ChannelChangeKind.MOVED:
                if change.to is not None:
                    await self._store.move_channel(change.channel, change.to, self._clock.now())
            case ChannelChangeKind.LOST:
                await self._pause(channel, change.reason or "this channel cannot be posted to at present")
                await self._hold_mirrors(channel, held=True)
            case ChannelChangeKind.ENDED:
                if await self._store.end_subscription(change.channel, None, self._clock.now()):
                    return
                await self._pause(channel, change.reason or "this channel was deleted")
                await end_mirrors(self._store, channel.ref, self._clock.now())
            case _:  # regained
                await self._hold_mirrors(channel, held=False)
                if channel.paused and not paused_by_member(channel):
                    await self._store.set_paused(channel.ref, "", None, self._clock.now())
                    self._wake()

    async def _hold_mirrors(self, channel: Channel, *, held: bool) -> None:
        """Hold back what a channel is mailed to while it is lost, and nothing else that is paused."""
        for mirror in await self._store.mirrors(channel.ref):
            if mirror.channel.paused == ("" if held else _SOURCE_LOST):
                await self._store.set_paused(mirror.channel.ref, _SOURCE_LOST if held else "", None, self._clock.now())

    async def _pause(self, channel: Channel, reason: str) -> None:
        """A member's pause stays: it must not end by itself when the channel comes back."""
        if not paused_by_member(channel):
            await self._store.set_paused(channel.ref, shown(reason, 300), None, self._clock.now())


def _meant(post: Post, name: str) -> Entry | None:
    """The entry that a reaction means.

    A keycap means the paper of its number; where the message has none such, as further parts of a digest have, the
    paper in that place of the message. Any other reaction means the only paper.
    """
    number = KEYCAPS.get(name)
    if number is None:
        return post.entries[0] if len(post.entries) == 1 else None
    if found := next((entry for entry in post.entries if entry.number == number), None):
        return found
    several = len(post.entries) > 1 or post.parts > 1
    return post.entries[number - 1] if several and number <= len(post.entries) else None


_NOTHING = Reply("")
_SOURCE_LOST = "the channel that it is a copy of cannot be posted to at present"
