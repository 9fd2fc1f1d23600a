"""When a channel's papers come, in words: what every command says about the time after it."""

from __future__ import annotations

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.context import Context
from bot.commands.saying import command, shown
from bot.models import Channel
from bot.wording import count, moment_text


def pause_reason(channel: Channel) -> str:
    """Why a paused channel is paused, fit to stand in brackets after "is paused"."""
    return shown(channel.paused, 300).rstrip(".").removeprefix("paused ")


def next_post(channel: Channel, context: Context) -> str:
    """``Mon 9 March 09:00 (Europe/Berlin)`` for a daily or weekly schedule, else empty."""
    schedule = Schedule.from_canonical(channel.schedule)
    due = channel.next_due or schedule.next_after(context.now)
    if due is None or schedule.kind in (ScheduleKind.INSTANT, ScheduleKind.OFF):
        return ""
    if due <= context.now:
        return "now"
    return moment_text(due, schedule.zone, context.now)


def waiting_papers(channel: Channel, waiting: int, context: Context) -> str:
    """What becomes of the ``waiting`` (> 0) papers of a channel, in a sentence or two."""
    return what_becomes(channel, f"{count(waiting, 'paper')} {'waits' if waiting == 1 else 'wait'}", waiting, context)


def what_becomes(channel: Channel, subject: str, papers: int, context: Context) -> str:
    """The same about ``papers`` papers, of which the clause ``subject`` says something: "3 papers match"."""
    them, they = ("it", "it comes") if papers == 1 else ("them", "they come")
    if channel.paused:
        return f"{subject}, but this channel is paused ({pause_reason(channel)}). {command('resume')} goes on."
    schedule = Schedule.from_canonical(channel.schedule)
    if schedule.kind is ScheduleKind.OFF:
        return f"{subject}, but the schedule is off. {command('digest')} posts {them} now."
    due = next_post(channel, context)
    if not due or due == "now":
        return f"{subject}; {they} in a moment."
    return f"{subject}; {they} with the next post, {due}. {command('digest')} posts {them} now."


async def being_sent(context: Context, waiting: int) -> str:
    """A sentence when the ``waiting`` papers of the channel are all in posts that are on their way; else empty."""
    if not waiting or await context.store.waiting(context.command.channel, 1):
        return ""
    return f"{count(waiting, 'paper')} {'is' if waiting == 1 else 'are'} being sent."


def nothing_waits(channel: Channel, context: Context) -> str:
    """When the next papers can come to a channel for which nothing waits: a sentence or two."""
    schedule = Schedule.from_canonical(channel.schedule)
    if channel.paused:
        return f"This channel is paused ({pause_reason(channel)}); {command('resume')} goes on."
    announcement = moment_text(context.source.next_announcement(context.now), schedule.zone, context.now)
    match schedule.kind:
        case ScheduleKind.OFF:
            return f"The schedule is off: papers wait until {command('digest')}."
        case ScheduleKind.INSTANT:
            return f"Papers come as soon as they are found; arXiv's next announcement is on {announcement}."
        case _:
            return f"Papers come {schedule.explain()}, next on {next_post(channel, context)}."
