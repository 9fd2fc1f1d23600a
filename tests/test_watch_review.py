"""A watch of which nothing is saved suggests to be narrowed or ended, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.conversation import Button, ButtonKind
from bot.errors import StoreError
from bot.models import MessageRef, PostKind
from bot.watch_review import review
from tests.commands_kit import Room, numbered, open_room
from tests.delivery_kit import Crash, at_boundary
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.clock import FakeClock

OTHER = replace(CHANNEL, channel="other")
WEEK = timedelta(days=7)
SAID = "60 papers came here for the watch `letters`, and nobody saved one."
END = "To end it: `/papers unwatch letters`."


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def posted(
    room: Room, papers: int = 60, watch: str = "letters", *, first: int = 1, layout: str = "digest"
) -> None:
    """The channel watches and is posted so many papers."""
    await room.say(f"watch {watch}")
    await room.say(f"layout {layout}")
    await room.announce(numbered(papers, first=first))
    await room.post()


async def told(room: Room, *, days: float = 7) -> list[str]:
    """Review that many days later; what the channels are told, sent."""
    room.clock.set(room.clock.now() + timedelta(days=days))
    number = await review(room.store, room.clock, wake=room.wake)
    said = []
    while items := await room.store.claim(["console"], room.clock.now(), 9):
        for item in items:
            assert item.post.kind is PostKind.NOTICE
            said.append(item.post.text)
            message = MessageRef(item.post.channel, f"n{item.post.key}")
            assert await room.store.sent(item.post.key, message, room.clock.now())
    assert len(said) == number
    return said


async def test_a_watch_of_which_nothing_is_saved_says_so_once(room: Room) -> None:
    await posted(room)
    woken = room.woken
    assert await told(room) == [f"{SAID}\n{END}"]
    assert room.woken == woken + 1
    assert await told(room) == []
    await posted(room, first=100)
    assert await told(room) == []


async def test_it_takes_sixty_papers_and_a_week(room: Room) -> None:
    await posted(room, 59)
    assert await told(room) == []
    await room.announce(numbered(1, first=60))
    assert await told(room) == []
    await room.post()
    assert len(await told(room, days=0)) == 1
    await room.say("watch study")
    await posted(room, 60, first=100)
    assert await told(room, days=6.9) == []
    assert len(await told(room, days=0.1)) == 1


@pytest.mark.parametrize("layout", ["thread", "cards"])
async def test_a_paper_counts_once_in_every_layout(room: Room, layout: str) -> None:
    await posted(room, 59, layout=layout)
    assert await told(room) == []
    (tally,) = await room.store.tallies(least=1, made_before=room.clock.now(), limit=9)
    assert tally.posted == 59


async def test_one_save_by_anybody_of_the_team_is_enough_for_ever(room: Room) -> None:
    await posted(room)
    await room.say("save 2603.00007", by=BOB, channel=OTHER)
    assert await told(room) == []
    await room.say("unsave 2603.00007", by=BOB)
    assert await told(room) == []


async def test_saves_of_others_or_of_other_papers_do_not_count(room: Room) -> None:
    await posted(room)
    stranger = replace(ANN, workspace="away")
    await room.say("save 2603.00007", by=stranger, channel=replace(CHANNEL, workspace="away"))
    await room.store.add_papers([make_paper("2603.00990", title="Moss"), *numbered(1, first=991)])
    await room.say("save 2603.00990 2603.00991")
    assert await told(room) == [f"{SAID}\n{END}"]


async def test_a_watch_that_shares_its_papers_with_another_counts_them_too(room: Room) -> None:
    await room.say("watch study")
    await posted(room)
    assert (await told(room))[0].startswith("60 papers came here for the watch `study`")
    # The other one has its turn the day after.
    assert (await told(room, days=1))[0].startswith(SAID)
    assert await told(room, days=1) == []


async def test_the_watch_of_another_channel_is_another_watch(room: Room) -> None:
    await room.say("watch letters", channel=OTHER)
    await posted(room)
    await room.post(OTHER)
    assert len(await told(room)) == 2


async def test_paused_channels_and_ended_watches_are_left_alone(room: Room) -> None:
    await posted(room)
    await room.say("pause")
    assert await told(room) == []
    await room.say("resume")
    await room.say("unwatch letters")
    assert await told(room) == []


async def test_what_was_turned_down_shows_what_to_exclude(room: Room) -> None:
    await room.say("watch letters")
    await room.say("layout digest")
    await room.announce([*numbered(54), *numbered(6, first=55, title="A letters survey")])
    await room.post()
    for number in range(55, 61):
        await room.inbox.button(Button(ButtonKind.DISMISS, f"2603.{number:05}", CHANNEL, BOB))
    (said,) = await told(room)
    assert said.splitlines()[:2] == [SAID, END]
    assert said.splitlines()[2] == (
        "This channel has lately turned down 6 papers of `letters`. `letters -survey` would drop 6 of them, and 6 of "
        "all 60 matches in the last 30 days. To change it: `/papers watch letters -survey`, then "
        "`/papers unwatch letters`."
    )


async def test_else_its_titles_show_what_to_exclude(room: Room) -> None:
    await room.say("watch letters")
    await room.say("layout digest")
    await room.announce([*numbered(57), *numbered(3, first=58, title="Letters of moss")])
    await room.post()
    (said,) = await told(room)
    assert said.splitlines()[2] == (
        "To narrow it: `/papers watch letters -moss`, then end this one. That would drop 3 of all 60 matches in the "
        "last 30 days."
    )


async def test_a_query_of_digits_is_ended_in_quotes(room: Room) -> None:
    await room.say('watch "2026"')
    await room.say("watch 2026 12")
    await room.say("layout digest")
    await room.announce(numbered(60, title="2026 by 12"))
    await room.post()
    said = [*await told(room), *await told(room, days=1)]
    ends = sorted(line.split("`")[1] for text in said for line in text.splitlines() if line.startswith("To end it"))
    assert ends == ['/papers unwatch "2026 12"', '/papers unwatch "2026"']


@pytest.mark.parametrize("method", ["put_notice", "judged"])
@pytest.mark.parametrize("before", [True, False])
async def test_a_crash_neither_loses_nor_doubles_it(room: Room, method: str, before: bool) -> None:
    await posted(room)
    room.clock.set(room.clock.now() + WEEK)

    def die(name: str) -> None:
        if name == method:
            raise Crash

    def live(name: str) -> None:
        """Goes on."""

    mortal = at_boundary(room.store, die if before else live, live if before else die)
    with pytest.raises(Crash):
        await review(mortal, room.clock, wake=room.wake)
    again = await review(room.store, room.clock, wake=room.wake)
    assert again == (0 if (method, before) == ("judged", False) else 1)
    items = [item for _ in range(3) for item in await room.store.claim(["console"], room.clock.now(), 9)]
    assert [item.post.text for item in items] == [f"{SAID}\n{END}"]


async def test_an_unreadable_store_is_said(room: Room) -> None:
    await room.store.close()
    with pytest.raises(StoreError):
        await review(room.store, room.clock, wake=room.wake)
