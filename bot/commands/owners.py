"""Whose saved papers are meant: a member by a mention, or by the platform's id.

A member is named by a mention; without one the name could be anybody's. `member:ID` names a member of this workspace by
the platform's id; pages use it, since a button's command comes back without mentions. `account:PLATFORM/WORKSPACE/ID`
names one of another workspace of the team, whom no mention can reach: where a name is known there, it is proposed, and
the caller chooses. A member of any other workspace, as shared channels have, is nobody here.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, unquote

from bot.commands.context import Context
from bot.commands.linking import account_text
from bot.commands.saying import command, quoted, sentences
from bot.errors import CommandError
from bot.models import MemberRef, WorkspaceRef
from bot.wording import listed

_BY_ID = "member:"
_BY_ACCOUNT = "account:"
_MOST_NAMESAKES = 3


async def take_owner(context: Context, text: str) -> tuple[MemberRef | None, str]:
    """The member whom ``text`` names, None for nobody, and the text without it. Raises CommandError, StoreError."""
    owner, rest = _mentioned(context, text) or _identified(context, text)
    if owner is not None and not await _in_team(context, owner):
        raise await unknown_owner(context, text)
    return owner, rest


def owner_id(context: Context, owner: MemberRef) -> str:
    """The word that names a member to ``take_owner`` without a mention."""
    if _workspace(owner) == _workspace(context.command.member):
        return f"{_BY_ID}{owner.member}"
    return _BY_ACCOUNT + "/".join(quote(part, safe="") for part in (owner.platform, owner.workspace, owner.member))


async def namesakes(context: Context, name: str) -> str:
    """How to name those members of the team's other workspaces who are called so; empty where there are none."""
    found = await context.store.namesakes(context.command.member, name, limit=_MOST_NAMESAKES)
    return sentences(
        f"{command('saved ' + owner_id(context, member))} lists those of {account_text(member)}." for member in found
    )


async def unknown_owner(context: Context, typed: str) -> CommandError:
    """The error that ``typed`` names nobody. Raises StoreError."""
    if typed.startswith("@"):
        choose = f"Choose the member from what appears after the @: {command('saved @MEMBER')}."
        return CommandError(
            f"{quoted(typed)} mentions nobody whose saved papers are kept here.",
            hint=await namesakes(context, typed[1:]) or choose,
        )
    ways = [command("saved " + word) for word in ("channel", "@MEMBER", "bibtex")]
    return CommandError(
        f"{quoted(typed)} names nobody's saved papers.",
        hint=f"Type {command('saved')} for your own, or {listed(ways, 'or')}.",
    )


def _mentioned(context: Context, text: str) -> tuple[MemberRef, str] | None:
    """Names may have spaces and be alike, so the longest that fits is meant."""
    padded = f" {text} "
    for member in sorted(context.command.mentions, key=lambda member: -len(member.name)):
        mention = f" @{' '.join(member.name.split())} "
        if mention in padded:
            return member, " ".join(padded.replace(mention, " ", 1).split())
    return None


def _identified(context: Context, text: str) -> tuple[MemberRef | None, str]:
    words = text.split()
    for word in words:
        member = None
        if word.startswith(_BY_ID) and len(word) > len(_BY_ID):
            member = replace(context.command.member, member=word.removeprefix(_BY_ID), name="")
        elif word.startswith(_BY_ACCOUNT):
            parts = [unquote(part) for part in word.removeprefix(_BY_ACCOUNT).split("/")]
            member = MemberRef(*parts) if len(parts) == 3 and all(parts) else None
        if member is not None:
            words.remove(word)
            return member, " ".join(words)
    return None, text


async def _in_team(context: Context, member: MemberRef) -> bool:
    caller = _workspace(context.command.member)
    if _workspace(member) == caller:
        return True
    return _workspace(member) in await context.store.team(caller.platform, caller.workspace)


def _workspace(member: MemberRef) -> WorkspaceRef:
    return WorkspaceRef(member.platform, member.workspace)
