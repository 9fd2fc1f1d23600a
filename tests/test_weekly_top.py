"""The weekly top: what is in it, when it comes, and that it comes once."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.channel_schedule import Schedule
from bot.delivery import Dispatcher
from bot.models import Channel, ChannelRef, Entry, Layout, MemberRef, Post, PostKind, PostLimits
from bot.weekly_top import Rated, WeeklyTops, by_community
from storage.sqlite import SqliteStore
from tests.commands_kit import numbered
from tests.delivery_kit import Crash, DrivenClock, Fuse, at_boundary, make_dispatcher, shown
from tests.factories import ANN, BOB, CHANNEL, make_signal
from tests.standins.chat import MemoryChat
from tests.standins.clock import FakeClock
from tests.store_kit import open_store

LIMITS = PostLimits(papers=10, characters=10_000)
DUE = datetime(2026, 3, 9, 8, tzinfo=UTC)
AWAY = MemberRef("console", "away", "eve", "eve")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def prepare(store: SqliteStore, *, zone: str = "Europe/Berlin", when: str = "mon 09:00") -> None:
    """A channel with a top since Wednesday 4 March, in an archive of 20 papers."""
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    await store.add_papers(numbered(20))
    for workspace in ("local", "away"):
        ref = replace(CHANNEL, workspace=workspace)
        await store.open_channel(Channel(ref, "reading", f"off {zone}", Layout.THREAD, now))
    schedule = Schedule.parse(f"weekly {when}", zone)
    await store.set_top(CHANNEL, schedule.canonical, schedule.next_after(now), ANN, now)


async def save(store: SqliteStore, number: int, *members: MemberRef, at: datetime = DUE - timedelta(days=1)) -> None:
    for member in members:
        ref = replace(CHANNEL, workspace=member.workspace)
        await store.save(member, ref, f"2603.{number:05}", at)


async def compose(store: SqliteStore, now: datetime, rated: Rated | None = None) -> list[Post]:
    """The posts that are composed at that moment, in order, each sent."""
    clock = FakeClock(now)
    limits = {"console": LIMITS}
    made = await WeeklyTops(store, limits, clock, rated=rated).due()
    chat = MemoryChat(limits=LIMITS)
    while items := await store.claim(["console"], now, 9):
        for item in items:
            assert await store.sent(item.post.key, await chat.send(item.post.channel, item.post), now)
    posts = [message.post for message in chat.messages]
    assert sum(post.kind is not PostKind.CARD for post in posts) == made
    return posts


def said(posts: Sequence[Post]) -> list[tuple[int, str, str]]:
    return [(entry.number, entry.paper.id[-2:], entry.note) for post in posts for entry in post.entries]


async def test_what_the_team_saved_most_comes_first(store: SqliteStore) -> None:
    await prepare(store)
    await save(store, 3, ANN)
    await save(store, 7, ANN, BOB)
    await save(store, 9, ANN, at=DUE - timedelta(days=7, seconds=1))
    await save(store, 11, AWAY)
    (post,) = await compose(store, DUE)
    assert (post.kind, post.heading, post.receipt) == (
        PostKind.DIGEST, "Top of the week · Monday 9 March 2026", None,
    )  # fmt: skip
    assert said([post]) == [(1, "07", "2 saves"), (2, "03", "1 save")]
    assert await compose(store, DUE + timedelta(hours=1)) == []
    assert [entry.paper.id for entry in await store.latest_entries(CHANNEL)] == ["2603.00007", "2603.00003"]


async def test_nothing_is_delivered_by_it(store: SqliteStore) -> None:
    await prepare(store)
    await save(store, 3, ANN)
    assert len(await compose(store, DUE)) == 1
    status = await store.channel_status(CHANNEL)
    assert (status.posted, status.waiting, status.last_posted) == (0, 0, None)
    card = Post("a" * 24, CHANNEL, PostKind.CARD, "ann brought this paper", (Entry(0, numbered(3)[2]),))
    assert await store.bring(card, ANN, DUE, since=DUE, most=9) is None


async def test_a_week_with_nothing_has_none(store: SqliteStore) -> None:
    await prepare(store)
    assert await compose(store, DUE) == []
    channel = await store.channel(CHANNEL)
    assert channel is not None
    assert channel.top_next_due == DUE + timedelta(days=7)
    await save(store, 3, ANN, at=DUE + timedelta(days=2))
    (post,) = await compose(store, DUE + timedelta(days=7))
    assert said([post]) == [(1, "03", "1 save")]


async def test_after_downtime_there_is_one_that_looks_back_to_the_last(store: SqliteStore) -> None:
    await prepare(store)
    await save(store, 3, ANN)
    await save(store, 4, ANN, at=DUE + timedelta(days=9))
    late = DUE + timedelta(days=16, hours=3)
    (post,) = await compose(store, late)
    assert post.heading == "Top since Monday 2 March 2026"
    assert [paper for _, paper, _ in said([post])] == ["04", "03"]
    channel = await store.channel(CHANNEL)
    assert channel is not None
    # Clocks went forward on 29 March: nine o'clock is an hour earlier by then.
    assert channel.top_next_due == datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert await compose(store, late + timedelta(days=1)) == []


async def test_a_paused_channel_gets_one_when_it_goes_on(store: SqliteStore) -> None:
    await prepare(store)
    await save(store, 3, ANN)
    await store.set_paused(CHANNEL, "summer", ANN, DUE)
    assert await compose(store, DUE + timedelta(days=15)) == []
    await store.set_paused(CHANNEL, "", ANN, DUE)
    assert len(await compose(store, DUE + timedelta(days=15))) == 1


@pytest.mark.parametrize(
    ("when", "first", "second"),
    [
        # 02:30 does not exist on 29 March and is taken at 03:00; a week later it is at 02:30 again.
        ("sun 02:30", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), datetime(2026, 4, 5, 0, 30, tzinfo=UTC)),
        # 02:30 exists twice on 25 October; only the first one counts.
        ("sun 02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 11, 1, 1, 30, tzinfo=UTC)),
    ],
)
async def test_when_clocks_change_it_comes_once_a_week(
    store: SqliteStore, when: str, first: datetime, second: datetime
) -> None:
    await prepare(store, when=when)
    # Up to the day before, with nothing saved, each week is skipped.
    await compose(store, first - timedelta(days=1))
    await save(store, 3, ANN, at=first - timedelta(days=1))
    assert await compose(store, first - timedelta(minutes=1)) == []
    assert len(await compose(store, first)) == 1
    await save(store, 4, BOB, at=first + timedelta(minutes=30))
    assert await compose(store, first + timedelta(hours=1)) == []
    assert await compose(store, second - timedelta(minutes=1)) == []
    assert [paper for _, paper, _ in said(await compose(store, second))] == ["04"]


async def test_what_the_community_rated_high_and_the_team_has_not_seen_follows(store: SqliteStore) -> None:
    await prepare(store)
    papers = numbered(20)
    await save(store, 1, ANN)
    await save(store, 2, BOB, at=DUE - timedelta(days=60))
    card = Post("a" * 24, CHANNEL, PostKind.CARD, "ann brought this paper", (Entry(0, papers[2]),))
    await store.bring(card, ANN, DUE, since=DUE, most=9)
    await save(store, 4, AWAY)
    asked: list[datetime] = []

    async def rated(since: datetime, limit: int) -> list[Entry]:
        asked.append(since)
        return [Entry(0, paper, note=f"{90 - place} upvotes") for place, paper in enumerate(papers[:limit])]

    posts = [post for post in await compose(store, DUE, rated) if post.kind is PostKind.DIGEST]
    assert asked == [DUE - timedelta(days=7)]
    assert said(posts) == [
        (1, "01", "1 save"), (2, "04", "87 upvotes"), (3, "05", "86 upvotes"), (4, "06", "85 upvotes"),
        (5, "07", "84 upvotes"), (6, "08", "83 upvotes"),
    ]  # fmt: skip


async def test_the_community_rates_by_upvotes_what_was_announced_in_that_week(store: SqliteStore) -> None:
    await prepare(store)
    before = numbered(1, announced=date(2026, 3, 1))
    edge = numbered(1, first=50, announced=date(2026, 3, 2))
    await store.add_papers([*before, *edge])
    await save(store, 1, ANN)
    await save(store, 2, BOB, at=DUE - timedelta(days=60))
    signals = {"2603.00001": 90, "2603.00002": 80, "2603.00003": 20, "2603.00004": 70, "2603.00050": 50}
    zero, unknown, earlier = make_signal("2603.00005", 0), make_signal("2603.99999", 99), make_signal(before[0].id, 99)
    voted = [make_signal(paper, upvotes) for paper, upvotes in signals.items()]
    await store.put_signals([*voted, zero, unknown, earlier], DUE)
    (post,) = await compose(store, DUE, by_community(store))
    assert [(entry.number, entry.paper.id[-2:], entry.note, entry.signal and entry.signal.upvotes)
            for entry in post.entries] == [
        (1, "01", "1 save", None), (2, "04", "", 70), (3, "50", "", 50), (4, "03", "", 20),
    ]  # fmt: skip


async def test_the_dispatcher_passes_on_what_the_community_rates(store: SqliteStore) -> None:
    await prepare(store)
    await store.put_signals([make_signal("2603.00004", 70)], DUE)
    chat = MemoryChat(limits=LIMITS)
    dispatcher = Dispatcher(store, [chat], FakeClock(DUE), random=Random(1), rated=by_community(store))
    assert (await dispatcher.drain()).sent == 1
    await dispatcher.stop()
    ((entry,),) = [message.post.entries for message in chat.messages]
    assert (entry.paper.id, entry.signal and entry.signal.upvotes) == ("2603.00004", 70)


async def test_what_does_not_fit_goes_on_in_a_second_part(store: SqliteStore) -> None:
    await prepare(store)
    for number in range(1, 13):
        await save(store, number, ANN)

    async def rated(since: datetime, limit: int) -> list[Entry]:
        return [Entry(0, paper) for paper in numbered(20)]

    posts = await compose(store, DUE, rated)
    assert [(post.part, post.parts, len(post.entries)) for post in posts] == [(1, 2, 10), (2, 2, 5)]
    assert [number for number, *_ in said(posts)] == list(range(1, 16))


async def test_a_schedule_that_cannot_be_read_ends_with_a_word(store: SqliteStore) -> None:
    await prepare(store)
    await store.set_top(CHANNEL, "weekly mon 09:00 Mars/Base", DUE, ANN, DUE)
    (post,) = await compose(store, DUE)
    assert post.kind is PostKind.NOTICE
    assert post.text == (
        "The weekly top has ended, since its schedule cannot be read: “Mars/Base” is not a time zone. "
        "`schedule top mon 09:00` sets one anew."
    )
    assert await compose(store, DUE + timedelta(days=30)) == []


async def test_other_platforms_tops_are_left_alone(store: SqliteStore) -> None:
    await prepare(store)
    await save(store, 3, ANN)
    clock = FakeClock(DUE)
    assert await WeeklyTops(store, {"slack": LIMITS}, clock).due() == 0
    assert [channel.ref for channel in await store.due_tops(["console"], DUE, 9)] == [CHANNEL]


async def test_every_channel_that_is_due_gets_its_own(store: SqliteStore) -> None:
    await prepare(store)
    await save(store, 3, ANN)
    for number in range(5):
        ref = ChannelRef("console", "local", f"c{number}")
        await store.open_channel(Channel(ref, "", "off UTC", Layout.CARDS, DUE))
        await store.set_top(ref, "weekly mon 08:00 UTC", DUE, ANN, DUE)
    assert await WeeklyTops(store, {"console": LIMITS}, FakeClock(DUE), at_once=2).due() == 6
    claimed = await store.claim(["console"], DUE, 9)
    assert len({item.post.channel for item in claimed}) == len({item.post.key for item in claimed}) == 6


async def test_of_two_who_compose_the_second_is_told_so(store: SqliteStore) -> None:
    await prepare(store)
    (channel,) = await store.due_tops(["console"], DUE, 9)
    following = DUE + timedelta(days=7)
    post = Post("a" * 24, CHANNEL, PostKind.DIGEST, "Top", (Entry(1, numbered(1)[0]),))
    assert await store.put_top(channel, [post], next_due=following, now=DUE)
    assert not await store.put_top(channel, [replace(post, key="b" * 24)], next_due=following, now=DUE)
    await store.set_top(CHANNEL, "", None, ANN, DUE)
    assert not await store.put_top(replace(channel, top_next_due=following), [], next_due=None, now=DUE)


async def deliver(prepared: Path, last: int) -> bool:
    """Compose and send in a process that dies at the ``last`` instant, then in others; whether the first one died."""
    clock, fuse = DrivenClock(), Fuse(last)
    clock.set(DUE)
    chat = MemoryChat(limits=replace(LIMITS, interval=1.0))
    shutil.copy(prepared, prepared.with_name(f"{last}.db"))
    async with open_store(prepared.parent, f"{last}.db") as store:
        mortal = at_boundary(store, fuse.burn, fuse.burn)
        chat.wire = lambda doing, _: fuse.burn(doing)
        with suppress(Crash):
            await clock.drive(make_dispatcher(mortal, clock, chat).drain())
        chat.wire = lambda *_: None
    async with open_store(prepared.parent, f"{last}.db") as store:
        await clock.advance(60)
        await clock.drive(make_dispatcher(store, clock, chat, seed=2).drain())
        await clock.drive(make_dispatcher(store, clock, chat, seed=3).drain())
    assert sorted(post.heading for post in shown(chat)) == [
        "Top of the week · Monday 9 March 2026", "ann brought this paper",
    ]  # fmt: skip
    return fuse.instants >= last


async def test_killed_at_any_instant_a_top_and_a_brought_paper_are_posted_once(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        await prepare(store)
        await save(store, 3, ANN)
        card = Post("a" * 24, CHANNEL, PostKind.CARD, "ann brought this paper", (Entry(0, numbered(5)[4]),))
        await store.bring(card, ANN, DUE, since=DUE, most=9)
    last = 1
    while await deliver(tmp_path / "paperroute.db", last):
        last += 1
    assert last > 20
