"""Reactions, buttons and changes of channels."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.conversation import (
    Button,
    ButtonKind,
    ChannelChange,
    ChannelChangeKind,
    Command,
    Home,
    Reaction,
    RecentPost,
    Reply,
    WorkspaceChange,
)
from bot.models import ChannelRef, MemberRef, MessageRef
from tests.commands_kit import Room, numbered, open_room
from tests.factories import ANN, BOB, CHANNEL, make_paper
from tests.standins.clock import FakeClock
from tests.store_kit import busy


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        yield room


ELSEWHERE = ChannelRef("console", "local", "moved")


@pytest.fixture
async def posted(room: Room) -> Room:
    await room.announce(numbered(3))
    await room.say("watch letters")
    return room


async def saved(room: Room, member: MemberRef = ANN) -> list[str]:
    return [save.paper.id[-1] for save in await room.store.saved_by(member, limit=99)]


async def react(
    room: Room,
    message: MessageRef,
    *,
    added: bool = True,
    name: str = "bookmark",
    event: str = "",
    by: MemberRef = ANN,
    at: datetime | None = None,
) -> str:
    reply = await room.inbox.reaction(Reaction(message, by, added, name, event, at))
    assert reply is None or not reply.public
    return reply.text if reply else ""


async def test_a_reaction_on_a_card_saves_its_paper_and_its_removal_takes_it_back(posted: Room) -> None:
    _, *cards = await posted.post()
    assert await react(posted, cards[1]) == ""
    assert await saved(posted) == ["2"]
    assert await react(posted, cards[1], added=False) == ""
    assert await saved(posted) == []


async def test_of_a_reaction_and_its_removal_the_later_holds_in_whichever_order_they_arrive(posted: Room) -> None:
    _, *cards = await posted.post()
    now = posted.clock.now()
    await react(posted, cards[1], added=False, at=now)
    await react(posted, cards[1], at=now - timedelta(seconds=1))
    assert await saved(posted) == []
    await react(posted, cards[1], at=now + timedelta(seconds=1))
    assert await saved(posted) == ["2"]


async def test_a_number_chooses_a_paper_of_a_digest(posted: Room) -> None:
    digest, *_ = await posted.post()
    await react(posted, digest, name="three")
    await react(posted, digest, name="nine")
    assert await saved(posted) == ["1"]
    await react(posted, digest, name="three", added=False)
    assert await saved(posted) == []


async def test_a_digest_of_one_paper_needs_no_number(room: Room) -> None:
    await room.announce(numbered(1))
    await room.say("watch letters")
    digest, *_ = await room.post()
    assert await react(room, digest, name="two") == ""
    assert await saved(room) == []
    await react(room, digest)
    assert await saved(room) == ["1"]


async def test_a_reaction_without_number_on_several_papers_brings_one_hint_a_member(posted: Room) -> None:
    digest, *_ = await posted.post()
    hint = "Which of the 3 papers? React with its number, or type `/papers save 1` for the first one."
    assert await react(posted, digest, added=False) == ""
    assert await react(posted, digest) == hint
    assert await react(posted, digest) == ""
    assert await react(posted, digest, by=BOB) == hint
    assert await saved(posted) == []


async def test_an_event_that_comes_again_changes_nothing(posted: Room) -> None:
    digest, *_ = await posted.post()
    await react(posted, digest, name="one", event="e1")
    await react(posted, digest, name="one", added=False, event="e2")
    await react(posted, digest, name="one", event="e1")
    assert await saved(posted) == []


async def test_a_reaction_on_an_unknown_message_is_nothing(room: Room) -> None:
    assert await react(room, MessageRef(CHANNEL, "unknown")) == ""


async def test_the_abstract_button_shows_the_paper(posted: Room) -> None:
    button = Button(ButtonKind.ABSTRACT, "2603.00001", CHANNEL, ANN)
    assert await posted.inbox.button(button) == await posted.say("show 2603.00001")


async def test_a_button_of_a_pruned_paper_asks_arxiv(room: Room) -> None:
    room.source.known["1706.03762"] = make_paper("1706.03762", announced=None)
    reply = await room.inbox.button(Button(ButtonKind.ABSTRACT, "1706.03762", CHANNEL, ANN))
    assert [entry.paper.id for entry in reply.papers] == ["1706.03762"]
    reply = await room.inbox.button(Button(ButtonKind.ABSTRACT, "1706.00001", CHANNEL, ANN))
    assert (reply.text, reply.error) == ("arXiv has no paper `1706.00001`. Check the number.", True)
    assert (await room.inbox.button(Button(ButtonKind.SAVE, "`moss`", CHANNEL, ANN))).error


async def test_the_save_button_saves_once(posted: Room) -> None:
    button = Button(ButtonKind.SAVE, "2603.00001", CHANNEL, BOB)
    back = "To take it back: `/papers unsave 2603.00001`."
    assert (await posted.inbox.button(button)).text == f"Saved “A study of letters, part 1”. {back}"
    assert (await posted.inbox.button(button)).text == f"You had saved “A study of letters, part 1” already. {back}"
    assert await saved(posted, BOB) == ["1"]


async def test_a_paper_can_be_dismissed(posted: Room) -> None:
    await posted.inbox.button(Button(ButtonKind.DISMISS, "2603.00001", CHANNEL, ANN))
    reply = await posted.inbox.button(Button(ButtonKind.DISMISS, "2603.00002", CHANNEL, BOB))
    assert (
        reply.text == "Noted: “A study of letters, part 2” is not for this channel. It has turned down 2 papers so far."
    )


async def test_turning_down_many_alike_points_to_the_word_to_exclude(room: Room) -> None:
    await room.announce(numbered(6, title="A survey of letters") + numbered(6, first=10))
    await room.say("watch letters")
    replies = [
        (await room.inbox.button(Button(ButtonKind.DISMISS, f"2603.0000{n}", CHANNEL, ANN))).text for n in range(1, 6)
    ]
    assert [reply.endswith("`/papers status` proposes a word to exclude.") for reply in replies] == [False] * 4 + [True]
    assert "It has turned down 5 papers so far." in replies[-1]


async def paused(room: Room) -> str:
    channel = await room.store.channel(CHANNEL)
    assert channel is not None
    return channel.paused


async def change(room: Room, kind: ChannelChangeKind, **values: Any) -> None:
    await room.inbox.channel_changed(ChannelChange(kind, CHANNEL, **values))


async def test_a_renamed_channel_keeps_its_new_name(posted: Room) -> None:
    await change(posted, ChannelChangeKind.RENAMED, name="new\u202e name")
    channel = await posted.store.channel(CHANNEL)
    assert channel is not None
    assert channel.name == "new name"


async def test_a_moved_channel_takes_its_watches_along(posted: Room) -> None:
    await change(posted, ChannelChangeKind.MOVED, to=ELSEWHERE)
    assert await posted.store.watches(CHANNEL) == []
    assert len(await posted.store.watches(ELSEWHERE)) == 1


async def test_a_move_to_nowhere_changes_nothing(posted: Room) -> None:
    await change(posted, ChannelChangeKind.MOVED)
    assert len(await posted.store.watches(CHANNEL)) == 1


async def test_a_lost_channel_is_paused_until_it_is_regained(posted: Room) -> None:
    await change(posted, ChannelChangeKind.LOST, reason="the bot was removed; invite it again.")
    assert (await posted.told("status")).splitlines()[-1] == (
        "Nothing is posted: this channel is paused (the bot was removed; invite it again). 3 papers wait. "
        "`/papers resume` goes on."
    )
    await change(posted, ChannelChangeKind.REGAINED)
    assert (await paused(posted), posted.woken) == ("", 1)
    await change(posted, ChannelChangeKind.REGAINED)
    assert posted.woken == 1


async def test_a_members_pause_outlives_loss_and_return(posted: Room) -> None:
    await posted.say("pause summer")
    await change(posted, ChannelChangeKind.LOST)
    await change(posted, ChannelChangeKind.REGAINED)
    assert await paused(posted) == "paused by ann: summer"


async def test_a_deleted_channel_is_paused(posted: Room) -> None:
    await change(posted, ChannelChangeKind.LOST)
    assert await paused(posted) == "this channel cannot be posted to at present"
    await change(posted, ChannelChangeKind.REGAINED)
    await change(posted, ChannelChangeKind.ENDED)
    assert await paused(posted) == "this channel was deleted"


async def test_changes_of_unknown_channels_are_ignored(room: Room) -> None:
    for kind in ChannelChangeKind:
        await change(room, kind, name="x", to=ELSEWHERE)
    assert await room.store.channel(CHANNEL) is None


async def test_a_change_that_cannot_be_kept_is_logged(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    await room.store.close()
    await change(room, ChannelChangeKind.ENDED)
    assert "could not be kept" in caplog.text


async def test_a_defect_in_a_change_is_logged_and_the_listener_lives_on(
    posted: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await change(posted, ChannelChangeKind.MOVED, to="not a channel")
    assert "met a defect" in caplog.text


async def test_other_reactions_mean_nothing_and_cause_no_hint(posted: Room) -> None:
    digest, *cards = await posted.post()
    for name in ("tada", "eyes", "100"):
        assert await react(posted, cards[0], name=name) == ""
        assert await react(posted, digest, name=name) == ""
    assert await saved(posted) == []


async def test_a_workspace_may_have_its_own_save_set(posted: Room) -> None:
    _, *cards = await posted.post()
    await posted.store.set_save_reactions("console", "local", ["heart"], ANN, posted.clock.now())
    await react(posted, cards[0])
    assert await saved(posted) == []
    await react(posted, cards[0], name="Heart")
    assert await saved(posted) == ["3"]


async def test_an_emoji_saves_by_whichever_of_its_names_a_platform_tells_of_it(posted: Room) -> None:
    _, *cards = await posted.post()
    await posted.say("reactions :thumbsup:")
    await react(posted, cards[0], name="+1")
    assert await saved(posted) == ["3"]


async def test_a_keycap_in_a_further_part_of_a_digest_counts_within_its_message(room: Room) -> None:
    await room.announce(numbered(30))
    await room.say("watch letters")
    await room.say("layout digest")
    messages = await room.post()
    assert len(messages) == 2
    second = await room.store.post_of(messages[1])
    assert second is not None
    assert second.entries[0].number > 10
    await react(room, messages[1], name="two")
    (save,) = await room.store.saved_by(ANN, limit=9)
    assert save.paper == second.entries[1].paper


async def test_the_only_paper_of_a_further_part_is_its_first(room: Room) -> None:
    await room.announce(numbered(26))
    await room.say("watch letters")
    await room.say("layout digest")
    *_, last = await room.post()
    part = await room.store.post_of(last)
    assert part is not None
    assert [entry.number for entry in part.entries] == [26]
    await react(room, last, name="two")
    assert await saved(room) == []
    await react(room, last, name="one")
    (save,) = await room.store.saved_by(ANN, limit=9)
    assert save.paper == part.entries[0].paper


async def test_a_reaction_that_was_seen_saves_without_a_hint_and_revives_nothing(posted: Room) -> None:
    digest, *cards = await posted.post()
    at = posted.clock.now() - timedelta(minutes=5)

    async def see(message: MessageRef) -> str:
        reply = await posted.inbox.reaction(Reaction(message, ANN, added=True, name="star", at=at, seen=True))
        return reply.text if reply else ""

    assert await see(digest) == ""
    assert await react(posted, digest) != "", "the hint is still to come"
    assert await see(cards[1]) == ""
    assert await saved(posted) == ["2"]
    await posted.say("unsave 2")
    assert await see(cards[1]) == ""
    assert await saved(posted) == []


async def test_a_command_is_carried_out_once(room: Room) -> None:
    command = Command(CHANNEL, ANN, "watch letters", event="trigger 1")
    first, second = await room.inbox.command(command), await room.inbox.command(command)
    assert "Watching" in first.text
    assert second.text == ""
    assert len(await room.store.watches(CHANNEL)) == 1


async def test_a_lost_workspace_pauses_its_channels_and_a_regained_one_resumes_them(room: Room) -> None:
    other, away = replace(CHANNEL, channel="other"), replace(CHANNEL, workspace="away")
    for channel in (CHANNEL, other, away):
        await room.say("watch letters", channel=channel)
    await room.say("pause summer", channel=other)
    await room.inbox.workspace_changed(WorkspaceChange("console", "local", "The app was removed."))

    async def paused(channel: ChannelRef) -> str:
        known = await room.store.channel(channel)
        assert known is not None
        return known.paused

    assert [await paused(each) for each in (CHANNEL, other, away)] == [
        "The app was removed.",
        "paused by ann: summer",
        "",
    ]
    await room.inbox.workspace_changed(WorkspaceChange("console", "local"))
    assert [await paused(each) for each in (CHANNEL, other)] == ["", "paused by ann: summer"]


async def test_home_shows_the_channels_that_may_be_seen_and_the_members_saves(posted: Room) -> None:
    hidden = replace(CHANNEL, channel="hidden")
    await posted.say("watch secrets", channel=hidden)
    await posted.post()
    await posted.say("save 1 2")
    home = await posted.inbox.home(ANN, {CHANNEL, replace(CHANNEL, workspace="away")})
    (overview,) = home.channels
    assert overview.channel.ref == CHANNEL
    assert [watch.typed for watch in overview.watches] == ["letters"]
    assert overview.when
    assert overview.next_post
    assert {save.paper.id[-1] for save in home.saved} == {"3", "2"}
    assert not home.more_saved
    assert (await posted.inbox.home(BOB, ())).saved == ()


async def recent_of(room: Room) -> list[RecentPost]:
    return [post async for block in room.inbox.recent_posts("console", room.clock.now()) for post in block]


async def test_recent_posts_name_the_thread_of_cards(posted: Room) -> None:
    digest, *cards = await posted.post()
    recent = await recent_of(posted)
    assert {post.message: post.thread for post in recent} == {digest: None} | dict.fromkeys(cards, digest)
    posted.clock.set(posted.clock.now() + timedelta(days=15))
    assert await recent_of(posted) == []


async def test_posts_that_grew_old_while_nobody_listened_are_recent(posted: Room) -> None:
    begun = posted.clock.now()
    messages = await posted.post()
    assert len(await recent_of(posted)) == len(messages)
    await posted.inbox.reactions_read("console", begun)
    posted.clock.set(begun + timedelta(days=15))
    assert len(await recent_of(posted)) == len(messages)
    await posted.inbox.reactions_read("console", posted.clock.now())
    assert await recent_of(posted) == []


async def test_what_the_store_cannot_give_is_logged_and_left_empty(
    room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    await room.store.close()
    await room.inbox.workspace_changed(WorkspaceChange("console", "local", "The app was removed."))
    assert await room.inbox.home(ANN, {CHANNEL}) == Home((), ())
    assert await recent_of(room) == []
    await room.inbox.reactions_read("console", room.clock.now())
    for said in (
        "a workspace's change could not be kept",
        "a home could not be shown",
        "recent posts could not",
        "that reactions were read back could not be kept",
    ):
        assert said in caplog.text


async def test_a_defect_is_logged_and_the_listeners_live_on(posted: Room, caplog: pytest.LogCaptureFixture) -> None:
    nonsense: Any = 5
    await posted.inbox.workspace_changed(WorkspaceChange("console", "local", nonsense))
    assert await posted.inbox.home(ANN, nonsense) == Home((), ())
    posted.clock.set(datetime.min.replace(tzinfo=UTC))  # two weeks before it there is no time
    assert await recent_of(posted) == []
    for said in ("a workspace's change met a defect", "a home met a defect", "reading recent posts met a defect"):
        assert said in caplog.text


async def test_home_promises_no_post_of_a_paused_channel(posted: Room) -> None:
    await posted.say("pause")
    (overview,) = (await posted.inbox.home(ANN, {CHANNEL})).channels
    assert (overview.channel.paused, overview.next_post) == ("paused by ann", "")


async def test_commands_whose_writes_ended_together_go_on_one_in_a_round_of_the_loop(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, went_on = 0, list[int]()
    run = room.commands.run

    async def noting(command: Command) -> Reply:
        went_on.append(passed)
        return await run(command)

    async def count_rounds() -> None:
        nonlocal passed
        while True:
            await asyncio.sleep(0)
            passed += 1

    monkeypatch.setattr(room.commands, "run", noting)
    async with busy(room.store):
        asked = [
            asyncio.create_task(room.inbox.command(Command(CHANNEL, ANN, "help", event=f"trigger {number}")))
            for number in range(30)
        ]
        await asyncio.sleep(0)
    counting = asyncio.create_task(count_rounds())
    await asyncio.gather(*asked)
    counting.cancel()
    assert len(set(went_on)) == len(asked)
