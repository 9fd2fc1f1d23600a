"""`schedule`, `layout`, `sort`, `digest`, `pause` and `resume`: how and when a channel gets its papers.

A pause by a member carries their name, "paused by ann: summer break", which tells it from one by the bot: only the
latter ends by itself when the channel can be posted to again.
"""

from __future__ import annotations

from dataclasses import replace

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.context import Context
from bot.commands.outlook import being_sent, next_post, nothing_waits, pause_reason, waiting_papers
from bot.commands.saying import command, lines, quoted, sentences, shown
from bot.commands.top_schedule import schedule_top, top_help
from bot.commands.trending import need_signals
from bot.conversation import Reply
from bot.errors import CommandError
from bot.models import Channel, Layout, MemberRef, Sort
from bot.wording import count, listed

_BY_MEMBER = "paused by "
_LAYOUTS = {
    Layout.THREAD: "one post with all papers, and a card for each in its thread (if it has one)",
    Layout.CARDS: "a card for each paper",
    Layout.DIGEST: "one post with all papers, and nothing else",
}
_SORTS = {
    Sort.NEW: "papers that more watches want come first, then the newest",
    Sort.HOT: "papers with more upvotes on Hugging Face come first",
}
_SCHEDULES = ("daily 09:00 weekdays Europe/Berlin", "weekly mon 09:00", "instant", "off")


async def schedule(context: Context) -> Reply:
    """Show or set the channel's schedule, or that of its weekly top. Raises CommandError, StoreError."""
    if context.words[:1] and context.words[0].casefold() == "top":
        return await schedule_top(context, " ".join(context.words[1:]))
    channel = await context.channel() or context.new_channel()
    present = Schedule.from_canonical(channel.schedule)
    if not context.text:
        examples = listed([command("schedule " + example) for example in _SCHEDULES], "or")
        return Reply(
            lines(
                f"Papers come {present.explain()}: {quoted(present.canonical)}.",
                _next(channel, context),
                f"To change it: {examples}.",
                top_help(channel, context),
            )
        )
    chosen = Schedule.parse(context.text, present.zone)
    await context.open_channel()
    waiting = (await context.store.channel_status(channel.ref)).waiting
    instantly = chosen.kind is ScheduleKind.INSTANT and waiting > 0
    due = context.now if instantly else chosen.next_after(context.now)
    await context.store.set_schedule(channel.ref, chosen.canonical, due, context.command.member, context.now)
    channel = replace(channel, schedule=chosen.canonical, next_due=due)
    if instantly and not channel.paused:
        context.wake()
    coming = waiting_papers(channel, waiting, context) if waiting else _next(channel, context)
    return Reply(sentences([f"Papers now come {chosen.explain()}.", coming]), public=True)


def _next(channel: Channel, context: Context) -> str:
    if channel.paused:
        return nothing_waits(channel, context)
    due = next_post(channel, context)
    return f"The next post is on {due}." if due and due != "now" else ""


async def layout(context: Context) -> Reply:
    """Show or set how papers are posted. Raises CommandError, StoreError."""
    channel = await context.channel() or context.new_channel()
    if not context.text:
        ways = [f"{command('layout ' + way)}: {meaning}." for way, meaning in _LAYOUTS.items()]
        return Reply(lines(f"The layout is {quoted(channel.layout)}: {_LAYOUTS[channel.layout]}.", *ways))
    try:
        chosen = Layout(context.text.casefold())
    except ValueError:
        ways = [command(f"layout {way}") for way in Layout]
        raise CommandError(f"{quoted(context.text)} is no layout.", hint=f"Type {listed(ways, 'or')}.") from None
    await context.open_channel()
    await context.store.set_layout(channel.ref, chosen, context.command.member, context.now)
    return Reply(f"Papers now come as {_LAYOUTS[chosen]} ({quoted(chosen)}).", public=True)


async def sort(context: Context) -> Reply:
    """Show or set in which order papers are posted. Raises CommandError, StoreError."""
    channel = await context.channel() or context.new_channel()
    if not context.text:
        ways = [f"{command('sort ' + way)}: {meaning}." for way, meaning in _SORTS.items()]
        return Reply(lines(f"The order is {quoted(channel.sort)}: {_SORTS[channel.sort]}.", *ways))
    try:
        chosen = Sort(context.text.casefold())
    except ValueError:
        ways = [command(f"sort {way}") for way in Sort]
        raise CommandError(f"{quoted(context.text)} is no order.", hint=f"Type {listed(ways, 'or')}.") from None
    if chosen is Sort.HOT:
        need_signals(context)
    await context.open_channel()
    await context.store.set_sort(channel.ref, chosen, context.command.member, context.now)
    return Reply(f"In a post, {_SORTS[chosen]} ({quoted(chosen)}).", public=True)


async def digest(context: Context) -> Reply:
    """Post what waits, now. Raises CommandError, StoreError."""
    channel = await context.channel()
    watched = bool(channel) and bool(await context.store.watches(context.command.channel))
    waiting = (await context.store.channel_status(context.command.channel)).waiting if channel else 0
    if channel is None or not (watched or waiting):
        raise CommandError(
            "Nothing waits: this channel has no watch.", hint=f"For example: {command('watch RLHF')} makes one."
        )
    if channel.paused:
        papers = f"{waiting_papers(channel, waiting, context)}" if waiting else nothing_waits(channel, context)
        raise CommandError(papers)
    if not waiting:
        return Reply(f"Nothing waits to be posted. {nothing_waits(channel, context)} {command('status')} says more.")
    if sending := await being_sent(context, waiting):
        return Reply(f"{sending} {command('status')} says more.")
    await context.store.set_due(channel.ref, context.now)
    context.wake()
    return Reply(f"Posting {count(waiting, 'paper')} now.", public=True)


async def pause(context: Context) -> Reply:
    """Stop posting until `resume`; papers go on being collected. Raises CommandError, StoreError."""
    channel = await context.open_channel()
    if channel.paused:
        raise CommandError(
            f"This channel is paused already ({pause_reason(channel)}).", hint=f"{command('resume')} goes on."
        )
    reason = member_pause(context.command.member, context.text)
    await context.store.set_paused(channel.ref, reason, context.command.member, context.now)
    given = shown(context.text, 200).rstrip(".")
    return Reply(
        f"Paused{': ' + given if given else ''}. Matching papers are kept; {command('resume')} posts them.", public=True
    )


async def resume(context: Context) -> Reply:
    """Post again. Raises CommandError, StoreError."""
    channel = await context.channel()
    if channel is None or not channel.paused:
        raise CommandError("This channel is not paused.", hint=f"{command('status')} says how things stand.")
    await context.store.set_paused(channel.ref, "", context.command.member, context.now)
    channel = await context.channel() or channel
    waiting = (await context.store.channel_status(channel.ref)).waiting
    if waiting and Schedule.from_canonical(channel.schedule).kind is ScheduleKind.INSTANT:
        await context.store.set_due(channel.ref, context.now)
    context.wake()
    coming = waiting_papers(channel, waiting, context) if waiting else nothing_waits(channel, context)
    return Reply(f"Resumed. {coming}", public=True)


def member_pause(member: MemberRef, reason: str) -> str:
    """The reason that is kept for a pause by a member."""
    name = shown(member.name or member.member, 40) or "a member"
    given = shown(reason, 200)
    return f"{_BY_MEMBER}{name}: {given}" if given else f"{_BY_MEMBER}{name}"


def paused_by_member(channel: Channel) -> bool:
    """Whether a member paused it, so that only a member resumes it."""
    return channel.paused.startswith(_BY_MEMBER)
