"""A post sent to Slack and looked up there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.slack.api import WebApi
from adapters.slack.identity import channel_ref, message_ref
from adapters.slack.posting import EVENT_TYPE, MOST_RESUMED, Posting
from adapters.slack.tokens import SingleToken
from bot.errors import DeliveryError, UnreadableError
from bot.models import MessageRef, Post, PostKind
from tests.slack_delivery_kit import READING, HastyClock, Nth, form, keys, make_post, stand_in, web_api
from tests.standins.canned import CannedServer, http
from tests.standins.clock import FakeClock
from tests.standins.slack import TEAM, SlackStandIn
from tests.standins.slack_faults import Kind
from tests.standins.slack_state import Channel


@pytest.fixture
def clock() -> FakeClock:
    return HastyClock()


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[SlackStandIn]:
    async with stand_in(clock) as slack:
        yield slack


@pytest.fixture
async def posting(slack: SlackStandIn, clock: FakeClock) -> AsyncIterator[Posting]:
    async with web_api(slack, clock) as api:
        yield Posting(api, clock)


@pytest.fixture
def channel(slack: SlackStandIn) -> Channel:
    return slack.team.channels["C0READING"]


def say(slack: SlackStandIn, text: str = "Lunch?", **more: Any) -> str:
    """A message in the channel, of the bot unless ``more`` says otherwise; returns its ts."""
    metadata, thread = more.pop("metadata", None), more.pop("thread_ts", None)
    channel = slack.team.channels["C0READING"]
    message = slack.methods.store(slack.team, channel, {"text": text}, metadata, thread)
    message.body |= more
    return message.ts


def metadata(post: Post) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": post.key}}


async def break_off(posting: Posting, slack: SlackStandIn, post: Post) -> None:
    """A search that gets one page and is then told to wait a minute."""
    slack.faults.append(Nth(Kind.RATELIMITED, "conversations.history", seconds=60, nth=2))
    with pytest.raises(DeliveryError) as caught:
        await posting.find(READING, post)
    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert not caught.value.workspace_wide


class TestSending:
    async def test_a_post_arrives_with_its_key(
        self, posting: Posting, slack: SlackStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1, 2)
        ref = await posting.send(READING, post)
        assert ref == message_ref(TEAM, "C0READING", channel.messages[0].ts)
        assert channel.messages[0].metadata == metadata(post)
        (asked,) = slack.asked("chat.postMessage")
        assert (form(asked, "unfurl_links"), form(asked, "unfurl_media"), form(asked, "mrkdwn")) == ("false",) * 3
        assert form(asked, "thread_ts") == ""
        assert form(asked, "text")
        assert json.loads(form(asked, "blocks"))

    async def test_a_card_goes_into_its_thread(self, posting: Posting, channel: Channel, clock: FakeClock) -> None:
        digest = await posting.send(READING, make_post(clock, 1, 2))
        card = await posting.send(READING, make_post(clock, 1, kind=PostKind.CARD, thread=digest))
        assert [message.thread_ts for message in channel.messages] == [None, digest.message]
        assert card.message == channel.messages[1].ts

    @pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long", "invalid_metadata_format"])
    async def test_a_message_that_is_refused_goes_out_plain_once(
        self, code: str, posting: Posting, slack: SlackStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        slack.fail(Kind.REFUSAL, "chat.postMessage", code=code)
        post = make_post(clock, 1, 2)
        await posting.send(READING, post)
        first, second = slack.asked("chat.postMessage")
        assert form(first, "blocks")
        assert form(second, "blocks") == ""
        assert 0 < len(form(second, "text")) <= 3_000
        assert form(first, "metadata") == form(second, "metadata")
        assert keys(channel) == [post.key]

    async def test_and_not_again_and_again(
        self, posting: Posting, slack: SlackStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        slack.fail(Kind.REFUSAL, "chat.postMessage", code="invalid_blocks", times=9)
        with pytest.raises(DeliveryError) as caught:
            await posting.send(READING, make_post(clock, 1))
        assert caught.value.permanent
        assert len(slack.asked("chat.postMessage")) == 2
        assert channel.messages == []

    async def test_a_card_whose_digest_was_deleted_is_dropped(
        self, posting: Posting, channel: Channel, clock: FakeClock
    ) -> None:
        digest = await posting.send(READING, make_post(clock, 1, 2))
        channel.messages[0].deleted = True
        with pytest.raises(DeliveryError) as caught:
            await posting.send(READING, make_post(clock, 1, kind=PostKind.CARD, thread=digest))
        assert (caught.value.thread_gone, caught.value.permanent, caught.value.ambiguous) == (True, False, False)
        assert len(channel.messages) == 1

    async def test_a_notice_whose_thread_is_gone_is_said_in_the_channel(
        self, posting: Posting, channel: Channel, clock: FakeClock
    ) -> None:
        gone = MessageRef(READING, "1700000000.000001")
        notice = make_post(clock, kind=PostKind.NOTICE, thread=gone, text="A new version is there.")
        await posting.send(READING, notice)
        assert [message.thread_ts for message in channel.messages] == [None]
        assert await posting.find(READING, notice) == MessageRef(READING, channel.messages[0].ts)

    async def test_an_answer_without_the_message_is_ambiguous(self, clock: FakeClock) -> None:
        bot = http('{"ok": true, "team_id": "T1", "bot_id": "B1", "user": "paperroute"}')
        for answer in ('{"ok": true}', '{"ok": true, "ts": ""}', '{"ok": true, "ts": 17}'):
            async with CannedServer(bot, http(answer)) as server:
                api = WebApi(
                    await SingleToken.verify(server.url, "xoxb-1", clock=clock), base_url=server.url, clock=clock
                )
                await api.open()
                with pytest.raises(DeliveryError) as caught:
                    await Posting(api, clock).send(channel_ref("T1", "C1"), make_post(clock, 1))
                await api.close()
                assert caught.value.ambiguous

    async def test_where_the_app_is_not_installed(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        with pytest.raises(DeliveryError) as caught:
            await posting.send(channel_ref("T0AWAY", "C1"), make_post(clock, 1))
        assert caught.value.permanent
        assert caught.value.remedy
        assert slack.asked("chat.postMessage") == []


class TestFinding:
    async def test_nothing_is_there(self, posting: Posting, slack: SlackStandIn, clock: FakeClock) -> None:
        post = make_post(clock, 1)
        assert await posting.find(READING, post) is None
        (asked,) = slack.asked("conversations.history")
        assert float(form(asked, "oldest")) == (clock.now() - timedelta(hours=2)).timestamp()
        assert (form(asked, "include_all_metadata"), form(asked, "inclusive")) == ("true", "true")

    @pytest.mark.parametrize("made_at", [True, False])
    async def test_a_post_is_found_by_its_key(
        self, made_at: bool, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        posts = [make_post(clock, number) for number in range(3)]
        refs = [await posting.send(READING, post) for post in posts]
        say(slack)
        if not made_at:
            posts = [Post(post.key, post.channel, post.kind) for post in posts]
        for post, ref in zip(posts, refs, strict=True):
            assert await posting.find(READING, post) == ref

    async def test_a_post_is_found_that_was_composed_while_our_clock_was_an_hour_fast(
        self, posting: Posting, channel: Channel, clock: FakeClock
    ) -> None:
        post = replace(make_post(clock, 1), made_at=clock.now() + timedelta(hours=1))
        sent = await posting.send(READING, post)
        assert await posting.find(READING, post) == sent
        assert [message.ts for message in channel.messages] == [sent.message]

    async def test_what_another_app_copied_is_not_ours(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1)
        say(slack, metadata=metadata(post), bot_id="B0EVIL", app_id="A0EVIL")
        say(slack, metadata=metadata(post), bot_id=None, app_id=None)
        assert await posting.find(READING, post) is None

    async def test_a_bot_that_was_installed_again_knows_its_posts(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1)
        ts = say(slack, metadata=metadata(post), bot_id="B0BEFORE")
        assert await posting.find(READING, post) == message_ref(TEAM, "C0READING", ts)

    @pytest.mark.parametrize(
        "strange",
        [
            None,
            "text",
            {},
            {"event_type": EVENT_TYPE},
            {"event_type": EVENT_TYPE, "event_payload": "key"},
            {"event_type": EVENT_TYPE, "event_payload": {}},
            {"event_type": "another", "event_payload": {"key": "KEY"}},
        ],
    )
    async def test_other_messages_of_ours_are_not_it(
        self, strange: Any, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1)
        if isinstance(strange, dict) and strange.get("event_type") == "another":
            strange = {"event_type": "another", "event_payload": {"key": post.key}}
        say(slack, metadata=strange)
        assert await posting.find(READING, post) is None

    async def test_all_pages_are_read_at_the_pace_of_their_tier(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1)
        ts = say(slack, metadata=metadata(post))
        for _ in range(450):
            say(slack)
        begun = clock.now()
        found = await posting.find(READING, post)
        assert found == message_ref(TEAM, "C0READING", ts)
        assert len(slack.asked("conversations.history")) == 3
        assert clock.now() - begun >= timedelta(seconds=2.4)

    async def test_a_search_that_is_broken_off_goes_on_where_it_was(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        """Some apps may read one page a minute; beginning again each time they would never come to the end."""
        post = make_post(clock, 1)
        ts = say(slack, metadata=metadata(post))
        for _ in range(250):
            say(slack)
        await break_off(posting, slack, post)
        await clock.advance(61)
        assert await posting.find(READING, post) == message_ref(TEAM, "C0READING", ts)
        assert [form(asked, "cursor") for asked in slack.asked("conversations.history")] == ["", "200", "200"]

    async def test_sending_again_makes_the_next_search_begin_anew(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1)
        for _ in range(250):
            say(slack)
        await break_off(posting, slack, post)
        ref = await posting.send(READING, post)
        await clock.advance(61)
        assert await posting.find(READING, post) == ref
        assert form(slack.asked("conversations.history")[-1], "cursor") == ""

    async def test_a_place_that_slack_has_forgotten_is_left(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1)
        ts = say(slack, metadata=metadata(post))
        for _ in range(250):
            say(slack)
        await break_off(posting, slack, post)
        await clock.advance(61)
        slack.fail(Kind.REFUSAL, "conversations.history", code="invalid_cursor")
        with pytest.raises(DeliveryError):
            await posting.find(READING, post)
        await clock.advance(5)
        found = await posting.find(READING, post)
        assert found == message_ref(TEAM, "C0READING", ts)

    async def test_few_broken_searches_are_remembered(
        self, posting: Posting, slack: SlackStandIn, clock: FakeClock
    ) -> None:
        for _ in range(201):
            say(slack)
        for number, post in enumerate([make_post(clock, number) for number in range(MOST_RESUMED + 1)]):
            slack.faults.append(Nth(Kind.ERROR_BEFORE, "conversations.history", nth=2))
            with pytest.raises(DeliveryError):
                await posting.find(READING, post)
            assert posting.resumable == min(number + 1, MOST_RESUMED)

    async def test_a_card_is_found_in_its_thread(
        self, posting: Posting, slack: SlackStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        digest = await posting.send(READING, make_post(clock, 1, 2))
        card = make_post(clock, 1, kind=PostKind.CARD, thread=digest)
        assert await posting.find(READING, card) is None
        ref = await posting.send(READING, card)
        await clock.advance(5)
        assert await posting.find(READING, card) == ref
        assert form(slack.asked("conversations.replies")[-1], "ts") == digest.message

    async def test_a_card_is_looked_for_also_where_its_thread_is_gone(
        self, posting: Posting, slack: SlackStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        digest = await posting.send(READING, make_post(clock, 1, 2))
        channel.messages[0].deleted = True
        card = make_post(clock, 1, kind=PostKind.CARD, thread=digest)
        assert await posting.find(READING, card) is None
        await clock.advance(5)
        ts = say(slack, metadata=metadata(card))
        assert await posting.find(READING, card) == message_ref(TEAM, "C0READING", ts)

    async def test_a_history_that_is_not_given_out(
        self, posting: Posting, slack: SlackStandIn, channel: Channel, clock: FakeClock
    ) -> None:
        post = make_post(clock, 1)
        slack.team.scopes.discard("channels:history")
        with pytest.raises(UnreadableError, match="channels:history"):
            await posting.find(READING, post)
        channel.members.discard(slack.team.bot_user)
        await clock.advance(5)
        with pytest.raises(UnreadableError, match="/invite @paperroute"):
            await posting.find(READING, post)
        with pytest.raises(UnreadableError, match="not installed"):
            await posting.find(channel_ref("T0AWAY", "C1"), post)

    async def test_an_answer_that_holds_no_messages_proves_no_absence(self, clock: FakeClock) -> None:
        bot = http('{"ok": true, "team_id": "T1", "bot_id": "B1", "user": "paperroute"}')
        async with CannedServer(bot, http('{"ok": true}')) as server:
            api = WebApi(await SingleToken.verify(server.url, "xoxb-1", clock=clock), base_url=server.url, clock=clock)
            await api.open()
            with pytest.raises(DeliveryError):
                await Posting(api, clock).find(channel_ref("T1", "C1"), make_post(clock, 1))
            await api.close()
