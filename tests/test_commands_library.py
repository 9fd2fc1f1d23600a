"""`save`, `unsave`, `saved` and `top`, as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.models import ChannelRef, MemberRef
from tests.commands_kit import Room, numbered, open_room, read
from tests.factories import ANN, BOB, make_paper
from tests.standins.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


@pytest.fixture
async def posted(room: Room) -> Room:
    """A room where a digest of three papers has been posted."""
    await room.announce(numbered(3))
    await room.say("watch letters")
    await room.post()
    return room


async def test_papers_are_saved_by_number_id_and_link(posted: Room) -> None:
    reply = await posted.say("save 1, #3 https://arxiv.org/pdf/2603.00002v1.pdf")
    assert not reply.public
    assert reply.text == (
        "Saved “A study of letters, part 3”, “A study of letters, part 1” and “A study of letters, part 2”."
    )
    assert [save.paper.id for save in await posted.store.saved_by(ANN, limit=9)] != []


async def test_saving_twice_says_so(posted: Room) -> None:
    await posted.say("+1")
    assert await posted.told("+1 +2") == (
        "Saved “A study of letters, part 2”.\nYou had saved “A study of letters, part 3” already."
    )


async def test_nothing_is_saved_when_one_of_several_is_wrong(posted: Room) -> None:
    assert await posted.told("save 1 4") == (
        "The latest post has no paper 4; it has 1 to 3. "
        "Papers can also be named by their id: `/papers save 1706.03762`."
    )
    assert (await posted.say("save 1 moss")).error
    assert await posted.store.saved_by(ANN, limit=9) == []


async def test_a_paper_from_outside_the_archive_is_fetched_and_saved(room: Room) -> None:
    room.source.known["1706.03762"] = make_paper("1706.03762", title="Letters", announced=None)
    assert await room.told("save 1706.03762") == "Saved “Letters”."
    assert await room.told("save 1706.00001") == "arXiv has no paper `1706.00001`. Check the number."


async def test_arxiv_is_asked_about_few_papers_at_once(room: Room) -> None:
    ids = [f"1706.0000{n}" for n in range(1, 5)]
    room.source.known = {paper_id: make_paper(paper_id, announced=None) for paper_id in ids}
    assert await room.told(f"save {' '.join(ids)}") == (
        "More than 3 of these papers are not in the archive yet. Name fewer at once, since arXiv is to be asked slowly."
    )
    assert await room.told("save " + " ".join(str(n) for n in range(21))) == (
        "That is 21 papers; at most 20 can be named at once."
    )


async def test_numbers_need_a_post(room: Room) -> None:
    assert await room.told("save 2") == (
        "No post with numbers stands in this channel yet, so there is no paper 2. "
        "Papers can also be named by their id: `/papers save 1706.03762`."
    )
    assert await room.told("save") == (
        "Which paper? For example: `/papers save 2` for paper 2 of the latest post, or `/papers save 1706.03762`."
    )


async def test_the_only_paper_of_a_post_needs_no_number(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch letters")
    await room.post()
    assert await room.told("save") == "Saved “A study of letters, part 1”."
    assert await room.told("unsave 2") == (
        "The latest post has no paper 2; it has only 1. "
        "Papers can also be named by their id: `/papers unsave 1706.03762`."
    )


async def test_a_save_is_taken_back(posted: Room) -> None:
    await posted.say("save 1")
    assert await posted.told("unsave 1 2") == (
        "No longer saved: “A study of letters, part 3”.\nYou had not saved “A study of letters, part 2”."
    )
    assert await posted.store.saved_by(ANN, limit=9) == []


async def test_my_saves_come_latest_first_in_pages(room: Room) -> None:
    await room.announce(numbered(12))
    for number in range(1, 13):
        await room.say(f"save 2603.{number:05}")
        room.clock.set(room.clock.now() + timedelta(minutes=1))
    first = await room.say("saved")
    assert (first.text, first.more) == ("Papers that you saved, latest first, page 1:", "saved page:2")
    assert read(first).splitlines()[1] == "[2603.00012: saved Wednesday 4 March 2026]"
    assert await room.told(first.more) == (
        "Papers that you saved, latest first, page 2:\n"
        "[2603.00002: saved Wednesday 4 March 2026]\n"
        "[2603.00001: saved Wednesday 4 March 2026]"
    )
    assert await room.told("saved page:3") == "There are no more papers that you saved."


async def test_saves_of_the_channel_and_of_a_member(posted: Room) -> None:
    await posted.say("save 1", by=BOB)
    assert await posted.told("saved channel") == (
        "Papers saved in this channel, latest first:\n[2603.00003: saved by bob, Wednesday 4 March 2026]"
    )
    reply = await posted.say("saved @bob", mentions=(BOB,))
    assert read(reply) == "Papers saved by `@bob`, latest first:\n[2603.00003: saved Wednesday 4 March 2026]"
    assert await posted.told("saved") == (
        "There are no papers that you saved yet.\n`/papers save 2` saves paper 2 of the latest post."
    )
    assert await posted.told("saved here bibtex page:2") == "BibTeX of 1 paper saved in this channel."


async def test_a_member_is_found_by_the_mention_and_not_by_the_name(posted: Room) -> None:
    al, al_pine = replace(ANN, member="U1", name="Al"), replace(ANN, member="U2", name="Al  Pine csv")
    await posted.say("save 1", by=al)
    await posted.say("save 2", by=al_pine)
    both = (al, al_pine)
    assert [e.paper.id for e in (await posted.say("saved @Al", mentions=both)).papers] == ["2603.00003"]
    assert [e.paper.id for e in (await posted.say("saved @Al Pine csv", mentions=both)).papers] == ["2603.00002"]
    (file,) = (await posted.say("saved md @Al Pine csv", mentions=both)).files
    assert file.name == "saved-member.md"
    nobody = (
        "`@Al` mentions nobody whose saved papers are kept here. "
        "Choose the member from what appears after the @: `/papers saved @MEMBER`."
    )
    assert await posted.told("saved @Al") == nobody
    assert (await posted.say("saved @Al", mentions=(replace(al, workspace="elsewhere"),))).text == nobody
    assert (await posted.say("saved channel @Al", mentions=both)).error


async def test_pages_of_a_member_need_no_mention(room: Room) -> None:
    await room.announce(numbered(12))
    for number in range(1, 13):
        await room.say(f"save 2603.{number:05}", by=BOB)
    first = await room.say("saved @bob", mentions=(BOB,))
    assert (first.more, first.back) == ("saved page:2 member:bob", "")
    second = await room.say(first.more)
    assert second.text == "Papers saved by `@bob`, latest first, page 2:"
    assert (len(second.papers), second.more, second.back) == (2, "", "saved page:1 member:bob")
    assert (await room.say(second.back)).papers == first.papers
    assert (await room.say("saved page:3")).back == "saved page:2"
    stranger = MemberRef("console", "elsewhere", "ann", "ann")
    elsewhere = ChannelRef("console", "elsewhere", "terminal")
    assert (await room.say(first.more, by=stranger, channel=elsewhere)).papers == ()


async def test_another_workspace_sees_nothing(posted: Room) -> None:
    await posted.say("save 1")
    elsewhere = ChannelRef("console", "elsewhere", "terminal")
    stranger = MemberRef("console", "elsewhere", "ann", "ann")
    for command in ("saved", "saved @ann", "saved channel", "top all"):
        reply = await posted.say(command, by=stranger, channel=elsewhere)
        assert reply.papers == ()


async def test_saves_come_as_a_bibtex_file(posted: Room) -> None:
    assert await posted.told("saved bibtex") == "There are no papers that you saved yet."
    await posted.say("save 1 2")
    reply = await posted.say("saved BibTeX")
    assert reply.text == "BibTeX of 2 papers that you saved."
    (file,) = reply.files
    assert (file.name, file.media_type) == ("saved.bib", "application/x-bibtex")
    assert file.content.decode().count("@misc{") == 2
    (file,) = (await posted.say("top month bibtex")).files
    assert file.name == "top-month.bib"


@pytest.mark.parametrize(
    ("form", "title", "ending"),
    [
        ("bib", "BibTeX", "bib"),
        ("ris", "RIS", "ris"),
        ("CSV", "CSV", "csv"),
        ("json", "JSON", "json"),
        ("csl", "CSL-JSON", "csl.json"),
        ("markdown", "Markdown", "md"),
        ("md", "Markdown", "md"),
    ],
)
async def test_every_list_comes_in_every_format(posted: Room, form: str, title: str, ending: str) -> None:
    await posted.say("save 1 2")
    for said, name, whose in (
        ("saved", "saved", "that you saved"),
        ("saved channel", "saved-channel", "saved in this channel"),
        ("top", "top-week", "saved in the last 7 days"),
        ("top all", "top-all", "saved so far"),
    ):
        reply = await posted.say(f"{said} {form}")
        assert reply.text == f"{title} of 2 papers {whose}."
        assert [file.name for file in reply.files] == [f"{name}.{ending}"]
        assert b"2603.00003" in reply.files[0].content


async def test_what_saved_cannot_understand(room: Room) -> None:
    usage = (
        "Type `/papers saved` for your own, or `/papers saved channel`, `/papers saved @MEMBER` "
        "or `/papers saved bibtex`."
    )
    assert await room.told("saved moss") == f"`moss` names nobody's saved papers. {usage}"
    assert await room.told("saved channel @bob") == f"`channel @bob` names nobody's saved papers. {usage}"


async def test_the_top_counts_members(posted: Room) -> None:
    await posted.say("save 1 2")
    await posted.say("save 2", by=BOB)
    assert await posted.told("top") == (
        "The papers that most members saved in the last 7 days:\n[2603.00002: 2 saves]\n[2603.00003: 1 save]"
    )
    posted.clock.set(posted.clock.now() + timedelta(days=8))
    assert await posted.told("top") == "Nobody saved a paper in the last 7 days."
    assert (await posted.told("top month")).startswith("The papers that most members saved in the last 30 days:")
    assert (await posted.told("top ALL")).startswith("The papers that most members saved so far:")
    assert await posted.told("top year") == (
        "`year` is no period for `/papers top`. Type `/papers top week`, `/papers top month` or `/papers top all`."
    )
    assert (await posted.say("top week month")).error
