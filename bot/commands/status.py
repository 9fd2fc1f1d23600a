"""`status`: how things stand in this channel, and why it is quiet.

Silence is explained by the first of these that holds: the channel is paused, has no watch, is switched off; papers are
being sent or wait; there is no announcement today; the latest one is not read yet; its matches have been posted;
nothing in it matched. That arXiv has not answered, or that the archive is being filled, is said also beside papers that
wait, since it keeps others from coming. Last stands what would keep papers away that the channel turns down.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.channel_schedule import Schedule, ScheduleKind
from bot.commands.context import Context
from bot.commands.mirrored import also_mailed
from bot.commands.outlook import being_sent, next_post, pause_reason, waiting_papers
from bot.commands.saying import command, lines, sentences, shown
from bot.commands.suggestion import suggestion
from bot.commands.top_schedule import top_line
from bot.conversation import Reply
from bot.models import Channel, ChannelStatus, PollStatus, Sort
from bot.wording import count, moment_text, number


async def status(context: Context) -> Reply:
    """The channel's state in a few lines, for the caller only. Raises CommandError, StoreError."""
    channel = await context.channel() or context.new_channel()
    # Together: during a fan-out each question to the store may wait for a step of it.
    figures, polls, span, mailed, advised = await asyncio.gather(
        context.store.channel_status(channel.ref),
        context.store.poll_status(),
        context.store.archive_span(),
        also_mailed(context),
        suggestion(context.store, channel.ref, context.now),
    )
    schedule = Schedule.from_canonical(channel.schedule)
    announcement = moment_text(context.source.next_announcement(context.now), schedule.zone, context.now)
    return Reply(
        lines(
            f"{count(figures.watches, 'watch', 'watches')} in this channel; papers come {schedule.explain()}, "
            f"layout {channel.layout}{', most upvotes first' if channel.sort is Sort.HOT else ''}.",
            _posts(channel, figures, context),
            top_line(channel, context) if channel.top_schedule else "",
            _uncertain(figures),
            mailed,
            f"arXiv: {_polls(polls, schedule.zone, context)}",
            f"The archive has {count(span.papers, 'paper')}. The next announcement is on {announcement}.",
            _kept_silent(channel, figures)
            or sentences([await _under_way(channel, figures, context), _nothing_read(polls)])
            or _nothing_found(channel, figures, polls, context),
            advised,
        )
    )


def _posts(channel: Channel, figures: ChannelStatus, context: Context) -> str:
    zone = Schedule.from_canonical(channel.schedule).zone
    due = "" if channel.paused or figures.waiting or not figures.watches else next_post(channel, context)
    last = f", the last on {moment_text(figures.last_posted, zone, context.now)}" if figures.last_posted else ""
    return sentences(
        [
            f"{count(figures.posted, 'paper')} posted{last}; {number(figures.waiting)} waiting.",
            f"The next post is on {due}." if due and due != "now" else "",
        ]
    )


def _uncertain(figures: ChannelStatus) -> str:
    trouble = f"The last trouble with posting: {shown(figures.last_error, 300)}" if figures.last_error else ""
    if not figures.uncertain:
        return trouble
    posts, it = ("1 post", "It is") if figures.uncertain == 1 else (f"{figures.uncertain:,} posts", "They are")
    return sentences(
        [
            f"It is not known whether {posts} arrived, since the platform's answer was lost.",
            f"{it} being looked up and will not be sent twice; later posts wait for that.",
            trouble,
        ]
    )


def _polls(polls: PollStatus, zone: str, context: Context) -> str:
    def when(moment: datetime) -> str:
        return moment_text(moment, zone, context.now)

    if is_down(polls) and polls.last_failure:
        since = f"last read on {when(polls.last_success)}" if polls.last_success else "never read so far"
        return (
            f"{since}; the attempt on {when(polls.last_failure)} failed: {shown(polls.failure, 200).rstrip('.')}. "
            f"It is made again, and nothing is lost."
        )
    if polls.last_success is None:
        return "not read yet."
    missing = f" {_numbers(polls.missing)} not readable yet and asked again." if polls.missing else ""
    return f"last read on {when(polls.last_success)}.{missing}"


def _numbers(missing: int) -> str:
    return f"{count(missing, 'paper number')} {'is' if missing == 1 else 'are'}"


def is_down(polls: PollStatus) -> bool:
    """Whether the latest poll failed."""
    return polls.last_failure is not None and (polls.last_success is None or polls.last_failure > polls.last_success)


def _kept_silent(channel: Channel, figures: ChannelStatus) -> str:
    """What in this channel keeps papers from being posted."""
    if channel.paused:
        wait = "waits" if figures.waiting == 1 else "wait"
        waiting = f" {count(figures.waiting, 'paper')} {wait}." if figures.waiting else ""
        reason = f"Nothing is posted: this channel is paused ({pause_reason(channel)})."
        return f"{reason}{waiting} {command('resume')} goes on."
    if not figures.watches and not figures.waiting:
        return f"Nothing is posted: there is no watch here. For example: {command('watch RLHF')}."
    if not figures.waiting and Schedule.from_canonical(channel.schedule).kind is ScheduleKind.OFF:
        return f"Nothing is posted by itself: the schedule is off. {command('schedule daily 09:00')} sets one."
    return ""


async def _under_way(channel: Channel, figures: ChannelStatus, context: Context) -> str:
    """What becomes of the papers that wait, if any do."""
    if not figures.waiting:
        return ""
    return await being_sent(context, figures.waiting) or waiting_papers(channel, figures.waiting, context)


def _nothing_read(polls: PollStatus) -> str:
    """What keeps papers from being read."""
    if is_down(polls):
        return "Nothing new can come until arXiv answers; papers announced meanwhile are read then."
    if polls.backfilling or polls.last_success is None:
        return "The archive is being filled; papers are posted when that is done."
    return ""


def _nothing_found(channel: Channel, figures: ChannelStatus, polls: PollStatus, context: Context) -> str:
    """Why nothing waits although everything works."""
    latest = context.source.last_announcement(context.now)
    when = moment_text(latest, Schedule.from_canonical(channel.schedule).zone, context.now)
    if reason := context.source.silence(context.now):
        return f"It is quiet because arXiv announced nothing for today: {shown(reason, 100)}."
    if polls.last_success is None or polls.last_success < latest:
        return f"The announcement of {when} is read at the next poll."
    if figures.last_posted is not None and figures.last_posted >= latest:
        return f"The matches of the announcement of {when} have been posted."
    return f"It is quiet because nothing in the announcement of {when} matched."
