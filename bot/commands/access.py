"""`access`: who may change what a channel watches, where the platform knows who may manage a channel.

By default those who may manage the channel; a server can let everybody, or the members of a role. Saving is for
everybody. A role is typed as ``role:ID:NAME``, as platforms hand over one that a member chose.
"""

from __future__ import annotations

from bot.commands.context import Context
from bot.commands.saying import command, lines, quoted, shown
from bot.conversation import Command, Reply
from bot.errors import CommandError
from bot.ports import NoteStore

CHANGING = frozenset(
    {"watch", "unwatch", "schedule", "layout", "sort", "digest", "pause", "resume", "import", "reactions"}
)
"""The commands that change what others see."""

_EVERYONE, _MANAGERS, _ROLE = "everyone", "managers", "role"
_MANAGE = "members who may manage a channel"


async def access(context: Context) -> Reply:
    """Show or set who may. Raises CommandError, StoreError."""
    if context.command.manages is None:
        return Reply("On this platform every member may change what a channel watches.")
    if not context.text:
        rule = await _rule(context.store, context.command)
        ways = f"{command('access everyone')} and {command('access managers')} change that, or the choice of a role."
        return Reply(lines(f"What a channel watches is changed by {_who(rule)}.", ways))
    if not context.command.administers:
        raise CommandError("Only somebody who may manage this server can change that.")
    rule = _parsed(context.text)
    await context.store.put_note(_key(context.command), rule)
    return Reply(f"From now on, what a channel watches is changed by {_who(rule)}.", public=True)


async def check(store: NoteStore, typed: Command, name: str) -> None:
    """Raises CommandError where the member may not carry out the command ``name``; StoreError."""
    if name in CHANGING:
        await check_change(store, typed)


async def check_change(store: NoteStore, typed: Command) -> None:
    """Raises CommandError where the member may not change what others see; StoreError."""
    if typed.manages is not False:
        return
    rule = await _rule(store, typed)
    kind, _, role = rule.partition(":")
    if kind == _EVERYONE or (kind == _ROLE and role.partition(":")[0] in typed.roles):
        return
    raise CommandError(
        f"{_who(rule).capitalize()} alone can do that here.",
        hint=f"Ask one of them, or somebody who may manage the server to type {command('access everyone')}.",
    )


async def _rule(store: NoteStore, typed: Command) -> str:
    return await store.note(_key(typed)) or _MANAGERS


def _key(typed: Command) -> str:
    return f"access {typed.member.platform} {typed.member.workspace}"


def _parsed(typed: str) -> str:
    folded = typed.casefold()
    if folded in (_EVERYONE, _MANAGERS):
        return folded
    kind, _, rest = typed.partition(":")
    identity, _, name = rest.partition(":")
    if kind == _ROLE and identity.isascii() and identity.isalnum() and len(identity) <= 30:
        return f"{_ROLE}:{identity}:{shown(name, 100)}"
    raise CommandError(
        f"{quoted(typed, 40)} is nobody.",
        hint=f"Type {command('access everyone')} or {command('access managers')}, or choose a role.",
    )


def _who(rule: str) -> str:
    kind, _, role = rule.partition(":")
    if kind == _EVERYONE:
        return "everybody"
    if kind == _ROLE:
        identity, _, name = role.partition(":")
        return f"members of the role {quoted(name or identity, 100)}, and {_MANAGE}"
    return _MANAGE
