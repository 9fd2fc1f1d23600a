"""`search` and `show`, as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.models import Entry
from tests.commands_kit import Room, numbered, open_room
from tests.factories import make_paper
from tests.standins.clock import FakeClock


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


async def test_search_shows_ten_newest_and_pages_on(room: Room) -> None:
    await room.announce(numbered(23))
    first = await room.say("search letters")
    assert first.text == "Papers that match `letters`, newest first, page 1:"
    assert [entry.paper.id[-2:] for entry in first.papers] == [f"{n}" for n in range(23, 13, -1)]
    assert {(entry.number, entry.words) for entry in first.papers} == {(0, ("letters",))}
    assert (first.more, first.public, first.error) == ("search page:2 letters", False, False)
    second = await room.say(first.more)
    assert (second.more, second.back) == ("search page:3 letters", "search page:1 letters")
    assert (await room.say(second.back)).papers == first.papers
    third = await room.say("search letters page:3")
    assert third.text == "Papers that match `letters`, newest first, page 3:"
    assert [entry.paper.id[-2:] for entry in third.papers] == ["03", "02", "01"]
    assert (first.back, third.more, third.back) == ("", "", "search page:2 letters")
    beyond = await room.say("search letters page:4")
    assert (beyond.text, beyond.back) == ("There are no more papers that match `letters`.", "search page:3 letters")


async def test_a_short_answer_has_no_pages(room: Room) -> None:
    await room.announce(numbered(10))
    reply = await room.say("search letters")
    assert (reply.text, len(reply.papers), reply.more) == ("Papers that match `letters`, newest first:", 10, "")


async def test_search_without_a_match_says_how_much_was_looked_at(room: Room) -> None:
    assert await room.told("search RLHF") == "The archive is still empty; it fills with the first poll."
    await room.announce(numbered(2))
    assert await room.told("search RLHF") == (
        "None of the 2 papers in the archive, which begins on Wednesday 4 March 2026, matches `RLHF`.\n"
        "To be told when one comes: `/papers watch RLHF`."
    )


async def test_search_needs_a_query(room: Room) -> None:
    assert await room.told("search page:2") == "`/papers search` needs a query. For example: `/papers search RLHF`."


async def test_show_gives_the_paper_whole(room: Room) -> None:
    paper = make_paper(
        abstract="We weigh $\\alpha$\n  letters.",
        comment="4 pages`",
        journal_ref="J. Post 4",
        doi="10.1000/post",
        version=2,
        updated=datetime(2026, 3, 9, tzinfo=UTC),
    )
    await room.announce([paper])
    reply = await room.say("show https://arxiv.org/abs/2603.00001v1")
    assert reply.text == "arXiv:2603.00001, version 2, announced Wednesday 4 March 2026, revised Monday 9 March 2026:"
    assert reply.papers == (Entry(0, paper),)
    assert reply.footer == (
        "We weigh α letters.\n"
        "Comment: 4 pages'\n"
        "Journal: J. Post 4\n"
        "DOI: https://doi.org/10.1000/post\n"
        "PDF: https://arxiv.org/pdf/2603.00001"
    )
    assert not reply.public


async def test_show_asks_arxiv_once_for_a_paper_outside_the_archive(room: Room) -> None:
    room.source.known["1706.03762"] = make_paper("1706.03762", announced=None)
    assert (await room.told("show arXiv:1706.03762")).splitlines() == [
        "arXiv:1706.03762, version 1:",
        "[1706.03762]",
        "We deliver every letter exactly once and count the steps.",
        "PDF: https://arxiv.org/pdf/1706.03762",
    ]
    await room.say("show 1706.03762")
    assert room.source.asked == ["1706.03762"]


async def test_show_takes_a_number_of_the_latest_post(room: Room) -> None:
    await room.announce(numbered(2))
    await room.say("watch letters")
    await room.post()
    assert (await room.told("show 2")).splitlines()[1] == "[2603.00001]"


async def test_show_of_what_does_not_exist(room: Room) -> None:
    assert await room.told("show 2603.99999") == "arXiv has no paper `2603.99999`. Check the number."
    room.source.down = "arXiv answered 503."
    assert await room.told("show 2603.99998") == ("arXiv answered 503. Try again in a minute.")
    assert (await room.say("show moss")).error
    assert await room.told("show reward model") == (
        "`/papers show` shows one paper at a time. To find papers: `/papers search reward model`."
    )
    assert await room.told("show") == (
        "Which paper? For example: `/papers show 2` for paper 2 of the latest post, or `/papers show 1706.03762`."
    )
