"""`link` and `unlink`: workspaces that are one team, accounts that are one person.

A one-time code, made on the one side and entered on the other, shows that both sides want it: whoever enters a code of
a workspace may manage the workspace where they enter it, and whoever made it may manage theirs. Names prove nothing and
are not looked at. What was saved stays where it was saved, so `unlink` has nothing to give back.
"""

from __future__ import annotations

from datetime import timedelta

from bot.commands.context import Context
from bot.commands.saying import command, lines, quoted, shown
from bot.conversation import Reply
from bot.errors import CommandError
from bot.link_code import CHARACTERS, code_digest, drawn_code
from bot.models import LinkCode, LinkKind, MemberRef, WorkspaceRef
from bot.wording import count, listed

VALID = timedelta(minutes=10)
MOST_OPEN = 5
MOST_WRONG = 10
WRONG_WITHIN = timedelta(minutes=10)
_MOST_NAMED = 5
_IN_TIME = f"within {count(VALID.seconds // 60, 'minute')}"


async def link(context: Context) -> Reply:
    """Make a code, or enter one. Raises CommandError, StoreError."""
    if not context.text:
        return await _workspace_code(context)
    if context.text.casefold() == "me":
        return await _account_code(context)
    return await _enter(context)


async def unlink(context: Context) -> Reply:
    """Take the workspace out of its team, with `me` the account out of its person. Raises CommandError, StoreError."""
    member = context.command.member
    if context.text.casefold() == "me":
        accounts = await context.store.accounts(member)
        if not await context.store.unlink(LinkKind.ACCOUNT, member, context.now):
            return Reply(_not_linked("account", "link me"))
        return Reply(
            f"This account is no longer linked with {_all([account_text(each) for each in accounts])}. "
            "Each save stays with the account that made it."
        )
    if context.text:
        raise CommandError(
            f"{quoted(context.text, 40)} is nothing to unlink.",
            hint=f"Type {command('unlink')} for this workspace, or {command('unlink me')} for your account.",
        )
    if not context.command.administers:
        raise _not_allowed("unlink it", f"{command('unlink me')} unlinks your own account.")
    team = await context.store.team(member.platform, member.workspace)
    if not await context.store.unlink(LinkKind.WORKSPACE, member, context.now):
        return Reply(_not_linked("workspace", "link"))
    return Reply(
        f"This workspace is no longer one team with {_all([workspace_text(each) for each in team])}. "
        "Each save stays with the workspace that it was made in.",
        public=True,
    )


async def _workspace_code(context: Context) -> Reply:
    member = context.command.member
    team = await context.store.team(member.platform, member.workspace)
    linked = f"This workspace is one team with {_all([workspace_text(each) for each in team])}"
    if not context.command.administers:
        own = f"{command('link me')} links your own accounts."
        if not team:
            raise _not_allowed("link it", own)
        return Reply(lines(f"{linked}.", own))
    code = await _new_code(context, LinkKind.WORKSPACE)
    return Reply(
        lines(
            f"{linked}; {command('unlink')} undoes that." if team else "",
            f"Type {command('link ' + code)} in the other workspace {_IN_TIME}, as somebody who may manage it.",
            f"The two are one team then: saved papers and {command('top')} are shared, each channel keeps its watches.",
        )
    )


async def _account_code(context: Context) -> Reply:
    accounts = await context.store.accounts(context.command.member)
    linked = f"This account is linked with {_all([account_text(each) for each in accounts])}"
    code = await _new_code(context, LinkKind.ACCOUNT)
    return Reply(
        lines(
            f"{linked}; {command('unlink me')} undoes that." if accounts else "",
            f"Type {command('link ' + code)} with your other account {_IN_TIME}, and show the code to nobody.",
            "The two count as one person then: what one of them saved, the other has saved too.",
        )
    )


async def _new_code(context: Context, kind: LinkKind) -> str:
    code, digest = drawn_code(context.draw)
    await context.store.add_link_code(
        digest, kind, context.command.member, context.now, ends=context.now + VALID, most=MOST_OPEN
    )
    return code


async def _enter(context: Context) -> Reply:
    """Join what a code joins. A code that is entered in the wrong place can still be entered in the right one."""
    member = context.command.member
    digest = code_digest(context.text)
    if digest is None:
        raise CommandError(
            f"{quoted(context.text, 40)} is no code: those have {CHARACTERS} letters and digits.",
            hint=f"{command('link')} makes one for this workspace, {command('link me')} for your account.",
        )
    found = await context.store.find_link_code(
        digest, member, context.now, since=context.now - WRONG_WITHIN, most=MOST_WRONG
    )
    if found is None:
        raise _wrong()
    reply = await (_join_workspaces if found.kind is LinkKind.WORKSPACE else _join_accounts)(context, found)
    if not await context.store.link(digest, member, context.now):
        raise _wrong()
    return reply


async def _join_workspaces(context: Context, code: LinkCode) -> Reply:
    """What is said when they are joined; raises CommandError where they cannot be."""
    member, there = context.command.member, WorkspaceRef(code.member.platform, code.member.workspace)
    if there == WorkspaceRef(member.platform, member.workspace):
        raise CommandError("That code was made in this workspace.", hint="Type it in the other one.")
    if there in await context.store.team(member.platform, member.workspace):
        raise CommandError(f"This workspace and {workspace_text(there)} are one team already.")
    if not context.command.administers:
        raise _not_allowed("enter that code", f"It can be entered {_IN_TIME} of being made.")
    return Reply(
        f"This workspace is now one team with {workspace_text(there)}: saved papers and {command('top')} are shared, "
        f"each channel keeps its watches. {command('unlink')} undoes it.",
        public=True,
    )


async def _join_accounts(context: Context, code: LinkCode) -> Reply:
    """What is said when they are joined; raises CommandError where they cannot be."""
    if code.member == context.command.member:
        raise CommandError("That code was made by this account.", hint="Type it with your other one.")
    if code.member in await context.store.accounts(context.command.member):
        raise CommandError(f"This account and {account_text(code.member)} are linked already.")
    return Reply(
        f"This account is now linked with {account_text(code.member)}: what one of them saved, the other has saved "
        f"too. {command('unlink me')} undoes it."
    )


def workspace_text(workspace: WorkspaceRef) -> str:
    """``Slack `T0LAB```: platforms give workspaces no name that is theirs alone."""
    return f"{shown(workspace.platform.capitalize(), 20)} {quoted(workspace.workspace, 60)}"


def account_text(member: MemberRef) -> str:
    """`` `ann` on Slack `T0LAB` ``."""
    workspace = WorkspaceRef(member.platform, member.workspace)
    return f"{quoted(member.name or member.member, 60)} on {workspace_text(workspace)}"


def _all(texts: list[str]) -> str:
    more = len(texts) - _MOST_NAMED
    return listed([*texts[:_MOST_NAMED], f"{more} more"] if more > 0 else texts)


def _not_linked(what: str, way: str) -> str:
    return (
        f"This {what} is not linked with another, and codes that were made for it cannot be entered any more. "
        f"{command(way)} makes a new one."
    )


def _not_allowed(deed: str, hint: str) -> CommandError:
    return CommandError(f"Only somebody who may manage this workspace can {deed}.", hint=hint)


def _wrong() -> CommandError:
    return CommandError(
        "That code is not valid: it was mistyped, entered before, or is older than 10 minutes.",
        hint=f"{command('link')} or {command('link me')} makes a new one on the other side.",
    )
