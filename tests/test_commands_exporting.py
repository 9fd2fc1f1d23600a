"""`export` of lists of papers, as text and as files."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.commands.listing import as_file, page_of
from bot.conversation import File
from bot.formats import FORMATS
from bot.models import ChannelRef, MemberRef
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.commands_kit import Room, numbered, open_room
from tests.factories import BOB, CHANNEL
from tests.standins.clock import FakeClock
from tests.store_kit import NOW


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


@pytest.fixture
async def reading(room: Room) -> Room:
    """A room that watches two queries; three papers were posted, and later came two more."""
    await room.announce(numbered(3))
    await room.say("watch ti:letters")
    await room.say("watch moss OR au:post")
    await room.post()
    await room.announce(numbered(2, first=4, title="On moss"))
    return room


async def exported(room: Room, text: str) -> tuple[str, File]:
    reply = await room.say(f"export {text}")
    assert not reply.error, reply.text
    assert not reply.public
    (file,) = reply.files
    return reply.text, file


def ids(file: File) -> list[str]:
    return [paper["id"] for paper in json.loads(file.content)["papers"]]


async def test_what_the_channel_was_posted(reading: Room) -> None:
    text, file = await exported(reading, "channel json")
    assert text == "JSON of 3 papers posted in this channel."
    assert (file.name, ids(file)) == ("channel.json", ["2603.00003", "2603.00002", "2603.00001"])
    text, file = await exported(reading, "channel")
    assert (text, file.name) == ("Markdown of 3 papers posted in this channel.", "channel.md")
    elsewhere = ChannelRef("console", "local", "other")
    assert (await reading.say("export here csv", channel=elsewhere)).text == (
        "There are no papers posted in this channel yet."
    )


async def test_a_watch_by_its_number(reading: Room) -> None:
    text, file = await exported(reading, "1 ris")
    assert (text, file.name) == ("RIS of 3 papers that `ti:letters` matches.", "watch.ris")
    text, file = await exported(reading, "json #2")
    assert text == "JSON of 5 papers that `moss OR au:post` matches."
    assert ids(file)[:2] == ["2603.00005", "2603.00004"]
    text, file = await exported(reading, "2")
    assert text == "A page of 1 watch, with the latest 100 papers of each at most."
    assert file.name == "daily-papers.md"
    assert await reading.told("export 3 csv") == (
        "There is no watch number 3 here: they go from 1 to 2. `/papers list` shows them."
    )


async def test_a_page_of_all_watches(reading: Room) -> None:
    text, file = await exported(reading, "watches")
    assert text == "A page of 2 watches, with the latest 100 papers of each at most."
    page = file.content.decode()
    assert page.startswith("# Daily papers\n\nLast update: 2026-03-04 13:00 (Europe/Berlin)\n")
    assert page.count("<details>") == 3 + 5
    assert [line for line in page.splitlines() if line.startswith("##")] == ["## ti:letters", "## moss OR au:post"]
    text, file = await exported(reading, "watches json")
    assert text == "JSON of 5 papers that this channel's watches match, 100 of each at most."
    assert sorted(ids(file)) == [f"2603.{number:05}" for number in range(1, 6)]


@pytest.mark.parametrize("what", ["watches", "1", "1 csv"])
async def test_without_watches_there_is_nothing_to_export(room: Room, what: str) -> None:
    assert await room.told(f"export {what}") == (
        "Nothing is watched in this channel yet. For example: `/papers watch RLHF`."
    )


async def test_saved_and_top_take_what_their_commands_take(reading: Room) -> None:
    await reading.say("save 1")
    await reading.say("save 1 2", by=BOB)
    text, file = await exported(reading, "saved")
    assert (text, file.name) == ("Markdown of 1 paper that you saved.", "saved.md")
    text, file = await exported(reading, "csl saved channel")
    assert (text, file.name) == ("CSL-JSON of 2 papers saved in this channel.", "saved-channel.csl.json")
    text, file = await exported(reading, "top month bibtex")
    assert (text, file.name) == ("BibTeX of 2 papers saved in the last 30 days.", "top-month.bib")
    reply = await reading.say("export saved @bob json", mentions=(BOB,))
    assert len(ids(reply.files[0])) == 2
    assert (await reading.say("export top year")).error
    stranger = MemberRef("console", "elsewhere", "ann", "ann")
    away = ChannelRef("console", "elsewhere", "terminal")
    for what in ("saved", "saved channel", "top all", "channel"):
        assert (await reading.say(f"export {what} json", by=stranger, channel=away)).files == ()


async def test_settings_come_as_json_alone(room: Room) -> None:
    plain = (await room.say("export")).files
    assert (await room.say("export settings")).files == (await room.say("export settings json")).files == plain
    assert await room.told("export settings csv") == "Settings come as JSON alone. Type `/papers export`."


async def test_what_cannot_be_exported(room: Room) -> None:
    ways = (
        "Type `/papers export` for the settings, or `/papers export 2 bibtex`, `/papers export watches`, "
        "`/papers export channel csv`, `/papers export saved ris` or `/papers export top month json`."
    )
    assert await room.told("export moss") == f"`moss` is nothing that can be exported. {ways}"
    assert await room.told("export bibtex") == f"That does not say which papers. {ways}"
    assert await room.told("export channel moss") == (
        "`moss` is no format. Type `/papers export channel bibtex`, `/papers export channel ris`, "
        "`/papers export channel csv`, `/papers export channel json`, `/papers export channel csl` "
        "or `/papers export channel markdown`."
    )
    assert (await room.told("export 1 grid")).startswith("`grid` is no format. Type `/papers export 1 bibtex`, ")
    assert (await room.say("export channel moss grid")).text.startswith("`channel moss grid` is nothing that can be")


async def test_a_file_holds_what_every_platform_takes(reading: Room) -> None:
    papers = numbered(50)
    reply = await as_file(papers, FORMATS["json"], "name", "of ours", most_bytes=20_000)
    found = ids(reply.files[0])
    assert reply.text == f"JSON of the latest {len(found)} papers of ours."
    assert found == [paper.id for paper in papers[: len(found)]]
    assert 15_000 < len(reply.files[0].content) <= 20_000
    watches = await reading.store.watches(CHANNEL)
    reply = await page_of(reading.store, watches, reading.clock.now(), "UTC", most_bytes=1200)
    rows = reply.files[0].content.count(b"<details>") // 2
    assert reply.text == f"A page of 2 watches, with the latest {rows} papers of each at most."
    assert 1 <= rows < 3
    assert len(reply.files[0].content) <= 1200


async def test_a_watch_that_cannot_be_read_any_more_has_no_papers(reading: Room) -> None:
    store = reading.store
    assert isinstance(store, SqliteStore)
    await store._database.write(
        lambda db: db.execute("UPDATE queries SET canonical = '(' WHERE canonical = 'ti:letter'")
    )
    assert (await store.watches(CHANNEL))[0].query == "("
    assert "No papers yet." in (await exported(reading, "1"))[1].content.decode()
    assert await store.add_watch(CHANNEL, Query.parse("tree"), "tree", BOB, NOW, most=9) is not None
