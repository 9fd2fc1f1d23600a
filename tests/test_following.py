"""Saved papers are followed: what is new is told once, in the thread, where somebody saved the paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.following import AT_ONCE, follow
from bot.models import MessageRef, Paper, PostKind
from bot.withdrawal import is_withdrawn
from tests.commands_kit import Room, numbered, open_room
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.clock import FakeClock

OTHER = replace(CHANNEL, channel="other")
LATER = datetime(2026, 3, 12, 10, tzinfo=UTC)


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        await room.announce(numbered(3))
        await room.say("watch letters")
        yield room


async def told(room: Room) -> list[tuple[str, str | None]]:
    """Ask again for what is saved; returns what is said in the channel and in which thread."""
    await follow(room.store, room.source, room.clock, wake=lambda: None)
    said = []
    while items := await room.store.claim(["console"], room.clock.now(), 10):
        for item in items:
            post = item.post
            said.append((post.text, post.thread.message if post.thread else None))
            assert post.kind is PostKind.NOTICE
            assert await room.store.sent(post.key, MessageRef(CHANNEL, f"n{post.key}"), room.clock.now())
    room.clock.set(room.clock.now() + timedelta(days=1))
    return said


async def changed(room: Room, number: int, **changes: object) -> Paper:
    paper = await room.store.paper(f"2603.{number:05}")
    assert paper is not None
    new = replace(paper, **changes)  # type: ignore[arg-type]
    room.source.known[paper.id] = new
    return new


async def test_a_new_version_is_told_once_in_the_thread_in_which_its_card_stands(room: Room) -> None:
    digest, *_ = await room.post()
    await room.say("save 2603.00002")
    assert await told(room) == []
    await changed(room, 2, version=3, updated=LATER)
    (said,) = await told(room)
    assert said == (
        "Version 3 of “A study of letters, part 2” is out (Thursday 12 March 2026): https://arxiv.org/abs/2603.00002",
        digest.message,
    )
    assert await told(room) == []
    stored = await room.store.paper("2603.00002")
    assert stored is not None
    assert stored.version == 3


async def test_a_card_without_a_digest_has_its_own_thread(room: Room) -> None:
    await room.say("layout cards")
    cards = await room.post()
    await room.say("save 2603.00002")
    await changed(room, 2, version=2, updated=LATER)
    ((_, thread),) = await told(room)
    assert thread == cards[1].message


async def test_a_journal_and_a_withdrawal_are_told_once_each(room: Room) -> None:
    await room.post()
    await room.say("save 2603.00001")
    await changed(room, 1, journal_ref="J. Letters 12 (2026)")
    ((text, _),) = await told(room)
    assert text == "“A study of letters, part 1” has appeared: J. Letters 12 (2026)"
    await changed(room, 1, version=2, updated=LATER, comment="This paper has been withdrawn due to an error")
    ((text, _),) = await told(room)
    assert text == ("“A study of letters, part 1” was withdrawn. This paper has been withdrawn due to an error")
    assert await told(room) == []


async def test_what_was_so_when_it_was_saved_is_not_told(room: Room) -> None:
    old = make_paper("2602.00001", version=4, journal_ref="J. Old 1", title="Old letters")
    room.source.known[old.id] = old
    await room.say("save 2602.00001")
    assert await told(room) == []


async def test_without_a_post_there_is_no_thread_and_nothing_is_said(room: Room) -> None:
    await room.say("save 2603.00001")
    await changed(room, 1, version=2)
    assert await told(room) == []


async def test_each_channel_is_told_where_somebody_saved_it_and_no_other(room: Room) -> None:
    await room.say("watch letters", channel=OTHER)
    await room.post()
    await room.post(OTHER)
    await room.say("save 2603.00001", by=BOB, channel=OTHER)
    await changed(room, 1, version=2)
    await follow(room.store, room.source, room.clock, wake=lambda: None)
    (item,) = await room.store.claim(["console"], room.clock.now(), 10)
    assert item.post.channel == OTHER


async def test_a_save_taken_back_is_not_followed(room: Room) -> None:
    await room.post()
    await room.say("save 2603.00001")
    await room.say("unsave 2603.00001")
    await changed(room, 1, version=2)
    assert await told(room) == []


async def test_a_paused_channel_is_told_when_it_goes_on(room: Room) -> None:
    await room.post()
    await room.say("save 2603.00001")
    await room.say("pause")
    await changed(room, 1, version=2)
    assert await told(room) == []
    await room.say("resume")
    assert len(await told(room)) == 1


async def test_an_older_version_or_none_at_all_changes_nothing(room: Room) -> None:
    await room.post()
    await room.say("save 2603.00001 2603.00002")
    await changed(room, 1, version=2)
    assert len(await told(room)) == 1
    await changed(room, 1, version=1)
    room.source.known.pop("2603.00002", None)
    assert await told(room) == []


async def test_papers_that_rest_are_asked_for_less_often(room: Room) -> None:
    quiet = make_paper("2001.00001", updated=datetime(2020, 1, 1, tzinfo=UTC), title="Quiet letters")
    room.source.known[quiet.id] = quiet
    await room.say("save 2001.00001 2603.00001")
    await follow(room.store, room.source, room.clock, wake=lambda: None)
    for days, expected in ((1, ["2603.00001"]), (30, ["2001.00001", "2603.00001"])):
        room.clock.set(room.clock.now() + timedelta(days=days))
        due = await room.store.followed(room.clock.now(), AT_ONCE)
        assert sorted(each.paper.id for each in due) == expected


async def test_an_update_of_a_former_file_follows_what_was_saved(tmp_path: Path, clock: FakeClock) -> None:
    async with open_room(tmp_path, clock) as room:
        await room.announce(numbered(1))
        await room.say("save 2603.00001")
        assert [each.version for each in await room.store.followed(clock.now(), 9)] == [1]
    assert ANN != BOB


@pytest.mark.parametrize(
    ("comment", "abstract", "expected"),
    [
        ("This paper has been withdrawn by the author due to an error in Lemma 2", "x", True),
        ("Withdrawn; see v1", "x", True),
        ("Paper withdrawn", "x", True),
        (None, "This paper has been withdrawn.", True),
        ("The authors have withdrawn this submission", "x", True),
        ("12 pages, 3 figures", "We study how troops were withdrawn from cities.", False),
        ("We thank the reviewers; an earlier claim was withdrawn", "x", False),
        ("Withdrawn from the fund: a study of cash", "x", False),
        (None, "Papers that were withdrawn are studied.", False),
        ("", "", False),
    ],
)
def test_only_a_statement_about_this_paper_is_a_withdrawal(comment: str | None, abstract: str, expected: bool) -> None:
    assert is_withdrawn(make_paper(comment=comment, abstract=abstract)) is expected
