"""What Slack sends, as the core understands it; whatever it leaves out is empty."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.identity import enterprise_and_team, member_ref, workspace_of
from adapters.slack.payloads import (
    action_origin,
    command_origin,
    mentioned,
    text_in,
    words,
    workspace_in,
)
from bot.commands.router import MOST_CHARACTERS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["team", "enterprise", "id", "user", "channel", "authorizations", "team_id", "container"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"team_id": "T1"}, "T1"),
        ({"team_id": "T1", "enterprise_id": "E1"}, "E1:T1"),
        ({"team": {"id": "T1"}, "enterprise": None}, "T1"),
        ({"team": {"id": "T1"}, "enterprise": {"id": "E1"}}, "E1:T1"),
        ({"team": {"id": "T1", "enterprise_id": "E1"}}, "E1:T1"),
        ({"team": None, "enterprise": {"id": "E1"}}, "E1:"),
        # In a channel shared by two companies, whoever did it may belong to the other one.
        ({"team_id": "T9", "authorizations": [{"team_id": "T1", "enterprise_id": None}]}, "T1"),
        ({"team_id": "T9", "authorizations": [{"team_id": "T1", "enterprise_id": "E1"}]}, "E1:T1"),
        ({"team_id": "T1", "authorizations": []}, "T1"),
        ({"team_id": "T1", "authorizations": [{}]}, "T1"),
        ({}, ""),
    ],
)
def test_the_workspace_is_the_one_that_installed_the_app(body: dict[str, Any], expected: str) -> None:
    assert workspace_in(body) == expected


@pytest.mark.parametrize("workspace", ["T1", "E1:T1", "E1:"])
def test_a_workspace_is_an_enterprise_and_a_team(workspace: str) -> None:
    assert workspace_of(*enterprise_and_team(workspace)) == workspace


@given(JSON)
def test_a_body_of_any_shape_is_read(value: Any) -> None:
    body = value if isinstance(value, dict) else {"team": value, "user": value, "container": value}
    for origin in (command_origin(body), action_origin(body)):
        assert isinstance(origin.channel_ref.channel, str)
        assert isinstance(origin.member.member, str)
    assert isinstance(text_in(value, "team", "id"), str)


def test_a_direct_message_is_one_by_its_name_or_by_its_id() -> None:
    assert command_origin({"channel_name": "directmessage", "channel_id": "C1"}).direct
    assert command_origin({"channel_id": "D1"}).direct
    assert not command_origin({"channel_name": "privategroup", "channel_id": "G1"}).direct


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("watch &lt;b&gt; R&amp;D &amp;lt;", "watch <b> R&D &lt;"),
        ("watch au:<@U0ANN|ann>", "watch au:@ann"),
        ("watch <#C0READING|cs.CL>", "watch #cs.CL"),
        ("watch <#C0READING>", "watch #C0READING"),
        ("watch <#C0READING|>", "watch #C0READING"),
        ("say <!here> <!channel|@channel> <!subteam^S1|@lab>", "say @here @channel @lab"),
        ("similar <https://arxiv.org/abs/2603.00001>", "similar https://arxiv.org/abs/2603.00001"),
        ("similar <https://arxiv.org/abs/2603.00001|arxiv.org/abs/2603.00001>", "similar https://arxiv.org/abs/2603.00001"),
        ("email <mailto:ann@lab.example|ann@lab.example>", "email ann@lab.example"),
        ("email <mailto:ann@lab.example>", "email ann@lab.example"),
        ("a < b", "a < b"),
    ],
)  # fmt: skip
def test_slacks_brackets_mean_what_was_typed(typed: str, meant: str) -> None:
    assert words(typed, "T1", lambda _: "").text == meant


def test_members_are_known_by_id_and_shown_by_name() -> None:
    found = words("saved <@U0ANN|ann> <@W0BOB> <@U0ANN>", "T1", {"W0BOB": "Bob von Berg"}.get)  # type: ignore[arg-type]
    assert found.text == "saved @ann @BobvonBerg @U0ANN"
    assert set(found.mentions) == {member_ref("T1", "U0ANN"), member_ref("T1", "W0BOB")}
    assert mentioned("saved <@U0ANN|ann> <@W0BOB> <@U0ANN> <@evil>") == ("W0BOB", "U0ANN")


def test_an_id_that_is_none_is_no_mention() -> None:
    found = words("saved <@u0ann|ann> <@U0ANN/../x|ann>", "T1", lambda _: "")
    assert found.mentions == ()


def test_a_command_is_read_whole_or_not_at_all() -> None:
    longest = "<@U0ANN> " + "<" * (MOST_CHARACTERS - 9)
    assert words(longest, "T1", lambda _: "ann").text == longest.replace("<@U0ANN>", "@ann")
    assert mentioned(longest) == ("U0ANN",)
    longer = f"{longest}<"
    assert words(longer, "T1", lambda _: "ann").text == longer
    assert mentioned(longer) == ()


@given(st.text(alphabet="<>|@#!U0A&;lt mailto:", max_size=80))
def test_no_text_breaks_the_reading(text: str) -> None:
    found = words(text, "T1", lambda user: user.lower())
    assert len(found.text) <= max(len(text), 1) * 2
    for mention in found.mentions:
        assert f"@{mention.name}" in found.text
