"""`paperroute doctor` on Slack: what is amiss and what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.doctor import examine_app_token, examine_channels, examine_scopes
from adapters.slack.identity import channel_ref
from bot.diagnosis import Finding
from bot.models import Channel, Layout
from tests.slack_delivery_kit import HastyClock, stand_in, web_api
from tests.standins.slack import APP_TOKEN, BOT_TOKEN, TEAM, SlackStandIn
from tests.standins.slack_faults import Kind

NOWHERE = "http://127.0.0.1:1/api/"


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        yield slack


def channel(name: str, *, paused: str = "", workspace: str = TEAM) -> Channel:
    clock = HastyClock()
    ref = channel_ref(workspace, name)
    return Channel(ref, name.lower(), "instant UTC", Layout.THREAD, clock.now(), paused=paused)


async def examined(slack: SlackStandIn, *channels: Channel) -> list[Finding]:
    clock = HastyClock()
    async with web_api(slack, clock) as api:
        return [finding async for finding in examine_channels(api, channels, clock)]


async def test_the_app_token(slack: SlackStandIn) -> None:
    clock = HastyClock()
    assert (await examine_app_token(slack.api_url, APP_TOKEN, clock)).well
    refused = await examine_app_token(slack.api_url, "xapp-other", clock)
    assert "invalid_auth" in refused.said
    assert "connections:write" in refused.remedy
    slack.fail(Kind.ERROR_BEFORE, "apps.connections.open")
    assert "cannot be reached" in (await examine_app_token(slack.api_url, APP_TOKEN, clock)).said
    assert "cannot be reached" in (await examine_app_token(NOWHERE, APP_TOKEN, clock)).said


async def test_scopes_that_are_missing_are_named_with_their_reason(slack: SlackStandIn) -> None:
    async with web_api(slack, HastyClock()) as api:
        known = await api.credentials(TEAM)
    assert all(finding.well for finding in await examine_scopes(slack.api_url, TEAM, known))
    slack.team.scopes -= {"files:write", "groups:history"}
    findings = await examine_scopes(slack.api_url, TEAM, known)
    assert [finding.subject for finding in findings if not finding.well] == [
        "Scope groups:history",
        "Scope files:write",
    ]
    assert "exports as files" in findings[-1].said
    assert "install the app in the workspace again" in findings[-1].remedy
    slack.team.trouble = "token_revoked"
    (refused,) = await examine_scopes(slack.api_url, TEAM, known)
    assert "token_revoked" in refused.said
    (gone,) = await examine_scopes(NOWHERE, TEAM, known)
    assert "cannot be reached" in gone.said
    assert BOT_TOKEN not in f"{refused}{gone}{known}"


async def test_channels(slack: SlackStandIn) -> None:
    slack.add_channel("C0OUT", "out", member=False)
    slack.add_channel("C0HIDDEN", "hidden", member=False, private=True)
    slack.add_channel("C0OLD", "old", archived=True)
    direct = slack.team.direct_channel("U0ANN")
    well, paused, out, hidden, old, own, away = await examined(
        slack,
        channel("C0READING"),
        channel("C0READING", paused="paused by ann."),
        channel("C0OUT"),
        channel("C0HIDDEN"),
        channel("C0OLD"),
        channel(direct.id),
        channel("C1", workspace="T0AWAY"),
    )
    assert well.well
    assert well.said == "can be posted to and read back"
    assert paused.said.endswith("paused (paused by ann)")
    assert out.remedy == hidden.remedy == "Type `/invite @paperroute` there."
    assert "archived" in old.said
    assert own.well
    assert "not_installed" in away.said


async def test_a_scope_without_which_nothing_can_be_read_back_is_named(slack: SlackStandIn) -> None:
    slack.team.scopes.remove("channels:history")
    (found,) = await examined(slack, channel("C0READING"))
    assert "channels:history" in found.said
    assert "looking up whether a post arrived" in found.said


async def test_slacks_wish_for_patience_is_granted() -> None:
    clock = HastyClock()
    async with stand_in(clock) as slack, web_api(slack, clock) as api:
        slack.fail(Kind.RATELIMITED, "conversations.info", seconds=3)
        (found,) = [finding async for finding in examine_channels(api, [channel("C0READING")], clock)]
        assert found.well
        assert not slack.too_early


async def test_an_answer_that_nobody_foresaw_is_named(slack: SlackStandIn) -> None:
    slack.fail(Kind.REFUSAL, "conversations.info", code="team_access_not_granted")
    (odd,) = await examined(slack, channel("C0READING"))
    assert "team_access_not_granted" in odd.said
