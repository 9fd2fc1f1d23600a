"""Teams of workspaces, persons with several accounts, and the codes that join them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.errors import CommandError
from bot.models import ChannelRef, LinkCode, LinkKind, MemberRef, Ranked, Save, WorkspaceRef
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL
from tests.store_kit import NOW, TODAY, later, make_channel, open_store, papers_of, rows

SLACK = ChannelRef("slack", "T1", "C1")
GUILD = ChannelRef("discord", "7", "1")
ANN_S = MemberRef("slack", "T1", "U1", "ann")
DORA = MemberRef("discord", "7", "42", "dora")
EVE = MemberRef("slack", "T2", "U9", "ann")
LOCAL, LAB, SERVER = WorkspaceRef("console", "local"), WorkspaceRef("slack", "T1"), WorkspaceRef("discord", "7")
PAPERS = papers_of(TODAY, 1, 3)
ONE, TWO, THREE = (paper.id for paper in PAPERS)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        await opened.add_papers(PAPERS)
        for channel in (CHANNEL, SLACK, GUILD):
            await make_channel(opened, channel)
        yield opened


async def make(store: SqliteStore, digest: bytes, by: MemberRef, kind: LinkKind, now: datetime = NOW) -> None:
    await store.add_link_code(digest, kind, by, now, ends=later(minutes=10), most=5)


async def join(store: SqliteStore, one: MemberRef, other: MemberRef, kind: LinkKind = LinkKind.WORKSPACE) -> None:
    await make(store, b"joins", one, kind)
    assert await store.link(b"joins", other, NOW)


async def find(store: SqliteStore, digest: bytes, by: MemberRef = ANN_S, now: datetime = NOW) -> LinkCode | None:
    return await store.find_link_code(digest, by, now, since=now - (later(minutes=10) - NOW), most=10)


async def saved(store: SqliteStore, member: MemberRef, seen_by: MemberRef | None = None) -> list[tuple[str, MemberRef]]:
    found = await store.saved_by(member, limit=9, seen_by=seen_by)
    return [(save.paper.id, save.member) for save in found]


async def test_a_code_is_found_until_it_is_used(store: SqliteStore, tmp_path: Path) -> None:
    await make(store, b"code", ANN, LinkKind.WORKSPACE)
    for _ in range(2):
        assert await find(store, b"code") == LinkCode(LinkKind.WORKSPACE, ANN)
    assert await store.link(b"code", ANN_S, NOW)
    assert await find(store, b"code") is None
    assert not await store.link(b"code", DORA, NOW)
    assert await store.team("discord", "7") == []
    assert rows(tmp_path, "SELECT count(*) FROM link_codes") == [(0,)]


async def test_a_code_is_over_after_its_time(store: SqliteStore) -> None:
    await make(store, b"code", ANN, LinkKind.ACCOUNT)
    assert await find(store, b"code", now=later(minutes=9, seconds=59)) is not None
    assert await find(store, b"code", now=later(minutes=10)) is None
    assert not await store.link(b"code", ANN_S, later(minutes=10))
    assert await store.accounts(ANN) == []


async def test_codes_entered_at_once_join_once(store: SqliteStore, tmp_path: Path) -> None:
    await make(store, b"code", ANN, LinkKind.WORKSPACE)
    assert sorted(await asyncio.gather(*(store.link(b"code", by, NOW) for by in (ANN_S, DORA, EVE)))) == [
        False, False, True
    ]  # fmt: skip
    assert rows(tmp_path, "SELECT count(*) FROM workspaces WHERE team IS NOT NULL") == [(2,)]


async def test_so_many_codes_are_open_of_a_workspace_and_of_a_member(store: SqliteStore) -> None:
    for number in range(5):
        await make(store, bytes([number]), (ANN, BOB)[number % 2], LinkKind.WORKSPACE)
        await make(store, bytes([9, number]), ANN, LinkKind.ACCOUNT)
    with pytest.raises(CommandError, match="5 codes of this workspace can still be entered") as caught:
        await make(store, b"more", BOB, LinkKind.WORKSPACE, later(minutes=3))
    assert caught.value.hint == "Enter one of them, or try again in 7 minutes."
    with pytest.raises(CommandError, match="5 codes of this account can still be entered"):
        await make(store, b"more", ANN, LinkKind.ACCOUNT)
    await make(store, b"more", BOB, LinkKind.ACCOUNT)
    await make(store, b"else", ANN_S, LinkKind.WORKSPACE)
    await make(store, b"later", ANN, LinkKind.WORKSPACE, later(minutes=10))


async def test_a_member_who_guesses_gets_nowhere(store: SqliteStore, tmp_path: Path) -> None:
    await make(store, b"code", ANN, LinkKind.WORKSPACE)
    tries = (find(store, bytes([number]), EVE) for number in range(50))
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert found.count(None) == 10
    assert sum(isinstance(each, CommandError) for each in found) == 40
    with pytest.raises(CommandError, match="You have entered 10 wrong codes") as caught:
        await find(store, b"code", EVE, later(minutes=5))
    assert caught.value.hint == "Try again in 5 minutes."
    # Others are not held up by it, and neither is the member once the time is over.
    assert await find(store, b"code", replace(EVE, member="U8")) is not None
    assert await find(store, b"wrong", EVE, later(minutes=10)) is None
    assert rows(tmp_path, "SELECT count(*) FROM wrong_codes") == [(1,)]


async def test_linked_workspaces_are_one_team_of_any_number(store: SqliteStore) -> None:
    fourth = MemberRef("discord", "8", "1")
    await join(store, ANN, ANN_S)
    await join(store, DORA, fourth)
    assert await store.team("console", "local") == [LAB]
    assert await store.team("discord", "7") == [WorkspaceRef("discord", "8")]
    await join(store, fourth, ANN)
    assert await store.team("console", "local") == [SERVER, WorkspaceRef("discord", "8"), LAB]
    assert await store.team("slack", "T1") == [LOCAL, SERVER, WorkspaceRef("discord", "8")]
    assert await store.team("slack", "unknown") == []
    await join(store, ANN_S, DORA)
    assert len(await store.team("slack", "T1")) == 3


async def test_a_workspace_that_leaves_leaves_the_others_linked(store: SqliteStore) -> None:
    await join(store, ANN, ANN_S)
    await join(store, ANN, DORA)
    assert await store.unlink(LinkKind.WORKSPACE, BOB, NOW)
    assert not await store.unlink(LinkKind.WORKSPACE, BOB, NOW)
    assert await store.team("console", "local") == []
    assert await store.team("slack", "T1") == [SERVER]
    await join(store, ANN, EVE)
    assert await store.team("slack", "T1") == [SERVER]
    assert await store.unlink(LinkKind.WORKSPACE, ANN_S, NOW)
    assert not await store.unlink(LinkKind.WORKSPACE, DORA, NOW)


async def test_unlinking_voids_open_codes(store: SqliteStore) -> None:
    await make(store, b"workspace", ANN, LinkKind.WORKSPACE)
    await make(store, b"account", ANN, LinkKind.ACCOUNT)
    assert not await store.unlink(LinkKind.WORKSPACE, BOB, NOW)
    assert await find(store, b"workspace") is None
    assert await find(store, b"account") is not None
    assert not await store.unlink(LinkKind.ACCOUNT, ANN, NOW)
    assert await find(store, b"account") is None


async def test_links_and_their_undoing_are_written_down(store: SqliteStore, tmp_path: Path) -> None:
    await join(store, ANN, ANN_S)
    await join(store, ANN, ANN_S, LinkKind.ACCOUNT)
    await store.unlink(LinkKind.ACCOUNT, ANN, NOW)
    await store.unlink(LinkKind.WORKSPACE, ANN_S, NOW)
    await store.unlink(LinkKind.WORKSPACE, ANN, NOW)
    written = rows(tmp_path, "SELECT m.member, what, detail FROM audit JOIN members m ON m.id = member_id")
    assert written == [
        ("U1", "workspace linked", "with console local, by a code of ann"),
        ("U1", "account linked", "with console local, by a code of ann"),
        ("ann", "account unlinked", ""),
        ("U1", "workspace unlinked", ""),
    ]


async def test_a_team_has_one_top_in_which_a_person_counts_once(store: SqliteStore) -> None:
    await store.save(ANN, CHANNEL, ONE, NOW)
    await store.save(ANN_S, SLACK, ONE, later(minutes=1))
    await store.save(DORA, GUILD, TWO, NOW)
    await join(store, ANN, ANN_S)
    for ref in (LOCAL, LAB):
        assert await store.top(ref.platform, ref.workspace, since=None, limit=9) == [Ranked(PAPERS[0], 2)]
    await join(store, ANN, ANN_S, LinkKind.ACCOUNT)
    await join(store, ANN, DORA)
    everybody = [Ranked(PAPERS[1], 1), Ranked(PAPERS[0], 1)]
    for ref in (LOCAL, LAB, SERVER):
        assert await store.top(ref.platform, ref.workspace, since=None, limit=9) == everybody
    assert await store.top("slack", "T1", since=later(minutes=1), limit=9) == [Ranked(PAPERS[0], 1)]


async def test_a_person_has_one_library_with_each_paper_once(store: SqliteStore) -> None:
    await store.save(ANN, CHANNEL, ONE, NOW)
    await store.save(ANN_S, SLACK, TWO, later(minutes=1))
    await store.save(ANN, CHANNEL, TWO, later(minutes=2))
    await store.save(ANN_S, SLACK, THREE, later(minutes=3))
    await join(store, ANN, ANN_S, LinkKind.ACCOUNT)
    assert await store.accounts(ANN) == [ANN_S]
    assert await store.accounts(ANN_S) == [ANN]
    assert await store.accounts(EVE) == []
    for account in (ANN, ANN_S):
        assert await store.saved_by(account, limit=9) == [
            Save(ANN_S, SLACK, PAPERS[2], later(minutes=3)),
            Save(ANN, CHANNEL, PAPERS[1], later(minutes=2)),
            Save(ANN, CHANNEL, PAPERS[0], NOW),
        ]
        assert [save.paper.id for save in await store.saved_by(account, limit=1, offset=1)] == [TWO]


async def test_two_accounts_that_saved_at_the_same_moment_are_one_line(store: SqliteStore) -> None:
    await join(store, ANN, ANN_S, LinkKind.ACCOUNT)
    await store.save(ANN, CHANNEL, ONE, NOW)
    await store.save(ANN_S, SLACK, ONE, NOW)
    assert [paper for paper, _ in await saved(store, ANN)] == [ONE]


async def test_what_one_account_saved_the_other_has_already(store: SqliteStore) -> None:
    await join(store, ANN, ANN_S, LinkKind.ACCOUNT)
    assert await store.save(ANN, CHANNEL, ONE, NOW)
    assert not await store.save(ANN_S, SLACK, ONE, later(minutes=1))
    assert await store.unsave(ANN_S, ONE, later(minutes=2))
    assert await saved(store, ANN) == await saved(store, ANN_S) == []
    assert not await store.unsave(ANN, ONE, later(minutes=3))
    # A save that was made before it was taken back, and comes late, changes nothing with either account.
    assert not await store.save(ANN, CHANNEL, ONE, later(minutes=1))
    assert not await store.save(ANN_S, SLACK, ONE, later(minutes=1))
    assert await store.save(ANN_S, SLACK, ONE, later(minutes=4))


async def test_unlinking_loses_nothing(store: SqliteStore) -> None:
    await store.save(ANN, CHANNEL, ONE, NOW)
    await join(store, ANN, ANN_S)
    await join(store, ANN, ANN_S, LinkKind.ACCOUNT)
    await store.save(ANN_S, SLACK, ONE, later(minutes=1))
    await store.save(ANN_S, SLACK, TWO, later(minutes=2))
    assert await store.unlink(LinkKind.ACCOUNT, ANN, NOW)
    assert await store.unlink(LinkKind.WORKSPACE, ANN, NOW)
    assert await saved(store, ANN) == [(ONE, ANN)]
    assert await saved(store, ANN_S) == [(TWO, ANN_S), (ONE, ANN_S)]
    assert await store.top("console", "local", since=None, limit=9) == [Ranked(PAPERS[0], 1)]
    assert len(await store.saved_in(SLACK, limit=9)) == 2


async def test_others_see_what_was_saved_in_their_team_only(store: SqliteStore) -> None:
    await store.save(ANN, CHANNEL, ONE, NOW)
    await store.save(ANN_S, SLACK, TWO, later(minutes=1))
    await join(store, ANN, ANN_S, LinkKind.ACCOUNT)
    for stranger in (EVE, DORA, MemberRef("slack", "nowhere", "U1")):
        assert await saved(store, ANN, stranger) == await saved(store, ANN_S, stranger) == []
    # Linked accounts link no workspaces.
    assert await saved(store, ANN_S, BOB) == await saved(store, ANN, BOB) == [(ONE, ANN)]
    assert await store.top("console", "local", since=None, limit=9) == [Ranked(PAPERS[0], 1)]
    await join(store, BOB, ANN_S)
    assert await saved(store, ANN_S, BOB) == await saved(store, ANN, BOB) == [(TWO, ANN_S), (ONE, ANN)]
    await store.unlink(LinkKind.WORKSPACE, BOB, NOW)
    assert await saved(store, ANN_S, BOB) == await saved(store, ANN, BOB) == [(ONE, ANN)]
    assert await saved(store, ANN, ANN_S) == [(TWO, ANN_S)]


async def test_saves_of_a_channel_stay_the_channels(store: SqliteStore) -> None:
    await store.save(ANN_S, SLACK, TWO, NOW)
    await join(store, ANN, ANN_S)
    assert await store.saved_in(CHANNEL, limit=9) == []
    assert [save.paper.id for save in await store.saved_in(SLACK, limit=9)] == [TWO]


async def test_namesakes_are_members_of_the_teams_other_workspaces(store: SqliteStore) -> None:
    for member, channel in ((ANN, CHANNEL), (ANN_S, SLACK), (DORA, GUILD), (EVE, SLACK)):
        await store.save(member, channel, ONE, NOW)
    assert await store.namesakes(ANN, "ann", limit=9) == []
    await join(store, ANN, ANN_S)
    assert await store.namesakes(ANN, "ANN", limit=9) == [ANN_S]
    assert await store.namesakes(ANN_S, "ann", limit=9) == [ANN]
    assert await store.namesakes(ANN, "dora", limit=9) == []
    assert await store.namesakes(EVE, "ann \ud800", limit=9) == []
