from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest import FRAME, compose, entry_characters, post_key, split
from bot.models import Channel, ChannelRef, Delivery, Entry, Layout, Post, PostKind, PostLimits, Receipt, Sort
from bot.signal_line import MOST_LINE
from tests.factories import CHANNEL, make_paper, make_signal

NOW = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
RECEIPT = Receipt(announced=1205, checked=1203, matched=0, late=1)
LIMITS = PostLimits(papers=25, characters=20_000, overhead=40)


def make_channel(layout: Layout = Layout.DIGEST, schedule: str = "daily 09:00 weekdays Europe/Berlin") -> Channel:
    return Channel(CHANNEL, "general", schedule, layout, NOW)


def owe(number: int, *queries: str, late: bool = False, title: str = "A study of careful delivery") -> Delivery:
    return Delivery(number, CHANNEL, make_paper(f"2603.{number:05}", title=title), queries or ("delivery",), late)


def numbers(posts: list[Post]) -> list[list[int]]:
    return [[entry.number for entry in post.entries] for post in posts]


def ids(posts: list[Post]) -> list[str]:
    return [entry.paper.id for post in posts for entry in post.entries]


def test_nothing_owed_is_no_post() -> None:
    assert compose(make_channel(), [], RECEIPT, LIMITS, NOW) == []


def test_a_digest_has_heading_entries_and_receipt() -> None:
    (post,) = compose(make_channel(), [owe(2), owe(1)], RECEIPT, LIMITS, NOW)
    assert post.kind is PostKind.DIGEST
    assert post.channel == CHANNEL
    assert post.heading == "2 new papers · Wednesday 4 March 2026"
    assert numbers([post]) == [[1, 2]]
    assert [entry.delivery for entry in post.entries] == [2, 1]
    assert post.receipt == Receipt(announced=1205, checked=1203, matched=2, late=1)
    assert (post.part, post.parts, post.thread_of, post.text) == (1, 1, None, "")


def test_what_a_member_brought_and_could_not_be_shown_then_is_no_match_of_this_announcement() -> None:
    brought = replace(owe(1), note="Ann brought this paper: an old one")
    (post,) = compose(make_channel(), [owe(2), brought], Receipt(1, 1, 0), LIMITS, NOW)
    assert ids([post]) == ["2603.00002", "2603.00001"]
    assert post.receipt == Receipt(announced=1, checked=1, matched=1)


def test_the_heading_has_the_day_of_the_channel() -> None:
    late_evening = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    (post,) = compose(make_channel(), [owe(1)], RECEIPT, LIMITS, late_evening)
    assert post.heading == "1 new paper · Thursday 5 March 2026"


def test_a_broken_schedule_does_not_stop_the_digest() -> None:
    (post,) = compose(make_channel(schedule="daily 09:00 weekdays Mars/Olympus"), [owe(1)], RECEIPT, LIMITS, NOW)
    assert post.heading == "1 new paper · Wednesday 4 March 2026"


def test_words_are_those_of_all_queries_each_once() -> None:
    delivery = owe(1, '"careful delivery"', "delivery", "letter au:cafe", title="Careful delivery and DELIVERY")
    (post,) = compose(make_channel(), [delivery], RECEIPT, LIMITS, NOW)
    (entry,) = post.entries
    assert entry.queries == delivery.queries
    words = [word.casefold() for word in entry.words]
    assert len(set(words)) == len(words)
    assert {"careful delivery", "delivery", "letter"} <= set(words)


def test_a_query_that_is_unreadable_or_does_not_match_any_more_costs_no_paper() -> None:
    (post,) = compose(make_channel(), [owe(1, '"unbalanced', "elsewhere", "delivery")], RECEIPT, LIMITS, NOW)
    assert [word.casefold() for word in post.entries[0].words] == ["delivery"]
    (post,) = compose(make_channel(), [replace(owe(1), queries=())], RECEIPT, LIMITS, NOW)
    assert post.entries[0].words == ()


def test_a_query_as_an_earlier_normaliser_wrote_it_still_tells_its_words() -> None:
    (post,) = compose(make_channel(), [owe(1, "policies", title="Policies for all")], RECEIPT, LIMITS, NOW)
    assert post.entries[0].words == ("Policies",)


def test_papers_of_more_watches_first_those_of_one_together_late_ones_last() -> None:
    deliveries = [
        owe(9, "letter"),
        owe(8, "delivery"),
        owe(7, "letter"),
        owe(6, "delivery", "letter"),
        owe(5, "letter", "delivery", late=True),
        owe(4, "delivery"),
    ]
    posts = compose(make_channel(), deliveries, RECEIPT, LIMITS, NOW)
    assert [int(paper[-1]) for paper in ids(posts)] == [6, 8, 4, 9, 7, 5]
    assert [entry.late for post in posts for entry in post.entries] == [False] * 5 + [True]


def test_a_digest_goes_on_in_parts() -> None:
    limits = PostLimits(papers=3, characters=20_000)
    posts = compose(make_channel(), [owe(number) for number in range(8, 0, -1)], RECEIPT, limits, NOW)
    assert numbers(posts) == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert [(post.part, post.parts) for post in posts] == [(1, 3), (2, 3), (3, 3)]
    assert {post.heading for post in posts} == {"8 new papers · Wednesday 4 March 2026"}
    assert [post.receipt is not None for post in posts] == [False, False, True]
    assert posts[-1].receipt == replace(RECEIPT, matched=8)


def test_a_thread_has_a_card_for_each_paper_below_its_part() -> None:
    limits = PostLimits(papers=2, characters=20_000)
    posts = compose(make_channel(Layout.THREAD), [owe(number) for number in (3, 2, 1)], RECEIPT, limits, NOW)
    assert [post.kind for post in posts] == [PostKind.DIGEST] * 2 + [PostKind.CARD] * 3
    assert numbers(posts) == [[1, 2], [3], [1], [2], [3]]
    assert [post.thread_of for post in posts] == [None, None, posts[0].key, posts[0].key, posts[1].key]
    assert [post.receipt is not None for post in posts] == [False, True, False, False, False]
    assert posts[2].entries[0] == posts[0].entries[0]


def test_cards_stand_alone_and_the_last_has_the_receipt() -> None:
    posts = compose(make_channel(Layout.CARDS), [owe(2), owe(1)], RECEIPT, LIMITS, NOW)
    assert [post.kind for post in posts] == [PostKind.CARD] * 2
    assert numbers(posts) == [[1], [2]]
    assert [post.thread_of for post in posts] == [None, None]
    assert [post.receipt for post in posts] == [None, replace(RECEIPT, matched=2)]


def test_a_paper_that_is_too_long_has_a_part_of_its_own() -> None:
    limits = PostLimits(papers=10, characters=1_000)
    deliveries = [owe(3), owe(2, title="endless " * 1_000), owe(1)]
    posts = compose(make_channel(), deliveries, RECEIPT, limits, NOW)
    assert numbers(posts) == [[1], [2], [3]]


def test_keys_are_the_same_for_the_same_and_different_for_others() -> None:
    posts = compose(make_channel(Layout.THREAD), [owe(2), owe(1)], RECEIPT, LIMITS, NOW)
    again = compose(make_channel(Layout.THREAD), [owe(2), owe(1)], RECEIPT, LIMITS, NOW)
    later = compose(make_channel(Layout.THREAD), [owe(2), owe(1)], RECEIPT, LIMITS, NOW + timedelta(seconds=1))
    elsewhere = compose(
        replace(make_channel(Layout.THREAD), ref=ChannelRef("console", "local", "other")),
        [owe(2), owe(1)], RECEIPT, LIMITS, NOW,
    )  # fmt: skip
    assert [post.key for post in posts] == [post.key for post in again]
    keys = {post.key for post in posts + later + elsewhere}
    assert len(keys) == 9
    assert all(re.fullmatch("[a-z2-7]{24}", key) for key in keys)


def test_keys_keep_neighbouring_names_apart() -> None:
    one = post_key(ChannelRef("slack", "T1", "2C"), PostKind.NOTICE, (), NOW)
    other = post_key(ChannelRef("slack", "T12", "C"), PostKind.NOTICE, (), NOW)
    assert one != other


deliveries_of = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["delivery", "letter", "au:post"]), min_size=1, max_size=3, unique=True),
        st.booleans(),
        st.integers(1, 900),
    ),
    min_size=1,
    max_size=40,
).map(
    lambda rows: [
        owe(number, *queries, late=late, title="x" * length)
        for number, (queries, late, length) in zip(range(len(rows), 0, -1), rows, strict=True)
    ]
)
some_limits = st.builds(
    PostLimits, papers=st.integers(1, 30), characters=st.integers(100, 5_000), overhead=st.integers(0, 200)
)


@given(deliveries=deliveries_of, limits=some_limits, layout=st.sampled_from(Layout))
def test_nothing_is_lost_doubled_or_too_large(deliveries: list[Delivery], limits: PostLimits, layout: Layout) -> None:
    posts = compose(make_channel(layout), deliveries, RECEIPT, limits, NOW)
    digests = [post for post in posts if post.kind is PostKind.DIGEST]
    cards = [post for post in posts if post.kind is PostKind.CARD]
    owed = Counter(delivery.id for delivery in deliveries)
    shown = [Counter(entry.delivery for post in group for entry in post.entries) for group in (digests, cards)]
    assert shown[0] == (owed if layout is not Layout.CARDS else Counter())
    assert shown[1] == (owed if layout is not Layout.DIGEST else Counter())

    for group in (digests, cards):
        assert [number for part in numbers(group) for number in part] == list(range(1, len(deliveries) + 1))[
            : sum(len(post.entries) for post in group)
        ]
    for post in digests:
        size = FRAME + sum(entry_characters(entry, limits) for entry in post.entries)
        assert len(post.entries) == 1 or (len(post.entries) <= limits.papers and size <= limits.characters)
    assert [(post.part, post.parts) for post in digests] == [(n, len(digests)) for n in range(1, len(digests) + 1)]
    assert [post.receipt for post in posts if post.receipt] == [replace(RECEIPT, matched=len(deliveries))]

    by_key = {post.key: post for post in posts}
    assert len(by_key) == len(posts)
    for card in cards:
        assert len(card.entries) == 1
        if layout is Layout.THREAD:
            assert card.thread_of is not None
            assert card.entries[0] in by_key[card.thread_of].entries
            assert posts.index(by_key[card.thread_of]) < posts.index(card)


@pytest.mark.parametrize("papers", [0, -1])
def test_limits_of_nonsense_still_end(papers: int) -> None:
    entries = [Entry(number, make_paper(f"2603.{number:05}")) for number in (1, 2)]
    assert [len(part) for part in split(entries, PostLimits(papers=papers, characters=100_000))] == [1, 1]


def test_without_threads_the_layout_thread_is_a_digest_alone() -> None:
    channel = make_channel(Layout.THREAD)
    posts = compose(channel, [owe(1), owe(2)], RECEIPT, replace(LIMITS, threads=False), NOW)
    assert [post.kind for post in posts] == [PostKind.DIGEST]
    assert (
        len(compose(replace(channel, layout=Layout.CARDS), [owe(1)], RECEIPT, replace(LIMITS, threads=False), NOW)) == 1
    )


def rated(number: int, upvotes: int, *, late: bool = False, risen: bool = False) -> Delivery:
    return replace(owe(number, late=late), signal=make_signal(f"2603.{number:05}", upvotes), risen=risen)


def test_a_hot_channel_has_the_most_upvotes_first_and_equals_as_usual() -> None:
    owed = [owe(9), rated(8, 0), rated(7, 5), rated(6, 50, late=True), owe(5, "delivery", "careful"), rated(4, 5)]
    hot = replace(make_channel(), sort=Sort.HOT)
    assert [paper[-1] for paper in ids(compose(hot, owed, RECEIPT, LIMITS, NOW))] == ["6", "7", "4", "5", "9", "8"]
    assert [paper[-1] for paper in ids(compose(make_channel(), owed, RECEIPT, LIMITS, NOW))][-1] == "6"


def test_risen_papers_are_counted_by_themselves() -> None:
    owed = [owe(3), owe(2), rated(1, 20, risen=True)]
    for layout in Layout:
        posts = compose(make_channel(layout), owed, RECEIPT, LIMITS, NOW)
        (receipt,) = [post.receipt for post in posts if post.receipt]
        assert (receipt.matched, receipt.risen) == (2, 1)


def test_a_signal_is_kept_with_its_entry_and_takes_room() -> None:
    long = make_signal(upvotes=10**9, repository="https://github.com/a/b", stars=10**9, organisation="A" * 500)
    bare, with_line = Entry(1, make_paper()), Entry(1, make_paper(), signal=long)
    grown = entry_characters(with_line, LIMITS) - entry_characters(bare, LIMITS)
    assert 100 < grown <= MOST_LINE + 3
    (post,) = compose(make_channel(), [replace(owe(1), signal=long)], RECEIPT, LIMITS, NOW)
    assert post.entries[0].signal == long
