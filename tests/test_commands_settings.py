"""`schedule`, `layout`, `digest`, `pause` and `resume`, as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.models import Layout
from tests.commands_kit import Room, numbered, open_room
from tests.factories import BOB, CHANNEL
from tests.standins.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def test_the_schedule_is_shown_with_examples(room: Room) -> None:
    told = (
        "Papers come every weekday at 09:00 (Europe/Berlin): `daily 09:00 weekdays Europe/Berlin`.\n"
        "The next post is on Thu 5 March 09:00 (Europe/Berlin).\n"
        "To change it: `/papers schedule daily 09:00 weekdays Europe/Berlin`, `/papers schedule weekly mon 09:00`, "
        "`/papers schedule instant` or `/papers schedule off`.\n"
        "There is no weekly top in this channel. To get one: `/papers schedule top mon 09:00`."
    )
    assert await room.told("schedule") == told
    assert await room.store.channel(CHANNEL) is None
    await room.say("watch RLHF")
    reply = await room.say("schedule")
    assert (reply.text, reply.public) == (told, False)


async def test_a_schedule_is_set_in_the_channels_zone(room: Room) -> None:
    reply = await room.say("schedule weekly Friday 17:30", zone="America/New_York")
    assert reply.public
    assert reply.text == (
        "Papers now come every Friday at 17:30 (America/New_York). "
        "The next post is on Fri 6 March 17:30 (America/New_York)."
    )
    told = await room.told("schedule daily 8:00 every day")
    assert told == (
        "Papers now come every day at 08:00 (America/New_York). "
        "The next post is on Wed 4 March 08:00 (America/New_York)."
    )
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    assert channel.next_due == datetime(2026, 3, 4, 13, 0, tzinfo=UTC)


async def test_waiting_papers_are_spoken_of_when_the_schedule_changes(room: Room) -> None:
    await room.announce(numbered(2))
    await room.say("watch letters")
    assert await room.told("schedule off") == (
        "Papers now come only when asked for. 2 papers wait, but the schedule is off. `/papers digest` posts them now."
    )
    assert room.woken == 0
    assert await room.told("schedule instant") == (
        "Papers now come as soon as they are found. 2 papers wait; they come in a moment."
    )
    assert room.woken == 1
    assert [channel.ref for channel in await room.store.due_channels(("console",), room.clock.now(), 9)] == [CHANNEL]


async def test_a_schedule_without_waiting_papers_needs_no_more_words(room: Room) -> None:
    assert await room.told("schedule instant") == "Papers now come as soon as they are found."
    await room.say("pause")
    assert await room.told("schedule off") == (
        "Papers now come only when asked for. This channel is paused (by ann); `/papers resume` goes on."
    )


async def test_a_schedule_that_cannot_be_read(room: Room) -> None:
    reply = await room.say("schedule dayly 09:00")
    assert reply.error
    assert "daily" in reply.text
    assert await room.store.channel(CHANNEL) is None


async def test_the_layout_is_shown_and_set(room: Room) -> None:
    assert await room.told("layout") == (
        "The layout is `thread`: one post with all papers, and a card for each in its thread (if it has one).\n"
        "`/papers layout thread`: one post with all papers, and a card for each in its thread (if it has one).\n"
        "`/papers layout cards`: a card for each paper.\n"
        "`/papers layout digest`: one post with all papers, and nothing else."
    )
    reply = await room.say("layout Cards")
    assert (reply.text, reply.public) == ("Papers now come as a card for each paper (`cards`).", True)
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    assert channel.layout is Layout.CARDS
    assert await room.told("layout grid") == (
        "`grid` is no layout. Type `/papers layout thread`, `/papers layout cards` or `/papers layout digest`."
    )


async def test_a_digest_is_posted_on_request(room: Room) -> None:
    assert await room.told("digest") == (
        "Nothing waits: this channel has no watch. For example: `/papers watch RLHF` makes one."
    )
    await room.announce(numbered(2))
    await room.say("watch letters")
    reply = await room.say("digest")
    assert (reply.text, reply.public, room.woken) == ("Posting 2 papers now.", True, 1)
    assert [channel.ref for channel in await room.store.due_channels(("console",), room.clock.now(), 9)] == [CHANNEL]
    await room.post()
    reply = await room.say("digest")
    assert not reply.public
    assert reply.text == (
        "Nothing waits to be posted. Papers come every weekday at 09:00 (Europe/Berlin), next on "
        "Thu 5 March 09:00 (Europe/Berlin). `/papers status` says more."
    )


async def test_a_paused_channel_posts_no_digest(room: Room) -> None:
    await room.say("watch letters")
    await room.say("pause")
    assert await room.told("digest") == "This channel is paused (by ann); `/papers resume` goes on."
    await room.announce(numbered(1))
    assert await room.told("digest") == (
        "1 paper waits, but this channel is paused (by ann). `/papers resume` goes on."
    )
    assert room.woken == 0


async def test_nothing_waits_in_a_channel_that_is_instant_or_off(room: Room) -> None:
    await room.say("watch letters")
    await room.say("schedule instant")
    assert await room.told("digest") == (
        "Nothing waits to be posted. Papers come as soon as they are found; arXiv's next announcement is on "
        "Thu 5 March 02:00 (Europe/Berlin). `/papers status` says more."
    )
    await room.say("schedule off")
    assert await room.told("digest") == (
        "Nothing waits to be posted. The schedule is off: papers wait until `/papers digest`. "
        "`/papers status` says more."
    )


async def test_a_pause_and_its_end(room: Room) -> None:
    await room.announce(numbered(2))
    await room.say("watch letters")
    reply = await room.say("pause summer `break`.")
    assert reply.public
    assert reply.text == "Paused: summer 'break'. Matching papers are kept; `/papers resume` posts them."
    assert await room.told("pause") == (
        "This channel is paused already (by ann: summer 'break'). `/papers resume` goes on."
    )
    assert await room.store.due_channels(("console",), room.clock.now() + timedelta(days=9), 9) == []
    reply = await room.say("resume", by=BOB)
    assert (reply.public, room.woken) == (True, 1)
    assert reply.text == (
        "Resumed. 2 papers wait; they come with the next post, Thu 5 March 09:00 (Europe/Berlin). "
        "`/papers digest` posts them now."
    )
    assert await room.told("resume") == "This channel is not paused. `/papers status` says how things stand."


async def test_a_late_resume_posts_at_once(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch letters")
    await room.say("pause")
    room.clock.set(room.clock.now() + timedelta(days=2))
    assert await room.told("resume") == "Resumed. 1 paper waits; it comes in a moment."


async def test_an_instant_channel_gets_what_waited_when_it_resumes(room: Room) -> None:
    await room.say("watch letters")
    await room.say("schedule instant")
    assert await room.told("pause") == "Paused. Matching papers are kept; `/papers resume` posts them."
    await room.announce(numbered(1))
    assert await room.told("resume") == "Resumed. 1 paper waits; it comes in a moment."
    assert [channel.ref for channel in await room.store.due_channels(("console",), room.clock.now(), 9)] == [CHANNEL]
    await room.post()
    await room.say("pause")
    assert await room.told("resume") == (
        "Resumed. Papers come as soon as they are found; arXiv's next announcement is on "
        "Thu 5 March 02:00 (Europe/Berlin)."
    )
