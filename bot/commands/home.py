"""What a member sees at home, where a platform has such a place: channels with watches, and their own saves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from bot.channel_schedule import Schedule, ScheduleKind
from bot.conversation import ChannelOverview, Home
from bot.models import Channel, ChannelRef, MemberRef
from bot.ports import Store
from bot.wording import moment_text

SAVED = 15


async def overview(store: Store, member: MemberRef, visible: Collection[ChannelRef], now: datetime) -> Home:
    """Of the member's workspace, the channels in ``visible`` that have watches, by name. Raises StoreError."""
    channels = []
    for channel in await store.channels(member.platform, member.workspace):
        if channel.ref in visible and (watches := await store.watches(channel.ref)):
            when = Schedule.from_canonical(channel.schedule).explain()
            channels.append(ChannelOverview(channel, tuple(watches), when, _next_post(channel, now)))
    channels.sort(key=lambda each: (each.channel.name.casefold(), each.channel.ref))
    saved = await store.saved_by(member, limit=SAVED + 1)
    return Home(tuple(channels), tuple(saved[:SAVED]), len(saved) > SAVED)


def _next_post(channel: Channel, now: datetime) -> str:
    """When the next post is due, empty where it is not by the clock."""
    schedule = Schedule.from_canonical(channel.schedule)
    due = channel.next_due or schedule.next_after(now)
    if channel.paused or due is None or schedule.kind in (ScheduleKind.INSTANT, ScheduleKind.OFF):
        return ""
    return moment_text(max(due, now), schedule.zone, now)
