"""Members and channels as Slack describes them, asked for seldom and never in vain."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.api import WebApi
from adapters.slack.cache import Cache
from adapters.slack.channels import ChannelInfo, Channels
from adapters.slack.errors import SlackError
from adapters.slack.members import Members
from tests.slack_delivery_kit import stand_in, web_api
from tests.standins.clock import FakeClock
from tests.standins.slack import TEAM, SlackStandIn
from tests.standins.slack_faults import Kind
from tests.standins.slack_state import Channel, User

DAY = 24 * 3600.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def slack(clock: FakeClock) -> AsyncIterator[SlackStandIn]:
    async with stand_in(clock) as slack:
        yield slack


@pytest.fixture
async def api(slack: SlackStandIn, clock: FakeClock) -> AsyncIterator[WebApi]:
    async with web_api(slack, clock) as api:
        yield api


def asked(slack: SlackStandIn, method: str) -> int:
    return sum(request.method == method for request in slack.requests)


async def test_a_member_is_asked_for_once_a_day(api: WebApi, slack: SlackStandIn, clock: FakeClock) -> None:
    members = Members(api, clock)
    assert await members.zone(TEAM, "U0BOB") == "America/New_York"
    assert await members.name(TEAM, "U0BOB") == "bob"
    assert asked(slack, "users.info") == 1
    await clock.advance(DAY)
    assert await members.zone(TEAM, "U0BOB") == "America/New_York"
    assert asked(slack, "users.info") == 2


async def test_a_member_that_slack_does_not_tell_of_is_nobody_for_five_minutes(
    api: WebApi, slack: SlackStandIn, clock: FakeClock
) -> None:
    members = Members(api, clock)
    slack.fail(Kind.REFUSAL, method="users.info", code="user_not_found")
    assert await members.zone(TEAM, "U0ANN") is None
    assert await members.name(TEAM, "U0ANN") == ""
    assert await members.team(TEAM, "U0ANN") == ""
    assert asked(slack, "users.info") == 1
    await clock.advance(300)
    assert await members.zone(TEAM, "U0ANN") == "Europe/Berlin"


async def test_admins_and_owners_manage_the_workspace(api: WebApi, slack: SlackStandIn, clock: FakeClock) -> None:
    slack.team.users |= {
        "U0OWNER": User("U0OWNER", "owner", owner=True),
        "U0FIRST": User("U0FIRST", "first", primary_owner=True),
        "U0GUEST": User("U0GUEST", "guest", team="T0ELSE", admin=True, owner=True),
    }
    members = Members(api, clock)
    found = {user: await members.administers(TEAM, user) for user in slack.team.users}
    assert found == {
        "U0ANN": True, "U0BOB": False, "U0PAPERS": False, "U0OWNER": True, "U0FIRST": True, "U0GUEST": False
    }  # fmt: skip
    assert await members.zone(TEAM, "U0ANN") == "Europe/Berlin"
    assert asked(slack, "users.info") == len(found)
    assert not await members.administers(TEAM, "U0NOBODY")


async def test_an_admin_of_a_grids_workspace_manages_it(slack: SlackStandIn, clock: FakeClock) -> None:
    slack.team.enterprise = "E1"
    slack.team.users |= {
        "U0GRID": User("U0GRID", "grid", team="E1", admin=True),
        "U0ELSE": User("U0ELSE", "else", team="T0ELSE", admin=True),
    }
    async with web_api(slack, clock) as api:
        members = Members(api, clock)
        found = {user: await members.administers(f"E1:{TEAM}", user) for user in ("U0ANN", "U0GRID", "U0ELSE")}
    assert found == {"U0ANN": True, "U0GRID": True, "U0ELSE": False}


async def test_a_channel_is_described_and_remembered_for_a_minute(
    api: WebApi, slack: SlackStandIn, clock: FakeClock
) -> None:
    slack.team.channels["C0CLOSED"] = Channel("C0CLOSED", "closed", private=True, members={slack.team.bot_user})
    channels = Channels(api, clock)
    assert await channels.info(TEAM, "C0CLOSED") == ChannelInfo("closed", is_member=True, is_private=True)
    slack.team.channels["C0CLOSED"].name = "opened"
    described = await channels.info(TEAM, "C0CLOSED")
    assert described is not None
    assert described.name == "closed"
    channels.forget(TEAM, "C0CLOSED")
    described = await channels.info(TEAM, "C0CLOSED")
    assert described is not None
    assert described.name == "opened"
    assert asked(slack, "conversations.info") == 2


async def test_where_the_bot_can_post(api: WebApi, slack: SlackStandIn, clock: FakeClock) -> None:
    bot = slack.team.bot_user
    slack.team.channels |= {
        "C0OTHERS": Channel("C0OTHERS", "others"),
        "C0PAST": Channel("C0PAST", "past", archived=True, members={bot}),
        "C0SECRET": Channel("C0SECRET", "secret", private=True),
        "D0OURS": Channel("D0OURS", "", direct=True, members={bot, "U0ANN"}),
        "D0THEIRS": Channel("D0THEIRS", "", direct=True, members={"U0ANN", "U0BOB"}),
    }
    channels = Channels(api, clock)
    found = {channel: await channels.reachable(TEAM, channel) for channel in slack.team.channels}
    assert found == {
        "C0READING": True, "C0OTHERS": False, "C0PAST": False, "C0SECRET": False, "D0OURS": True, "D0THEIRS": False,
    }  # fmt: skip


@pytest.mark.parametrize("channel", ["C0READING", "D0OURS"])
async def test_what_slack_does_not_answer_is_not_taken_for_a_no(
    api: WebApi, slack: SlackStandIn, clock: FakeClock, channel: str
) -> None:
    slack.fail(Kind.REFUSAL, code="internal_error")
    with pytest.raises(SlackError):
        await Channels(api, clock).reachable(TEAM, channel)


async def test_the_memory_is_bounded_and_ages(clock: FakeClock) -> None:
    cache: Cache[int, str] = Cache(clock, seconds=10, most=2)
    for number in (1, 2, 1, 3):
        assert cache.put(number, str(number)) == str(number)
    assert [cache.get(number) for number in (1, 2, 3)] == ["1", None, "3"]
    await clock.advance(10)
    assert cache.get(1) is None
    cache.forget(3)
    cache.forget(4)
