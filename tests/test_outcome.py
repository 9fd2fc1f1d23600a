from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import DeliveryError, NoHistoryError, UnreadableError
from bot.models import MessageRef, OutboxItem, Post, PostKind, PostState
from bot.outcome import (
    LONGEST_PAUSE,
    SETTLE,
    Again,
    Dead,
    LookUp,
    Sent,
    Unknown,
    after_failing_to_look_up,
    after_looking_up,
    after_sending,
    back_off,
)
from tests.factories import CHANNEL

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
POST = Post("a" * 24, CHANNEL, PostKind.NOTICE, text="A word.")
MESSAGE = MessageRef(CHANNEL, "m1")


def make_item(attempts: int = 1, since: timedelta = timedelta()) -> OutboxItem:
    return OutboxItem(POST, PostState.SENDING, attempts, NOW - since, "Refused.")


def seconds(moment: datetime) -> float:
    return (moment - NOW).total_seconds()


def test_a_refusal_for_good_pauses_with_the_remedy() -> None:
    error = DeliveryError("The bot is not in #general.", permanent=True, remedy="Type `/invite @paperroute` there.")
    assert after_sending(make_item(), error, NOW, Random(1)) == Dead(
        "The bot is not in #general.", "The bot is not in #general. Type `/invite @paperroute` there."
    )


def test_a_channel_that_is_gone_ends() -> None:
    error = DeliveryError("#general was deleted.", ends_channel=True)
    gone = Dead("#general was deleted.", "#general was deleted.", ended=True)
    assert after_sending(make_item(), error, NOW, Random(1)) == gone
    assert after_failing_to_look_up(make_item(), error, NOW) == gone


@pytest.mark.parametrize("workspace", [False, True])
def test_a_named_time_is_kept_to_the_second(workspace: bool) -> None:
    error = DeliveryError("Too many.", retry_after=37.5, workspace_wide=workspace)
    assert after_sending(make_item(), error, NOW, Random(1)) == Again(
        NOW + timedelta(seconds=37.5), "Too many.", workspace
    )


@pytest.mark.parametrize("asked", [math.inf, math.nan, 1e300, -5.0])
def test_a_nonsensical_time_is_survived(asked: float) -> None:
    outcome = after_sending(make_item(), DeliveryError("Too many.", retry_after=asked), NOW, Random(1))
    assert isinstance(outcome, Again)
    assert timedelta() <= outcome.at - NOW <= timedelta(days=7)


def test_pauses_double_up_to_a_quarter_of_an_hour_with_jitter() -> None:
    for attempts, full in ((1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (10_000, 900)):
        pauses = {back_off(attempts, Random(seed)).total_seconds() for seed in range(20)}
        assert len(pauses) == 20
        assert full / 2 <= min(pauses)
        assert max(pauses) <= full


def test_a_refusal_for_now_is_tried_again() -> None:
    outcome = after_sending(make_item(attempts=3), DeliveryError("Server error."), NOW, Random(1))
    assert isinstance(outcome, Again)
    assert 4 <= seconds(outcome.at) <= 8
    assert not outcome.workspace


@pytest.mark.parametrize(
    ("attempts", "since", "dead"),
    [
        (20, timedelta(hours=25), True),
        (19, timedelta(hours=25), False),
        (500, timedelta(hours=23), False),
    ],
)
def test_given_up_after_many_attempts_over_more_than_a_day(attempts: int, since: timedelta, dead: bool) -> None:
    item = make_item(attempts, since)
    outcomes = [
        after_sending(item, DeliveryError("Server error."), NOW, Random(1)),
        after_sending(item, DeliveryError("Too many.", retry_after=3.0), NOW, Random(1)),
        after_looking_up(item, None, NOW - SETTLE, NOW, Random(1)),
    ]
    assert [isinstance(outcome, Dead) for outcome in outcomes] == [dead] * 3
    if dead:
        assert outcomes[0] == Dead(
            "Server error.", "Posting was given up after 20 attempts. The last answer: Server error."
        )


@pytest.mark.parametrize("error", [TimeoutError(), ValueError("secret"), ConnectionResetError("secret")])
def test_what_is_not_understood_is_looked_up_and_tells_no_secret(error: Exception) -> None:
    outcome = after_sending(make_item(attempts=50, since=timedelta(days=3)), error, NOW, Random(1))
    assert outcome == LookUp(
        NOW + SETTLE, f"The platform's answer was lost or not understood ({type(error).__name__})."
    )


def test_what_may_have_been_stored_is_looked_up_even_when_refused_for_good() -> None:
    error = DeliveryError("Lost.", ambiguous=True, permanent=True)
    assert after_sending(make_item(), error, NOW, Random(1)) == LookUp(NOW + SETTLE, "Lost.")
    slow = DeliveryError("Lost.", ambiguous=True, retry_after=90, workspace_wide=True)
    assert after_sending(make_item(), slow, NOW, Random(1)) == LookUp(NOW + timedelta(seconds=90), "Lost.", True)


def test_found_is_sent_at_any_time() -> None:
    assert after_looking_up(make_item(), MESSAGE, NOW, NOW, Random(1)) == Sent(MESSAGE)


def test_absent_means_nothing_before_it_has_settled() -> None:
    tried = NOW - SETTLE + timedelta(seconds=1)
    assert after_looking_up(make_item(), None, tried, NOW, Random(1)) == LookUp(tried + SETTLE, "Refused.")
    assert after_looking_up(make_item(), None, NOW - SETTLE, NOW, Random(1)) == Again(NOW, "Refused.")


def test_a_post_that_was_cut_off_says_so() -> None:
    item = replace(make_item(), last_error="")
    assert after_looking_up(item, None, NOW - SETTLE, NOW, Random(1)) == Again(
        NOW, "The bot was stopped while this was being posted."
    )


def test_a_platform_that_loses_answers_again_and_again_is_asked_less_often() -> None:
    outcome = after_looking_up(make_item(attempts=9), None, NOW - SETTLE, NOW, Random(1))
    assert isinstance(outcome, Again)
    assert 256 - 30 <= seconds(outcome.at) <= 512 - 30


@pytest.mark.parametrize("error", [UnreadableError("No history.", permanent=True), UnreadableError("No history.")])
def test_an_unreadable_history_is_asked_at_growing_intervals_for_ever(error: UnreadableError) -> None:
    waits = []
    for since in (timedelta(seconds=30), timedelta(minutes=10), timedelta(hours=4), timedelta(days=400)):
        outcome = after_failing_to_look_up(make_item(attempts=99, since=since), error, NOW)
        assert isinstance(outcome, LookUp)
        assert outcome.error == "No history."
        assert outcome.pause == ""
        waits.append(outcome.at - NOW)
    assert waits == [timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=2), timedelta(hours=6)]


def test_what_has_no_history_is_neither_sent_again_nor_looked_up() -> None:
    error = NoHistoryError("Nobody knows.")
    assert after_failing_to_look_up(make_item(attempts=99), error, NOW) == Unknown("Nobody knows.")


def test_a_look_up_refused_for_good_pauses_the_channel_and_keeps_the_post_uncertain() -> None:
    error = DeliveryError("The token was revoked.", permanent=True, remedy="Install the bot again.")
    assert after_failing_to_look_up(make_item(), error, NOW) == LookUp(
        NOW + SETTLE, "The token was revoked.", pause="The token was revoked. Install the bot again."
    )


def test_a_look_up_keeps_to_a_named_time() -> None:
    error = DeliveryError("Too many.", retry_after=45, workspace_wide=True)
    assert after_failing_to_look_up(make_item(), error, NOW) == LookUp(NOW + timedelta(seconds=45), "Too many.", True)


@pytest.mark.parametrize("error", [TimeoutError(), RuntimeError("secret")])
def test_a_look_up_that_breaks_decides_nothing(error: Exception) -> None:
    outcome = after_failing_to_look_up(make_item(since=timedelta(days=9)), error, NOW)
    assert outcome == LookUp(
        NOW + timedelta(seconds=LONGEST_PAUSE),
        f"Whether this was posted could not be looked up ({type(error).__name__}).",
    )


def test_an_item_without_a_first_attempt_is_taken_as_tried_now() -> None:
    item = replace(make_item(attempts=99), first_attempt=None)
    assert isinstance(after_sending(item, DeliveryError("Server error."), NOW, Random(1)), Again)
    assert after_failing_to_look_up(item, TimeoutError(), NOW).at == NOW + SETTLE  # type: ignore[union-attr]


@given(
    error=st.builds(
        DeliveryError,
        st.just("Refused."),
        permanent=st.booleans(),
        ambiguous=st.booleans(),
        retry_after=st.none() | st.floats(),
        workspace_wide=st.booleans(),
        ends_channel=st.booleans(),
    ),
    attempts=st.integers(1, 1_000_000),
    age=st.integers(0, 10**6),
    seed=st.integers(0, 99),
)
def test_never_sent_again_before_it_is_known_not_to_be_there(
    error: DeliveryError, attempts: int, age: int, seed: int
) -> None:
    outcome = after_sending(make_item(attempts, timedelta(minutes=age)), error, NOW, Random(seed))
    if error.ambiguous:
        assert isinstance(outcome, LookUp)
        assert outcome.at >= NOW + SETTLE
    else:
        assert isinstance(outcome, (Again, Dead))
    failed = after_failing_to_look_up(make_item(attempts, timedelta(minutes=age)), error, NOW)
    assert isinstance(failed, LookUp) or error.ends_channel


def test_a_platform_that_shows_at_once_what_it_took_is_asked_at_once() -> None:
    item = make_item()
    at_once = timedelta()
    assert after_sending(item, TimeoutError(), NOW, Random(1), settle=at_once) == LookUp(
        NOW, "The platform's answer was lost or not understood (TimeoutError)."
    )
    outcome = after_looking_up(item, None, NOW, NOW, Random(1), settle=at_once)
    assert isinstance(outcome, Again)
    assert outcome.at < NOW + SETTLE
