"""What a restored store learns from Slack: our posts since a moment, with the papers that they gave their channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.slack.posting import Posting
from bot.errors import DeliveryError, UnreadableError
from bot.models import Post, PostKind
from bot.ports import ReadsBack
from tests.slack_delivery_kit import READING, HastyClock, make_post, stand_in, web_api
from tests.standins.clock import FakeClock
from tests.standins.slack import SlackStandIn


@pytest.fixture
def clock() -> FakeClock:
    return HastyClock()


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[SlackStandIn]:
    async with stand_in(clock) as slack:
        slack.limits.enforced = False
        yield slack


@pytest.fixture
async def posting(slack: SlackStandIn, clock: FakeClock) -> AsyncIterator[Posting]:
    async with web_api(slack, clock) as api:
        yield Posting(api, clock)


def owed(post: Post) -> Post:
    """The post, with its papers as deliveries of its channel."""
    return replace(post, entries=tuple(replace(entry, delivery=entry.number) for entry in post.entries))


async def test_posts_come_back_with_key_and_papers_in_order(posting: Posting, clock: FakeClock) -> None:
    assert isinstance(posting, ReadsBack)
    before = owed(make_post(clock, 9))
    await posting.send(READING, before)
    await clock.advance(3 * 3600)
    since = clock.now()
    digest, card = owed(make_post(clock, 7, 2, 5)), owed(make_post(clock, 3, kind=PostKind.CARD))
    sent = [await posting.send(READING, post) for post in (digest, card)]
    # A top gives nothing, a notice has no papers, and a card in a thread repeats its digest.
    await posting.send(READING, make_post(clock, 8))
    await posting.send(READING, make_post(clock, kind=PostKind.NOTICE, text="Hello"))
    await posting.send(READING, owed(make_post(clock, 7, kind=PostKind.CARD, thread=sent[0])))
    found = await posting.posts_since(READING, since)
    assert [(post.message, post.key, post.papers) for post in found] == [
        (sent[0], digest.key, ("2603.00007", "2603.00002", "2603.00005")),
        (sent[1], card.key, ("2603.00003",)),
    ]
    assert all(abs(post.at - clock.now()) < timedelta(minutes=1) for post in found)


async def test_all_pages_are_read(posting: Posting, slack: SlackStandIn, clock: FakeClock) -> None:
    since = clock.now()
    post = owed(make_post(clock, 1))
    await posting.send(READING, post)
    channel = slack.team.channels["C0READING"]
    for _ in range(450):
        slack.methods.store(slack.team, channel, {"text": "Lunch?"}, None, None)
    assert [found.key for found in await posting.posts_since(READING, since)] == [post.key]
    assert len(slack.asked("conversations.history")) == 3


async def test_what_another_app_copied_does_not_count(posting: Posting, slack: SlackStandIn, clock: FakeClock) -> None:
    since = clock.now()
    await posting.send(READING, owed(make_post(clock, 1)))
    channel = slack.team.channels["C0READING"]
    channel.messages[0].body |= {"bot_id": "B0OTHER", "app_id": "A0OTHER"}
    assert await posting.posts_since(READING, since) == []


async def test_a_history_that_may_not_be_read_is_said(posting: Posting, slack: SlackStandIn, clock: FakeClock) -> None:
    slack.team.channels["C0READING"].members.discard(slack.team.bot_user)
    with pytest.raises(DeliveryError) as caught:
        await posting.posts_since(READING, clock.now())
    assert isinstance(caught.value, UnreadableError) or caught.value.permanent
