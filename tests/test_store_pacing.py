"""Claiming at the pace of a workspace."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.digest import post_key
from bot.models import ChannelRef, MessageRef, Post, PostKind
from storage.sqlite import SqliteStore
from tests.store_kit import NOW, later, make_channel, open_store

PLATFORMS = ["slack"]
INTERVAL = 0.25


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as store:
        yield store


async def fill(store: SqliteStore, workspace: str, channels: int = 4, notices: int = 1) -> None:
    """So many channels of a workspace with so many notices each."""
    for place in range(channels):
        ref = ChannelRef("slack", workspace, f"C{place}")
        await make_channel(store, ref)
        for number in range(notices):
            key = post_key(ref, PostKind.NOTICE, (), NOW, str(number))
            await store.put_notice(Post(key, ref, PostKind.NOTICE, text="Said."), NOW)


async def claim(store: SqliteStore, now: datetime, limit: int = 99) -> list[str]:
    """The workspaces of what was claimed."""
    return [item.post.channel.workspace for item in await store.claim(PLATFORMS, now, limit, interval=INTERVAL)]


async def test_one_post_of_each_workspace_at_a_time(store: SqliteStore) -> None:
    await fill(store, "T1")
    await fill(store, "T2")
    assert await claim(store, NOW) == ["T1", "T2"]
    assert await claim(store, NOW) == []
    assert await store.next_attempt(PLATFORMS) == later(seconds=INTERVAL / 2)
    assert await store.next_attempt(PLATFORMS, later(seconds=INTERVAL / 2)) is None


async def test_lateness_does_not_add_up(store: SqliteStore) -> None:
    await fill(store, "T1", channels=12)
    await claim(store, NOW)
    start = later(seconds=INTERVAL / 2)
    for turn in range(10):
        due = start + turn * timedelta(seconds=INTERVAL)
        assert await claim(store, due - timedelta(milliseconds=1)) == []
        late = timedelta(milliseconds=turn * 11)
        assert await claim(store, due + late) == ["T1"]


async def test_after_a_pause_it_begins_anew_and_makes_nothing_up(store: SqliteStore) -> None:
    await fill(store, "T1")
    await claim(store, NOW)
    assert await claim(store, later(minutes=5)) == ["T1"]
    assert await claim(store, later(minutes=5, seconds=0.12)) == []
    assert await claim(store, later(minutes=5, seconds=0.125)) == ["T1"]
    assert await claim(store, later(minutes=5, seconds=0.37)) == []
    assert await claim(store, later(minutes=5, seconds=0.375)) == ["T1"]


async def test_the_pace_shortens_no_wait_that_was_asked_for(store: SqliteStore) -> None:
    await fill(store, "T1")
    await store.postpone_workspace("slack", "T1", later(seconds=30))
    assert await claim(store, later(seconds=29)) == []
    assert await claim(store, later(seconds=30)) == ["T1"]
    await store.postpone_workspace("slack", "T1", later(seconds=90))
    assert await claim(store, later(seconds=89)) == []
    assert await store.next_attempt(PLATFORMS, NOW) == later(seconds=90)


async def test_a_workspace_has_so_many_posts_under_way_at_most(store: SqliteStore) -> None:
    await fill(store, "T1", channels=5)
    await fill(store, "T2", channels=1)
    claimed = await store.claim(PLATFORMS, NOW, 99, most=3)
    assert sorted(item.post.channel.workspace for item in claimed) == ["T1", "T1", "T1", "T2"]
    assert await store.claim(PLATFORMS, NOW, 99, most=3) == []
    first = claimed[0].post
    await store.sent(first.key, MessageRef(first.channel, "m1"), NOW)
    (item,) = await store.claim(PLATFORMS, NOW, 99, most=3)
    assert item.post.channel.workspace == "T1"


async def test_what_is_past_hides_no_later_moment(store: SqliteStore) -> None:
    """A workspace that has no room left stays ready; the next turn of another one is named all the same."""
    await fill(store, "T1", channels=2)
    await fill(store, "T2", channels=2)
    (item,) = await store.claim(PLATFORMS, NOW, 1, most=1)
    assert item.post.channel.workspace == "T1"
    await claim(store, NOW, 1)
    assert await store.next_attempt(PLATFORMS) == NOW
    assert await store.next_attempt(PLATFORMS, NOW) == later(seconds=INTERVAL / 2)


async def test_an_uncertain_post_of_the_past_hides_no_later_one(store: SqliteStore) -> None:
    await fill(store, "T1", channels=2)
    for item, seconds in zip(await store.claim(PLATFORMS, NOW, 9), (10, 20), strict=True):
        await store.uncertain(item.post.key, later(seconds=seconds), "lost")
    assert await store.next_attempt(PLATFORMS, later(seconds=10)) == later(seconds=20)
    assert await store.next_attempt(PLATFORMS, later(seconds=20)) is None


async def test_a_channel_rests_after_a_post(store: SqliteStore) -> None:
    await fill(store, "T1", channels=1, notices=3)
    (item,) = await store.claim(PLATFORMS, NOW, 9)
    await store.sent(item.post.key, MessageRef(item.post.channel, "m1"), NOW, interval=1.0)
    assert await store.claim(PLATFORMS, later(seconds=0.9), 9) == []
    assert await store.next_attempt(PLATFORMS) == later(seconds=1)
    (item,) = await store.claim(PLATFORMS, later(seconds=1), 9)
    await store.sent(item.post.key, MessageRef(item.post.channel, "m2"), later(seconds=1))
    assert len(await store.claim(PLATFORMS, later(seconds=1), 9)) == 1


async def test_channels_of_a_workspace_take_turns(store: SqliteStore) -> None:
    await fill(store, "T1", channels=3, notices=3)
    served = []
    for turn in range(6):
        now = later(seconds=turn)
        (item,) = await store.claim(PLATFORMS, now, 1)
        served.append(item.post.channel.channel)
        await store.sent(item.post.key, MessageRef(item.post.channel, f"m{turn}"), now, interval=1.0)
    assert served == ["C0", "C1", "C2"] * 2


async def test_a_rest_shortens_no_wait(store: SqliteStore) -> None:
    await fill(store, "T1", channels=1, notices=2)
    (item,) = await store.claim(PLATFORMS, NOW, 9)
    await store.retry(item.post.key, later(minutes=5), "Too many.")
    (item,) = await store.claim(PLATFORMS, later(minutes=5), 9)
    await store.sent(item.post.key, MessageRef(item.post.channel, "m1"), later(minutes=5), interval=1.0)
    assert await store.next_attempt(PLATFORMS) == later(minutes=5, seconds=1)
