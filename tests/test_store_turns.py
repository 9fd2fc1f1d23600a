"""Whose turn it is when thousands are due: what is urgent before bulk, and no workspace at another's expense."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.digest import post_key
from bot.models import ChannelRef, Composed, MessageRef, OutboxItem, Post, PostKind
from storage.sqlite import SqliteStore
from tests.store_kit import NOW, later, make_channel, open_store

PLATFORMS = ["slack"]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as store:
        yield store


async def digest(store: SqliteStore, ref: ChannelRef, number: int = 0, *, bulk: bool = True) -> str:
    """A digest stored as one of many of the same minute, or, not ``bulk``, as one that was asked for."""
    channel = await store.channel(ref) or await make_channel(store, ref)
    post = Post(post_key(ref, PostKind.DIGEST, (), NOW, str(number)), ref, PostKind.DIGEST)
    assert await store.put_digests([Composed(channel, (post,), 0, later(days=1), bulk)], NOW) == [True]
    return post.key


async def bulk(store: SqliteStore, workspace: str, channels: int) -> None:
    for place in range(channels):
        await digest(store, ChannelRef("slack", workspace, f"C{place}"))


async def claim(store: SqliteStore, limit: int, **how: float) -> list[OutboxItem]:
    return await store.claim(PLATFORMS, NOW, limit, interval=how.get("interval", 0.0))


def workspaces(items: list[OutboxItem]) -> list[str]:
    return [item.post.channel.workspace for item in items]


async def test_a_large_workspace_delays_nobody(store: SqliteStore) -> None:
    await bulk(store, "large", 60)
    for number in range(20):
        await bulk(store, f"small{number}", 1)
    turns = workspaces(await claim(store, 40))
    assert turns.count("large") == 20
    assert len(set(turns[:21])) == 21


async def test_what_is_asked_for_goes_before_bulk_of_its_workspace(store: SqliteStore) -> None:
    await bulk(store, "A", 5)
    asked = await digest(store, ChannelRef("slack", "A", "other"), bulk=False)
    (item,) = await claim(store, 1)
    assert item.post.key == asked


async def test_what_is_asked_for_goes_before_bulk_of_all_workspaces(store: SqliteStore) -> None:
    for number in range(10):
        await bulk(store, f"T{number}", 2)
    await claim(store, 3)
    asked = await digest(store, ChannelRef("slack", "late", "C0"), bulk=False)
    (item,) = await claim(store, 1)
    assert item.post.key == asked
    assert len(await claim(store, 99)) == 17


async def test_a_notice_is_never_bulk(store: SqliteStore) -> None:
    await bulk(store, "A", 5)
    ref = ChannelRef("slack", "B", "C0")
    await make_channel(store, ref)
    await store.put_notice(Post(post_key(ref, PostKind.NOTICE, (), NOW), ref, PostKind.NOTICE, text="Said."), NOW)
    (item,) = await claim(store, 1)
    assert item.post.kind is PostKind.NOTICE


async def test_urgent_posts_without_end_leave_bulk_a_turn_in_eight(store: SqliteStore) -> None:
    await bulk(store, "bulk", 30)
    for place in range(30):
        await digest(store, ChannelRef("slack", "busy", f"C{place}"), bulk=False)
    turns = workspaces(await claim(store, 24))
    assert turns.count("bulk") == 3
    assert turns[:7] == ["busy"] * 7


async def test_what_stands_before_something_urgent_is_urgent_too(store: SqliteStore) -> None:
    ref = ChannelRef("slack", "A", "mine")
    await bulk(store, "A", 5)
    before = await digest(store, ref)
    asked = await digest(store, ref, 1, bulk=False)
    sent = []
    for turn in range(2):
        (item,) = await claim(store, 1)
        sent.append(item.post.key)
        await store.sent(item.post.key, MessageRef(ref, f"m{turn}"), NOW)
    assert sent == [before, asked]


async def test_a_workspace_that_waits_has_no_turn_and_takes_none(store: SqliteStore) -> None:
    for number in range(5):
        await bulk(store, f"T{number}", 2)
    await store.postpone_workspace("slack", "T0", later(hours=1))
    turns = workspaces(await claim(store, 99))
    assert sorted(turns) == sorted(["T1", "T2", "T3", "T4"] * 2)
    assert await store.next_attempt(PLATFORMS, NOW) == later(hours=1)


async def test_a_channel_that_moves_takes_its_turn_along(store: SqliteStore) -> None:
    ref, to = ChannelRef("slack", "A", "C0"), ChannelRef("slack", "B", "C9")
    await digest(store, ref)
    await store.move_channel(ref, to, NOW)
    assert workspaces(await claim(store, 9)) == ["B"]
    assert await store.next_attempt(PLATFORMS) is None


async def test_platforms_take_turns_by_how_long_they_were_not_served(store: SqliteStore) -> None:
    await bulk(store, "A", 3)
    await digest(store, ChannelRef("discord", "1", "2"))
    both = await store.claim(["slack", "discord"], NOW, 2)
    assert {item.post.channel.platform for item in both} == {"slack", "discord"}


async def test_channels_and_their_recent_posts_are_streamed_in_blocks(store: SqliteStore) -> None:
    """None is left out or comes twice at the seams, and no other platform's come."""
    refs = [ChannelRef("slack", f"T{number % 3}", f"C{number}") for number in range(7)]
    for ref in refs:
        await digest(store, ref)
        await digest(store, replace(ref, platform="discord"))
    for turn in range(2):
        for item in await claim(store, 99):
            await store.sent(item.post.key, MessageRef(item.post.channel, f"m{turn}"), later(hours=turn))
        for ref in refs[:4] if turn == 0 else ():
            await digest(store, ref, 1)
    blocks = [block async for block in store.recent_posts("slack", NOW, 2)]
    assert [post.message.channel for block in blocks for post in block] == [
        *(ref for ref in refs[:4] for _ in range(2)), *refs[4:]
    ]  # fmt: skip
    assert max(len({post.message.channel for post in block}) for block in blocks) == 2
    recent = [post async for block in store.recent_posts("slack", later(hours=1), 2) for post in block]
    assert [(post.message.channel, post.message.message) for post in recent] == [(ref, "m1") for ref in refs[:4]]
    for ref in refs:
        await digest(store, ref, 2)
    channels = [block async for block in store.all_channels("slack", None, 3)]
    assert [[channel.ref for channel in block] for block in channels] == [refs[:3], refs[3:6], refs[6:]]
    mine = [channel.ref async for block in store.all_channels("slack", "T1", 1) for channel in block]
    assert mine == [refs[1], refs[4]]
