"""From the outbox to Slack: the real dispatcher, store and client, and a Slack that breaks off in every way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from adapters.slack.api import WebApi
from adapters.slack.identity import channel_ref
from adapters.slack.posting import TIMEOUT, Posting
from adapters.slack.tokens import JoinedTokens, SingleToken
from bot.conversation import ChannelChange, ChannelChangeKind
from bot.delivery import Dispatcher
from bot.models import Layout, MessageRef, PostLimits
from bot.ports import Store
from storage.sqlite import SqliteStore
from tests.commands_kit import Room
from tests.delivery_kit import DrivenClock, announce, make_dispatcher, running, watch
from tests.slack_delivery_kit import LIMITS, READING, PostingChat, keys, stand_in, web_api
from tests.standins.slack import TEAM, SlackStandIn
from tests.standins.slack_faults import Kind
from tests.standins.slack_state import Channel
from tests.store_kit import open_store

BROKEN = [kind for kind in Kind if kind not in (Kind.REFUSAL, Kind.RATELIMITED, Kind.HANG_BEFORE, Kind.HANG_AFTER)]
POST = "chat.postMessage"


@pytest.fixture
def clock() -> DrivenClock:
    return DrivenClock()


@pytest.fixture
async def slack(clock: DrivenClock) -> AsyncIterator[SlackStandIn]:
    async with stand_in(clock) as slack:
        yield slack


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with open_store(tmp_path) as store:
        yield store


@pytest.fixture
async def chat(slack: SlackStandIn, clock: DrivenClock) -> AsyncIterator[PostingChat]:
    async with web_api(slack, clock) as api:
        yield PostingChat(Posting(api, clock), LIMITS)


@pytest.fixture
def channel(slack: SlackStandIn) -> Channel:
    return slack.team.channels["C0READING"]


@pytest.fixture
def dispatcher(store: Store, clock: DrivenClock, chat: PostingChat) -> Dispatcher:
    return make_dispatcher(store, clock, chat)


async def owe(store: Store, clock: DrivenClock, *numbers: int, layout: Layout = Layout.DIGEST) -> None:
    """The channel is owed these papers."""
    await watch(store, clock, READING, layout=layout)
    await announce(store, clock, *numbers)


async def once(store: Store, channel: Channel, posts: int) -> None:
    """Assert that so many posts stand in the channel, each of them once, and that the store knows it."""
    assert Counter(Counter(keys(channel)).values()) == Counter({1: posts})
    status = await store.channel_status(READING)
    assert (status.waiting, status.uncertain, status.last_error) == (0, 0, "")
    sent = {message.ts for message in channel.messages}
    for ts in sent:
        assert await store.post_of(_message(ts)) is not None


def _message(ts: str) -> MessageRef:
    return MessageRef(READING, ts)


class TestExactlyOnce:
    async def test_a_digest_and_its_cards(
        self, store: Store, clock: DrivenClock, dispatcher: Dispatcher, channel: Channel
    ) -> None:
        await owe(store, clock, 2, 3, 4, layout=Layout.THREAD)
        await clock.drive(dispatcher.drain())
        await once(store, channel, 4)
        digest, *cards = channel.messages
        assert [card.thread_ts for card in cards] == [digest.ts] * 3
        moments = [float(message.ts) for message in channel.messages]
        assert all(after - before >= 1 for before, after in pairwise(moments))

    @pytest.mark.parametrize("kind", BROKEN)
    async def test_whatever_breaks(
        self,
        kind: Kind,
        store: Store,
        slack: SlackStandIn,
        clock: DrivenClock,
        dispatcher: Dispatcher,
        channel: Channel,
    ) -> None:
        await owe(store, clock, 2, 3, layout=Layout.THREAD)
        for _ in range(2):
            slack.fail(kind, POST)
        await clock.drive(dispatcher.drain(patience=300))
        await once(store, channel, 3)
        assert len(slack.asked(POST)) == (3 if kind.done else 5)
        assert slack.too_early == []

    @pytest.mark.parametrize("kind", [Kind.HANG_BEFORE, Kind.HANG_AFTER])
    async def test_an_answer_that_does_not_come(
        self,
        kind: Kind,
        store: Store,
        slack: SlackStandIn,
        clock: DrivenClock,
        dispatcher: Dispatcher,
        channel: Channel,
    ) -> None:
        await owe(store, clock, 2)
        slack.fail(kind, POST)
        draining = asyncio.create_task(clock.drive(dispatcher.drain(patience=300)))
        await slack.hung.wait()
        await clock.advance(TIMEOUT - 1)
        assert (await store.channel_status(READING)).last_error == ""
        await clock.advance(1)
        await draining
        await once(store, channel, 1)

    @pytest.mark.parametrize("kind", [Kind.HANG_BEFORE, Kind.HANG_AFTER])
    async def test_killed_before_the_answer(
        self, kind: Kind, slack: SlackStandIn, clock: DrivenClock, channel: Channel, tmp_path: Path
    ) -> None:
        slack.fail(kind, POST)
        async with open_store(tmp_path) as store, web_api(slack, clock) as api:
            await owe(store, clock, 2)
            dispatcher = make_dispatcher(store, clock, PostingChat(Posting(api, clock), LIMITS))
            async with running(dispatcher):
                await slack.hung.wait()
        async with open_store(tmp_path) as store, web_api(slack, clock) as api:
            await clock.advance(10)
            dispatcher = make_dispatcher(store, clock, PostingChat(Posting(api, clock), LIMITS))
            before = clock.now()
            await clock.drive(dispatcher.drain())
            await once(store, channel, 1)
        # What is found is settled at once; what is absent may still be on its way.
        waited = clock.now() - before
        assert waited < timedelta(seconds=1) if kind is Kind.HANG_AFTER else waited >= timedelta(seconds=30)


class TestUncertain:
    async def test_an_unreadable_history_leaves_it_uncertain_and_visible(
        self, store: Store, slack: SlackStandIn, clock: DrivenClock, dispatcher: Dispatcher, channel: Channel
    ) -> None:
        await owe(store, clock, 2)
        slack.team.scopes.discard("channels:history")
        slack.fail(Kind.RESET_AFTER, POST)
        await clock.drive(dispatcher.drain(patience=2 * 86_400))
        status = await store.channel_status(READING)
        assert status.uncertain == 1
        assert "`channels:history`" in status.last_error
        assert len(slack.asked(POST)) == 1
        said = await Room(store, clock).told("status", channel=READING)
        assert "not known whether 1 post arrived" in said
        assert "channels:history" in said

        slack.team.scopes.add("channels:history")
        await clock.drive(dispatcher.drain(patience=86_400))
        await once(store, channel, 1)

    async def test_no_other_channel_waits_for_it(
        self, store: Store, slack: SlackStandIn, clock: DrivenClock, dispatcher: Dispatcher
    ) -> None:
        private = slack.add_channel("G0SECRET", "secret", private=True)
        await watch(store, clock, READING)
        await watch(store, clock, channel_ref(TEAM, "G0SECRET"))
        slack.team.scopes.discard("channels:history")
        slack.fail(Kind.ERROR_AFTER, POST)
        await announce(store, clock, 2)
        await clock.drive(dispatcher.drain(patience=600))
        await announce(store, clock, 3)
        await clock.drive(dispatcher.drain(patience=600))
        assert (await store.channel_status(READING)).uncertain == 1
        assert len(keys(private)) == 2


class TestLosses:
    @pytest.mark.parametrize("loss", ["archived", "left", "restricted"])
    async def test_a_channel_that_is_lost_is_paused_and_resumes(
        self,
        loss: str,
        store: Store,
        slack: SlackStandIn,
        clock: DrivenClock,
        dispatcher: Dispatcher,
        channel: Channel,
    ) -> None:
        await owe(store, clock, 2)
        bot = slack.team.bot_user
        if loss == "left":
            channel.members.discard(bot)
        channel.archived = loss == "archived"
        channel.refuses = "restricted_action_read_only_channel" if loss == "restricted" else ""
        await clock.drive(dispatcher.drain())
        paused = await self._paused(store)
        remedy = {"archived": "Unarchive it", "left": "`/invite @paperroute`", "restricted": "Ask an admin"}[loss]
        assert remedy in paused
        asked = len(slack.asked(POST))
        await clock.advance(86_400)
        await clock.drive(dispatcher.drain())
        assert len(slack.asked(POST)) == asked

        channel.archived, channel.refuses = False, ""
        channel.members.add(bot)
        await Room(store, clock).inbox.channel_changed(ChannelChange(ChannelChangeKind.REGAINED, READING))
        await clock.drive(dispatcher.drain())
        assert await self._paused(store) == ""
        posts = [await store.post_of(_message(message.ts)) for message in channel.messages]
        papers = [entry.paper.id for post in posts if post for entry in post.entries]
        assert papers == ["2603.00002"]

    @pytest.mark.parametrize("code", ["token_revoked", "account_inactive", "invalid_auth", "token_expired"])
    async def test_a_workspace_that_is_lost(
        self, code: str, store: Store, slack: SlackStandIn, clock: DrivenClock, dispatcher: Dispatcher
    ) -> None:
        await owe(store, clock, 2)
        slack.team.trouble = code
        await clock.drive(dispatcher.drain())
        assert "Install the app in this workspace again." in await self._paused(store)

    async def test_a_missing_scope_is_named(
        self, store: Store, slack: SlackStandIn, clock: DrivenClock, dispatcher: Dispatcher
    ) -> None:
        await owe(store, clock, 2)
        slack.team.scopes.discard("chat:write")
        await clock.drive(dispatcher.drain())
        assert "`chat:write`" in await self._paused(store)

    async def test_a_deleted_digest_takes_its_cards_with_it(
        self,
        store: Store,
        slack: SlackStandIn,
        clock: DrivenClock,
        dispatcher: Dispatcher,
        channel: Channel,
    ) -> None:
        """Somebody who deletes the digest wants no heap of cards in its place, and the channel goes on."""
        await owe(store, clock, 2, 3, layout=Layout.THREAD)
        draining = asyncio.create_task(clock.drive(dispatcher.drain()))
        await slack.until(lambda: channel.messages)
        channel.messages[0].deleted = True
        await draining
        assert [message.thread_ts for message in channel.messages if not message.deleted] == []
        assert await self._paused(store) == ""
        await announce(store, clock, 4)
        await clock.drive(dispatcher.drain())
        status = await store.channel_status(READING)
        assert (status.waiting, status.posted, status.last_error) == (0, 3, "")

    async def _paused(self, store: Store) -> str:
        known = await store.channel(READING)
        assert known is not None
        return known.paused


class TestRetryAfter:
    async def test_a_workspace_waits_and_others_go_on(
        self, store: Store, slack: SlackStandIn, clock: DrivenClock
    ) -> None:
        slack.add_team("T0AWAY", "xoxb-away")
        limits = PostLimits(papers=10, characters=10_000, interval=1.0, workspace_interval=0.25)
        refs = [channel_ref(team, f"C{number}") for team in (TEAM, "T0AWAY") for number in range(4)]
        for ref in refs:
            slack.add_channel(ref.channel, ref.channel, ref.workspace)
            await watch(store, clock, ref)
        await announce(store, clock, 2)
        slack.fail(Kind.RATELIMITED, POST, team=TEAM, seconds=30)
        begun = clock.now().timestamp()
        async with both(slack, clock) as api:
            dispatcher = make_dispatcher(store, clock, PostingChat(Posting(api, clock), limits))
            await clock.drive(dispatcher.drain())
        times = {
            team: sorted(float(message.ts) - begun for each in channels(slack, team) for message in each.messages)
            for team in (TEAM, "T0AWAY")
        }
        assert [len(each) for each in times.values()] == [4, 4]
        assert times["T0AWAY"][-1] <= 1
        assert times[TEAM][0] >= 30
        assert slack.too_early == []
        assert len(slack.asked(POST)) == 9

    async def test_posts_claimed_already_wait_as_well(
        self, store: Store, slack: SlackStandIn, clock: DrivenClock, chat: PostingChat
    ) -> None:
        for number in range(12):
            ref = channel_ref(TEAM, f"C{number}")
            slack.add_channel(ref.channel, ref.channel)
            await watch(store, clock, ref)
        await announce(store, clock, 2)
        slack.fail(Kind.RATELIMITED, POST, seconds=20)
        await clock.drive(make_dispatcher(store, clock, chat).drain(patience=300))
        # All of them are on their way when the first is refused; those that had been sent by then are refused as well.
        assert all(early.seconds > 19.9 for early in slack.too_early)
        assert sum(len(each.messages) for each in channels(slack, TEAM)) == 12


def channels(slack: SlackStandIn, team: str) -> list[Channel]:
    return list(slack.teams[team].channels.values())


@asynccontextmanager
async def both(slack: SlackStandIn, clock: DrivenClock) -> AsyncIterator[WebApi]:
    """The client of two workspaces."""
    tokens = [await SingleToken.verify(slack.api_url, team.token, clock=clock) for team in slack.teams.values()]
    api = WebApi(JoinedTokens(*tokens), base_url=slack.api_url, clock=clock)
    await api.open()
    try:
        yield api
    finally:
        await api.close()
