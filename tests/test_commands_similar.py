"""`similar` and `stats` as members type them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands import Commands
from bot.conversation import Command, Reply
from bot.similar import Relatives
from tests.commands_kit import TODAY, ZONE, Room, numbered, open_room, read
from tests.factories import ANN, CHANNEL, make_paper
from tests.standins.clock import FakeClock
from tests.standins.painter import Painter
from tests.standins.plain_index import PlainIndex


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def ask(room: Room, text: str, painter: Painter, *, pictures: bool = True) -> Reply:
    commands = Commands(room.store, room.source, room.clock, wake=room.wake, default_zone=ZONE, plotter=painter)
    return await commands.run(Command(CHANNEL, ANN, text, "reading", pictures=pictures))


async def related(room: Room, text: str, folder: Path) -> str:
    """A command where there is an index, made of what the archive has."""
    relatives = Relatives(room.store, PlainIndex(folder), room.clock)
    await relatives.refresh()
    commands = Commands(room.store, room.source, room.clock, wake=room.wake, default_zone=ZONE, relatives=relatives)
    return read(await commands.run(Command(CHANNEL, ANN, text, "reading")))


async def test_similar_papers_come_with_their_reasons(room: Room, tmp_path: Path) -> None:
    await room.announce(
        [
            make_paper("2603.00001", title="Reward models", abstract="A reward model of preferences."),
            make_paper("2603.00002", title="Glaciers", abstract="Ice moves."),
            make_paper("2603.00003", title="More reward models", abstract="From preferences."),
        ]
    )
    assert await related(room, "similar 2603.00001", tmp_path) == (
        "Papers most like “Reward models”:\n[2603.00003: because both speak of reward models]"
    )
    assert await related(room, "similar https://arxiv.org/abs/2603.00002", tmp_path) == (
        "Nothing in the archive is like “Glaciers”."
    )


async def test_a_paper_from_outside_the_archive_is_asked_of_arxiv(room: Room, tmp_path: Path) -> None:
    await room.announce([make_paper("2603.00001", title="Reward models", abstract="Of preferences.")])
    room.source.known["2601.00009"] = make_paper("2601.00009", title="Reward models", abstract="By hand.")
    assert (await related(room, "similar 2601.00009", tmp_path)).endswith(
        "[2603.00001: because both speak of reward models]"
    )
    assert room.source.asked == ["2601.00009"]


async def test_before_the_first_index_it_says_when(room: Room, tmp_path: Path) -> None:
    await room.announce(numbered(2))
    relatives = Relatives(room.store, PlainIndex(tmp_path), room.clock)
    commands = Commands(room.store, room.source, room.clock, wake=room.wake, default_zone=ZONE, relatives=relatives)
    reply = await commands.run(Command(CHANNEL, ANN, "similar 2603.00001"))
    assert reply.text == (
        "Similar papers can be asked for a few minutes after Wed 4 March 13:10 (Europe/Berlin), "
        "when the archive's index is made."
    )
    assert not reply.error
    assert "keeps no index" in await room.told("similar 2603.00001")


async def test_the_setting_is_shown_and_set(room: Room) -> None:
    assert await room.told("similar") == (
        "This channel's digests do not end with papers like those saved here in the last 90 days. "
        "`/papers similar on` changes that.\nPapers like one: `/papers similar 1706.03762`."
    )
    reply = await room.say("similar ON")
    assert reply.public
    assert reply.text == (
        "Digests now end with up to 3 new papers like those saved here in the last 90 days, each with its reason."
    )
    assert (await room.told("similar")).startswith("This channel's digests end with papers like")
    assert await room.told("similar off") == "Digests no longer end with similar papers."
    await room.say("layout cards")
    assert (await room.told("similar on")).endswith(
        "There is no digest while the layout is `cards`: `/papers layout thread`."
    )


async def test_who_may_not_change_a_channel_may_ask_all_the_same(room: Room) -> None:
    await room.announce(numbered(1))
    for text, refused in (("similar on", True), ("similar", False), ("similar 2603.00001", False)):
        reply = await room.inbox.command(Command(CHANNEL, ANN, text, manages=False))
        assert reply.error is refused


async def test_the_setting_is_exported_and_imported(room: Room) -> None:
    await room.say("similar on")
    (file,) = (await room.say("export")).files
    await room.say("similar off")
    assert "Digests now end with" in read(await room.say("import", files=(file,)))
    assert (await room.told('import { "format": "paperroute channel", "version": 1, "similar": 1 }')) == (
        "Nothing was imported:\n`similar` must be `true` or `false`."
    )


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("similar 2603.00001 2603.00002", "`/papers similar` takes one paper at a time. To find papers by words: "),
        ("similar RLHF", "`RLHF` is not an arXiv id."),
        ("similar 7", "The latest post has no paper 7"),
        ("stats", "There is nothing to draw: this channel has no watch."),
    ],
)
async def test_what_cannot_be_done_is_said_in_a_sentence(room: Room, typed: str, answer: str) -> None:
    if "7" in typed:
        await room.announce(numbered(1, announced=TODAY - timedelta(days=1)))
        await room.say("watch letters")
        await room.announce(numbered(2, first=5))
        await room.post()
    reply = await room.say(typed)
    assert reply.error
    assert reply.text.startswith(answer)


async def test_stats_are_a_picture_with_its_words(room: Room) -> None:
    await room.announce(numbered(1, announced=TODAY - timedelta(days=1)))
    await room.say("watch letters")
    await room.announce(numbered(3, first=5))
    painter = Painter()
    reply = await ask(room, "stats", painter)
    (file,) = reply.files
    assert (file.name, file.media_type, file.content) == ("paperroute-stats.png", "image/png", b"picture")
    assert "letters 4 in all, at most 4 a week, 4 this week" in file.alt
    assert reply.text == "The last 12 weeks of reading."
    ((figures, title),) = painter.asked
    assert title == "The last 12 weeks of reading"
    assert len(figures.weeks) == 12
    assert figures.announced[-1] == 4


async def test_where_no_picture_can_be_shown_or_drawn_there_are_characters(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch letters")
    in_characters = "█ `letters`: 1 this week, 1 at most, 1 in all"
    painter = Painter()
    assert in_characters in (await ask(room, "stats", painter, pictures=False)).text
    assert painter.asked == []
    failed = await ask(room, "stats", Painter("It took longer than 40 seconds."))
    assert in_characters in failed.text
    assert not failed.files
    assert in_characters in await room.told("stats")


async def test_one_watch_is_named_by_its_number_or_its_query(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch letters")
    await room.say("watch tides")
    for typed in ("stats 2", "stats tide", "stats  Tides"):
        said = await room.told(typed)
        assert "`tides`" in said
        assert "`letters`" not in said
    assert (
        await room.told("stats 3")
    ) == "There is no watch number 3 here: they go from 1 to 2. `/papers list` shows them."
    assert (await room.told("stats tidesx")).endswith("Did you mean `/papers stats tides`?")
