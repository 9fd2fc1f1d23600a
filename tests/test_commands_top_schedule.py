"""`schedule top` as text, and what other commands say of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commands_kit import Room, open_room
from tests.factories import CHANNEL
from tests.standins.clock import FakeClock

SET = "The week's top comes every Monday at 09:00 (Europe/Berlin), next on Mon 9 March 09:00 (Europe/Berlin)."
CHANGE = "To change it: `/papers schedule top mon 09:00` or `/papers schedule top off`."
NONE = "There is no weekly top in this channel. To get one: `/papers schedule top mon 09:00`."


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def test_a_top_is_set_shown_and_ended(room: Room) -> None:
    assert await room.told("schedule top") == NONE
    assert await room.store.channel(CHANNEL) is None
    reply = await room.say("schedule Top Mon 9:00")
    assert reply.public
    assert reply.text == f"From now on, what the team saved most comes once a week. {SET}"
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    assert (channel.top_schedule, channel.top_next_due) == (
        "weekly mon 09:00 Europe/Berlin", datetime(2026, 3, 9, 8, tzinfo=UTC),
    )  # fmt: skip
    assert await room.told("schedule top") == f"{SET} {CHANGE}"
    reply = await room.say("schedule top off")
    assert (reply.text, reply.public) == ("There is no weekly top any more.", True)
    assert await room.told("schedule top off") == (
        "This channel has no weekly top. To get one: `/papers schedule top mon 09:00`."
    )


async def test_the_channels_own_schedule_stays_as_it_is(room: Room) -> None:
    await room.say("schedule weekly fri 17:30 America/New_York")
    await room.say("schedule top weekly tue 8am")
    said = (await room.told("schedule")).splitlines()
    assert said[0] == "Papers come every Friday at 17:30 (America/New_York): `weekly fri 17:30 America/New_York`."
    assert said[-1] == (
        "The week's top comes every Tuesday at 08:00 (America/New_York), next on Tue 10 March 08:00 "
        f"(America/New_York). {CHANGE}"
    )
    await room.say("schedule off")
    assert "every Tuesday at 08:00" in await room.told("schedule")


async def test_status_names_it_and_says_that_it_waits(room: Room) -> None:
    assert "top" not in await room.told("status")
    await room.say("schedule top mon 09:00 Europe/Berlin")
    assert (await room.told("status")).splitlines()[2] == SET
    await room.say("pause summer")
    assert (await room.told("status")).splitlines()[2] == (
        f"{SET} It waits while this channel is paused (by ann: summer)."
    )
    room.clock.set(datetime(2026, 3, 9, 9, tzinfo=UTC))
    assert "next in a moment." in (await room.told("status")).splitlines()[2]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("09:00", "A weekly schedule needs its day."),
        ("mon 25:00", "“25:00” is not a time of day."),
        ("weekdays 09:00", "A weekly schedule comes on one day, not on “weekdays”."),
        ("daily 09:00 mon", "“daily” is not a time zone."),
        ("mon 09:00 " + "x" * 200, "A schedule has at most 100 characters."),
    ],
)
async def test_what_is_no_weekly_time(room: Room, typed: str, said: str) -> None:
    reply = await room.say(f"schedule top {typed}")
    assert reply.error
    assert reply.text == f"{said} For example: `/papers schedule top mon 09:00`, or `/papers schedule top off`."
    assert await room.store.channel(CHANNEL) is None
