"""The library: saves, top lists, dismissals, and events that are handled once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.models import Ranked, Save
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL
from tests.store_kit import NOW, TODAY, later, make_channel, open_store, papers_of, rows

OTHER = replace(CHANNEL, channel="other")
EVE = replace(ANN, workspace="elsewhere")
PAPERS = papers_of(TODAY, 1, 5)
ONE, TWO, THREE = PAPERS[0].id, PAPERS[1].id, PAPERS[2].id


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        await opened.add_papers(PAPERS)
        await make_channel(opened)
        await make_channel(opened, OTHER)
        yield opened


def ids(saves: list[Save]) -> list[str]:
    return [save.paper.id for save in saves]


async def test_a_save_is_a_member_s_own_and_made_once(store: SqliteStore) -> None:
    assert await store.save(ANN, CHANNEL, ONE, NOW)
    assert not await store.save(ANN, OTHER, ONE, later(hours=1))
    assert await store.save(BOB, OTHER, ONE, later(hours=2))
    assert await store.saved_by(ANN, limit=9) == [Save(ANN, CHANNEL, PAPERS[0], NOW)]
    assert await store.unsave(ANN, ONE, NOW)
    assert not await store.unsave(ANN, ONE, NOW)
    assert not await store.unsave(ANN, "no id", NOW)
    assert not await store.unsave(EVE, ONE, NOW)
    assert await store.saved_by(ANN, limit=9) == []
    assert await store.saved_by(EVE, limit=9) == []
    assert ids(await store.saved_by(BOB, limit=9)) == [ONE]


async def test_of_a_save_and_its_removal_the_later_holds_in_whichever_order_they_arrive(store: SqliteStore) -> None:
    assert not await store.unsave(ANN, ONE, later(minutes=5))
    assert not await store.save(ANN, CHANNEL, ONE, later(minutes=4))
    assert not await store.unsave(ANN, ONE, later(minutes=8))
    assert not await store.save(ANN, CHANNEL, ONE, later(minutes=7))
    assert await store.saved_by(ANN, limit=9) == await store.saved_in(CHANNEL, limit=9) == []
    assert await store.top("console", "local", since=None, limit=9) == []
    assert await store.save(ANN, OTHER, ONE, later(minutes=9))
    assert not await store.unsave(ANN, ONE, later(minutes=6))
    assert await store.saved_by(ANN, limit=9) == [Save(ANN, OTHER, PAPERS[0], later(minutes=9))]


async def test_only_papers_of_the_archive_and_known_channels_can_be_saved(store: SqliteStore, tmp_path: Path) -> None:
    for paper_id in ("2603.99999", "no id"):
        with pytest.raises(StoreError, match="That paper is not in the archive"):
            await store.save(ANN, CHANNEL, paper_id, NOW)
    with pytest.raises(StoreError):
        await store.save(ANN, replace(CHANNEL, channel="unknown"), ONE, NOW)
    assert rows(tmp_path, "SELECT count(*) FROM kept") == [(0,)]


async def test_saves_are_listed_latest_first_in_pages(store: SqliteStore) -> None:
    for minute, paper in enumerate([THREE, ONE, TWO]):
        await store.save(ANN, CHANNEL, paper, later(minutes=minute))
    assert ids(await store.saved_by(ANN, limit=2)) == [TWO, ONE]
    assert ids(await store.saved_by(ANN, limit=2, offset=2)) == [THREE]
    assert ids(await store.saved_by(ANN, limit=2, offset=10**30)) == []


async def test_a_channel_lists_a_paper_once_by_its_first_save(store: SqliteStore) -> None:
    await store.save(ANN, CHANNEL, ONE, later(minutes=1))
    await store.save(BOB, CHANNEL, ONE, later(minutes=5))
    await store.save(BOB, CHANNEL, TWO, later(minutes=3))
    await store.save(ANN, OTHER, THREE, later(minutes=4))
    assert [(save.paper.id, save.member, save.saved_at) for save in await store.saved_in(CHANNEL, limit=9)] == [
        (TWO, BOB, later(minutes=3)), (ONE, ANN, later(minutes=1))
    ]  # fmt: skip
    assert ids(await store.saved_in(CHANNEL, limit=1, offset=1)) == [ONE]
    await store.unsave(ANN, ONE, later(minutes=9))
    assert [(save.paper.id, save.member) for save in await store.saved_in(CHANNEL, limit=9)] == [(ONE, BOB), (TWO, BOB)]


async def test_two_who_save_at_the_same_moment_are_one_line(store: SqliteStore) -> None:
    for member in (ANN, BOB):
        await store.save(member, CHANNEL, ONE, NOW)
    assert ids(await store.saved_in(CHANNEL, limit=9)) == [ONE]


async def test_the_top_counts_members_of_one_workspace(store: SqliteStore) -> None:
    await store.save(ANN, CHANNEL, ONE, NOW)
    await store.save(ANN, CHANNEL, TWO, later(minutes=1))
    await store.save(BOB, OTHER, TWO, later(minutes=2))
    await store.save(BOB, OTHER, THREE, later(minutes=3))
    for member in (EVE, replace(EVE, member="mallory"), replace(EVE, member="trudy")):
        await store.save(member, CHANNEL, ONE, NOW)
    assert await store.top("console", "local", since=None, limit=9) == [
        Ranked(PAPERS[1], 2), Ranked(PAPERS[2], 1), Ranked(PAPERS[0], 1)
    ]  # fmt: skip
    assert await store.top("console", "local", since=later(minutes=2), limit=1) == [Ranked(PAPERS[2], 1)]
    assert await store.top("console", "elsewhere", since=None, limit=9) == [Ranked(PAPERS[0], 3)]
    assert await store.top("slack", "local", since=None, limit=9) == []


async def test_dismissals_count_papers_a_channel(store: SqliteStore, tmp_path: Path) -> None:
    assert await store.dismiss(CHANNEL, ANN, ONE, NOW) == 1
    assert await store.dismiss(CHANNEL, ANN, ONE, NOW) == 1
    assert await store.dismiss(CHANNEL, BOB, ONE, NOW) == 1
    assert await store.dismiss(CHANNEL, BOB, TWO, NOW) == 2
    assert await store.dismiss(OTHER, BOB, TWO, NOW) == 1
    with pytest.raises(StoreError):
        await store.dismiss(OTHER, BOB, "2603.99999", NOW)
    assert rows(tmp_path, "SELECT count(*) FROM audit WHERE what = 'not for us'") == [(4,)]


async def test_dismissed_papers_are_a_channels_own_latest_first(store: SqliteStore) -> None:
    for minute, (member, paper) in enumerate([(ANN, ONE), (BOB, TWO), (BOB, ONE), (ANN, THREE)]):
        await store.dismiss(CHANNEL, member, paper, later(minutes=minute))
    await store.dismiss(OTHER, ANN, TWO, NOW)
    assert [paper.id for paper in await store.dismissed(CHANNEL, limit=9)] == [THREE, ONE, TWO]
    assert [paper.id for paper in await store.dismissed(CHANNEL, limit=1)] == [THREE]
    assert [paper.id for paper in await store.dismissed(OTHER, limit=9)] == [TWO]
    assert await store.dismissed(replace(CHANNEL, channel="unknown"), limit=9) == []


async def test_the_reactions_that_save_are_a_workspaces_own(store: SqliteStore, tmp_path: Path) -> None:
    assert await store.save_reactions("console", "local") is None
    await store.set_save_reactions("console", "local", ("eyes", "star"), ANN, NOW)
    assert await store.save_reactions("console", "local") == ("eyes", "star")
    assert await store.save_reactions("console", "elsewhere") is None
    assert await store.save_reactions("slack", "local") is None
    await store.set_save_reactions("console", "local", None, BOB, later(minutes=1))
    assert await store.save_reactions("console", "local") is None
    assert rows(tmp_path, "SELECT count(*) FROM audit WHERE what = 'save reactions'") == [(2,)]


async def test_an_event_is_handled_once_and_remembered_for_a_day(store: SqliteStore, tmp_path: Path) -> None:
    assert await store.first_time("Ev1", NOW)
    assert not await store.first_time("Ev1", NOW)
    assert await store.first_time("Ev2 \ud800", NOW)
    assert not await store.first_time("Ev1", later(days=1))
    await store.first_time("Ev3", later(days=3))
    assert rows(tmp_path, "SELECT event FROM events") == [("Ev3",)]
