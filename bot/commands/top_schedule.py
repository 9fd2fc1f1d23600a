"""`schedule top`: when the channel gets the week's top, beside its other papers."""

from __future__ import annotations

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.context import Context
from bot.commands.outlook import pause_reason
from bot.commands.saying import command, sentences
from bot.conversation import Reply
from bot.errors import CommandError
from bot.models import Channel
from bot.wording import moment_text

EXAMPLE = "mon 09:00"
_HINT = f"For example: {command('schedule top ' + EXAMPLE)}, or {command('schedule top off')}."


async def schedule_top(context: Context, typed: str) -> Reply:
    """Show or set the weekly top; ``typed`` follows "top". Raises CommandError, StoreError."""
    channel = await context.channel() or context.new_channel()
    if not typed:
        return Reply(top_help(channel, context))
    zone = Schedule.from_canonical(channel.top_schedule or channel.schedule).zone
    chosen = parse_top(typed, zone)
    channel = await context.open_channel()
    if chosen is None and not channel.top_schedule:
        raise CommandError("This channel has no weekly top.", hint=_change(channel))
    canonical, due = (chosen.canonical, chosen.next_after(context.now)) if chosen else ("", None)
    await context.store.set_top(channel.ref, canonical, due, context.command.member, context.now)
    if chosen is None:
        return Reply("There is no weekly top any more.", public=True)
    channel = await context.open_channel()
    return Reply(f"From now on, what the team saved most comes once a week. {top_line(channel, context)}", public=True)


def parse_top(text: str, default_zone: str) -> Schedule | None:
    """``mon 09:00 [Zone]`` or ``off``, which is None; "weekly" may stand in front. Raises CommandError."""
    if text.strip().casefold() == ScheduleKind.OFF:
        return None
    words = text.split()
    if words[:1] and words[0].casefold() == ScheduleKind.WEEKLY:
        del words[0]
    try:
        return Schedule.parse(" ".join([ScheduleKind.WEEKLY, *words]), default_zone)
    except CommandError as error:
        raise CommandError(error.message, hint=_HINT) from None


def top_text(channel: Channel) -> str:
    """The channel's weekly top as `schedule top` reads it: ``mon 09:00 Europe/Berlin``; empty when it has none."""
    return channel.top_schedule.removeprefix(f"{ScheduleKind.WEEKLY} ")


def top_line(channel: Channel, context: Context) -> str:
    """When the top comes, in a sentence or two."""
    if not channel.top_schedule:
        return "There is no weekly top in this channel."
    try:
        schedule = Schedule.from_canonical(channel.top_schedule)
    except CommandError as error:
        return f"The weekly top cannot come: {error.message}"
    due = channel.top_next_due or context.now
    soon = f"next on {moment_text(due, schedule.zone, context.now)}" if due > context.now else "next in a moment"
    waits = f"It waits while this channel is paused ({pause_reason(channel)})." if channel.paused else ""
    return sentences([f"The week's top comes {schedule.explain()}, {soon}.", waits])


def top_help(channel: Channel, context: Context) -> str:
    """The same, and what to type for another one."""
    return f"{top_line(channel, context)} {_change(channel)}"


def _change(channel: Channel) -> str:
    if channel.top_schedule:
        return f"To change it: {command('schedule top ' + EXAMPLE)} or {command('schedule top off')}."
    return f"To get one: {command('schedule top ' + EXAMPLE)}."
