"""A store that was put back from a copy goes on without posting anything twice, or losing what was never posted."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlite_utils

from bot.after_restore import AfterRestore
from bot.delivery import Dispatcher
from bot.errors import DeliveryError, UnreadableError
from bot.models import ChannelRef, Entry, FoundPost, Layout, MessageRef, Post, PostKind, PostState
from bot.ports import Chat
from storage.sqlite import SqliteStore, copying, restoring
from storage.sqlite.faults import translated
from tests.delivery_kit import DrivenClock, announce, watch
from tests.factories import ANN
from tests.standins.chat import MemoryChat, ReadableChat
from tests.store_kit import open_store, rows

SLACK = ChannelRef("slack", "T1", "C1")
OTHER = ChannelRef("slack", "T2", "C2")
MAIL = ChannelRef("email", "ann", "ann@lab.example")


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock()


@pytest.fixture
def slack(clock: DrivenClock) -> ReadableChat:
    return ReadableChat(clock=clock)


def copy_of(folder: Path, now: datetime) -> None:
    """A backup, as the command makes it."""
    with copying.draft(folder / "copy") as draft:
        copying.copy(folder / "paperroute.db", draft, now)
        copying.put_in_place(draft, folder / "copy")


def put_back(folder: Path, now: datetime) -> None:
    """The backup in the place of the store, as the command puts it."""
    for path in folder.glob("paperroute.db*"):
        path.unlink()
    taken = copying.look_over(folder / "copy").taken
    copying.copy(folder / "copy", _empty(folder / "paperroute.db"), now)
    connection = sqlite3.connect(folder / "paperroute.db", isolation_level=None)
    with translated(folder):
        restoring.mark(
            sqlite_utils.Database(connection, execute_plugins=False), taken, now, ("slack", "discord"), idle=False
        )
    connection.close()


def _empty(path: Path) -> Path:
    path.touch(0o600)
    return path


@asynccontextmanager
async def started(
    folder: Path, clock: DrivenClock, *chats: Chat
) -> AsyncIterator[tuple[SqliteStore, Dispatcher, AfterRestore]]:
    """The parts of a process that deliver."""
    async with open_store(folder) as store:
        after = AfterRestore(store, chats, clock)
        await after.begin()
        dispatcher = Dispatcher(store, chats, clock, random=Random(1), held=after.held)
        yield store, dispatcher, after
        await dispatcher.stop(grace=0)


async def polled(store: SqliteStore, clock: DrivenClock) -> None:
    """The source was read to its top, a moment later."""
    clock.set(clock.now() + timedelta(seconds=1))
    await store.poll_succeeded(clock.now())


async def test_what_was_posted_after_the_backup_is_not_posted_again(
    tmp_path: Path, clock: DrivenClock, slack: ReadableChat
) -> None:
    async with started(tmp_path, clock, slack) as (store, dispatcher, _):
        await watch(store, clock, SLACK)
        await announce(store, clock, 1, 2)
        await clock.drive(dispatcher.drain())
        copy_of(tmp_path, clock.now())
        await clock.advance(3600)
        await announce(store, clock, 3, 4, 5, 6)  # two posts: three papers fit into one
        await clock.drive(dispatcher.drain())
        await announce(store, clock, 7)
    assert slack.papers(SLACK) == {f"2603.0000{n}": 1 for n in range(1, 7)}
    await clock.advance(60)
    put_back(tmp_path, clock.now())
    async with started(tmp_path, clock, slack) as (store, dispatcher, after):
        # The source gives again what came after the backup, paper 7 included, which nobody was sent.
        await announce(store, clock, 3, 4, 5, 6, 7)
        assert await clock.drive(dispatcher.drain())
        assert slack.papers(SLACK).total() == 6, "posted before it was read back"
        await after.once()
        assert slack.read == [], "read back before the source was read to its top"
        await polled(store, clock)
        await after.once()
        assert await store.restored() is None
        await clock.drive(dispatcher.drain())
        # A reaction on a message of the time between finds its papers.
        (third,) = [m for m in slack.messages if m.post.entries and m.post.entries[0].paper.id == "2603.00006"]
        post = await store.post_of(third.ref)
        assert post is not None
        assert [entry.paper.id for entry in post.entries] == [entry.paper.id for entry in third.post.entries]
        assert post.entries[0].queries == ("ti:delivery",)
    assert slack.papers(SLACK) == {f"2603.0000{n}": 1 for n in range(1, 8)}
    assert len(slack.keys()) == len(set(slack.keys()))


async def test_posts_that_were_on_their_way_are_looked_up_with_their_cards(
    tmp_path: Path, clock: DrivenClock, slack: ReadableChat
) -> None:
    async with started(tmp_path, clock, slack) as (store, dispatcher, _):
        await watch(store, clock, SLACK, layout=Layout.THREAD)
        await watch(store, clock, OTHER, layout=Layout.THREAD, schedule="daily 09:00 UTC")
        await announce(store, clock, 1, 2)
        slack.gate.clear()
        slack.send_faults.append(None)
        # Composed and claimed; then a copy of just that moment.
        task = asyncio.create_task(dispatcher.drain())
        await slack.until(lambda chat: chat.under_way == 1)
        copy_of(tmp_path, clock.now())
        slack.gate.set()
        await clock.drive(_result(task))
    assert len(slack.messages) == 3
    await clock.advance(60)
    put_back(tmp_path, clock.now())
    assert {state for (state,) in rows(tmp_path, "SELECT state FROM posts")} == {PostState.UNCERTAIN, PostState.PENDING}
    async with started(tmp_path, clock, slack) as (store, dispatcher, after):
        await clock.drive(dispatcher.drain())
        await polled(store, clock)
        await after.once()
        await clock.drive(dispatcher.drain())
        assert (await store.channel_status(SLACK)).uncertain == 0
    assert len(slack.messages) == 3
    assert len(set(slack.keys())) == 3
    assert {state for (state,) in rows(tmp_path, "SELECT state FROM posts")} == {PostState.SENT}


async def _result(task: asyncio.Task[Any]) -> None:
    await task


async def test_a_post_that_was_not_sent_after_all_is_sent_with_its_cards(
    tmp_path: Path, clock: DrivenClock, slack: ReadableChat
) -> None:
    async with started(tmp_path, clock, slack) as (store, dispatcher, _):
        await watch(store, clock, SLACK, layout=Layout.THREAD)
        await announce(store, clock, 1, 2)
        slack.send_faults.append(DeliveryError("Later.", retry_after=600))
        await clock.drive(dispatcher.drain(patience=0))
        copy_of(tmp_path, clock.now())
    assert slack.messages == []
    put_back(tmp_path, clock.now())
    async with started(tmp_path, clock, slack) as (store, dispatcher, after):
        await polled(store, clock)
        await after.once()
        await clock.drive(dispatcher.drain(patience=900))
    assert len(slack.messages) == 3
    assert slack.papers(SLACK) == {"2603.00001": 1, "2603.00002": 1}


async def test_where_nothing_can_be_read_back_what_waits_is_uncertain_and_never_sent(
    tmp_path: Path, clock: DrivenClock
) -> None:
    mail = MemoryChat("email", clock=clock)
    async with started(tmp_path, clock, mail) as (store, dispatcher, _):
        await watch(store, clock, MAIL)
        await announce(store, clock, 1)
        copy_of(tmp_path, clock.now())
        await clock.drive(dispatcher.drain())
    assert len(mail.messages) == 1
    put_back(tmp_path, clock.now())
    async with started(tmp_path, clock, mail) as (store, dispatcher, after):
        await announce(store, clock, 2)
        await polled(store, clock)
        await after.once()
        await clock.drive(dispatcher.drain())
        assert (await store.channel_status(MAIL)).uncertain == 1
        assert len(mail.messages) == 1
        # What is announced from now on comes as ever.
        await announce(store, clock, 3)
        await clock.drive(dispatcher.drain())
    assert mail.papers(MAIL) == {"2603.00001": 1, "2603.00003": 1}


async def test_a_history_that_cannot_be_read_keeps_its_channel_waiting_and_no_other(
    tmp_path: Path, clock: DrivenClock, slack: ReadableChat, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(tmp_path, clock, slack) as (store, dispatcher, _):
        await watch(store, clock, SLACK)
        await watch(store, clock, OTHER)
        copy_of(tmp_path, clock.now())
    put_back(tmp_path, clock.now())
    slack.read_faults += [UnreadableError("Its history may not be read."), TimeoutError()]  # of SLACK, of OTHER
    async with started(tmp_path, clock, slack) as (store, dispatcher, after):
        await announce(store, clock, 5)
        await polled(store, clock)
        await after.once()
        assert slack.read == [SLACK, OTHER]
        await clock.drive(dispatcher.drain())
        assert slack.messages == []
        slack.read_faults += [UnreadableError("Its history may not be read.")]
        await after.once()
        await clock.drive(dispatcher.drain())
        assert slack.papers(OTHER) == {"2603.00005": 1}
        assert after.held(SLACK) is not None
        assert slack.papers(SLACK) == {}
        slack.read_faults.append(DeliveryError("The channel is gone.", permanent=True, ends_channel=True))
        await after.once()
        assert after.held(SLACK) is None
    assert "slack T1/C1 waits, since what was posted there cannot be read back. Its history may not" in caplog.text
    assert "slack T2/C2 waits: reading back what was posted there took too long." in caplog.text


async def test_it_waits_for_the_source_and_tries_again_by_itself(
    tmp_path: Path, clock: DrivenClock, slack: ReadableChat
) -> None:
    async with started(tmp_path, clock, slack) as (store, _, _after):
        await watch(store, clock, SLACK)
        copy_of(tmp_path, clock.now())
    put_back(tmp_path, clock.now())
    slack.read_faults.append(DeliveryError("Not now."))
    woken = asyncio.Event()
    async with started(tmp_path, clock, slack) as (store, _, after):
        running = asyncio.create_task(after.run(woken.set))
        await clock.rest()
        assert slack.read == []
        await polled(store, clock)
        await clock.drive(_result(running))
        assert slack.read == [SLACK, SLACK]
        assert woken.is_set()
        assert await store.restored() is None
        # At the next start there is nothing to do.
        await after.run(woken.set)
        await after.begin()
        assert after.held(SLACK) is None


async def test_a_top_of_the_time_between_is_left_out(tmp_path: Path, clock: DrivenClock, slack: ReadableChat) -> None:
    async with started(tmp_path, clock, slack) as (store, dispatcher, _):
        await watch(store, clock, SLACK, schedule="off UTC")
        channel = await store.channel(SLACK)
        assert channel is not None
        await announce(store, clock, 1)
        await store.set_top(SLACK, "weekly mon 09:00 UTC", clock.now() + timedelta(hours=1), ANN, clock.now())
        await store.save(replace(ANN, platform="slack", workspace="T1"), SLACK, "2603.00001", clock.now())
        copy_of(tmp_path, clock.now())
        await clock.advance(2 * 3600)
        await clock.drive(dispatcher.drain())
        assert [message.post.heading[:15] for message in slack.messages] == ["Top of the week"]
    put_back(tmp_path, clock.now())
    async with started(tmp_path, clock, slack) as (store, dispatcher, after):
        await clock.drive(dispatcher.drain())
        await polled(store, clock)
        await after.once()
        await clock.drive(dispatcher.drain())
        assert len(slack.messages) == 1
        await clock.advance(7 * 24 * 3600)
        await store.unsave(replace(ANN, platform="slack", workspace="T1"), "2603.00001", clock.now())
        await store.save(replace(ANN, platform="slack", workspace="T1"), SLACK, "2603.00001", clock.now())
        await clock.drive(dispatcher.drain())
        assert len(slack.messages) == 2


async def test_a_second_restore_before_everything_was_read_back_remembers_the_first(
    tmp_path: Path, clock: DrivenClock, slack: ReadableChat
) -> None:
    async with started(tmp_path, clock, slack) as (store, _, _after):
        await watch(store, clock, SLACK)
        copy_of(tmp_path, clock.now())
    first = clock.now()
    await clock.advance(3600)
    put_back(tmp_path, clock.now())
    copy_of(tmp_path, clock.now())
    await clock.advance(3600)
    put_back(tmp_path, clock.now())
    async with open_store(tmp_path) as store:
        restored = await store.restored()
        assert restored is not None
        assert restored.since <= first
        assert await store.release(SLACK, [], clock.now()) == 0
        assert await store.restored() is None
        assert await store.release(ChannelRef("slack", "T9", "C9"), [], clock.now()) == 0


async def test_what_was_packed_long_ago_is_not_owed_or_given_a_row_again(tmp_path: Path, clock: DrivenClock) -> None:
    async with open_store(tmp_path) as store:
        await watch(store, clock, SLACK)
        await announce(store, clock, 1, 2)
        waiting = await store.waiting(SLACK)
        entries = tuple(Entry(place, each.paper, delivery=each.id) for place, each in enumerate(waiting, 1))
        post = Post("a" * 24, SLACK, PostKind.DIGEST, entries=entries)
        assert await store.put_posts(SLACK, [post], receipted=0, next_due=None, now=clock.now())
        await store.claim(["slack"], clock.now(), 9)
        await store.sent(post.key, MessageRef(SLACK, "m"), clock.now())
        await store.pack(clock.now().date() + timedelta(days=200), 0, 99)
        assert rows(tmp_path, "SELECT count(*) FROM deliveries") == [(0,)]
        found = FoundPost(MessageRef(SLACK, "n"), "b" * 24, ("2603.00001",), clock.now())
        assert await store.release(SLACK, [found], clock.now()) == 1
        assert rows(tmp_path, "SELECT count(*) FROM deliveries") == [(0,)]
        assert await store.waiting(SLACK) == []
