"""`reactions`: which reactions save papers, for the whole workspace.

Any member may set them; the store's audit log says who did. Saves made before stay.
"""

from __future__ import annotations

from bot.commands.context import Context
from bot.commands.saying import command, lines, quoted
from bot.conversation import Reply
from bot.errors import CommandError
from bot.reactions import KEYCAPS, SAVE_SET, is_name, same_as, typed_reactions
from bot.wording import count, listed

MOST_NAMES = 10
_EXAMPLE = "reactions star heart"
_KEYCAPS = frozenset(same_as(name) for name in KEYCAPS)


async def reactions(context: Context) -> Reply:
    """Show or set the workspace's save set. Raises CommandError, StoreError."""
    member = context.command.member
    if not context.text:
        chosen = await context.store.save_reactions(member.platform, member.workspace)
        default = "" if chosen else " (the default)"
        back = f", {command('reactions default')} to go back to the default" if chosen else ""
        return Reply(
            lines(
                f"In this workspace {_any_of(chosen or SAVE_SET)} saves a paper{default}.",
                "On a post of several papers, a keycap with the paper's number saves it.",
                f"Type {command(_EXAMPLE)} to set others{back}.",
            )
        )
    names = None if context.text.casefold() == "default" else _names(context.text)
    await context.store.set_save_reactions(member.platform, member.workspace, names, member, context.now)
    return Reply(f"In this workspace {_any_of(names or SAVE_SET)} now saves a paper.", public=True)


def _any_of(names: tuple[str, ...]) -> str:
    return listed([quoted(f":{name}:") for name in names], "or")


def _names(typed: str) -> tuple[str, ...]:
    names = typed_reactions(typed)
    for name in names:
        if same_as(name) in _KEYCAPS:
            raise CommandError(
                f"{quoted(f':{name}:')} cannot be one of them: keycaps choose a paper by its number.",
                hint=f"For example: {command(_EXAMPLE)}.",
            )
        if not is_name(name):
            raise CommandError(
                f"{quoted(name, 40)} is no name of a reaction.", hint=f"Type names: {command(_EXAMPLE)}."
            )
    if not names:
        raise CommandError(f"{quoted(typed, 40)} names no reaction.", hint=f"Type names: {command(_EXAMPLE)}.")
    if len(names) > MOST_NAMES:
        raise CommandError(f"That is {count(len(names), 'reaction')}; at most {MOST_NAMES} can save.")
    return tuple(names)
