"""What polling leaves behind: cursor, missing numbers, receipts, successes and failures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import CommandError
from bot.models import Batch, Cursor, MessageRef, Missing, Paper, PollStatus, Post, PostKind, Receipt
from storage.sqlite import SqliteStore
from tests.factories import ANN, CHANNEL, make_paper
from tests.store_kit import (
    NOW,
    TODAY,
    batch_of,
    compose,
    entries_for,
    key,
    later,
    make_channel,
    open_store,
    papers_of,
    poll,
    record,
    rows,
    watch,
)

OTHER = replace(CHANNEL, channel="other")
YESTERDAY = TODAY - timedelta(1)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


def lost(paper_id: str, day: date | None = TODAY, when: datetime = NOW) -> Missing:
    return Missing(paper_id, day, when, when, 1)


def ids(papers: list[Missing]) -> list[str]:
    return [missing.id for missing in papers]


async def receipt(store: SqliteStore) -> tuple[int, int, int]:
    found, _ = await store.receipt(CHANNEL)
    assert found.matched == 0
    return found.announced, found.checked, found.late


async def test_the_cursor_is_stored_with_its_batch(store: SqliteStore, tmp_path: Path) -> None:
    assert await store.cursor() is None
    await record(store, batch_of(papers_of(TODAY, 1, 1), cursor=Cursor("a", backfilling=True), backfill=True), {}, NOW)
    assert await store.cursor() == Cursor("a", backfilling=True)
    await record(store, batch_of(cursor=Cursor("b")), {}, NOW)
    await store.close()
    async with open_store(tmp_path) as again:
        assert await again.cursor() == Cursor("b")
        assert await again.paper("2603.00001") is not None


async def test_a_batch_is_recorded_whole_or_not_at_all(store: SqliteStore) -> None:
    await poll(store, papers_of(TODAY, 1, 1))
    broken = batch_of(
        [make_paper("2603.00002"), make_paper("no id")], cursor=Cursor("broken"), missing=(lost("2603.9"),)
    )
    with pytest.raises(CommandError):
        await record(store, broken, {}, NOW)
    assert await store.cursor() == Cursor("read")
    assert await store.paper("2603.00002") is None
    assert (await store.poll_status()).missing == 0


async def test_missing_numbers_are_asked_less_often_as_they_age(store: SqliteStore) -> None:
    await record(store, batch_of(missing=(lost("2603.00007"),)), {}, NOW)
    assert await store.missing(NOW, 9) == [lost("2603.00007")]

    async def asked_again_after(age: timedelta) -> timedelta:
        now = NOW + age
        await record(store, batch_of(asked=("2603.00007",)), {}, now)
        for pause in (timedelta(0), timedelta(hours=6), timedelta(hours=24)):
            if pause and await store.missing(now + pause - timedelta(seconds=1), 9):
                return timedelta(-1)
            if await store.missing(now + pause, 9):
                return pause
        return timedelta.max

    assert await asked_again_after(timedelta(days=1)) == timedelta(0)
    assert await asked_again_after(timedelta(days=2, seconds=1)) == timedelta(hours=6)
    assert await asked_again_after(timedelta(days=6)) == timedelta(hours=6)
    assert await asked_again_after(timedelta(days=7, seconds=1)) == timedelta(hours=24)
    assert [missing.asked for missing in await store.missing(NOW + timedelta(days=30), 9)] == [5]


async def test_missing_numbers_are_limited_and_the_longest_unasked_come_first(store: SqliteStore) -> None:
    numbers = [lost(f"2603.0000{i}", when=later(minutes=i)) for i in range(1, 6)]
    await record(store, batch_of(missing=tuple(numbers)), {}, later(minutes=9))
    await record(store, batch_of(asked=("2603.00001",)), {}, later(minutes=10))
    assert ids(await store.missing(later(minutes=11), 3)) == ["2603.00002", "2603.00003", "2603.00004"]
    assert ids(await store.missing(later(minutes=11), 9))[-1] == "2603.00001"
    assert await store.missing(NOW, 0) == []


async def test_found_and_dropped_numbers_are_missing_no_more(store: SqliteStore) -> None:
    numbers = tuple(lost(f"2603.0000{i}") for i in range(1, 5))
    await record(store, batch_of(missing=numbers), {}, NOW)
    found = papers_of(TODAY, 1, 2)
    await record(store, batch_of(found, announced=0, late=frozenset({found[0].id}), dropped=("2603.00003",)), {}, NOW)
    assert ids(await store.missing(NOW, 9)) == ["2603.00004"]
    assert (await store.poll_status()).missing == 1


async def test_a_number_missed_again_keeps_when_it_was_first_missed(store: SqliteStore) -> None:
    await record(store, batch_of(missing=(lost("2603.00007", None),)), {}, NOW)
    again = replace(lost("2603.00007", TODAY, later(hours=1)), asked=4)
    await record(store, batch_of(missing=(again,)), {}, later(hours=1))
    assert await store.missing(later(hours=1), 9) == [Missing("2603.00007", None, NOW, later(hours=1), 4)]


async def test_poll_status_tells_the_last_success_and_a_failure_until_the_next(store: SqliteStore) -> None:
    assert await store.poll_status() == PollStatus(None, None, "", 0, backfilling=False)
    await store.poll_succeeded(NOW)
    await store.poll_failed(later(hours=1), "arXiv does not answer. \ud800")
    assert await store.poll_status() == PollStatus(
        NOW, later(hours=1), "arXiv does not answer. ?", 0, backfilling=False
    )
    await store.poll_succeeded(later(hours=2))
    assert await store.poll_status() == PollStatus(later(hours=2), None, "", 0, backfilling=False)
    await record(store, Batch((), Cursor("", backfilling=True), backfill=True), {}, NOW)
    assert (await store.poll_status()).backfilling


async def test_a_sign_of_life_is_the_last_one(store: SqliteStore) -> None:
    assert await store.last_beat() is None
    await store.beat(NOW)
    await store.beat(later(minutes=1))
    assert await store.last_beat() == later(minutes=1)


async def test_a_receipt_covers_what_came_since_the_last_one(store: SqliteStore) -> None:
    await make_channel(store)
    assert await store.receipt(CHANNEL) == (Receipt(0, 0, 0), 0)
    await poll(store, papers_of(TODAY, 1, 3), announced=4, missing=(lost("2603.00004"),))
    await poll(store, papers_of(TODAY, 5, 2))
    assert await store.receipt(CHANNEL) == (Receipt(6, 5, 0), 2)
    assert await store.put_posts(CHANNEL, [], receipted=1, next_due=None, now=NOW)
    assert await receipt(store) == (2, 2, 0)
    assert await store.put_posts(CHANNEL, [], receipted=2, next_due=None, now=NOW)
    assert await receipt(store) == (0, 0, 0)
    await record(store, batch_of(), {}, NOW)
    assert await store.receipt(CHANNEL) == (Receipt(0, 0, 0), 2)


async def test_numbers_that_belong_to_no_known_day_are_counted(store: SqliteStore) -> None:
    await make_channel(store)
    await poll(store, papers_of(YESTERDAY, 1, 1) + papers_of(TODAY, 2, 1), announced=5)
    await poll(store, [], announced=2)
    await poll(store, [make_paper("2603.00009", announced=None)])
    assert await receipt(store) == (8, 3, 0)


async def test_a_paper_found_late_is_late_where_its_number_was_counted_before(store: SqliteStore) -> None:
    await make_channel(store)
    await make_channel(store, OTHER)
    await poll(store, papers_of(TODAY, 1, 3), announced=4, missing=(lost("2603.00004"),))
    await store.put_posts(CHANNEL, [], receipted=1, next_due=None, now=NOW)
    late = papers_of(TODAY, 4, 1)
    await poll(store, late + papers_of(TODAY, 5, 1), announced=1, late=frozenset({late[0].id}))
    # This channel was told of one number that could not be read; the other one hears of both at once.
    assert await store.receipt(CHANNEL) == (Receipt(1, 1, 0, 1), 2)
    assert await store.receipt(OTHER) == (Receipt(5, 5, 0, 0), 2)


async def test_a_late_paper_nobody_knew_to_be_missing_is_late(store: SqliteStore) -> None:
    await make_channel(store)
    late = papers_of(YESTERDAY, 4, 1)
    await poll(store, late, announced=0, late=frozenset({late[0].id}))
    assert await store.receipt(CHANNEL) == (Receipt(0, 0, 0, 1), 1)


async def test_a_new_channel_s_receipt_covers_the_latest_announcement(store: SqliteStore) -> None:
    await poll(store, papers_of(YESTERDAY, 1, 3))
    await poll(store, papers_of(TODAY, 11, 4))
    await poll(store, papers_of(TODAY, 15, 2))
    await watch(store, "delivery")
    assert await receipt(store) == (6, 6, 0)
    assert len(await store.waiting(CHANNEL)) == 6


async def test_the_back_fill_is_in_no_receipt_but_for_its_last_day(store: SqliteStore) -> None:
    await watch(store, "delivery")
    filling = Cursor("1", backfilling=True)
    history = [batch_of(papers_of(YESTERDAY, 1, 5), cursor=filling, backfill=True)]
    mixed = papers_of(YESTERDAY, 6, 2) + papers_of(TODAY, 11, 1)
    history.append(batch_of(mixed, cursor=filling, backfill=True, announced=4, missing=(lost("2603.00012"),)))
    for batch in history:
        await record(store, batch, {}, NOW)
        assert await receipt(store) == (0, 0, 0)
    last = batch_of(papers_of(TODAY, 13, 2), cursor=Cursor("2"), backfill=True)
    await record(store, last, {}, NOW)
    assert len(await store.waiting(CHANNEL)) == 3
    assert await receipt(store) == (4, 3, 0)
    await make_channel(store, OTHER)
    assert (await store.receipt(OTHER))[0] == Receipt(4, 3, 0)
    # The number missed on that day is found: still the same receipt.
    late = papers_of(TODAY, 12, 1)
    await poll(store, late, announced=0, late=frozenset({late[0].id}))
    assert await receipt(store) == (4, 4, 0)
    assert len(await store.waiting(CHANNEL)) == 4


@pytest.mark.parametrize("batches", [1, 2])
async def test_a_watch_made_after_the_back_fill_gets_a_receipt_for_its_last_day(
    store: SqliteStore, batches: int
) -> None:
    papers = papers_of(YESTERDAY, 1, 5) + papers_of(TODAY, 11, 3)
    for end in range(1, batches + 1):
        part = papers[(end - 1) * 7 :] if end == batches else papers[:7]
        cursor = Cursor(str(end), backfilling=end < batches)
        await record(store, batch_of(part, cursor=cursor, backfill=True), {}, NOW)
    await watch(store, "delivery")
    assert len(await store.waiting(CHANNEL)) == 3
    assert await receipt(store) == (3, 3, 0)


async def test_a_number_missed_in_the_back_fill_s_past_is_late(store: SqliteStore) -> None:
    past = batch_of(
        papers_of(YESTERDAY, 1, 1), cursor=Cursor("1", backfilling=True), backfill=True, announced=2,
        missing=(lost("2603.00002", YESTERDAY),),
    )  # fmt: skip
    await record(store, past, {}, NOW)
    await make_channel(store)
    await record(store, batch_of(papers_of(TODAY, 11, 1), cursor=Cursor("2"), backfill=True), {}, NOW)
    late = papers_of(YESTERDAY, 2, 1)
    await poll(store, late, announced=0, late=frozenset({late[0].id}))
    found, _ = await store.receipt(CHANNEL)
    assert found.late == 1
    assert found.checked <= found.announced


async def test_a_new_watch_brings_the_latest_announcement_back_into_the_receipt(store: SqliteStore) -> None:
    await make_channel(store)
    await poll(store, papers_of(YESTERDAY, 1, 3))
    await poll(store, papers_of(TODAY, 11, 4))
    await store.put_posts(CHANNEL, [], receipted=2, next_due=None, now=NOW)
    await watch(store, "zebra")
    assert await receipt(store) == (0, 0, 0)
    await watch(store, "delivery")
    assert await receipt(store) == (4, 4, 0)
    assert len(await store.waiting(CHANNEL)) == 4


async def test_the_receipt_of_a_channel_that_watched_nothing_begins_with_its_watch(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    for days_ago in (2, 1, 0):
        await poll(store, papers_of(TODAY - timedelta(days_ago), 10 - days_ago, 1))
    await watch(store, "zebra")
    assert await receipt(store) == (1, 1, 0)
    await poll(store, papers_of(TODAY, 11, 4))
    await watch(store, "delivery")
    assert await receipt(store) == (5, 5, 0)


async def test_what_a_digest_leaves_waiting_is_counted_again(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(YESTERDAY, 1, 2))
    await poll(store, papers_of(TODAY, 11, 3), announced=4, missing=(lost("2603.00014"),))
    _, reached = await store.receipt(CHANNEL)
    # Left waiting, by number: then the receipt after that.
    for number, (left, expected) in enumerate([(3, (6, 5, 0)), (2, (6, 5, 0)), (0, (0, 0, 0))]):
        deliveries = await store.waiting(CHANNEL)
        post = Post(key(number), CHANNEL, PostKind.DIGEST, entries=entries_for(deliveries[: len(deliveries) - left]))
        assert await store.put_posts(CHANNEL, [post], receipted=reached, next_due=None, now=NOW)
        assert await receipt(store) == expected
    # A number found late is not brought back with its whole announcement.
    late = papers_of(TODAY, 14, 1)
    await poll(store, late, announced=0, late=frozenset({late[0].id}))
    await poll(store, papers_of(TODAY, 15, 1))
    found, reached = await store.receipt(CHANNEL)
    assert found == Receipt(1, 1, 0, 1)
    post = Post(key(9), CHANNEL, PostKind.DIGEST, entries=entries_for((await store.waiting(CHANNEL))[:1]))
    assert await store.put_posts(CHANNEL, [post], receipted=reached, next_due=None, now=NOW)
    assert (await store.receipt(CHANNEL))[0] == found


async def test_a_dead_post_s_numbers_come_back_with_its_papers(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 3))
    await compose(store, 1)
    await poll(store, papers_of(TODAY, 4, 2))
    assert await receipt(store) == (2, 2, 0)
    await store.claim(["console"], NOW, 1)
    await store.dead(key(1), "gone", NOW)
    await store.set_paused(CHANNEL, "gone", None, NOW)
    await store.set_paused(CHANNEL, "", None, NOW)
    assert await receipt(store) == (5, 5, 0)
    assert len(await store.waiting(CHANNEL)) == 5


async def test_a_dead_card_leaves_the_receipt_alone(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY, 1, 1))
    await compose(store, 1, cards=True)
    await store.claim(["console"], NOW, 1)
    await store.sent(key(1), MessageRef(CHANNEL, "m"), NOW)
    await store.claim(["console"], NOW, 1)
    await store.dead(key(2), "gone", NOW)
    assert await receipt(store) == (0, 0, 0)


async def test_a_batch_of_a_whole_day_goes_in(store: SqliteStore, real_papers: list[Paper], tmp_path: Path) -> None:
    day = [replace(paper, announced=TODAY) for paper in real_papers[:1300]]
    await watch(store, "learning")
    await poll(store, day)
    expected = sorted({paper.id for paper in day})
    assert [row[0] for row in rows(tmp_path, "SELECT id FROM papers ORDER BY id")] == expected
    assert await receipt(store) == (1300, 1300, 0)
