"""Addresses as mirrors of channels: what they are owed, the codes that confirm them, what became of each mail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import CommandError
from bot.mailing import MailRequest
from bot.models import ChannelRef, Cursor, MessageRef, Sort
from bot.outcome import NEVER
from storage.sqlite import SqliteStore
from tests.email_kit import ADDRESS, subscribe
from tests.factories import ANN, BOB, CHANNEL
from tests.store_kit import NOW, TODAY, compose, key, later, make_channel, open_store, papers_of, poll, rows, watch

OTHER = replace(CHANNEL, channel="other")
STRANGER = replace(ANN, workspace="away")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as opened:
        yield opened


async def owed(store: SqliteStore, ref: ChannelRef) -> list[str]:
    return [delivery.paper.id for delivery in await store.waiting(ref)]


async def test_what_a_channel_is_owed_its_address_is_owed_as_well(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "zebra", OTHER)
    made = await subscribe(store, NOW)
    await poll(store, papers_of(TODAY, 1, 2))
    await poll(store, papers_of(TODAY, 9, 1), late=frozenset({"2603.00009"}))
    assert await owed(store, made.channel.ref) == await owed(store, CHANNEL) != []
    assert await store.waiting(made.channel.ref) == [
        replace(delivery, channel=made.channel.ref, id=mirrored.id)
        for delivery, mirrored in zip(await store.waiting(CHANNEL), await store.waiting(made.channel.ref), strict=True)
    ]
    receipt, _ = await store.receipt(made.channel.ref)
    assert receipt.announced == 3


async def test_the_latest_announcement_comes_first(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await poll(store, papers_of(TODAY - timedelta(days=1), 1, 2))
    await poll(store, papers_of(TODAY, 10, 3))
    made = await subscribe(store, NOW)
    assert await owed(store, made.channel.ref) == ["2603.00012", "2603.00011", "2603.00010"]
    receipt, _ = await store.receipt(made.channel.ref)
    assert (receipt.announced, receipt.checked) == (3, 3)


async def test_a_watch_made_later_counts_at_once_and_one_that_ends_takes_back(store: SqliteStore) -> None:
    await make_channel(store)
    await poll(store, papers_of(TODAY, 1, 2))
    made = await subscribe(store, NOW)
    assert await owed(store, made.channel.ref) == []
    await watch(store, "delivery")
    assert len(await owed(store, made.channel.ref)) == 2
    receipt, _ = await store.receipt(made.channel.ref)
    assert receipt.announced == 2
    await watch(store, "letter")
    await store.end_watch(CHANNEL, "delivery", ANN, NOW)
    assert len(await owed(store, made.channel.ref)) == 2
    await store.end_watch(CHANNEL, "letter", ANN, NOW)
    assert await owed(store, made.channel.ref) == []


async def test_watches_made_before_the_archive_was_filled_count_as_well(store: SqliteStore) -> None:
    await watch(store, "delivery")
    made = await subscribe(store, NOW)
    await poll(store, papers_of(TODAY, 1, 2), backfill=True, cursor=Cursor("half", True))
    assert await owed(store, made.channel.ref) == []
    await poll(store, [], backfill=True, cursor=Cursor("whole"))
    assert await owed(store, made.channel.ref) == await owed(store, CHANNEL) != []


async def test_an_address_has_deliveries_of_its_own(store: SqliteStore) -> None:
    await watch(store, "delivery")
    made = await subscribe(store, NOW)
    await poll(store, papers_of(TODAY, 1, 2))
    await compose(store, 1)
    assert await owed(store, CHANNEL) == []
    assert len(await owed(store, made.channel.ref)) == 2
    await compose(store, 2, made.channel.ref)
    await poll(store, papers_of(TODAY, 1, 2))
    assert await owed(store, made.channel.ref) == []


async def test_unsubscribed_nothing_more_goes_out_and_again_nothing_comes_twice(store: SqliteStore) -> None:
    await watch(store, "delivery")
    made = await subscribe(store, NOW)
    ref = made.channel.ref
    await poll(store, papers_of(TODAY, 1, 1))
    await compose(store, 1, ref)
    ((first),) = await store.claim(["email"], NOW, 9)
    assert await store.sent(first.post.key, MessageRef(ref, "m"), NOW)
    await poll(store, papers_of(TODAY, 2, 1))
    await compose(store, 2, ref)
    await poll(store, papers_of(TODAY, 3, 1))
    assert await store.end_subscription(ref, ANN, NOW)
    assert not await store.end_subscription(ref, ANN, NOW)
    assert await store.claim(["email"], later(days=1), 9) == []
    assert await owed(store, ref) == []
    assert await store.mail_subscription(ref) is None
    assert await store.mirrors(CHANNEL) == []
    await poll(store, papers_of(TODAY, 4, 1))
    assert await owed(store, ref) == []
    again = await subscribe(store, later(hours=1), workspace="another")
    assert again.channel.ref == ref
    assert await owed(store, ref) == ["2603.00004", "2603.00003", "2603.00002"]


async def test_a_paused_address_gets_its_papers_later(store: SqliteStore) -> None:
    await watch(store, "delivery")
    made = await subscribe(store, NOW)
    ref = made.channel.ref
    await poll(store, papers_of(TODAY, 1, 1))
    await compose(store, 1, ref)
    await store.claim(["email"], NOW, 9)
    await store.set_paused(ref, "refused", None, NOW)
    await store.dead(key(1), "refused", NOW)
    assert await owed(store, ref) == []
    await store.set_paused(ref, "", None, NOW)
    assert await owed(store, ref) == ["2603.00001"]


async def test_a_mail_whose_fate_is_unknown_for_ever_holds_nothing_up(store: SqliteStore) -> None:
    await watch(store, "delivery")
    ref = (await subscribe(store, NOW)).channel.ref
    for number in (1, 2):
        await poll(store, papers_of(TODAY, number, 1))
        await compose(store, number, ref)
    assert [item.post.key for item in await store.claim(["email"], NOW, 9)] == [key(1)]
    await store.uncertain(key(1), later(minutes=1), "lost")
    assert await store.claim(["email"], NOW, 9) == []
    await store.uncertain(key(1), NEVER, "lost")
    assert [item.post.key for item in await store.claim(["email"], NOW, 9)] == [key(2)]
    await store.sent(key(2), MessageRef(ref, "m"), NOW)
    assert await store.uncertain_posts(["email"], later(days=99_999), 9) == []
    assert await store.next_attempt(["email"]) is None
    assert (await store.channel_status(ref)).uncertain == 1
    assert await store.interrupted(["email"]) == 0


async def test_two_sources_of_one_address_are_two_channels(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "letter", OTHER)
    first, second = await subscribe(store, NOW), await subscribe(store, NOW, source=OTHER, workspace="w2")
    assert first.channel.ref != second.channel.ref
    third = await subscribe(store, NOW, "ann@lab.example", workspace="w3")
    assert third.channel.ref.workspace == first.channel.ref.workspace
    assert [each.address for each in await store.mirrors(CHANNEL)] == [ADDRESS, "ann@lab.example"]
    assert len(await store.mail_subscriptions(ANN)) == 3
    assert await store.mail_subscriptions(BOB) == await store.mail_subscriptions(STRANGER) == []


async def test_a_source_that_moves_takes_its_addresses_along(store: SqliteStore) -> None:
    await watch(store, "delivery")
    await watch(store, "letter", OTHER)
    kept = await subscribe(store, NOW)
    moved = await subscribe(store, NOW, source=OTHER, workspace="w2")
    alone = await subscribe(store, NOW, "ann@lab.example", source=OTHER)
    await store.move_channel(OTHER, CHANNEL, NOW)
    assert [each.channel.ref for each in await store.mirrors(CHANNEL)] == [kept.channel.ref, alone.channel.ref]
    assert await store.mail_subscription(moved.channel.ref) is None
    await store.move_channel(CHANNEL, replace(CHANNEL, channel="new"), NOW)
    assert [each.address for each in await store.mirrors(replace(CHANNEL, channel="new"))] == [
        ADDRESS, "ann@lab.example"
    ]  # fmt: skip
    await poll(store, papers_of(TODAY, 1, 1))
    assert await owed(store, alone.channel.ref) == await owed(store, kept.channel.ref) == ["2603.00001"]
    # The address keeps the identity that it has, although its source had two opaque words.
    assert (await subscribe(store, NOW, "ann@lab.example", source=replace(CHANNEL, channel="new"))).channel.ref == (
        alone.channel.ref
    )


async def test_a_code_is_kept_as_its_digest_and_used_once_by_whoever_asked(store: SqliteStore, tmp_path: Path) -> None:
    await make_channel(store)
    request = MailRequest(ANN, CHANNEL, ADDRESS, "daily 08:00 weekdays UTC")
    limits = {"ends": later(minutes=30), "since": later(days=-1)}
    await store.add_mail_code(b"digest", request, NOW, most=3, **limits)
    assert rows(tmp_path, "SELECT digest FROM mail_codes") == [(b"digest",)]
    for somebody in (BOB, STRANGER):
        assert await store.find_mail_code(b"digest", somebody, NOW, since=later(minutes=-10), most=10) is None
    assert await store.find_mail_code(b"digest", ANN, later(minutes=31), since=NOW, most=10) is None
    assert await store.find_mail_code(b"digest", ANN, NOW, since=later(minutes=-10), most=10) == request
    due = later(hours=20)
    for member, made in ((BOB, False), (ANN, True), (ANN, False)):
        found = await store.subscribe(b"digest", member, NOW, next_due=due, workspace="w", most=5)
        assert (found is not None) == made
    (found,) = await store.mail_subscriptions(ANN)
    assert (found.address, found.source, found.channel.schedule) == (ADDRESS, CHANNEL, "daily 08:00 weekdays UTC")
    assert found.channel.next_due == due


async def test_nobody_is_bombed_and_no_code_guessed(store: SqliteStore) -> None:
    await make_channel(store)

    async def ask(number: int, address: str = ADDRESS, by: object = ANN, hours: float = 0) -> None:
        assert by in (ANN, BOB)
        request = MailRequest(ANN if by == ANN else BOB, CHANNEL, address, "daily 08:00 weekdays UTC")
        now = later(hours=hours)
        await store.add_mail_code(
            str(number).encode(), request, now, ends=now + timedelta(minutes=30), since=now - timedelta(days=1), most=3
        )

    for number in range(3):
        await ask(number, "me+tag@lab.example" if number else ADDRESS)
    with pytest.raises(CommandError) as caught:
        await ask(3, by=BOB)
    assert caught.value.message == "That address was sent 3 codes within a day, and more is not possible."
    with pytest.raises(CommandError) as caught:
        await ask(4, "other@lab.example", hours=5)
    assert "You have had 3 codes mailed" in caught.value.message
    assert "try again in 19 hours" in caught.value.hint
    await ask(5, "other@lab.example", by=BOB)
    await ask(6, hours=24.1)
    for _ in range(10):
        assert await store.find_mail_code(b"wrong", ANN, later(hours=24.1), since=later(hours=24), most=10) is None
    with pytest.raises(CommandError, match="You have entered 10 wrong codes"):
        await store.find_mail_code(b"6", ANN, later(hours=24.1), since=later(hours=24), most=10)


async def test_at_most_so_many_addresses_a_member(store: SqliteStore) -> None:
    for number in range(5):
        await subscribe(store, NOW, f"me{number}@lab.example")
    with pytest.raises(CommandError, match="You have 5 other addresses, and more is not possible"):
        await subscribe(store, NOW, "me5@lab.example")
    await subscribe(store, NOW, "me4@lab.example", source=OTHER)
    await subscribe(store, later(minutes=1), "me9@lab.example", by=BOB)
    await store.end_subscription((await store.mail_subscriptions(ANN))[0].channel.ref, ANN, NOW)
    await subscribe(store, NOW, "me6@lab.example")


async def test_what_became_of_a_mail_is_known_after_a_restart(tmp_path: Path) -> None:
    async with open_store(tmp_path) as store:
        for number in range(4):
            assert await store.mail_taken(key(number)) is False
        for number in range(3):
            await store.mail_begun(key(number), NOW)
        await store.mail_ended(key(0), taken=True)
        await store.mail_ended(key(1), taken=False)
    async with open_store(tmp_path) as store:
        assert [await store.mail_taken(key(number)) for number in range(4)] == [True, False, None, False]
        await store.mail_begun(key(1), later(days=1))
        assert await store.mail_taken(key(1)) is None
        await store.mail_begun(key(9), later(days=60.5))
        assert [await store.mail_taken(key(number)) for number in range(2)] == [False, None]
    assert rows(tmp_path, "SELECT count(*) FROM mails") == [(2,)]


async def test_every_change_is_in_the_audit_log(store: SqliteStore, tmp_path: Path) -> None:
    made = await subscribe(store, NOW)
    await store.end_subscription(made.channel.ref, BOB, NOW)
    found = rows(
        tmp_path, "SELECT m.name, a.what, a.detail FROM audit a JOIN members m ON m.id = a.member_id ORDER BY a.id"
    )
    assert found == [("ann", "email", f"{ADDRESS} daily 08:00 every day UTC"), ("bob", "email ended", "")]


async def test_an_address_gets_its_papers_in_the_order_of_its_channel(store: SqliteStore) -> None:
    await make_channel(store)
    await store.set_sort(CHANNEL, Sort.HOT, ANN, NOW)
    made = await subscribe(store, NOW)
    mirror = await store.channel(made.channel.ref)
    assert mirror is not None
    assert mirror.sort is Sort.HOT
    await store.set_sort(CHANNEL, Sort.NEW, ANN, NOW)
    mirror = await store.channel(made.channel.ref)
    assert mirror is not None
    assert mirror.sort is Sort.NEW
