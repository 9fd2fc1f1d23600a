"""`post`: a member brings a paper into the channel, as a card that says who did and why.

Everybody may: what is watched stays as it is, and the card is one message that names its member. A paper is posted once
a channel for ever, whoever brings it, so one that the channel has had is refused with its day, and one that is brought
is posted by no watch afterwards. In a paused channel the card waits like any paper.
"""

from __future__ import annotations

from datetime import timedelta

from bot.commands.choosing import find_paper
from bot.commands.context import Context
from bot.commands.outlook import pause_reason
from bot.commands.saying import command, sentences, shown, titled
from bot.conversation import Reply
from bot.digest import post_key
from bot.errors import CommandError
from bot.models import Channel, Entry, Paper, Post, Posted, PostKind
from bot.paper_id import parse_paper_id
from bot.wording import moment_text, number

MOST_A_DAY = 20
LONGEST_COMMENT = 300


async def post(context: Context) -> Reply:
    """Bring a paper in. Raises CommandError, SourceError, StoreError."""
    words = context.words
    if not words:
        raise CommandError(
            f"{command('post')} needs a paper.", hint=f"For example: {command('post 2005.14165 Worth reading again')}."
        )
    comment = " ".join(words[1:])
    if len(comment) > LONGEST_COMMENT:
        raise CommandError(f"A comment has at most {LONGEST_COMMENT} characters; this has {number(len(comment))}.")
    paper = await find_paper(context.store, context.source, parse_paper_id(words[0])[0])
    channel = await context.open_channel()
    earlier = await context.store.bring(
        _card(context, paper, comment),
        context.command.member,
        context.now,
        since=context.now - timedelta(days=1),
        most=MOST_A_DAY,
    )
    if earlier:
        raise CommandError(
            await _had(context, paper, earlier), hint=f"{command('show ' + paper.id)} shows it, to you alone."
        )
    context.wake()
    return Reply(sentences([f"Posting {titled(paper.title, 80)} in this channel.", _paused(channel)]))


def _card(context: Context, paper: Paper, comment: str) -> Post:
    member, entries = context.command.member, (Entry(0, paper),)
    name = shown(member.name or member.member, 40) or "somebody"
    return Post(
        key=post_key(context.command.channel, PostKind.CARD, entries, context.now, "brought"),
        channel=context.command.channel,
        kind=PostKind.CARD,
        heading=f"{name} brought this paper",
        entries=entries,
        text=shown(comment, LONGEST_COMMENT),
    )


async def _had(context: Context, paper: Paper, earlier: Posted) -> str:
    title = titled(paper.title, 80)
    if earlier.at is None:
        return f"{title} is being posted in this channel already."
    when = moment_text(earlier.at, await context.zone(), context.now)
    return f"{title} was posted in this channel on {when}, and each paper comes once."


def _paused(channel: Channel) -> str:
    if not channel.paused:
        return ""
    return f"It waits, since this channel is paused ({pause_reason(channel)}); {command('resume')} goes on."
