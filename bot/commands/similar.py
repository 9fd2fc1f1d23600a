"""`similar`: papers like one, with the reason for each; `similar on` and `off`: digests that end with proposals.

Whoever may change what a channel watches may turn that on; asking is for everybody.
"""

from __future__ import annotations

from bot.commands.access import check_change
from bot.commands.choosing import choose
from bot.commands.context import Context
from bot.commands.saying import command, lines, sentences, titled
from bot.conversation import Reply
from bot.errors import CommandError
from bot.models import Channel, Entry, Layout
from bot.wording import moment_text

_MOST = 8
_ON_OFF = {"on": True, "off": False}
_WHAT = "papers like those saved here in the last 90 days"


async def similar(context: Context) -> Reply:
    """Papers like the one that is named, or the setting. Raises CommandError, SourceError, StoreError."""
    words = context.words
    if not words:
        return await _setting(context)
    if len(words) == 1 and words[0].casefold() in _ON_OFF:
        await check_change(context.store, context.command)
        channel = await context.open_channel()
        return Reply(await _set_similar(context, channel, _ON_OFF[words[0].casefold()]), public=True)
    if len(words) > 1:
        raise CommandError(
            f"{command('similar')} takes one paper at a time.",
            hint=f"To find papers by words: {command('search ' + context.text)}.",
        )
    paper = (await choose(context, words, "similar"))[0]
    found = None if context.relatives is None else await context.relatives.like(paper, _MOST)
    if found is None:
        return Reply(await _not_yet(context))
    if not found:
        return Reply(f"Nothing in the archive is like {titled(paper.title)}.")
    return Reply(
        f"Papers most like {titled(paper.title)}:",
        papers=tuple(Entry(0, each.paper, note=each.because) for each in found),
    )


def similar_line(on: bool, layout: Layout, end: str) -> str:
    """What proposals being on or off comes to in a layout; ``end`` is the verb, as in "now end", "no longer end"."""
    if not on:
        return f"Digests {end} with similar papers."
    return sentences(
        [
            f"Digests {end} with up to 3 new {_WHAT}, each with its reason.",
            f"There is no digest while the layout is `cards`: {command('layout thread')}."
            if layout is Layout.CARDS
            else "",
        ]
    )


async def _set_similar(context: Context, channel: Channel, on: bool) -> str:
    """Turn the proposals of a channel's digests on or off; returns what is said about it. Raises StoreError."""
    await context.store.set_similar(channel.ref, on, context.command.member, context.now)
    return similar_line(on, channel.layout, "now end" if on else "no longer end")


async def _setting(context: Context) -> Reply:
    channel = await context.channel()
    on = channel is not None and channel.similar
    said = f"This channel's digests end with {_WHAT}." if on else f"This channel's digests do not end with {_WHAT}."
    change = command("similar off" if on else "similar on")
    return Reply(lines(f"{said} {change} changes that.", f"Papers like one: {command('similar 1706.03762')}."))


async def _not_yet(context: Context) -> str:
    if context.relatives is None:
        return "Similar papers cannot be asked for here: this process keeps no index of them."
    due = moment_text(context.relatives.expected(context.now), await context.zone(), context.now)
    return f"Similar papers can be asked for a few minutes after {due}, when the archive's index is made."
