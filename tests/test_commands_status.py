"""`status` as text: how things stand, and every reason for silence."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.digest import compose
from bot.models import Batch, Cursor, Missing, OutboxItem, PostLimits
from tests.commands_kit import TODAY, Room, numbered, open_room
from tests.factories import CHANNEL
from tests.standins.clock import FakeClock
from tests.store_kit import record


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


def last_line(told: str) -> str:
    return told.splitlines()[-1]


async def test_a_channel_at_work(room: Room) -> None:
    await room.announce(numbered(1203))
    await room.say("watch letters")
    await room.say("layout digest")
    await room.post()
    room.clock.set(datetime(2026, 3, 5, 12, 0, tzinfo=UTC))
    await room.announce(numbered(2, first=2000, announced=date(2026, 3, 5)))
    reply = await room.say("status")
    assert not reply.public
    assert reply.text == (
        "1 watch in this channel; papers come every weekday at 09:00 (Europe/Berlin), layout digest.\n"
        "1,203 papers posted, the last on Wed 4 March 13:00 (Europe/Berlin); 2 waiting.\n"
        "arXiv: last read on Thu 5 March 13:00 (Europe/Berlin).\n"
        "The archive has 1,205 papers. The next announcement is on Fri 6 March 02:00 (Europe/Berlin).\n"
        "2 papers wait; they come in a moment."
    )


async def test_a_channel_that_nobody_has_set_up(room: Room) -> None:
    assert await room.told("status") == (
        "0 watches in this channel; papers come every weekday at 09:00 (Europe/Berlin), layout thread.\n"
        "0 papers posted; 0 waiting.\n"
        "arXiv: not read yet.\n"
        "The archive has 0 papers. The next announcement is on Thu 5 March 02:00 (Europe/Berlin).\n"
        "Nothing is posted: there is no watch here. For example: `/papers watch RLHF`."
    )


async def test_silence_while_the_archive_is_being_filled(room: Room) -> None:
    await room.say("watch letters")
    expected = "The archive is being filled; papers are posted when that is done."
    assert last_line(await room.told("status")) == expected
    await room.announce(numbered(1), backfill=True, filling=True)
    assert last_line(await room.told("status")) == expected


async def test_times_are_the_channels_wherever_the_caller_is(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("schedule daily 09:00 Asia/Tokyo")
    told = (await room.say("status", zone="America/New_York")).text
    assert told.count("(Asia/Tokyo)") == 3
    assert "New_York" not in told


async def test_silence_because_nothing_matched(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch RLHF")
    told = await room.told("status")
    assert told.splitlines()[1] == (
        "0 papers posted; 0 waiting. The next post is on Thu 5 March 09:00 (Europe/Berlin)."
    )
    assert last_line(told) == (
        "It is quiet because nothing in the announcement of Wed 4 March 02:00 (Europe/Berlin) matched."
    )


async def test_silence_after_everything_was_posted(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch letters")
    await room.post()
    assert last_line(await room.told("status")) == (
        "The matches of the announcement of Wed 4 March 02:00 (Europe/Berlin) have been posted."
    )


async def test_silence_on_a_day_without_announcement(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch RLHF")
    room.source.quiet = "arXiv holiday (Thanksgiving)"
    assert last_line(await room.told("status")) == (
        "It is quiet because arXiv announced nothing for today: arXiv holiday (Thanksgiving)."
    )


async def test_silence_before_the_next_poll(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch RLHF")
    room.clock.set(datetime(2026, 3, 5, 1, 30, tzinfo=UTC))
    assert last_line(await room.told("status")) == (
        "The announcement of Thu 5 March 02:00 (Europe/Berlin) is read at the next poll."
    )


async def test_silence_while_arxiv_is_down(room: Room) -> None:
    await room.say("watch letters")
    await room.store.poll_failed(room.clock.now(), "arXiv answered 503 to 4 tries.")
    told = await room.told("status")
    assert told.splitlines()[2] == (
        "arXiv: never read so far; the attempt on Wed 4 March 13:00 (Europe/Berlin) failed: arXiv answered 503 to 4 "
        "tries. It is made again, and nothing is lost."
    )
    assert last_line(told) == "Nothing new can come until arXiv answers; papers announced meanwhile are read then."
    await room.announce(numbered(1))
    room.clock.set(datetime(2026, 3, 5, 12, 0, tzinfo=UTC))
    await room.store.poll_failed(room.clock.now(), "no route")
    told = await room.told("status")
    assert told.splitlines()[2] == (
        "arXiv: last read on Wed 4 March 13:00 (Europe/Berlin); the attempt on Thu 5 March 13:00 (Europe/Berlin) "
        "failed: no route. It is made again, and nothing is lost."
    )
    assert last_line(told) == (
        "1 paper waits; it comes in a moment. "
        "Nothing new can come until arXiv answers; papers announced meanwhile are read then."
    )


async def test_silence_of_a_paused_channel(room: Room) -> None:
    await room.say("watch letters")
    await room.say("pause summer")
    assert last_line(await room.told("status")) == (
        "Nothing is posted: this channel is paused (by ann: summer). `/papers resume` goes on."
    )
    await room.announce(numbered(2))
    assert last_line(await room.told("status")) == (
        "Nothing is posted: this channel is paused (by ann: summer). 2 papers wait. `/papers resume` goes on."
    )


async def test_silence_of_a_schedule_that_is_off(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch RLHF")
    await room.say("schedule off")
    assert last_line(await room.told("status")) == (
        "Nothing is posted by itself: the schedule is off. `/papers schedule daily 09:00` sets one."
    )
    await room.say("watch letters")
    assert last_line(await room.told("status")) == (
        "1 paper waits, but the schedule is off. `/papers digest` posts it now."
    )


async def test_numbers_that_could_not_be_read_are_said(room: Room) -> None:
    now = room.clock.now()
    missing = tuple(Missing(f"2603.0000{n}", TODAY, now, now, 1) for n in (8, 9))
    batch = Batch(tuple(numbered(1)), Cursor("somewhere"), announced=3, missing=missing)
    await record(room.store, batch, {}, now)
    await room.store.poll_succeeded(now)
    assert (await room.told("status")).splitlines()[2] == (
        "arXiv: last read on Wed 4 March 13:00 (Europe/Berlin). 2 paper numbers are not readable yet and asked again."
    )


async def composed(room: Room) -> OutboxItem:
    """The post of the channel's only paper, taken up for sending."""
    await room.announce(numbered(1))
    await room.say("watch letters")
    await room.say("layout digest")
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    now = room.clock.now()
    receipt, receipted = await room.store.receipt(CHANNEL)
    limits = PostLimits(papers=9, characters=9000)
    posts = compose(channel, await room.store.waiting(CHANNEL), receipt, limits, now)
    await room.store.put_posts(CHANNEL, posts, receipted=receipted, next_due=None, now=now)
    (item,) = await room.store.claim(["console"], now, 9)
    return item


async def test_posts_of_unknown_outcome_are_visible(room: Room) -> None:
    item = await composed(room)
    await room.store.uncertain(item.post.key, room.clock.now(), "The answer was lost.")
    assert (await room.told("status")).splitlines()[2] == (
        "It is not known whether 1 post arrived, since the platform's answer was lost. "
        "It is being looked up and will not be sent twice; later posts wait for that. "
        "The last trouble with posting: The answer was lost."
    )


async def test_posts_on_their_way_are_said_and_not_posted_again(room: Room) -> None:
    item = await composed(room)
    await room.store.retry(item.post.key, room.clock.now(), "The platform is down.")
    told = await room.told("status")
    assert told.splitlines()[2] == "The last trouble with posting: The platform is down."
    assert last_line(told) == "1 paper is being sent."
    assert await room.told("digest") == "1 paper is being sent. `/papers status` says more."
    assert room.woken == 0
