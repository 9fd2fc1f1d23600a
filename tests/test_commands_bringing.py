"""`post`: a member brings a paper into the channel, as text and as a card."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.conversation import Reaction
from bot.models import Entry, MemberRef, MessageRef, Post, PostKind
from tests.commands_kit import Room, numbered, open_room
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.clock import FakeClock

OLD = make_paper("2005.14165", title="Few letters", announced=None)


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        room.source.known[OLD.id] = OLD
        yield room


async def sent(room: Room) -> list[Post]:
    """What the outbox hands out, each sent."""
    posts = []
    while items := await room.store.claim(["console"], room.clock.now(), 10):
        for item in items:
            posts.append(item.post)
            message = MessageRef(item.post.channel, f"m{item.post.key}")
            assert await room.store.sent(item.post.key, message, room.clock.now())
    return posts


async def test_a_paper_from_outside_the_archive_comes_as_a_card(room: Room) -> None:
    reply = await room.say("post https://arxiv.org/abs/2005.14165v2  Worth `reading`\n again", by=BOB)
    assert (reply.text, reply.public, room.woken) == ("Posting “Few letters” in this channel.", False, 1)
    assert room.source.asked == ["2005.14165"]
    (post,) = await sent(room)
    assert (post.kind, post.heading, post.text) == (
        PostKind.CARD, "bob brought this paper", "Worth 'reading' again",
    )  # fmt: skip
    (entry,) = post.entries
    assert (entry.number, entry.paper.id, entry.delivery is not None) == (0, "2005.14165", True)
    assert await room.store.paper("2005.14165") is not None
    assert (await room.told("status")).splitlines()[1] == (
        "1 paper posted, the last on Wed 4 March 13:00 (Europe/Berlin); 0 waiting."
    )


async def test_a_paper_of_the_archive_is_not_asked_of_arxiv(room: Room) -> None:
    await room.announce(numbered(1))
    assert not (await room.say("post 2603.00001")).error
    (post,) = await sent(room)
    assert (post.heading, post.text, room.source.asked) == ("ann brought this paper", "", [])


async def test_a_paper_is_brought_once(room: Room) -> None:
    await room.say("post 2005.14165")
    assert await room.told("post 2005.14165", by=BOB) == (
        "“Few letters” is being posted in this channel already. `/papers show 2005.14165` shows it, to you alone."
    )
    assert len(await sent(room)) == 1
    room.clock.set(room.clock.now() + timedelta(days=40))
    reply = await room.say("post 2005.14165", by=BOB)
    assert reply.error
    assert reply.text == (
        "“Few letters” was posted in this channel on Wed 4 March 13:00 (Europe/Berlin), and each paper comes once. "
        "`/papers show 2005.14165` shows it, to you alone."
    )
    assert await sent(room) == []


async def test_what_a_watch_brought_is_not_brought_again(room: Room) -> None:
    await room.announce(numbered(2))
    await room.say("watch letters")
    await room.post()
    assert "was posted in this channel on Wed 4 March" in await room.told("post 2603.00002")


async def test_no_watch_brings_what_a_member_brought(room: Room) -> None:
    await room.say("watch letters")
    await room.announce(numbered(2))
    assert not (await room.say("post 2603.00002")).error
    assert [delivery.paper.id for delivery in await room.store.waiting(CHANNEL)] == ["2603.00001"]
    (early,) = numbered(1, first=50, announced=date(2026, 3, 5))
    room.source.known[early.id] = early
    assert not (await room.say(f"post {early.id}", by=BOB)).error
    await room.announce([early])
    assert [delivery.paper.id for delivery in await room.store.waiting(CHANNEL)] == ["2603.00001"]
    assert len(await sent(room)) == 2


async def test_a_card_without_a_number_leaves_the_digests_numbers_alone(room: Room) -> None:
    await room.announce(numbered(3))
    await room.say("watch letters")
    await room.post()
    await room.say("post 2005.14165")
    (card,) = await sent(room)
    assert await room.told("save 2") == "Saved “A study of letters, part 2”."
    assert "Which paper?" in await room.told("save")
    await room.inbox.reaction(Reaction(MessageRef(CHANNEL, f"m{card.key}"), BOB, added=True, name="bookmark"))
    assert [save.paper.id for save in await room.store.saved_by(BOB, limit=9)] == ["2005.14165"]


async def test_in_a_paused_channel_the_card_waits(room: Room) -> None:
    await room.say("pause summer")
    assert await room.told("post 2005.14165") == (
        "Posting “Few letters” in this channel. It waits, since this channel is paused (by ann: summer); "
        "`/papers resume` goes on."
    )
    assert await sent(room) == []
    await room.say("resume")
    assert [post.heading for post in await sent(room)] == ["ann brought this paper"]


async def test_twenty_papers_a_day_and_member(room: Room) -> None:
    await room.announce(numbered(22))
    for number in range(1, 21):
        assert not (await room.say(f"post 2603.{number:05}")).error
    assert await room.told("post 2603.00021") == (
        "You have brought 20 papers within a day already, and more is not possible. "
        "`save` and the paper's id keeps one for yourself."
    )
    assert not (await room.say("post 2603.00021", by=BOB)).error
    room.clock.set(room.clock.now() + timedelta(days=1))
    assert not (await room.say("post 2603.00022")).error


async def test_an_account_more_is_no_paper_more(room: Room) -> None:
    phone = MemberRef("console", "local", "ann-on-the-phone", "ann")
    code = (await room.told("link me")).split("`")[1].split()[-1]
    assert not (await room.say(f"link {code}", by=phone)).error
    await room.announce(numbered(21))
    for number in range(1, 21):
        assert not (await room.say(f"post 2603.{number:05}", by=ANN if number % 2 else phone)).error
    assert "You have brought 20 papers" in await room.told("post 2603.00021", by=phone)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("post", "`/papers post` needs a paper. For example: `/papers post 2005.14165 Worth reading again`."),
        ("post 2603.09999", "arXiv has no paper `2603.09999`. Check the number."),
        ("post 2", "`2` is not an arXiv id. Type an id such as `2603.01234` or the address of a paper on arxiv.org."),
        ("post 2005.14165 " + "x" * 301, "A comment has at most 300 characters; this has 301."),
    ],
)
async def test_what_cannot_be_brought(room: Room, typed: str, said: str) -> None:
    reply = await room.say(typed)
    assert (reply.text, reply.error) == (said, True)
    assert await room.store.channel(CHANNEL) is None


async def test_a_card_that_was_refused_for_good_is_owed_with_its_words(room: Room) -> None:
    await room.say("post 2005.14165 Worth reading")
    (item,) = await room.store.claim(["console"], room.clock.now(), 9)
    await room.store.set_paused(CHANNEL, "Not in the channel.", None, room.clock.now())
    assert await room.store.dead(item.post.key, "Not in the channel.", room.clock.now())
    await room.say("watch moss")
    await room.say("unwatch moss")
    await room.say("resume")
    (delivery,) = await room.store.waiting(CHANNEL)
    assert (delivery.paper.id, delivery.note) == ("2005.14165", "ann brought this paper: Worth reading")
    (message, *_) = await room.post()
    digest = await room.store.post_of(message)
    assert digest is not None
    assert digest.entries == (
        Entry(1, OLD, delivery=delivery.id, note="ann brought this paper: Worth reading"),
    )  # fmt: skip
    assert "was posted in this channel" in await room.told("post 2005.14165")
