"""`/papers …`, buttons and completion: from Discord's interactions to the core and back."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from functools import partial
from typing import Any

import discord

from adapters.discord import attachments, completing
from adapters.discord.answering import Interaction
from adapters.discord.buttons import is_known
from adapters.discord.data import read
from adapters.discord.messages import CommandButton, Message, PaperButton
from adapters.discord.options import DOCTOR, GROUP, NAME, option_of, text_of
from adapters.discord.parts import Parts
from adapters.discord.permissions import blocking, for_looking_up, missing, remedy
from adapters.discord.places import caller, permissions_in, watched
from adapters.discord.replies import abstract, render
from bot.commands.complaint import answered
from bot.commands.router import split
from bot.commands.saying import lines
from bot.commands.table import find_command
from bot.conversation import Button, ButtonKind, ChannelChange, ChannelChangeKind, Command, Home, Reply
from bot.models import ChannelRef, MemberRef

logger = logging.getLogger(__name__)

_ATTACHMENT = discord.AppCommandOptionType.attachment.value
_PUBLIC = frozenset(
    {
        "watch",
        "unwatch",
        "schedule",
        "layout",
        "sort",
        "digest",
        "pause",
        "resume",
        "import",
        "reactions",
        "unlink",
        "access",
    }
)
_NEW_WATCHES = frozenset({"watch", "import"})
# A server's own emoji, as its members' clients write it.
_EMOJI = re.compile(r"<a?:(\w{1,32}):\d{1,20}>")
_LISTS = frozenset({"list", "search", "saved", "top", "trending", "preview", "help", "status"})
_EMPTY = Home((), ())
_UNKNOWN = Reply("This button is not known to this version.", error=True)


async def heard(parts: Parts, interaction: Interaction) -> None:
    """Answer an interaction; those of known buttons come by ``pressed``. Raises what discord.py raises."""
    if interaction.guild_id is None or interaction.channel_id is None:
        return
    data = read(interaction.data)
    match interaction.type:
        case discord.InteractionType.application_command:
            await _command(parts, interaction, data)
        case discord.InteractionType.autocomplete:
            await parts.answering.offer(interaction, partial(_completions, parts, interaction, data))
        case discord.InteractionType.component:
            if not is_known(str(data.get("custom_id", ""))):
                await parts.answering.say(interaction, _UNKNOWN)


async def pressed(parts: Parts, interaction: Interaction, button: PaperButton | CommandButton) -> None:
    """Answer a pressed button. Raises what discord.py raises."""
    if interaction.guild_id is None:
        # No message of ours outside of a server has buttons.
        return
    channel = _channel(parts, interaction)
    if isinstance(button, CommandButton):
        info = find_command(split(button.command)[0])
        if info is None or info.name not in _LISTS:
            await parts.answering.say(interaction, _UNKNOWN)
            return
        command = Command(channel, caller(interaction), button.command)
        await parts.answering.answer(interaction, partial(_private, parts, command), public=False)
        return
    if button.kind not in set(ButtonKind):
        await parts.answering.say(interaction, _UNKNOWN)
        return
    asked = Button(ButtonKind(button.kind), button.paper, channel, caller(interaction))
    shown = _abstract if asked.kind is ButtonKind.ABSTRACT else render
    await parts.answering.answer(interaction, partial(parts.handler.button, asked), public=False, shown=shown)


def _abstract(reply: Reply) -> list[Message]:
    return (
        [abstract(reply.papers[0].paper, reply.papers[0].signal)] if reply.papers and not reply.error else render(reply)
    )


async def _private(parts: Parts, command: Command) -> Reply:
    return replace(await parts.handler.command(command), public=False)


async def _command(parts: Parts, interaction: Interaction, data: dict[str, Any]) -> None:
    name, options = _subcommand(data)
    if data.get("name") != NAME or not name:
        await parts.answering.say(interaction, Reply("This command is not known to this version.", error=True))
        return
    refused = parts.handler.admit(caller(interaction))
    if refused is not None:
        await parts.answering.say(interaction, refused)
        return
    if name == DOCTOR:
        await parts.answering.say(interaction, _examined(parts, interaction))
        return
    await parts.answering.answer(
        interaction,
        lambda: answered(_carried_out(parts, interaction, name, options, data)),
        public=name in _PUBLIC,
    )


async def _carried_out(
    parts: Parts, interaction: Interaction, name: str, options: list[dict[str, Any]], data: dict[str, Any]
) -> Reply:
    values, mentions = _values(interaction, name, options, data)
    given = [str(each["value"]) for each in options if each.get("type") == _ATTACHMENT]
    channel = _channel(parts, interaction)
    command = Command(
        channel=channel,
        member=caller(interaction),
        text=text_of(name, values),
        channel_name=_channel_name(parts, interaction, channel),
        mentions=mentions,
        files=await attachments.files(interaction, data, given, parts.clock),
        event=f"interaction {interaction.id}",
        administers=interaction.permissions.manage_guild,
        manages=interaction.permissions.manage_channels,
        roles=tuple(str(role.id) for role in getattr(interaction.user, "roles", ())),
        admitted=True,
    )
    reply = await parts.handler.command(command)
    return await _with_remedy(parts, interaction, name, channel, reply)


async def _with_remedy(parts: Parts, interaction: Interaction, name: str, channel: ChannelRef, reply: Reply) -> Reply:
    """The reply, and where the bot cannot post what it promises, what to do about that."""
    if not reply.public or reply.error:
        return reply
    allowed = _allowed(parts, interaction, channel)
    needed = blocking(allowed, thread=isinstance(interaction.channel, discord.Thread))
    if not needed:
        await parts.handler.channel_changed(ChannelChange(ChannelChangeKind.REGAINED, channel))
        return _warned(name, reply, allowed)
    reason = f"The bot may not post in this channel. {remedy(needed)}"
    await parts.handler.channel_changed(ChannelChange(ChannelChangeKind.LOST, channel, reason=reason))
    return replace(reply, footer=lines(reply.footer, f"{reason} What matches meanwhile is kept."))


def _warned(name: str, reply: Reply, allowed: discord.Permissions) -> Reply:
    """The reply to a new watch, and what would hold up its posts one day."""
    if name not in _NEW_WATCHES or not (lacking := for_looking_up(allowed)):
        return reply
    warning = "Should an answer of Discord be lost, the bot cannot see whether its post arrived, and waits."
    return replace(reply, footer=lines(reply.footer, f"{warning} {remedy(lacking)}"))


def _allowed(parts: Parts, interaction: Interaction, channel: ChannelRef) -> discord.Permissions:
    """What the bot may do in the channel that is meant, which for a thread of its own is another one."""
    found = permissions_in(parts.client(), int(channel.channel))
    # Without any permission it is false.
    return interaction.app_permissions if found is None else found


def _examined(parts: Parts, interaction: Interaction) -> Reply:
    """`/papers doctor`: what the bot may do in this channel."""
    channel = _channel(parts, interaction)
    allowed = _allowed(parts, interaction, channel)
    lacking = missing(allowed)
    if not lacking:
        return Reply("All is well: the bot may do everything that it needs in this channel.")
    named = [f'"{each.name}" is missing; it is for {each.why}.' for each in lacking]
    return Reply(lines(*named, remedy(lacking)))


async def _completions(parts: Parts, interaction: Interaction, data: dict[str, Any]) -> list[tuple[str, str]]:
    name, options = _subcommand(data)
    focused = next((option for option in options if option.get("focused")), None)
    option = option_of(name, str(focused.get("name"))) if focused else None
    if focused is None or option is None or option.offer is None:
        return []
    channel = _channel(parts, interaction)
    home = await _home(parts, caller(interaction), channel) if option.offer in completing.OF_THE_STORE else _EMPTY
    return completing.offered(option.offer, str(focused.get("value", "")), home, channel)


async def _home(parts: Parts, member: MemberRef, channel: ChannelRef) -> Home:
    """The member's home with that channel alone; while one of theirs is being looked up, none: whoever types fast, or
    lets a program do it, asks for more than is read."""
    if member in parts.completing:
        return _EMPTY
    parts.completing.add(member)
    try:
        return await parts.handler.home(member, [channel])
    finally:
        parts.completing.discard(member)


def _subcommand(data: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    first = _first(data)
    if first.get("type") == GROUP:
        first = _first(first)
    return str(first.get("name", "")), first.get("options", [])


def _first(data: dict[str, Any]) -> dict[str, Any]:
    return next(iter(data["options"]), {})


def _values(
    interaction: Interaction, name: str, options: list[dict[str, Any]], data: dict[str, Any]
) -> tuple[dict[str, str], tuple[MemberRef, ...]]:
    """The options as text, and the members among them, who stand there as "@" and their name."""
    values: dict[str, str] = {}
    mentions: list[MemberRef] = []
    for option in options:
        known = option_of(name, str(option.get("name")))
        if known is None or known.kind == _ATTACHMENT:
            continue
        value = str(option.get("value", ""))
        if known.kind == discord.AppCommandOptionType.user.value:
            member = MemberRef("discord", str(interaction.guild_id), value, _name_of(data, value))
            mentions.append(member)
            value = f"@{member.name}"
        elif known.kind == discord.AppCommandOptionType.role.value:
            value = f"role:{value}:{_role_name(data, value)}"
        values[known.name] = _EMOJI.sub(r":\1:", value)
    return values, tuple(mentions)


def _role_name(data: dict[str, Any], role: str) -> str:
    found = data["resolved"]["roles"].get(role, {})
    return " ".join(str(found.get("name", "")).split())


def _name_of(data: dict[str, Any], user: str) -> str:
    member, found = (data["resolved"][kind].get(user, {}) for kind in ("members", "users"))
    name = member.get("nick") or found.get("global_name") or found.get("username") or user
    return " ".join(str(name).split())


def _channel(parts: Parts, interaction: Interaction) -> ChannelRef:
    return watched(parts.client(), interaction.guild_id or 0, interaction.channel_id or 0, interaction.channel)


def _channel_name(parts: Parts, interaction: Interaction, channel: ChannelRef) -> str:
    place = parts.client().get_channel(int(channel.channel)) or interaction.channel
    return str(getattr(place, "name", "") or "")


__all__ = ["heard", "pressed"]
