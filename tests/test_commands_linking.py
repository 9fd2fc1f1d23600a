"""`link` and `unlink`, as text; and what a linked team's members see."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.commands.linking import MOST_OPEN, MOST_WRONG
from bot.conversation import Reply
from bot.models import ChannelRef, MemberRef
from tests.commands_kit import Room, numbered, open_room, read
from tests.factories import ANN, BOB, CHANNEL
from tests.standins.clock import FakeClock
from tests.store_kit import rows

SLACK = ChannelRef("slack", "T1", "C1")
GUILD = ChannelRef("discord", "7", "1")
ANN_S = MemberRef("slack", "T1", "U1", "Ann Lee")
SAM = MemberRef("slack", "T1", "U2", "sam")
DORA = MemberRef("discord", "7", "42", "Dora M")
PLACES = {"console": CHANNEL, "slack": SLACK, "discord": GUILD}

WRONG = (
    "That code is not valid: it was mistyped, entered before, or is older than 10 minutes. "
    "`/papers link` or `/papers link me` makes a new one on the other side."
)
NOT_ALLOWED = "Only somebody who may manage this workspace can"


@pytest.fixture
async def room(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Room]:
    async with open_room(tmp_path, clock) as room:
        await room.announce(numbered(3))
        yield room


async def say(
    room: Room, text: str, by: MemberRef, *, manager: bool = True, mentions: tuple[MemberRef, ...] = ()
) -> Reply:
    """Type a command where ``by`` is at home."""
    return await room.say(text, by=by, channel=PLACES[by.platform], mentions=mentions, administers=manager)


async def code(room: Room, by: MemberRef, text: str = "link") -> str:
    reply = await say(room, text, by)
    assert not reply.error
    assert not reply.public
    found = re.search(r"`/papers link ([A-Z0-9-]{14})`", reply.text)
    assert found is not None
    return found[1]


async def join(room: Room, one: MemberRef, other: MemberRef, text: str = "link") -> str:
    reply = await say(room, f"link {await code(room, one, text)}", other)
    assert not reply.error, reply.text
    return reply.text


async def test_a_code_is_told_to_the_caller_and_joins_two_workspaces(room: Room, tmp_path: Path) -> None:
    made = await say(room, "link", ANN)
    assert not made.public
    typed = await code(room, ANN)
    assert re.sub("[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", "CODE", made.text) == (
        "Type `/papers link CODE` in the other workspace within 10 minutes, as somebody who may manage it.\n"
        "The two are one team then: saved papers and `/papers top` are shared, each channel keeps its watches."
    )
    reply = await say(room, f"link {typed.lower()}", ANN_S)
    assert reply.public
    assert reply.text == (
        "This workspace is now one team with Console `local`: saved papers and `/papers top` are shared, "
        "each channel keeps its watches. `/papers unlink` undoes it."
    )
    assert (await say(room, "link", BOB)).text.startswith(
        "This workspace is one team with Slack `T1`; `/papers unlink` undoes that.\nType `/papers link "
    )
    kept = str(rows(tmp_path, "SELECT * FROM link_codes") + rows(tmp_path, "SELECT * FROM audit"))
    assert typed not in kept
    assert typed.replace("-", "") not in kept


async def test_a_team_shares_saves_and_channels_keep_their_watches(room: Room) -> None:
    await say(room, "watch letters", ANN)
    await say(room, "save 2603.00001", ANN)
    await say(room, "save 2603.00001 2603.00002", ANN_S)
    await join(room, ANN, ANN_S)
    for member in (ANN, ANN_S):
        assert read(await say(room, "top", member)) == (
            "The papers that most members saved in the last 7 days:\n[2603.00001: 2 saves]\n[2603.00002: 1 save]"
        )
    await join(room, ANN, ANN_S, "link me")
    assert "[2603.00001: 1 save]" in read(await say(room, "top", ANN))
    assert [entry.paper.id for entry in (await say(room, "saved", ANN)).papers] == ["2603.00002", "2603.00001"]
    assert (await say(room, "save 2603.00002", ANN)).text.startswith("You had saved")
    assert (await say(room, "unsave 2603.00002", ANN)).text.startswith("No longer saved")
    assert [entry.paper.id for entry in (await say(room, "saved", ANN_S)).papers] == ["2603.00001"]
    assert len(await room.store.watches(CHANNEL)) == 1
    assert await room.store.watches(SLACK) == []
    assert [entry.paper.id for entry in (await say(room, "saved channel", ANN)).papers] == ["2603.00001"]


async def test_unlinking_undoes_it_and_loses_nothing(room: Room) -> None:
    await say(room, "save 2603.00001", ANN)
    await say(room, "save 2603.00002", ANN_S)
    before = [read(await say(room, text, member)) for text in ("saved", "top") for member in (ANN, ANN_S)]
    await join(room, ANN, ANN_S)
    await join(room, ANN, ANN_S, "link me")
    reply = await say(room, "unlink", SAM)
    assert reply.public
    assert reply.text == (
        "This workspace is no longer one team with Console `local`. "
        "Each save stays with the workspace that it was made in."
    )
    reply = await say(room, "unlink ME", ANN_S, manager=False)
    assert not reply.public
    assert reply.text == (
        "This account is no longer linked with `ann` on Console `local`. Each save stays with the account that made it."
    )
    assert [read(await say(room, text, member)) for text in ("saved", "top") for member in (ANN, ANN_S)] == before
    assert (await say(room, "unlink", ANN)).text == (
        "This workspace is not linked with another, and codes that were made for it cannot be entered any more. "
        "`/papers link` makes a new one."
    )
    assert (await say(room, "unlink me", ANN)).text.startswith("This account is not linked with another")


async def test_accounts_are_linked_by_their_member(room: Room) -> None:
    made = await say(room, "link me", ANN, manager=False)
    assert re.sub("[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", "CODE", made.text) == (
        "Type `/papers link CODE` with your other account within 10 minutes, and show the code to nobody.\n"
        "The two count as one person then: what one of them saved, the other has saved too."
    )
    reply = await say(room, f"link {await code(room, ANN, 'link me')}", ANN_S, manager=False)
    assert not reply.public
    assert reply.text == (
        "This account is now linked with `ann` on Console `local`: what one of them saved, the other has saved too. "
        "`/papers unlink me` undoes it."
    )
    assert (await say(room, "link me", ANN)).text.startswith(
        "This account is linked with `Ann Lee` on Slack `T1`; `/papers unlink me` undoes that.\nType `/papers link "
    )
    assert await room.store.team("console", "local") == []


async def test_workspaces_are_linked_by_those_who_manage_them(room: Room) -> None:
    for text, deed in (("link", "link it"), ("unlink", "unlink it")):
        reply = await say(room, text, BOB, manager=False)
        assert reply.error
        assert reply.text.startswith(f"{NOT_ALLOWED} {deed}. `/papers {text} me` ")
    typed = await code(room, ANN)
    assert (await say(room, f"link {typed}", SAM, manager=False)).text == (
        f"{NOT_ALLOWED} enter that code. It can be entered within 10 minutes of being made."
    )
    assert await room.store.team("slack", "T1") == []
    assert not (await say(room, f"link {typed}", ANN_S)).error
    assert (await say(room, "link", SAM, manager=False)).text == (
        "This workspace is one team with Console `local`.\n`/papers link me` links your own accounts."
    )


async def test_a_code_of_an_account_links_no_workspaces_and_the_other_way_round(room: Room) -> None:
    await join(room, ANN, ANN_S, "link me")
    assert await room.store.team("console", "local") == []
    await join(room, BOB, SAM)
    assert await room.store.accounts(BOB) == await room.store.accounts(SAM) == []


async def test_a_code_entered_where_it_joins_nothing_can_still_be_used(room: Room) -> None:
    workspace, account = await code(room, ANN), await code(room, ANN, "link me")
    assert (await say(room, f"link {workspace}", BOB)).text == (
        "That code was made in this workspace. Type it in the other one."
    )
    assert (await say(room, f"link {account}", ANN)).text == (
        "That code was made by this account. Type it with your other one."
    )
    for typed in (workspace, account):
        assert not (await say(room, f"link {typed}", ANN_S)).error
        assert (await say(room, f"link {typed}", DORA)).text == WRONG
    assert (await say(room, f"link {await code(room, ANN)}", ANN_S)).text == (
        "This workspace and Console `local` are one team already."
    )
    assert (await say(room, f"link {await code(room, ANN, 'link me')}", ANN_S)).text == (
        "This account and `ann` on Console `local` are linked already."
    )


async def test_codes_end_after_ten_minutes(room: Room) -> None:
    typed = await code(room, ANN)
    room.clock.set(room.clock.now() + timedelta(minutes=10))
    reply = await say(room, f"link {typed}", ANN_S)
    assert reply.error
    assert reply.text == WRONG


async def test_only_so_many_codes_are_open(room: Room) -> None:
    for _ in range(MOST_OPEN):
        await code(room, ANN)
        await code(room, ANN, "link me")
    assert (await say(room, "link", BOB)).text == (
        "5 codes of this workspace can still be entered, and more is not possible. "
        "Enter one of them, or try again in 10 minutes."
    )
    assert (await say(room, "link me", ANN)).error
    await code(room, BOB, "link me")
    await code(room, ANN_S)


async def test_whoever_guesses_gets_nowhere(room: Room) -> None:
    typed = await code(room, ANN)
    for number in range(MOST_WRONG):
        guess = "ACDEFHJKMNPRTVWXY34679"[number] * 12
        assert (await say(room, f"link {guess}", SAM)).text == WRONG
    for guess in ("ACDE-FHJK-MNPR", typed):
        assert (await say(room, f"link {guess}", SAM)).text == (
            "You have entered 10 wrong codes. Try again in 10 minutes."
        )
    assert await room.store.team("console", "local") == []
    assert not (await say(room, f"link {typed}", ANN_S)).error


@pytest.mark.parametrize(
    "typed",
    ["status", "me too", "me ACDE-FHJK-MNPR", "`; DROP TABLE members", "A" * 90_000, "\u202e" * 200, "@ann", "\ud800"],
)
async def test_what_is_no_code_is_answered(room: Room, typed: str) -> None:
    for _ in range(MOST_WRONG + 1):
        reply = await say(room, f"link {typed}", ANN)
        assert reply.error
        assert "is no code: those have 12 letters and digits. `/papers link` makes one" in reply.text
        assert len(reply.text) < 250
    assert (await say(room, f"unlink {typed}", ANN)).error


async def test_a_hundred_kilobytes_are_no_code(room: Room) -> None:
    assert (await say(room, "link " + "A" * 100_000, ANN)).text.startswith("A command has at most 100,000 characters")


async def test_nobody_sees_another_workspace_before_or_after(room: Room) -> None:
    async def seen(member: MemberRef, other: MemberRef) -> list[str]:
        way = f"account:{other.platform}/{other.workspace}/{other.member}"
        replies = [
            await say(room, "saved", member),
            await say(room, f"saved @{other.name}", member, mentions=(other,)),
            await say(room, f"saved {way}", member),
            await say(room, f"saved page:1 {way} bibtex", member),
            await say(room, "top all", member),
        ]
        assert bool(replies[3].files) == bool(replies[2].papers)
        return [entry.paper.id for reply in replies for entry in reply.papers]

    await say(room, "save 2603.00001", ANN)
    await say(room, "save 2603.00002", SAM)
    # An account that is linked shows others nothing of its other workspace.
    await join(room, ANN, ANN_S, "link me")
    assert await seen(SAM, ANN) == ["2603.00002"] * 2
    assert await seen(BOB, SAM) == ["2603.00001"]
    assert await seen(DORA, ANN) == await seen(DORA, SAM) == []
    await join(room, BOB, SAM)
    assert await seen(SAM, ANN) == ["2603.00002", "2603.00001", "2603.00001", "2603.00002", "2603.00001"]
    assert await seen(DORA, ANN) == []
    await say(room, "unlink", SAM)
    assert await seen(SAM, ANN) == ["2603.00002"] * 2
    assert await seen(BOB, SAM) == ["2603.00001"]


async def test_a_member_of_the_teams_other_workspace_is_found_by_their_account(room: Room) -> None:
    await say(room, "save 2603.00001 2603.00002", DORA)
    await join(room, DORA, ANN)
    nobody = "`@dora m` mentions nobody whose saved papers are kept here. "
    proposed = "`/papers saved account:discord/7/42` lists those of `Dora M` on Discord `7`."
    assert (await say(room, "saved @dora m", ANN)).text == nobody + proposed
    assert (await say(room, "saved @dora m bibtex", ANN)).text == nobody + proposed
    local = MemberRef("console", "local", "Dora M", "Dora M")
    assert (await say(room, "saved @Dora M", ANN, mentions=(local,))).text == (
        f"There are no papers saved by `@Dora M` yet.\n{proposed}"
    )
    reply = await say(room, "saved account:discord/7/42", ANN)
    assert reply.text == "Papers saved by `@Dora M`, latest first:"
    assert len(reply.papers) == 2
    (file,) = (await say(room, "saved @Dora M bibtex", ANN, mentions=(DORA,))).files
    assert file.name == "saved-member.bib"
    for way in ("account:", "account:discord/7", "account:discord/8/42", "account:discord/7/42/1", "account:%/%/%"):
        assert (await say(room, f"saved {way}", ANN)).error, way


async def test_pages_of_a_member_elsewhere_need_no_mention(room: Room) -> None:
    odd = replace(DORA, member="42/7 `x", name="odd")
    await room.announce(numbered(12, first=20))
    for number in range(20, 32):
        await say(room, f"save 2603.{number:05}", odd)
    await join(room, DORA, ANN)
    first = await say(room, "saved @odd", ANN, mentions=(odd,))
    assert first.more == "saved page:2 account:discord/7/42%2F7%20%60x"
    second = await say(room, first.more, ANN)
    assert second.text == "Papers saved by `@odd`, latest first, page 2:"
    assert len(second.papers) == 2


async def test_a_linked_member_is_called_by_the_account_that_was_mentioned(room: Room) -> None:
    await say(room, "save 2603.00001", ANN_S)
    await join(room, ANN, ANN_S)
    await join(room, ANN, ANN_S, "link me")
    assert (await say(room, "saved @ann", BOB, mentions=(ANN,))).text == "Papers saved by `@ann`, latest first:"
    assert (await say(room, "saved member:ann", BOB)).text == "Papers saved by `@Ann Lee`, latest first:"


async def test_more_than_two_workspaces_form_a_team(room: Room) -> None:
    await join(room, ANN, ANN_S)
    assert "one team with Slack `T1`" in await join(room, ANN_S, DORA)
    assert (await say(room, "link", BOB, manager=False)).text.startswith(
        "This workspace is one team with Discord `7` and Slack `T1`.\n"
    )
    for number in range(6):
        other = MemberRef("slack", f"T9{number}", "U1")
        await room.say(f"link {await code(room, ANN)}", by=other, channel=SLACK, administers=True)
    assert (
        "Discord `7`, Slack `T1`, Slack `T90`, Slack `T91`, Slack `T92` and 3 more"
        in (await say(room, "unlink", ANN)).text
    )
