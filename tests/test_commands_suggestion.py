"""What `status` proposes to a channel that turns papers down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.conversation import Button, ButtonKind
from bot.models import Paper
from storage.sqlite import SqliteStore
from tests.commands_kit import Room, numbered, open_room
from tests.factories import ANN, CHANNEL, make_paper
from tests.standins.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


SURVEYS = numbered(6, title="A survey of letters")
OTHERS = numbered(14, first=20)


async def turn_down(room: Room, papers: Iterable[Paper]) -> None:
    for paper in papers:
        await room.inbox.button(Button(ButtonKind.DISMISS, paper.id, CHANNEL, ANN))


async def proposal(room: Room) -> str:
    last = (await room.told("status")).splitlines()[-1]
    return last if last.startswith("This channel has lately turned down") else ""


async def test_a_word_of_what_is_turned_down_is_proposed_with_its_effect(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS)
    await room.say("watch letters")
    await turn_down(room, [*SURVEYS[:4], OTHERS[0]])
    said = (
        "This channel has lately turned down 5 papers of `letters`. "
        "`letters -survey` would drop 4 of them, and 6 of all 20 matches in the last 30 days. "
        "To change it: `/papers watch letters -survey`, then `/papers unwatch letters`."
    )
    assert await proposal(room) == said
    for typed in ("watch letters -survey", "unwatch letters"):
        assert not (await room.say(typed)).error
        assert await proposal(room) == "", "what was done is not proposed again"


async def test_few_papers_turned_down_prove_nothing(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS)
    await room.say("watch letters")
    await turn_down(room, SURVEYS[:4])
    assert await proposal(room) == ""
    await turn_down(room, SURVEYS[4:5])
    assert await proposal(room) != ""


async def test_papers_of_long_ago_prove_nothing(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS)
    await room.say("watch letters")
    await turn_down(room, SURVEYS)
    room.clock.set(datetime(2026, 6, 3, 12, 0, tzinfo=UTC))
    assert await proposal(room) == ""


async def test_a_word_of_saved_papers_is_not_proposed(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS)
    await room.say("watch letters")
    await turn_down(room, SURVEYS[:5])
    await room.say(f"save {SURVEYS[5].id}")
    assert await proposal(room) == ""


async def test_a_word_that_most_matches_have_is_not_proposed(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS[:2])
    await room.say("watch letters")
    await turn_down(room, SURVEYS[:5])
    assert await proposal(room) == ""


async def test_words_of_the_query_and_of_titles_in_general_are_not_proposed(room: Room) -> None:
    await room.announce(numbered(6, title="A study of new letters on 42") + numbered(14, first=20, title="Lettres"))
    await room.say("watch letters OR lettres")
    await turn_down(room, numbered(6))
    assert await proposal(room) == ""


async def test_the_watch_that_brought_most_is_narrowed(room: Room) -> None:
    stamps = numbered(20, first=40, title="On stamps")
    await room.announce(SURVEYS + OTHERS + stamps + numbered(4, first=80, title="A catalogue of stamps"))
    await room.say("watch stamps")
    await room.say("watch letters")
    await turn_down(room, SURVEYS)
    await turn_down(room, numbered(3, first=80))
    assert "`letters -survey`" in await proposal(room)
    await room.say("unwatch letters")
    assert "`stamps -catalogue`" in await proposal(room)


async def test_a_watch_of_another_channel_or_none_gives_nothing(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS)
    await turn_down(room, SURVEYS)
    assert await proposal(room) == ""
    await room.say("watch moss")
    assert await proposal(room) == ""


async def test_a_query_that_is_full_is_left_alone(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS)
    typed = "letters " + " ".join(f"-x{n}" for n in range(39))
    assert not (await room.say(f"watch {typed}")).error
    await turn_down(room, SURVEYS)
    assert await proposal(room) == ""


async def test_a_query_of_digits_stays_a_query(room: Room) -> None:
    surveys = numbered(6, title="A survey of 1984")
    await room.announce(surveys + numbered(14, first=20, title="1984"))
    await room.say('import "1984"')
    await turn_down(room, surveys)
    assert (await proposal(room)).endswith(
        'To change it: `/papers watch "1984" -survey`, then `/papers unwatch "1984"`.'
    )


async def test_a_watch_without_matches_of_late_is_left_alone(room: Room) -> None:
    await room.announce(SURVEYS)
    await room.say("watch letters")
    await room.announce([make_paper("2605.00090", abstract="Later.", announced=date(2026, 5, 4))])
    room.clock.set(datetime(2026, 5, 5, 12, 0, tzinfo=UTC))
    await turn_down(room, SURVEYS)
    assert await proposal(room) == ""


async def test_a_watch_that_cannot_be_read_any_more_stops_nothing(room: Room) -> None:
    await room.announce(SURVEYS + OTHERS)
    await room.say("watch letters")
    await room.say("watch zebra")
    assert isinstance(room.store, SqliteStore)
    await room.store._database.write(lambda db: db.execute("UPDATE queries SET canonical = '(' WHERE id = 2"))
    await turn_down(room, SURVEYS)
    assert "`letters -survey` would drop 6 of them" in await proposal(room)
