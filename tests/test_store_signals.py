"""Signals in the store: kept, ranked, and owing what watches held back for them, once and in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.models import ChannelRef, MessageRef, Receipt, Sort, Watch
from bot.query import Query
from storage.sqlite import SqliteStore
from tests.factories import ANN, BOB, CHANNEL, make_paper, make_signal
from tests.store_kit import (
    NOW,
    TODAY,
    compose,
    key,
    later,
    make_channel,
    open_store,
    papers_of,
    poll,
    rows,
    watch,
)

OTHER = replace(CHANNEL, channel="other")
QUERY = Query.parse("delivery")
ONE, TWO = "2603.00001", "2603.00002"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        await poll(opened, papers_of(TODAY - timedelta(1), 90, 1))
        yield opened


async def waits(store: SqliteStore, upvotes: int = 20, ref: ChannelRef = CHANNEL) -> Watch:
    """A watch of QUERY that waits for upvotes."""
    if await store.channel(ref) is None:
        await make_channel(store, ref)
    made = await store.add_watch(ref, QUERY, f"min:{upvotes} delivery", ANN, NOW, most=9, upvotes=upvotes)
    assert made is not None
    return made


async def change(store: SqliteStore, upvotes: int) -> Watch | None:
    return await store.change_watch(CHANNEL, QUERY.canonical, f"min:{upvotes} delivery", BOB, NOW, upvotes=upvotes)


async def waiting(store: SqliteStore, ref: ChannelRef = CHANNEL) -> list[str]:
    return [delivery.paper.id for delivery in await store.waiting(ref)]


async def vote(store: SqliteStore, upvotes: int, paper: str = ONE, **when: float) -> list[ChannelRef]:
    return await store.put_signals([make_signal(paper, upvotes)], later(**when))


async def send(store: SqliteStore, number: int) -> None:
    """Post what waits."""
    await compose(store, number)
    (item,) = await store.claim(["console"], later(days=30), 1)
    assert await store.sent(item.post.key, MessageRef(CHANNEL, f"m{number}"), later(days=30))


async def test_a_signal_is_kept_whole_and_replaced(store: SqliteStore) -> None:
    full = make_signal(
        comments=3, repository="https://github.com/lab/letters", stars=412, project="https://letters.example/",
        organisation="THUDM", summary="Letters.", keywords=("letters", "\ud800"),
    )  # fmt: skip
    await store.put_signals([full, make_signal("nonsense")], NOW)
    assert await store.signals([ONE, TWO, "nonsense"]) == {ONE: replace(full, keywords=("letters", "?"))}
    newer = make_signal(upvotes=5, read_at=later(hours=1))
    await store.put_signals([newer], later(hours=1))
    assert await store.signals([ONE]) == {ONE: newer}


async def test_a_watch_holds_papers_back_until_they_have_upvotes(store: SqliteStore) -> None:
    made = await waits(store)
    assert (await store.watches(CHANNEL))[0] == made
    assert made.upvotes == 20
    await poll(store, papers_of(TODAY, 1, 3))
    assert await waiting(store) == []
    await vote(store, 19)
    assert await waiting(store) == []
    await vote(store, 20)
    (delivery,) = await store.waiting(CHANNEL)
    assert (delivery.paper.id, delivery.queries, delivery.risen) == (ONE, (QUERY.canonical,), True)
    assert delivery.signal == make_signal(ONE, 20)


async def test_it_is_owed_once_for_ever(store: SqliteStore) -> None:
    await waits(store)
    await poll(store, papers_of(TODAY, 1, 1))
    await vote(store, 25)
    await send(store, 1)
    for upvotes in (30, 10, 25):
        await vote(store, upvotes)
    assert await waiting(store) == []


async def test_also_beside_an_ordinary_watch_that_matches(store: SqliteStore) -> None:
    await waits(store)
    await poll(store, papers_of(TODAY, 2, 1))
    await watch(store, "careful")
    await send(store, 2)
    await poll(store, papers_of(TODAY, 1, 1))
    (delivery,) = await store.waiting(CHANNEL)
    assert (delivery.queries, delivery.risen) == (("careful",), False)
    await vote(store, 25)
    (delivery,) = await store.waiting(CHANNEL)
    assert (set(delivery.queries), delivery.risen) == ({"careful", QUERY.canonical}, False)
    await send(store, 1)
    await vote(store, 50)
    assert await waiting(store) == []


async def test_votes_that_are_taken_back_take_nothing_away(store: SqliteStore) -> None:
    await waits(store)
    await watch(store, "zebra")
    await poll(store, papers_of(TODAY, 1, 1))
    await vote(store, 20)
    await vote(store, 3)
    await store.end_watch(CHANNEL, "zebra", ANN, NOW)
    assert await waiting(store) == [ONE]


@pytest.mark.parametrize(("days", "owed"), [(30, [ONE]), (31, [])])
async def test_upvotes_count_for_30_days(store: SqliteStore, days: int, owed: list[str]) -> None:
    await waits(store)
    await poll(store, papers_of(TODAY, 1, 1))
    await vote(store, 25, days=days)
    assert await waiting(store) == owed
    assert (await store.signals([ONE]))[ONE].upvotes == 25


async def test_what_had_its_upvotes_in_time_stays_wanted_when_the_time_is_over(store: SqliteStore) -> None:
    await waits(store)
    await watch(store, "zebra")
    await poll(store, papers_of(TODAY, 1, 1))
    await vote(store, 25)
    await vote(store, 26, days=40)
    await store.end_watch(CHANNEL, "zebra", ANN, later(days=40))
    (delivery,) = await store.waiting(CHANNEL)
    assert delivery.queries == (QUERY.canonical,)


async def test_a_community_that_is_faster_than_the_archive(store: SqliteStore) -> None:
    await waits(store)
    await vote(store, 30)
    await poll(store, papers_of(TODAY, 1, 1))
    (delivery,) = await store.waiting(CHANNEL)
    assert (delivery.paper.id, delivery.risen) == (ONE, False)


async def test_a_new_watch_is_owed_what_has_enough_of_the_latest_announcement(store: SqliteStore) -> None:
    await poll(store, papers_of(TODAY, 1, 3))
    await vote(store, 30)
    await vote(store, 30, "2603.00090")
    await waits(store)
    assert await waiting(store) == [ONE]


async def test_papers_from_before_the_watch_do_not_come(store: SqliteStore) -> None:
    await watch(store, "delivery", OTHER)
    await poll(store, papers_of(TODAY, 1, 1))
    await poll(store, papers_of(TODAY + timedelta(1), 11, 1))
    await waits(store)
    await vote(store, 30)
    assert await waiting(store) == []
    await vote(store, 30, "2603.00011")
    assert await waiting(store) == ["2603.00011"]


async def test_an_ended_watch_waits_for_nothing(store: SqliteStore) -> None:
    await waits(store)
    await poll(store, papers_of(TODAY, 1, 2))
    await vote(store, 30)
    assert await store.end_watch(CHANNEL, QUERY.canonical, ANN, NOW)
    await vote(store, 30, TWO)
    assert await waiting(store) == []
    await waits(store, 10)
    assert await waiting(store) == [TWO, ONE]


async def test_instant_channels_become_due_and_are_named(store: SqliteStore) -> None:
    await make_channel(store, OTHER, "instant UTC")
    await waits(store)
    await waits(store, 20, OTHER)
    await poll(store, papers_of(TODAY, 1, 2))
    assert await vote(store, 19) == []
    assert await vote(store, 20) == [OTHER]
    assert [channel.ref for channel in await store.due_channels(["console"], NOW, 9)] == [OTHER]
    assert await vote(store, 21) == []


async def test_a_watch_that_is_to_wait_lets_go_of_what_waits_for_its_sake_alone(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "unusual")
    await poll(store, [*papers_of(TODAY, 1, 2), make_paper("2603.00003", title="Unusual delivery")])
    await vote(store, 25, TWO)
    changed = await change(store, 20)
    assert changed is not None
    assert (changed.upvotes, changed.typed, changed.made_by) == (20, "min:20 delivery", ANN)
    assert await waiting(store) == ["2603.00003", TWO]
    await vote(store, 20)
    assert await waiting(store) == ["2603.00003", TWO, ONE]


async def test_fewer_upvotes_bring_what_has_them_and_more_put_it_back(store: SqliteStore) -> None:
    await waits(store)
    await poll(store, papers_of(TODAY, 1, 3))
    await vote(store, 15)
    await vote(store, 30, TWO)
    assert await change(store, 20) is None
    assert await change(store, 10) is not None
    assert await waiting(store) == [TWO, ONE]
    assert await change(store, 20) is not None
    assert await waiting(store) == [TWO]
    assert await change(store, 0) is not None
    assert await waiting(store) == ["2603.00003", TWO, ONE]


async def test_a_watch_that_need_not_wait_any_more_brings_the_latest_announcement_alone(store: SqliteStore) -> None:
    await waits(store)
    await poll(store, papers_of(TODAY, 1, 3))
    await poll(store, papers_of(TODAY + timedelta(1), 11, 2))
    assert await change(store, 0) is not None
    assert await waiting(store) == ["2603.00012", "2603.00011"]


async def test_what_was_posted_is_not_posted_again_by_a_change(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 2))
    await send(store, 1)
    for upvotes in (20, 10, 0):
        assert await change(store, upvotes) is not None
        await vote(store, 50)
    assert await waiting(store) == []


async def test_a_change_of_what_is_not_watched(store: SqliteStore) -> None:
    assert await change(store, 5) is None
    await make_channel(store)
    assert await change(store, 5) is None


async def test_a_watch_made_while_the_archive_is_filled_can_be_changed(tmp_path: Path) -> None:
    async with open_store(tmp_path, "filling.db") as store:
        await watch(store, "delivery")
        changed = await change(store, 20)
        assert changed is not None
        assert changed.since is None
        await vote(store, 30)
        await poll(store, papers_of(TODAY, 1, 2))
        assert await waiting(store) == [ONE]


async def test_changes_are_in_the_audit_log(store: SqliteStore, tmp_path: Path) -> None:
    await waits(store)
    await change(store, 5)
    await store.set_sort(CHANNEL, Sort.HOT, ANN, NOW)
    log = rows(tmp_path, "SELECT what, detail FROM audit WHERE member_id IS NOT NULL ORDER BY id")
    assert log == [
        ("watch", f"min:20 {QUERY.canonical}"),
        ("watch changed", f"min:5 {QUERY.canonical}"),
        ("sort", "hot"),
    ]


async def test_risen_papers_leave_the_receipt_where_it_is(store: SqliteStore) -> None:
    await watch(store, "zebra")
    await waits(store)
    await poll(store, papers_of(TODAY, 1, 3))
    await poll(store, [make_paper("2603.00011", title="Zebra", announced=TODAY + timedelta(1))])
    await send(store, 1)
    await vote(store, 30)
    assert (await store.receipt(CHANNEL))[0] == Receipt(0, 0, 0)
    await poll(store, papers_of(TODAY + timedelta(2), 21, 5, title="Nothing", abstract="Nothing"))
    await compose(store, 2)
    await vote(store, 30, TWO)
    await poll(store, [make_paper("2603.00031", title="Zebra", announced=TODAY + timedelta(3))])
    assert (await store.receipt(CHANNEL))[0] == Receipt(1, 1, 0)
    # One is left waiting by a digest that was composed before it rose.
    receipt, number = await store.receipt(CHANNEL)
    assert await store.put_posts(CHANNEL, [], receipted=number, next_due=None, now=NOW)
    assert (await store.receipt(CHANNEL))[0].announced == 1
    assert receipt.announced == 1


async def test_a_post_keeps_the_signal_as_it_was_composed(store: SqliteStore) -> None:
    await poll(store, papers_of(TODAY, 1, 1))
    await watch(store, "delivery")
    signal = make_signal(repository="https://github.com/lab/letters", stars=7, organisation="THUDM", comments=2)
    await store.put_signals([replace(signal, summary="Letters.", keywords=("letters",))], NOW)
    (delivery,) = await store.waiting(CHANNEL)
    receipt, number = await store.receipt(CHANNEL)
    (post,) = await compose(store, 1)
    entry = replace(post.entries[0], signal=delivery.signal, delivery=None)
    later_post = replace(post, key=key(2), entries=(entry,), receipt=replace(receipt, risen=4))
    assert await store.put_posts(CHANNEL, [later_post], receipted=number, next_due=None, now=NOW)
    await vote(store, 500)
    for kept in (None, signal):
        (item,) = await store.claim(["console"], NOW, 1)
        assert item.post.entries[0].signal == kept
        assert await store.sent(item.post.key, MessageRef(CHANNEL, item.post.key), NOW)
    assert item.post.receipt == replace(receipt, risen=4)


async def test_channels_that_become_one_keep_what_has_risen(store: SqliteStore) -> None:
    await waits(store)
    await make_channel(store, OTHER)
    await poll(store, papers_of(TODAY, 1, 1))
    await vote(store, 30)
    await store.move_channel(CHANNEL, OTHER, NOW)
    (delivery,) = await store.waiting(OTHER)
    assert delivery.risen


async def test_the_ranking_counts_upvotes_and_saves(store: SqliteStore) -> None:
    await make_channel(store)
    await poll(store, papers_of(TODAY, 1, 5))
    for paper, upvotes in ((ONE, 25), (TWO, 30), ("2603.00003", 0), ("2603.00090", 99), ("2603.00777", 50)):
        await vote(store, upvotes, paper)
    for member in (ANN, BOB):
        await store.save(member, CHANNEL, ONE, NOW)
    await store.save(ANN, CHANNEL, "2603.00004", NOW)
    stranger = replace(ANN, workspace="away")
    await store.save(stranger, CHANNEL, "2603.00005", NOW)

    async def ranked(since: date, query: str = "", **page: int) -> list[tuple[str, int]]:
        found = await store.trending(
            "console", "local", since=since, query=Query.parse(query) if query else None, save_weight=10,
            **({"limit": 9} | page),
        )  # fmt: skip
        return [(each.paper.id, each.saves) for each in found]

    today = [(ONE, 2), (TWO, 0), ("2603.00004", 1)]
    assert await ranked(TODAY) == today
    assert await ranked(TODAY - timedelta(6)) == [("2603.00090", 0), *today]
    assert await ranked(TODAY, limit=1, offset=1) == today[1:2]
    assert await ranked(TODAY, "delivery") == today
    assert await ranked(TODAY, "zebra") == []
    assert await ranked(TODAY + timedelta(1)) == []
    await store.unsave(ANN, ONE, later(hours=1))
    assert (await ranked(TODAY))[:2] == [(ONE, 1), (TWO, 0)]
    (first, *_) = await store.trending("console", "local", since=TODAY, query=None, save_weight=10, limit=1)
    assert first.signal == make_signal(ONE, 25)
    assert await store.trending("slack", "T1", since=TODAY, query=None, save_weight=10, limit=1)


async def test_matches_with_enough_upvotes_are_counted(store: SqliteStore) -> None:
    await poll(store, papers_of(TODAY, 1, 3))
    assert await store.count_upvoted(QUERY, since=TODAY, upvotes=20) == 0
    await vote(store, 25)
    await vote(store, 19, TWO)
    await vote(store, 99, "2603.00777")
    assert await store.count_upvoted(QUERY, since=TODAY, upvotes=20) == 1
    assert await store.count_upvoted(Query.parse("zebra"), since=TODAY, upvotes=20) == 0


async def test_signals_go_with_their_papers(store: SqliteStore, tmp_path: Path) -> None:
    old = make_paper("2501.00001", announced=date(2025, 1, 8))
    saved = make_paper("2501.00002", announced=date(2025, 1, 8))
    await store.add_papers([old, saved])
    await make_channel(store)
    await store.save(ANN, CHANNEL, saved.id, NOW)
    for paper in (old.id, saved.id, "2501.00003", ONE):
        await vote(store, 5, paper)
    assert await store.prune_papers(date(2025, 6, 1), 9) == 1
    assert len(await store.signals([old.id, "2501.00003"])) == 2, "they were read lately"
    await store.prune_papers(TODAY + timedelta(1), 0)
    await store.prune_papers(TODAY + timedelta(1), 9)
    assert set(await store.signals([old.id, saved.id, "2501.00003"])) == {saved.id}
