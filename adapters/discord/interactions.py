"""`/papers …`, buttons and completion: from Discord's interactions to the core and back."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import discord

from adapters.discord import completing
from adapters.discord.answering import Interaction, answer, say
from adapters.discord.buttons import is_known
from adapters.discord.messages import CommandButton, Message, PaperButton
from adapters.discord.options import DOCTOR, GROUP, NAME, option_of, text_of
from adapters.discord.parts import Parts
from adapters.discord.permissions import blocking, missing, remedy
from adapters.discord.places import caller, permissions_in, watched
from adapters.discord.replies import abstract, render
from bot.commands.router import split
from bot.commands.saying import lines
from bot.commands.table import find_command
from bot.conversation import Button, ButtonKind, ChannelChange, ChannelChangeKind, Command, File, Reply
from bot.models import ChannelRef, MemberRef

logger = logging.getLogger(__name__)

MOST_FILE = 200_000
_PUBLIC = frozenset(
    {"watch", "unwatch", "schedule", "layout", "digest", "pause", "resume", "import", "reactions", "unlink", "access"}
)
_LISTS = frozenset({"list", "search", "saved", "top", "preview", "help", "status"})
_UNKNOWN = Reply("This button is not known to this version.", error=True)
_TOO_LARGE = Reply(f"The file is too large: at most {MOST_FILE // 1000} kB are read.", error=True)


async def heard(parts: Parts, interaction: Interaction) -> None:
    """Answer an interaction; those of known buttons come by ``pressed``. Raises what discord.py raises."""
    if interaction.guild_id is None or interaction.channel_id is None:
        return
    data: dict[str, Any] = dict(interaction.data or {})
    match interaction.type:
        case discord.InteractionType.application_command:
            await _command(parts, interaction, data)
        case discord.InteractionType.autocomplete:
            await _complete(parts, interaction, data)
        case discord.InteractionType.component:
            if not is_known(str(data.get("custom_id", ""))):
                await say(interaction, _UNKNOWN)


async def pressed(parts: Parts, interaction: Interaction, button: PaperButton | CommandButton) -> None:
    """Answer a pressed button. Raises what discord.py raises."""
    channel = _channel(parts, interaction)
    if isinstance(button, CommandButton):
        info = find_command(split(button.command)[0])
        if info is None or info.name not in _LISTS:
            await say(interaction, _UNKNOWN)
            return
        command = Command(channel, caller(interaction), button.command)
        await answer(interaction, _private(parts, command), public=False)
        return
    if button.kind not in set(ButtonKind):
        await say(interaction, _UNKNOWN)
        return
    asked = Button(ButtonKind(button.kind), button.paper, channel, caller(interaction))
    shown = _abstract if asked.kind is ButtonKind.ABSTRACT else render
    await answer(interaction, parts.handler.button(asked), public=False, shown=shown)


def _abstract(reply: Reply) -> list[Message]:
    return [abstract(reply.papers[0].paper)] if reply.papers and not reply.error else render(reply)


async def _private(parts: Parts, command: Command) -> Reply:
    return replace(await parts.handler.command(command), public=False)


async def _command(parts: Parts, interaction: Interaction, data: dict[str, Any]) -> None:
    name, options = _subcommand(data)
    if data.get("name") != NAME or not name:
        await say(interaction, Reply("This command is not known to this version.", error=True))
        return
    if name == DOCTOR:
        await say(interaction, _examined(parts, interaction))
        return
    await answer(interaction, _carried_out(parts, interaction, name, options, data), public=name in _PUBLIC)


async def _carried_out(
    parts: Parts, interaction: Interaction, name: str, options: list[dict[str, Any]], data: dict[str, Any]
) -> Reply:
    values, mentions = _values(interaction, name, options, data)
    files = await _files(interaction, options)
    if files is None:
        return _TOO_LARGE
    channel = _channel(parts, interaction)
    command = Command(
        channel=channel,
        member=caller(interaction),
        text=text_of(name, values),
        channel_name=_channel_name(parts, interaction, channel),
        mentions=mentions,
        files=files,
        event=f"interaction {interaction.id}",
        administers=interaction.permissions.manage_guild,
        manages=interaction.permissions.manage_channels,
        roles=tuple(str(role.id) for role in getattr(interaction.user, "roles", ())),
    )
    reply = await parts.handler.command(command)
    return await _with_remedy(parts, interaction, channel, reply)


async def _with_remedy(parts: Parts, interaction: Interaction, channel: ChannelRef, reply: Reply) -> Reply:
    """The reply, and where the bot cannot post what it promises, what to do about that."""
    if not reply.public or reply.error:
        return reply
    allowed = permissions_in(parts.client(), int(channel.channel)) or interaction.app_permissions
    needed = blocking(allowed, thread=isinstance(interaction.channel, discord.Thread))
    if not needed:
        await parts.handler.channel_changed(ChannelChange(ChannelChangeKind.REGAINED, channel))
        return reply
    reason = f"The bot may not post in this channel. {remedy(needed)}"
    await parts.handler.channel_changed(ChannelChange(ChannelChangeKind.LOST, channel, reason=reason))
    return replace(reply, footer=lines(reply.footer, f"{reason} What matches meanwhile is kept."))


def _examined(parts: Parts, interaction: Interaction) -> Reply:
    """`/papers doctor`: what the bot may do in this channel."""
    channel = _channel(parts, interaction)
    allowed = permissions_in(parts.client(), int(channel.channel)) or interaction.app_permissions
    lacking = missing(allowed)
    if not lacking:
        return Reply("All is well: the bot may do everything that it needs in this channel.")
    named = [f'"{each.name}" is missing; it is for {each.why}.' for each in lacking]
    return Reply(lines(*named, remedy(lacking)))


async def _complete(parts: Parts, interaction: Interaction, data: dict[str, Any]) -> None:
    name, options = _subcommand(data)
    focused = next((option for option in options if option.get("focused")), None)
    option = option_of(name, str(focused.get("name"))) if focused else None
    found: list[tuple[str, str]] = []
    if focused is not None and option is not None and option.offer is not None:
        channel = _channel(parts, interaction)
        home = await parts.handler.home(caller(interaction), [channel])
        found = completing.offered(option.offer, str(focused.get("value", "")), home, channel)
    await interaction.response.autocomplete(
        [discord.app_commands.Choice(name=name, value=value) for name, value in found]
    )


def _subcommand(data: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    first = _first_option(data)
    if first.get("type") == GROUP:
        first = _first_option(first)
    inner = first.get("options")
    return str(first.get("name", "")), [each for each in inner if isinstance(each, dict)] if inner else []


def _first_option(data: dict[str, Any]) -> dict[str, Any]:
    options = data.get("options")
    return options[0] if isinstance(options, list) and options and isinstance(options[0], dict) else {}


def _values(
    interaction: Interaction, name: str, options: list[dict[str, Any]], data: dict[str, Any]
) -> tuple[dict[str, str], tuple[MemberRef, ...]]:
    """The options as text, and the members among them, who stand there as "@" and their name."""
    values: dict[str, str] = {}
    mentions: list[MemberRef] = []
    for option in options:
        known = option_of(name, str(option.get("name")))
        if known is None or known.kind == discord.AppCommandOptionType.attachment.value:
            continue
        value = str(option.get("value", ""))
        if known.kind == discord.AppCommandOptionType.user.value:
            member = MemberRef("discord", str(interaction.guild_id), value, _name_of(data, value))
            mentions.append(member)
            value = f"@{member.name}"
        elif known.kind == discord.AppCommandOptionType.role.value:
            value = f"role:{value}:{_role_name(data, value)}"
        values[known.name] = value
    return values, tuple(mentions)


def _role_name(data: dict[str, Any], role: str) -> str:
    found = ((data.get("resolved") or {}).get("roles") or {}).get(role) or {}
    return " ".join(str(found.get("name", "")).split())


def _name_of(data: dict[str, Any], user: str) -> str:
    resolved = data.get("resolved") or {}
    member = (resolved.get("members") or {}).get(user) or {}
    found = (resolved.get("users") or {}).get(user) or {}
    name = member.get("nick") or found.get("global_name") or found.get("username") or user
    return " ".join(str(name).split())


async def _files(interaction: Interaction, options: list[dict[str, Any]]) -> tuple[File, ...] | None:
    """The attached files; None when one is too large."""
    wanted = {
        str(option["value"])
        for option in options
        if option.get("type") == discord.AppCommandOptionType.attachment.value
    }
    found = []
    for attachment in _attachments(interaction):
        if str(attachment.id) in wanted:
            if attachment.size > MOST_FILE:
                return None
            content = await attachment.read()
            found.append(File(attachment.filename, attachment.content_type or "text/plain", content))
    return tuple(found)


def _attachments(interaction: Interaction) -> list[discord.Attachment]:
    data: dict[str, Any] = dict(interaction.data or {})
    resolved = data.get("resolved") or {}
    given = (resolved.get("attachments") or {}).values()
    return [discord.Attachment(data=each, state=interaction._state) for each in given]


def _channel(parts: Parts, interaction: Interaction) -> ChannelRef:
    return watched(parts.client(), interaction.guild_id or 0, interaction.channel_id or 0, interaction.channel)


def _channel_name(parts: Parts, interaction: Interaction, channel: ChannelRef) -> str:
    place = parts.client().get_channel(int(channel.channel)) or interaction.channel
    return str(getattr(place, "name", "") or "")


__all__ = ["heard", "pressed"]
